"""What all workers know of the service, and so whether another submission may start: without a run, moments given."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from weryai.bulk._running import throttle as health
from weryai.bulk._running.throttle import Health, Stage

# Two are unknown, one that began before them is accepted late, and then none is known any more.
LATE_YES = ["asked"] + ["start"] * 4 + ["end last", "end last", "end"] + ["start"] * 3 + ["end", "start"] * 3
LATE_YES += ["end"] * 3 + ["asked", "start", "end"]
# Three are unknown, something free is answered, and two would like to be the one that goes alone.
TWO_ALONE = ["asked"] + ["start", "end"] * 3 + ["asked", "start", "start", "end", "end"]


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@example(LATE_YES, 4, 1)
@example(TWO_ALONE, 1, 0)
@given(
    st.lists(st.sampled_from(["start", "end", "end last", "asked", "unasked"]), max_size=200),
    st.integers(1, 9),
    st.integers(0, 40),
)
def test_an_outage_makes_at_most_the_bound_and_three_ambiguous(story: list[str], bound: int, accepted: int) -> None:
    """In whatever order outcomes come, when from some POST on none is known at most the bound and three are unknown."""
    known, began, unknowns = Health(bound, allowed=bound), 0, 0
    going: list[tuple[int, int]] = []
    for what in story:
        if what == "start" and known.may_start(len(going), 0.0):
            going.append((began, known.unknowns))
            began += 1
            known.started()
        elif what.startswith("end") and going:
            number, seen = going.pop(-1 if what == "end last" else 0)
            if number < accepted:
                known.answered(seen)
            else:
                unknowns += 1
                known.unknown("HTTP 502")
        elif what in ("asked", "unasked"):
            known.was_asked(None if what == "asked" else "no response")
        assert unknowns <= bound + 3 and len(going) <= bound


def test_nothing_starts_beside_a_submission_that_is_open_for_long() -> None:
    """One that was open for more than 10 s closes the door for the next, one that is younger does not."""
    known = Health(stage=Stage.OPEN)
    assert known.may_start(1, health.LONG_OPEN) and not known.may_start(1, health.LONG_OPEN + 0.1)


@pytest.mark.parametrize(("unknowns", "most"), [(health.IN_A_ROW, 1), (health.IN_A_ROW - 1, 4)])
def test_after_unknown_submissions_one_goes_alone(unknowns: int, most: int) -> None:
    """Once the service answers again, the next submission goes alone if so many before it are unknown, else as ever."""
    known = Health(4, stage=Stage.OPEN, allowed=4)
    for _ in range(unknowns):
        known.unknown("no response came")
    known.not_reached("no response came")
    known.was_asked(None)
    assert max(others for others in range(9) if known.may_start(others, 0.0)) + 1 == most


def test_after_trouble_few_go_at_a_time() -> None:
    """The one that went alone was accepted: the next goes alone as well, then two, and so on up to the bound."""
    known, most = Health(4, stage=Stage.ALONE, unknowns=3), []
    for _ in range(5):
        known.answered(known.unknowns)
        most.append(max(others for others in range(9) if known.may_start(others, 0.0)) + 1)
    assert most == [1, 2, 3, 4, 4]


def test_all_workers_ask_once_in_ten_seconds() -> None:
    """The right to ask is taken by one; a clock that was set back does not silence everybody."""
    known = Health()
    assert known.take_ask(100.0) == 0.0
    assert 0 < known.take_ask(100.01) <= health.ASK
    assert known.take_ask(100.0 + health.ASK) == 0.0
    assert known.take_ask(-1e9) == 0.0

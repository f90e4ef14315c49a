"""How fast jobs are placed: never faster than asked for, slower when refused, and back again; by a made-up clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weryai import ConfigurationError
from weryai.bulk import Limits
from weryai.bulk._running.throttle import LEAST_PART, LONGEST_PAUSE, AdaptiveRate

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)


@DETERMINISTIC
@given(st.floats(0.1, 500), st.lists(st.floats(0, 3), max_size=200))
def test_turns_are_never_closer_than_the_rate(rate: float, steps: list[float]) -> None:
    """Whenever turns are asked for, in no span of time more are given than the rate allows, and one to begin with."""
    pace, moment, given_at = AdaptiveRate(rate, rate), 0.0, []
    for step in steps:
        moment += step / rate
        if pace.take(moment) == 0.0:
            given_at.append(moment)
    for many, at in enumerate(given_at):
        assert many <= (at - given_at[0]) * rate + 1 + 1e-6


@DETERMINISTIC
@given(st.lists(st.sampled_from(["refused", "named", "accepted"]), max_size=60))
def test_the_rate_stays_within_its_bounds(story: list[str]) -> None:
    """Refusals halve it down to a least part, acceptances bring it back, never above what was asked for."""
    pace, moment = AdaptiveRate(8.0, 8.0), 0.0
    for what in story:
        moment += pace.take(moment)
        if what == "accepted":
            pace.recover()
        else:
            pace.slow(moment, 3.0 if what == "named" else None)
            assert pace.take(moment) >= (3.0 if what == "named" else 0.1)
        assert 8.0 * LEAST_PART <= pace.rate <= 8.0
    assert pace.next_turn - moment <= LONGEST_PAUSE + 3.0


def test_refusals_of_one_moment_count_once() -> None:
    """Twenty requests that were on their way together and are all refused halve the rate once, not to nothing."""
    pace = AdaptiveRate(16.0, 16.0)
    for number in range(20):
        pace.slow(number * 0.001, None)
    assert pace.rate == 8.0


def test_refusals_without_an_acceptance_between_wait_longer_each_time() -> None:
    """A service that goes on refusing is asked less and less often; one acceptance ends that."""
    pace, moment, pauses = AdaptiveRate(10.0, 10.0), 0.0, []
    for _ in range(4):
        pace.slow(moment, None)
        pauses.append(pace.take(moment))
        moment += pauses[-1]
    assert pauses == sorted(pauses) and pauses[-1] > 4 * pauses[0]
    pace.recover()
    pace.slow(moment, None)
    assert pace.take(moment) < pauses[-1]


def test_a_run_waits_for_an_hour_at_most() -> None:
    """A refusal that asks for years does not end a run that nobody watches."""
    pace = AdaptiveRate(10.0, 10.0)
    pace.slow(0.0, 1e9)
    assert pace.take(0.0) == 3600.0
    pace.slow(1.0, 3600.0)
    assert pace.take(1.0) == 3600.0


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"rate": float("nan")}, {"in_flight": 0}, {"budget_tasks": -1}, {"budget_credits": -0.5}]
)
def test_impossible_limits_are_refused(wrong: dict[str, float]) -> None:
    """No run begins with a rate of nothing, no place in flight, or a budget below nothing."""
    with pytest.raises(ConfigurationError):
        Limits(**wrong)  # type: ignore[arg-type]

"""How fast jobs are placed: as fast as the service takes them, never faster than asked for; by a made-up clock."""

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weryai import ConfigurationError
from weryai.bulk import Limits
from weryai.bulk._running.throttle import LATER, LONGEST_PAUSE, RATE, LocalTurns, SubmissionPace

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)
LATENCY = 0.2
Service = Callable[[float], bool]


def spaced(seconds: float, *, after_refusals: bool = False) -> Service:
    """A service that takes one submission in so many seconds; some count them from the last that they refused too."""
    last = float("-inf")

    def takes(moment: float) -> bool:
        nonlocal last
        is_taken = moment - last >= seconds
        if is_taken or after_refusals:
            last = moment
        return is_taken

    return takes


def bucket(seconds: float, many: int) -> Service:
    """A service that takes so many at once, and one in so many seconds in the long run."""
    left, before = float(many), 0.0

    def takes(moment: float) -> bool:
        nonlocal left, before
        left, before = min(many, left + (moment - before) / seconds), moment
        left -= (is_taken := left >= 1)
        return is_taken

    return takes


def by_chance(share: float, seed: int, service: Service) -> Service:
    """A service that refuses this share of submissions whatever their pace is, without counting them."""
    chance = random.Random(seed)
    return lambda moment: chance.random() >= share and service(moment)


def submit(takes: Service, limits: Limits, orders: int) -> tuple[list[float], int]:
    """Submit so many jobs, one after the other; return when each was taken, and how many were refused."""
    turns, moment, taken, refusals = LocalTurns(SubmissionPace.begin(limits.rate, limits.start_rate)), 50.0, [], 0
    while len(taken) < orders:
        assert refusals < 200 + orders
        pause, span = turns.take(moment)
        if pause > 0:
            moment += pause
        elif takes(moment):
            taken.append(moment)
            moment += LATENCY
            turns.accepted(span)
        else:
            refusals += 1
            moment += LATENCY
            turns.refused(moment, None, is_rate=True)
    return taken, refusals


@pytest.mark.parametrize("limits", [Limits(), Limits(rate=5), Limits(rate=100)], ids=["default", "5", "100"])
@pytest.mark.parametrize("after_refusals", [False, True])
@pytest.mark.parametrize("seconds", [2.0, 2.5, 3.5, 4.0, 6.0, 8.0, 10.0, 12.0])
def test_forty_jobs_find_the_limit_of_a_service(seconds: float, after_refusals: bool, limits: Limits) -> None:
    """40 orders take at most 1.3 times what they must, with at most 5 refusals, whatever the limit and --rate are."""
    taken, refusals = submit(spaced(seconds, after_refusals=after_refusals), limits, 40)
    ideal = 39 * max(seconds, 1 / limits.rate)
    assert refusals <= 5 and taken[-1] - taken[0] <= 1.3 * ideal, (refusals, (taken[-1] - taken[0]) / ideal)


@pytest.mark.parametrize("seconds", [0.5, 2.5, 10.0])
def test_long_runs_are_hardly_refused(seconds: float) -> None:
    """1,000 orders: what the service takes is used to nine tenths, and one in fifty orders is refused at most.

    It is one in twenty where many are taken at once to begin with.
    """
    for service, most in ((spaced(seconds), 20), (bucket(seconds, 5), 20), (bucket(seconds, 20), 50)):
        taken, refusals = submit(service, Limits(rate=5), 1000)
        assert (taken[-1] - taken[0]) <= 999 * seconds * 1.12 and refusals <= most


def test_who_asks_for_more_gets_it_within_seconds() -> None:
    """Where nothing is refused the first gap is three seconds, each one after it half of that, down to the --rate."""
    taken, _ = submit(spaced(0.0), Limits(rate=4), 60)
    gaps = [round(later - earlier, 3) for earlier, later in itertools.pairwise(taken)]
    assert gaps[:5] == [3.0, 1.5, 0.75, 0.375, 0.25] and set(gaps[5:]) == {0.25}
    assert {round(b - a, 3) for a, b in itertools.pairwise(submit(spaced(0.0), Limits(), 9)[0])} == {3.0}
    assert submit(spaced(0.0), Limits(rate=4, start_rate=4), 9)[0][-1] <= 50.0 + 8 / 4 + 1e-6


@pytest.mark.parametrize("limits", [Limits(), Limits(rate=5)], ids=["default", "5"])
@pytest.mark.parametrize(
    ("share", "few", "worst", "many"),
    [(0.0, 1.01, 1.01, 1.01), (0.01, 1.2, 1.5, 1.15), (0.05, 1.3, 1.75, 1.2), (0.1, 1.5, 2.5, 1.3), (0.2, 2.7, 8, 1.8)],
)
def test_refusals_by_chance_hardly_slow_a_run(
    share: float, few: float, worst: float, many: float, limits: Limits
) -> None:
    """Where a share is refused whatever the pace is, 300 and 2,000 jobs take little more than at the first pace.

    Nobody can do with less than 1.13 times of it at a share of a tenth, and 1.35 times at a fifth.
    """
    for orders, bound, seeds in ((300, few, 12), (2000, many, 3)):
        times = []
        for seed in range(seeds):
            taken, _ = submit(by_chance(share, seed, spaced(0.0)), limits, orders)
            times.append((taken[-1] - taken[0]) / (orders - 1) * RATE)
        assert sum(times) / seeds <= bound and max(times) <= worst, times


@pytest.mark.parametrize("limits", [Limits(), Limits(rate=5)], ids=["default", "5"])
def test_a_limit_is_found_where_some_are_refused_by_chance(limits: Limits) -> None:
    """A service that takes one per 4 s and refuses a tenth by chance too is used to two thirds."""
    times, refused = [], 0
    for seed in range(6):
        taken, refusals = submit(by_chance(0.1, seed, spaced(4.0)), limits, 500)
        times.append((taken[-1] - taken[0]) / (499 * 4.0 / 0.9))
        refused += refusals
    assert sum(times) / 6 <= 1.5 and refused <= 6 * 500 * 0.18, (times, refused)


def test_a_limit_that_comes_is_told_from_chance() -> None:
    """Who was refused by chance for a long time and then for his pace slows down."""
    for seed in range(3):
        loose, tight = spaced(0.0), spaced(10.0)
        service = by_chance(0.1, seed, lambda moment: (loose if moment < 500 else tight)(moment))  # noqa: B023
        taken, refusals = submit(service, Limits(rate=1), 700)
        late = [moment for moment in taken if moment > 500]
        assert (late[-1] - late[0]) / (len(late) - 1) <= 10 / 0.9 * 1.7 and refusals <= 700 / 3


def test_refusals_whatever_the_pace_do_not_end_a_run() -> None:
    """The gap is never more than eight times the first one."""
    pace, moment = SubmissionPace.begin(RATE), 0.0
    for _ in range(50):
        moment += pace.refused(moment)
    assert pace.gap == 8 / RATE


def test_a_service_that_takes_more_by_now_is_found_out() -> None:
    """A limit that is gone is noticed, although it had refused; one that comes is kept."""
    loose, tight = spaced(0.0), spaced(10.0)
    taken, _ = submit(lambda moment: (tight if moment < 500 else loose)(moment), Limits(rate=1), 600)
    assert taken[-1] - taken[-2] <= 1.05
    loose, tight = spaced(0.0), spaced(10.0)
    taken, refusals = submit(lambda moment: (loose if moment < 100 else tight)(moment), Limits(rate=1), 200)
    assert refusals <= 12 and 10 <= taken[-1] - taken[-2] <= 12.5


@DETERMINISTIC
@given(st.floats(0.1, 500), st.lists(st.floats(0, 3), max_size=200))
def test_turns_are_never_closer_than_the_rate(rate: float, steps: list[float]) -> None:
    """Whenever turns are asked for, in no span of time more are given than the rate allows, and one to begin with."""
    turns, moment, given_at = LocalTurns(SubmissionPace.begin(rate, rate)), 0.0, []
    for step in steps:
        moment += step / rate
        if turns.take(moment)[0] == 0.0:
            given_at.append(moment)
    for many, at in enumerate(given_at):
        assert many <= (at - given_at[0]) * rate + 1 + 1e-6


@DETERMINISTIC
@given(st.lists(st.sampled_from(["refused", "named", "full", "accepted", "late"]), max_size=80))
def test_the_pace_stays_within_its_bounds(story: list[str]) -> None:
    """No story makes it faster than asked for, or pause for longer than is bounded, and a ledger keeps all of it."""
    turns, moment = LocalTurns(SubmissionPace.begin(8.0, 8.0)), 100.0
    for what in story:
        moment += turns.take(moment)[0]
        _, span = turns.take(moment)
        if what in ("accepted", "late"):
            turns.accepted(span if what == "accepted" else 1e9)
        else:
            turns.refused(moment, 3.0 if what == "named" else None, is_rate=what != "full")
            assert turns.take(moment)[0] >= (3.0 if what == "named" else 0.1)
            assert turns.next_turn - moment <= max(LONGEST_PAUSE, turns.pace.gap) + 3.0
        assert turns.pace.gap >= 1 / 8 and SubmissionPace(**json.loads(json.dumps(asdict(turns.pace)))) == turns.pace


def test_refusals_of_one_moment_count_once() -> None:
    """Twenty requests that were on their way together and are all refused slow the pace down once."""
    pace = SubmissionPace.begin(16.0, 16.0)
    pauses = [pace.refused(number * 0.001) for number in range(20)]
    assert pace.refusals == 1 and pauses[0] == pace.gap and set(pauses[1:]) == {0.0}


def test_refusals_that_follow_each_other_wait_longer_each_time() -> None:
    """The first pause is one interval, then it doubles up to 30 s; one acceptance ends that."""
    pace, moment, pauses = SubmissionPace.begin(RATE), 0.0, []
    for _ in range(6):
        pauses.append(pace.refused(moment, is_rate=False))
        moment += pauses[-1]
    assert pauses == [3.0, 6.0, 12.0, 24.0, 30.0, 30.0]
    pace.accepted(30.0)
    assert pace.refused(moment, is_rate=False) == 3.0


def test_what_is_not_about_the_pace_leaves_it() -> None:
    """Too many tasks in flight, or a service in trouble, make a run pause, and say nothing about the gap."""
    pace = SubmissionPace.begin(RATE)
    assert pace.refused(0.0, is_rate=False) == 3.0 and (pace.gap, pace.refused_gap) == (3.0, 0.0)


def test_a_pause_proves_nothing_about_the_pace() -> None:
    """Jobs that are late, because places in flight are taken, do not make the next ones faster than was tried."""
    pace = SubmissionPace.begin(5.0)
    for _ in range(10):
        pace.accepted(20.0)
    assert pace.gap == 3.0
    pace.accepted(3.0)
    assert pace.gap == 1.5


def test_a_run_waits_for_an_hour_at_most() -> None:
    """A refusal that asks for years does not end a run that nobody watches."""
    turns = LocalTurns(SubmissionPace.begin(10.0, 10.0))
    turns.refused(0.0, 1e9, is_rate=True)
    assert turns.take(0.0)[0] == 3600.0
    turns.refused(1.0, 3600.0, is_rate=True)
    assert turns.take(1.0)[0] == 3600.0


def test_trying_for_more_gets_rare() -> None:
    """Each refusal of a try for more doubles the acceptances until the next one."""
    pace = SubmissionPace.begin(RATE)
    pace.gap = pace.accepted_gap = 10.0
    pace.refused_gap, tries, since, moment = 9.0, [], 0, 0.0
    while len(tries) < 3:
        moment, since = moment + 10, since + 1
        pace.accepted(pace.gap)
        if pace.gap < 10.0:
            tries.append(since)
            pace.refused(moment)
            since = -1
            assert pace.gap == 10.0
    assert tries == [LATER, 2 * LATER, 4 * LATER]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0.0}, {"rate": float("nan")}, {"in_flight": 0}, {"budget_tasks": -1}, {"budget_credits": -0.5},
        {"start_rate": 0.0}, {"start_rate": float("nan")}, {"rate": 1j}, {"in_flight": 2.5}, {"open_posts": 1.5},
    ],
)  # fmt: skip
def test_impossible_limits_are_refused(wrong: dict[str, float]) -> None:
    """No run begins with a rate of nothing, no place in flight, or a budget below nothing."""
    with pytest.raises(ConfigurationError):
        Limits(**wrong)  # type: ignore[arg-type]


def test_limits_may_be_numbers_of_any_kind() -> None:
    """A Decimal or a fraction is taken for what it is worth: a ledger and a pace know floats alone."""
    limits = Limits(rate=Decimal("2.5"), budget_credits=Fraction(1, 2), budget_tasks=Decimal(7))  # type: ignore[arg-type]
    assert [type(value) for value in (limits.rate, limits.budget_credits, limits.budget_tasks)] == [float] * 3
    assert (limits.rate, limits.budget_credits, limits.budget_tasks) == (2.5, 0.5, 7)

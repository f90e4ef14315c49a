"""The table at the top of _retry.py, row by row, and the numbers of the policy and the pace."""

import email.utils
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.playing import play, reply, submit
from weryai import RetryPolicy, errors
from weryai._flow.effects import Reply
from weryai._flow.retry import FREE_TRIES, Pace, is_repeatable, parse_retry_after
from weryai._protocol.envelope import read_envelope, refusal
from weryai.errors import NotSentError, OutcomeUnknownError, RateLimitError, TransportError, WeryAIError

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=80)
AGAIN, NEVER = True, False


def refused(code: int, message: str = "no", http_status: int = 200, task_ids: tuple[str, ...] = ()) -> WeryAIError:
    """Make the error of a refusal as the client reads it from the wire."""
    body = f'{{"status": {code}, "message": "{message}"}}'.encode()
    return refusal(read_envelope(Reply(http_status, {}, body)), task_ids)


REPEATED_REFUSALS = (1001, 1007, 6001, 6002, 6010)
CAPS_AND_CREDITS = (1004, 1011, 1015, 6101)
# Every other code of the contract; as a paid POST's answer none is repeated, and a free request repeats those that are
# the service's own fault.
OTHER_REFUSALS = (400, 401, 403, 404, 1002, 1003, 1005, 1006, 1009, 1010, 1014, 1017, 2001, 2003, 2004)
OWN_FAULTS = (500, 1102, 5000, 6003, 6004)

TABLE: dict[str, tuple[WeryAIError, bool, bool]] = {
    "not sent": (NotSentError("refused"), AGAIN, AGAIN),
    "HTTP 429 with an empty body": (refusal(read_envelope(Reply(429, {}))), AGAIN, AGAIN),
    **{f"code {code}": (refused(code), AGAIN, AGAIN) for code in REPEATED_REFUSALS},
    **{f"code {code} in HTTP 429": (refused(code, http_status=429), AGAIN, AGAIN) for code in REPEATED_REFUSALS},
    **{f"code {code} with a task id": (refused(code, task_ids=("t",)), NEVER, NEVER) for code in REPEATED_REFUSALS},
    "code 429 in HTTP 200, which is no explicit refusal": (refused(429), NEVER, AGAIN),
    "HTTP 429 with a task id": (refused(429, http_status=429, task_ids=("t",)), NEVER, NEVER),
    **{f"code {code}": (refused(code), NEVER, NEVER) for code in CAPS_AND_CREDITS},
    **{f"code {code} in HTTP 429": (refused(code, http_status=429), NEVER, NEVER) for code in CAPS_AND_CREDITS},
    "1001 about a parameter": (refused(1001, "Parameter error"), NEVER, NEVER),
    "1001 about a parameter in HTTP 429": (refused(1001, "参数错误", 429), NEVER, NEVER),
    "timeout, reset, cut answer": (OutcomeUnknownError("cut"), NEVER, NEVER),
    "no answer to a free request": (TransportError("cut"), NEVER, AGAIN),
    **{
        f"HTTP {status}": (refusal(read_envelope(Reply(status, {}))), NEVER, AGAIN)
        for status in (500, 502, 503, 504, 520, 599)
    },
    "HTTP 408 to a free request": (refusal(read_envelope(Reply(408, {}))), NEVER, AGAIN),
    "a 2xx that cannot be read": (errors.ContractError("html"), NEVER, NEVER),
    **{f"code {code}": (refused(code), NEVER, NEVER) for code in OTHER_REFUSALS},
    **{f"code {code}": (refused(code), NEVER, AGAIN) for code in OWN_FAULTS},
    "wrong input": (errors.InvalidInputError("no"), NEVER, NEVER),
    "no key": (errors.ConfigurationError("no"), NEVER, NEVER),
}


@pytest.mark.parametrize(("error", "paid", "free"), TABLE.values(), ids=list(TABLE))
def test_the_table(error: WeryAIError, paid: bool, free: bool) -> None:
    """What may be repeated is decided by this table alone: one column for paid, one for free requests."""
    assert (is_repeatable(error, paid=True), is_repeatable(error, paid=False)) == (paid, free)


def test_the_table_has_every_code_of_the_contract(contract_codes: set[int]) -> None:
    """Each code that the contract lists stands in the table above, so that a new one is decided on."""
    assert contract_codes <= {429, *REPEATED_REFUSALS, *CAPS_AND_CREDITS, *OTHER_REFUSALS, *OWN_FAULTS}


def delays(policy: RetryPolicy, error: WeryAIError, *, paid: bool, elapsed: float = 0.0) -> list[float]:
    """Ask for the pauses after the first, second, ... try until the policy gives up."""
    found: list[float] = []
    while (delay := policy.delay(len(found) + 1, error, paid=paid, elapsed=elapsed, spread=0.0)) is not None:
        found.append(delay)
    return found


def test_paid_requests_have_five_tries_and_free_ones_four() -> None:
    """The default policy makes 5 tries of a paid request and 4 of a free one."""
    assert len(delays(RetryPolicy(), NotSentError("x"), paid=True)) == 4
    assert len(delays(RetryPolicy(), NotSentError("x"), paid=False)) == 3
    assert FREE_TRIES == 4
    assert RetryPolicy().budget == 60.0


def test_tries_below_four_bind_free_requests_too() -> None:
    """`tries` lowers the number for free requests; a high one does not raise it above 4."""
    assert delays(RetryPolicy(tries=1), NotSentError("x"), paid=True) == []
    assert delays(RetryPolicy(tries=1), NotSentError("x"), paid=False) == []
    assert len(delays(RetryPolicy(tries=2), NotSentError("x"), paid=False)) == 1
    assert len(delays(RetryPolicy(tries=9), NotSentError("x"), paid=False)) == 3


def test_the_pauses_double_up_to_the_cap() -> None:
    """Without jitter the pauses are 1, 2, 4, 8, 16, then 20 seconds for ever."""
    policy = RetryPolicy(tries=9, budget=1000)
    assert delays(policy, NotSentError("x"), paid=True) == [1, 2, 4, 8, 16, 20, 20, 20]


@DETERMINISTIC
@given(st.integers(1, 60), st.floats(0, 1))
def test_jitter_only_lengthens_and_at_most_by_its_share(attempt: int, spread: float) -> None:
    """A pause lies between its plain value and that value plus `jitter` of it, even after the cap."""
    policy = RetryPolicy()
    plain = min(2.0 ** (attempt - 1), 20.0)
    assert plain <= policy.pause(attempt, spread) <= plain * 1.25
    assert policy.pause(attempt, 1.0) == plain * 1.25


def test_many_tries_come_to_no_overflow() -> None:
    """The pause after two thousand tries is the longest one, and none where none is wanted."""
    assert RetryPolicy(tries=9_999).pause(2_000, 0.0) == 20.0
    assert RetryPolicy(tries=9_999, first_delay=0).pause(2_000, 0.0) == 0.0


def test_the_budget_counts_the_coming_pause() -> None:
    """A try that could only begin after the budget is not made; one that begins exactly at its end is."""
    policy, error = RetryPolicy(budget=10.0), NotSentError("x")
    assert policy.delay(1, error, paid=True, elapsed=9.0, spread=0.0) == 1.0
    assert policy.delay(1, error, paid=True, elapsed=9.01, spread=0.0) is None


@pytest.mark.parametrize(("wanted", "delay"), [(0.0, 0.0), (2.0, 2.0), (60.0, 60.0), (60.1, None), (3600.0, None)])
def test_retry_after_replaces_the_backoff_unless_it_exceeds_the_budget(wanted: float, delay: float | None) -> None:
    """A Retry-After is waited for exactly, without jitter; a longer one than the budget ends the tries."""
    error = RateLimitError("slow down", http_status=429, retry_after=wanted)
    assert RetryPolicy().delay(1, error, paid=True, elapsed=0.0, spread=1.0) == delay


@pytest.mark.parametrize(("wanted", "delay"), [(3599.0, 3599.0), (3601.0, 3600.0), (1e9, 3600.0)])
def test_nobody_waits_for_longer_than_an_hour(wanted: float, delay: float) -> None:
    """However long the budget is: a service that asks for days is asked again after an hour."""
    error = RateLimitError("slow down", http_status=429, retry_after=wanted)
    assert RetryPolicy(budget=1e9).delay(1, error, paid=True, elapsed=0.0, spread=1.0) == delay


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("2", 2.0),
        (" 2 ", 2.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("999999999999", 999999999999.0),
        ("1e400", None),
        ("inf", None),
        ("-inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Mon, 99 Foo 2026 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("9" * 5000, None),
    ],
)
def test_retry_after_in_seconds_or_nonsense(value: str | None, seconds: float | None) -> None:
    """Seconds are taken, a time in the past is now, and what makes no sense counts as no header."""
    assert parse_retry_after({} if value is None else {"retry-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    """An HTTP date is turned into the seconds until then."""
    seconds = parse_retry_after({"retry-after": email.utils.formatdate(time.time() + 120, usegmt=True)})
    assert seconds is not None
    assert 100 < seconds <= 121


@pytest.mark.parametrize("wrong_by", [-86_400.0, 0.0, 86_400.0])
def test_retry_after_as_a_date_is_read_by_the_services_clock(wrong_by: float) -> None:
    """Where a Date stands beside it, our own clock may be wrong by a day."""
    date, wanted = (email.utils.formatdate(time.time() + wrong_by + more, usegmt=True) for more in (0, 30))
    assert parse_retry_after({"retry-after": wanted, "date": date}) == 30.0


@DETERMINISTIC
@given(st.text(max_size=40), st.text(max_size=40))
def test_retry_after_never_raises(value: str, date: str) -> None:
    """No header, however odd, breaks the reading of an answer."""
    seconds = parse_retry_after({"retry-after": value, "date": date})
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("elapsed", "pause"),
    [(0, 6), (29.9, 6), (30, 10), (119.9, 10), (120, 15), (1800, 15), (1e9, 15)],
)
def test_the_steps_of_the_pace(elapsed: float, pause: float) -> None:
    """Pauses are 6 s in the first 30 s, 10 s until 120 s, and 15 s after that; jitter adds at most a tenth."""
    assert Pace().delay(elapsed, 0.0) == pause
    assert Pace().delay(elapsed, 1.0) == pytest.approx(pause * 1.1)


def test_a_task_of_five_minutes_takes_at_most_thirty_looks() -> None:
    """Even without jitter a five-minute task is looked at no more than 30 times, and no fewer than 20."""
    elapsed, looks = 0.0, 1
    while elapsed < 300:
        elapsed, looks = elapsed + Pace().delay(elapsed, 0.0), looks + 1
    assert 20 <= looks <= 30


def test_policies_are_values() -> None:
    """A policy cannot be changed after it was made, and two with the same numbers are the same."""
    policy: Any = RetryPolicy()
    with pytest.raises(AttributeError):
        policy.tries = 9
    assert policy == RetryPolicy(tries=5, budget=60.0, first_delay=1.0, max_delay=20.0, jitter=0.25)


def test_the_budget_counts_the_time_that_tries_have_taken() -> None:
    """Slow refusals use the budget up as well: the flow hands the policy the seconds that have passed."""
    busy = reply({"status": 1007, "message": "queue full"})
    played = play(submit("https://a.b/c.jpg", prompt="x"), busy, busy, took=30.0)
    assert isinstance(played.error, RateLimitError)
    assert len(played.slept) == 1

"""Mistakes that cost money: what is sent again, after how long, and what an answer says about the bill."""

from .edits import Entry, Lose, Swap, Text
from .mutant import Edit, Mutant

RETRY, ENVELOPE, WIRE = ("test_retry",), ("test_envelope", "test_retry"), ("test_wire",)
STEPS, ATTEMPTS = ("test_journal_steps", "test_transitions"), ("test_attempts",)
UNKNOWN, FREE = "case OutcomeUnknownError(): return False", "case TransportError(): return not paid"
RATE = "return not paid or error.http_status == 429 or error.code in EXPLICIT_REFUSALS"


def money(name: str, edit: Edit, claim: str, first: tuple[str, ...] = RETRY) -> Mutant:
    """A mistake that costs money."""
    return Mutant(f"overlay.money.{name}", edit, claim, first)


TABLE = [
    money(
        "not-sent",
        Swap("is_repeatable", old="case NotSentError(): return True", new="case NotSentError(): return not paid"),
        "an order that never left is given up",
    ),
    money("connect-error", Lose("_NEVER_SENT", item="httpx.ConnectError"), "a refused connection may be billed", WIRE),
    money("pool", Lose("_NEVER_SENT", item="httpx.PoolTimeout"), "an order that waited in line may be billed", WIRE),
    money(
        "unknown-again",
        Swap("is_repeatable", old=UNKNOWN, new="case OutcomeUnknownError(): return error.http_status is None"),
        "a lost order is sent twice",
    ),
    money(
        "get-once",
        Swap("is_repeatable", old=FREE, new="case TransportError(): return False"),
        "a poll that broke is not repeated",
    ),
    money("http-429", Swap("is_repeatable", old="A == 429", new="A == 428"), "HTTP 429 is not tried again"),
    money("rate-any", Swap("is_repeatable", old=RATE, new="return True"), "every rate limit is repeated"),
    money(
        "task-named",
        Swap("is_repeatable", old="A.task_ids or A.code in DAILY_CAPS", new="A.code in DAILY_CAPS"),
        "a refusal that names a task is repeated",
    ),
    money(
        "server-error",
        Swap("is_repeatable", old="return not paid or error.code in EXPLICIT_REFUSALS", new="return True"),
        "a failed order is repeated",
    ),
    money(
        "any-refusal",
        Swap("is_repeatable", old="case _: return False", new="case _: return not paid"),
        "a wrong key is tried four times",
    ),
]
ANSWERS = [
    money(
        "known-refusal",
        Lose("accept_paid", item="not _is_known_refusal(A)"),
        "a refusal that names a task counts as accepted",
        ENVELOPE,
    ),
    money("408", Lose("accept_paid", item="A == 408"), "HTTP 408 says that nothing was ordered", ENVELOPE),
    money(
        "500", Swap("accept_paid", old="A >= 500", new="A > 500"), "HTTP 500 says that nothing was ordered", ENVELOPE
    ),
    money(
        "billed",
        Swap("accept_paid", old="may_have_been_billed=True", new="may_have_been_billed=False"),
        "an unreadable success is said to cost nothing",
        ENVELOPE,
    ),
    money(
        "redirect",
        Swap(
            "accept_paid",
            old="raise ContractError(A, raw=B, may_have_been_billed=C, http_status=D, task_ids=E)",
            new="raise ContractError(A, raw=B, may_have_been_billed=C, http_status=D)",
        ),
        "a task id beside a redirect is lost",
        ENVELOPE,
    ),
    money(
        "parameter",
        Swap(
            "_hinted",
            old="re.search(_PARAMETER, A) and not re.search(_RATE, B)",
            new="not re.search(_RATE, A) and not A.strip()",
        ),
        "a wrong parameter is sent five times",
        ENVELOPE,
    ),
    money(
        "retry-after-name",
        Text("parse_retry_after", old="retry-after", new="retry_after"),
        "Retry-After is not read",
        ENVELOPE,
    ),
    money("paid-flag", Lose("paid_request", item="paid=True"), "an order is repeated like a poll", ("test_money",)),
]
PAUSES = [
    money(
        "service-clock",
        Swap("parse_retry_after", old="time.time() if A is None else A", new="time.time()"),
        "a clock that is wrong waits for hours",
    ),
    money("five-tries", Swap("RetryPolicy.tries", old="5", new="4"), "a busy service is given up too soon"),
    money("free-tries", Swap("FREE_TRIES", old="4", new="5"), "a poll is repeated once more"),
    money(
        "off-by-one",
        Swap(
            "RetryPolicy.delay",
            old="A >= B or not is_repeatable(C, paid=D)",
            new="A > B or not is_repeatable(C, paid=D)",
        ),
        "there is one try too many",
    ),
    money("doubling", Swap("RetryPolicy.pause", old="2.0 ** A", new="2.0 * A"), "the pauses grow straight"),
    money("budget", Swap("RetryPolicy.delay", old="A + B <= C", new="B <= C"), "tries take for ever"),
    money(
        "retry-after",
        Swap(
            "RetryPolicy.delay", old="if A is None: A = self.pause(B, C)", new="if not A or A > 5: A = self.pause(B, C)"
        ),
        "Retry-After is not obeyed",
    ),
    money(
        "retry-after-date",
        Swap("parse_retry_after", old="A - (B if C else D)", new="A"),
        "a date means half a century",
    ),
    money("pace", Swap("Pace.steps", old="(30.0, 6.0)", new="(30.0, 0.6)"), "tasks are polled all the time"),
    money("pace-jitter", Swap("Pace.delay", old="1 + A * B", new="1 - A * B"), "polls come too early"),
]
JOURNAL = [
    money("journal.key", Text("Journal.order_log", old=":{key}", new=":"), "keys see each other's orders", STEPS),
    money(
        "journal.twice",
        Entry("TRANSITIONS", key="begin", value="{_QUEUED: (_SUBMITTING,), _AMBIGUOUS: (_SUBMITTING,)}"),
        "what may be paid for is sent again",
        STEPS,
    ),
    money(
        "journal.late-yes",
        Entry("TRANSITIONS", key="end", value="{_SUBMITTING: (_SUBMITTED, _QUEUED, _AMBIGUOUS)}"),
        "the task of a response that comes late is lost",
        STEPS,
    ),
    money(
        "journal.late-no",
        Swap("end", old="A, B = 'end for good', OrderState.FAILED"),
        "an order waits for nobody",
        STEPS,
    ),
    money(
        "journal.doubt",
        Entry("TRANSITIONS", key="mark ambiguous", value="{_SUBMITTING: (_AMBIGUOUS,), _SUBMITTED: (_AMBIGUOUS,)}"),
        "what is paid for is in doubt again",
        STEPS,
    ),
    money(
        "journal.scope",
        Text("_refuse_duplicate", old="base_url = ? and key = ? and (", new="? != '' and ? != '' and ("),
        "another account's order is refused as a repeat",
        STEPS,
    ),
    money("journal.ended", Text("finish_task", old="tasks.state = 'going'", new="1 = 1"), "a video is lost", STEPS),
    money(
        "journal.claim",
        Swap("claim", old="_change(A, B, C, D, E)", new="_change(A, B, C, D)"),
        "two processes fetch what a third has left",
        STEPS,
    ),
    money("journal.named", Text("adopt", old=" and tasks.state != 'named'", new=""), "a guess blocks a task", STEPS),
    money("journal.began", Lose("begin", item="began=now"), "an order that was repeated is bought twice", STEPS),
    money(
        "evidence.silence",
        Swap("Evidence.proves_not_sent", old="A and not B", new="not B"),
        "what a transport says nothing of is sent again",
        ATTEMPTS,
    ),
    money(
        "told-unsent",
        Swap("shield:note", old="A.is_stopped", new="A.is_given_up"),
        "a paid order is told as not sent after a close",
        ("test_letting_go",),
    ),
    money("evidence.stop", Swap("Evidence.trace", old="if A: raise B"), "a stopped order leaves", ATTEMPTS),
    money(
        "memory.unheard",
        Swap("ProcessMemory.end", old="_keep(self._accepted, A, B)", new="None"),
        "what was accepted as its caller was interrupted is bought twice",
        ATTEMPTS,
    ),
    money(
        "memory.key",
        Swap("ProcessMemory.order_log", old="A + key.encode()", new="A"),
        "another account's order is refused as a repeat",
        ATTEMPTS,
    ),
]
MONEY = [*TABLE, *ANSWERS, *PAUSES, *JOURNAL]

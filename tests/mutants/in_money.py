"""Mistakes in what is repeated, for how long and how sure a refusal is: the classes of retries, one by one."""

from .mutant import OVERLAY, Mutant

RETRY, ENVELOPE, WIRE, ENDPOINT = (
    OVERLAY + name
    for name in ("_flow/retry.py", "_protocol/envelope.py", "_transport/http.py", "_protocol/endpoint.py")
)
TABLE = ("tests/unit/overlay/test_retry.py",)
ANSWERS = ("tests/unit/overlay/test_envelope.py",)
# The rows of the table at the top of _retry.py, by the words that they begin with.
NEVER_LEFT, REFUSED_FOR_NOW, CAPS, PARAMETER = "nothing left", "HTTP 429", "the same", "1001 whose"
LOST, UNREADABLE, REFUSED = "timeout, reset", "a 2xx", "any other"
REFUSALS = "EXPLICIT_REFUSALS = frozenset({1001, 1007, 6001, 6002, 6010})"


def money(
    name: str, file: str, old: str, new: str, claim: str, row: str = "", first: tuple[str, ...] = TABLE
) -> Mutant:
    """A mistake that may cost money, or patience."""
    return Mutant(f"overlay.money.{name}", file, old, new, claim, first, (f"retry {row}",) if row else ())


def refused(code: int) -> Mutant:
    """A refusal that starts no task and is not repeated any more."""
    new = REFUSALS.replace(f"{code}, ", "").replace(f", {code}", "")
    return money(f"refusal-{code}", RETRY, REFUSALS, new, f"code {code} is not tried again", REFUSED_FOR_NOW)


IN_MONEY = [
    *(refused(code) for code in (1001, 1007, 6001, 6002, 6010)),
    money(
        "not-sent",
        RETRY,
        "case NotSentError():\n            return True",
        "case NotSentError():\n            return not paid",
        "an order that never left is given up",
        NEVER_LEFT,
    ),
    money(
        "connect-error",
        WIRE,
        "    httpx.ConnectError,\n",
        "",
        "a refused connection may have been billed",
        NEVER_LEFT,
        ("tests/unit/overlay/test_wire.py",),
    ),
    money(
        "pool",
        WIRE,
        "    httpx.PoolTimeout,\n",
        "",
        "an order that waited in line may have been billed",
        NEVER_LEFT,
        ("tests/unit/overlay/test_wire.py",),
    ),
    money(
        "unknown-again",
        RETRY,
        "case OutcomeUnknownError():\n            return False",
        "case OutcomeUnknownError():\n            return error.http_status is None",
        "a lost order is sent twice",
        LOST,
    ),
    money(
        "get-once",
        RETRY,
        "case TransportError():\n            return not paid",
        "case TransportError():\n            return False",
        "a look that broke is not repeated",
        LOST,
    ),
    money(
        "408",
        ENVELOPE,
        "if status >= 500 or status == 408:",
        "if status >= 500:",
        "HTTP 408 says that nothing was ordered",
        LOST,
        ANSWERS,
    ),
    money(
        "500",
        ENVELOPE,
        "if status >= 500 or status == 408:",
        "if status > 500 or status == 408:",
        "HTTP 500 says that nothing was ordered",
        LOST,
        ANSWERS,
    ),
    money(
        "billed",
        ENVELOPE,
        "may_have_been_billed=True",
        "may_have_been_billed=False",
        "an unreadable success is said to cost nothing",
        UNREADABLE,
        ANSWERS,
    ),
    money(
        "redirect",
        ENVELOPE,
        "            task_ids=task_ids,\n        )\n    raise refusal(envelope, task_ids)",
        "        )\n    raise refusal(envelope, task_ids)",
        "a task id beside a redirect is lost",
        UNREADABLE,
        ANSWERS,
    ),
    money(
        "http-429",
        RETRY,
        "error.http_status == 429",
        "error.http_status == 428",
        "HTTP 429 is not tried again",
        REFUSED_FOR_NOW,
    ),
    money(
        "rate-any",
        RETRY,
        "return not paid or error.http_status == 429 or error.code in EXPLICIT_REFUSALS",
        "return True",
        "every rate limit is repeated",
        REFUSED_FOR_NOW,
    ),
    money(
        "cap-1015",
        RETRY,
        "DAILY_CAPS = frozenset({1015, 6101})",
        "DAILY_CAPS = frozenset({6101})",
        "the daily cap of uploads is hammered at",
        CAPS,
    ),
    money(
        "cap-6101",
        RETRY,
        "DAILY_CAPS = frozenset({1015, 6101})",
        "DAILY_CAPS = frozenset({1015})",
        "the daily cap of orders is hammered at",
        CAPS,
    ),
    money(
        "task-named",
        RETRY,
        "case APIError() if error.task_ids or error.code in DAILY_CAPS:",
        "case APIError() if error.code in DAILY_CAPS:",
        "a refusal that names a task is repeated",
        CAPS,
    ),
    money(
        "parameter",
        ENVELOPE,
        "case 1001 if _PARAMETER.search(message) and not _RATE.search(envelope.message):",
        "case 1001 if not _RATE.search(message) and not message.strip():",
        "a wrong parameter is sent five times",
        PARAMETER,
        ANSWERS,
    ),
    money(
        "server-error",
        RETRY,
        "case ServerError():\n            return not paid or error.code in EXPLICIT_REFUSALS",
        "case ServerError():\n            return True",
        "a failed order is repeated",
        LOST,
    ),
    money(
        "any-refusal",
        RETRY,
        "        case _:\n            return False",
        "        case _:\n            return not paid",
        "a wrong key is tried four times",
        REFUSED,
    ),
    money("five-tries", RETRY, "    tries: int = 5\n", "    tries: int = 4\n", "a busy service is given up too soon"),
    money("free-tries", RETRY, "FREE_TRIES = 4", "FREE_TRIES = 5", "a look is repeated once more"),
    money("off-by-one", RETRY, "if attempt >= tries or", "if attempt > tries or", "there is one try too many"),
    money("doubling", RETRY, "2.0 ** (attempt - 1)", "2.0 * (attempt - 1)", "the pauses grow straight"),
    money("budget", RETRY, "elapsed + wanted <= self.budget", "wanted <= self.budget", "tries take for ever"),
    money("retry-after", RETRY, "if wanted is None:", "if not wanted or wanted > 5:", "Retry-After is not obeyed"),
    money(
        "retry-after-date",
        RETRY,
        "parsedate_to_datetime(value).timestamp() - time.time()",
        "parsedate_to_datetime(value).timestamp()",
        "a date means half a century",
    ),
    money(
        "retry-after-name",
        ENVELOPE,
        'envelope.headers.get("retry-after")',
        'envelope.headers.get("retry_after")',
        "Retry-After is not read",
        first=ANSWERS,
    ),
    money(
        "paid-flag",
        ENDPOINT,
        "return Send(request, paid=True, endpoint",
        "return Send(request, endpoint",
        "an order is repeated like a look",
        first=("tests/journeys/test_money.py",),
    ),
    money(
        "pace", RETRY, "(30.0, 6.0), (120.0, 10.0)", "(30.0, 0.6), (120.0, 10.0)", "tasks are looked at all the time"
    ),
    money(
        "pace-jitter",
        RETRY,
        "return pause * (1 + self.jitter * spread)",
        "return pause * (1 - self.jitter * spread)",
        "looks come too early",
    ),
]

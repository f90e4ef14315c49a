"""Which failures are worth another try, and after how long: pure.

| what came back                                            | a paid POST    | a GET, an upload |
|-----------------------------------------------------------|----------------|------------------|
| nothing left this machine (connect, pool)                 | again          | again            |
| HTTP 429; codes 1001 1007 6001 6002 6010, without task id | again          | again            |
| the same, but codes 1004 1011 1015 6101 in the body       | never          | never            |
| 1001 whose message speaks of a parameter                  | never          | never            |
| timeout, reset, cut answer, any 5xx, HTTP 408             | never: unknown | again            |
| a 2xx that cannot be read or carries no task id           | never: billed? | never            |
| any other refusal                                         | never          | never            |

That 6001 and 6002 start no task is reported by a production user; for the other codes it follows from their meaning.
"""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import (
    APIError,
    ConfigurationError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
    TransportError,
    WeryAIError,
)

EXPLICIT_REFUSALS = frozenset({1001, 1007, 6001, 6002, 6010})
# What a service asks to wait is heeded up to these seconds: before a submission, and between two polls.
LONGEST_HEEDED, LONGEST_POLL_PAUSE = 3600.0, 60.0
DAILY_CAPS = frozenset({1015, 6101})
FREE_TRIES = 4


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is repeated; `RetryPolicy(tries=1)` never repeats.

    `tries` counts the first one and is at most 4 for free requests; `budget` is the seconds that all tries together may
    take; the pauses double from `first_delay` to `max_delay` seconds, each longer by up to `jitter` of itself.
    """

    tries: int = 5
    budget: float = 60.0
    first_delay: float = 1.0
    max_delay: float = 20.0
    jitter: float = 0.25

    def __post_init__(self) -> None:
        if isinstance(self.tries, bool) or not isinstance(self.tries, int) or self.tries < 1:
            raise ConfigurationError("RetryPolicy: tries must be a whole number, 1 or more")
        for name in ("budget", "first_delay", "max_delay", "jitter"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigurationError(f"RetryPolicy: {name} must be a finite number, 0 or more")

    def delay(self, attempt: int, error: WeryAIError, *, paid: bool, elapsed: float, spread: float) -> float | None:
        """Seconds to wait before trying again, or None to give up.

        `attempt` is the number of tries so far, `elapsed` the seconds they took, `spread` a random number in 0..1.
        """
        tries = self.tries if paid else min(self.tries, FREE_TRIES)
        if attempt >= tries or not is_repeatable(error, paid=paid):
            return None
        wanted = getattr(error, "retry_after", None)
        if wanted is None:
            wanted = self.pause(attempt, spread)
        wanted = min(wanted, LONGEST_HEEDED)
        return wanted if elapsed + wanted <= self.budget else None

    def pause(self, attempt: int, spread: float) -> float:
        """Seconds of the backoff after this many tries; `spread` is a random number in 0..1."""
        return min(self.first_delay * 2.0 ** min(attempt - 1, 60), self.max_delay) * (1 + self.jitter * spread)


def is_repeatable(error: WeryAIError, *, paid: bool) -> bool:
    """Whether the same request may be sent once more after this error; the table above."""
    match error:
        case NotSentError():
            return True
        case OutcomeUnknownError():
            return False
        case TransportError():
            return not paid
        case APIError() if error.task_ids or error.code in DAILY_CAPS:
            return False
        case RateLimitError():
            return not paid or error.http_status == 429 or error.code in EXPLICIT_REFUSALS
        case ServerError():
            return not paid or error.code in EXPLICIT_REFUSALS
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to pause between two polls of a task.

    The steps are those of the service's own client: 6 s in the first 30 s, 10 s until 120 s, 15 s after that.
    """

    steps: tuple[tuple[float, float], ...] = ((30.0, 6.0), (120.0, 10.0), (math.inf, 15.0))
    jitter: float = 0.1

    def delay(self, elapsed: float, spread: float) -> float:
        """Seconds to pause when `elapsed` seconds have passed; `spread` is a random number in 0..1."""
        pause = next(pause for until, pause in self.steps if elapsed < until)
        return pause * (1 + self.jitter * spread)


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header; None if there is none or it makes no sense. Names are in lower case.

    A date is read by the service's own clock, the Date header, where there is one: ours may differ.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        wanted = _moment(value)
        if wanted is None:
            return None
        sent = _moment(headers.get("date", ""))
        seconds = wanted - (time.time() if sent is None else sent)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _moment(date: str) -> float | None:
    """A date of HTTP in seconds since 1970."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None

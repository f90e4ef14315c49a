"""What an error means for a run: a reason to take no further jobs, or a word to group failures by; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..._flow.retry import DAILY_CAPS
from ...errors import (
    APIError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    InsufficientCreditsError,
    JournalError,
    Outcome,
    PermissionDeniedError,
    WeryAIError,
)
from .._ledger.transitions import MovedError

#: `unreached` is a service that has not answered since the start, `lost` one that was away for longer than the limit,
#: `unanswered` one that answers free questions and no submissions.
Cause = Literal["budget", "key", "credits", "daily cap", "unreached", "lost", "unanswered", "interrupted"]


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run takes no further jobs; the reason is a sentence for people.

    Where it is one that somebody can do something about, `cause` is it in a word.
    """

    reason: str
    cause: Cause | None = None

    @property
    def is_unreached(self) -> bool:
        """Whether the service is away for so long that nothing is waited for any more."""
        return self.cause in ("unreached", "lost")


def why_stop(error: WeryAIError) -> Stopping | None:
    """The reason to take no further jobs, if an error is one that the next job would meet as well."""
    match error:
        case MovedError():
            return None
        case BudgetExceededError():
            return Stopping(error.message, "budget")
        case JournalError() | ConfigurationError():
            return Stopping(error.message)
        case AuthenticationError() | PermissionDeniedError():
            return Stopping(f"the service refuses the key: {error}", "key")
        case InsufficientCreditsError():
            return Stopping(f"the credits are used up: {error}", "credits")
        case APIError(code=code) if code in DAILY_CAPS:
            return Stopping(f"the limit of the day is reached: {error}", "daily cap")
    return None


def is_unknown(error: WeryAIError) -> bool:
    """Whether a submission that met this error may have been accepted: its job is ambiguous."""
    return error.outcome is Outcome.UNKNOWN


def kind_of(error: WeryAIError) -> str:
    """An error in a word or two, to group by."""
    code = getattr(error, "code", None)
    name = type(error).__name__.removesuffix("Error")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words} {code}" if code is not None else words

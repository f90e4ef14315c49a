"""What happens in a run, told as it happens, and what came out of it in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ... import errors
from ..._flow.retry import DAILY_CAPS
from ...errors import (
    APIError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    InsufficientCreditsError,
    JournalError,
    PermissionDeniedError,
    WeryAIError,
)
from .._ledger.schema import JobState
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
    return error.outcome is errors.Outcome.UNKNOWN


def kind_of(error: WeryAIError) -> str:
    """An error in a word or two, to group by."""
    code = getattr(error, "code", None)
    name = type(error).__name__.removesuffix("Error")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words} {code}" if code is not None else words


Happening = Literal[
    "submitted", "done", "failed", "ambiguous", "refused", "unfinished", "paused", "resumed", "stopping"
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: to a job, or (`paused`, `resumed`, `stopping`) to the run.

    `refused` is a try that surely started nothing and is made again; `unfinished` is a job that is paid for and has no
    video on disk yet, because waiting or downloading failed.
    """

    event: Happening
    key: str = ""
    task_id: str | None = None
    path: str | None = None
    reason: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `counts` of each state, what was spent, and why it stopped early, if it did.

    `not_in_manifest` are those of the `counts` that only earlier manifests had. `credits` is None where no price is
    known of what was submitted. `signal` is the number of the signal that interrupted it. `cause` is why
    it stopped in a word, where somebody can do something about it: "unreached" is a service that was not reached since
    the start, "lost" one that was away for longer than the limit, "unanswered" one that only free requests reach.
    `unfetched` jobs have a video at the service that could not be fetched or stored; the next start tries again.
    """

    counts: Mapping[JobState, int] = field(default_factory=dict)
    submits: int = 0
    credits: float | None = 0.0
    stopped: str | None = None
    interrupted: bool = False
    not_in_manifest: Mapping[JobState, int] = field(default_factory=dict)
    signal: int | None = None
    cause: Cause | None = None
    unfetched: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every job of the manifest has its video, and whatever else is or may be paid for has come."""
        unpaid = (JobState.QUEUED, JobState.FAILED)
        aside = {state: self.not_in_manifest.get(state, 0) for state in unpaid}
        return all(many == aside.get(state, 0) for state, many in self.counts.items() if state is not JobState.DONE)

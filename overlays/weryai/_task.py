"""A paid task, its states and its videos, as the rest of the package sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TaskState(StrEnum):
    """Where a task stands; UNKNOWN is a word that no source lists, so the task may still be on its way."""

    WAITING = "waiting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


# Contract: KnownTaskStatus.x-states. Compared without regard to case.
WORDS = {
    "waiting": TaskState.WAITING,
    "pending": TaskState.WAITING,
    "processing": TaskState.PROCESSING,
    "running": TaskState.PROCESSING,
    "succeed": TaskState.SUCCEEDED,
    "success": TaskState.SUCCEEDED,
    "completed": TaskState.SUCCEEDED,
    "complete": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
    "fail": TaskState.FAILED,
    "canceled": TaskState.FAILED,
    "error": TaskState.FAILED,
}


@dataclass(frozen=True, slots=True)
class VideoLink:
    """Where a finished video lies. How long the URL lives is not documented: download soon, without the key."""

    url: str
    cover_url: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One paid task.

    `state` is the classified state and `status` the word it was read from; `videos` are the results, `reason` says why
    it failed, `raw` is everything the API said about it.
    """

    id: str
    state: TaskState
    status: str | None = None
    videos: tuple[VideoLink, ...] = ()
    reason: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def ended(self) -> bool:
        """Whether the task has succeeded or failed, so that waiting makes no sense."""
        return self.state in (TaskState.SUCCEEDED, TaskState.FAILED)

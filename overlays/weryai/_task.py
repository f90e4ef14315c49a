"""A paid task, its states and its videos, as the rest of the package sees them."""

from __future__ import annotations

from collections.abc import Mapping
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


def card(title: str, rows: Mapping[str, object], above: str = "") -> str:
    """Return a small table as HTML, for notebooks; `above` is HTML, all else is text, and what is None is left out."""
    import html

    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows.items()
        if value is not None
    )
    return f"<div><strong>{html.escape(title)}</strong>{above}<table>{cells}</table></div>"


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

    def to_dict(self) -> dict[str, Any]:
        """Return the task as `json.dumps` takes it, without `raw`."""
        return {
            "id": self.id,
            "state": self.state.value,
            "status": self.status,
            "videos": [{"url": link.url, "cover_url": link.cover_url} for link in self.videos],
            "reason": self.reason,
        }

    def _repr_html_(self) -> str:
        urls = "\n".join(link.url for link in self.videos)
        return card(f"Task: {self.state.value}", {"id": self.id, "reason": self.reason, "videos": urls or None})

"""A submission: accepted, paid work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._task import card
from .envelope import Envelope


@dataclass(frozen=True, slots=True)
class Submission:
    """Accepted, paid work. Write `task_ids` down: nothing else leads back to it. `raw` is the whole response."""

    task_ids: tuple[str, ...]
    batch_id: int | str | None = None
    raw: Any = field(default=None, repr=False, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the submission as `json.dumps` takes it, without `raw`."""
        return {"task_ids": list(self.task_ids), "batch_id": self.batch_id}

    def _repr_html_(self) -> str:
        return card("Submitted and paid for", {"task ids": ", ".join(self.task_ids), "batch": self.batch_id})


def read_submission(envelope: Envelope, task_ids: tuple[str, ...]) -> Submission:
    """Read the answer of an accepted submission, whose task ids were found already."""
    batch_id = envelope.data.get("batch_id") if isinstance(envelope.data, dict) else None
    is_id = isinstance(batch_id, int | str) and not isinstance(batch_id, bool) and batch_id != ""
    return Submission(task_ids, batch_id if is_id else None, envelope.raw)

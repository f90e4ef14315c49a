"""A webhook delivery as the service posts it, in any of its spellings: pure.

Nothing in a delivery is signed as far as known, so whatever it says is a hint until the status was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._flow.effects import Reply
from .._protocol.envelope import read_envelope
from .._protocol.task_reader import read_part, task_parts
from .._task import Task
from ..errors import WebhookError

Body = bytes | bytearray | memoryview | str | Mapping[str, Any]
# Far above any id that was seen; what is remembered of a delivery must have a size.
LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a delivery says of one task: a hint, to be confirmed with `tasks.get` or `tasks.wait`.

    `task` is read as `tasks.get` reads it, `raw` is the whole delivery.
    """

    task: Task
    raw: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def task_id(self) -> str:
        """The id of the task, to ask for it."""
        return self.task.id


def read_delivery(body: Body) -> tuple[WebhookEvent, ...]:
    """Read the body of a delivery, whatever its content type: one event for each task that it tells of.

    Every delivery described so far tells of one task, but `data` may be an array, as in a status response. Raises
    WebhookError for a body that is no JSON object or names no task.
    """
    raw = _object(body)
    # A body without the envelope is read as the task itself.
    parts = task_parts(raw.get("data")) or [raw]
    around = read_part(raw, "").id
    tasks = [task for part in parts if _is_id((task := read_part(part, around)).id)]
    if not tasks:
        raise WebhookError("this is no webhook delivery: it names no task")
    return tuple(WebhookEvent(task, raw) for task in tasks)


def _object(body: Any) -> dict[str, Any]:
    if isinstance(body, Mapping):
        return dict(body)
    if isinstance(body, str):
        body = body.encode("utf-8", errors="replace")
    if not isinstance(body, bytes | bytearray | memoryview):
        raise WebhookError(f"a delivery is bytes, a text or a mapping, not {type(body).__name__}")
    raw = read_envelope(Reply(200, {}, bytes(body))).raw
    if not isinstance(raw, dict):
        raise WebhookError("this is no webhook delivery: its body is no JSON object")
    return raw


def _is_id(text: str) -> bool:
    return bool(text.strip(".")) and text.isprintable() and len(text) <= LONGEST_ID

"""A task as the API tells it, in any of its spellings: pure."""

from __future__ import annotations

from typing import Any

from .._task import WORDS, Task, TaskState, VideoLink
from ..errors import ContractError
from .envelope import Envelope


def classify(word: str | None, *, has_videos: bool = False) -> TaskState:
    """Read a status word; one that no source lists counts as success when the videos are already there."""
    state = WORDS.get(word.strip().lower(), TaskState.UNKNOWN) if word else TaskState.UNKNOWN
    return TaskState.SUCCEEDED if state is TaskState.UNKNOWN and has_videos else state


def read_task(envelope: Envelope, task_id: str) -> Task:
    """Read the task with this id from a status response, whose data may be an object or an array."""
    parts = task_parts(envelope.data)
    if len(parts) == 1:
        return read_part(parts[0], task_id)
    part = next((part for part in parts if _own_id(part) == task_id), None)
    if part is None and len(parts) > 1 and any(map(_own_id, parts)):
        raise ContractError(f"the response tells of other tasks than {task_id}", raw=envelope.raw)
    return read_part(part or (parts[0] if parts else {}), task_id)


def task_parts(data: Any) -> list[dict[str, Any]]:
    """The task objects in the data of a status response."""
    return [part for part in (data if isinstance(data, list) else [data]) if isinstance(part, dict)]


def read_part(part: dict[str, Any], task_id: str) -> Task:
    """Read one task object; `task_id` is the id to use where the object tells none."""
    word = _first_text(part, "task_status", "taskStatus")
    videos = _videos(part)
    return Task(
        id=_own_id(part) or task_id,
        state=classify(word, has_videos=bool(videos)),
        status=word,
        videos=videos,
        reason=_first_text(part, "msg", "message", "reason") or _first_text(part.get("task_result"), "message", "msg"),
        raw=part,
    )


def _own_id(part: dict[str, Any]) -> str | None:
    for name in ("task_id", "taskId"):
        own = part.get(name)
        if isinstance(own, str | int) and str(own).strip():
            return str(own)
    return None


def _videos(part: dict[str, Any]) -> tuple[VideoLink, ...]:
    """The results, from the first place that holds any."""
    output, result = part.get("output"), part.get("task_result")
    nested = [place for place in (output, result) if isinstance(place, dict)]
    for name in ("videos", "video_urls"):
        for place in (part, *nested):
            if (value := place.get(name)) and (links := _links(value)):
                return links
    for place in (*nested, part):
        for name in ("video_url", "video"):
            if (value := place.get(name)) and (links := _links(value)):
                return links
    return ()


def _links(value: Any) -> tuple[VideoLink, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(link for item in items if (link := _link(item)))


def _link(item: Any) -> VideoLink | None:
    if isinstance(item, str):
        return VideoLink(item.strip()) if _is_address(item) else None
    url = next((value for name in ("url", "video_url", "src") if _is_address(value := _get(item, name))), None)
    cover = next((value for name in ("cover_url", "cover_image_url") if _is_address(value := _get(item, name))), None)
    return VideoLink(url.strip(), cover) if isinstance(url, str) else None


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, dict) else None


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower().startswith(("http://", "https://"))


def _first_text(part: Any, *names: str) -> str | None:
    for name in names:
        value = _get(part, name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None

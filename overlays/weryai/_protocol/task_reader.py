"""A task as the API tells it, in any of its spellings: pure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from .._task import WORDS, Task, TaskState, VideoLink
from ..errors import ContractError
from .envelope import Envelope, id_of, values_named


def classify(word: str | None, *, has_videos: bool = False) -> TaskState:
    """Read a status word; one that no source lists counts as success when the videos are already there."""
    state = WORDS.get(word.strip().lower(), TaskState.UNKNOWN) if word else TaskState.UNKNOWN
    return TaskState.SUCCEEDED if state is TaskState.UNKNOWN and has_videos else state


def read_task(envelope: Envelope, task_id: str) -> Task:
    """Read the task with this id from a status response, whose data may be an object or an array.

    One object alone is the task that was asked for, whatever id stands in it: no source says that it is the same one.
    """
    parts, wanted = task_parts(envelope.data), task_id.strip()
    ids = [id_of(_own_id(part)) for part in parts]
    if len(parts) > 1 and any(ids) and wanted not in ids:
        raise ContractError(f"the response tells of other tasks than {task_id}", raw=envelope.raw)
    part = parts[ids.index(wanted) if wanted in ids else 0] if parts else {}
    task = read_part(part, wanted)
    return task if task.id == wanted else replace(task, id=wanted)


def task_parts(data: Any) -> list[dict[str, Any]]:
    """The task objects in the data of a status response: one, an array, or an array in an object; also as JSON text."""
    data = _unpacked(data)
    parts = [part for part in (data if isinstance(data, list) else [data]) if isinstance(part, dict)]
    if len(parts) == 1 and not _own_id(parts[0]):
        lists = [value for value in parts[0].values() if isinstance(value, list)]
        return [one for value in lists for one in value if isinstance(one, dict) and _own_id(one)] or parts
    return parts


def _unpacked(value: Any) -> Any:
    """What a text of JSON holds, which some gateways put into the JSON; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


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
    # The usual name first, at no cost.
    if isinstance(own := part.get("task_id"), str) and own.strip():
        return own
    named = values_named(part, "taskid")
    return next((str(own) for own in named if isinstance(own, str | int) and str(own).strip()), None)


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
    return _links(output) or _links(result)


def _links(value: Any) -> tuple[VideoLink, ...]:
    """The links in a value: an address, an object with one, or a list of them, in lists or as JSON text as well."""
    links, items = [], [value]
    while items:
        item = _unpacked(items.pop())
        if isinstance(item, list):
            items += reversed(item)
        elif link := _link(item):
            links.append(link)
    return tuple(links)


def _link(item: Any) -> VideoLink | None:
    if isinstance(item, str):
        return VideoLink(item.strip()) if has_host(item) else None
    if not isinstance(item, dict):
        return None
    url = next((value for name in ("url", "video_url", "src") if has_host(value := item.get(name))), None)
    cover = next((value for name in ("cover_url", "cover_image_url") if has_host(value := item.get(name))), None)
    return VideoLink(url.strip(), cover) if isinstance(url, str) else None


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, dict) else None


def has_host(value: Any) -> bool:
    """Whether a value is an http or https URL with a host; blanks around it do no harm."""
    return isinstance(value, str) and re.match(r"(?i)\s*https?://[^\s/?#]", value) is not None


def _first_text(part: Any, *names: str) -> str | None:
    for name in names:
        value = _get(part, name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None

"""Scenarios of odd responses: every spelling and shape in which a success has been met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weryai.emulator._scenarios.effects import Reshaped, Scenario, Stage

Body = dict[str, Any]
ENDED_WELL = frozenset({"succeed"})


def enveloped(**fields: Any) -> Callable[[Body], Body]:
    """Return a change that gives the response these fields around its data, and no others."""
    return lambda body: {**fields, "data": body["data"]}


def with_data(change: Callable[[Any], Any]) -> Callable[[Body], Body]:
    """Return a change of the data alone."""
    return lambda body: {**body, "data": change(body["data"])}


def with_task(change: Callable[[Body], Body]) -> Callable[[Body], Body]:
    """Return a change of every task that the response tells of."""

    def changed(data: Any) -> Any:
        return [change(task) for task in data] if isinstance(data, list) else change(data)

    return with_data(changed)


def videos_as(change: Callable[[str], Body]) -> Callable[[Body], Body]:
    """Return a change that puts the video elsewhere: the function gets its URL and returns the fields for it."""

    def moved(task: Body) -> Body:
        urls = task.get("videos") or []
        rest = {name: value for name, value in task.items() if name != "videos"}
        return {**rest, **change(urls[0])} if urls else task

    return with_task(moved)


def spelt(word: str) -> Callable[[Body], Body]:
    """Return a change of the status word."""
    return with_task(lambda task: {**task, "task_status": word})


def camel_case(task: Body) -> Body:
    """Return a task with its names as some clients know them."""
    names = {"task_id": "taskId", "task_status": "taskStatus"}
    return {names.get(name, name): value for name, value in task.items()}


def reason_elsewhere(task: Body) -> Body:
    """Return a task whose reason stands in its result."""
    rest = {name: value for name, value in task.items() if name != "msg"}
    return {**rest, "task_result": {"message": task["msg"]}} if "msg" in task else task


def stale(task: Body) -> Body:
    """Return a task as a cache remembers it."""
    return {"task_id": task["task_id"], "task_status": "waiting"}


_ENVELOPES: dict[str, tuple[str, Callable[[Body], Any]]] = {
    "status-200": ("Success is status 200 and msg", enveloped(status=200, msg="Success")),
    "status-text-0": ("Success is the text 0", enveloped(status="0", message="success")),
    "status-text-200": ("Success is the text 200", enveloped(status="200", message="success")),
    "status-success": ("Success is the word success", enveloped(status="success")),
    "status-ok": ("Success is the word ok", enveloped(status="ok")),
    "status-null": ("Success has status null", enveloped(status=None)),
    "status-missing": ("Success has no status", enveloped()),
    "success-true": ("Success is success: true and no status", enveloped(success=True)),
    "success-true-200": ("Success is success: true and status 200", enveloped(success=True, status=200)),
    "message-chinese": ("The message is Chinese", enveloped(status=0, desc="成功", message="成功")),
}
_SUBMIT: dict[str, tuple[str, Callable[[Body], Any]]] = {
    "task-id-alone": (
        "A submission is told as one task_id and its state",
        with_data(lambda data: {"task_id": data["task_ids"][0], "task_status": "waiting"}),
    ),
    "task-id-and-ids": (
        "A submission is told as task_id and task_ids",
        with_data(lambda data: {**data, "task_id": data["task_ids"][0]}),
    ),
    "batch-id-text": ("The batch id is a text", with_data(lambda data: {**data, "batch_id": str(data["batch_id"])})),
    "no-batch-id": ("A submission names no batch", with_data(lambda data: {"task_ids": data["task_ids"]})),
    "submission-array": (
        "A submission is told as an array",
        with_data(lambda data: [{"task_id": one, "task_status": "waiting"} for one in data["task_ids"]]),
    ),
    "no-task-id": ("A submission is accepted and paid for, but names no task", with_data(lambda _data: {})),
}
_WORDS = {
    "waiting": ("WAITING", "PENDING", "pending", "queueing"),
    "processing": ("PROCESSING", "running", "RUNNING"),
}
_VIDEOS: dict[str, tuple[str, Callable[[str], Body]]] = {
    "video-url": ("in an object with url", lambda url: {"videos": [{"url": url, "cover_url": None}]}),
    "video-video-url": ("in an object with video_url", lambda url: {"videos": [{"video_url": url}]}),
    "video-src": ("in an object with src", lambda url: {"videos": [{"src": url}]}),
    "output-videos": ("in output.videos", lambda url: {"output": {"videos": [url]}}),
    "output-after-empty": (
        "in output.videos, after empty videos",
        lambda url: {"videos": [], "output": {"videos": [url]}},
    ),
    "result-videos": ("in task_result.videos", lambda url: {"task_result": {"videos": [{"url": url}]}}),
    "result-video-url": ("in task_result.video_url", lambda url: {"task_result": {"video_url": url}}),
    "video-urls": ("in video_urls", lambda url: {"video_urls": [url]}),
    "video-urls-beside-empty": ("in video_urls, beside empty videos", lambda url: {"videos": [], "video_urls": [url]}),
    "bare-video-url": ("in video_url", lambda url: {"video_url": url}),
    "bare-video": ("in video", lambda url: {"video": url}),
}
_STATUS: dict[str, tuple[str, str, Callable[[Body], Any]]] = {
    "status-array": (
        "A task is told in an array",
        "array",
        with_data(lambda data: data if isinstance(data, list) else [data]),
    ),
    "status-camel-case": ("A task is told as taskId and taskStatus", "names", with_task(camel_case)),
    "status-without-word": (
        "The task has no status word",
        "word",
        with_task(lambda task: {name: value for name, value in task.items() if name != "task_status"}),
    ),
}


_UNREADABLE: dict[str, tuple[str, Callable[[Body], Any]]] = {
    "answer-empty": ("The response is HTTP 200 without a byte", lambda _body: ""),
    "answer-not-json": ("The response is a word that is no JSON", lambda _body: "OK"),
    "data-null": ("The response says success, and its data is null", with_data(lambda _data: None)),
}


def _scenario(
    name: str, sentence: str, stage: Stage, family: str, change: Callable[[Body], Any], *states: str
) -> Scenario:
    return Scenario(name, f"{sentence}.", stage, Reshaped(change, frozenset(states), family=family))


SHAPES = (
    *(_scenario(name, sentence, "any", "envelope", change) for name, (sentence, change) in _ENVELOPES.items()),
    *(_scenario(name, sentence, "submit", "submission", change) for name, (sentence, change) in _SUBMIT.items()),
    _scenario(
        "order-status-error",
        "A submission is accepted with a code that says no",
        "submit",
        "envelope",
        lambda body: {**body, "status": 6001, "message": "工作流系统异常"},
    ),
    *(
        _scenario(f"word-{word}", f"A task that is {state} is said to be {word}", "status", "word", spelt(word), state)
        for state, words in _WORDS.items()
        for word in words
    ),
    *(
        _scenario(name, f"The video stands {place}", "status", "videos", videos_as(change), "succeed")
        for name, (place, change) in _VIDEOS.items()
    ),
    *(_scenario(name, sentence, "status", family, change) for name, (sentence, family, change) in _STATUS.items()),
    _scenario(
        "reason-in-result",
        "The reason of a failure stands in task_result",
        "status",
        "reason",
        with_task(reason_elsewhere),
        "failed",
    ),
    Scenario(
        "status-cached", "The response is an old one from a cache.", "status", Reshaped(with_task(stale), once=True)
    ),
    *(
        Scenario(name, f"{sentence}.", "any", Reshaped(change, once=True))
        for name, (sentence, change) in _UNREADABLE.items()
    ),
    _scenario(
        "balance-object",
        "The credits stand in an object",
        "balance",
        "balance",
        with_data(lambda data: {"balance": data}),
    ),
    _scenario(
        "models-without-multi",
        "The registry does not list what takes several images",
        "models",
        "models",
        with_data(lambda data: {name: value for name, value in data.items() if name != "multi_image_to_video"}),
    ),
)

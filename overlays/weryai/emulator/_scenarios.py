"""Every scenario: how tasks end, refusals, the way between, and odd responses: values, performed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

Stage = Literal["any", "submit", "task", "status", "upload", "download", "balance", "models", "webhook"]
#: What a shape is about, from the inside to the outside.
FAMILIES = ("word", "reason", "videos", "names", "array", "submission", "balance", "models", "envelope", "whole")
#: Where a request can be met; "any" is the first of these that comes.
REQUESTS: tuple[Stage, ...] = ("submit", "status", "upload", "download", "balance", "models")


@dataclass(frozen=True, slots=True)
class Instead:
    """Another response in place of the real one: nothing is made and nothing is paid.

    A dictionary is sent as JSON, a text as a page for people.
    """

    http_status: int
    body: dict[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Late:
    """The response comes as late as the emulator's setting `slow` says, in real seconds."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection breaks, `before` the request is handled or after.

    How: a TCP reset; an orderly close without a byte; half of the response and then a close; a whole response which is
    announced as longer than it is.
    """

    how: Literal["reset", "close", "half", "longer"]
    before: bool = False


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A successful response is given another shape; with `states`, only one that tells of a task in such a state.

    Text is sent as it is, anything else as JSON. `once` is for a shape that passes by itself. Shapes of different
    families are seen together in one response, in the order of `FAMILIES`; those of one family exclude each other.
    """

    change: Callable[[dict[str, Any]], Any]
    states: frozenset[str] = frozenset()
    once: bool = False
    family: str = "whole"

    @property
    def turn(self) -> int:
        """When it acts among others: what is inside a task before what is around it."""
        return FAMILIES.index(self.family)


@dataclass(frozen=True, slots=True)
class Headed:
    """The response has other headers."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a task: the state in which it stays for ever, or the one in which it ends, and why."""

    stays: str | None = None
    ends: str = "succeed"
    reason: str | None = None
    has_video: bool = True
    #: How the state in which it ends is spelt.
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """How often a delivery is made; with `stale`, one that says processing follows the one that tells the end."""

    copies: int = 1
    stale: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


Effect = Instead | Late | Broken | Reshaped | Headed | Fate | Delivered


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something that the service does or may do: its name, one sentence, the stage it acts at, and what it does."""

    name: str
    sentence: str
    stage: Stage
    effect: Effect

    @property
    def lasts(self) -> bool:
        """Whether a task that has it by itself shows it for good, not once: a fate or a shape."""
        if isinstance(self.effect, Reshaped):
            return not self.effect.once
        return isinstance(self.effect, Fate | Headed | Delivered)


_REASONS = {
    "fail-content-moderation": "Content moderation",
    "fail-image-audit": "Image asset audit",
    "fail-copyright": "Copyright restrictions",
    "fail-workflow": "工作流系统异常",
}
_ENDINGS = {
    "succeed": ("SUCCEED", "SUCCESS", "success", "completed", "complete"),
    "failed": ("FAILED", "fail", "canceled", "error"),
}

FATES = (
    Scenario("stay-waiting", "The task never leaves the queue.", "task", Fate(stays="waiting")),
    Scenario("stay-processing", "The task is processed for ever.", "task", Fate(stays="processing")),
    *(
        Scenario(name, f"The task fails: {reason}.", "task", Fate(ends="failed", reason=reason))
        for name, reason in _REASONS.items()
    ),
    Scenario("fail-without-reason", "The task fails, and no message says why.", "task", Fate(ends="failed")),
    Scenario("succeed-without-url", "The task succeeds, but names no video.", "task", Fate(has_video=False)),
    *(
        Scenario(
            f"word-{word}",
            f"The task ends in {state}, spelt {word}.",
            "task",
            Fate(ends=state, word=word, reason="Content moderation" if state == "failed" else None),
        )
        for state, words in _ENDINGS.items()
        for word in words
    ),
)


_NO_KEY = {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"}


def no(code: int, desc: str, message: str, http_status: int = 200, **headers: str) -> Instead:
    """Return a refusal in the envelope."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(http_status, {"status": code, "desc": desc, "message": message}, named)


#: Name: code, its name in the service's enumeration, what it says. HTTP 200, as most were seen.
_AT_SUBMIT = {
    "rate-limit": (1001, "REQUEST_RATE_LIMIT_EXCEEDED", "request rate limit exceeded"),
    "rate-limit-chinese": (1001, "REQUEST_RATE_LIMIT_EXCEEDED", "请求频率超限"),
    "parameter-1001": (1001, "Parameter error", "duration 3 is not supported"),
    "parameter-1002": (1002, "PARAMETER_ERROR", "duration 3 is not supported"),
    "ratio-missing": (1002, "PARAMETER_ERROR", "aspect ratio cannot be empty"),
    "caller-unknown": (1002, "PARAMETER_ERROR", "callerid not exist"),
    "no-credits-1004": (1004, "Insufficient credits", "insufficient credits"),
    "moderation-1002": (1002, "PARAMETER_ERROR", "content moderation failed"),
    "moderation-1005": (1005, "Content moderation", "content moderation"),
    "model-gone": (1006, "NOT_MODEL", "not model"),
    "queue-full": (1007, "QUEUE_FULL", "queue full"),
    "permission-denied": (1009, "PERMISSION_DENIED", "permission denied"),
    "no-credits": (1011, "INSUFFICIENT_CREDITS", "insufficient credits"),
    "subscription-needed": (1017, "VIP_PERMISSION_DENIED", "subscription needed"),
    "image-moderated": (2001, "IMG_RECOGNITION_LIMIT", "the image was flagged"),
    "prompt-moderated": (2003, "IMG_TEXT_CHECK_FAILED", "the prompt or the image was flagged"),
    "image-format": (2004, "IMAGE_FORMAT_NOT_SUPPORT", "only support jpg|jpeg|png|webp image type"),
    "service-issue": (5000, "SERVER_ISSUE", "server issue"),
    "workflow-error": (6001, "WORKFLOW_SYSTEM_ERROR", "工作流系统异常"),
    "workflow-rate-limit": (6002, "WORKFLOW_RATE_LIMIT_EXCEEDED", "workflow rate limit exceeded"),
    "credits-not-deducted": (6003, "WORKFLOW_CREDIT_DEDUCT_FAILED", "credit deduct failed"),
    "generation-refused": (6004, "WORKFLOW_GENERATE_FAILED", "generate failed"),
    "concurrency-limit": (6010, "WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED", "max 20 concurrent tasks"),
    "daily-cap": (6101, "OPEN_API_DAILY_LIMIT_EXCEEDED", "daily limit exceeded"),
}
_AT_UPLOAD = {
    "upload-too-large": (1014, "UPLOAD_IMG_EXCEED_MAX_LIMIT", "image file size must be less than 10mb"),
    "upload-limit": (1014, "UPLOAD_IMG_EXCEED_MAX_LIMIT", "upload limit reached"),
    "upload-daily-limit": (1015, "UPLOAD_IMG_EXCEED_DAILY_LIMIT", "daily upload limit reached"),
    "upload-failed": (1102, "UPLOAD_FAILED", "upload failed"),
}
_AT_STATUS = {
    "task-not-found": (1003, "RESOURCE_NOT_EXISTS", "task not exist"),
    "data-not-found": (1010, "DATA_NOT_FOUND", "no tasks found"),
}
_TABLES: tuple[tuple[Stage, dict[str, tuple[int, str, str]]], ...] = (
    ("submit", _AT_SUBMIT),
    ("upload", _AT_UPLOAD),
    ("status", _AT_STATUS),
)
#: What a gateway or the service itself may answer to anything; the body is a page.
_STATUSES = (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)


def _page(status: int) -> str:
    title = f"{status} {HTTPStatus(status).phrase}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


#: What a content network says of a link that has had its time.
EXPIRED = Instead(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")


def _sentence(code: int, desc: str, message: str) -> str:
    return f"Refused with {code} {desc}: {message}."


REFUSALS = (
    *(Scenario(name, _sentence(*row), stage, no(*row)) for stage, table in _TABLES for name, row in table.items()),
    *(
        Scenario(f"http-{status}", f"HTTP {status} with a page for people.", "any", Instead(status, _page(status)))
        for status in _STATUSES
    ),
    Scenario(
        "rate-limit-retry-after",
        "Refused with 1001, HTTP 429 and Retry-After: 1.",
        "submit",
        no(*_AT_SUBMIT["rate-limit"], http_status=429, Retry_After="1"),
    ),
    Scenario(
        "http-429-retry-after", "HTTP 429 and Retry-After: 1.", "any", Instead(429, _page(429), {"Retry-After": "1"})
    ),
    Scenario("key-1002", "The key is refused with 1002 and HTTP 200.", "any", Instead(200, _NO_KEY)),
    Scenario("key-401", "The key is refused with 1002 and HTTP 401.", "any", Instead(401, _NO_KEY)),
    Scenario(
        "key-403",
        "The key, or the IP address it comes from, is refused with HTTP 403.",
        "any",
        Instead(403, {"status": 403, "msg": "INVALID_API_KEY"}),
    ),
    Scenario(
        "refusal-in-msg",
        "Refused; the words stand in msg.",
        "submit",
        Instead(200, {"status": 1002, "msg": "duration 3 is not supported"}),
    ),
    Scenario(
        "refusal-in-desc",
        "Refused; the words stand in desc.",
        "submit",
        Instead(200, {"status": 1002, "desc": "duration 3 is not supported"}),
    ),
    Scenario(
        "refusal-success-false",
        "Refused with success: false and the code as a text.",
        "submit",
        Instead(200, {"success": False, "status": "1002", "message": "duration 3 is not supported"}),
    ),
    Scenario("server-error", "HTTP 500 in the envelope.", "any", no(500, "SERVER_ERR", "server error", 500)),
    Scenario(
        "html-page", "HTTP 200 with a page for people, as a captive gateway gives.", "any", Instead(200, _page(200))
    ),
    Scenario("link-expired", "The link to the video has expired.", "download", EXPIRED),
    Scenario("link-gone", "The video is gone from the content network.", "download", Instead(410, _page(410))),
    Scenario("link-asks-for-key", "The content network wants to know who asks.", "download", Instead(401, _page(401))),
    Scenario("cold-cdn", "The content network does not have the video yet: 404.", "download", Instead(404, _page(404))),
)


MISHAPS = (
    Scenario("slow", "The response comes late.", "any", Late()),
    Scenario("reset-before", "The connection is reset, and nothing was done.", "any", Broken("reset", before=True)),
    Scenario("close-before", "The connection ends, and nothing was done.", "any", Broken("close", before=True)),
    Scenario("reset-after", "The request is done and paid for, then the connection is reset.", "any", Broken("reset")),
    Scenario("close-after", "The request is done and paid for, then the connection ends.", "any", Broken("close")),
    Scenario("cut-reply", "The request is done and paid for, and half of the response arrives.", "any", Broken("half")),
    Scenario("download-cut", "Half of the video arrives.", "download", Broken("half")),
    Scenario("download-reset", "The connection is reset instead of the video.", "download", Broken("reset")),
    Scenario("download-wrong-length", "The video is shorter than announced.", "download", Broken("longer")),
    Scenario(
        "download-wrong-type",
        "The video is said to be an image.",
        "download",
        Headed({"content-type": "image/png"}),
    ),
    Scenario("webhook-never", "The end is never told.", "webhook", Delivered(copies=0)),
    Scenario("webhook-twice", "The end is told twice.", "webhook", Delivered(copies=2)),
    Scenario(
        "webhook-out-of-order",
        "The end is told, and after it that the task is being processed.",
        "webhook",
        Delivered(stale=True),
    ),
    Scenario(
        "webhook-uppercase",
        "The end is told as SUCCESS or FAILED.",
        "webhook",
        Delivered(words={"succeed": "SUCCESS", "failed": "FAILED"}),
    ),
)


Body = dict[str, Any]


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

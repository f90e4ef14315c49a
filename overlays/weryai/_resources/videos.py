"""Whatever makes a video, written once: checked, prepared, submitted, waited for and stored. The paid part."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import quote

from .._flow.effects import Flow, Notify, RunBlocking
from .._flow.order import Cost
from .._flow.retry import RetryPolicy
from .._media.download import Destination, IfExists, absolute_path, prepare
from .._media.image import Image, is_address, load_image
from .._media.names import safe_id, video_name
from .._protocol.contract import field_names, plain_fields
from .._protocol.endpoint import Submission, call_paid, check_order_key
from .._task import Task, card
from .._webhooks import Receiver
from ..errors import DownloadError, InvalidInputError, Outcome, WeryAIError, after_upload
from .account import credits_left, credits_used, last_cost
from .base import Mode, Resource, operation
from .files import download_to, upload_image
from .models import Models, known_registry
from .paid_request import (
    ASPECT_RATIO,
    DURATION,
    Images,
    Operation,
    check_reachable,
    checked_body,
    checks_of,
    filled,
    fit_to_model,
    name_of,
    places,
)
from .tasks import NOT_FOUND_GRACE, WAIT_TIMEOUT, UpdateCallback, add_task_ids_to_errors, check_waiting, wait_for


@dataclass(frozen=True, slots=True)
class Video:
    """A finished video on disk; `url` is where it came from, `task` what the API said about it.

    `request` and `body` are what was sent for it, `submission` is what came back, at `submitted_at` in seconds since
    1970. `credits` is what it cost, by the balance before and after it; None where that is not known.
    """

    path: Path
    url: str
    task: Task
    request: str = field(default="", repr=False)
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    submission: Submission | None = field(default=None, repr=False)
    submitted_at: float | None = field(default=None, repr=False)
    credits: float | None = field(default=None, repr=False)

    def write_sidecar(self) -> Path:
        """Write what is known of the video as JSON beside it, wave.mp4.json for wave.mp4, and return its path.

        Request, model, ids, times, credits if known, SHA-256 and versions; no callback URL. Raises OSError.
        """
        from .._media.download import write_sidecar

        return write_sidecar(
            self.path, request=self.request, body=self.body, task_id=self.task.id, url=self.url,
            batch_id=self.submission.batch_id if self.submission else None, submitted=self.submitted_at,
            credits=self.credits, credits_by="the balance before and after",
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the video as `json.dumps` takes it: `path`, `url` and `task`."""
        return {"path": str(self.path), "url": self.url, "task": self.task.to_dict()}

    def _repr_html_(self) -> str:
        # By its path, so that no notebook holds the video itself: the browser asks the notebook's server for it.
        source = quote(Path(os.path.relpath(self.path)).as_posix())
        player = f'<br><video controls preload="metadata" width="480" src="{source}"></video>'
        return card("Video", {"file": self.path, "task": self.task.id}, player)


class VideoOptions(TypedDict, total=False):
    """What every `submit`, `prepare` and `generate` takes; `image_to_video.submit` explains each."""

    model: str
    duration: int
    aspect_ratio: str | None
    negative_prompt: str | None
    video_number: int | None
    resolution: str | None
    generate_audio: bool | None
    webhook_url: str | None
    caller_id: int | None
    extra_body: Mapping[str, Any] | None
    validate: bool | Literal["live"]
    strict: bool
    force: bool
    order_key: str | None
    convert: bool


class GenerateOptions(VideoOptions, total=False):
    """What every `generate` takes; `image_to_video.generate` explains what `submit` has not."""

    output: str | os.PathLike[str] | None
    if_exists: IfExists
    timeout: float
    interval: float | None
    on_prepared: Callable[[Prepared[Any]], Any] | None
    on_upload: Callable[[Upload], Any] | None
    on_submit: Callable[[Submission], Any] | None
    on_update: UpdateCallback | None
    webhook: Receiver | None
    measure_cost: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A local image that is uploaded, which is free, before the request is submitted; `field` is where its URL goes."""

    field: str
    name: str
    media_type: str
    size: int


class Prepared(Resource[Mode]):
    """A request that is checked and ready, and was not sent. `submit` sends this one, as it is.

    `request` is the call, such as "POST /v1/generation/text-to-video". `body` is what it sends: of a local image, a
    word for the URL that `submit` puts there. `uploads` are those images. `checks` say in words what was checked,
    and by which source; what was found was a warning already. `estimate` is what the last single task of the model
    cost, as far as the client's journal knows; it is no price.
    """

    def __init__(
        self,
        runner: Any,
        retry: RetryPolicy,
        operation: Operation,
        fields: tuple[Mapping[str, Any], Mapping[str, Any]],
        images: Images,
        local: Mapping[str, Image],
        checks: Iterable[str],
        paying: Mapping[str, Any],
    ) -> None:
        """Keep what was checked; `fields` are those of the contract and those beyond it."""
        super().__init__(runner, retry)
        self._operation, self._fields, self._images, self._local = operation, fields, images, dict(local)
        self._paying = paying
        self._ready = threading.Lock()
        self.request = f"POST {operation.path}"
        self.estimate: Cost | None = None
        self.checks = tuple(checks)
        names = {place: name_of(source) for place, source in places(images)}
        self.uploads = tuple(
            Upload(place, names[place], image.media_type, len(image.content)) for place, image in self._local.items()
        )
        self.body = self._body_with({upload.field: f"(the URL of {upload.name})" for upload in self.uploads})

    def __repr__(self) -> str:
        return f"Prepared(request={self.request!r}, uploads={len(self.uploads)})"

    @operation
    def submit(self) -> Flow[Submission]:
        """Upload the images and submit, once: it is paid for now. Raises what `image_to_video.submit` raises.

        After an error that started nothing it may be called again; else InvalidInputError says that it was submitted.
        """
        return place(self)

    def _body_with(self, urls: Mapping[str, str]) -> dict[str, Any]:
        """What is sent, field by field in its order."""
        body = self._operation.request({**self._fields[0], **filled(self._images, urls)}).to_dict()
        return plain_fields({**body, **self._fields[1]})


class VideoResource(Resource[Mode]):
    """What the operations that make videos have in common."""

    _models: Models[Mode] | None = None
    _base_url: str | None = None


def submit_video(
    resource: VideoResource[Mode], operation: Operation, images: Images, output: str | None = None, **options: Any
) -> Flow[Submission]:
    """Check a request, upload its local images, and submit; `output` is where the video is to go."""
    with _nothing_submitted():
        prepared: Prepared[Mode] = yield from prepare_video(resource, operation, images, output, **options)
    return (yield from place(prepared))


def prepare_video(
    resource: VideoResource[Mode],
    operation: Operation,
    images: Images,
    output: str | None = None,
    *,
    extra_body: Mapping[str, Any] | None = None,
    validate: bool | Literal["live"] = True,
    strict: bool = False,
    force: bool = False,
    order_key: str | None = None,
    convert: bool = False,
    **given: Any,
) -> Flow[Prepared[Mode]]:
    """Check a request and read its local images; nothing that costs is sent, and nothing is uploaded."""
    if unknown := sorted(given.keys() - _PARAMETERS):
        import difflib

        named = sorted(name for name in _PARAMETERS if unknown[0] in name.split("_"))
        near = named or difflib.get_close_matches(unknown[0], _PARAMETERS, 1)
        hint = f"did you mean {near[0]}?" if near else "extra_body takes fields that have no parameter"
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}; {hint}")
    if validate not in (True, False, "live"):
        raise InvalidInputError(f'validate must be True, False or "live", not {validate!r:.100}')
    check_order_key(order_key)
    extra = _checked_extra(operation, extra_body or {}, validate)
    is_own = given.get("model", operation.model) == operation.model
    default = {"duration": operation.duration if is_own else DURATION, "model": operation.model}
    fields = {**default, "aspect_ratio": ASPECT_RATIO, **given}
    body = checked_body(operation, images, fields, extra, validate)
    if validate:
        check_reachable(images, body, resource._base_url)
    registry = yield from known_registry(resource._models, validate, strict=strict)
    found = registry.find_alike(body["model"], operation.kind)
    fit_to_model(registry, found, operation, body, images, validate, strict=strict)
    local = {}
    for where, source in places(images):
        if not is_address(source):
            local[where] = yield from load_image(source, validate=bool(validate), convert=convert)
    paying = {"output": output, "force": force, "order_key": order_key}
    checks = checks_of(operation, body["model"], found, registry, local) if validate else ("nothing: validate=False",)
    return Prepared(resource._runner, resource._retry, operation, (body, extra), images, local, checks, paying)


def prepare_alone(
    resource: VideoResource[Mode], operation: Operation, images: Images, **options: Any
) -> Flow[Prepared[Mode]]:
    """As `prepare_video`, for who wants to see what would be sent, and what the last one cost."""
    prepared: Prepared[Mode] = yield from prepare_video(resource, operation, images, **options)
    prepared.estimate = yield from last_cost(prepared.body["model"])
    return prepared


@contextlib.contextmanager
def _nothing_submitted() -> Iterator[None]:
    """Note on what interrupts this work that no paid request has left yet."""
    try:
        yield
    except (Exception, GeneratorExit):
        raise
    except BaseException as error:
        error.add_note("Nothing was submitted; nothing was paid.")
        raise


def place(prepared: Prepared[Mode], on_upload: Callable[[Upload], Any] | None = None) -> Flow[Submission]:
    """Upload what is local, and submit what was prepared; a second time only if the first surely started nothing."""
    if not prepared._ready.acquire(blocking=False):
        raise InvalidInputError("this request was submitted already; prepare it again to order another")
    retry, operation = prepared._retry, prepared._operation
    urls: dict[str, str] = {}
    try:
        with _nothing_submitted():
            for upload in prepared.uploads:
                urls[upload.field] = yield from upload_image(prepared._local[upload.field], retry)
                yield from Notify(on_upload, upload)
        body = {**prepared._fields[0], **filled(prepared._images, urls)}
        prepared.body = prepared._body_with(urls)
        contents = {where: image.content for where, image in prepared._local.items()}
        return (
            yield from call_paid(
                operation.endpoint(), operation.request(body), prepared._fields[1], retry,
                images=contents, **prepared._paying,
            )
        )  # fmt: skip
    except WeryAIError as error:
        if urls:
            after_upload(error)
        if error.outcome in (Outcome.NOT_SENT, Outcome.REFUSED):
            prepared._ready.release()
        raise


def generate_video(
    resource: VideoResource[Mode],
    operation: Operation,
    images: Images,
    *,
    prompt: str,
    output: str | os.PathLike[str] | None = None,
    if_exists: IfExists = "replace",
    timeout: float = WAIT_TIMEOUT,
    interval: float | None = None,
    on_prepared: Callable[[Prepared[Any]], Any] | None = None,
    on_upload: Callable[[Upload], Any] | None = None,
    on_submit: Callable[[Submission], Any] | None = None,
    on_update: UpdateCallback | None = None,
    webhook: Receiver | None = None,
    measure_cost: bool = False,
    **options: Unpack[VideoOptions],
) -> Flow[Video]:
    """Submit, wait and download: return one video on disk."""
    check_waiting(timeout, interval, webhook)
    if webhook is not None and options.get("webhook_url") is None:
        options["webhook_url"] = webhook.callback_url
    preparing = prepare_video(resource, operation, images, absolute_path(output), prompt=prompt, **options)
    if (options.get("video_number") or 1) != 1:
        raise InvalidInputError("generate makes one video; for more use submit + batches.wait")
    named = next((source for _, source in places(images)), None)
    with _nothing_submitted():
        yield from RunBlocking(lambda: prepare(output, video_name(named, f"{'x' * 100}.mp4"), if_exists))
        prepared: Prepared[Mode] = yield from preparing
        if on_prepared is not None:
            prepared.estimate = yield from last_cost(prepared.body["model"])
            yield from Notify(on_prepared, prepared)
        before = (yield from credits_left()) if measure_cost else None
    submission = yield from place(prepared, on_upload)
    submitted_at = time.time()
    with add_task_ids_to_errors(submission.task_ids):
        yield from Notify(on_submit, submission)
        task = yield from wait_for(
            submission.task_ids[0],
            timeout=timeout,
            interval=interval,
            on_update=on_update,
            webhook=webhook,
            not_found_grace=NOT_FOUND_GRACE,
        )
        path = yield from _store(resource, task, named, output, if_exists)
    credits = None if before is None else (yield from credits_used(before, task.id))
    return Video(
        path, task.videos[0].url, task, prepared.request, prepared.body, submission, submitted_at, credits
    )  # fmt: skip


def _store(
    resource: VideoResource[Mode],
    task: Task,
    named: object,
    output: str | os.PathLike[str] | None,
    if_exists: IfExists,
) -> Flow[Path]:
    """Download the video; whatever keeps it from the disk is a DownloadError that says where it lies."""
    url = task.videos[0].url
    # What was free before the order, and is taken now, is no reason to refuse any more.
    late: IfExists = "rename" if if_exists == "refuse" else if_exists
    try:
        name = video_name(named, f"{safe_id(task.id)}.mp4")
        there: Destination = yield from RunBlocking(lambda: prepare(output, name, late))
        return (yield from download_to(resource, url, replace(there, may_be_same=False), task.id))
    except DownloadError as error:
        error.task_id = task.id
        raise
    except InvalidInputError as error:
        message = f"the video of task {task.id} is at {url}, but cannot be stored: {error.message}"
        raise DownloadError(message, url=url, task_id=task.id) from error


_PARAMETERS = frozenset({"prompt", *VideoOptions.__annotations__})


def _checked_extra(operation: Operation, extra: Mapping[str, Any], validate: object) -> Mapping[str, Any]:
    if not isinstance(extra, Mapping):
        raise InvalidInputError(f"extra_body must be a mapping, not {type(extra).__name__}")
    if foreign := [name for name in extra if not isinstance(name, str) or not name]:
        raise InvalidInputError(f"extra_body takes names of fields for keys, not {foreign[0]!r:.100}")
    own = _PARAMETERS | {"image", "images", "first_pic_url", "end_pic_url"}
    known = sorted(own & field_names(operation.schema) & extra.keys())
    if known and validate:
        raise InvalidInputError(f"extra_body holds {', '.join(known)}: use the parameter of that name")
    return extra

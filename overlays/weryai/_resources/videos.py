"""Whatever makes a video, written once: checked, prepared, submitted, waited for and stored. The paid part."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import quote

from weryai_api.api.account import get_balance

from .._flow.effects import Flow, Note, Notify, RunBlocking
from .._flow.logs import warn_before_paying
from .._flow.order import Cost
from .._flow.retry import RetryPolicy
from .._media.download import Destination, IfExists, absolute_path, prepare
from .._media.image import Image, is_address, load_image
from .._media.names import quoted, safe_id, video_name
from .._protocol.contract import module_at, operation_named, request_schemas
from .._protocol.endpoint import call, call_paid, check_order_key, encode
from .._protocol.model_registry import Kind, Model, Registry, problems
from .._protocol.submission import Submission
from .._protocol.validation import check_request, field_names, plain_fields
from .._task import Task, card
from .._webhooks.receiver import Receiver
from ..errors import DownloadError, InvalidInputError, Outcome, WeryAIError, after_upload
from .account import read_credits
from .base import Mode, Resource, operation
from .files import download_to, upload_image
from .models import Models, known_registry
from .polling import NOT_FOUND_GRACE, WAIT_TIMEOUT, check_waiting
from .tasks import UpdateCallback, add_task_ids_to_errors, wait_for

# Those of the example on the endpoint's page (contract: submitImageToVideo, example "page").
MODEL = "WERYAI_VIDEO_1_0"
DURATION = 5
# Seconds to wait for the balance, which is only told.
BALANCE_TIMEOUT = 5.0


class DefaultRatio(str):
    """A ratio that nobody asked for, so that it gives way to what the model takes."""

    __slots__ = ()


ASPECT_RATIO = DefaultRatio("16:9")


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
        from .._media.sidecar import write_sidecar

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
class Operation:
    """One paid operation of the contract: the path it is posted to, and the registry's group of models for it."""

    path: str
    kind: Kind
    # Those of the contract's example, where nobody names a model.
    model: str = MODEL
    duration: int = DURATION

    @property
    def name(self) -> str:
        """The name of its generated module."""
        return module_at("post", self.path)

    @property
    def schema(self) -> str:
        """The name of its request in the contract."""
        facts = operation_named(self.name) or {}
        return str(facts["requestBody"]["content"]["application/json"]["schema"]["$ref"]).rpartition("/")[2]

    def endpoint(self) -> Any:
        """Its generated module."""
        facts = operation_named(self.name) or {}
        return importlib.import_module(f"weryai_api.api.{facts['tags'][0]}.{self.name}")

    def request(self, body: Mapping[str, Any]) -> Written:
        """Its request, with the fields in the order of the generated client: those that are required first.

        Not a generated model: that would send the contract's defaults, which the service has anyway and some models do
        not know, and it would load attrs.
        """
        schema = request_schemas()[self.schema]
        names = sorted(schema["properties"], key=lambda name: name not in schema["required"])
        return Written({name: body[name] for name in names if name in body})


class Written:
    """A request as JSON has it, in the place of a generated model."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return dict(self._body)


# The images of a request, by field: one, or a list of them.
Images = Mapping[str, Any]
# A model as the registry has it, and the kind it is listed for.
Found = tuple[Model | None, Kind]
# In place of the URL of what is not uploaded yet.
_LATER = "https://upload.invalid/"


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
        names = {place: _name_of(source) for place, source in _places(images)}
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
        body = {**self._fields[0], **_filled(self._images, urls), **self._fields[1]}
        return plain_fields(body)


class VideoResource(Resource[Mode]):
    """What the operations that make videos have in common."""

    _models: Models[Mode] | None = None


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

        near = difflib.get_close_matches(unknown[0], _PARAMETERS, 1)
        hint = f"did you mean {near[0]}?" if near else "extra_body takes fields that have no parameter"
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}; {hint}")
    check_order_key(order_key)
    extra = _checked_extra(operation, extra_body or {}, validate)
    is_own = given.get("model", operation.model) == operation.model
    default = {"duration": operation.duration if is_own else DURATION, "model": operation.model}
    fields = {**default, "aspect_ratio": ASPECT_RATIO, **given}
    body = _checked_body(operation, images, fields, extra, validate)
    registry = yield from known_registry(resource._models, validate, strict=strict)
    found = registry.find_alike(body["model"], operation.kind)
    _fit_to_model(registry, found, operation.kind, body, validate, strict=strict)
    local = {}
    for where, source in _places(images):
        if not is_address(source):
            local[where] = yield from load_image(source, validate=bool(validate), convert=convert)
    paying = {"output": output, "force": force, "order_key": order_key}
    checks = _checks(operation, body["model"], found, registry, local) if validate else ("nothing: validate=False",)
    return Prepared(resource._runner, resource._retry, operation, (body, extra), images, local, checks, paying)


def prepare_alone(
    resource: VideoResource[Mode], operation: Operation, images: Images, **options: Any
) -> Flow[Prepared[Mode]]:
    """As `prepare_video`, for who wants to see what would be sent, and what the last one cost."""
    prepared: Prepared[Mode] = yield from prepare_video(resource, operation, images, **options)
    yield from _estimate(prepared)
    return prepared


def _estimate(prepared: Prepared[Mode]) -> Flow[None]:
    """Let the journal say what the last one cost."""
    with contextlib.suppress(WeryAIError):
        prepared.estimate = yield from Note(lambda log: log.last_cost(prepared.body["model"]))


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
        body = {**prepared._fields[0], **_filled(prepared._images, urls)}
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
    named = next((source for _, source in _places(images)), None)
    with _nothing_submitted():
        yield from RunBlocking(lambda: prepare(output, video_name(named, f"{'x' * 100}.mp4"), if_exists))
        prepared: Prepared[Mode] = yield from preparing
        if on_prepared is not None:
            yield from _estimate(prepared)
            yield from Notify(on_prepared, prepared)
        before = (yield from _balance()) if measure_cost else None
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
    credits = None if before is None else (yield from _cost(before, task.id))
    return Video(
        path, task.videos[0].url, task, prepared.request, prepared.body, submission, submitted_at, credits
    )  # fmt: skip


def _balance() -> Flow[float | None]:
    """Ask once for the credits left; None if there is no answer at once, for nothing depends on it."""
    try:
        return (yield from call(get_balance, read_credits, RetryPolicy(tries=1), timeout=BALANCE_TIMEOUT))
    except WeryAIError:
        return None


def _cost(before: float, task_id: str) -> Flow[float | None]:
    """What a task has cost, if the balance tells, and nothing else was under way; the journal keeps it."""
    after = yield from _balance()
    if after is None or (credits := before - after) <= 0:
        return None
    try:
        is_alone = yield from Note(lambda log: log.note_cost(task_id, credits))
    except WeryAIError:
        return None
    return credits if is_alone else None


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


def _places(images: Images) -> list[tuple[str, Any]]:
    """Every image of a request, with the place where its URL goes: "image", or "images.0"."""
    return [
        (f"{field}.{number}" if isinstance(value, list) else field, source)
        for field, value in images.items()
        for number, source in enumerate(value if isinstance(value, list) else [value])
    ]


def _filled(images: Images, urls: Mapping[str, str]) -> dict[str, Any]:
    """The image fields of a request, with a URL in each place."""
    return {
        field: [urls.get(f"{field}.{number}", source) for number, source in enumerate(value)]
        if isinstance(value, list)
        else urls.get(field, value)
        for field, value in images.items()
    }


def _name_of(source: object) -> str:
    """What a local image is called, in a message."""
    if isinstance(source, str | os.PathLike):
        return quoted(os.fsdecode(source))
    return quoted(os.path.basename(name)) if isinstance(name := getattr(source, "name", None), str) else "the image"


_REQUIRED = ("model", "prompt", "duration")
_PARAMETERS = frozenset({"prompt", *VideoOptions.__annotations__})


def _checked_extra(operation: Operation, extra: Mapping[str, Any], validate: object) -> Mapping[str, Any]:
    if not isinstance(extra, Mapping):
        raise InvalidInputError(f"extra_body must be a mapping, not {type(extra).__name__}")
    own = _PARAMETERS | {"image", "images", "first_pic_url", "end_pic_url"}
    known = sorted(own & field_names(operation.schema) & extra.keys())
    if known and validate:
        raise InvalidInputError(f"extra_body holds {', '.join(known)}: use the parameter of that name")
    return extra


def _checked_body(
    operation: Operation, images: Images, fields: Mapping[str, Any], extra: Mapping[str, Any], validate: object
) -> dict[str, Any]:
    """What is given, without images and what is left out, held to the contract's limits together with `extra`."""
    body = {name: value for name, value in fields.items() if value is not None or name in _REQUIRED}
    if validate:
        known = {name: extra[name] for name in field_names(operation.schema) & extra.keys()}
        later = {where: _LATER for where, source in _places(images) if not is_address(source)}
        check_request(operation.schema, {**body, **_filled(images, later), **known})
    encode({**body, **extra})
    return body


def _fit_to_model(
    registry: Registry, found: Found, kind: Kind, body: dict[str, Any], validate: object, *, strict: bool
) -> None:
    """Fit the ratio to the model, and check the rest against what the model takes."""
    model, _ = found
    if validate and "aspect_ratio" not in body and model is not None and model.aspect_ratios:
        _warn_of_no_ratio(model, strict=strict)
    _fit_ratio(body, model)
    if validate:
        _check_model(registry, found, kind, body, strict=strict)
        _warn_of_many(body.get("video_number"), strict=strict)


def _fit_ratio(body: dict[str, Any], model: Model | None) -> None:
    """Bring a ratio that nobody asked for in line with the model: the first that it lists, or none at all."""
    ratios = model.aspect_ratios if model is not None else None
    ratio = body.get("aspect_ratio")
    if isinstance(ratio, DefaultRatio) and ratios is not None and ratio not in ratios:
        del body["aspect_ratio"]
        body |= {"aspect_ratio": ratios[0]} if ratios else {}


def _check_model(registry: Registry, found: Found, kind: Kind, body: Mapping[str, Any], *, strict: bool) -> None:
    """Refuse, or only warn of, what the model does not take; of a model that is not listed for this kind only warn."""
    model, listed_for = found
    if model is None:
        if registry.models.get(kind):
            warn_before_paying(registry.lacks(body["model"], kind))
        return
    wrong = "; ".join(problems(model, body))
    if wrong and (strict or (registry.is_live and listed_for == kind)):
        raise InvalidInputError(f"{wrong} (by {registry.told(kind, listed_for)})")
    if wrong:
        doubt = "which may be out of date" if listed_for == kind else "which may differ here"
        told = f"by {registry.told(kind, listed_for)}, {doubt}; strict=True refuses it"
        warn_before_paying(f"{wrong} ({told})")


def _warn_of_no_ratio(model: Model, *, strict: bool) -> None:
    """The pages require a ratio; official code leaves it out only for models that list none."""
    told = f"aspect_ratio: {model.key} lists {', '.join(model.aspect_ratios or ())}, and the service requires one"
    if strict:
        raise InvalidInputError(told)
    warn_before_paying(f"{told}, so it may refuse a request without; strict=True refuses it at once")


def _warn_of_many(video_number: int | None, *, strict: bool) -> None:
    """The page allows 1, an example of its newer revision sends 4: whether more are taken is not known."""
    if video_number is None or video_number <= 1:
        return
    known = "the endpoint's page allows 1, its newer revision's example sends 4"
    if strict:
        raise InvalidInputError(f"video_number={video_number}: {known}")
    told = f"video_number={video_number} submits that many paid tasks"
    warn_before_paying(f"{told}, and the service may refuse it: {known}; strict=True refuses it at once")


def _checks(operation: Operation, key: str, found: Found, registry: Registry, local: Mapping[str, Image]) -> list[str]:
    """What was checked, and by which source."""
    model, listed_for = found
    unknown = f"nothing of {key}, which {registry.source} does not know"
    told = unknown if model is None else f"what {key} takes, by {registry.told(operation.kind, listed_for)}"
    files = [f"{where} is a whole {image.media_type} by its structure" for where, image in local.items()]
    return [f"the limits of {operation.schema}, by the contract", told, *files]

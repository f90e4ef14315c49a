"""Image to video: one image and a prompt become a video. The paid part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from weryai_api.api.image_to_video import submit_image_to_video
from weryai_api.models import ImageToVideoRequest

from .._flow.effects import Flow, Notify, RunBlocking
from .._flow.logs import warn_before_paying
from .._media.download import Destination, IfExists, absolute_path, prepare
from .._media.image import ImageSource, is_address, load_image
from .._media.names import safe_id, video_name
from .._protocol.endpoint import call_paid, encode
from .._protocol.model_registry import Model, Registry, problems
from .._protocol.submission import Submission
from .._protocol.validation import check_request, field_names
from .._task import Task
from .._webhooks.receiver import Receiver
from ..errors import DownloadError, InvalidInputError
from .base import Mode, Resource, operation
from .files import download_to, upload_image
from .models import Models, known_registry
from .polling import NOT_FOUND_GRACE, WAIT_TIMEOUT, check_waiting
from .tasks import UpdateCallback, add_task_ids_to_errors, wait_for

# Those of the example on the endpoint's page (contract: submitImageToVideo, example "page").
MODEL = "WERYAI_VIDEO_1_0"
DURATION = 5


class DefaultRatio(str):
    """A ratio that nobody asked for, so that it gives way to what the model takes."""

    __slots__ = ()


ASPECT_RATIO = DefaultRatio("16:9")


@dataclass(frozen=True, slots=True)
class Video:
    """A finished video on disk; `url` is where it came from, `task` what the API said about it."""

    path: Path
    url: str
    task: Task


class VideoOptions(TypedDict, total=False):
    """What `generate` hands on to `submit`, where each of them is explained."""

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


class ImageToVideo(Resource[Mode]):
    """Submit images to be animated."""

    _models: Models[Mode] | None = None

    @operation
    def submit(
        self,
        image: ImageSource,
        *,
        prompt: str,
        model: str = MODEL,
        duration: int = DURATION,
        aspect_ratio: str | None = ASPECT_RATIO,
        negative_prompt: str | None = None,
        video_number: int | None = None,
        resolution: str | None = None,
        generate_audio: bool | None = None,
        webhook_url: str | None = None,
        caller_id: int | None = None,
        extra_body: Mapping[str, Any] | None = None,
        validate: bool | Literal["live"] = True,
        strict: bool = False,
        force: bool = False,
        order_key: str | None = None,
    ) -> Flow[Submission]:
        """Submit a video, paid in credits, and return its task ids at once.

        `image` is the URL of a public jpg, png or webp image, or a local one (path, bytes, binary file), which is
        uploaded first. `prompt` has 1 to 2000 characters, `negative_prompt` up to 1000; `duration` is in seconds;
        `aspect_ratio` is such as "9:16"; if it is not given, it is 16:9, or what the model lists instead, or left out
        for a model that lists none, as None does. `video_number` above 1 buys that many videos. `extra_body` adds
        fields that the contract does not know yet; `validate=False` sends what breaks the contract's limits.

        What a model takes differs. It is checked against the live registry if `models.list` was called in the last
        hour, or with `validate="live"`, which asks for it; what that lists no model takes is refused. Otherwise against
        the dated copy that is shipped, which only warns, unless `strict=True`.

        With a journal an `order_key`, such as the id of a job of your queue, is submitted once, whenever that was.

        Raises InvalidInputError before anything is sent; DuplicateRequestError, with a journal, for the same order
        within its window, one of which nobody knows whether it was accepted, or a key that was used, unless
        `force=True`; NotSentError or an APIError when nothing was started; OutcomeUnknownError or ContractError when it
        may have been: such a request is never repeated by itself. Without a journal the process remembers it, and
        raises it again for the same order.
        """
        return (
            yield from _submit(
                self, image, None, prompt=prompt, model=model, duration=duration, aspect_ratio=aspect_ratio,
                negative_prompt=negative_prompt, video_number=video_number, resolution=resolution,
                generate_audio=generate_audio, webhook_url=webhook_url, caller_id=caller_id, extra_body=extra_body,
                validate=validate, strict=strict, force=force, order_key=order_key,
            )
        )  # fmt: skip

    @operation
    def generate(
        self,
        image: ImageSource,
        *,
        prompt: str,
        output: str | os.PathLike[str] | None = None,
        if_exists: IfExists = "replace",
        timeout: float = WAIT_TIMEOUT,
        interval: float | None = None,
        on_submit: Callable[[Submission], Any] | None = None,
        on_update: UpdateCallback | None = None,
        webhook: Receiver | None = None,
        **options: Unpack[VideoOptions],
    ) -> Flow[Video]:
        """Submit, wait and download: return one video on disk.

        `options` are those of `submit`. `output` is the file to write or a folder; None is the working folder. In a
        folder the video of IMG_01.jpg is IMG_01.mp4, or `<task id>.mp4` for an image without a name, and never replaces
        a file: it gets a number. What becomes of a file that you name, `if_exists` says, as in `files.download`. All
        that is checked before anything is paid for. `on_submit` is called with the Submission the moment
        the task id is known; `timeout`, `interval`, `on_update` and `webhook` are those of `tasks.wait`, and unless you
        give a `webhook_url` it is the receiver's.

        Raises what `submit`, `tasks.wait` and `files.download` raise. After the submission every error names the task
        id, and nothing is ever submitted twice: resume with `tasks.wait` and `files.download`.
        """
        check_waiting(timeout, interval, webhook)
        if webhook is not None and options.get("webhook_url") is None:
            options["webhook_url"] = webhook.callback_url
        submitting = _submit(self, image, absolute_path(output), prompt=prompt, **options)
        if (options.get("video_number") or 1) != 1:
            raise InvalidInputError("generate makes one video; for more use submit + batches.wait")
        yield from RunBlocking(lambda: prepare(output, video_name(image, f"{'x' * 100}.mp4"), if_exists))
        submission = yield from submitting
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
            path = yield from _store(self, task, image, output, if_exists)
        return Video(path, task.videos[0].url, task)


def _submit(
    resource: ImageToVideo[Mode],
    image: ImageSource,
    output: str | None,
    *,
    extra_body: Mapping[str, Any] | None = None,
    validate: bool | Literal["live"] = True,
    strict: bool = False,
    force: bool = False,
    order_key: str | None = None,
    **given: Any,
) -> Flow[Submission]:
    """Check a request, upload the image if it is a local one, and submit; `output` is where the video is to go."""
    if unknown := sorted(given.keys() - _PARAMETERS):
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}; extra_body takes fields that have no parameter")
    extra = _checked_extra(extra_body or {}, validate)
    body = _checked_body(image, {**_DEFAULTS, **given}, extra, validate)
    yield from _fit_to_model(resource, body, validate, strict=strict)
    local = None if "image" in body else (yield from load_image(image, validate=bool(validate)))
    url = {"image": (yield from upload_image(local, resource._retry))} if local else {}
    # A constructed model would send the contract's defaults, which the service has anyway and some models do not know.
    request = ImageToVideoRequest.from_dict({**body, **url})
    return (
        yield from call_paid(
            submit_image_to_video, request, extra, resource._retry,
            image=local, output=output, force=force, order_key=order_key,
        )
    )  # fmt: skip


def _store(
    resource: ImageToVideo[Mode],
    task: Task,
    image: ImageSource,
    output: str | os.PathLike[str] | None,
    if_exists: IfExists,
) -> Flow[Path]:
    """Download the video; whatever keeps it from the disk is a DownloadError that says where it lies."""
    url = task.videos[0].url
    # What was free before the order, and is taken now, is no reason to refuse any more.
    late: IfExists = "rename" if if_exists == "refuse" else if_exists
    try:
        name = video_name(image, f"{safe_id(task.id)}.mp4")
        place: Destination = yield from RunBlocking(lambda: prepare(output, name, late))
        return (yield from download_to(resource, url, replace(place, may_be_same=False), task.id))
    except DownloadError as error:
        error.task_id = task.id
        raise
    except InvalidInputError as error:
        reason = str(error).removesuffix(" Nothing was sent.")
        message = f"the video of task {task.id} is at {url}, but cannot be stored: {reason}"
        raise DownloadError(message, url=url, task_id=task.id) from error


_REQUIRED = ("model", "prompt", "duration")
_DEFAULTS = {"model": MODEL, "duration": DURATION, "aspect_ratio": ASPECT_RATIO}
_PARAMETERS = frozenset({"image", "prompt", *VideoOptions.__annotations__})


def _checked_extra(extra: Mapping[str, Any], validate: object) -> Mapping[str, Any]:
    if not isinstance(extra, Mapping):
        raise InvalidInputError(f"extra_body must be a mapping, not {type(extra).__name__}")
    known = sorted(_PARAMETERS & field_names("ImageToVideoRequest") & extra.keys())
    if known and validate:
        raise InvalidInputError(f"extra_body holds {', '.join(known)}: use the parameter of that name")
    return extra


def _checked_body(
    image: ImageSource, fields: Mapping[str, Any], extra: Mapping[str, Any], validate: object
) -> dict[str, Any]:
    """What is given, without what is left out, held to the contract's limits together with `extra`."""
    body = {name: value for name, value in fields.items() if value is not None or name in _REQUIRED}
    body |= {"image": image} if is_address(image) else {}
    if validate:
        known = {name: extra[name] for name in field_names("ImageToVideoRequest") & extra.keys()}
        check_request("ImageToVideoRequest", {**body, **known}, later=("image",))
    encode({**body, **extra})
    return body


def _fit_to_model(
    resource: ImageToVideo[Mode], body: dict[str, Any], validate: bool | Literal["live"], *, strict: bool
) -> Flow[None]:
    """Fit the ratio to the model, and check the rest against what the model takes."""
    registry = yield from known_registry(resource._models, validate, strict=strict)
    _fit_ratio(body, registry.find(body["model"]))
    if validate:
        _check_model(registry, body, strict=strict)
        _warn_of_many(body.get("video_number"))


def _fit_ratio(body: dict[str, Any], model: Model | None) -> None:
    """Bring a ratio that nobody asked for in line with the model: the first that it lists, or none at all."""
    ratios = model.aspect_ratios if model is not None else None
    ratio = body.get("aspect_ratio")
    if isinstance(ratio, DefaultRatio) and ratios is not None and ratio not in ratios:
        del body["aspect_ratio"]
        body |= {"aspect_ratio": ratios[0]} if ratios else {}


def _check_model(registry: Registry, body: Mapping[str, Any], *, strict: bool) -> None:
    """Refuse, or only warn of, what the model does not take; of a model that is not listed only warn."""
    model = registry.find(body["model"])
    if model is None:
        warn_before_paying(f"{registry.source} has no model {body['model']!r} for images{registry.near(body['model'])}")
        return
    found = problems(model, body)
    if found and (registry.is_live or strict):
        raise InvalidInputError(f"{'; '.join(found)} (by {registry.source}). Nothing was sent.")
    if found:
        warn_before_paying(f"{'; '.join(found)} (by {registry.source}, which may be out of date)")


def _warn_of_many(video_number: int | None) -> None:
    if video_number is not None and video_number > 1:
        warn_before_paying(f"video_number={video_number} submits that many paid tasks")

"""Image to video: one image and a prompt become a video."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, Unpack

from .._flow.effects import Flow
from .._media.download import IfExists
from .._media.image import ImageSource
from .._protocol.endpoint import Submission
from .._webhooks import Receiver
from .base import Mode, operation
from .paid_request import ASPECT_RATIO, DURATION, MODEL, Operation
from .tasks import WAIT_TIMEOUT, UpdateCallback
from .videos import (
    Prepared,
    Upload,
    Video,
    VideoOptions,
    VideoResource,
    generate_video,
    prepare_alone,
    submit_video,
)

_OPERATION = Operation("/v1/generation/image-to-video", "image_to_video")


class ImageToVideo(VideoResource[Mode]):
    """Submit images to be animated."""

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
        convert: bool = False,
    ) -> Flow[Submission]:
        """Submit a video, paid in credits, and return its task ids at once.

        `image` is the URL of a public jpg, png or webp image, or a local one (path, bytes, binary file), which is
        uploaded first. `prompt` has 1 to 2000 characters, `negative_prompt` up to 1000; `duration` is in seconds;
        `aspect_ratio` is such as "9:16"; if it is not given, it is 16:9, or what the model lists instead, or left out
        for a model that lists none; None leaves it out, and warns if the model lists some. `video_number` above 1 buys
        that many videos if the service takes it: the endpoint's page allows 1, its newer revision's example sends 4.
        `extra_body` adds fields that the contract does not know yet; `validate=False` sends what breaks the contract's
        limits.

        What a model takes differs. It is checked against the live registry if `models.list` was called in the last
        hour, or with `validate="live"`, which asks for it; what that lists no model takes is refused. Otherwise against
        the dated copy that is shipped, which only warns, unless `strict=True`.
        `convert` makes a JPEG of a local HEIC, TIFF, GIF, BMP or AVIF image, or one larger than 10 MB (extra "images").
        With a journal an `order_key`, such as the id of a job of your queue, is submitted once, whenever that was.
        Raises InvalidInputError before anything is sent; DuplicateRequestError, with a journal, for the same order
        within its window, one of which nobody knows whether it was accepted, or a key that was used, unless
        `force=True`; NotSentError or an APIError when nothing was started; OutcomeUnknownError or ContractError when it
        may have been: such a request is never repeated by itself. Without a journal the process remembers it, and
        raises it again for the same order.
        """
        return submit_video(
            self, _OPERATION, {"image": image}, prompt=prompt, model=model, duration=duration, validate=validate,
            aspect_ratio=aspect_ratio, negative_prompt=negative_prompt, video_number=video_number, strict=strict,
            resolution=resolution, generate_audio=generate_audio, webhook_url=webhook_url, caller_id=caller_id,
            extra_body=extra_body, force=force, order_key=order_key, convert=convert,
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
        on_prepared: Callable[[Prepared[Any]], Any] | None = None,
        on_upload: Callable[[Upload], Any] | None = None,
        on_submit: Callable[[Submission], Any] | None = None,
        on_update: UpdateCallback | None = None,
        webhook: Receiver | None = None,
        measure_cost: bool = False,
        **options: Unpack[VideoOptions],
    ) -> Flow[Video]:
        """Submit, wait and download: return one video on disk.

        `options` are those of `submit`. `output` is the file to write or a folder; None is the working folder. In a
        folder the video of IMG_01.jpg is IMG_01.mp4, or `<task id>.mp4` for an image without a name, and never replaces
        a file: it gets a number. What becomes of a file that you name, `if_exists` says, as in `files.download`. All
        that is checked before anything is paid for. `on_prepared` is called with the Prepared request when all is
        checked and nothing is sent; what it raises stops the order. `on_upload` is called with each Upload that has
        arrived (a local image), `on_submit` with the Submission the moment the task id is known; `timeout`, `interval`,
        `on_update` and `webhook` are those of `tasks.wait`, and unless you give a `webhook_url` it is the receiver's.
        `measure_cost` asks for the balance before and after, which is free: `.credits` of the Video is the difference,
        if the client's journal knows of nothing else that was under way.

        Raises what `submit`, `tasks.wait` and `files.download` raise. After the submission every error names the task
        id, and nothing is ever submitted twice: resume with `tasks.wait` and `files.download`.
        """
        return generate_video(
            self, _OPERATION, {"image": image}, prompt=prompt, output=output, if_exists=if_exists, timeout=timeout,
            interval=interval, on_prepared=on_prepared, on_upload=on_upload, on_submit=on_submit, on_update=on_update,
            webhook=webhook, measure_cost=measure_cost, **options,
        )  # fmt: skip

    @operation
    def prepare(self, image: ImageSource, *, prompt: str, **options: Unpack[VideoOptions]) -> Flow[Prepared[Mode]]:
        """Check the request as `submit` does, read a local image, and return what would be sent; nothing is paid for.

        `options` are those of `submit`. `.submit()` of the result sends it.
        """
        return prepare_alone(self, _OPERATION, {"image": image}, prompt=prompt, **options)

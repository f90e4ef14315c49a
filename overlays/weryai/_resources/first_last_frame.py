"""First and last frame: a video leads from one image to another."""

from __future__ import annotations

from typing import Unpack

from .._flow.effects import Flow
from .._media.image import ImageSource
from .._protocol.endpoint import Submission
from .base import Mode, operation
from .paid_request import Operation
from .videos import (
    GenerateOptions,
    Prepared,
    Video,
    VideoOptions,
    VideoResource,
    generate_video,
    prepare_alone,
    submit_video,
)

_OPERATION = Operation("/v1/generation/first-last-image-to-video", "first_last_image_to_video", "VEO_3_1", 8)


class FirstLastFrame(VideoResource[Mode]):
    """Submit two images, the first frame of a video and the last."""

    @operation
    def submit(
        self, first: ImageSource, last: ImageSource, *, prompt: str, **options: Unpack[VideoOptions]
    ) -> Flow[Submission]:
        """Submit a video, paid in credits, and return its task ids at once.

        `first` and `last` are as for `image_to_video.submit`; the local ones are uploaded first.

        Without a model it is VEO_3_1 with 8 seconds.

        `options`, money rules and errors are those of `image_to_video.submit`.
        """
        return submit_video(self, _OPERATION, {"first_pic_url": first, "end_pic_url": last}, prompt=prompt, **options)

    @operation
    def generate(
        self, first: ImageSource, last: ImageSource, *, prompt: str, **options: Unpack[GenerateOptions]
    ) -> Flow[Video]:
        """Submit, wait and download: return one video on disk.

        In a folder the video has the name of the first image.
        `options` and errors are those of `image_to_video.generate`.
        """
        return generate_video(self, _OPERATION, {"first_pic_url": first, "end_pic_url": last}, prompt=prompt, **options)

    @operation
    def prepare(
        self, first: ImageSource, last: ImageSource, *, prompt: str, **options: Unpack[VideoOptions]
    ) -> Flow[Prepared[Mode]]:
        """Check the request as `submit` does and return what would be sent; nothing is paid for.

        `.submit()` of the result sends it.
        """
        return prepare_alone(self, _OPERATION, {"first_pic_url": first, "end_pic_url": last}, prompt=prompt, **options)

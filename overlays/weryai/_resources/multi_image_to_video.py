"""Multi-image to video: up to three images, in order, become one video."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Unpack

from .._flow.effects import Flow
from .._media.image import ImageSource
from .._protocol.endpoint import Submission
from ..errors import InvalidInputError
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

_OPERATION = Operation("/v1/generation/multi-image-to-video", "multi_image_to_video", "VEO_3_1", 8)


class MultiImageToVideo(VideoResource[Mode]):
    """Submit several images for one video."""

    @operation
    def submit(
        self, images: Sequence[ImageSource], *, prompt: str, **options: Unpack[VideoOptions]
    ) -> Flow[Submission]:
        """Submit a video, paid in credits, and return its task ids at once.

        `images` are one to three, each as for `image_to_video.submit`; the local ones are uploaded first.

        Without a model it is VEO_3_1 with 8 seconds.

        `options`, money rules and errors are those of `image_to_video.submit`.
        """
        return submit_video(self, _OPERATION, {"images": _listed(images)}, prompt=prompt, **options)

    @operation
    def generate(
        self, images: Sequence[ImageSource], *, prompt: str, **options: Unpack[GenerateOptions]
    ) -> Flow[Video]:
        """Submit, wait and download: return one video on disk.

        In a folder the video has the name of the first image.
        `options` and errors are those of `image_to_video.generate`.
        """
        return generate_video(self, _OPERATION, {"images": _listed(images)}, prompt=prompt, **options)

    @operation
    def prepare(
        self, images: Sequence[ImageSource], *, prompt: str, **options: Unpack[VideoOptions]
    ) -> Flow[Prepared[Mode]]:
        """Check the request as `submit` does and return what would be sent; nothing is paid for.

        `.submit()` of the result sends it.
        """
        return prepare_alone(self, _OPERATION, {"images": _listed(images)}, prompt=prompt, **options)


def _listed(images: Sequence[ImageSource]) -> list[ImageSource]:
    if isinstance(images, str | bytes | bytearray | os.PathLike) or not isinstance(images, Iterable):
        raise InvalidInputError("images is a list of images; for one use image_to_video")
    if isinstance(images, Set | Mapping):
        raise InvalidInputError(
            f"images is a list, since their order is the video's; a {type(images).__name__} has none"
        )
    return list(images)

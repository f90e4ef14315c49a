"""Text to video: a prompt alone becomes a video."""

from __future__ import annotations

from typing import Unpack

from .._flow.effects import Flow
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

_OPERATION = Operation("/v1/generation/text-to-video", "text_to_video")


class TextToVideo(VideoResource[Mode]):
    """Submit prompts without an image."""

    @operation
    def submit(self, prompt: str, **options: Unpack[VideoOptions]) -> Flow[Submission]:
        """Submit a video, paid in credits, and return its task ids at once.

        `prompt` has 1 to 2000 characters and says what the video shall show. A model may have another key here than for
        images.

        `options`, money rules and errors are those of `image_to_video.submit`.
        """
        return submit_video(self, _OPERATION, {}, prompt=prompt, **options)

    @operation
    def generate(self, prompt: str, **options: Unpack[GenerateOptions]) -> Flow[Video]:
        """Submit, wait and download: return one video on disk.

        In a folder the video is `<task id>.mp4`.
        `options` and errors are those of `image_to_video.generate`.
        """
        return generate_video(self, _OPERATION, {}, prompt=prompt, **options)

    @operation
    def prepare(self, prompt: str, **options: Unpack[VideoOptions]) -> Flow[Prepared[Mode]]:
        """Check the request as `submit` does and return what would be sent; nothing is paid for.

        `.submit()` of the result sends it.
        """
        return prepare_alone(self, _OPERATION, {}, prompt=prompt, **options)

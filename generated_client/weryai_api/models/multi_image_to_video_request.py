from __future__ import annotations

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Model, Unset


@_attrs_define
class MultiImageToVideoRequest(Model):
    """As ImageToVideoRequest, with `images` in place of `image`. The page marks `aspect_ratio` as required too; it is
    optional here because models that list no ratio (PIKA_2_2) are among the page's.

        Attributes:
            model: The model's key; documented are VEO_3_1, WERYDANCE_2_0, WERYDANCE_2_0_FAST, KLING_O1, PIKA_2_2 and
                DOUBAO_1_LITE.
            prompt: What shall happen in the video, 1 to 2000 characters.
            images: Addresses of one to three pictures, in order: jpg, jpeg, png or webp. The official skill sends first and
                last frame as two of them.
            duration: Length of the video in seconds.
            aspect_ratio: Width to height of the video. Required by the page; left out for models that list none.
            negative_prompt: What shall not be in the video, at most 1000 characters.
            video_number: How many videos to make; each is a paid task. The page starts at 1; 4 is the most any source
                sends.
            resolution: Models list different ones.
            generate_audio: Whether to make sound as well.
            webhook_url: Where the service posts when the task ends.
            caller_id: For the caller's own business association; leave it out unless you were given one.
    """

    model: KnownModel | str
    prompt: str
    images: list[str]
    duration: int
    aspect_ratio: KnownAspectRatio | str | Unset = UNSET
    negative_prompt: str | Unset = UNSET
    video_number: int | Unset = 1
    resolution: KnownResolution | str | Unset = UNSET
    generate_audio: bool | Unset = False
    webhook_url: str | Unset = UNSET
    caller_id: int | Unset = UNSET

    _kinds = {
        "model": ("KnownModel",),
        "aspect_ratio": ("KnownAspectRatio",),
        "resolution": ("KnownResolution",),
    }

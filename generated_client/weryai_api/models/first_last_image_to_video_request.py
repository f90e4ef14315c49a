from __future__ import annotations

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Model, Unset


@_attrs_define
class FirstLastImageToVideoRequest(Model):
    """As ImageToVideoRequest, with `first_pic_url` and `end_pic_url` in place of `image`. The page marks `aspect_ratio` as
    required too; it is optional here as for its siblings.

        Attributes:
            model: The model's key. Veo 3.1 Fast is VEO_3_1_FAST here, without the CHATBOT_ of image-to-video.
            prompt: What shall happen in the video, 1 to 2000 characters.
            first_pic_url: Address of the picture that the video begins with: jpg, jpeg, png or webp.
            end_pic_url: Address of the picture that the video ends with: jpg, jpeg, png or webp.
            duration: Length of the video in seconds.
            aspect_ratio: Width to height of the video. Required by the page; left out for models that list none, as for its
                siblings.
            negative_prompt: What shall not be in the video, at most 1000 characters by analogy (the copy read ends here).
            video_number: How many videos to make; each is a paid task. The page's example sends 1; the limits are those of
                its siblings.
            resolution: Models list different ones. Not seen on this page; by analogy.
            generate_audio: Whether to make sound as well. The page's example sends false.
            webhook_url: Where the service posts when the task ends. Not seen on this page; by analogy.
            caller_id: For the caller's own business association; leave it out unless you were given one. By analogy.
    """

    model: KnownModel | str
    prompt: str
    first_pic_url: str
    end_pic_url: str
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

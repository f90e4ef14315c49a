from __future__ import annotations

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Model, Unset


@_attrs_define
class AlmightyReferenceToVideoRequest(Model):
    """References of any kind and how the video shall be. What the copy of the page does not show comes from official code.

    Attributes:
        model: The model's key. A production user sends the documented ones of image-to-video and keys of this operation
            alone.
        duration: Length of the video in seconds, 5 to 15.
        prompt: What shall happen in the video, at most 500 characters.
        images: Addresses of at most nine pictures.
        videos: Addresses of at most three videos of 2 to 15 seconds, together at most 15.
        audios: Addresses of at most three sounds of 2 to 15 seconds, together at most 15; never without a picture or a
            video.
        aspect_ratio: Width to height of the video; the page names 1:1, 9:16 and 16:9.
        resolution: The page names 480p and 720p.
        generate_audio: Whether to make sound as well, as the text "true" or "false"; a boolean on every sibling.
        video_number: How many videos to make; each is a paid task. A client checks for 1 to 4. The copy of the page
            ends here.
        webhook_url: Where the service posts when the task ends. Official code sends it.
        caller_id: For the caller's own business association; leave it out unless you were given one. Official code
            sends it.
    """

    model: KnownModel | str
    duration: int
    prompt: str | Unset = UNSET
    images: list[str] | Unset = UNSET
    videos: list[str] | Unset = UNSET
    audios: list[str] | Unset = UNSET
    aspect_ratio: KnownAspectRatio | str | Unset = UNSET
    resolution: KnownResolution | str | Unset = UNSET
    generate_audio: str | Unset = UNSET
    video_number: int | Unset = UNSET
    webhook_url: str | Unset = UNSET
    caller_id: int | Unset = UNSET

    _kinds = {
        "model": ("KnownModel",),
        "aspect_ratio": ("KnownAspectRatio",),
        "resolution": ("KnownResolution",),
    }

from __future__ import annotations

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Model, Unset


@_attrs_define
class TextToVideoRequest(Model):
    """As ImageToVideoRequest, without a picture. The operation's page was not seen; the limits are those of its siblings.

    Attributes:
        model: The model's key; keys for text may differ from those for pictures. `x-other-keys` has those known to.
        prompt: What the video shall show, 1 to 2000 characters.
        duration: Length of the video in seconds.
        aspect_ratio: Width to height of the video. Required by the restated docs; optional here as for its siblings.
        negative_prompt: What shall not be in the video, at most 1000 characters by analogy.
        video_number: How many videos to make, 1 to 4 by analogy; each is a paid task.
        resolution: Models list different ones.
        generate_audio: Whether to make sound as well. A client in use sends the texts "true" and "false" here, too.
        webhook_url: Where the service posts when the task ends.
        caller_id: For the caller's own business association; leave it out unless you were given one.
    """

    model: KnownModel | str
    prompt: str
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

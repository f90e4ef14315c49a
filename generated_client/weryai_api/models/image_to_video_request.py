from __future__ import annotations

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Model, Unset


@_attrs_define
class ImageToVideoRequest(Model):
    """One picture, a prompt and how the video shall be. The page marks `aspect_ratio` as required too; newer documentation
    has models that list no ratio, and official code leaves the field out for them, so it is optional here.

        Attributes:
            model: The model's key. Any string is accepted here because models change without notice.
            prompt: What shall happen in the video, 1 to 2000 characters. A model may have a shorter limit
                (`prompt_length_limit` of the registry).
            image: Address of the reference picture: jpg, jpeg, png or webp. The service fetches it, so it must be public.
                The page only says "uri"; the scheme is limited to http and https because the service has to fetch it, and
                nothing shows that `data:` works on this operation.
            duration: Length of the video in seconds. The page gives no limits; one second is the least that any model
                lists, and no upper limit is set here because models differ (1 to 15 seen).
            aspect_ratio: Width to height of the video. Required by the page; left out for models that list no ratio,
                although the service also knows the message "aspect ratio cannot be empty". Which ratios a model takes is in the
                registry.
            negative_prompt: What shall not be in the video, at most 1000 characters. Only some models take it.
            video_number: How many videos to make; each is a paid task. The page says that only 1 is supported (maximum 1,
                no minimum); the newer revision's example sends 4, the multi-image page starts at 1, and a client checks a
                sibling operation for 1 to 4, so this document allows 1 to 4.
            resolution: The page names no values; models list different ones.
            generate_audio: Whether to make sound as well. A boolean by the page; two clients send the strings "true" and
                "false" to this operation and are understood, which this document leaves out because the page is explicit.
            webhook_url: Where the service posts when the task ends. The page says "uri"; only http and https can be posted
                to.
            caller_id: For the caller's own business association, 64 bits. It is no key against double submission, and the
                service may refuse an id it does not know ("callerid not exist"), so leave it out unless you were given one.
    """

    model: KnownModel | str
    prompt: str
    image: str
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

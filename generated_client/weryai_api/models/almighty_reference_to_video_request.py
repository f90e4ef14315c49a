from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Unset

T = TypeVar("T", bound="AlmightyReferenceToVideoRequest")


@_attrs_define
class AlmightyReferenceToVideoRequest:
    """References of any kind and how the video shall be. What the copy of the page does not show comes from official code.

    Attributes:
        model (KnownModel | str): The model's key. A production user sends the documented ones of image-to-video and
            keys of this operation alone.
        duration (int): Length of the video in seconds, 5 to 15.
        prompt (str | Unset): What shall happen in the video, at most 500 characters.
        images (list[str] | Unset): Addresses of at most nine pictures.
        videos (list[str] | Unset): Addresses of at most three videos of 2 to 15 seconds, together at most 15.
        audios (list[str] | Unset): Addresses of at most three sounds of 2 to 15 seconds, together at most 15; never
            without a picture or a video.
        aspect_ratio (KnownAspectRatio | str | Unset): Width to height of the video; the page names 1:1, 9:16 and 16:9.
        resolution (KnownResolution | str | Unset): The page names 480p and 720p.
        generate_audio (str | Unset): Whether to make sound as well, as the text "true" or "false"; a boolean on every
            sibling.
        video_number (int | Unset): How many videos to make; each is a paid task. A client checks for 1 to 4. The copy
            of the page ends here.
        webhook_url (str | Unset): Where the service posts when the task ends. Official code sends it.
        caller_id (int | Unset): For the caller's own business association; leave it out unless you were given one.
            Official code sends it.
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

    def to_dict(self) -> dict[str, Any]:
        model: str
        if isinstance(self.model, KnownModel):
            model = KnownModel(self.model).value
        else:
            model = self.model

        duration = self.duration

        prompt = self.prompt

        images: list[str] | Unset = UNSET
        if not isinstance(self.images, Unset):
            images = self.images

        videos: list[str] | Unset = UNSET
        if not isinstance(self.videos, Unset):
            videos = self.videos

        audios: list[str] | Unset = UNSET
        if not isinstance(self.audios, Unset):
            audios = self.audios

        aspect_ratio: str | Unset
        if isinstance(self.aspect_ratio, Unset):
            aspect_ratio = UNSET
        elif isinstance(self.aspect_ratio, KnownAspectRatio):
            aspect_ratio = KnownAspectRatio(self.aspect_ratio).value
        else:
            aspect_ratio = self.aspect_ratio

        resolution: str | Unset
        if isinstance(self.resolution, Unset):
            resolution = UNSET
        elif isinstance(self.resolution, KnownResolution):
            resolution = KnownResolution(self.resolution).value
        else:
            resolution = self.resolution

        generate_audio = self.generate_audio

        video_number = self.video_number

        webhook_url = self.webhook_url

        caller_id = self.caller_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "duration": duration,
            }
        )
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if images is not UNSET:
            field_dict["images"] = images
        if videos is not UNSET:
            field_dict["videos"] = videos
        if audios is not UNSET:
            field_dict["audios"] = audios
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if generate_audio is not UNSET:
            field_dict["generate_audio"] = generate_audio
        if video_number is not UNSET:
            field_dict["video_number"] = video_number
        if webhook_url is not UNSET:
            field_dict["webhook_url"] = webhook_url
        if caller_id is not UNSET:
            field_dict["caller_id"] = caller_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_model(data: object) -> KnownModel | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                model_type_0 = KnownModel(data)

                return model_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KnownModel | str, data)

        model = _parse_model(d.pop("model"))

        duration = d.pop("duration")

        prompt = d.pop("prompt", UNSET)

        images = cast(list[str], d.pop("images", UNSET))

        videos = cast(list[str], d.pop("videos", UNSET))

        audios = cast(list[str], d.pop("audios", UNSET))

        def _parse_aspect_ratio(data: object) -> KnownAspectRatio | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                aspect_ratio_type_0 = KnownAspectRatio(data)

                return aspect_ratio_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KnownAspectRatio | str | Unset, data)

        aspect_ratio = _parse_aspect_ratio(d.pop("aspect_ratio", UNSET))

        def _parse_resolution(data: object) -> KnownResolution | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolution_type_0 = KnownResolution(data)

                return resolution_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KnownResolution | str | Unset, data)

        resolution = _parse_resolution(d.pop("resolution", UNSET))

        generate_audio = d.pop("generate_audio", UNSET)

        video_number = d.pop("video_number", UNSET)

        webhook_url = d.pop("webhook_url", UNSET)

        caller_id = d.pop("caller_id", UNSET)

        almighty_reference_to_video_request = cls(
            model=model,
            duration=duration,
            prompt=prompt,
            images=images,
            videos=videos,
            audios=audios,
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            generate_audio=generate_audio,
            video_number=video_number,
            webhook_url=webhook_url,
            caller_id=caller_id,
        )

        return almighty_reference_to_video_request

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.known_aspect_ratio import KnownAspectRatio
from ..models.known_model import KnownModel
from ..models.known_resolution import KnownResolution
from ..types import UNSET, Unset

T = TypeVar("T", bound="TextToVideoRequest")


@_attrs_define
class TextToVideoRequest:
    """As ImageToVideoRequest, without a picture. The operation's page was not seen; the limits are those of its siblings.

    Attributes:
        model (KnownModel | str): The model's key; keys for text may differ from those for pictures. `x-other-keys` has
            those known to.
        prompt (str): What the video shall show, 1 to 2000 characters.
        duration (int): Length of the video in seconds.
        aspect_ratio (KnownAspectRatio | str | Unset): Width to height of the video. Required by the restated docs;
            optional here as for its siblings.
        negative_prompt (str | Unset): What shall not be in the video, at most 1000 characters by analogy.
        video_number (int | Unset): How many videos to make, 1 to 4 by analogy; each is a paid task. Default: 1.
        resolution (KnownResolution | str | Unset): Models list different ones.
        generate_audio (bool | Unset): Whether to make sound as well. A client in use sends the texts "true" and "false"
            here, too. Default: False.
        webhook_url (str | Unset): Where the service posts when the task ends.
        caller_id (int | Unset): For the caller's own business association; leave it out unless you were given one.
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

    def to_dict(self) -> dict[str, Any]:
        model: str
        if isinstance(self.model, KnownModel):
            model = KnownModel(self.model).value
        else:
            model = self.model

        prompt = self.prompt

        duration = self.duration

        aspect_ratio: str | Unset
        if isinstance(self.aspect_ratio, Unset):
            aspect_ratio = UNSET
        elif isinstance(self.aspect_ratio, KnownAspectRatio):
            aspect_ratio = KnownAspectRatio(self.aspect_ratio).value
        else:
            aspect_ratio = self.aspect_ratio

        negative_prompt = self.negative_prompt

        video_number = self.video_number

        resolution: str | Unset
        if isinstance(self.resolution, Unset):
            resolution = UNSET
        elif isinstance(self.resolution, KnownResolution):
            resolution = KnownResolution(self.resolution).value
        else:
            resolution = self.resolution

        generate_audio = self.generate_audio

        webhook_url = self.webhook_url

        caller_id = self.caller_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "prompt": prompt,
                "duration": duration,
            }
        )
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if video_number is not UNSET:
            field_dict["video_number"] = video_number
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if generate_audio is not UNSET:
            field_dict["generate_audio"] = generate_audio
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

        prompt = d.pop("prompt")

        duration = d.pop("duration")

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

        negative_prompt = d.pop("negative_prompt", UNSET)

        video_number = d.pop("video_number", UNSET)

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

        webhook_url = d.pop("webhook_url", UNSET)

        caller_id = d.pop("caller_id", UNSET)

        text_to_video_request = cls(
            model=model,
            prompt=prompt,
            duration=duration,
            aspect_ratio=aspect_ratio,
            negative_prompt=negative_prompt,
            video_number=video_number,
            resolution=resolution,
            generate_audio=generate_audio,
            webhook_url=webhook_url,
            caller_id=caller_id,
        )

        return text_to_video_request

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="ModelEntry")


@_attrs_define
class ModelEntry(OpenModel):
    """One model. Field names are sure, types are inferred from the code that reads them.

    Attributes:
        model_key (None | str | Unset): The key that requests name (code also tries `modelKey` and `id`).
        title (None | str | Unset): The name shown to people (code also tries `label` and `name`).
        durations (list[int] | None | Unset): Lengths it takes, in seconds.
        aspect_ratios (list[str] | None | Unset): Ratios it takes; empty means that none is sent.
        resolutions (list[str] | None | Unset): Resolutions it takes; empty means that none is sent.
        has_generate_audio (bool | None | Unset): Whether it takes `generate_audio`.
        has_negative_prompt (bool | None | Unset): Whether it takes `negative_prompt`.
        prompt_length_limit (int | None | Unset): The longest prompt it takes, in characters.
        support_multiple_images (bool | None | Unset): Whether it takes several pictures.
        support_first_last_frame (bool | None | Unset): Whether two pictures are first and last frame.
        upload_image_limit (int | None | Unset): The most pictures it takes.
    """

    model_key: None | str | Unset = UNSET
    title: None | str | Unset = UNSET
    durations: list[int] | None | Unset = UNSET
    aspect_ratios: list[str] | None | Unset = UNSET
    resolutions: list[str] | None | Unset = UNSET
    has_generate_audio: bool | None | Unset = UNSET
    has_negative_prompt: bool | None | Unset = UNSET
    prompt_length_limit: int | None | Unset = UNSET
    support_multiple_images: bool | None | Unset = UNSET
    support_first_last_frame: bool | None | Unset = UNSET
    upload_image_limit: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_key = self.model_key

        title = self.title

        durations: list[int] | None | Unset
        if isinstance(self.durations, Unset):
            durations = UNSET
        elif isinstance(self.durations, list):
            durations = self.durations

        else:
            durations = self.durations

        aspect_ratios: list[str] | None | Unset
        if isinstance(self.aspect_ratios, Unset):
            aspect_ratios = UNSET
        elif isinstance(self.aspect_ratios, list):
            aspect_ratios = self.aspect_ratios

        else:
            aspect_ratios = self.aspect_ratios

        resolutions: list[str] | None | Unset
        if isinstance(self.resolutions, Unset):
            resolutions = UNSET
        elif isinstance(self.resolutions, list):
            resolutions = self.resolutions

        else:
            resolutions = self.resolutions

        has_generate_audio = self.has_generate_audio

        has_negative_prompt = self.has_negative_prompt

        prompt_length_limit = self.prompt_length_limit

        support_multiple_images = self.support_multiple_images

        support_first_last_frame = self.support_first_last_frame

        upload_image_limit = self.upload_image_limit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if model_key is not UNSET:
            field_dict["model_key"] = model_key
        if title is not UNSET:
            field_dict["title"] = title
        if durations is not UNSET:
            field_dict["durations"] = durations
        if aspect_ratios is not UNSET:
            field_dict["aspect_ratios"] = aspect_ratios
        if resolutions is not UNSET:
            field_dict["resolutions"] = resolutions
        if has_generate_audio is not UNSET:
            field_dict["has_generate_audio"] = has_generate_audio
        if has_negative_prompt is not UNSET:
            field_dict["has_negative_prompt"] = has_negative_prompt
        if prompt_length_limit is not UNSET:
            field_dict["prompt_length_limit"] = prompt_length_limit
        if support_multiple_images is not UNSET:
            field_dict["support_multiple_images"] = support_multiple_images
        if support_first_last_frame is not UNSET:
            field_dict["support_first_last_frame"] = support_first_last_frame
        if upload_image_limit is not UNSET:
            field_dict["upload_image_limit"] = upload_image_limit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_key = cast(None | str | Unset, d.pop("model_key", UNSET))

        title = cast(None | str | Unset, d.pop("title", UNSET))

        def _parse_durations(data: object) -> list[int] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                durations_type_0 = cast(list[int], data)

                return durations_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[int] | None | Unset, data)

        durations = _parse_durations(d.pop("durations", UNSET))

        def _parse_aspect_ratios(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                aspect_ratios_type_0 = cast(list[str], data)

                return aspect_ratios_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        aspect_ratios = _parse_aspect_ratios(d.pop("aspect_ratios", UNSET))

        def _parse_resolutions(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                resolutions_type_0 = cast(list[str], data)

                return resolutions_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        resolutions = _parse_resolutions(d.pop("resolutions", UNSET))

        has_generate_audio = cast(bool | None | Unset, d.pop("has_generate_audio", UNSET))

        has_negative_prompt = cast(bool | None | Unset, d.pop("has_negative_prompt", UNSET))

        prompt_length_limit = cast(int | None | Unset, d.pop("prompt_length_limit", UNSET))

        support_multiple_images = cast(bool | None | Unset, d.pop("support_multiple_images", UNSET))

        support_first_last_frame = cast(bool | None | Unset, d.pop("support_first_last_frame", UNSET))

        upload_image_limit = cast(int | None | Unset, d.pop("upload_image_limit", UNSET))

        model_entry = cls(
            model_key=model_key,
            title=title,
            durations=durations,
            aspect_ratios=aspect_ratios,
            resolutions=resolutions,
            has_generate_audio=has_generate_audio,
            has_negative_prompt=has_negative_prompt,
            prompt_length_limit=prompt_length_limit,
            support_multiple_images=support_multiple_images,
            support_first_last_frame=support_first_last_frame,
            upload_image_limit=upload_image_limit,
        )

        model_entry.additional_properties = d
        return model_entry

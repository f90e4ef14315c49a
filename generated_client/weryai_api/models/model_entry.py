from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset


@_attrs_define
class ModelEntry(OpenModel):
    """One model. Field names are sure, types are inferred from the code that reads them.

    Attributes:
        model_key: The key that requests name (code also tries `modelKey` and `id`).
        title: The name shown to people (code also tries `label` and `name`).
        durations: Lengths it takes, in seconds.
        aspect_ratios: Ratios it takes; empty means that none is sent.
        resolutions: Resolutions it takes; empty means that none is sent.
        has_generate_audio: Whether it takes `generate_audio`.
        has_negative_prompt: Whether it takes `negative_prompt`.
        prompt_length_limit: The longest prompt it takes, in characters.
        support_multiple_images: Whether it takes several pictures.
        support_first_last_frame: Whether two pictures are first and last frame.
        upload_image_limit: The most pictures it takes.
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

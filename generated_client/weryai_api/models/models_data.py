from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.model_entry import ModelEntry


@_attrs_define
class ModelsData(OpenModel):
    """The models by kind of work; a kind may be missing or empty.

    Attributes:
        text_to_video: Models for `submitTextToVideo`.
        image_to_video: Models for `submitImageToVideo`.
        multi_image_to_video: Models for `submitMultiImageToVideo`; was empty when one source looked.
    """

    text_to_video: list[ModelEntry] | None | Unset = UNSET
    image_to_video: list[ModelEntry] | None | Unset = UNSET
    multi_image_to_video: list[ModelEntry] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "text_to_video": (["ModelEntry"],),
        "image_to_video": (["ModelEntry"],),
        "multi_image_to_video": (["ModelEntry"],),
    }

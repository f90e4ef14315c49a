from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.model_entry import ModelEntry


T = TypeVar("T", bound="ModelsData")


@_attrs_define
class ModelsData(OpenModel):
    """The models by kind of work; a kind may be missing or empty.

    Attributes:
        text_to_video (list[ModelEntry] | None | Unset): Models for `submitTextToVideo`.
        image_to_video (list[ModelEntry] | None | Unset): Models for `submitImageToVideo`.
        multi_image_to_video (list[ModelEntry] | None | Unset): Models for `submitMultiImageToVideo`; was empty when one
            source looked.
    """

    text_to_video: list[ModelEntry] | None | Unset = UNSET
    image_to_video: list[ModelEntry] | None | Unset = UNSET
    multi_image_to_video: list[ModelEntry] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.model_entry import ModelEntry  # noqa: PLC0415

        text_to_video: list[dict[str, Any]] | None | Unset
        if isinstance(self.text_to_video, Unset):
            text_to_video = UNSET
        elif isinstance(self.text_to_video, list):
            text_to_video = []
            for text_to_video_type_0_item_data in self.text_to_video:
                text_to_video_type_0_item = (
                    text_to_video_type_0_item_data.to_dict()
                    if isinstance(text_to_video_type_0_item_data, ModelEntry)
                    else text_to_video_type_0_item_data
                )
                text_to_video.append(text_to_video_type_0_item)

        else:
            text_to_video = self.text_to_video

        image_to_video: list[dict[str, Any]] | None | Unset
        if isinstance(self.image_to_video, Unset):
            image_to_video = UNSET
        elif isinstance(self.image_to_video, list):
            image_to_video = []
            for image_to_video_type_0_item_data in self.image_to_video:
                image_to_video_type_0_item = (
                    image_to_video_type_0_item_data.to_dict()
                    if isinstance(image_to_video_type_0_item_data, ModelEntry)
                    else image_to_video_type_0_item_data
                )
                image_to_video.append(image_to_video_type_0_item)

        else:
            image_to_video = self.image_to_video

        multi_image_to_video: list[dict[str, Any]] | None | Unset
        if isinstance(self.multi_image_to_video, Unset):
            multi_image_to_video = UNSET
        elif isinstance(self.multi_image_to_video, list):
            multi_image_to_video = []
            for multi_image_to_video_type_0_item_data in self.multi_image_to_video:
                multi_image_to_video_type_0_item = (
                    multi_image_to_video_type_0_item_data.to_dict()
                    if isinstance(multi_image_to_video_type_0_item_data, ModelEntry)
                    else multi_image_to_video_type_0_item_data
                )
                multi_image_to_video.append(multi_image_to_video_type_0_item)

        else:
            multi_image_to_video = self.multi_image_to_video

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if text_to_video is not UNSET:
            field_dict["text_to_video"] = text_to_video
        if image_to_video is not UNSET:
            field_dict["image_to_video"] = image_to_video
        if multi_image_to_video is not UNSET:
            field_dict["multi_image_to_video"] = multi_image_to_video

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.model_entry import ModelEntry  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_text_to_video(data: object) -> list[ModelEntry] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                text_to_video_type_0 = []
                _text_to_video_type_0 = data
                for text_to_video_type_0_item_data in _text_to_video_type_0:
                    text_to_video_type_0_item = ModelEntry.from_dict(text_to_video_type_0_item_data)

                    text_to_video_type_0.append(text_to_video_type_0_item)

                return text_to_video_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ModelEntry] | None | Unset, data)

        text_to_video = _parse_text_to_video(d.pop("text_to_video", UNSET))

        def _parse_image_to_video(data: object) -> list[ModelEntry] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                image_to_video_type_0 = []
                _image_to_video_type_0 = data
                for image_to_video_type_0_item_data in _image_to_video_type_0:
                    image_to_video_type_0_item = ModelEntry.from_dict(image_to_video_type_0_item_data)

                    image_to_video_type_0.append(image_to_video_type_0_item)

                return image_to_video_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ModelEntry] | None | Unset, data)

        image_to_video = _parse_image_to_video(d.pop("image_to_video", UNSET))

        def _parse_multi_image_to_video(data: object) -> list[ModelEntry] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                multi_image_to_video_type_0 = []
                _multi_image_to_video_type_0 = data
                for multi_image_to_video_type_0_item_data in _multi_image_to_video_type_0:
                    multi_image_to_video_type_0_item = ModelEntry.from_dict(multi_image_to_video_type_0_item_data)

                    multi_image_to_video_type_0.append(multi_image_to_video_type_0_item)

                return multi_image_to_video_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ModelEntry] | None | Unset, data)

        multi_image_to_video = _parse_multi_image_to_video(d.pop("multi_image_to_video", UNSET))

        models_data = cls(
            text_to_video=text_to_video,
            image_to_video=image_to_video,
            multi_image_to_video=multi_image_to_video,
        )

        models_data.additional_properties = d
        return models_data

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="MediaItem")


@_attrs_define
class MediaItem(OpenModel):
    """A result as an object; its address stands in `url`, `video_url` or `src`.

    Attributes:
        url (None | str | Unset): The result's address. Its lifetime is not documented; fetch it soon, without the API
            key.
        video_url (None | str | Unset): Another name for the address.
        src (None | str | Unset): Another name for the address.
        cover_url (None | str | Unset): A still of the result.
        cover_image_url (None | str | Unset): Another name for the still.
    """

    url: None | str | Unset = UNSET
    video_url: None | str | Unset = UNSET
    src: None | str | Unset = UNSET
    cover_url: None | str | Unset = UNSET
    cover_image_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        video_url = self.video_url

        src = self.src

        cover_url = self.cover_url

        cover_image_url = self.cover_image_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if url is not UNSET:
            field_dict["url"] = url
        if video_url is not UNSET:
            field_dict["video_url"] = video_url
        if src is not UNSET:
            field_dict["src"] = src
        if cover_url is not UNSET:
            field_dict["cover_url"] = cover_url
        if cover_image_url is not UNSET:
            field_dict["cover_image_url"] = cover_image_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = cast(None | str | Unset, d.pop("url", UNSET))

        video_url = cast(None | str | Unset, d.pop("video_url", UNSET))

        src = cast(None | str | Unset, d.pop("src", UNSET))

        cover_url = cast(None | str | Unset, d.pop("cover_url", UNSET))

        cover_image_url = cast(None | str | Unset, d.pop("cover_image_url", UNSET))

        media_item = cls(
            url=url,
            video_url=video_url,
            src=src,
            cover_url=cover_url,
            cover_image_url=cover_image_url,
        )

        media_item.additional_properties = d
        return media_item

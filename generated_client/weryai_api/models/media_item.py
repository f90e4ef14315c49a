from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset


@_attrs_define
class MediaItem(OpenModel):
    """A result as an object; its address stands in `url`, `video_url` or `src`.

    Attributes:
        url: The result's address. Its lifetime is not documented; fetch it soon, without the API key.
        video_url: Another name for the address.
        src: Another name for the address.
        cover_url: A still of the result.
        cover_image_url: Another name for the still.
    """

    url: None | str | Unset = UNSET
    video_url: None | str | Unset = UNSET
    src: None | str | Unset = UNSET
    cover_url: None | str | Unset = UNSET
    cover_image_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

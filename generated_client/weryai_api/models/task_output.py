from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem


@_attrs_define
class TaskOutput(OpenModel):
    """Results nested under `output`.

    Attributes:
        videos: As in TaskData.
        cover_url: A still of the result.
    """

    videos: list[Any | MediaItem | str] | None | Unset = UNSET
    cover_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "videos": (["MediaItem"],),
    }

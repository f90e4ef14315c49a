from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem


@_attrs_define
class TaskResult(OpenModel):
    """Results nested under `task_result`.

    Attributes:
        videos: As in TaskData.
        video_url: A single result.
        video: A single result, tried by a production client.
        message: Why the task failed.
    """

    videos: list[Any | MediaItem | str] | None | Unset = UNSET
    video_url: None | str | Unset = UNSET
    video: Any | MediaItem | str | Unset = UNSET
    message: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "videos": (["MediaItem"],),
        "video": ("MediaItem",),
    }

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem


T = TypeVar("T", bound="TaskOutput")


@_attrs_define
class TaskOutput(OpenModel):
    """Results nested under `output`.

    Attributes:
        videos (list[Any | MediaItem | str] | None | Unset): As in TaskData.
        cover_url (None | str | Unset): A still of the result.
    """

    videos: list[Any | MediaItem | str] | None | Unset = UNSET
    cover_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.media_item import MediaItem  # noqa: PLC0415

        videos: list[Any | dict[str, Any] | str] | None | Unset
        if isinstance(self.videos, Unset):
            videos = UNSET
        elif isinstance(self.videos, list):
            videos = []
            for videos_type_0_item_data in self.videos:
                videos_type_0_item: Any | dict[str, Any] | str
                if isinstance(videos_type_0_item_data, MediaItem):
                    videos_type_0_item = videos_type_0_item_data.to_dict()
                else:
                    videos_type_0_item = videos_type_0_item_data
                videos.append(videos_type_0_item)

        else:
            videos = self.videos

        cover_url = self.cover_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if videos is not UNSET:
            field_dict["videos"] = videos
        if cover_url is not UNSET:
            field_dict["cover_url"] = cover_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.media_item import MediaItem  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_videos(data: object) -> list[Any | MediaItem | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                videos_type_0 = []
                _videos_type_0 = data
                for videos_type_0_item_data in _videos_type_0:

                    def _parse_videos_type_0_item(data: object) -> Any | MediaItem | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            videos_type_0_item_type_1 = MediaItem.from_dict(data)

                            return videos_type_0_item_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(Any | MediaItem | str, data)

                    videos_type_0_item = _parse_videos_type_0_item(videos_type_0_item_data)

                    videos_type_0.append(videos_type_0_item)

                return videos_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any | MediaItem | str] | None | Unset, data)

        videos = _parse_videos(d.pop("videos", UNSET))

        cover_url = cast(None | str | Unset, d.pop("cover_url", UNSET))

        task_output = cls(
            videos=videos,
            cover_url=cover_url,
        )

        task_output.additional_properties = d
        return task_output

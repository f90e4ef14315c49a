from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem


T = TypeVar("T", bound="TaskResult")


@_attrs_define
class TaskResult(OpenModel):
    """Results nested under `task_result`.

    Attributes:
        videos (list[Any | MediaItem | str] | None | Unset): As in TaskData.
        video_url (None | str | Unset): A single result.
        video (Any | MediaItem | str | Unset): A single result, tried by a production client.
        message (None | str | Unset): Why the task failed.
    """

    videos: list[Any | MediaItem | str] | None | Unset = UNSET
    video_url: None | str | Unset = UNSET
    video: Any | MediaItem | str | Unset = UNSET
    message: None | str | Unset = UNSET
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

        video_url = self.video_url

        video: Any | dict[str, Any] | str | Unset
        if isinstance(self.video, Unset):
            video = UNSET
        elif isinstance(self.video, MediaItem):
            video = self.video.to_dict()
        else:
            video = self.video

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if videos is not UNSET:
            field_dict["videos"] = videos
        if video_url is not UNSET:
            field_dict["video_url"] = video_url
        if video is not UNSET:
            field_dict["video"] = video
        if message is not UNSET:
            field_dict["message"] = message

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

        video_url = cast(None | str | Unset, d.pop("video_url", UNSET))

        def _parse_video(data: object) -> Any | MediaItem | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                video_type_1 = MediaItem.from_dict(data)

                return video_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | MediaItem | str | Unset, data)

        video = _parse_video(d.pop("video", UNSET))

        message = cast(None | str | Unset, d.pop("message", UNSET))

        task_result = cls(
            videos=videos,
            video_url=video_url,
            video=video,
            message=message,
        )

        task_result.additional_properties = d
        return task_result

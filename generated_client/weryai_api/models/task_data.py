from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.known_task_status import KnownTaskStatus
from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem
    from ..models.task_output import TaskOutput
    from ..models.task_result import TaskResult


T = TypeVar("T", bound="TaskData")


@_attrs_define
class TaskData(OpenModel):
    """A task as the union of what clients read; no reply has all of it. Videos stand in `videos`, else in `output.videos`,
    `task_result.videos`, `video_urls`, `video_url` or `video`, each as an address or as an object.

        Attributes:
            task_id (None | str | Unset): The id that was asked for (a client also met the spelling `taskId`).
            task_status (KnownTaskStatus | None | str | Unset): The state; open, see KnownTaskStatus (a client also met the
                spelling `taskStatus`).
            msg (None | str | Unset): Why the task failed, for example "Content moderation", "Image asset audit" or
                "Copyright restrictions".
            videos (list[Any | MediaItem | str] | None | Unset): The results, as addresses or as objects.
            images (list[Any | MediaItem | str] | None | Unset): The results of picture products.
            cover_url (None | str | Unset): A still of the result.
            content_status (None | str | Unset): The state of podcast products (text-success, text-fail, audio-success,
                audio-fail).
            output (Any | TaskOutput | Unset): Another place for the results.
            task_result (Any | TaskResult | Unset): The older place for the results.
            video_urls (list[Any | MediaItem | str] | None | Unset): The results under another name, read beside `videos` by
                a production client.
            video_url (None | str | Unset): A single result, tried last by a production client.
            video (Any | MediaItem | str | Unset): A single result, tried last by a production client.
    """

    task_id: None | str | Unset = UNSET
    task_status: KnownTaskStatus | None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    videos: list[Any | MediaItem | str] | None | Unset = UNSET
    images: list[Any | MediaItem | str] | None | Unset = UNSET
    cover_url: None | str | Unset = UNSET
    content_status: None | str | Unset = UNSET
    output: Any | TaskOutput | Unset = UNSET
    task_result: Any | TaskResult | Unset = UNSET
    video_urls: list[Any | MediaItem | str] | None | Unset = UNSET
    video_url: None | str | Unset = UNSET
    video: Any | MediaItem | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.media_item import MediaItem  # noqa: PLC0415
        from ..models.task_output import TaskOutput  # noqa: PLC0415
        from ..models.task_result import TaskResult  # noqa: PLC0415

        task_id = self.task_id

        task_status: None | str | Unset
        if isinstance(self.task_status, Unset):
            task_status = UNSET
        elif isinstance(self.task_status, KnownTaskStatus):
            task_status = KnownTaskStatus(self.task_status).value
        else:
            task_status = self.task_status

        msg = self.msg

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

        images: list[Any | dict[str, Any] | str] | None | Unset
        if isinstance(self.images, Unset):
            images = UNSET
        elif isinstance(self.images, list):
            images = []
            for images_type_0_item_data in self.images:
                images_type_0_item: Any | dict[str, Any] | str
                if isinstance(images_type_0_item_data, MediaItem):
                    images_type_0_item = images_type_0_item_data.to_dict()
                else:
                    images_type_0_item = images_type_0_item_data
                images.append(images_type_0_item)

        else:
            images = self.images

        cover_url = self.cover_url

        content_status = self.content_status

        output: Any | dict[str, Any] | Unset
        if isinstance(self.output, Unset):
            output = UNSET
        elif isinstance(self.output, TaskOutput):
            output = self.output.to_dict()
        else:
            output = self.output

        task_result: Any | dict[str, Any] | Unset
        if isinstance(self.task_result, Unset):
            task_result = UNSET
        elif isinstance(self.task_result, TaskResult):
            task_result = self.task_result.to_dict()
        else:
            task_result = self.task_result

        video_urls: list[Any | dict[str, Any] | str] | None | Unset
        if isinstance(self.video_urls, Unset):
            video_urls = UNSET
        elif isinstance(self.video_urls, list):
            video_urls = []
            for video_urls_type_0_item_data in self.video_urls:
                video_urls_type_0_item: Any | dict[str, Any] | str
                if isinstance(video_urls_type_0_item_data, MediaItem):
                    video_urls_type_0_item = video_urls_type_0_item_data.to_dict()
                else:
                    video_urls_type_0_item = video_urls_type_0_item_data
                video_urls.append(video_urls_type_0_item)

        else:
            video_urls = self.video_urls

        video_url = self.video_url

        video: Any | dict[str, Any] | str | Unset
        if isinstance(self.video, Unset):
            video = UNSET
        elif isinstance(self.video, MediaItem):
            video = self.video.to_dict()
        else:
            video = self.video

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if task_id is not UNSET:
            field_dict["task_id"] = task_id
        if task_status is not UNSET:
            field_dict["task_status"] = task_status
        if msg is not UNSET:
            field_dict["msg"] = msg
        if videos is not UNSET:
            field_dict["videos"] = videos
        if images is not UNSET:
            field_dict["images"] = images
        if cover_url is not UNSET:
            field_dict["cover_url"] = cover_url
        if content_status is not UNSET:
            field_dict["content_status"] = content_status
        if output is not UNSET:
            field_dict["output"] = output
        if task_result is not UNSET:
            field_dict["task_result"] = task_result
        if video_urls is not UNSET:
            field_dict["video_urls"] = video_urls
        if video_url is not UNSET:
            field_dict["video_url"] = video_url
        if video is not UNSET:
            field_dict["video"] = video

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.media_item import MediaItem  # noqa: PLC0415
        from ..models.task_output import TaskOutput  # noqa: PLC0415
        from ..models.task_result import TaskResult  # noqa: PLC0415

        d = dict(src_dict)
        task_id = cast(None | str | Unset, d.pop("task_id", UNSET))

        def _parse_task_status(data: object) -> KnownTaskStatus | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                task_status_type_0 = KnownTaskStatus(data)

                return task_status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KnownTaskStatus | None | str | Unset, data)

        task_status = _parse_task_status(d.pop("task_status", UNSET))

        msg = cast(None | str | Unset, d.pop("msg", UNSET))

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

        def _parse_images(data: object) -> list[Any | MediaItem | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                images_type_0 = []
                _images_type_0 = data
                for images_type_0_item_data in _images_type_0:

                    def _parse_images_type_0_item(data: object) -> Any | MediaItem | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            images_type_0_item_type_1 = MediaItem.from_dict(data)

                            return images_type_0_item_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(Any | MediaItem | str, data)

                    images_type_0_item = _parse_images_type_0_item(images_type_0_item_data)

                    images_type_0.append(images_type_0_item)

                return images_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any | MediaItem | str] | None | Unset, data)

        images = _parse_images(d.pop("images", UNSET))

        cover_url = cast(None | str | Unset, d.pop("cover_url", UNSET))

        content_status = cast(None | str | Unset, d.pop("content_status", UNSET))

        def _parse_output(data: object) -> Any | TaskOutput | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                output_type_0 = TaskOutput.from_dict(data)

                return output_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | TaskOutput | Unset, data)

        output = _parse_output(d.pop("output", UNSET))

        def _parse_task_result(data: object) -> Any | TaskResult | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                task_result_type_0 = TaskResult.from_dict(data)

                return task_result_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | TaskResult | Unset, data)

        task_result = _parse_task_result(d.pop("task_result", UNSET))

        def _parse_video_urls(data: object) -> list[Any | MediaItem | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                video_urls_type_0 = []
                _video_urls_type_0 = data
                for video_urls_type_0_item_data in _video_urls_type_0:

                    def _parse_video_urls_type_0_item(data: object) -> Any | MediaItem | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            video_urls_type_0_item_type_1 = MediaItem.from_dict(data)

                            return video_urls_type_0_item_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(Any | MediaItem | str, data)

                    video_urls_type_0_item = _parse_video_urls_type_0_item(video_urls_type_0_item_data)

                    video_urls_type_0.append(video_urls_type_0_item)

                return video_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any | MediaItem | str] | None | Unset, data)

        video_urls = _parse_video_urls(d.pop("video_urls", UNSET))

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

        task_data = cls(
            task_id=task_id,
            task_status=task_status,
            msg=msg,
            videos=videos,
            images=images,
            cover_url=cover_url,
            content_status=content_status,
            output=output,
            task_result=task_result,
            video_urls=video_urls,
            video_url=video_url,
            video=video,
        )

        task_data.additional_properties = d
        return task_data

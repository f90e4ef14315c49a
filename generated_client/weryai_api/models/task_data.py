from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.known_task_status import KnownTaskStatus
from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.media_item import MediaItem
    from ..models.task_output import TaskOutput
    from ..models.task_result import TaskResult


@_attrs_define
class TaskData(OpenModel):
    """A task as the union of what clients read; no reply has all of it. Videos stand in `videos`, else in `output.videos`,
    `task_result.videos`, `video_urls`, `video_url` or `video`, each as an address or as an object.

        Attributes:
            task_id: The id that was asked for (a client also met the spelling `taskId`).
            task_status: The state; open, see KnownTaskStatus (a client also met the spelling `taskStatus`).
            msg: Why the task failed, for example "Content moderation", "Image asset audit" or "Copyright restrictions".
            videos: The results, as addresses or as objects.
            images: The results of picture products.
            cover_url: A still of the result.
            content_status: The state of podcast products (text-success, text-fail, audio-success, audio-fail).
            output: Another place for the results.
            task_result: The older place for the results.
            video_urls: The results under another name, read beside `videos` by a production client.
            video_url: A single result, tried last by a production client.
            video: A single result, tried last by a production client.
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

    _kinds = {
        "task_status": ("KnownTaskStatus",),
        "videos": (["MediaItem"],),
        "images": (["MediaItem"],),
        "output": ("TaskOutput",),
        "task_result": ("TaskResult",),
        "video_urls": (["MediaItem"],),
        "video": ("MediaItem",),
    }

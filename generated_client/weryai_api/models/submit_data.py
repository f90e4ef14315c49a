from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.known_task_status import KnownTaskStatus
from ..types import UNSET, OpenModel, Unset


@_attrs_define
class SubmitData(OpenModel):
    """What was ordered. At least one task id stands in `task_ids` or in `task_id` when the work was accepted.

    Attributes:
        batch_id: Groups the tasks of one submission; an integer in the example.
        task_ids: One id for each video ordered.
        task_id: The single task's id, as sibling operations document it. A client in production met it alone, without
            `task_ids`, on text-to-video and image-to-video (2026-03-26), so never read `task_ids` alone.
        task_status: The task's state right after the submission.
    """

    batch_id: int | None | str | Unset = UNSET
    task_ids: list[str] | None | Unset = UNSET
    task_id: None | str | Unset = UNSET
    task_status: KnownTaskStatus | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "task_status": ("KnownTaskStatus",),
    }

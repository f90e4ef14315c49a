from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.known_task_status import KnownTaskStatus
from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="SubmitData")


@_attrs_define
class SubmitData(OpenModel):
    """What was ordered. At least one task id stands in `task_ids` or in `task_id` when the work was accepted.

    Attributes:
        batch_id (int | None | str | Unset): Groups the tasks of one submission; an integer in the example.
        task_ids (list[str] | None | Unset): One id for each video ordered.
        task_id (None | str | Unset): The single task's id, as sibling operations document it. A client in production
            met it alone, without `task_ids`, on text-to-video and image-to-video (2026-03-26), so never read `task_ids`
            alone.
        task_status (KnownTaskStatus | None | str | Unset): The task's state right after the submission.
    """

    batch_id: int | None | str | Unset = UNSET
    task_ids: list[str] | None | Unset = UNSET
    task_id: None | str | Unset = UNSET
    task_status: KnownTaskStatus | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        batch_id = self.batch_id

        task_ids: list[str] | None | Unset
        if isinstance(self.task_ids, Unset):
            task_ids = UNSET
        elif isinstance(self.task_ids, list):
            task_ids = self.task_ids

        else:
            task_ids = self.task_ids

        task_id = self.task_id

        task_status: None | str | Unset
        if isinstance(self.task_status, Unset):
            task_status = UNSET
        elif isinstance(self.task_status, KnownTaskStatus):
            task_status = KnownTaskStatus(self.task_status).value
        else:
            task_status = self.task_status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if batch_id is not UNSET:
            field_dict["batch_id"] = batch_id
        if task_ids is not UNSET:
            field_dict["task_ids"] = task_ids
        if task_id is not UNSET:
            field_dict["task_id"] = task_id
        if task_status is not UNSET:
            field_dict["task_status"] = task_status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        batch_id = cast(int | None | str | Unset, d.pop("batch_id", UNSET))

        def _parse_task_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                task_ids_type_0 = cast(list[str], data)

                return task_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        task_ids = _parse_task_ids(d.pop("task_ids", UNSET))

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

        submit_data = cls(
            batch_id=batch_id,
            task_ids=task_ids,
            task_id=task_id,
            task_status=task_status,
        )

        submit_data.additional_properties = d
        return submit_data

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.task_data import TaskData


T = TypeVar("T", bound="TaskStatusReply")


@_attrs_define
class TaskStatusReply(OpenModel):
    """The envelope around one task.

    Attributes:
        status (int | None | str | Unset): As in SubmitReply.
        desc (None | str | Unset): As in SubmitReply.
        message (None | str | Unset): As in SubmitReply.
        msg (None | str | Unset): As in SubmitReply.
        success (bool | None | Unset): As in SubmitReply.
        data (list[TaskData] | None | TaskData | Unset): The task, or an array whose first element is the task. Absent
            or null in refusals.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    data: list[TaskData] | None | TaskData | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.task_data import TaskData  # noqa: PLC0415

        status = self.status

        desc = self.desc

        message = self.message

        msg = self.msg

        success = self.success

        data: dict[str, Any] | list[dict[str, Any]] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, TaskData):
            data = self.data.to_dict()
        elif isinstance(self.data, list):
            data = []
            for data_type_1_item_data in self.data:
                data_type_1_item = (
                    data_type_1_item_data.to_dict()
                    if isinstance(data_type_1_item_data, TaskData)
                    else data_type_1_item_data
                )
                data.append(data_type_1_item)

        else:
            data = self.data

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if status is not UNSET:
            field_dict["status"] = status
        if desc is not UNSET:
            field_dict["desc"] = desc
        if message is not UNSET:
            field_dict["message"] = message
        if msg is not UNSET:
            field_dict["msg"] = msg
        if success is not UNSET:
            field_dict["success"] = success
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.task_data import TaskData  # noqa: PLC0415

        d = dict(src_dict)
        status = cast(int | None | str | Unset, d.pop("status", UNSET))

        desc = cast(None | str | Unset, d.pop("desc", UNSET))

        message = cast(None | str | Unset, d.pop("message", UNSET))

        msg = cast(None | str | Unset, d.pop("msg", UNSET))

        success = cast(bool | None | Unset, d.pop("success", UNSET))

        def _parse_data(data: object) -> list[TaskData] | None | TaskData | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = TaskData.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                data_type_1 = []
                _data_type_1 = data
                for data_type_1_item_data in _data_type_1:
                    data_type_1_item = TaskData.from_dict(data_type_1_item_data)

                    data_type_1.append(data_type_1_item)

                return data_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[TaskData] | None | TaskData | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        task_status_reply = cls(
            status=status,
            desc=desc,
            message=message,
            msg=msg,
            success=success,
            data=data,
        )

        task_status_reply.additional_properties = d
        return task_status_reply

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.task_data import TaskData


T = TypeVar("T", bound="WebhookDelivery")


@_attrs_define
class WebhookDelivery(OpenModel):
    """What the service posts to `webhook_url`, the envelope around the task; unsigned as far as known.

    Attributes:
        status (int | None | str | Unset): As in SubmitReply.
        desc (None | str | Unset): As in SubmitReply.
        message (None | str | Unset): As in SubmitReply.
        msg (None | str | Unset): As in SubmitReply.
        data (None | TaskData | Unset): The task as far as the delivery tells it.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    data: None | TaskData | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.task_data import TaskData  # noqa: PLC0415

        status = self.status

        desc = self.desc

        message = self.message

        msg = self.msg

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, TaskData):
            data = self.data.to_dict()
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

        def _parse_data(data: object) -> None | TaskData | Unset:
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
            return cast(None | TaskData | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        webhook_delivery = cls(
            status=status,
            desc=desc,
            message=message,
            msg=msg,
            data=data,
        )

        webhook_delivery.additional_properties = d
        return webhook_delivery

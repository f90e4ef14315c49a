from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.balance_data import BalanceData


T = TypeVar("T", bound="BalanceReply")


@_attrs_define
class BalanceReply(OpenModel):
    """The envelope around the credits left.

    Attributes:
        status (int | None | str | Unset): As in SubmitReply.
        desc (None | str | Unset): As in SubmitReply.
        message (None | str | Unset): As in SubmitReply.
        msg (None | str | Unset): As in SubmitReply.
        success (bool | None | Unset): As in SubmitReply.
        data (BalanceData | float | None | Unset): The credits, as a number or in an object. Absent or null in refusals.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    data: BalanceData | float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.balance_data import BalanceData  # noqa: PLC0415

        status = self.status

        desc = self.desc

        message = self.message

        msg = self.msg

        success = self.success

        data: dict[str, Any] | float | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, BalanceData):
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
        if success is not UNSET:
            field_dict["success"] = success
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.balance_data import BalanceData  # noqa: PLC0415

        d = dict(src_dict)
        status = cast(int | None | str | Unset, d.pop("status", UNSET))

        desc = cast(None | str | Unset, d.pop("desc", UNSET))

        message = cast(None | str | Unset, d.pop("message", UNSET))

        msg = cast(None | str | Unset, d.pop("msg", UNSET))

        success = cast(bool | None | Unset, d.pop("success", UNSET))

        def _parse_data(data: object) -> BalanceData | float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_1 = BalanceData.from_dict(data)

                return data_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BalanceData | float | None | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        balance_reply = cls(
            status=status,
            desc=desc,
            message=message,
            msg=msg,
            success=success,
            data=data,
        )

        balance_reply.additional_properties = d
        return balance_reply

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.submit_data import SubmitData


T = TypeVar("T", bound="SubmitReply")


@_attrs_define
class SubmitReply(OpenModel):
    """The envelope around a submission's result.

    Attributes:
        status (int | None | str | Unset): Business status code. 0 is success on the page, 200 as well in official code;
            a third party met strings and none at all.
        desc (None | str | Unset): What the status means, as a short text.
        message (None | str | Unset): A message for people, in the language of the service's choice (Chinese was seen).
        msg (None | str | Unset): Where some replies put the message instead; official code prefers it to `message` and
            `desc`.
        success (bool | None | Unset): Business success as a flag, in replies that third parties met; no official page
            shows it.
        data (None | SubmitData | Unset): The result. No source shows one in a refusal, where it is absent or null.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    data: None | SubmitData | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.submit_data import SubmitData  # noqa: PLC0415

        status = self.status

        desc = self.desc

        message = self.message

        msg = self.msg

        success = self.success

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, SubmitData):
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
        from ..models.submit_data import SubmitData  # noqa: PLC0415

        d = dict(src_dict)
        status = cast(int | None | str | Unset, d.pop("status", UNSET))

        desc = cast(None | str | Unset, d.pop("desc", UNSET))

        message = cast(None | str | Unset, d.pop("message", UNSET))

        msg = cast(None | str | Unset, d.pop("msg", UNSET))

        success = cast(bool | None | Unset, d.pop("success", UNSET))

        def _parse_data(data: object) -> None | SubmitData | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = SubmitData.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SubmitData | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        submit_reply = cls(
            status=status,
            desc=desc,
            message=message,
            msg=msg,
            success=success,
            data=data,
        )

        submit_reply.additional_properties = d
        return submit_reply

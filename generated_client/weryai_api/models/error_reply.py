from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="ErrorReply")


@_attrs_define
class ErrorReply(OpenModel):
    """A refusal. The message stands in `msg`, `message` or `desc`, in that order of preference. Two published tables give
    different meanings to the same `status`: `meaning` is the server enum's, `docs` the docs guide's. Live evidence
    favours the enum, but 1002 was met for a wrong parameter, a wrong key and moderated content alike. `again` is what
    each source says about trying again; "retryable" alone does not say that nothing was started. `also` is a second
    meaning. The texts of `x-messages` are the service's own words; `{}` stands for the value, a message of no field is
    about no field.

        Attributes:
            status (int | None | str | Unset): The code of the refusal, see `x-error-codes`.
            desc (None | str | Unset): A short text; which one is not documented.
            message (None | str | Unset): What is wrong, for people.
            msg (None | str | Unset): What is wrong, in other replies.
            success (bool | None | Unset): False, in replies that third parties met.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        desc = self.desc

        message = self.message

        msg = self.msg

        success = self.success

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

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = cast(int | None | str | Unset, d.pop("status", UNSET))

        desc = cast(None | str | Unset, d.pop("desc", UNSET))

        message = cast(None | str | Unset, d.pop("message", UNSET))

        msg = cast(None | str | Unset, d.pop("msg", UNSET))

        success = cast(bool | None | Unset, d.pop("success", UNSET))

        error_reply = cls(
            status=status,
            desc=desc,
            message=message,
            msg=msg,
            success=success,
        )

        error_reply.additional_properties = d
        return error_reply

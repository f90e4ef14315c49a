from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.balance_data import BalanceData


@_attrs_define
class BalanceReply(OpenModel):
    """The envelope around the credits left.

    Attributes:
        status: As in SubmitReply.
        desc: As in SubmitReply.
        message: As in SubmitReply.
        msg: As in SubmitReply.
        success: As in SubmitReply.
        data: The credits, as a number or in an object. Absent or null in refusals.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    data: BalanceData | float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "data": ("BalanceData",),
    }

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="BalanceData")


@_attrs_define
class BalanceData(OpenModel):
    """The credits in an object.

    Attributes:
        balance (float | None | str | Unset): The credits left.
    """

    balance: float | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        balance = self.balance

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if balance is not UNSET:
            field_dict["balance"] = balance

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        balance = cast(float | None | str | Unset, d.pop("balance", UNSET))

        balance_data = cls(
            balance=balance,
        )

        balance_data.additional_properties = d
        return balance_data

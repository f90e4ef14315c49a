from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset


@_attrs_define
class BalanceData(OpenModel):
    """The credits in an object.

    Attributes:
        balance: The credits left.
    """

    balance: float | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

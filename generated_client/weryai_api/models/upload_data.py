from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset


@_attrs_define
class UploadData(OpenModel):
    """Where the stored file lies.

    Attributes:
        object_url_list: The file's address as the only element.
    """

    object_url_list: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

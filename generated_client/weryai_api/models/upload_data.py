from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

T = TypeVar("T", bound="UploadData")


@_attrs_define
class UploadData(OpenModel):
    """Where the stored file lies.

    Attributes:
        object_url_list (list[str] | None | Unset): The file's address as the only element.
    """

    object_url_list: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        object_url_list: list[str] | None | Unset
        if isinstance(self.object_url_list, Unset):
            object_url_list = UNSET
        elif isinstance(self.object_url_list, list):
            object_url_list = self.object_url_list

        else:
            object_url_list = self.object_url_list

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        if object_url_list is not UNSET:
            field_dict["object_url_list"] = object_url_list

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_object_url_list(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                object_url_list_type_0 = cast(list[str], data)

                return object_url_list_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        object_url_list = _parse_object_url_list(d.pop("object_url_list", UNSET))

        upload_data = cls(
            object_url_list=object_url_list,
        )

        upload_data.additional_properties = d
        return upload_data

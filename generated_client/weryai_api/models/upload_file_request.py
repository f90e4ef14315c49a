from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define

from .. import types
from ..types import UNSET, File, Model, Unset

T = TypeVar("T", bound="UploadFileRequest")


@_attrs_define
class UploadFileRequest(Model):
    """The parts of the upload form.

    Attributes:
        file: The file. By the service's own messages a picture is jpg, jpeg, png or webp of less than 10 MB, and its
            content must fit the name's suffix.
        batch_no: A number that groups uploads for the rate limit. Official code sends a prefix and the time; others
            send none.
        fixed: Whether the stored file keeps a fixed name. As a form part it travels as the text "true" or "false".
    """

    file: File
    batch_no: str | Unset = UNSET
    fixed: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        file = self.file.to_tuple()

        batch_no = self.batch_no

        fixed = self.fixed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "file": file,
            }
        )
        if batch_no is not UNSET:
            field_dict["batch_no"] = batch_no
        if fixed is not UNSET:
            field_dict["fixed"] = fixed

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("file", self.file.to_tuple()))

        if not isinstance(self.batch_no, Unset):
            files.append(("batch_no", (None, str(self.batch_no).encode(), "text/plain")))

        if not isinstance(self.fixed, Unset):
            files.append(("fixed", (None, b"true" if self.fixed else b"false", "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file = File(payload=BytesIO(d.pop("file")))

        batch_no = d.pop("batch_no", UNSET)

        fixed = d.pop("fixed", UNSET)

        upload_file_request = cls(
            file=file,
            batch_no=batch_no,
            fixed=fixed,
        )

        return upload_file_request

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset

if TYPE_CHECKING:
    from ..models.submit_data import SubmitData


@_attrs_define
class SubmitReply(OpenModel):
    """The envelope around a submission's result.

    Attributes:
        status: Business status code. 0 is success on the page, 200 as well in official code; a third party met strings
            and none at all.
        desc: What the status means, as a short text.
        message: A message for people, in the language of the service's choice (Chinese was seen).
        msg: Where some replies put the message instead; official code prefers it to `message` and `desc`.
        success: Business success as a flag, in replies that third parties met; no official page shows it.
        data: The result. No source shows one in a refusal, where it is absent or null.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    data: None | SubmitData | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _kinds = {
        "data": ("SubmitData",),
    }

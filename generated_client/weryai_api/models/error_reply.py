from __future__ import annotations

from typing import Any

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, OpenModel, Unset


@_attrs_define
class ErrorReply(OpenModel):
    """A refusal. The message stands in `msg`, `message` or `desc`, in that order of preference. Two published tables give
    different meanings to the same `status`: `meaning` is the server enum's, `docs` the docs guide's. Live evidence
    favours the enum, but 1002 was met for a wrong parameter, a wrong key and moderated content alike. `again` is what
    each source says about trying again; "retryable" alone does not say that nothing was started. `also` is a second
    meaning. The texts of `x-messages` are the service's own words; `{}` stands for the value, a message of no field is
    about no field.

        Attributes:
            status: The code of the refusal, see `x-error-codes`.
            desc: A short text; which one is not documented.
            message: What is wrong, for people.
            msg: What is wrong, in other replies.
            success: False, in replies that third parties met.
    """

    status: int | None | str | Unset = UNSET
    desc: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    msg: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

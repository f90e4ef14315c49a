"""Why a run against the emulator leaves parts of the contract unexercised: a short list, kept by hand.

A part that is missing here fails the run, and so does a reason that no longer has anything to explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from weryai.contract._coverage import Item


@dataclass(frozen=True)
class Reason:
    """Why the items of one kind, with such an operation and such a name, are not exercised (regular expressions)."""

    kind: str
    operation: str
    what: str
    why: str

    def explains(self, item: Item) -> bool:
        """Whether an item is meant."""
        is_meant = re.fullmatch(self.operation, item.operation) and re.fullmatch(self.what, item.what)
        return item.kind == self.kind and is_meant is not None


_NO_FAULTS = "the emulator fails only when a scenario tells it to, and this run asks for none"
_BY_200 = "the emulator says it with HTTP 200, as the service is reported to"
_ONE_SPELLING = "the emulator speaks as the endpoint's page does; every other spelling is proved without a network"
_OTHER_PRODUCTS = "a field of products that the contract has no operation for"
_NO_FAILURES = "no task of the emulator fails unless a scenario says so"
_NOT_LISTED = "no source tells it of any model in the contract's copy of the registry"
_TEXT = "what stands in a path or a form is always text, and never empty in a path"

_STATUS = "get(Task|Batch)Status"

REASONS = [
    Reason("status", ".*", "429|500|504|default", _NO_FAULTS),
    Reason("answer field", ".*", "(429|500|504|default) .*", _NO_FAULTS),
    Reason("status", _STATUS, "404", _BY_200),
    Reason("answer field", _STATUS, "404 .*", _BY_200),
    Reason("keyword broken", _STATUS, "/(task|batch)Id (type|minLength)", _TEXT),
    Reason("keyword broken", "uploadFile", "/(file|batch_no|fixed) type", _TEXT),
    Reason("answer field", ".*", "[0-9]+ /(msg|success|desc|message)", _ONE_SPELLING),
    Reason("answer field", "submit.*", "200 /data/(task_id|task_status)", _ONE_SPELLING),
    Reason("answer field", "getBalance", "200 /data/balance", _ONE_SPELLING),
    Reason("answer field", "getTaskStatus", r"200 /data/\*/.*", _ONE_SPELLING),
    Reason("answer field", "getBatchStatus", r"200 /data/(?!\*).*", _ONE_SPELLING),
    Reason("answer field", _STATUS, r"200 /data/(\*/)?(output|task_result|video|video_url|videos/).*", _ONE_SPELLING),
    Reason("answer field", _STATUS, r"200 /data/(\*/)?msg", _NO_FAILURES),
    Reason("answer field", _STATUS, r"200 /data/(\*/)?(images|cover_url|content_status).*", _OTHER_PRODUCTS),
    Reason("answer field", "listVideoModels", "200 /data/.*", _NOT_LISTED),
]


def unexplained(items: Iterable[Item], reasons: Iterable[Reason] = tuple(REASONS)) -> list[str]:
    """Say which items have no reason, and which reasons have no item."""
    missing, known = list(items), list(reasons)
    bare = [item for item in missing if not any(reason.explains(item) for reason in known)]
    stale = [reason for reason in known if not any(map(reason.explains, missing))]
    return [
        *(f"{item.kind}: {item.operation} {item.what} is not exercised, and no reason says why" for item in bare),
        *(
            f"stale reason: {one.kind}: {one.operation} {one.what}: everything it explains is exercised"
            for one in stale
        ),
    ]


def reason_for(item: Item) -> str:
    """Why an item is not exercised; nothing if there is no reason."""
    return next((reason.why for reason in REASONS if reason.explains(item)), "")

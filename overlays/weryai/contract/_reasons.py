"""Why a run leaves parts of the contract unexercised: short lists, kept by hand.

Against the emulator a part that is missing here fails the run, and so does a reason that no longer explains anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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
    Reason("response field", ".*", "(429|500|504|default) .*", _NO_FAULTS),
    Reason("status", _STATUS, "404", _BY_200),
    Reason("response field", _STATUS, "404 .*", _BY_200),
    Reason("keyword broken", _STATUS, "/(task|batch)Id (type|minLength)", _TEXT),
    Reason("keyword broken", "uploadFile", "/(file|batch_no|fixed) type", _TEXT),
    Reason("response field", ".*", "[0-9]+ /(msg|success|desc|message)", _ONE_SPELLING),
    Reason("response field", "submit.*", "200 /data/(task_id|task_status)", _ONE_SPELLING),
    Reason("response field", "getBalance", "200 /data/balance", _ONE_SPELLING),
    Reason("response field", "getTaskStatus", r"200 /data/\*/.*", _ONE_SPELLING),
    Reason("response field", "getBatchStatus", r"200 /data/(?!\*).*", _ONE_SPELLING),
    Reason("response field", _STATUS, r"200 /data/(\*/)?(output|task_result|video|video_url|videos/).*", _ONE_SPELLING),
    Reason("response field", _STATUS, r"200 /data/(\*/)?msg", _NO_FAILURES),
    Reason("response field", _STATUS, r"200 /data/(\*/)?(images|cover_url|content_status).*", _OTHER_PRODUCTS),
    Reason("response field", "listVideoModels", "200 /data/.*", _NOT_LISTED),
]


_RARE = "a service refuses for its load, or fails, only when it does; no run makes it"
_ONE_EXAMPLE = "the live set sends the contract's first example of each operation, and nothing at its limits"
_NOTHING_WRONG = "the live set sends nothing that breaks the contract"
_NO_ORDER = "no order of the live set may be accepted: it is refused for its key, before anything else is looked at"
_NO_TASK = "the live set has no task of its own to look at"
_AS_IT_SHOULD = "the live set asks as the contract says, and for ids that nobody has"
_ORDERS = "submit.*|uploadFile"
# At any service: what no run can make it do.
ANYWHERE = [
    Reason("status", ".*", "429|500|504|default", _RARE),
    Reason("response field", ".*", "(429|500|504|default) .*", _RARE),
    Reason("keyword broken", _STATUS, "/(task|batch)Id (type|minLength)", _TEXT),
    Reason("keyword broken", "uploadFile", "/(file|batch_no|fixed) type", _TEXT),
]
# What the live set cannot reach without spending a credit.
LIVE = [
    *ANYWHERE,
    Reason("request field", _ORDERS, ".*", _ONE_EXAMPLE),
    Reason("keyword kept", ".*", ".*", _ONE_EXAMPLE),
    Reason("keyword broken", ".*", ".*", _NOTHING_WRONG),
    Reason("status", _ORDERS, "(?!40[13]).*", _NO_ORDER),
    Reason("response field", _ORDERS, "(?!40[13] ).*", _NO_ORDER),
    Reason("response field", _STATUS, "200 /data/.*", _NO_TASK),
    Reason("status", "(get|list).*", "400", _AS_IT_SHOULD),
    Reason("response field", "(get|list).*", "400 .*", _AS_IT_SHOULD),
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


def explaining(reasons: Iterable[Reason], only: frozenset[str] = frozenset()) -> Callable[[Item], str]:
    """Return what tells why an item is not exercised; it tells nothing if there is no reason."""
    known = list(reasons)

    def why(item: Item) -> str:
        if only and item.operation not in only:
            return "another operation was asked for with --only"
        return next((reason.why for reason in known if reason.explains(item)), "")

    return why

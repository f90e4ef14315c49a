"""How much of the contract a run has exercised, read from its exchanges; and why it leaves the rest out.

Against the emulator a part without a reason fails the run, and so does a reason that no longer explains anything.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from weryai.contract._reading import Operation, form_fields, operations, parts_of, resolve, validator
from weryai.contract._record import Exchange

KINDS = ("operation", "request field", "keyword kept", "keyword broken", "status", "response field")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_JUDGED = ("pattern", "format", "type", "enum")


@dataclass(frozen=True, order=True)
class Item:
    kind: str
    operation: str
    what: str


def exercised(exchanges: Iterable[Exchange]) -> Counter[Item]:
    seen: Counter[Item] = Counter()
    for exchange in exchanges:
        if exchange.operation is not None:
            seen.update(set(_of_exchange(exchange.operation, exchange)))
    return seen


def everything() -> list[Item]:
    return sorted({item for one in operations() for item in _of_operation(one)})


def _of_operation(one: Operation) -> Iterator[Item]:
    yield Item("operation", one.name, "")
    for place, schema, is_required in _inputs(one):
        yield Item("request field", one.name, place)
        for word in _keywords(schema, is_required=is_required):
            yield from (Item(kind, one.name, f"{place} {word}") for kind in ("keyword kept", "keyword broken"))
    if "requestBody" in one.spec:
        yield from (Item(kind, one.name, "/ additionalProperties") for kind in ("keyword kept", "keyword broken"))
    for status, answer in one.spec["responses"].items():
        yield Item("status", one.name, status)
        schema = resolve(answer)["content"]["application/json"]["schema"]
        yield from (Item("response field", one.name, f"{status} {place}") for place in fields_of(schema))


def _of_exchange(one: Operation, exchange: Exchange) -> Iterator[Item]:
    yield Item("operation", one.name, "")
    status = str(exchange.http_status)
    status = status if status in one.spec["responses"] else "default"
    yield Item("status", one.name, status)
    yield from (Item("response field", one.name, f"{status} {place}") for place in places_in(exchange.said))
    sent = _sent(one, exchange)
    if sent is None:
        return
    for place, schema, is_required in _inputs(one):
        name = place[1:]
        is_there = name in sent
        if is_there:
            yield Item("request field", one.name, place)
        for word in _keywords(schema, is_required=is_required):
            outcome = is_there if word == "required" else is_there and _outcome(schema, word, sent[name])
            if outcome is not None and (is_there or word == "required"):
                yield Item("keyword kept" if outcome else "keyword broken", one.name, f"{place} {word}")
    if "requestBody" in one.spec:
        known = {place[1:] for place, *_ in _inputs(one)}
        yield Item("keyword kept" if set(sent) <= known else "keyword broken", one.name, "/ additionalProperties")


def _inputs(one: Operation) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for parameter in map(resolve, one.spec.get("parameters", [])):
        yield f"/{parameter['name']}", parameter["schema"], False
    for described in one.spec.get("requestBody", {}).get("content", {}).values():
        schema = resolve(described["schema"])
        for name, field in schema["properties"].items():
            yield f"/{name}", field, name in schema.get("required", [])


def _keywords(schema: dict[str, Any], *, is_required: bool) -> Iterator[str]:
    """The constraints of an input and of an array's items; of an open list of words those of the last choice."""
    if is_required:
        yield "required"
    narrowed = schema["anyOf"][-1] if "anyOf" in schema else schema
    for word in (*_SIZES, *_JUDGED):
        if word in narrowed and narrowed.get(word) != "binary" and not (word == "format" and narrowed[word] == "int64"):
            yield word
    for word in (*_SIZES, *_JUDGED) if "items" in narrowed else ():
        if word in narrowed["items"]:
            yield f"items {word}"
    if "anyOf" in schema:
        yield "known words"


def _outcome(schema: dict[str, Any], word: str, value: Any) -> bool | None:
    """Whether a value keeps a constraint (a size: just so), breaks it, or says nothing about it."""
    if word == "known words":
        return value in resolve(schema["anyOf"][0])["enum"] if isinstance(value, str) else None
    narrowed = schema["anyOf"][-1] if "anyOf" in schema else schema
    if word.startswith("items "):
        if not isinstance(value, list) or not value:
            return None
        each = [_outcome(narrowed["items"], word.removeprefix("items "), item) for item in value]
        return None if None in each and False not in each else False not in each
    if word != "type" and not validator({"type": narrowed["type"]}).is_valid(value):
        return None
    is_kept = bool(validator({word: narrowed[word]}).is_valid(value))
    if not is_kept or word not in _SIZES:
        return is_kept
    size = len(value) if isinstance(value, list | str) else value
    return True if size == narrowed[word] else None


def _sent(one: Operation, exchange: Exchange) -> dict[str, Any] | None:
    """The inputs of a request; None if they cannot be read, so that they say nothing."""
    sent: dict[str, Any] = dict(exchange.path_parameters)
    if "requestBody" not in one.spec:
        return sent
    media_type = next(iter(one.spec["requestBody"]["content"]))
    if exchange.content_type.partition(";")[0] != media_type:
        return None
    try:
        if media_type == "application/json":
            body = json.loads(exchange.body)
        else:
            body = form_fields(exchange.content_type, exchange.body)
    except (ValueError, RecursionError):
        return None
    return {**sent, **body} if isinstance(body, dict) else None


def fields_of(schema: dict[str, Any], place: str = "", above: tuple[int, ...] = ()) -> Iterator[str]:
    """Every named place of a schema, as JSON pointers with `*` for the places of an array."""
    resolved = resolve(schema)
    if id(schema) in above:
        return
    above = (*above, id(schema))
    for option in resolved.get("anyOf", ()):
        yield from fields_of(option, place, above)
    for name, field in resolved.get("properties", {}).items():
        yield f"{place}/{name}"
        yield from fields_of(field, f"{place}/{name}", above)
    if "items" in resolved:
        yield from fields_of(resolved["items"], f"{place}/*", above)


def places_in(value: Any) -> set[str]:
    """Return every named place of a JSON value, in the same spelling."""
    return {place for place, _ in parts_of(value) if place and not place.endswith("/*")}


@dataclass(frozen=True)
class Reason:
    """Why items of a kind are not exercised; operation and what are regular expressions."""

    kind: str
    operation: str
    what: str
    why: str

    def explains(self, item: Item) -> bool:
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
    known = list(reasons)

    def why(item: Item) -> str:
        if only and item.operation not in only:
            return "another operation was asked for with --only"
        return next((reason.why for reason in known if reason.explains(item)), "")

    return why

"""How much of the contract a run has exercised, read from its exchanges: nothing counts that was not on the wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from weryai.contract._exchange import Exchange
from weryai.contract._judging import form_fields, json_of, validator
from weryai.contract._reading import Operation, operations, resolve

Kind = str
KINDS = ("operation", "request field", "keyword kept", "keyword broken", "status", "response field")
_SIZES = {"minLength": len, "maxLength": len, "minItems": len, "maxItems": len, "minimum": None, "maximum": None}
_JUDGED = ("pattern", "format", "type", "enum")


@dataclass(frozen=True, order=True)
class Item:
    """One thing of the contract that a suite can exercise."""

    kind: Kind
    operation: str
    what: str


def exercised(exchanges: Iterable[Exchange]) -> Counter[Item]:
    """Everything that some exchange has exercised, and by how many."""
    seen: Counter[Item] = Counter()
    for exchange in exchanges:
        if exchange.operation is not None:
            seen.update(set(_of_exchange(exchange.operation, exchange)))
    return seen


def everything() -> list[Item]:
    """Every item of the contract."""
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
    yield from (Item("response field", one.name, f"{status} {place}") for place in places_in(json_of(exchange.answer)))
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
    """Every input as place, schema and whether it is required: parameters of the path, fields of the body."""
    for parameter in map(resolve, one.spec.get("parameters", [])):
        yield f"/{parameter['name']}", parameter["schema"], False
    for described in one.spec.get("requestBody", {}).get("content", {}).values():
        schema = resolve(described["schema"])
        for name, field in schema["properties"].items():
            yield f"/{name}", field, name in schema.get("required", [])


def _keywords(schema: dict[str, Any], *, is_required: bool) -> Iterator[str]:
    """The constraints of an input; those of an array's items count as its own, of an open list of words its last."""
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
    limit = narrowed[word]
    if word in _SIZES:
        return _size_outcome(word, limit, value)
    if word != "type" and not validator({"type": narrowed["type"]}).is_valid(value):
        return None
    return bool(validator({word: limit}).is_valid(value))


def _size_outcome(word: str, limit: float, value: Any) -> bool | None:
    size: float
    if _SIZES[word]:
        if not isinstance(value, list if word.endswith("Items") else str):
            return None
        size = len(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size = value
    else:
        return None
    if size == limit:
        return True
    return False if (size < limit) == word.startswith("min") else None


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
    """Every place of a schema that has a name, as JSON pointers with `*` for the places of an array."""
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


def places_in(value: Any, place: str = "") -> Iterator[str]:
    """Every named place of a JSON value, in the same spelling."""
    for name, part in value.items() if isinstance(value, dict) else ():
        yield f"{place}/{name}"
        yield from places_in(part, f"{place}/{name}")
    for part in value if isinstance(value, list) else ():
        yield from places_in(part, f"{place}/*")

"""What a response holds that the shipped contract does not know: pure.

The contract's responses are open, so an unknown field is no mistake; but whoever keeps it wants to hear of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .._flow.effects import Reply
from .contract import contract, operation_named
from .envelope import SUCCESS_CODES, SUCCESS_WORDS, Envelope, read_envelope

DriftKind: TypeAlias = Literal["field", "word", "code", "http_status", "type"]

LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Drift:
    """Something in a response that the contract does not know.

    `kind` says what: a "field", a "word" of a list that may grow (task states), an error "code", an "http_status" or a
    JSON "type". `operation` is the contract's name of the call, `http_status` that of the response, `pointer` the JSON
    pointer to the place, with `*` for the places of an array. `value` is what stood there as JSON, shortened.
    """

    kind: DriftKind
    operation: str
    http_status: int
    pointer: str
    value: str

    def __str__(self) -> str:
        where = f"{self.operation}, HTTP {self.http_status}"
        if self.kind == "http_status":
            return f"{where}: the contract does not list this HTTP status"
        return f"{where}: unknown {self.kind} at {self.pointer or 'the root'}: {self.value}"

    @property
    def identity(self) -> tuple[str, ...]:
        """What two of the same kind have in common: all but the values of a place where any value may stand."""
        value = self.value if self.kind in ("word", "code") else ""
        return self.kind, self.operation, str(self.http_status), self.pointer, value


OnDrift: TypeAlias = Callable[[Drift], object] | Literal["log"]


def find_drifts(endpoint: str, reply: Reply) -> list[Drift]:
    """Compare a response with the contract; `endpoint` is the name of the operation's generated module."""
    operation = operation_named(endpoint)
    if operation is None:
        return []
    found = _compare(operation["operationId"], operation["responses"], reply)
    return list({drift.identity: drift for drift in found}.values())


def _compare(operation: str, responses: Mapping[str, Any], reply: Reply) -> Iterator[Drift]:
    status, envelope = reply.http_status, read_envelope(reply)

    def drift(kind: DriftKind, pointer: str, value: Any) -> Drift:
        return Drift(kind, operation, status, pointer, _sample(value))

    if str(status) not in responses:
        yield drift("http_status", "", status)
    # A success that the contract does not list is one like those that it lists.
    otherwise = responses["200" if envelope.is_success and 200 <= status < 300 else "default"]
    described = _resolve(responses.get(str(status)) or otherwise)
    if not isinstance(envelope.raw, dict):
        # A gateway's page is expected, and says nothing about the API.
        if status < 500:
            yield drift("type", "", envelope.raw)
        return
    if not _is_known_code(envelope):
        yield drift("code", "/status", envelope.raw.get("status"))
    schema = described["content"]["application/json"]["schema"]
    for kind, pointer, value in _walk(schema, envelope.raw, "", is_refusal=not envelope.is_success):
        yield drift(kind, pointer, value)


def _walk(
    schema: Mapping[str, Any], value: Any, pointer: str, *, is_refusal: bool
) -> Iterator[tuple[DriftKind, str, Any]]:
    options = _options(schema)
    if {} in options and is_refusal:
        return  # "Of another shape in refusals", says the contract of such a place.
    fitting = [option for option in options if option and _is_of_type(value, option)]
    if not fitting:
        yield "type", pointer, value
        return
    words = {word for option in options for word in option.get("enum", ())}
    if words and isinstance(value, str) and not _is_word(value, words):
        yield "word", pointer, value
    for name, part in value.items() if isinstance(value, dict) else ():
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in fitting[0].get("properties", {}):
            yield from _walk(fitting[0]["properties"][name], part, place, is_refusal=is_refusal)
        else:
            yield "field", place, part
    for part in value if isinstance(value, list) else ():
        yield from _walk(fitting[0].get("items", {}), part, f"{pointer}/*", is_refusal=is_refusal)


def _options(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The schemas that a value may follow, without references; an empty one stands for anything."""
    resolved = _resolve(schema)
    return [_resolve(option) for option in resolved["anyOf"]] if "anyOf" in resolved else [resolved]


def _resolve(node: Mapping[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = contract()
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return dict(node)


def _is_of_type(value: Any, schema: Mapping[str, Any]) -> bool:
    named = schema.get("type", [])
    return not named or not _types_of(value).isdisjoint([named] if isinstance(named, str) else named)


def _types_of(value: Any) -> frozenset[str]:
    """Every JSON type that a value is: 5.0 is an integer as well."""
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int() | float():
            return frozenset({"number", "integer"} if value == value // 1 else {"number"})
        case str():
            return frozenset({"string"})
        case list():
            return frozenset({"array"})
        case _:
            return frozenset({"object"})


def _is_word(value: str, words: set[str]) -> bool:
    return value.strip().lower() in {word.lower() for word in words}


def _is_known_code(envelope: Envelope) -> bool:
    if envelope.code is not None:
        listed = contract()["components"]["schemas"]["ErrorReply"]["x-error-codes"]
        # A body may repeat the HTTP status, which is looked at by itself.
        return envelope.code in (*SUCCESS_CODES, envelope.http_status, *(one["code"] for one in listed))
    word = envelope.fields.get("status")
    return not isinstance(word, str) or not word.strip() or word.strip().lower() in SUCCESS_WORDS


def _sample(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "nested too deep to be shown"
    text = " ".join(text.encode("utf-8", errors="replace").decode().split())
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."

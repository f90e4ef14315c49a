"""The contract's own limits, read from the contract itself, checked before anything is paid for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInputError
from .contract import request_schemas

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


def check_request(schema_name: str, body: Mapping[str, Any], later: tuple[str, ...] = ()) -> None:
    """Raise InvalidInputError naming every field of `body` that breaks the contract's schema of that name.

    The fields in `later` may still be missing.
    """
    schema = request_schemas()[schema_name]
    problems = [f"{name} is missing" for name in schema["required"] if name not in body and name not in later]
    for name, value in body.items():
        problems += [f"{name} {problem}" for problem in _problems(schema["properties"][name], value)]
    if problems:
        raise InvalidInputError(f"{'; '.join(problems)}. Nothing was sent; validate=False sends it all the same.")


def field_names(schema_name: str) -> frozenset[str]:
    """The fields that the contract knows for a request."""
    return frozenset(request_schemas()[schema_name]["properties"])


def field_problems(schema_name: str, field: str, value: object) -> list[str]:
    """What is wrong with a value of one field of a request."""
    return _problems(request_schemas()[schema_name]["properties"][field], value)


def _problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by the keywords that the contract's requests use."""
    if "$ref" in schema:
        return _problems(request_schemas()[schema["$ref"].rpartition("/")[2]], value)
    if "anyOf" in schema:
        each = [_problems(option, value) for option in schema["anyOf"]]
        return [] if [] in each else each[-1]
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"must be of type {kind}, not {type(value).__name__}"]
    if isinstance(value, str):
        return _text_problems(schema, value)
    if isinstance(value, list | tuple):
        return _list_problems(schema, value)
    return _number_problems(schema, value) if isinstance(value, int | float) else []


def _text_problems(schema: Mapping[str, Any], value: str) -> list[str]:
    problems = []
    if value != value.encode(errors="replace").decode():
        return ["holds a character that is no text (half of a surrogate pair)"]
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"must be one of {', '.join(schema['enum'])}")
    if len(value) < schema.get("minLength", 0):
        problems.append("must not be empty" if not value else f"must have at least {schema['minLength']} characters")
    if len(value) > schema.get("maxLength", len(value)):
        problems.append(f"has {len(value)} characters, at most {schema['maxLength']} are allowed")
    fits = "pattern" not in schema or re.search(schema["pattern"], value)
    if schema.get("format") != "uri":
        problems += [] if fits else [f"must match {schema['pattern']}"]
    elif not fits or not _URI.fullmatch(value):
        has_scheme = value.lower().startswith(("http://", "https://"))
        problems.append("is not a URL that can be fetched" if has_scheme else "must start with http:// or https://")
    return problems


def _list_problems(schema: Mapping[str, Any], value: list[Any] | tuple[Any, ...]) -> list[str]:
    problems = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        problems.append(f"has {len(value)} items, {schema.get('minItems', 0)} to {schema['maxItems']} are allowed")
    for item in value:
        problems += _problems(schema["items"], item)
    return problems


def _number_problems(schema: Mapping[str, Any], value: float) -> list[str]:
    least, most = schema.get("minimum", value), schema.get("maximum", value)
    if value < least:
        return [f"is {value}, at least {least} is allowed"]
    return [f"is {value}, at most {most} is allowed"] if value > most else []


_SIGN = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
# An absolute address with a host, by RFC 3986: only its signs, whole escapes, brackets around IPv6 alone.
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*://(?:(?:{_SIGN}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{_SIGN}+)(?::[0-9]{{0,5}})?"
    rf"(?:/(?:{_SIGN}|[:@/])*)?(?:\?(?:{_SIGN}|[:@/?])*)?(?:#(?:{_SIGN}|[:@/?])*)?"
)

"""The contract's own limits, read from the contract itself, checked before anything is paid for."""

from __future__ import annotations

import functools
import numbers
import operator
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, SupportsIndex

from ..errors import InvalidInputError
from .contract import request_schemas

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


# Models, ratios and the like: no prompt, and no URL with a secret in it.
SHORT = 30


def check_request(schema_name: str, body: Mapping[str, Any], later: tuple[str, ...] = ()) -> None:
    """Raise InvalidInputError naming every field of `body` that breaks the contract's schema of that name.

    The fields in `later` may still be missing.
    """
    check_body(request_schemas()[schema_name], body, later, schema_name)


def check_body(
    schema: Mapping[str, Any], body: Mapping[str, Any], later: tuple[str, ...] = (), schema_name: str = ""
) -> None:
    """Do the same by a schema of the contract; what an open schema does not name is not checked.

    With the name of the schema short values are checked once, for requests have the same again and again.
    """
    if "$ref" in schema:
        schema = request_schemas()[schema["$ref"].rpartition("/")[2]]
    fields, missing = schema.get("properties", {}), schema.get("required", [])
    problems = [f"{name} is missing" for name in missing if name not in body and name not in later]
    for name, value in body.items():
        if name in fields:
            is_short = schema_name and (type(value) is int or (type(value) is str and len(value) <= SHORT))
            found = _known_problems(schema_name, name, value) if is_short else _problems(fields[name], value)
            problems += [f"{name} {problem}" for problem in found]
        elif schema.get("additionalProperties") is False:
            problems.append(f"{name} is no field of this request")
    if problems:
        raise InvalidInputError(f"{'; '.join(problems)}; validate=False sends it all the same")


def plain(value: Any) -> Any:
    """A number, boolean or text of a library as Python's own: by the protocols of numbers, and numpy's scalars."""
    if value is None or type(value) in (str, int, float, bool, dict, list):
        return value
    if getattr(value, "ndim", None) == 0 and hasattr(value, "dtype") and callable(getattr(value, "item", None)):
        value = value.item()
    if isinstance(value, str | bool | float):
        return value
    return operator.index(value) if isinstance(value, numbers.Integral | SupportsIndex) else value


def plain_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose values are Python's own."""
    return {field: plain(value) for field, value in body.items()}


@functools.lru_cache(maxsize=512, typed=True)
def _known_problems(schema_name: str, name: str, value: str | int) -> tuple[str, ...]:
    return tuple(field_problems(schema_name, name, value))


def field_names(schema_name: str) -> frozenset[str]:
    """The fields that the contract knows for a request."""
    return frozenset(request_schemas()[schema_name]["properties"])


def field_problems(schema_name: str, field: str, value: object) -> list[str]:
    """What is wrong with a value of one field of a request."""
    return _problems(request_schemas()[schema_name]["properties"][field], value)


def _problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by the keywords that the contract's requests use."""
    kind_of, value = type(value).__name__, plain(value)
    if "$ref" in schema:
        return _problems(request_schemas()[schema["$ref"].rpartition("/")[2]], value)
    if options := schema.get("anyOf", schema.get("oneOf")):
        each = [_problems(option, value) for option in options]
        return [] if [] in each else each[-1]
    if "allOf" in schema:
        return [problem for part in schema["allOf"] for problem in _problems(part, value)]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is_of(kind, value) for kind in kinds):
        return [f"must be of type {' or '.join(kinds)}, not {kind_of}"]
    words = [schema["const"]] if "const" in schema else schema.get("enum")
    if words is not None and value not in words:
        return [f"must be one of {', '.join(map(str, words))}"]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, str):
        return _text_problems(schema, value)
    if isinstance(value, list | tuple):
        return _list_problems(schema, value)
    return _number_problems(schema, value) if isinstance(value, int | float) else []


def _is_of(kind: str, value: object) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _text_problems(schema: Mapping[str, Any], value: str) -> list[str]:
    problems = []
    if not value.isascii() and value != value.encode(errors="replace").decode():
        return ["holds a character that is no text (half of a surrogate pair)"]
    if "\0" in value:
        return ["holds a zero byte"]
    if len(value) < schema.get("minLength", 0):
        problems.append("must not be empty" if not value else f"must have at least {schema['minLength']} characters")
    elif schema.get("minLength", 0) and all(sign in _FILLERS or unicodedata.category(sign) in _BLANK for sign in value):
        problems.append("must not be blank")
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
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < least or (most is not None and len(value) > most):
        wanted = f"{least} to {most}" if most is not None else f"at least {least}"
        problems.append(f"has {len(value)} items, {wanted} are allowed")
    for item in value:
        problems += _problems(schema.get("items", {}), item)
    return problems


def _number_problems(schema: Mapping[str, Any], value: float) -> list[str]:
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and value <= above:
        return [f"is {value}, more than {above} is allowed"]
    if below is not None and value >= below:
        return [f"is {value}, less than {below} is allowed"]
    least, most = schema.get("minimum", value), schema.get("maximum", value)
    if value < least:
        return [f"is {value}, at least {least} is allowed"]
    return [f"is {value}, at most {most} is allowed"] if value > most else []


# Spaces, line ends, and what shows nothing: our caution, the page has none. The service may make a video of a blank.
_BLANK = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
# Letters and marks by their category that show nothing all the same: fillers of Hangul, vowels of Khmer, empty Braille,
# selectors of a variation.
_FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10))))
_SIGN = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
# An absolute address with a host, by RFC 3986: only its signs, whole escapes, brackets around IPv6 alone.
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*://(?:(?:{_SIGN}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{_SIGN}+)(?::[0-9]{{0,5}})?"
    rf"(?:/(?:{_SIGN}|[:@/])*)?(?:\?(?:{_SIGN}|[:@/?])*)?(?:#(?:{_SIGN}|[:@/?])*)?"
)

"""The contract as `weryai_api` ships it: what it says about an operation, and its limits, checked before paying."""

from __future__ import annotations

import functools
import json
import numbers
import operator
import os
import re
import unicodedata
from collections.abc import Mapping
from types import ModuleType
from typing import Any, SupportsIndex

import weryai_api

from ..errors import InvalidInputError

METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def contract() -> dict[str, Any]:
    """The whole contract, as `weryai_api` ships it."""
    # Through its loader, because a package need not lie in a folder; importlib.resources would load a dozen modules.
    loader: Any = weryai_api.__loader__
    place = os.path.join(os.path.dirname(weryai_api.__file__ or ""), "openapi.json")
    document: dict[str, Any] = json.loads(loader.get_data(place))
    return document


@functools.cache
def operation_named(name: str) -> dict[str, Any] | None:
    """What the contract says about the operation whose generated module has this name, its path's part included."""
    for path in contract()["paths"].values():
        for method, facts in path.items():
            if method in METHODS and _module_of(facts) == name:
                return {**path, **facts}
    return None


@functools.cache
def module_at(method: str, path: str) -> str:
    """The name of the generated module that makes this request, or nothing."""
    facts = contract()["paths"].get(path, {}).get(method.lower())
    return _module_of(facts) if facts else ""


def module_name(endpoint: ModuleType) -> str:
    """The name of a generated module, without its package."""
    return endpoint.__name__.rpartition(".")[2]


def key_here(schema: str, key: str) -> str | None:
    """The key that a product has in the operation of a request schema, if its key for images is another one."""
    keys: dict[str, str] = request_schemas().get(schema, {}).get("properties", {})["model"].get("x-other-keys", {})
    return keys.get(key)


@functools.cache
def defaults_of(request: str) -> Mapping[str, Any]:
    """What the service takes for the fields that a request such as "POST /v1/x" leaves out, as far as it says so."""
    method, _, path = request.partition(" ")
    facts = contract()["paths"].get(path, {}).get(method.lower(), {})
    content = facts.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    properties = request_schemas().get(name, {}).get("properties", {})
    return {field: facts["default"] for field, facts in properties.items() if "default" in facts}


def _module_of(facts: Mapping[str, Any]) -> str:
    return re.sub(r"(?=[A-Z])", "_", str(facts["operationId"])).lower()


@functools.cache
def request_schemas() -> dict[str, Any]:
    """Every schema of the contract by its name."""
    schemas: dict[str, Any] = contract()["components"]["schemas"]
    return schemas


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

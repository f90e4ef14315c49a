"""The keywords that say which values are allowed, one by one and in words."""

from __future__ import annotations

import json

from spec_diff.change import listed
from spec_diff.contract import Json, Node

LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} fields",
    "maxProperties": "at most {} fields",
    "pattern": "the pattern {}",
    "format": "the format {}",
    "const": "only {}",
}
FREE = {
    "minimum": "no lower limit",
    "exclusiveMinimum": "no lower limit",
    "multipleOf": "any number",
    "maximum": "no upper limit",
    "exclusiveMaximum": "no upper limit",
    "minLength": "no least length",
    "maxLength": "any length",
    "pattern": "any pattern",
    "format": "any format",
    "minItems": "no least number of items",
    "maxItems": "any number of items",
    "const": "other values too",
    "minProperties": "no least number of fields",
    "maxProperties": "any number of fields",
}
# Decided by meaning, without words of their own.
OTHERS = [
    *("not", "if", "then", "else", "contains", "minContains", "maxContains", "propertyNames", "patternProperties"),
    *("dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems", "prefixItems", "allOf"),
    *("uniqueItems", "contentEncoding", "contentMediaType", "contentSchema"),
]

KEYWORDS = ("type", "enum", *LIMITS, *OTHERS)
# A value of these formats is another Python type in the generated client.
TYPED_FORMATS = {"date", "date-time", "uuid", "binary"}


def local(schema: Node) -> Node:
    """Return what a schema says about the value itself."""
    return {key: schema[key] for key in KEYWORDS if key in schema}


def words(keyword: str, old: Node, new: Node) -> str:
    """Say how a keyword changed: what was, an arrow, and what is."""
    if keyword == "enum" and keyword in old and keyword in new:
        return _values(old[keyword], new[keyword])
    return f"{_state(keyword, old)} -> {_state(keyword, new)}"


def _values(old: list[Json], new: list[Json]) -> str:
    gone, added = [one for one in old if one not in new], [one for one in new if one not in old]
    texts = [f"no longer {listed(map(shown, gone))}"] if gone else []
    texts += [f"now also {listed(map(shown, added))}"] if added else []
    return "; ".join(texts) or "the same values in another order"


def _state(keyword: str, schema: Node) -> str:
    if keyword == "type":
        return type_of(schema)
    if keyword == "enum":
        return f"one of {listed(map(shown, schema['enum']))}" if keyword in schema else "any value"
    if keyword in LIMITS and keyword not in schema:
        return FREE[keyword]
    if keyword in LIMITS:
        return LIMITS[keyword].format(schema[keyword] if keyword in ("pattern", "format") else shown(schema[keyword]))
    return f"{keyword} {shown(schema[keyword])}" if keyword in schema else f"no {keyword}"


def type_of(schema: Node) -> str:
    """Name the type of a schema."""
    types = schema.get("type", "any type")
    return " or ".join(map(str, types)) if isinstance(types, list) else str(types)


def shown(value: Json) -> str:
    """Write a value on one line, shortened if it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."

"""Broken limits of the contract, told in the service's own words where they are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, cast

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

#: What the service says of a field that is missing or empty.
EMPTY = {
    "model": "model cannot be empty",
    "prompt": "prompt cannot be empty",
    "image": "image cannot be empty",
    "images": "images cannot be empty",
    "aspect_ratio": "aspect ratio cannot be empty",
    "resolution": "resolution cannot be empty",
    "duration": "duration should not be empty",
}
#: What it says of a value it does not take.
WRONG = {
    "model": "model not supported",
    "image": "image url error",
    "images": "image url error",
    "aspect_ratio": "aspect ratio {} is not supported",
    "resolution": "resolution {} is not supported",
    "duration": "duration {} is not supported",
    "video_number": "video number {} is not supported",
}
TOO_MANY = {"images": "images exceeds the limit"}

MOST_COMPLAINTS = 20
LONGEST_VALUE = 60
LONGEST_MESSAGE = 200


def complaints(validator: Draft202012Validator, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a request, each broken limit as a JSON pointer to the field and a sentence."""
    for error in islice(validator.iter_errors(value), MOST_COMPLAINTS):
        field = field_of(error)
        if field is None:
            yield pointer(error.instance_path), f"body: {shortened(error.message, LONGEST_MESSAGE)}"
        else:
            path = error.instance_path or [field]
            yield pointer(path), wording(field, error, (fields_of(value) or {}).get(field))


def pointer(path: Sequence[str | int]) -> str:
    """Return a path as a JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return a JSON object as such, None for any other JSON value."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def field_of(error: ValidationError) -> str | None:
    """Return the name of the field an error is about."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        return str(kind.property)
    if isinstance(kind, ValidationErrorKind.AdditionalProperties) and not error.instance_path:
        return min(kind.unexpected)
    return str(error.instance_path[0]) if error.instance_path else None


def wording(field: str, error: ValidationError, given: Any) -> str:
    """Return the sentence for one field."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return f"{shortened(field, LONGEST_VALUE)}: unknown field"
    if given is None or given == "" or given == []:
        return EMPTY.get(field, f"{field}: cannot be empty")
    if isinstance(kind, ValidationErrorKind.MaxItems) and field in TOO_MANY:
        return TOO_MANY[field]
    if isinstance(kind, ValidationErrorKind.MaxLength):
        return f"{field}: longer than {kind.limit} characters"
    if field in WRONG:
        return WRONG[field].format(shown(given))
    return f"{field}: {shortened(error.message, LONGEST_MESSAGE)}"


def shown(value: Any) -> str:
    """Return a value as it stands in a sentence."""
    text = value if isinstance(value, str) else json.dumps(value)
    return shortened(text, LONGEST_VALUE)


def shortened(text: str, length: int) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= length else text[: length - 3] + "..."

"""JSON pointers: where something stands in a document."""

from collections.abc import Iterator
from typing import Any

Steps = tuple[str | int, ...]
#: Words of OpenAPI and JSON Schema below which keys are names, so that a field may be called `enum` or `example`.
NAMES = frozenset(
    {
        *("properties", "patternProperties", "dependentSchemas", "$defs", "schemas", "responses", "parameters"),
        *("requestBodies", "headers", "securitySchemes", "links", "callbacks", "pathItems", "paths", "webhooks"),
        *("content", "encoding", "examples", "variables", "mapping"),
    }
)


def pointer(*steps: str | int) -> str:
    """Write steps as a JSON pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def at(document: Any, place: str) -> Any:
    """Return what stands at a JSON pointer, with or without the `#` of a reference before it."""
    for step in place.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def walk(part: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Yield every part of a document with its place, the whole first."""
    yield steps, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, value in inner:
        yield from walk(value, (*steps, step))


def words(place: Steps) -> Iterator[str]:
    """Yield the steps of a place that are words of the language, not names that somebody gave."""
    named = False
    for step in place:
        if not named and isinstance(step, str):
            yield step
        named = not named and step in NAMES

"""What people read and no code does: it may change freely, and is only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from spec_diff.change import Change, fine
from spec_diff.contract import Json, Node

PROSE = {
    "description": "description",
    "summary": "summary",
    "$comment": "comment",
    "externalDocs": "link",
    "example": "example",
    "examples": "example",
    "x-source": "source",
    "x-sources": "source",
    "x-differs": "source",
    "x-confidence": "source",
    "x-display-names": "note",
    "x-on-page": "note",
    "x-page-maximum": "note",
    "x-required-on-page": "note",
    "info": "detail of the document",
    "tags": "tag",
}
# What stands under these keys is called by names of the API's own: a field may be called "description".
NAMES = ("properties", "patternProperties", "schemas", "parameters", "responses", "headers", "links", "paths")
DATA = ("default", "enum", "const", "x-snapshot", "x-error-codes", "x-states", "x-limits")


def without_prose(node: Json, *, names: bool = False) -> Json:
    """Return the part of a piece of the contract that code may depend on."""
    if isinstance(node, list):
        return [without_prose(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    kept = {key: inner for key, inner in node.items() if names or key not in PROSE}
    return {
        key: inner if key in DATA and not names else without_prose(inner, names=key in NAMES and not names)
        for key, inner in kept.items()
    }


def prose_changes(old: Node, new: Node) -> Iterator[Change]:
    """Sum up in one line what was only reworded."""
    counted = Counter(_reworded(old, new, names=False))
    if counted:
        words = [f"{number} {word}{'s' if number > 1 else ''}" for word, number in sorted(counted.items())]
        yield fine(f"only reworded, nothing that code reads: {', '.join(words)}")


def _reworded(old: Json, new: Json, *, names: bool) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if key in PROSE and not names and not (key == "tags" and "operationId" in new):
                if old.get(key) != new.get(key):
                    yield PROSE[key]
            elif key in old and key in new and (names or key not in DATA):
                yield from _reworded(old[key], new[key], names=key in NAMES and not names)
    elif isinstance(old, list) and isinstance(new, list):
        for before, after in zip(old, new, strict=False):
            yield from _reworded(before, after, names=False)

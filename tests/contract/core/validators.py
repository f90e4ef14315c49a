"""The one place of the core where a schema judges a value."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from .document import Schema


class Validators:
    """Validators of the schemas of one document, each made once; formats are checked."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the document that references lead into."""
        self._parts = {name: document[name] for name in ("components", "$defs") if name in document}
        self._made: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def errors(self, schema: Schema, value: Any) -> list[Any]:
        """Return the errors of a value, none if it is sound."""
        key = json.dumps(schema, sort_keys=True, default=dict)
        if key not in self._made:
            whole = {"allOf": [schema], **self._parts} if isinstance(schema, bool) else {**schema, **self._parts}
            self._made[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return list(self._made[key].iter_errors(value))

    def lines(self, schema: Schema, value: Any) -> list[str]:
        """Return the errors in words: JSON pointer and message; of a failed choice, the branch that came closest."""
        return [line for error in self.errors(schema, value) for line in _lines(error)]


def _lines(error: Any) -> Iterator[str]:
    branches = [branch for branch in getattr(error.kind, "context", []) if branch]
    if branches:
        # The choice that was meant is the one that was read deepest.
        deepest = max(branches, key=lambda branch: max(len(one.instance_path) for one in branch))
        if any(one.instance_path for one in deepest):
            for one in deepest:
                yield from _lines(one)
            return
    yield f"{''.join(f'/{step}' for step in error.instance_path) or '/'}: {error.message}"

"""The one place where a schema judges a value; a second library can be asked as well, and then both must agree."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from contract.core.document import Schema

#: Makes of a schema a judge that says whether a value keeps it: a second library, by another author.
Second = Callable[[dict[str, Any]], Callable[[Any], bool]]


class Disagreement(Exception):
    """Two libraries judge one value differently: one of them is wrong, or the schema says something unclear."""


class Validators:
    """Validators of the schemas of one document, each made once; formats are checked."""

    second: Second | None = None

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the document that references lead into."""
        self._parts = {name: document[name] for name in ("components", "$defs") if name in document}
        self._made: dict[str, tuple[jsonschema_rs.Draft202012Validator, Callable[[Any], bool] | None]] = {}

    def errors(self, schema: Schema, value: Any) -> list[Any]:
        """Return the errors of a value, none if it is sound; raises Disagreement."""
        key = json.dumps([schema, Validators.second is None], sort_keys=True, default=dict)
        if key not in self._made:
            whole = {"allOf": [schema], **self._parts} if isinstance(schema, bool) else {**schema, **self._parts}
            second = Validators.second(whole) if Validators.second else None
            self._made[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True), second
        first, second = self._made[key]
        found = list(first.iter_errors(value))
        if second is not None and second(value) is not (not found):
            raise Disagreement(f"{'sound to one' if not found else found[0].message} and not to both: {value!r:.2000}")
        return found

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

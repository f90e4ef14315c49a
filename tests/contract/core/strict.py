"""The strict twin of an open contract: what a sound answer looks like, where the contract itself allows anything.

A client's contract is forgiving: `anyOf: [TaskData, {}]` says "a task, as far as known". But such a schema refuses
nothing, and generators make nothing of it. In the twin the `{}` is gone.
"""

from typing import Any

import jsonschema_rs


def strict(part: Any) -> Any:
    """Return a copy of a document, or of a part of one, in which no `anyOf` or `oneOf` has an alternative `{}`.

    Examples and default values are data and stay as they are. A choice of nothing but `{}` stays as well.
    """
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {}
    for name, value in part.items():
        if name in ("anyOf", "oneOf") and isinstance(value, list):
            made[name] = [strict(one) for one in value if one != {}] or value
        else:
            made[name] = value if name in ("example", "examples", "default", "const", "enum") else strict(value)
    return made


class Twins:
    """Judges values by a contract and by its strict twin."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Take an OpenAPI 3.1 document whose schemas stand in `components`."""
        self._components = (document["components"], strict(document["components"]))
        self._validators: dict[tuple[str, bool], jsonschema_rs.Draft202012Validator] = {}

    def failures(self, reference: str, value: Any) -> list[str]:
        """Return what the contract refuses, one line each: JSON pointer and message."""
        return self._problems(reference, value, twin=False)

    def drift(self, reference: str, value: Any) -> list[str]:
        """Return what the strict twin alone refuses: the service has changed, but broken nothing it promised."""
        return [] if self.failures(reference, value) else self._problems(reference, value, twin=True)

    def _problems(self, reference: str, value: Any, *, twin: bool) -> list[str]:
        key = (reference, twin)
        if key not in self._validators:
            whole = {"$ref": reference, "components": self._components[twin]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return [line for error in self._validators[key].iter_errors(value) for line in _lines(error)]


def _lines(error: Any) -> list[str]:
    """Return an error with its place; of a failed choice, the places inside the choice that came closest."""
    branches = [branch for branch in getattr(error.kind, "context", []) if branch]
    if branches:
        # The choice that was meant is the one that was read deepest.
        deepest = max(branches, key=lambda branch: max(len(one.instance_path) for one in branch))
        if any(one.instance_path for one in deepest):
            return [line for one in deepest for line in _lines(one)]
    pointer = "".join(f"/{step}" for step in error.instance_path) or "/"
    return [f"{pointer}: {error.message}"]

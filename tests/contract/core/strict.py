"""The strict twin of an open contract: what a sound answer looks like, where the contract itself allows anything.

A client's contract is forgiving: `anyOf: [Item, {}]` says "an item, as far as known". But such a schema refuses
nothing, and generators make nothing of it. In the twin the `{}` is gone.
"""

from typing import Any

from .document import Schema
from .pointers import NAMES
from .validators import Validators

_DATA = ("example", "examples", "default", "const", "enum")
_ANYTHING: tuple[Any, ...] = ({}, True)


def strict(part: Any, *, named: bool = False) -> Any:
    """Return a copy of a document, or of a part of one, in which no `anyOf` or `oneOf` has an alternative `{}`.

    Examples and default values are data and stay as they are; a field that is only called so is no data. A choice of
    nothing but `{}` stays as well. `named`: the part is a table whose keys are names, such as `properties`.
    """
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {}
    for name, value in part.items():
        if not named and name in ("anyOf", "oneOf") and isinstance(value, list):
            made[name] = [strict(one) for one in value if not any(one is it or one == it for it in _ANYTHING)] or value
        elif not named and name in _DATA:
            made[name] = value
        else:
            made[name] = strict(value, named=not named and name in NAMES)
    return made


class Twins:
    """Judges values by a contract and by its strict twin."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Take an OpenAPI 3.1 document."""
        self._open, self._strict = Validators(document), Validators(strict(document))

    def failures(self, schema: str | Schema, value: Any) -> list[str]:
        """Return what the contract refuses, one line each: JSON pointer and message."""
        return self._open.lines(_schema(schema), value)

    def drift(self, schema: str | Schema, value: Any) -> list[str]:
        """Return what the strict twin alone refuses: the service has changed, but broken nothing it promised."""
        return [] if self.failures(schema, value) else self._strict.lines(strict(_schema(schema)), value)


def _schema(named: str | Schema) -> Schema:
    """Return a schema; a text is a reference to one."""
    return {"$ref": named} if isinstance(named, str) else named

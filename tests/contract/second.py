"""A second validator, by other authors, that must agree with the first on all sides: `pytest --second-validator`.

The suite, the emulator and the client judge by one library. Where that library is wrong, all of them are, and agree.
"""

import importlib
from types import SimpleNamespace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import jsonschema_rs
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]

_First = jsonschema_rs.Draft202012Validator
_OPTIONS = {"validate_formats"}
#: Formats that both libraries know, and judge alike: the others are what one library says of them.
_FORMATS = jsonschema.FormatChecker(["date", "ipv4", "ipv6", "regex"])


class Disagreement(Exception):
    """Two libraries judge one value differently: one of them is wrong, or the schema says something unclear."""


class Both:
    """Judges by both libraries; in all else it is the first."""

    judged = 0

    def __init__(self, schema: Any, **options: Any) -> None:
        """Take a schema; with options that the second does not know, the first judges alone."""
        self._first = _First(schema, **options)
        self._second: Any = None
        if set(options) <= _OPTIONS:
            checker = _FORMATS if options.get("validate_formats") else None
            self._second = jsonschema.Draft202012Validator(schema, format_checker=checker)

    def iter_errors(self, value: Any) -> list[Any]:
        """Return the first library's errors; raise Disagreement."""
        found = list(self._first.iter_errors(value))
        # What a format alone refuses is said by one library: the formats of the other are fewer.
        if not (found and all("format" in f"{one.schema_path}" for one in found)):
            self._agree(value, sound=not found)
        return found

    def is_valid(self, value: Any) -> bool:
        """Whether a value keeps the schema; raise Disagreement."""
        return not self.iter_errors(value)

    def validate(self, value: Any) -> None:
        """Raise the first library's error for a value that breaks the schema, or Disagreement."""
        self.iter_errors(value)
        self._first.validate(value)

    def _agree(self, value: Any, *, sound: bool) -> None:
        if self._second is None:
            return
        Both.judged += 1
        if self._second.is_valid(value) is not sound:
            verdicts = ("sound", "broken") if sound else ("broken", "sound")
            raise Disagreement(f"{verdicts[0]} to jsonschema_rs, {verdicts[1]} to jsonschema: {value!r:.2000}")

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked for is the first's."""
        return getattr(self._first, name)


def install() -> None:
    """Let the suite's oracle and twins, the emulator and `weryai contract` judge by both from now on."""
    both = SimpleNamespace(Draft202012Validator=Both)
    for name in ("contract.core.validators", "weryai.contract._reading"):
        vars(importlib.import_module(name))["jsonschema_rs"] = both
    vars(importlib.import_module("weryai.emulator._protocol"))["Draft202012Validator"] = Both


def is_schema(schema: Any) -> bool:
    """Whether the second library takes a schema at all."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except SchemaError:
        return False
    return True

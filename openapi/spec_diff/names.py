"""Names that become Python names of the generated client: whoever imports one is broken when it vanishes."""

from __future__ import annotations

from collections.abc import Iterator

from openapi_python_client.parser.properties.enum_property import EnumProperty
from openapi_python_client.parser.properties.schemas import Class
from openapi_python_client.strings import ClassName, PythonIdentifier

from spec_diff.change import Change, breaks, fine
from spec_diff.contract import Contract, Node
from spec_diff.keywords import shown

PACKAGE = "weryai_api.models"
# Before a name that would not be one in Python; the generator's default.
PREFIX = "field_"


def name_changes(old: Contract, new: Contract) -> Iterator[tuple[tuple[str, ...], Change]]:
    """Every class and enum member that came or went, with the operations that use it."""
    before, after = _classes(old), _classes(new)
    for name in {**before, **after}:
        if name not in after:
            yield old.users(before[name][0]), breaks(f"class {name} is gone from {PACKAGE}")
        elif name not in before:
            yield new.users(after[name][0]), fine(f"class {name} is new in {PACKAGE}")
        else:
            users = new.users(after[name][0])
            yield from ((users, change) for change in _members(name, before[name][1], after[name][1]))


def _classes(contract: Contract) -> dict[str, tuple[str, Node]]:
    """The schemas that become classes, by the name of the class."""
    direct = {name: contract.direct(schema) for name, schema in contract.schemas.items()}
    return {
        ClassName(str(schema.get("title") or name), PREFIX): (name, schema)
        for name, schema in direct.items()
        if "enum" in schema or "properties" in schema or schema.get("type") == "object"
    }


def _members(name: str, old: Node, new: Node) -> Iterator[Change]:
    before, after = _named_values(old), _named_values(new)
    for member in {**before, **after}:
        if member not in after:
            yield breaks(f"{name}.{member} is gone, which was {before[member]}")
        elif member not in before:
            yield fine(f"{name}.{member} is new: {after[member]}")
        elif before[member] != after[member]:
            yield breaks(f"{name}.{member} is another value: {before[member]} -> {after[member]}")


def _named_values(schema: Node) -> dict[str, str]:
    """Name the members as the generator does, by its own rule."""
    values: list[str] = [value for value in schema.get("enum", []) if value is not None]
    nobody = Class(name=ClassName("Enum", PREFIX), module_name=PythonIdentifier("enum", PREFIX))
    try:
        named = EnumProperty.values_from_list(values, nobody, schema.get("x-enum-varnames", []))
    except (ValueError, TypeError):
        # Two members of one name; the generator will refuse it, and values are what is left to compare.
        return {str(value): shown(value) for value in values}
    return {member: shown(value) for member, value in named.items()}

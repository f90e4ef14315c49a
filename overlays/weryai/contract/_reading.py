"""The contract as the suite reads it: the document inside `weryai_api`, its operations, and its references."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

CONTRACT: dict[str, Any] = json.loads((files("weryai_api") / "openapi.json").read_text("utf-8"))
VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        """The operationId."""
        return str(self.spec["operationId"])

    @property
    def module(self) -> str:
        """The name of its generated endpoint module."""
        return f"weryai_api.api.{self.spec['tags'][0]}.{snake_case(self.name)}"


def snake_case(name: str) -> str:
    """Write an operationId as a module name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def resolve(spec: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference inside the contract."""
    if "$ref" not in spec:
        return spec
    found: Any = CONTRACT
    for part in spec["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def operations() -> list[Operation]:
    """Every operation under `paths`, in the contract's order."""
    return [
        Operation(verb, path, item[verb]) for path, item in CONTRACT["paths"].items() for verb in VERBS if verb in item
    ]


def operation(name: str) -> Operation:
    """Return the operation with this operationId."""
    return next(one for one in operations() if one.name == name)


def described(one: Operation, http_status: int) -> dict[str, Any]:
    """Return what the contract says of an answer; a success that it does not list is one like the listed ones."""
    responses = one.spec["responses"]
    listed = responses.get(str(http_status)) or (responses["200"] if 200 <= http_status < 300 else responses["default"])
    return resolve(listed)

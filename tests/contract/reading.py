"""The contract as the tests read it: its operations, responses, examples and schemas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contract.core import Document, Operation, Twins, strict

ROOT = Path(__file__).parents[2]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONTRACT: dict[str, Any] = yaml.load((ROOT / "openapi" / "weryai.yaml").read_text("utf-8"), Loader=_LOADER)
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
# The same without "or anything": what sound answers are made from and judged by.
STRICT: dict[str, Any] = strict(CONTRACT)
TWINS = Twins(CONTRACT)
DOCUMENT = Document(CONTRACT)


@dataclass(frozen=True)
class Example:
    """One named example of a request or a response, with the schema it stands for."""

    label: str
    schema: str
    media_type: str
    value: Any

    @property
    def model(self) -> str:
        """The name of the generated model."""
        return self.schema.rpartition("/")[2]


def snake_case(name: str) -> str:
    """Write an operationId as a module name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def module_name(one: Operation) -> str:
    """Return the name of the generated endpoint module of an operation."""
    return f"weryai_api.api.{one.spec['tags'][0]}.{snake_case(one.name)}"


def resolve(spec: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference inside the contract."""
    return dict(DOCUMENT.resolve(spec))


def operations() -> list[Operation]:
    """Every operation under `paths`, in the contract's order."""
    return list(DOCUMENT.operations)


def operation(name: str) -> Operation:
    """The operation with this operationId."""
    return DOCUMENT.operation(name)


def request_examples() -> list[Example]:
    """Every request example of every operation, and of the webhooks."""
    hooks = [Operation("post", name, item["post"]) for name, item in CONTRACT["webhooks"].items()]
    bodies = [(one.name, one.spec["requestBody"]) for one in [*operations(), *hooks] if "requestBody" in one.spec]
    return [example for name, body in bodies for example in _examples(name, resolve(body))]


def response_examples() -> list[Example]:
    """Every example of every response of every operation."""
    return [
        example
        for one in operations()
        for status, response in one.spec["responses"].items()
        for example in _examples(f"{one.name} {status}", resolve(response))
    ]


def _examples(label: str, holder: dict[str, Any]) -> Iterator[Example]:
    for media_type, content in holder.get("content", {}).items():
        for name, example in content.get("examples", {}).items():
            yield Example(f"{label} {name}", content["schema"]["$ref"], media_type, resolve(example)["value"])

"""The contract as the emulator reads it: which operations there are, what each accepts and what each answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema_rs import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")

Json = Mapping[str, Any]


class ContractMissingError(RuntimeError):
    """The contract's JSON form is not installed."""


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation accepts as its body."""

    media_type: str
    required: bool
    properties: Json
    validator: Draft202012Validator
    examples: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query."""

    name: str
    place: str
    required: bool
    numeric: bool
    validator: Draft202012Validator


@dataclass(frozen=True, slots=True)
class Answer:
    """The first example of an operation's success."""

    status: int
    media_type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract; `kind` is its first tag, under which the registry lists its models."""

    name: str
    method: str
    path: str
    needs_key: bool
    paid: bool
    kind: str
    body: Body | None
    parameters: tuple[Parameter, ...]
    answer: Answer | None


def contract_path() -> Path:
    """Return where the contract lies, without running the package it lies in."""
    spec = find_spec("weryai_api")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "openapi.json"
        if path.is_file():
            return path
    raise ContractMissingError("weryai_api/openapi.json is missing: weryai is not installed completely")


@cache
def load_contract(path: Path) -> Json:
    """Read the contract."""
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return document


@cache
def load_operations(path: Path) -> tuple[Operation, ...]:
    """Read every operation of the contract, with its validators made."""
    return operations_of(load_contract(path))


def operations_of(contract: Json) -> tuple[Operation, ...]:
    """Return every operation of an OpenAPI 3.1 document."""
    return tuple(
        read_operation(contract, path, method, item)
        for path, item in contract["paths"].items()
        for method in METHODS
        if method in item
    )


def read_operation(contract: Json, path: str, method: str, item: Json) -> Operation:
    """Return one operation of a path item."""
    operation: Json = item[method]
    security = operation.get("security", contract.get("security", []))
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path_prefix(contract, item, operation) + path,
        needs_key=bool(security) and {} not in security,
        paid=bool(operation.get("x-paid")),
        kind=next(iter(operation.get("tags", [])), ""),
        body=read_body(contract, operation),
        parameters=tuple(read_parameters(contract, parameters)),
        answer=read_answer(contract, operation),
    )


def path_prefix(contract: Json, item: Json, operation: Json) -> str:
    """Return the path of the operation's server; its host is played by the emulator whatever it is."""
    servers = operation.get("servers") or item.get("servers") or contract.get("servers") or [{"url": ""}]
    return urlsplit(str(servers[0]["url"])).path.rstrip("/")


def read_body(contract: Json, operation: Json) -> Body | None:
    """Return the first media type of the request body, with its validator."""
    request_body = resolve(contract, operation.get("requestBody"))
    if request_body is None:
        return None
    media_type, content = next(iter(request_body["content"].items()))
    schema = content.get("schema", {})
    return Body(
        media_type=media_type,
        required=request_body.get("required", False),
        properties=(resolve(contract, schema) or {}).get("properties", {}),
        validator=validator_for(contract, schema),
        examples=tuple(examples_of(contract, content)),
    )


def read_parameters(contract: Json, entries: list[Json]) -> Iterator[Parameter]:
    """Yield the parameters that the path and the query carry."""
    for entry in entries:
        parameter = resolve(contract, entry) or {}
        if parameter["in"] not in ("path", "query"):
            continue
        schema = resolve(contract, parameter.get("schema", {})) or {}
        yield Parameter(
            name=parameter["name"],
            place=parameter["in"],
            required=parameter.get("required", False),
            numeric=schema.get("type") in ("integer", "number"),
            validator=validator_for(contract, parameter.get("schema", {})),
        )


def _plain(entry: Json) -> Json:
    """Return an entry without what the contract says about it."""
    return {name: value for name, value in entry.items() if not name.startswith("x-")}


def read_answer(contract: Json, operation: Json) -> Answer | None:
    """Return the contract's snapshot of live data, else the first example of the first 2xx response, else None."""
    if "x-snapshot" in operation:
        kinds = {kind: entries for kind, entries in operation["x-snapshot"].items() if isinstance(entries, list)}
        data = {kind: [_plain(entry) for entry in entries] for kind, entries in kinds.items()}
        return Answer(200, "application/json", {"status": 200, "data": data})
    for status, entry in operation["responses"].items():
        if not str(status).startswith("2"):
            continue
        contents: Json = (resolve(contract, entry) or {}).get("content") or {}
        for media_type, content in contents.items():
            for value in examples_of(contract, content):
                return Answer(200 if status == "2XX" else int(status), media_type, value)
    return None


def examples_of(contract: Json, content: Json) -> Iterator[Any]:
    """Yield the examples of a media type, in the order of the contract."""
    if "example" in content:
        yield content["example"]
    for entry in content.get("examples", {}).values():
        example = resolve(contract, entry) or {}
        if "value" in example:
            yield example["value"]


def resolve(contract: Json, node: Json | None) -> Json | None:
    """Follow references within the contract."""
    while node is not None and "$ref" in node:
        target: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def validator_for(contract: Json, schema: Json) -> Draft202012Validator:
    """Return a validator that checks formats too: what is no URI is refused where one is asked."""
    whole = {"allOf": [schema], "components": contract.get("components", {})}
    return Draft202012Validator(whole, validate_formats=True)

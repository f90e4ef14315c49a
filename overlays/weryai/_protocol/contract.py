"""The contract as `weryai_api` ships it, and what it says about an operation."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import weryai_api

METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def contract() -> dict[str, Any]:
    """The whole contract, as `weryai_api` ships it."""
    # Through its loader, because a package need not lie in a folder; importlib.resources would load a dozen modules.
    loader: Any = weryai_api.__loader__
    place = os.path.join(os.path.dirname(weryai_api.__file__ or ""), "openapi.json")
    document: dict[str, Any] = json.loads(loader.get_data(place))
    return document


@functools.cache
def operation_named(name: str) -> dict[str, Any] | None:
    """What the contract says about the operation whose generated module has this name, its path's part included."""
    for path in contract()["paths"].values():
        for method, facts in path.items():
            if method in METHODS and _module_of(facts) == name:
                return {**path, **facts}
    return None


@functools.cache
def module_at(method: str, path: str) -> str:
    """The name of the generated module that makes this request, or nothing."""
    facts = contract()["paths"].get(path, {}).get(method.lower())
    return _module_of(facts) if facts else ""


def module_name(endpoint: ModuleType) -> str:
    """The name of a generated module, without its package."""
    return endpoint.__name__.rpartition(".")[2]


def key_here(schema: str, key: str) -> str | None:
    """The key that a product has in the operation of a request schema, if its key for images is another one."""
    keys: dict[str, str] = request_schemas().get(schema, {}).get("properties", {})["model"].get("x-other-keys", {})
    return keys.get(key)


@functools.cache
def defaults_of(request: str) -> Mapping[str, Any]:
    """What the service takes for the fields that a request such as "POST /v1/x" leaves out, as far as it says so."""
    method, _, path = request.partition(" ")
    facts = contract()["paths"].get(path, {}).get(method.lower(), {})
    content = facts.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    properties = request_schemas().get(name, {}).get("properties", {})
    return {field: facts["default"] for field, facts in properties.items() if "default" in facts}


def _module_of(facts: Mapping[str, Any]) -> str:
    return re.sub(r"(?=[A-Z])", "_", str(facts["operationId"])).lower()


@functools.cache
def request_schemas() -> dict[str, Any]:
    """Every schema of the contract by its name."""
    schemas: dict[str, Any] = contract()["components"]["schemas"]
    return schemas

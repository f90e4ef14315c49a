"""One version of the contract, with its references followed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = Any
Node: TypeAlias = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
NAMED_SCHEMA = "#/components/schemas/"


class ContractError(Exception):
    """This is no contract that can be compared; the message says why."""


@dataclass(frozen=True)
class Operation:
    """A call that we make, or one that the service makes to us: a webhook."""

    path: str
    method: str
    node: Node
    item: Node
    webhook: bool = False

    @property
    def identifier(self) -> str:
        """The operationId, or method and path where there is none."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.path}")

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return f"{self.identifier} (webhook)" if self.webhook else self.identifier


class Contract:
    """The document, and what its parts mean once everything inherited is put in place."""

    def __init__(self, document: Json) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("paths", {}), dict):
            raise ContractError("it is no OpenAPI document")
        self.document: Node = document
        self.components: Node = document.get("components") or {}
        self.schemas: Node = self.components.get("schemas") or {}

    def operations(self) -> list[Operation]:
        """Every operation, then every webhook."""
        return [*self._operations_of("paths", webhook=False), *self._operations_of("webhooks", webhook=True)]

    def _operations_of(self, section: str, *, webhook: bool) -> Iterator[Operation]:
        for path, item in (self.document.get(section) or {}).items():
            direct = self.direct(item)
            for method in METHODS:
                if method in direct:
                    yield Operation(path, method, direct[method], direct, webhook)

    def direct(self, node: Json) -> Node:
        """Return an object, behind its references if it is one; what stands beside a reference is added."""
        return self.named(node)[1]

    def named(self, node: Json) -> tuple[str, Node]:
        """Return the name of the schema that is referred to, if any, and the object itself."""
        name = ""
        if isinstance(node, bool):
            return name, {} if node else {"not": {}}
        followed: set[str] = set()
        while isinstance(node, dict) and "$ref" in node:
            reference = node["$ref"]
            if reference in followed:
                raise ContractError(f"{reference} refers to itself")
            followed.add(reference)
            if not name and reference.startswith(NAMED_SCHEMA):
                name = reference.removeprefix(NAMED_SCHEMA)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**self._target(reference), **beside}
        if not isinstance(node, dict):
            raise ContractError(f"an object was expected where {str(node)[:60]!r} stands")
        return name, node

    def _target(self, reference: str) -> Node:
        target: Json = self.document
        try:
            if not reference.startswith("#/"):
                raise KeyError(reference)
            for part in reference.removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError, AttributeError):
            raise ContractError(f"{reference} points at nothing in it") from None
        if not isinstance(target, dict):
            raise ContractError(f"{reference} points at no object")
        return target

    def expanded(self, node: Json, above: frozenset[str] = frozenset()) -> Json:
        """Return a piece with everything in it that it refers to; what refers to itself stays a reference."""
        if isinstance(node, list):
            return [self.expanded(inner, above) for inner in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in above:
            beside: Node = {key: value for key, value in node.items() if key != "$ref"}
            return self.expanded({**self._target(reference), **beside}, above | {reference})
        return {key: self.expanded(inner, above) for key, inner in node.items()}

    def parameters(self, operation: Operation) -> dict[tuple[str, str], Node]:
        """Every parameter by where it stands and its name, those of the path included."""
        listed = [*operation.item.get("parameters", []), *operation.node.get("parameters", [])]
        found = [self.direct(parameter) for parameter in listed]
        return {(str(one.get("in")), str(one.get("name"))): one for one in found}

    def servers(self, operation: Operation) -> list[str]:
        """The addresses at which it is served, the one that is used unless told otherwise first."""
        places = (operation.node, operation.item, self.document)
        servers = next((one["servers"] for one in places if one.get("servers")), [{"url": "/"}])
        return [str(server.get("url")) for server in servers]

    def security(self, operation: Operation) -> list[frozenset[str]]:
        """The ways to be let in, each as the set of what it needs; an empty set needs nothing."""
        listed = operation.node.get("security", self.document.get("security", []))
        return [frozenset(self._scheme(*one) for one in way.items()) for way in listed or [{}]]

    def _scheme(self, name: str, scopes: list[str]) -> str:
        scheme = (self.components.get("securitySchemes") or {}).get(name)
        facts: Node = self.direct(scheme) if scheme is not None else {"type": f"the undefined scheme {name}"}
        words = [str(facts[key]) for key in ("type", "scheme", "in", "name", "openIdConnectUrl") if key in facts]
        for flow, details in (facts.get("flows") or {}).items():
            told = [f"{key} {details[key]}" for key in ("authorizationUrl", "tokenUrl", "refreshUrl") if key in details]
            words.append(" ".join([flow, *told]))
        return " ".join([*words, *(f"with scope {scope}" for scope in scopes)])

    def users(self, name: str) -> tuple[str, ...]:
        """The labels of the operations that a named schema reaches."""
        return tuple(label for label, names in self._reach if NAMED_SCHEMA + name in names)

    @functools.cached_property
    def _reach(self) -> list[tuple[str, set[str]]]:
        """What each operation refers to, itself and through others."""
        return [
            (one.label, self._reached({"operation": one.node, "item": one.item.get("parameters")}, set()))
            for one in self.operations()
        ]

    def _reached(self, node: Json, seen: set[str]) -> set[str]:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                self._reached(self._target(reference), seen)
            for inner in node.values():
                self._reached(inner, seen)
        elif isinstance(node, list):
            for inner in node:
                self._reached(inner, seen)
        return seen

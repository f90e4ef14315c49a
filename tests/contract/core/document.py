"""An OpenAPI 3.1 document as a suite reads it: operations, with everything about them resolved."""

import fnmatch
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .pointers import at

VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
Schema = Mapping[str, Any] | bool


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        """The operationId; method and path if it has none."""
        return str(self.spec.get("operationId") or f"{self.method.upper()} {self.path}")


@dataclass(frozen=True)
class Parameter:
    """One parameter: `where` is path, query, header or cookie."""

    name: str
    where: str
    required: bool
    schema: Schema
    style: str
    explode: bool
    media_type: str | None = None


class Document:
    """Reads a document; references inside it are followed, wherever they stand."""

    def __init__(self, raw: dict[str, Any]) -> None:
        """Take the document as a dictionary."""
        self.raw = raw
        self.operations = tuple(
            Operation(verb, path, item[verb])
            for path, named in raw.get("paths", {}).items()
            for item in (self.resolve(named),)
            for verb in VERBS
            if verb in item
        )

    def resolve(self, part: Any) -> Any:
        """Follow references until something else stands there."""
        while isinstance(part, dict) and "$ref" in part:
            part = at(self.raw, part["$ref"])
        return part

    def operation(self, name: str) -> Operation:
        """Return the operation with this name; raises KeyError."""
        return {one.name: one for one in self.operations}[name]

    def parameters(self, one: Operation) -> list[Parameter]:
        """Return the parameters of an operation; its own ones replace those of its path."""
        item = self.resolve(self.raw["paths"][one.path])
        named = [*map(self.resolve, item.get("parameters", ())), *map(self.resolve, one.spec.get("parameters", ()))]
        return list({(it["name"], it["in"]): _parameter(it) for it in named}.values())

    def bodies(self, one: Operation) -> dict[str, Schema]:
        """Return the schema of each media type that a request may have; none if it has no body."""
        return _schemas(self.resolve(one.spec.get("requestBody", {})))

    def needs_body(self, one: Operation) -> bool:
        """Whether a request without a body is wrong."""
        return bool(self.resolve(one.spec.get("requestBody", {})).get("required"))

    def answers(self, one: Operation) -> dict[str, dict[str, Schema]]:
        """Return by status, as it is written, the schema of each media type; none for an answer without a body."""
        return {str(code): _schemas(self.resolve(it)) for code, it in one.spec.get("responses", {}).items()}

    def answer(self, one: Operation, status: int) -> dict[str, Schema] | None:
        """Return what is documented for a status: itself, its hundred (`4XX`), or `default`; else None."""
        documented = self.answers(one)
        names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
        return next((documented[name] for name in names if name in documented), None)

    def server(self, one: Operation) -> str:
        """Return the first server's URL without a slash at its end; variables have their defaults."""
        item = self.resolve(self.raw["paths"][one.path])
        servers = one.spec.get("servers") or item.get("servers") or self.raw.get("servers") or [{"url": ""}]
        variables = servers[0].get("variables", {})
        url = re.sub(r"{(\w+)}", lambda found: str(variables[found[1]]["default"]), servers[0]["url"])
        return url.rstrip("/")

    def match(self, method: str, raw_path: str) -> tuple[Operation | None, dict[str, str]]:
        """Return the operation of a method and a path as sent, below any server's path, with its raw parameters.

        A path that is written out comes before one with parameters, as OpenAPI has it.
        """
        for one, names, template in self._templates:
            found = template.fullmatch(raw_path) if one.method == method.lower() else None
            if found:
                return one, dict(zip(names, found.groups(), strict=True))
        return None, {}

    @functools.cached_property
    def _templates(self) -> list[tuple[Operation, list[str], re.Pattern[str]]]:
        made = []
        for one in sorted(self.operations, key=lambda it: it.path.count("{")):
            base = re.sub(r"^[a-z]+://[^/]*", "", self.server(one))
            written, names = re.split(r"{.+?}", one.path), re.findall(r"{(.+?)}", one.path)
            made.append((one, names, re.compile(re.escape(base) + "([^/]+)".join(map(re.escape, written)))))
        return made


def media(described: Mapping[str, Schema], media_type: str) -> Schema | None:
    """Return the schema of a media type; ranges such as `image/*` fit, and an exact name comes first."""
    sent = media_type.partition(";")[0].strip().lower()
    if sent in described:
        return described[sent]
    return next((schema for name, schema in described.items() if fnmatch.fnmatchcase(sent, name.lower())), None)


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    sent = media_type.partition(";")[0].strip().lower()
    return sent == "application/json" or sent.endswith("+json")


def _schemas(holder: dict[str, Any]) -> dict[str, Schema]:
    return {name.lower(): it.get("schema", {}) for name, it in holder.get("content", {}).items()}


def _parameter(spec: dict[str, Any]) -> Parameter:
    where = spec["in"]
    style = spec.get("style", "form" if where in ("query", "cookie") else "simple")
    content = next(iter(spec.get("content", {}).items()), None)
    schema = content[1].get("schema", {}) if content else spec.get("schema", {})
    explode = bool(spec.get("explode", style == "form"))
    required = bool(spec.get("required", False)) or where == "path"
    return Parameter(spec["name"], where, required, schema, style, explode, content[0] if content else None)

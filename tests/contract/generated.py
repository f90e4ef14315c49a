"""Rules that hold each generated module against the contract, field by field, with a few typed-out values for each.

A rule takes a module, so that a wrong one can be given to it: `problems(module)` is all of them. All of it is made
from the contract; that the contract itself is right is said by rules.py.
"""

import asyncio
import enum
import functools
import importlib
import inspect
import io
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx

from contract.core import Operation, same
from contract.reading import DOCUMENT, SCHEMAS, module_name, operations, resolve, snake_case
from weryai_api import AuthenticatedClient
from weryai_api import errors as generated_errors
from weryai_api.types import UNSET, File, Unset, build_response

PACKAGE = "weryai_api.models"
URL, KEY = "http://127.0.0.1:1", "k"
SIMPLE: dict[str, list[Any]] = {
    "string": ["a text"], "integer": [7], "number": [1.5], "boolean": [True, False], "null": [None],
}  # fmt: skip


def module_names() -> list[str]:
    """Every generated module that stands for a part of the contract."""
    return [*(f"{PACKAGE}.{snake_case(name)}" for name in SCHEMAS), *map(module_name, operations())]


def problems(module: ModuleType) -> Iterator[str]:
    """Yield what a module does otherwise than the contract says; whatever it raises is a problem as well."""
    operation = next((one for one in operations() if module_name(one) == module.__name__), None)
    name = next((one for one in SCHEMAS if module.__name__ == f"{PACKAGE}.{snake_case(one)}"), "")
    rules = _of_operation(module, operation) if operation else _of_schema(getattr(module, name), name)
    try:
        yield from rules
    except Exception as error:
        yield f"{module.__name__} raises {error!r:.300}"


@functools.cache
def schema_json(name: str) -> dict[str, Any]:
    """The schema of a generated model."""
    return dict(SCHEMAS[name])


def values(schema: dict[str, Any], depth: int = 0) -> list[Any]:
    """Return a few values of a schema: each alternative, each list empty and full, each object least and whole."""
    if schema == {}:
        return [True]
    if "$ref" in schema:
        described = schema_json(schema["$ref"].rpartition("/")[2])
        if "enum" in described:
            return [*described["enum"]]
        return [{}, *bodies(described, depth + 1)[: 1 if depth else None]] if depth < 3 else [{}]
    if "anyOf" in schema:
        # Pairs could be mistaken for an object. Beside a list they would be a list of foreign items.
        pairs = [[["a", 1]]] if {} in schema["anyOf"] and not _items(schema) else []
        return [*(value for one in schema["anyOf"] for value in values(one, depth)), *pairs]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    found = [value for kind in kinds if kind != "array" for value in SIMPLE[kind]]
    if "array" in kinds:
        items = values(schema["items"], depth)
        found += [[], items, items[:1] * 2]
    return found


def bodies(schema: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """Return bodies: one whole, and one for each value of each field, beside what is required."""
    properties, required = schema["properties"], schema.get("required", [])
    each = {name: values(it, depth) for name, it in properties.items()}
    # Each field has a value of its own, so that two that are mixed up show.
    whole = {name: f"{found[0]} of {name}" if isinstance(found[0], str) and "enum" not in str(properties[name]) else
             found[0] for name, found in each.items()}  # fmt: skip
    whole = {name: at + 7 if isinstance(it, int) and not isinstance(it, bool) else it
             for at, (name, it) in enumerate(whole.items())}  # fmt: skip
    least = {name: whole[name] for name in required}
    more = [{**least, name: value} for name, found in each.items() for value in found]
    return [whole, least, *more] if depth < 2 else [whole]


def plain(value: Any) -> Any:
    """Return what an attribute of a model means as JSON."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def _of_schema(made: Any, name: str) -> Iterator[str]:
    schema = schema_json(name)
    if "enum" in schema:
        names = schema.get("x-enum-varnames") or [word.upper() for word in schema["enum"]]
        found = {one.name: one.value for one in made}
        if sorted(found.values()) != sorted(schema["enum"]) or {str(one) for one in made} != set(schema["enum"]):
            yield f"{name}: its words are {sorted(found.values())}"
        if found != dict(zip(names, schema["enum"], strict=True)):
            yield f"{name}: its names are {found}"
    elif any(it.get("format") == "binary" for it in schema["properties"].values()):
        yield from _of_form(made, name, schema)
    else:
        for body in bodies(schema):
            yield from _of_body(made, name, schema, body)
        yield from _of_model(made, name, schema)
        yield from _of_foreign(made, name, schema)


def _of_body(made: Any, name: str, schema: dict[str, Any], body: dict[str, Any]) -> Iterator[str]:
    given = json.loads(json.dumps(body))
    model = made.from_dict(given)
    if given != body:
        yield f"{name}.from_dict changes what it is given: {body!r:.300}"
    if not same(model.to_dict(), body):
        yield f"{name}: {body!r:.300} becomes {model.to_dict()!r:.300}"
    for field, described in schema["properties"].items():
        value = getattr(model, field)
        if field not in body:
            if value is not UNSET:
                yield f"{name}.{field} is {value!r:.100}, and nothing was given"
        elif not same(plain(value), body[field]):
            yield f"{name}.{field} is {value!r:.100}, given was {body[field]!r:.100}"
        elif (wanted := _class_of(described, body[field])) and type(value).__name__ != wanted:
            yield f"{name}.{field} is a {type(value).__name__}, not a {wanted}"
        elif isinstance(value, list):
            wants = [_class_of(_items(described), one) for one in body[field]]
            got = [type(one).__name__ for one in value]
            if any(want and want != it for want, it in zip(wants, got, strict=True)):
                yield f"{name}.{field} holds {got}, not {wants}"
    again = made(**{field: getattr(model, field) for field in schema["properties"]})
    if not same(again.to_dict(), body):
        yield f"{name}: made by hand, {body!r:.300} becomes {again.to_dict()!r:.300}"


def _of_foreign(made: Any, name: str, schema: dict[str, Any]) -> Iterator[str]:
    """What does not fit is kept as it came: a client must lose nothing of an answer of tomorrow."""
    least = bodies(schema)[1]
    for field in schema["properties"]:
        for value in ["", 7, True, {"x": 1}, ["a", 1], [{"x": 1}, None]]:
            body = {**least, field: value}
            if not same(made.from_dict(json.loads(json.dumps(body))).to_dict(), body):
                yield f"{name}.{field}: the foreign {value!r} is not kept"


def _items(schema: dict[str, Any]) -> dict[str, Any]:
    for one in schema.get("anyOf", [schema]):
        if "items" in one:
            return dict(one["items"])
    return {}


def _class_of(schema: dict[str, Any], value: Any) -> str | None:
    """The class that a value becomes, if it is one of a named schema."""
    for one in schema.get("anyOf", [schema]):
        name = one.get("$ref", "").rpartition("/")[2]
        described = schema_json(name) if name else {}
        if (isinstance(value, dict) and "properties" in described) or (
            isinstance(value, str) and value in described.get("enum", ())
        ):
            return str(name)
    return None


def _of_model(made: Any, name: str, schema: dict[str, Any]) -> Iterator[str]:
    whole, least = bodies(schema)[:2]
    for field in schema.get("required", []):
        try:
            made.from_dict({key: value for key, value in whole.items() if key != field})
            yield f"{name} is read without {field}"
        except KeyError:
            pass
    parsed = made.from_dict(least)
    defaults = {field: it["default"] for field, it in schema["properties"].items() if "default" in it}
    built = made(**{field: getattr(parsed, field) for field in schema.get("required", [])})
    if not same(built.to_dict(), {**least, **defaults}):
        yield f"{name}: made of what is required alone it says {built.to_dict()!r:.300}"
    if list(inspect.signature(made).parameters) != _in_order(schema):
        yield f"{name}: its arguments are {list(inspect.signature(made).parameters)}"
    if schema["additionalProperties"]:
        model = made.from_dict({**least, "of tomorrow": 1})
        model["more"] = 2
        told = (model.additional_keys, "more" in model, "less" in model, model["of tomorrow"])
        if told != (["of tomorrow", "more"], True, False, 1):
            yield f"{name}: of unknown fields it says {told}"
        del model["more"]
        if not same(model.to_dict(), {**least, "of tomorrow": 1}):
            yield f"{name}: an unknown field is lost: {model.to_dict()!r:.300}"
    elif hasattr(parsed, "additional_properties"):
        yield f"{name} takes unknown fields"


def _in_order(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required", [])
    return [*(it for it in schema["properties"] if it in required), *(it for it in schema["properties"] if it not in
                                                                      required)]  # fmt: skip


def _of_form(made: Any, name: str, schema: dict[str, Any]) -> Iterator[str]:
    """A form keeps its parts, whichever way it is made; defaults are sent, what is left out is not."""
    file = File(payload=io.BytesIO(b"x"), file_name="p.png", mime_type="image/png")
    whole, least = made(file=file, batch_no="b", fixed=True), made(file=file)
    part = ("file", ("p.png", file.payload, "image/png"))
    fixed, unfixed = (("fixed", (None, text, "text/plain")) for text in (b"true", b"false"))
    for model, wanted in ((whole, [part, ("batch_no", (None, b"b", "text/plain")), fixed]), (least, [part, unfixed]),
                          (made(file=file, fixed=UNSET), [part])):  # fmt: skip
        if model.to_multipart() != wanted:
            yield f"{name}.to_multipart says {model.to_multipart()!r:.300}"
    told = [model.to_dict() for model in (whole, least, made(file=file, fixed=UNSET))]
    if told != [
        {"file": part[1], "batch_no": "b", "fixed": True},
        {"file": part[1], "fixed": False},
        {"file": part[1]},
    ]:
        yield f"{name}.to_dict says {told!r:.300}"
    try:
        made.from_dict({})
        yield f"{name} is read without a file"
    except KeyError:
        pass
    read = made.from_dict({"file": b"x", "batch_no": "b", "fixed": True})
    bare = made.from_dict({"file": b"x"})
    told = [read.file.payload.read(), read.batch_no, read.fixed, bare.batch_no, bare.fixed]
    if told != [b"x", "b", True, UNSET, UNSET] or list(schema["properties"]) != ["file", "batch_no", "fixed"]:
        yield f"{name}.from_dict reads {told!r:.300}"


class Line:
    """Clients of both kinds whose service answers as told, and what was asked of it."""

    def __init__(self) -> None:
        """Make both clients once; building one is slow."""
        self.answer = httpx.Response(500)
        self.asked: list[httpx.Request] = []
        self.runner = asyncio.Runner()
        self.client = AuthenticatedClient(
            base_url=URL,
            token=KEY,
            verify_ssl=False,
            raise_on_unexpected_status=False,
            httpx_args={"transport": httpx.MockTransport(self._answered)},
        )
        self.strict = AuthenticatedClient(
            base_url=URL, token=KEY, verify_ssl=False, raise_on_unexpected_status=True, httpx_args={"trust_env": False}
        )

    def close(self) -> None:
        """End the event loop and the clients."""
        self.runner.run(self.client.get_async_httpx_client().aclose())
        self.client.get_httpx_client().close()
        self.runner.close()

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)

    def call(self, function: Any, **arguments: Any) -> Any:
        """Call a function of an endpoint, awaited or not."""
        made = function(client=self.client, **arguments)
        return self.runner.get_loop().run_until_complete(made) if inspect.isawaitable(made) else made


@functools.cache
def line() -> Line:
    """The clients of this process."""
    return Line()


def _arguments(one: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of an endpoint, and what `_get_kwargs` must make of them."""
    arguments: dict[str, Any] = {snake_case(it.name): "a/b" for it in DOCUMENT.parameters(one)}
    url = one.path.format_map({it.name: "a%2Fb" for it in DOCUMENT.parameters(one)})
    wanted: dict[str, Any] = {"method": one.method, "url": url}
    for media_type, schema in DOCUMENT.bodies(one).items():
        name = dict(schema)["$ref"].rpartition("/")[2]  # type: ignore[arg-type]
        model = getattr(importlib.import_module(f"{PACKAGE}.{snake_case(name)}"), name)
        if media_type == "application/json":
            whole = bodies(schema_json(name))[0]
            arguments["body"] = model.from_dict(whole)
            wanted |= {"json": whole, "headers": {"Content-Type": media_type}}
        else:
            arguments["body"] = model(file=File(payload=io.BytesIO(b"x"), file_name="p.png", mime_type="image/png"))
            wanted |= {"files": arguments["body"].to_multipart(), "headers": {}}
    return arguments, wanted


def _of_operation(module: Any, one: Operation) -> Iterator[str]:
    arguments, wanted = _arguments(one)
    found = module._get_kwargs(**arguments)
    if found != wanted:
        yield f"{one.name} is sent as {found!r:.300}, not as {wanted!r:.300}"
    for name in [it for it in arguments if it != "body"]:
        try:
            module._get_kwargs(**{**arguments, name: ".."})
            yield f"{one.name} takes `..` as its {name}"
        except ValueError as error:
            if not str(error).startswith(f"{name} must "):
                yield f"{one.name} does not say that it means {name}: {error}"
    for code in (*one.spec["responses"], "418"):
        yield from _of_answer(module, one, int(code) if code != "default" else 599, arguments)
    yield from _unreadable(module, one, arguments)


def _of_answer(module: Any, one: Operation, status: int, arguments: dict[str, Any]) -> Iterator[str]:
    answered, named = line(), one.spec["responses"].get(str(status), one.spec["responses"].get("default"))
    model = resolve(named)["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    body = {"status": 1, "msg": "x", "data": {"task_id": "t"}}
    answered.answer = httpx.Response(status, json=body, headers={"x-mark": "1"})
    for face in ("sync_detailed", "asyncio_detailed", "sync", "asyncio"):
        answered.asked.clear()
        came = answered.call(getattr(module, face), **_fresh(arguments))
        parsed = came.parsed if face.endswith("detailed") else came
        if len(answered.asked) != 1 or answered.asked[0].headers["authorization"] != f"Bearer {KEY}":
            yield f"{one.name}.{face} sends {len(answered.asked)} requests with the key"
        if type(parsed).__name__ != model or not same(parsed.to_dict(), body):
            yield f"{one.name}.{face}: HTTP {status} is read as {parsed!r:.200}, not as {model}"
        if face.endswith("detailed") and (came.status_code, came.content, came.headers.get("x-mark")) != (
            status, answered.answer.content, "1",
        ):  # fmt: skip
            yield f"{one.name}.{face} says {came!r:.200} of HTTP {status}"


def _unreadable(module: Any, one: Operation, arguments: dict[str, Any]) -> Iterator[str]:
    """A success that cannot be read raises, a refusal that cannot be read is None, or raises if that was asked for."""
    answered = line()
    answered.answer = httpx.Response(200, content=b"<html>")
    try:
        answered.call(module.sync_detailed, **_fresh(arguments))
        yield f"{one.name} reads a page as a success"
    except ValueError:
        pass
    answered.answer = httpx.Response(502, content=b"<html>")
    if answered.call(module.sync_detailed, **_fresh(arguments)).parsed is not None:
        yield f"{one.name} reads a page as a refusal"
    try:
        build_response(module._parse_response, answered.strict, answered.answer)
        yield f"{one.name} raises nothing for a page, although it should"
    except generated_errors.UnexpectedStatus as error:
        if (error.status_code, error.content) != (502, b"<html>"):
            yield f"{one.name} raises {error!r}"


def _fresh(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments again; a file that was read is at its start once more."""
    file = getattr(arguments.get("body"), "file", None)
    if file is not None and not isinstance(file, Unset):
        file.payload.seek(0)
    return arguments

"""Judges a request on the wire against the contract alone: nothing of the client, the overlay or the emulator is used.

That every operation needs exactly one bearer key is typed here by hand, because a contract that forgets it would make a
client that forgets it as well.
"""

import email
import functools
import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import jsonschema_rs

from contract.reading import CONTRACT, Operation, operations, resolve

# Headers that httpx and the client's housekeeping add; the contract documents none.
USUAL_HEADERS = {
    "host", "accept", "accept-encoding", "connection", "user-agent", "authorization", "content-type", "content-length",
    "cache-control",
}  # fmt: skip
_VALIDATORS: dict[str, jsonschema_rs.Draft202012Validator] = {}


def same(left: Any, right: Any) -> bool:
    """Say whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return a validator of one schema of the contract, formats included."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _VALIDATORS:
        whole = {**schema, "components": CONTRACT["components"]}
        _VALIDATORS[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return _VALIDATORS[key]


def judge(request: httpx.Request, key: str) -> tuple[Operation | None, list[str]]:
    """Return the operation that a request is, and everything about it that the contract does not allow."""
    one, parameters = match(request)
    if one is None:
        return None, [f"{request.method} {request.url} is no operation of the contract"]
    problems = [
        *_head_problems(request, one, key),
        *_path_problems(one, parameters),
        *_body_problems(request, one),
    ]
    return one, [f"{one.name}: {problem}" for problem in problems]


def match(request: httpx.Request) -> tuple[Operation | None, dict[str, str]]:
    """Return the operation that a request is by method and path, and the parameters in its path."""
    raw = request.url.raw_path.decode().partition("?")[0]
    for one, template in _templates():
        found = template.fullmatch(raw)
        if found and one.method == request.method.lower():
            return one, {name: unquote(value) for name, value in found.groupdict().items()}
    return None, {}


def read_body(request: httpx.Request, one: Operation) -> Any:
    """Read a body by the media type of the contract; raises ValueError."""
    is_form = next(iter(one.spec["requestBody"]["content"])).startswith("multipart/")
    return form_fields(request) if is_form else _json(request.content)


@functools.cache
def _templates() -> list[tuple[Operation, re.Pattern[str]]]:
    pattern = re.compile(r"\\\{(\w+)\\\}")
    return [(one, re.compile(pattern.sub(r"(?P<\1>[^/]+)", re.escape(one.path)))) for one in operations()]


def _head_problems(request: httpx.Request, one: Operation, key: str) -> list[str]:
    item = CONTRACT["paths"][one.path]
    servers = one.spec.get("servers") or item.get("servers") or CONTRACT["servers"]
    problems = []
    wanted = urlsplit(servers[0]["url"])
    sent, header = f"{request.url.scheme}://{request.url.netloc.decode()}", request.headers.get("host", "")
    if (sent, header) != (f"https://{wanted.netloc}", wanted.netloc):
        problems.append(f"sent to {sent} (Host: {header}), not to {servers[0]['url']}")
    if request.url.userinfo:
        problems.append("the URL has a user or a password in it")
    if request.headers.get_list("authorization") != [f"Bearer {key}"]:
        problems.append(f"Authorization is {request.headers.get_list('authorization')}, not one bearer key")
    if request.url.query:
        problems.append(f"query {request.url.query!r} is not documented")
    unknown = set(request.headers) - USUAL_HEADERS
    return [*problems, *(f"header {name} is not documented" for name in sorted(unknown))]


def _path_problems(one: Operation, sent: dict[str, str]) -> list[str]:
    problems = []
    for parameter in map(resolve, one.spec.get("parameters", [])):
        for error in validator(parameter["schema"]).iter_errors(sent[parameter["name"]]):
            problems.append(f"path parameter {parameter['name']}: {error.message}")
    return problems


def _body_problems(request: httpx.Request, one: Operation) -> list[str]:
    content_type = request.headers.get("content-type", "")
    if "requestBody" not in one.spec:
        return ["a body was sent, the contract has none"] if request.content or content_type else []
    (media_type, described), *_ = one.spec["requestBody"]["content"].items()
    sent, *options = (part.strip().lower() for part in content_type.split(";"))
    foreign = [one for one in options if one != "charset=utf-8" and not one.startswith("boundary=")]
    if sent != media_type or foreign:
        return [f"Content-Type is {content_type!r}, not {media_type}"]
    try:
        body = read_body(request, one)
    except ValueError as error:
        return [f"the body cannot be read: {error}"]
    errors = validator(described["schema"]).iter_errors(body)
    return [f"body{''.join(f'.{step}' for step in error.instance_path)}: {error.message}" for error in errors]


def _json(content: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a field stands there twice")
        return dict(pairs)

    return json.loads(content.decode("utf-8", errors="strict"), object_pairs_hook=unique, parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def form_fields(request: httpx.Request) -> dict[str, Any]:
    """Read a form as the contract types its parts: a file as the word "file", a flag, a number, else a text."""
    one, _ = match(request)
    kinds: list[tuple[str, str]] = []
    if one is not None:
        (described,) = one.spec["requestBody"]["content"].values()
        properties = resolve(described["schema"])["properties"]
        kinds = [(name, str(it.get("format") or it.get("type"))) for name, it in properties.items()]
    message = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode() + request.content
    return _fields_of(message, tuple(kinds))


@functools.lru_cache(maxsize=1)
def _fields_of(message: bytes, kinds: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Read a form; the last is remembered, because it is judged and then compared with what was meant."""
    fields: dict[str, Any] = {}
    for part in email.message_from_bytes(message).get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if name in fields or not isinstance(name, str) or not isinstance(content, bytes):
            raise ValueError(f"part {name!r} is unnamed, or stands there twice")
        kind = dict(kinds).get(name, "string")
        if kind == "binary" and (not part.get_filename() or "content-type" not in part):
            raise ValueError("the file part lacks its filename or its Content-Type")
        fields[name] = "file" if kind == "binary" else as_typed(content.decode(), kind)
    return fields


def as_typed(text: str, kind: str) -> Any:
    """Read the text of a form's part by its type; what is no such value stays a text, which the schema refuses."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind in ("integer", "int64") and re.fullmatch(r"-?\d+", text, re.ASCII) else text

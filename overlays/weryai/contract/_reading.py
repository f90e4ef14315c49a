"""The contract as the suite reads it, and what a body says by it. Nothing of the client is asked."""

from __future__ import annotations

import email
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.resources import files
from typing import Any, Literal

import jsonschema_rs

CONTRACT: dict[str, Any] = json.loads((files("weryai_api") / "openapi.json").read_text("utf-8"))
# Levels of nesting; the validator gives up at some 250.
DEEPEST = 100
VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def module(self) -> str:
        return f"weryai_api.api.{self.spec['tags'][0]}.{snake_case(self.name)}"


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def resolve(spec: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in spec:
        return spec
    found: Any = CONTRACT
    for part in spec["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def operations() -> list[Operation]:
    return [
        Operation(verb, path, item[verb]) for path, item in CONTRACT["paths"].items() for verb in VERBS if verb in item
    ]


def operation(name: str) -> Operation:
    return next(one for one in operations() if one.name == name)


def described(one: Operation, http_status: int) -> dict[str, Any]:
    """Return what the contract says of an answer; a success that it does not list is like the listed ones."""
    responses = one.spec["responses"]
    listed = responses.get(str(http_status)) or (responses["200"] if 200 <= http_status < 300 else responses["default"])
    return resolve(listed)


def described_json(one: Operation, http_status: int) -> dict[str, Any]:
    found: dict[str, Any] = described(one, http_status).get("content", {}).get("application/json", {})
    return found


Refusals = Literal["http", "body", "any"]


def validator(schema: dict[str, Any], *, strict: bool = False) -> jsonschema_rs.Draft202012Validator:
    """Return a validator of one schema of the contract, formats included; to a strict one "X, or anything" means X."""
    return _validator(json.dumps(schema, sort_keys=True), strict)


@functools.cache
def _validator(schema: str, strict: bool) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": CONTRACT["components"]}
    return jsonschema_rs.Draft202012Validator(_strict(whole) if strict else whole, validate_formats=True)


def breaches(schema: dict[str, Any], value: Any, *, strict: bool = False) -> list[tuple[str, str]]:
    """Return what a schema refuses of a value: JSON pointers, with `*` for the places of an array, and messages."""
    return [
        ("".join(f"/{'*' if isinstance(step, int) else step}" for step in path), message)
        for error in validator(schema, strict=strict).iter_errors(value)
        for path, message in _deepest(error)
    ]


def broken_at(pointer: str) -> str:
    """Name the cause of all answers that break the contract at one place."""
    return f"the answer breaks the contract at {pointer or 'its root'}"


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {}
    for name, value in part.items():
        if name in ("anyOf", "oneOf") and isinstance(value, list):
            made[name] = [_strict(one) for one in value if one != {}] or value
        else:
            made[name] = value if name in ("example", "examples", "default", "const", "enum") else _strict(value)
    return made


def _deepest(error: Any) -> Iterator[tuple[list[str | int], str]]:
    """Yield an error, or of a failed choice those of the alternative that was meant: read deepest."""
    branches = [branch for branch in getattr(error.kind, "context", []) if branch]
    meant: list[Any] = max(branches, key=lambda branch: max(len(one.instance_path) for one in branch), default=[])
    if any(one.instance_path for one in meant):
        for one in meant:
            yield from _deepest(one)
    else:
        yield error.instance_path, error.message


def json_of(content: bytes) -> Any:
    """Read a body as JSON; what is none, or nested too deeply to be judged, stays text.

    Half a surrogate pair, which is no text to a validator or a file, becomes "?".
    """
    try:
        value = json.loads(content)
        if b"\\" in content or not content.isascii():
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return content.decode(errors="replace")
    is_too_deep = any(place.count("/") > DEEPEST for place, _ in parts_of(value))
    return content.decode(errors="replace") if is_too_deep else value


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a JSON value and all within it, each with its JSON pointer, with `*` for the places of an array."""
    left = [("", value)]
    while left:
        place, part = left.pop()
        yield place, part
        named = (
            part.items() if isinstance(part, dict) else (("*", one) for one in part) if isinstance(part, list) else ()
        )
        left += [(f"{place}/{name}", one) for name, one in named][::-1]


def says(body: Any) -> bool | None:
    """Whether a body says yes or no; None when it does not say."""
    if not isinstance(body, dict):
        return None
    status, flag = body.get("status"), body.get("success")
    if flag is False:
        return False
    code = code_of(body)
    if code is not None:
        return code in (0, 200)
    if isinstance(status, str) and status.strip():
        return status.strip().lower() in ("success", "ok")
    return True if flag is True else None


def is_refusal(http_status: int, body: Any, how: Refusals) -> bool:
    """Whether an answer refuses as it should: by its HTTP status, in its body, or by any of the two."""
    by_http, in_body = 400 <= http_status < 500, 200 <= http_status < 300 and says(body) is False
    return {"http": by_http, "body": in_body, "any": by_http or in_body}[how]


def code_of(body: Any) -> int | None:
    """Return the code in a body: an integer in any JSON type."""
    status = body.get("status") if isinstance(body, dict) else None
    if isinstance(status, str) and len(status.strip().lstrip("-")) <= 9 and status.strip().lstrip("-").isascii():
        digits = status.strip().removeprefix("-")
        return int(status) if digits.isdigit() else None
    if isinstance(status, bool) or not isinstance(status, int | float):
        return None
    if status != status or abs(status) == float("inf"):
        return None
    return int(status) if status == int(status) else None


def has_task_id(body: Any) -> bool:
    objects = [part for _, part in parts_of(body) if isinstance(part, dict)]
    own = [one.get(name) for one in objects for name in ("task_ids", "taskIds", "task_id", "taskId")]
    flat = [item for one in own for item in (one if isinstance(one, list) else [one])]
    return any(not isinstance(item, bool) and isinstance(item, str | int) and _names(str(item)) for item in flat)


def _names(text: str) -> bool:
    return bool(text.strip().strip(".")) and text.strip().isprintable()


def form_fields(content_type: str, content: bytes) -> dict[str, Any]:
    """Read a form as the contract describes it: a file as a text of its length, a flag as true or false."""
    fields: dict[str, Any] = {}
    parts = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + content).get_payload()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if not isinstance(name, str) or name in fields or not isinstance(value, bytes):
            raise ValueError(f"part {name!r} is unnamed, or stands there twice")
        fields[name] = "file" if name == "file" else {"true": True, "false": False}.get(value.decode(), value.decode())
    return fields

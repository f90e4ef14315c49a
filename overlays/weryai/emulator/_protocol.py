"""The contract as the emulator reads it, the envelope with its refusals, and the service's words for broken limits."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind
from starlette.responses import JSONResponse

#: Half of a character outside the basic plane, as a program leaves it that cuts a text in the middle of an emoji.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
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


#: The names of the codes, from the service's own enumeration.
NAMES = {
    1001: "REQUEST_RATE_LIMIT_EXCEEDED",
    1002: "PARAMETER_ERROR",
    1003: "RESOURCE_NOT_EXISTS",
    1006: "NOT_MODEL",
    2004: "IMAGE_FORMAT_NOT_SUPPORT",
    1011: "INSUFFICIENT_CREDITS",
    1014: "UPLOAD_IMG_EXCEED_MAX_LIMIT",
    6010: "WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED",
    6101: "OPEN_API_DAILY_LIMIT_EXCEEDED",
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    500: "SERVER_ERR",
    501: "NOT_MODELLED",
}


class RefusalError(Exception):
    """The response is no; `http_status` and `body` are what is sent."""

    def __init__(self, http_status: int, body: dict[str, Any]) -> None:
        super().__init__(http_status, body)
        self.http_status = http_status
        self.body = body


def success(data: Any, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with data."""
    return JSONResponse({"status": 0, "desc": "success", "message": "success", "data": data}, headers=headers)


def refusal(code: int, message: str, http_status: int) -> RefusalError:
    """Return a refusal with one of the service's codes."""
    return RefusalError(http_status, {"status": code, "desc": NAMES[code], "message": message})


def wrong_parameter(message: str) -> RefusalError:
    """Return the refusal of what breaks the contract, in the message's words; it comes with HTTP 400."""
    return refusal(1002, message, 400)


def broken_rule(message: str, code: int = 1002) -> RefusalError:
    """Return the refusal of what keeps the contract and breaks a rule of business; it comes with HTTP 200.

    A client in production reads such codes only from 2xx responses, so that is the likelier carrier (inference).
    """
    return refusal(code, message, 200)


def unknown(message: str) -> RefusalError:
    """Return the refusal of an id that nobody knows; the service says it with HTTP 200."""
    return refusal(1003, message, 200)


def bad_request(message: str) -> RefusalError:
    """Return the refusal of what is no request of this API at all."""
    return refusal(400, message, 400)


def no_key() -> RefusalError:
    """Return the refusal of a request without a key, in the shape of the account reference."""
    return RefusalError(401, {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"})


def wrong_key() -> RefusalError:
    """Return the refusal of a key that is not the emulator's, in the shape of the error-code reference."""
    return RefusalError(403, {"status": 403, "msg": "INVALID_API_KEY"})


#: What the service says of a field that is missing or empty.
EMPTY = {
    "model": "model cannot be empty",
    "prompt": "prompt cannot be empty",
    "image": "image cannot be empty",
    "images": "images cannot be empty",
    "aspect_ratio": "aspect ratio cannot be empty",
    "resolution": "resolution cannot be empty",
    "duration": "duration should not be empty",
}
#: What it says of a value it does not take.
WRONG = {
    "model": "model not supported",
    "image": "image url error",
    "images": "image url error",
    "aspect_ratio": "aspect ratio {} is not supported",
    "resolution": "resolution {} is not supported",
    "duration": "duration {} is not supported",
    "video_number": "video number {} is not supported",
}
TOO_MANY = {"images": "images exceeds the limit"}

MOST_COMPLAINTS = 20
LONGEST_VALUE = 60
LONGEST_MESSAGE = 200


def parsed_json(data: bytes | str) -> Any:
    """Parse strict JSON: UTF-8, no NaN, no number beyond every bound, no half of a character; raise ValueError."""
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    value = json.loads(text, parse_constant=not_json, parse_float=finite)
    if SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # Else nothing that shows the text could be sent.
    return value


def not_json(word: str) -> float:
    """Refuse NaN and Infinity, which Python's parser takes."""
    raise ValueError(f"{word} is not JSON")


def finite(text: str) -> float:
    """Parse a number that is not larger than numbers go."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def complaints(validator: Draft202012Validator, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a request, each broken limit as a JSON pointer to the field and a sentence."""
    for error in islice(validator.iter_errors(value), MOST_COMPLAINTS):
        field = field_of(error)
        if field is None:
            yield pointer(error.instance_path), f"body: {shortened(error.message, LONGEST_MESSAGE)}"
        else:
            path = error.instance_path or [field]
            yield pointer(path), wording(field, error, (fields_of(value) or {}).get(field))


def pointer(path: Sequence[str | int]) -> str:
    """Return a path as a JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return a JSON object as such, None for any other JSON value."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def field_of(error: ValidationError) -> str | None:
    """Return the name of the field an error is about."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        return str(kind.property)
    if isinstance(kind, ValidationErrorKind.AdditionalProperties) and not error.instance_path:
        return min(kind.unexpected)
    return str(error.instance_path[0]) if error.instance_path else None


def wording(field: str, error: ValidationError, given: Any) -> str:
    """Return the sentence for one field."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return f"{shortened(field, LONGEST_VALUE)}: unknown field"
    if given is None or given == "" or given == []:
        return EMPTY.get(field, f"{field}: cannot be empty")
    if isinstance(kind, ValidationErrorKind.MaxItems) and field in TOO_MANY:
        return TOO_MANY[field]
    if isinstance(kind, ValidationErrorKind.MaxLength):
        return f"{field}: longer than {kind.limit} characters"
    if field in WRONG:
        return WRONG[field].format(shown(given))
    return f"{field}: {shortened(error.message, LONGEST_MESSAGE)}"


def shown(value: Any) -> str:
    """Return a value as it stands in a sentence."""
    text = value if isinstance(value, str) else json.dumps(value)
    return shortened(text, LONGEST_VALUE)


def shortened(text: str, length: int) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= length else text[: length - 3] + "..."

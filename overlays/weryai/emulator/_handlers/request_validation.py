"""Requests checked against the contract: key, path, body."""

from __future__ import annotations

import json
import math
from secrets import compare_digest
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from weryai.emulator._handlers.handling import Sent
from weryai.emulator._http.middleware import EXCHANGE, TOO_LARGE
from weryai.emulator._protocol.contract import Body, Operation
from weryai.emulator._protocol.responses import bad_request, broken_rule, no_key, wrong_key, wrong_parameter
from weryai.emulator._protocol.validation_messages import complaints, fields_of, shortened
from weryai.emulator._scenarios.dialects import Dialect
from weryai.emulator._state.exchanges import Complaint, Exchange
from weryai.emulator._state.uploads import SentFile

FORM = "multipart/form-data"
#: More than any request of the contract has.
MOST_BYTES_OF_JSON = 16 * 1024 * 1024
#: Path parameters that the service has its own words for.
PARAMETER_ERRORS = {"taskId": "task id error"}


def check_key(request: Request, operation: Operation, key: str) -> None:
    """Refuse a request without a key, or with another than the emulator's."""
    if not operation.needs_key:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given or " " in given:
        raise no_key()
    if not compare_digest(given.encode("utf-8", "surrogateescape"), key.encode()):
        raise wrong_key()


def check_parameters(request: Request, operation: Operation) -> None:
    """Refuse what the contract does not take in the path or the query."""
    for parameter in operation.parameters:
        values = request.path_params if parameter.place == "path" else request.query_params
        given = values.get(parameter.name)
        if given is None:
            if parameter.required:
                raise wrong_parameter(f"{parameter.name}: is missing")
            continue
        if not parameter.validator.is_valid(as_number(given) if parameter.numeric else given):
            text = f"{parameter.name}: {shortened(given, 60)} is not allowed"
            exchange: Exchange = request.scope[EXCHANGE]
            exchange.complaints.append(Complaint(f"{parameter.place}/{parameter.name}", text))
            raise wrong_parameter(PARAMETER_ERRORS.get(parameter.name, text))


def as_number(text: str) -> int | float | str:
    """Return the number that a text spells, or the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


async def read_sent(request: Request, operation: Operation, dialect: Dialect) -> Sent:
    """Return the body of a request that keeps the contract, as far as the dialect does; refuse any other."""
    body = operation.body
    if body is None:
        return {}
    if request.scope.get(TOO_LARGE) or (body.media_type != FORM and len(await request.body()) > MOST_BYTES_OF_JSON):
        raise too_large(body)
    if not body.required and not await request.body():
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != body.media_type:
        given = shortened(media_type, 60) or "missing"
        raise bad_request(f"the content type must be {body.media_type}, not {given}")
    if media_type == FORM:
        sent: Any = await read_form(request, body)
    else:
        sent = dialect.understood(parsed(await request.body()), body.properties)
    found = list(dict.fromkeys(complaints(body.validator, without_files(sent))))
    exchange: Exchange = request.scope[EXCHANGE]
    exchange.complaints += [Complaint(pointer, message) for pointer, message in found]
    if found:
        raise wrong_parameter(found[0][1])
    return fields_of(sent) or {}


def without_files(sent: Any) -> Any:
    """Return what a validator can judge: for the contract a file is a string that it cannot look into."""
    fields = fields_of(sent)
    if fields is None:
        return sent
    return {name: "" if isinstance(value, SentFile) else value for name, value in fields.items()}


def too_large(body: Body) -> Exception:
    """Return the refusal of a body that is larger than anything the service takes."""
    if body.media_type == FORM:
        return broken_rule("video or audio file size must be less than 50mb", 1014)
    return bad_request("the request body is too large")


def parsed(data: bytes) -> Any:
    """Parse strict JSON: UTF-8, no NaN, no number beyond every bound."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=not_json, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise bad_request("the request body is not JSON") from error


def not_json(word: str) -> float:
    """Refuse NaN and Infinity, which Python's parser takes."""
    raise ValueError(f"{word} is not JSON")


def finite(text: str) -> float:
    """Parse a number that is not larger than numbers go."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


async def read_form(request: Request, body: Body) -> Sent:
    """Return the parts of a form: files with their bytes, texts as the contract's type has them."""
    sent: Sent = {}
    try:
        async with request.form() as form:
            for name, value in form.multi_items():
                if name in sent:
                    raise wrong_parameter(f"{shortened(name, 60)}: sent twice")
                if isinstance(value, UploadFile):
                    sent[name] = SentFile(value.filename or "", await value.read())
                else:
                    sent[name] = as_typed(value, body.properties.get(name, {}).get("type"))
    except FormParserError as error:
        raise bad_request("the request body is not a form") from error
    return sent


def as_typed(text: str, kind: object) -> Any:
    """Return a part's text as a boolean or a number where the contract has one; any other text stays a text."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return as_number(text) if kind in ("integer", "number") else text

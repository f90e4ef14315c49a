"""Requests checked: key, path, body by the contract, and by what each model takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from secrets import compare_digest
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from weryai.emulator._handlers.handling import Sent
from weryai.emulator._http import EXCHANGE, MOST_BYTES_READ, TOO_LARGE
from weryai.emulator._protocol import (
    Body,
    Operation,
    bad_request,
    broken_rule,
    complaints,
    fields_of,
    no_key,
    parsed_json,
    shortened,
    wrong_key,
    wrong_parameter,
)
from weryai.emulator._scenarios.dialects import Dialect
from weryai.emulator._state.exchanges import Complaint, Exchange
from weryai.emulator._state.media import SentFile
from weryai.emulator._state.settings import ModelRules

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
    """Parse strict JSON, or refuse."""
    try:
        return parsed_json(data)
    except UnicodeEncodeError as error:
        raise bad_request("the request body has half of a character, cut in the middle of an emoji") from error
    except (ValueError, RecursionError) as error:
        raise bad_request("the request body is not JSON") from error


async def read_form(request: Request, body: Body) -> Sent:
    """Return the parts of a form: files with their bytes, texts as the contract's type has them."""
    sent: Sent = {}
    try:
        async with request.form(max_part_size=MOST_BYTES_READ) as form:
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


#: The kind of work that takes one image alone.
ONE_IMAGE = "image_to_video"
REGISTRY = "listVideoModels"

Json = Mapping[str, Any]


class Registry:
    """The models by kind of work and key; empty where the contract has no registry."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        answer = next((one.answer for one in operations if one.name == REGISTRY), None)
        data: Json = answer.value.get("data") or {} if answer is not None and isinstance(answer.value, dict) else {}
        self._models: dict[str, dict[Any, Json]] = {
            kind: {entry.get("model_key"): entry for entry in entries or []} for kind, entries in data.items()
        }
        self._on_page = {one.kind: keys for one in operations if (keys := keys_on_page(one))}

    def entry(self, kind: str, model: str) -> Json | None:
        """Return what is known of a model for this kind of work; nothing of a kind that the registry has not."""
        return self._models.get(kind, {}).get(model)

    def note(self, kind: str, model: str, rules: ModelRules) -> str | None:
        """Say that a model is taken unseen: this one, or each of its kind."""
        if rules == "off" or self.entry(kind, model) is not None:
            return None
        if self._models.get(kind):
            return "the registry does not list this model, so nothing that depends on the model was checked"
        if self.is_unknown(kind, model):
            return "the page of this operation does not name this model, so the service may not take it"
        return "no source lists what a model takes in this operation, so it was not checked"

    def is_unknown(self, kind: str, model: str) -> bool:
        """Whether models of this kind are known, by the registry or else by the operation's page; this is none."""
        known = self._models.get(kind) or self._on_page.get(kind) or ()
        return bool(known) and model not in known

    def complaints(self, kind: str, sent: Json) -> Iterator[tuple[str, str]]:
        """Yield what the model does not take, as a JSON pointer and a sentence."""
        entry = self.entry(kind, sent["model"])
        if "aspect_ratio" not in sent and self._lists_ratios(sent["model"], entry):
            yield "/aspect_ratio", "aspect ratio cannot be empty"
        if entry is None:
            alone = self.entry(ONE_IMAGE, sent["model"]) or {}
            if alone.get("upload_image_limit") == 1 and len(sent.get("images", ())) > 1:
                yield "/images", "does not support multiple images"
            return
        yield from listed_values(entry, sent)
        if entry.get("has_negative_prompt") is False and sent.get("negative_prompt"):
            yield "/negative_prompt", "negative prompt is not supported"
        if entry.get("has_generate_audio") is False and sent.get("generate_audio"):
            yield "/generate_audio", "generate audio is not supported"
        longest = entry.get("prompt_length_limit")
        if longest is not None and len(str(sent.get("prompt", ""))) > longest:
            yield "/prompt", f"prompt: longer than {longest} characters"
        most = entry.get("upload_image_limit")
        if most is not None and len(sent.get("images", ())) > most:
            yield "/images", "images exceeds the limit"

    def _lists_ratios(self, model: str, entry: Json | None) -> bool:
        """Whether a model needs a ratio: where this kind does not list it, by what another kind lists.

        The pages of all operations mark the ratio as required, and official code leaves it out where a model lists
        none. That a model is alike in all of them is our guess.
        """
        entries = (
            [entry] if entry is not None else [models[model] for models in self._models.values() if model in models]
        )
        return any(one.get("aspect_ratios") for one in entries if one is not None)


def keys_on_page(operation: Operation) -> tuple[str, ...]:
    """Return the models that an operation's own page names, if it was seen."""
    properties = operation.body.properties if operation.body is not None else {}
    return tuple(properties.get("model", {}).get("x-models", ()))


def listed_values(entry: Json, sent: Json) -> Iterator[tuple[str, str]]:
    """Yield which values the model does not list; where it lists none, the field is not to be sent at all."""
    fields = (
        ("duration", "durations", "duration {} is not supported"),
        ("aspect_ratio", "aspect_ratios", "aspect ratio {} is not supported"),
        ("resolution", "resolutions", "resolution {} is not supported"),
    )
    for field, list_name, words in fields:
        allowed = entry.get(list_name)
        if allowed is not None and field in sent and sent[field] not in allowed:
            yield f"/{field}", words.format(str(sent[field])[:60])

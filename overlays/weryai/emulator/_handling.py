"""A request checked (key, path, body by the contract, and by what each model takes), and the faults it meets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from secrets import compare_digest
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from weryai.emulator._dialects import Dialect
from weryai.emulator._faults import HEADER, Fault, ScenarioSpec, UnknownScenarioError, marked_in, read_wishes
from weryai.emulator._http import EXCHANGE, MOST_BYTES_READ, TOO_LARGE, BreakingResponse
from weryai.emulator._protocol import (
    Body,
    Operation,
    RefusalError,
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
from weryai.emulator._scenarios import Broken, Headed, Instead, Late, Reshaped, Stage
from weryai.emulator._state.exchanges import Complaint, Exchange, Post, job_of
from weryai.emulator._state.media import SentFile
from weryai.emulator._state.settings import ModelRules
from weryai.emulator._state.tasks import Task
from weryai.emulator._state.world import World

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
    for name, list_name, words in fields:
        allowed = entry.get(list_name)
        if allowed is not None and name in sent and sent[name] not in allowed:
            yield f"/{name}", words.format(str(sent[name])[:60])


#: What was sent: the JSON body, or the form with its files as bytes.
Sent = dict[str, Any]
#: How much the ledger shows of a text that breaks every limit.
MOST_SHOWN = 2000
#: What a task carries along from the request that ordered it.
CARRIED = ("task", "status", "download", "webhook")


@dataclass(slots=True)
class RequestContext:
    """A request that keeps the contract, on its way through the emulator; `tasks` are those it asks about."""

    request: Request
    exchange: Exchange
    stage: Stage
    sent: Sent = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    #: The faults that the request brought along, and the job that it is about, if it submits one.
    own: list[Fault] = field(default_factory=list)
    job: str = ""
    #: How the operation's own page prints a response, where that is not what the emulator has by itself.
    printed: tuple[Reshaped, ...] = ()

    @property
    def carried(self) -> list[Fault]:
        """The faults that go with the tasks that this request orders."""
        return [fault for fault in self.own if fault.stage in CARRIED]


Handle = Callable[[RequestContext], Awaitable[Response]]


async def perform(world: World, visit: RequestContext, handle: Handle) -> Response:
    """Answer a request, or let what was injected happen to it."""
    visit.exchange.task_ids = [task.id for task in visit.tasks]
    if visit.stage != "submit":
        response = await answered(world, visit, handle)
        if visit.stage == "status":
            world.clock.advance(world.settings.seconds_per_look)
        return response
    visit.job = job_of(visit.exchange.operation or "", visit.sent, world.uploads)
    try:
        response = await answered(world, visit, handle)
    except RefusalError as refused:
        response = refused_by(world, refused)
    model, prompt = (str(visit.sent.get(name, "")) for name in ("model", "prompt"))
    post = Post(visit.exchange.id, visit.exchange.at, visit.job, model, prompt, tuple(visit.exchange.task_ids))
    world.posted(post if post.task_ids else replaced(post, visit.exchange, response))
    return response


async def answered(world: World, visit: RequestContext, handle: Handle) -> Response:
    """Return the response as the faults that suit the request make it."""
    faults = met_by(world, visit)
    visit.exchange.scenarios += [fault.name for fault in faults]
    # Tasks of one batch may each have the same fault; the answer that tells of them has it once.
    effects = list({fault.name: fault.scenario.effect for fault in faults}.values())
    if any(isinstance(effect, Late) for effect in effects):
        await asyncio.sleep(world.settings.slow)
    for effect in effects:
        if isinstance(effect, Instead):
            return instead(effect, world.settings.spoken)
        if isinstance(effect, Broken) and effect.before:
            return BreakingResponse(effect.how, None)
    try:
        response = await handle(visit)
    except RefusalError as refused:
        response = refused_by(world, refused)
        for fault in faults:
            if isinstance(fault.scenario.effect, Reshaped):
                fault.give_back()
                visit.exchange.scenarios.remove(fault.name)
    else:
        for shape in shapes_of(world.settings.spoken, visit, effects):
            response = reshaped(shape, response)
    for effect in effects:
        if isinstance(effect, Headed):
            response.headers.update(effect.headers)
    broken = next((effect for effect in effects if isinstance(effect, Broken)), None)
    return response if broken is None else BreakingResponse(broken.how, response)


def met_by(world: World, visit: RequestContext) -> list[Fault]:
    """Return the faults that a request meets: what it or its tasks have of their own, else the oldest order."""
    try:
        visit.own += [world.faults.grant(one, "header") for one in wanted_by(visit)]
        if visit.stage == "submit":
            visit.own += world.faults.of_job(visit.job, marked_in(str(visit.sent.get("prompt", ""))))
    except UnknownScenarioError as error:
        raise bad_request(str(error)) from error
    states = {world.tasks.state(task) for task in visit.tasks}
    own = [*visit.own, *(fault for task in visit.tasks for fault in task.faults)]
    met = world.faults.take_own(own, visit.stage, states)
    ordered = None if met else world.faults.take(visit.stage, states)
    if ordered is not None:
        met = [ordered, *world.faults.take_along(ordered, visit.stage, states)]
    for fault in met:
        fault.task_ids += [task.id for task in visit.tasks if task.id not in fault.task_ids]
    return met


def shapes_of(dialect: Dialect, visit: RequestContext, effects: Iterable[object]) -> list[Reshaped]:
    """Return every shape that a granted response takes, in turn: injected, else of the dialect, else printed."""
    injected = [effect for effect in effects if isinstance(effect, Reshaped)]
    spoken = [shape for where, shape in dialect.shapes if where in ("any", visit.stage) and visit.stage != "download"]
    shapes: list[Reshaped] = []
    for rank in (injected, spoken, visit.printed):
        families = {shape.family for shape in shapes}
        shapes += [shape for shape in rank if shape.family not in families]
    return sorted(shapes, key=lambda shape: shape.turn)


def refused_by(world: World, refused: RefusalError) -> JSONResponse:
    """Return a refusal as the dialect has it."""
    http_status, body = world.settings.spoken.refused(refused.http_status, refused.body)
    return JSONResponse(body, http_status)


def wanted_by(visit: RequestContext) -> list[ScenarioSpec]:
    """Return what the header of a request asks for; refuse what could not happen to it."""
    wishes = list(read_wishes(visit.request.headers.get(HEADER, "")))
    for one in wishes:
        if one.stage not in ("any", visit.stage) and not (visit.stage == "submit" and one.stage in CARRIED):
            raise UnknownScenarioError(f"{one.scenario.name} acts at {one.stage}, not at {visit.stage}")
    return wishes


def instead(effect: Instead, dialect: Dialect) -> Response:
    """Return the response that a scenario has ready; its HTTP status is what the scenario is about."""
    if isinstance(effect.body, dict):
        return JSONResponse(dialect.localised(effect.body), effect.http_status, dict(effect.headers))
    return HTMLResponse(effect.body, effect.http_status, dict(effect.headers))


def reshaped(effect: Reshaped, response: Response) -> Response:
    """Return a JSON response in its other shape, with the headers it had; one without an envelope has no other."""
    try:
        changed = effect.change(json.loads(bytes(response.body)))
    except (ValueError, TypeError, KeyError):
        return response
    headers = {
        name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")
    }
    if isinstance(changed, str):
        return Response(changed, response.status_code, headers, "text/plain")
    return JSONResponse(changed, response.status_code, headers)


def note_refused(world: World, exchange: Exchange, refused: RefusalError) -> None:
    """Put a submission that breaks the contract into the ledger as well."""
    try:
        sent = fields_of(parsed_json(exchange.request.body)) or {}
    except (ValueError, RecursionError):
        sent = {}
    job = job_of(exchange.operation or "", sent, world.uploads)
    model, prompt = (str(sent.get(name, ""))[:MOST_SHOWN] for name in ("model", "prompt"))
    refusal = f"{refused.body.get('status')}: {refused.body.get('message')}"
    world.posted(Post(exchange.id, exchange.at, job, model, prompt, (), refusal))


def replaced(post: Post, exchange: Exchange, response: Response) -> Post:
    """Return a submission that made no task, with what refused it."""
    if exchange.scenarios:
        refusal = ", ".join(exchange.scenarios)
    else:
        told = json.loads(bytes(response.body))
        refusal = f"{told.get('status')}: {told.get('message')}"
    return Post(post.exchange, post.at, post.job, post.model, post.prompt, (), refusal)

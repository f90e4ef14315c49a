"""One request performed: which faults it meets, and what they make of its response."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from weryai.emulator._http import BreakingResponse
from weryai.emulator._protocol import RefusalError, bad_request, fields_of, parsed_json
from weryai.emulator._scenarios.dialects import Dialect
from weryai.emulator._scenarios.effects import Broken, Headed, Instead, Late, Reshaped, Stage
from weryai.emulator._scenarios.faults import HEADER, Fault, ScenarioSpec, UnknownScenarioError, marked_in, read_wishes
from weryai.emulator._state.exchanges import Exchange
from weryai.emulator._state.ledger import Post, job_of
from weryai.emulator._state.tasks import Task
from weryai.emulator._state.world import World

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

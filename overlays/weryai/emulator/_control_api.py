"""The control API: what an emulator knows, and what it can be told, as JSON under /_emulator/.

Nothing here asks for the key: the door turns away other hosts and pages of other origins, and what changes something
needs the content type application/json, which no form of a page can send. Times are the emulator's clock in seconds
(of the epoch, or from 0 with a manual clock). A number that is called `change` is the count of `World.changes`, which
rises with everything that happens; `await world.changes.beyond(count)` waits for the next.

GET  state                        {change, clock: {kind, now, speed}, balance, settings, tasks: [task], ledger: [job],
                                  faults: [fault], exchanges: {count, change}}
GET  exchanges?since=N&limit=M    {exchanges: [exchange], change, more}: those new or changed after `since`, oldest
                                  first; ask again with since=change. Without bodies.
GET  exchanges/{id}               exchange with request and answer: {..., request: {headers, body}, answer: {...}}
GET  scenarios                    {scenarios: [{name, sentence, stage, lasts}], stages: [...]}
POST faults {name, times?, at?}   201, the fault: a scenario is injected
POST faults/{id}/cancel {}        the fault
POST clock/advance {seconds}      the clock
POST tasks/{id}/finish {}         the task, which succeeds now
POST tasks/{id}/fail {reason?}    the task, which fails now
POST tasks/{id}/webhook {}        the task, whose end is told (again) to its webhook_url
POST reset {}                     {change}: everything that happened is forgotten

task      {id, batch_id, state, word, reason, model, prompt, seconds, ratio, picture, video, credits, refunded, job,
          scenario, faults: [id], webhook_url, webhook, submitted_at, starts_at, ends_at}
          `picture` and `video` are URLs or null; `ends_at` is null for a task that never ends; `webhook` is null,
          pending, delivered, failed, refused or withheld.
job       {job, model, prompt, posts, orders, is_double, refusals, task_ids, states, state, credits, refunded,
          exchanges: [id]}
fault     {id, name, stage, source, ordered, each, met, is_open, cancelled, task_ids}; `ordered` null is for good,
          `each` 10 is to one in ten that it suits
exchange  {id, change, kind, method, path, query, operation, status, at, seconds, scenarios, task_ids,
          complaints: [{pointer, message}], trouble}; `kind` is request or webhook
          A body is {text} or, if it is no text, {base64}; both have {size}, of the 64 KiB that are kept.

A refusal is {error: sentence} with 400, 403, 404, 409 or 415.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._clock import Clock
from weryai.emulator._faults import Fault, UnknownScenarioError, scenarios
from weryai.emulator._http import home_of
from weryai.emulator._protocol import parsed_json
from weryai.emulator._scenarios import Stage
from weryai.emulator._state.exchanges import Exchange, LedgerRow
from weryai.emulator._state.tasks import ENDED, FAILED, SUCCEEDED, Task
from weryai.emulator._state.world import World

PREFIX = "/_emulator"
MOST_LISTED = 500

Told = dict[str, Any]
Action = Callable[[Request, Told], Awaitable[Response]]


class ControlError(Exception):
    """The control API cannot do that."""

    def __init__(self, http_status: int, message: str) -> None:
        super().__init__(message)
        self.http_status = http_status


class Control:
    """The control API of one emulator."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def state(self, request: Request) -> Response:
        """Tell everything but exchanges and scenarios."""
        return JSONResponse(tell_state(self._world, home_of(request)))

    async def exchanges(self, request: Request) -> Response:
        """Tell the exchanges that are new or have changed."""
        since, limit = number(request, "since", 0), number(request, "limit", MOST_LISTED)
        change = self._world.changes.count
        found = sorted(self._world.exchanges.since(since), key=lambda one: one.revision)
        listed = found[: max(1, min(limit, MOST_LISTED))]
        more = len(listed) < len(found)
        told = [tell_exchange(one) for one in listed]
        return JSONResponse({"exchanges": told, "change": listed[-1].revision if more else change, "more": more})

    async def exchange(self, request: Request) -> Response:
        """Tell one exchange with headers and bodies."""
        return JSONResponse(tell_whole_exchange(exchange_of(self._world, request)))

    async def scenarios(self, _request: Request) -> Response:
        """Tell every scenario that can be injected."""
        told = [{"name": s.name, "sentence": s.sentence, "stage": s.stage, "lasts": s.lasts} for s in scenarios()]
        return JSONResponse({"scenarios": told, "stages": list(get_args(Stage))})

    async def order(self, _request: Request, told: Told) -> Response:
        """Order a scenario."""
        name, times, at = field(told, "name", str), field(told, "times", int, 1), field(told, "at", str, None)
        try:
            fault = self._world.faults.order(name, times, at=at, source="control")
        except UnknownScenarioError as error:
            raise ControlError(400, str(error)) from error
        return JSONResponse(tell_fault(fault), 201)

    async def cancel(self, request: Request, _told: Told) -> Response:
        """Take the rest of an order back."""
        fault: Fault | None = self._world.faults.numbered(number_in_path(request))
        if fault is None:
            raise ControlError(404, "there is no such fault")
        fault.cancel()
        return JSONResponse(tell_fault(fault))

    async def advance(self, _request: Request, told: Told) -> Response:
        """Advance the clock."""
        try:
            self._world.clock.advance(field(told, "seconds", (int, float)))
        except (ValueError, OverflowError) as error:
            raise ControlError(400, str(error)) from error
        return JSONResponse(tell_clock(self._world.clock))

    async def finish(self, request: Request, _told: Told) -> Response:
        """Let a task succeed now."""
        return self._end(request, SUCCEEDED, None)

    async def fail(self, request: Request, told: Told) -> Response:
        """Let a task fail now."""
        return self._end(request, FAILED, field(told, "reason", str, None))

    async def resend(self, request: Request, _told: Told) -> Response:
        """Tell the end of a task once more."""
        task = task_of(self._world, request)
        if task.work.webhook_url is None:
            raise ControlError(409, "the task was submitted without a webhook_url")
        if self._world.tasks.state(task) not in ENDED:
            raise ControlError(409, "the task has not ended yet, so there is nothing to tell")
        self._world.tell_again(task)
        return JSONResponse(tell_task(self._world, task, home_of(request)))

    async def reset(self, _request: Request, _told: Told) -> Response:
        """Forget everything that happened."""
        self._world.reset()
        return JSONResponse({"change": self._world.changes.count})

    def _end(self, request: Request, state: str, reason: str | None) -> Response:
        task = task_of(self._world, request)
        if self._world.tasks.state(task) in ENDED:
            raise ControlError(409, f"the task has ended already: {self._world.tasks.state(task)}")
        self._world.end(task, state, reason)
        return JSONResponse(tell_task(self._world, task, home_of(request)))


def task_of(world: World, request: Request) -> Task:
    """Return the task that a request names in its path."""
    task = world.tasks.task(request.path_params["task_id"])
    if task is None:
        raise ControlError(404, "there is no such task")
    return task


def exchange_of(world: World, request: Request) -> Exchange:
    """Return the exchange that a request names in its path."""
    exchange = world.exchanges.numbered(number_in_path(request))
    if exchange is None:
        raise ControlError(404, "there is no such exchange, or no longer")
    return exchange


def number_in_path(request: Request) -> int:
    """Return the number that a path names; 0, which nothing has, for what is none or has too many digits."""
    text = request.path_params["number"]
    return int(text) if is_number(text) else 0


def is_number(text: str) -> bool:
    """Whether a text is a whole number from 0 on, of at most 15 digits."""
    return text.isascii() and text.isdigit() and len(text) < 16


def control_routes(world: World) -> list[Route]:
    """Return the routes of the control API."""
    control = Control(world)
    looks: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/state": control.state,
        "/exchanges": control.exchanges,
        "/exchanges/{number}": control.exchange,
        "/scenarios": control.scenarios,
    }
    actions: dict[str, Action] = {
        "/faults": control.order,
        "/faults/{number}/cancel": control.cancel,
        "/clock/advance": control.advance,
        "/tasks/{task_id}/finish": control.finish,
        "/tasks/{task_id}/fail": control.fail,
        "/tasks/{task_id}/webhook": control.resend,
        "/reset": control.reset,
    }
    return [
        *(Route(PREFIX + path, guarded(look), methods=["GET"]) for path, look in looks.items()),
        *(Route(PREFIX + path, guarded(reading(action)), methods=["POST"]) for path, action in actions.items()),
    ]


def guarded(look: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer a refusal of the control API in its own shape."""

    async def answered(request: Request) -> Response:
        try:
            response = await look(request)
        except ControlError as error:
            response = JSONResponse({"error": str(error)}, error.http_status)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answered


def reading(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Read what an action is told: a JSON object, said to be one."""

    async def done(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ControlError(415, "the content type must be application/json")
        try:
            told = parsed_json(await request.body() or b"{}")
        except (ValueError, RecursionError) as error:
            raise ControlError(400, "the request body is not JSON") from error
        if not isinstance(told, dict):
            raise ControlError(400, "the request body is not a JSON object")
        return await action(request, told)

    return done


def field(told: Told, name: str, kind: type | tuple[type, ...], *default: Any) -> Any:
    """Return a field of what was told; refuse one that is missing or of another kind."""
    value = told.get(name, *default[:1])
    if name not in told and default:
        return default[0]
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ControlError(400, f"{name} is missing" if name not in told else f"{name} is of another kind")
    return value


def number(request: Request, name: str, default: int) -> int:
    """Return a number of the query."""
    text = request.query_params.get(name, str(default))
    if not is_number(text):
        raise ControlError(400, f"{name} must be a number from 0 on")
    return int(text)


#: Settings that nobody needs to see: the key is a secret, even an invented one.
UNTOLD = ("key",)


def tell_state(world: World, home: str) -> Told:
    """Tell everything but exchanges and scenarios."""
    change = world.changes.count
    settings = {name: value for name, value in asdict(world.settings).items() if name not in UNTOLD}
    return {
        "change": change,
        "clock": tell_clock(world.clock),
        "balance": world.tasks.balance,
        "settings": {name: value if is_plain(value) else str(value) for name, value in settings.items()},
        "tasks": [tell_task(world, task, home) for task in world.tasks.all()],
        "ledger": [tell_row(row) for row in world.ledger.rows()],
        "faults": [tell_fault(fault) for fault in world.faults.all()],
        "exchanges": {"count": len(world.exchanges.all()), "change": change},
    }


def is_plain(value: object) -> bool:
    """Whether JSON has the value as it is."""
    return value is None or isinstance(value, str | int | float | bool | tuple)


def tell_clock(clock: Clock) -> Told:
    """Tell what time it is, and how it passes."""
    return {"kind": clock.kind, "now": clock.now(), "speed": clock.speed}


def tell_task(world: World, task: Task, home: str) -> Told:
    """Tell one task."""
    state = world.tasks.state(task)
    has_video = state == SUCCEEDED and task.fate.has_video
    return {
        "id": task.id,
        "batch_id": task.batch_id,
        "state": state,
        "word": world.tasks.word(task),
        "reason": world.tasks.reason(task),
        "model": task.work.model,
        "prompt": task.work.prompt,
        "seconds": task.work.seconds,
        "ratio": task.work.ratio,
        "picture": task.work.image,
        "video": world.video_url(task, home) if has_video else None,
        "credits": task.credits,
        "refunded": world.tasks.refunded(task),
        "job": task.work.job,
        "scenario": task.scenario,
        "faults": [fault.id for fault in task.faults],
        "webhook_url": task.work.webhook_url,
        "webhook": task.webhook,
        "submitted_at": task.submitted_at,
        "starts_at": world.tasks.starts_at(task),
        "ends_at": world.tasks.ends_at(task),
    }


def tell_row(row: LedgerRow) -> Told:
    """Tell one job."""
    return {**asdict(row), "state": row.state, "is_double": row.is_double}


def tell_fault(fault: Fault) -> Told:
    """Tell one fault."""
    names = ("id", "name", "stage", "source", "ordered", "each", "met", "is_open", "cancelled")
    return {**{name: getattr(fault, name) for name in names}, "task_ids": list(fault.task_ids)}


def tell_exchange(exchange: Exchange) -> Told:
    """Tell one exchange without headers and bodies."""
    return {
        "id": exchange.id,
        "change": exchange.revision,
        "kind": exchange.kind,
        "method": exchange.request.method,
        "path": exchange.request.path,
        "query": exchange.request.query,
        "operation": exchange.operation,
        "status": exchange.status,
        "at": exchange.at,
        "seconds": exchange.seconds,
        "scenarios": list(exchange.scenarios),
        "task_ids": list(exchange.task_ids),
        "complaints": [asdict(one) for one in exchange.complaints],
        "trouble": exchange.trouble,
    }


def tell_whole_exchange(exchange: Exchange) -> Told:
    """Tell one exchange with headers and bodies."""
    return {
        **tell_exchange(exchange),
        "request": {"headers": exchange.request.headers, "body": tell_body(exchange.request.body)},
        "answer": {"headers": exchange.headers, "body": tell_body(exchange.body)},
    }


def tell_body(body: bytes) -> Told:
    """Tell a body as the text that it is, else in base 64."""
    try:
        return {"size": len(body), "text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"size": len(body), "base64": b64encode(body).decode("ascii")}

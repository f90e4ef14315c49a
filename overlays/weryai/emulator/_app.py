"""The emulator as an ASGI application, routed from the contract, which it serves as well."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Unpack

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._clock import Clock
from weryai.emulator._handlers.handling import RequestContext, note_refused, perform, refused_by
from weryai.emulator._handlers.operations import Operations, media_routes, printed_shapes, stage_of
from weryai.emulator._handlers.request_validation import Registry, check_key, check_parameters, read_sent
from weryai.emulator._http import CONTRACT_PATH, EXCHANGE, ExchangeMiddleware, home_of
from weryai.emulator._inspector.control_api import control_routes
from weryai.emulator._inspector.page_api import inspector_routes
from weryai.emulator._protocol import (
    Operation,
    RefusalError,
    contract_path,
    load_contract,
    load_operations,
    operations_of,
    path_prefix,
    refusal,
)
from weryai.emulator._state.settings import Options, Settings
from weryai.emulator._state.world import World

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def create_app(
    *, clock: Clock | None = None, contract: Mapping[str, Any] | None = None, **options: Unpack[Options]
) -> Starlette:
    """Return a WeryAI of its own: its tasks, uploads, credits and videos are no other app's.

    The options are those of `Settings`; `contract` is an OpenAPI document to serve in place of the installed one.
    What happens by the clock, webhooks for one, happens while the lifespan runs; where none is run,
    `app.state.world.close()` ends a worker and lets go of files.
    """
    return app_of(World(Settings(**options), clock), contract)


def app_of(world: World, contract: Mapping[str, Any] | None = None) -> Starlette:
    """Return the application that serves a world."""
    document = load_contract(contract_path()) if contract is None else contract
    known = load_operations(contract_path()) if contract is None else operations_of(contract)
    operations = Operations(world, Registry(known))

    async def answer_refusal(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusalError)
        return refused_by(world, error)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        async with world.living():
            yield

    app = Starlette(
        routes=[
            *(route_of(operation, operations, world) for operation in known),
            *media_routes(world),
            contract_route(document),
            *control_routes(world),
            *inspector_routes(world),
        ],
        middleware=[
            Middleware(ExchangeMiddleware, exchanges=world.exchanges, clock=world.clock, hosts=world.settings.names)
        ],
        exception_handlers={
            RefusalError: answer_refusal,
            HTTPException: answer_http_exception,
            Exception: answer_mistake,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.world = world
    return app


def route_of(operation: Operation, operations: Operations, world: World) -> Route:
    """Return the route of one operation of the contract."""
    handler, printed = operations.handler(operation), printed_shapes(operation)

    async def endpoint(request: Request) -> Response:
        exchange = request.scope[EXCHANGE]
        exchange.operation = operation.name
        stage = stage_of(operation)
        check_key(request, operation, world.settings.key)
        check_parameters(request, operation)
        try:
            sent = await read_sent(request, operation, world.settings.spoken)
        except RefusalError as refused:
            if stage == "submit":
                note_refused(world, exchange, refused)
            raise
        visit = RequestContext(request, exchange, stage, sent, operations.asked_about(request), printed=printed)
        return await perform(world, visit, handler)

    return Route(operation.path, endpoint, methods=[operation.method], name=operation.name)


async def answer_http_exception(_request: Request, error: Exception) -> Response:
    """Put what Starlette refuses (path, method, form) into the envelope."""
    assert isinstance(error, HTTPException)
    name = HTTPStatus(error.status_code).name
    body = {"status": error.status_code, "desc": name, "message": error.detail}
    return JSONResponse(body, error.status_code, headers=dict(error.headers or {}))


async def answer_mistake(_request: Request, error: Exception) -> Response:
    """Answer when the emulator itself is wrong; the traceback goes to stderr."""
    mistake = refusal(500, f"the emulator failed: {type(error).__name__}", 500)
    return JSONResponse(mistake.body, 500)


def contract_route(contract: Mapping[str, Any]) -> Route:
    """Return the route of the contract; it needs no key."""

    async def give(request: Request) -> Response:
        return JSONResponse(served_from(contract, home_of(request)))

    return Route(CONTRACT_PATH, give)


def served_from(contract: Mapping[str, Any], home: str) -> dict[str, Any]:
    """Return a copy of the contract whose operations all are at this URL."""
    made = copy.deepcopy(dict(contract))
    made["paths"] = {path_prefix(contract, item, {}) + path: item for path, item in made["paths"].items()}
    made["servers"] = [{"url": home}]
    for item in made["paths"].values():
        item.pop("servers", None)
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("servers", None)
    return made

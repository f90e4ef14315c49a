"""The ASGI application, routed from the contract, and its socket: in a thread beside a test, or in the foreground."""

from __future__ import annotations

import asyncio
import copy
import errno
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_address
from operator import index
from types import TracebackType
from typing import Any, Self, Unpack

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from weryai.emulator._clock import Clock
from weryai.emulator._control_api import control_routes
from weryai.emulator._faults import Fault, accounted
from weryai.emulator._handling import (
    Registry,
    RequestContext,
    check_key,
    check_parameters,
    note_refused,
    perform,
    read_sent,
    refused_by,
)
from weryai.emulator._http import CONTRACT_PATH, EXCHANGE, LINE, ExchangeMiddleware, home_of
from weryai.emulator._operations import Operations, media_routes, printed_shapes, stage_of
from weryai.emulator._page_api import inspector_routes
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
from weryai.emulator._state.exchanges import Exchange, LedgerRow, SeenRequest, submitted_once
from weryai.emulator._state.settings import Options, Settings
from weryai.emulator._state.tasks import FAILED, SUCCEEDED, Task
from weryai.emulator._state.world import World

HOST = "127.0.0.1"
#: How long open requests may go on after stop(), in seconds.
GRACE = 2


class Server(uvicorn.Server):
    """A uvicorn that stops when it is told, not when it next looks."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Tick 0 writes the Date header anew.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once where nothing is going on; uvicorn always waits for a tenth of a second."""
        for server in (*self.servers, *(sockets or ())):
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
        else:
            await self.lifespan.shutdown()

    def stop(self, first: Callable[[], None]) -> None:
        """Call `first` in the server's thread and then end it; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # The loop is closed: the server has ended already.
                self._loop.call_soon_threadsafe(first)
                self._loop.call_soon_threadsafe(self._told.set)


class OpenLine(H11Protocol):
    """A connection that the application can see, so that a scenario can break it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[LINE] = self.transport
            await inner(scope, receive, send)

        self.app = app


def uvicorn_config(app: Starlette, *, keep_alive: bool = True) -> uvicorn.Config:
    """Return settings that do not depend on what else is installed, and leave the caller's logging alone."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=OpenLine,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[] if keep_alive else [("Connection", "close")],
        timeout_graceful_shutdown=GRACE,
    )


def listen(port: int, host: str = HOST) -> socket.socket:
    """Return a socket on a port of an address of this machine, or of all of them."""
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port} must be 0 (any free one) to 65535")
    # Only where the protocol is named does asyncio send small answers at once; else each costs a delay of 40 ms.
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        if host != "localhost":
            raise ValueError(f"host={host[:60]!r} must be an IP address of this machine, or 0.0.0.0 for all") from None
        family = socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # There it would let two emulators share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, port_trouble(host, port, error)) from error
    return listener


def port_trouble(host: str, port: int, error: OSError) -> str:
    """Say why a port cannot be had, and what to do."""
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; 0.0.0.0 stands for all of them"
    reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
    return f"port {port} of {host} {reason}; choose another, or 0 for any free one"


#: Every address of this machine, loopback among them.
EVERYWHERE = ("0.0.0.0", "::")
#: The longest that starting may take, in seconds.
LONGEST_START = 30.0


class Emulator:
    """WeryAI on loopback in a thread of its own: `with Emulator() as emulator: ... emulator.url`.

    Port 0 takes a free port. `host` is the address to listen on; on others than loopback it answers by the names in
    `hosts`. Time is real unless a `ManualClock` is given or a `speed`; the other options are those of
    `Settings`.
    """

    def __init__(
        self, *, port: int = 0, host: str = HOST, clock: Clock | None = None, **options: Unpack[Options]
    ) -> None:
        settings = Settings(**options)
        if host not in EVERYWHERE:
            settings = replace(settings, hosts=(*settings.hosts, host))
        self.key = settings.key
        self.dialect = settings.dialect
        self._port, self._host = port, host
        self._world = World(settings, clock)
        self._app = app_of(self._world)
        self._url: str | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers, such as http://127.0.0.1:49152."""
        if self._url is None:
            raise RuntimeError("the emulator was not started: use `with Emulator() as emulator`")
        return self._url

    @property
    def clock(self) -> Clock:
        """The clock that it lives by; turned forward, a real one goes on from there."""
        return self._world.clock

    @property
    def requests(self) -> list[SeenRequest]:
        """What arrived so far, oldest first; the last 10,000."""
        return [one.request for one in self.exchanges if one.kind == "request"]

    @property
    def exchanges(self) -> list[Exchange]:
        """What arrived and what was answered, oldest first; webhooks that were sent are among them."""
        return self._world.exchanges.all()

    @property
    def ledger(self) -> list[LedgerRow]:
        """What each job has cost, and how often it was submitted, oldest first."""
        return self._world.ledger.rows()

    @property
    def faults(self) -> list[Fault]:
        """The scenarios that were injected, oldest first, each with how often it was triggered."""
        return self._world.faults.orders()

    def order(self, scenario: str, times: int = 1, *, at: str | None = None) -> Fault:
        """Let a scenario happen to the next `times` requests or tasks that it suits, in the order of the orders.

        `at` names a stage for a scenario that can happen at any. Raises UnknownScenarioError, which names the nearest.
        """
        try:
            count = index(times)
        except TypeError:
            raise TypeError(f"times is a number, not {times!r}; inject each scenario by a call of its own") from None
        return self._world.faults.order(scenario, count, at=at)

    def assert_faults_met(self) -> None:
        """Raise AssertionError, naming them, if a scenario was injected and not triggered as often."""
        __tracebackhide__ = True
        accounted(self._world.faults)

    def assert_submitted_once(self) -> None:
        """Raise AssertionError, with the POSTs seen, unless something was submitted, and each job exactly once.

        A job is an image with its parameters. A POST that was plainly refused started nothing and does not count; one
        that was accepted does, and so does one whose response left that open.
        """
        __tracebackhide__ = True
        submitted_once(self.ledger, self.exchanges)

    def finish(self, task_id: str) -> None:
        """Let a task succeed now."""
        self._world.end(self._task(task_id), SUCCEEDED)

    def fail(self, task_id: str, reason: str | None = None) -> None:
        """Let a task fail now."""
        self._world.end(self._task(task_id), FAILED, reason)

    def resend_webhook(self, task_id: str) -> None:
        """Tell the end of a task to its webhook_url once more."""
        self._world.tell_again(self._task(task_id))

    def reset(self) -> None:
        """Forget everything that happened; the clock goes on, and `scenarios` are injected anew."""
        self._world.reset()

    def start(self) -> Self:
        """Listen and answer; raise OSError, with a sentence, if the port is taken."""
        if self._thread is not None:
            raise RuntimeError("an emulator is started once; make a new one")
        try:
            listener = listen(self._port, self._host)
        except OSError:
            self._world.close()
            raise
        self._server = Server(uvicorn_config(self._app, keep_alive=self._world.settings.keep_alive))
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="weryai-emulator", daemon=True
        )
        self._thread.start()
        give_up = time.monotonic() + LONGEST_START
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > give_up:
                listener.close()
                raise RuntimeError("the emulator did not start; what went wrong is on stderr")
            time.sleep(0.001)
        name = HOST if self._host in EVERYWHERE else self._host
        self._url = f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"
        return self

    def stop(self) -> None:
        """Stop answering, end a running worker, remove rendered videos. Twice is as good as once."""
        if self._server is None or self._thread is None:
            self._world.close()
            return
        self._server.stop(self._world.stop)
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _task(self, task_id: str) -> Task:
        task = self._world.tasks.task(task_id)
        if task is None:
            raise ValueError(f"there is no task {task_id!r}")
        return task


#: Which dialect is spoken, and that there is another.
DIALECT_LINES = {
    "page": "It answers as the documentation prints it; --dialect seen answers as clients report it from production",
    "seen": "It answers as clients report it from production; --dialect page answers as the documentation prints it",
}


def serve(port: int = 0, host: str = HOST, **options: Unpack[Options]) -> None:
    """Run an emulator in the foreground until Ctrl-C or SIGTERM, and say how to use it; the options are `Settings`.

    Raises OSError whose `strerror` is a sentence for the person at the terminal, if the port is taken.
    """
    emulator = Emulator(port=port, host=host, **options)
    with suppress(KeyboardInterrupt), asked_to_end() as end, emulator:
        tell(greeting(emulator))
        # Not for ever at once: on Windows that could not be interrupted.
        while not end.wait(0.5):
            pass
    tell("\nThe emulator has ended.")


@contextmanager
def asked_to_end() -> Generator[threading.Event, None, None]:
    """Give an event that SIGTERM sets, where signals can be handled."""
    end = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield end
        return
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: end.set())
    try:
        yield end
    finally:
        signal.signal(signal.SIGTERM, before)


def tell(text: str) -> None:
    """Write to stdout at once, also where it is a pipe; whether somebody reads it changes nothing."""
    with suppress(OSError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def greeting(emulator: Emulator) -> str:
    """Say where the emulator is and what a client needs to reach it."""
    return (
        f"WeryAI emulator on {emulator.url}, key {emulator.key} (Ctrl-C ends it)\n"
        f"export WERYAI_BASE_URL={emulator.url}\n"
        f"export WERYAI_MODELS_BASE_URL={emulator.url}\n"
        f"export WERYAI_API_KEY={emulator.key}\n"
        f"Watch it at {emulator.url}/\n{DIALECT_LINES[emulator.dialect]}"
    )


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

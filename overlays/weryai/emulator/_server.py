"""The emulator on a socket: in a thread beside a test, or in the foreground for a person."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, Unpack

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from weryai.emulator._app import app_of
from weryai.emulator._breaking import LINE
from weryai.emulator._clock import Clock
from weryai.emulator._exchanges import Exchange, SeenRequest
from weryai.emulator._faults import Fault, accounted
from weryai.emulator._ledger import LedgerRow
from weryai.emulator._settings import Options, Settings
from weryai.emulator._world import World

HOST = "127.0.0.1"
#: The longest that starting may take, and that open requests may go on after stop(), in seconds.
LONGEST_START = 30.0
GRACE = 2


class Emulator:
    """WeryAI on loopback in a thread of its own: `with Emulator() as emulator: ... emulator.url`.

    Port 0 takes a free port. Time is real unless a `ManualClock` is given or a `speed`; the other options are those of
    `Settings`.
    """

    def __init__(self, *, port: int = 0, clock: Clock | None = None, **options: Unpack[Options]) -> None:
        settings = Settings(**options)
        self.key = settings.key
        self._port = port
        self._world = World(settings, clock)
        self._app = app_of(self._world)
        self._url: str | None = None
        self._server: _Server | None = None
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
        """The scenarios that were ordered, oldest first, each with how often it was met."""
        return self._world.faults.orders()

    def order(self, scenario: str, times: int = 1, *, at: str | None = None) -> Fault:
        """Let a scenario happen to the next `times` requests or tasks that it suits, in the order of the orders.

        `at` names a stage for a scenario that can happen at any. Raises UnknownScenarioError, which names the nearest.
        """
        return self._world.faults.order(scenario, times, at=at)

    def assert_faults_met(self) -> None:
        """Raise AssertionError, naming them, if something that was ordered did not happen as often as ordered."""
        accounted(self._world.faults)

    def reset(self) -> None:
        """Forget everything that happened; the clock goes on, and `scenarios` are ordered anew."""
        self._world.reset()

    def start(self) -> Self:
        """Listen and answer; raise OSError, with a sentence, if the port is taken."""
        if self._thread is not None:
            raise RuntimeError("an emulator is started once; make a new one")
        listener = listen(self._port)
        self._server = _Server(uvicorn_config(self._app))
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
        self._url = f"http://{HOST}:{listener.getsockname()[1]}"
        return self

    def stop(self) -> None:
        """Stop answering, end a running worker, remove rendered videos. Twice is as good as once."""
        if self._server is None or self._thread is None:
            return
        self._server.stop(self._world.close)
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
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


def uvicorn_config(app: Starlette) -> uvicorn.Config:
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
        timeout_graceful_shutdown=GRACE,
    )


def listen(port: int) -> socket.socket:
    """Return a socket on a port of 127.0.0.1."""
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port} must be 0 (any free one) to 65535")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # There it would let two emulators share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, port_trouble(port, error)) from error
    return listener


def port_trouble(port: int, error: OSError) -> str:
    """Say why a port cannot be had, and what to do."""
    reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
    return f"port {port} of {HOST} {reason}; choose another, or 0 for any free one"


def serve(port: int = 0, **options: Unpack[Options]) -> None:
    """Run an emulator in the foreground until Ctrl-C or SIGTERM, and say how to use it; the options are `Settings`.

    Raises OSError whose `strerror` is a sentence for the person at the terminal, if the port is taken.
    """
    emulator = Emulator(port=port, **options)
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
    """Write to stdout at once, also where it is a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def greeting(emulator: Emulator) -> str:
    """Say where the emulator is and what a client needs to reach it."""
    return (
        f"WeryAI emulator on {emulator.url}, key {emulator.key} (Ctrl-C ends it)\n"
        f"export WERYAI_BASE_URL={emulator.url}\n"
        f"export WERYAI_MODELS_BASE_URL={emulator.url}\n"
        f"export WERYAI_API_KEY={emulator.key}"
    )

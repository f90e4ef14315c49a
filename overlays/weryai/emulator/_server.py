"""The emulator on a socket, in a thread beside a test."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self, Unpack

from weryai.emulator._app import app_of
from weryai.emulator._clock.clock import Clock
from weryai.emulator._http.uvicorn_server import HOST, Server, listen, uvicorn_config
from weryai.emulator._scenarios.faults import Fault, accounted
from weryai.emulator._state.assertions import submitted_once
from weryai.emulator._state.exchanges import Exchange, SeenRequest
from weryai.emulator._state.ledger import LedgerRow
from weryai.emulator._state.settings import Options, Settings
from weryai.emulator._state.tasks import FAILED, SUCCEEDED, Task
from weryai.emulator._state.world import World

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
        if host not in EVERYWHERE:
            options = {**options, "hosts": (*options.get("hosts", ()), host)}
        settings = Settings(**options)
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
        if isinstance(times, str):
            raise TypeError(f"times is a number, not {times!r}; order each scenario by a call of its own")
        return self._world.faults.order(scenario, times, at=at)

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

"""How a run is told to end: by a signal, or because who waits for it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any, TypeVar

from ...errors import ConfigurationError

T = TypeVar("T")
#: Those that `run` and `work` take: Ctrl-C, and what a supervisor sends.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class Ending:
    """Remembers how often and by what a run was told to end, and passes it on to the run as soon as there is one."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.times = 0
        self.is_cancelled = False
        self._heed: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def passing_to(self, heed: Callable[[], None]) -> Iterator[None]:
        """Call `heed` on the running loop each time, and once if it was told before."""
        self._loop, self._heed = asyncio.get_running_loop(), heed
        if self.times or self.is_cancelled:
            self._loop.call_soon(heed)
        try:
            yield
        finally:
            self._heed = None

    def heard(self, number: int, _frame: FrameType | None = None) -> None:
        """Heed a signal; in any thread's place, at any moment."""
        self.signal = number if self.signal is None else self.signal
        self.times += 1
        if self._heed is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._heed)

    def cancelled(self) -> None:
        """Heed that nobody waits for the run any more."""
        if not self.is_cancelled:
            self.is_cancelled = True
            if self._heed is not None:
                self._heed()


def refuse_on_a_loop(name: str) -> None:
    """Refuse a blocking call where an event loop runs, as in a notebook, and name the one that is awaited."""
    if asyncio._get_running_loop() is not None:
        raise ConfigurationError(f"an event loop runs here, as in a notebook: use await bulk.a{name}(...)")


# What `heeding` has for the run that is begun inside it.
_given: ContextVar[Ending | None] = ContextVar("given", default=None)


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """Let the signals end the run inside, where their default handler stands, which comes back; in the main thread."""
    ending = Ending()
    _given.set(ending)
    is_main = threading.current_thread() is threading.main_thread()
    taken = [number for number in SIGNALS if is_main and signal.getsignal(number) in _DEFAULTS]
    before = {number: signal.signal(number, ending.heard) for number in taken}
    try:
        yield
    finally:
        _given.set(None)
        for number, handler in before.items():
            signal.signal(number, handler)


async def finished(work: Callable[[Ending], Coroutine[Any, Any, T]]) -> T:
    """Do the work in a task of its own: who is cancelled meanwhile, however often, tells it to end and waits for that.

    A scope of anyio cancels at every turn of the loop, so that waiting again and again would keep a core busy.
    """
    ending = _given.get() or Ending()
    _given.set(None)
    working = asyncio.create_task(work(ending))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        ending.cancelled()
        await all_ended({working})
        if not working.cancelled():
            working.exception()
        raise


async def all_ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait for tasks, however often the waiting is cancelled."""
    # Loaded by httpx where it is needed.
    import anyio

    while waiting := {task for task in tasks if not task.done()}:
        with contextlib.suppress(asyncio.CancelledError), anyio.CancelScope(shield=True):
            await asyncio.wait(waiting)

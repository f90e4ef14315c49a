"""What is to happen when the emulator's clock says so, whoever turns it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable

from weryai.emulator._clock.clock import Clock


class Scheduler:
    """Calls what is due, in the loop that runs it; safe to tell from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call this as soon as it is `when` by the clock."""
        with self._lock:
            heapq.heappush(self._due, (when, next(self._order), call))
        self.wake()

    def wake(self) -> None:
        """Look at the clock again: it was advanced, or something else is due first."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    def clear(self) -> None:
        """Forget what is to happen."""
        with self._lock:
            self._due.clear()

    async def run(self) -> None:
        """Call what is due until this is cancelled."""
        self._loop = asyncio.get_running_loop()
        self._clock.listen(self.wake)
        try:
            while True:
                self._woken.clear()
                for call in self._take_due():
                    self._perform(call)
                try:
                    await asyncio.wait_for(self._woken.wait(), self._pause())
                except TimeoutError:
                    continue
        finally:
            self._clock.forget(self.wake)
            self._loop = None

    def _perform(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # One mistake must not stop the time for everything else.
            context = {"message": "what was due could not be done", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _take_due(self) -> list[Callable[[], None]]:
        now = self._clock.now()
        with self._lock:
            taken: list[Callable[[], None]] = []
            while self._due and self._due[0][0] <= now:
                taken.append(heapq.heappop(self._due)[2])
        return taken

    def _pause(self) -> float | None:
        """Return the real seconds until the next is due; None if only somebody else can bring that about."""
        with self._lock:
            if not self._due or self._clock.speed == 0:
                return None
            return max(0.0, self._due[0][0] - self._clock.now()) / self._clock.speed

"""The emulator's time, what is due by it, and who hears of a change."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable
from typing import Any

#: The last second of the year 9999, from the epoch.
LATEST = 253_402_300_799.0


class Clock:
    """Seconds that pass: `speed` of them in each real second, and those that `advance` adds."""

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(f"speed={speed} must be a number from 0 on")
        self.speed = speed
        self._lock = threading.Lock()
        self._anchor = time.monotonic()
        # Counted from the epoch, so that what is kept in a file makes sense after a restart.
        self._base = time.time() if start is None else start
        self._listeners: list[Callable[[], Any]] = []

    @property
    def kind(self) -> str:
        """Whether it is real, fast (or slow), or manual."""
        return {0.0: "manual", 1.0: "real"}.get(self.speed, "fast")

    def now(self) -> float:
        """Return the seconds so far; at the end of the year 9999 it stands still, since no date is later."""
        return min(LATEST, self._base + (time.monotonic() - self._anchor) * self.speed)

    def advance(self, seconds: float) -> None:
        """Advance the clock, and tell those who listen."""
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError(f"a clock only goes forward, not by {seconds} s")
        if self.now() + seconds > LATEST:
            raise ValueError("a clock goes no further than the year 9999")
        with self._lock:
            self._base += seconds
        for listener in tuple(self._listeners):
            listener()

    def catch_up(self, now: float) -> None:
        """Make it at least this late."""
        self.advance(max(0.0, now - self.now()))

    def listen(self, listener: Callable[[], Any]) -> None:
        """Call this after every turn, in the thread of whoever turned the clock."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], Any]) -> None:
        """Call it no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)


class ManualClock(Clock):
    """Time that starts at 0 and passes only when a test says so; safe to turn from any thread."""

    def __init__(self) -> None:
        super().__init__(speed=0.0, start=0.0)


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


Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Changes:
    """Counts up whenever something changes; safe to use from any thread and any loop."""

    def __init__(self) -> None:
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()
        self._waiting: list[Waiter] = []
        self._resting: list[Waiter] = []

    @property
    def count(self) -> int:
        """How many changes there were so far."""
        return self._count

    @property
    def is_closed(self) -> bool:
        """Whether there will be no more of them."""
        return self._closed

    def bump(self) -> int:
        """Count one more change, wake whoever waits, and return the new count."""
        with self._lock:
            self._count += 1
            waiting, self._waiting = self._waiting, []
            count = self._count
        wake(waiting)
        return count

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self._closed = True
            waiting = [*self._waiting, *self._resting]
        wake(waiting)

    async def beyond(self, count: int, timeout: float | None = None) -> int:
        """Wait until there were more changes than `count`, or until `timeout` seconds passed; return how many."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self._count > count or self._closed:
                return self._count
            self._waiting.append(waiter)
        await self._wait(waiter, timeout)
        return self._count

    async def rest(self, seconds: float) -> None:
        """Let seconds pass whatever changes; not a moment longer than until the end of all changes."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self._closed:
                return
            self._resting.append(waiter)
        await self._wait(waiter, seconds)

    async def _wait(self, waiter: Waiter, timeout: float | None) -> None:
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                for waiting in (self._waiting, self._resting):
                    if waiter in waiting:
                        waiting.remove(waiter)


def wake(waiting: list[Waiter]) -> None:
    """Wake those who wait."""
    for loop, event in waiting:
        # A loop that was closed in the meantime has nobody left who waits.
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)

"""A counter of everything that changed, and a way to wait for the next change."""

from __future__ import annotations

import asyncio
import threading

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

"""A counter of everything that changed, and a way to wait for the next change."""

from __future__ import annotations

import asyncio
import threading


class Changes:
    """Counts up whenever something changes; safe to use from any thread and any loop."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def count(self) -> int:
        """How many changes there were so far."""
        return self._count

    def bump(self) -> int:
        """Count one more change, wake whoever waits, and return the new count."""
        with self._lock:
            self._count += 1
            waiting, self._waiting = self._waiting, []
            count = self._count
        for loop, event in waiting:
            # A loop that was closed in the meantime has nobody left who waits.
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
        return count

    async def beyond(self, count: int, timeout: float | None = None) -> int:
        """Wait until there were more changes than `count`, or until `timeout` seconds passed; return how many."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self._count > count:
                return self._count
            self._waiting.append(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
        return self._count

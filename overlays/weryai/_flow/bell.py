"""A bell: what a webhook delivery rings, from whichever thread or loop it came in, to wake a wait early."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Bell:
    """Stays rung until somebody has listened, so that a delivery between two pauses is not lost; many count as one."""

    def __init__(self, *, rung: bool = False) -> None:
        self._rung = rung
        self._wake: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Wake who listens, or the next one who will."""
        with self._lock:
            wake = None if self._rung else self._wake
            self._rung = True
        if wake is not None:
            wake()

    def listen(self, most: float) -> bool:
        """Wait for a ring in this thread, at most so many seconds; whether there was one."""
        rung = threading.Event()
        with self.heard_by(rung.set):
            return rung.wait(most)

    async def alisten(self, most: float) -> bool:
        """Wait for a ring on the running loop, at most so many seconds; whether there was one."""
        import asyncio

        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            # A delivery may come in while the loop is being closed.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(rung.set)

        with self.heard_by(wake), contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most):
                await rung.wait()
        return rung.is_set()

    @contextlib.contextmanager
    def heard_by(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake` on each ring from now on, at once if it was rung before; it must be quick and fit any thread."""
        with self._lock:
            self._wake, rung = wake, self._rung
        if rung:
            wake()
        try:
            yield
        finally:
            # Whoever has listened looks at the task next, whatever woke him: that answers every ring so far.
            with self._lock:
                self._rung, self._wake = False, None

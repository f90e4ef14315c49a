"""The time that waits go by: real, unless somebody skips it; and the bell that ends a wait early."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

_lock = threading.Lock()
_told: list[Callable[[float], object]] = []
# Kept when skipping ends, so that for clients that live longer the time never goes back.
_skipped = 0.0


#: The monotonic time in seconds. Libraries that freeze the time for a test replace `time.monotonic`, in every module; a
#: wait must go on all the same, so the clock is asked by its number where it has one.
real_now: Callable[[], float] = (
    functools.partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    if hasattr(time, "CLOCK_MONOTONIC")
    else (lambda: time.monotonic())
)


def is_replaced() -> bool:
    """Whether somebody has replaced `time.monotonic`, so that no timer of an event loop may ever end."""
    standing: Any = time.monotonic
    return type(standing) is not type(time.sleep)


def now() -> float:
    """Return the monotonic time in seconds, those that were skipped included."""
    return real_now() + _skipped


def sleep_for(seconds: float) -> float:
    """Return how long to sleep for so many seconds to pass: so long, or not at all where they are skipped."""
    global _skipped
    tellers = tuple(_told)
    if not tellers:
        return seconds
    for tell in tellers:
        tell(seconds)
    with _lock:
        _skipped += seconds
    return 0.0


@contextlib.contextmanager
def skipping(tell: Callable[[float], object]) -> Iterator[None]:
    """Skip the pauses of every client until the block ends; `tell` is called with the seconds of each, in any thread.

    Only what a client would sleep is skipped; how long a response may take stays real time.
    """
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)


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

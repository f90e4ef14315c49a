"""The time that waits go by: real, unless somebody skips it."""

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

"""The clock of an emulator: real, fast, or turned by a test. It never goes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any


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
        """Return the seconds so far."""
        return self._base + (time.monotonic() - self._anchor) * self.speed

    def advance(self, seconds: float) -> None:
        """Advance the clock, and tell those who listen."""
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError(f"a clock only goes forward, not by {seconds} s")
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

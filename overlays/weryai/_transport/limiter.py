"""The gate that all requests of a client share: so many at a time, and so many polls per second.

When more waits are going on than the gate lets through, each task is polled less often; none of them fails.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from .._flow.clock import now, sleep_for

# Downloads last long and go to other hosts, so they have places of their own.
DOWNLOADS = 16


@dataclass
class Turns:
    """Evenly spaced turns, `rate` per second; who comes late catches up on one of them."""

    rate: float
    next_turn: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def take(self, moment: float) -> float:
        """Take a turn and return 0.0, or return the seconds until the next one."""
        with self._lock:
            if moment < self.next_turn:
                return self.next_turn - moment
            # Nobody is late for the first one.
            earliest = moment - 1 / self.rate if self.next_turn else moment
            self.next_turn = max(self.next_turn, earliest) + 1 / self.rate
            return 0.0


class BlockingLimiter:
    """The gate of one blocking client, for all its threads."""

    def __init__(self, requests: int, turns: Turns) -> None:
        self.turns = turns
        self.slots = threading.BoundedSemaphore(requests)
        self.downloads = threading.BoundedSemaphore(DOWNLOADS)
        self._queue = threading.Lock()

    def wait(self, most: float) -> bool:
        """Wait for a turn, at most so many seconds; whether one was taken."""
        deadline = now() + most
        if not self._queue.acquire(timeout=min(most, threading.TIMEOUT_MAX)):
            return False
        try:
            while (pause := self.turns.take(now())) > 0:
                if now() + pause > deadline:
                    return False
                time.sleep(sleep_for(pause))
            return True
        finally:
            self._queue.release()

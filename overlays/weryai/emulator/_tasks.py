"""Tasks of the emulator: waiting, processing, succeeded, by a clock that a test can turn."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Protocol

WAITING, PROCESSING, SUCCEEDED = "waiting", "processing", "succeed"

#: What a task costs; invented, the real prices are on WeryAI's pricing page.
CREDITS_PER_TASK = 10
FIRST_BALANCE = 1000


class Clock(Protocol):
    """Seconds that pass."""

    def now(self) -> float:
        """Return the seconds since an arbitrary start."""
        ...


class RealClock:
    """Real time, which nobody can set back."""

    def now(self) -> float:
        """Return the seconds since an arbitrary start."""
        return time.monotonic()


class ManualClock:
    """Time that passes only when a test says so; safe to turn from any thread."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return how many seconds the clock was turned so far."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Turn the clock forward."""
        if not seconds >= 0:
            raise ValueError(f"a clock only goes forward, not by {seconds} s")
        with self._lock:
            self._now += seconds


@dataclass(frozen=True, slots=True)
class Work:
    """What was ordered: the picture's address (None for text alone), the ratio and the length."""

    image: str | None
    ratio: str | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Task:
    """One video to be made."""

    id: str
    batch_id: int
    submitted_at: float
    work: Work


class NotEnoughCreditsError(Exception):
    """The balance does not pay for the order."""


class TaskStore:
    """Every task of this emulator, and the credits that pay for them."""

    def __init__(self, clock: Clock, waiting: float, processing: float, balance: int) -> None:
        if not (waiting >= 0 and processing >= 0):
            raise ValueError(f"waiting={waiting} and processing={processing} must be seconds from 0 on")
        self.clock = clock
        self.balance = balance
        self._starts, self._ends = waiting, waiting + processing
        self._tasks: dict[str, Task] = {}
        self._batches: dict[str, tuple[Task, ...]] = {}

    def submit(self, work: Work, count: int) -> tuple[Task, ...]:
        """Order the same video `count` times as one batch, and pay for it."""
        price = count * CREDITS_PER_TASK
        if price > self.balance:
            raise NotEnoughCreditsError(f"{price} credits are needed, {self.balance} are left")
        self.balance -= price
        batch_id = self._new_batch_id()
        now = self.clock.now()
        tasks = tuple(Task(f"task_{secrets.token_hex(8)}", batch_id, now, work) for _ in range(count))
        self._tasks.update((task.id, task) for task in tasks)
        self._batches[str(batch_id)] = tasks
        return tasks

    def task(self, task_id: str) -> Task | None:
        """Return the task of this id."""
        return self._tasks.get(task_id)

    def batch(self, batch_id: str) -> tuple[Task, ...] | None:
        """Return the tasks of one submission."""
        return self._batches.get(batch_id)

    def state(self, task: Task) -> str:
        """Return the state's name, as the API spells it."""
        age = self.clock.now() - task.submitted_at
        if age < self._starts:
            return WAITING
        return PROCESSING if age < self._ends else SUCCEEDED

    def _new_batch_id(self) -> int:
        while True:
            batch_id = 100_000_000 + secrets.randbelow(900_000_000)
            if str(batch_id) not in self._batches:
                return batch_id

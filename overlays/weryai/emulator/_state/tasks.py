"""Tasks of the emulator: waiting, processing, ended, by the emulator's clock, and the credits that pay for them."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from weryai.emulator._clock import Clock
from weryai.emulator._faults import Fault
from weryai.emulator._scenarios import Fate

WAITING, PROCESSING, SUCCEEDED, FAILED = "waiting", "processing", "succeed", "failed"
ENDED = (SUCCEEDED, FAILED)

#: What a task costs; invented, the real prices are on WeryAI's pricing page.
CREDITS_PER_TASK = 10
FIRST_BALANCE = 1000
#: What is there where credits are not to run out: a hundred thousand million orders.
UNLIMITED = 10**12
#: How many tasks may be unfinished at once; the service's own number.
MOST_AT_ONCE = 20
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Work:
    """What was submitted: the image's URL (None for text alone), the ratio and the length; and for whom.

    `home` is the URL that the caller knows the emulator by, `job` says which orders are the same.
    """

    image: str | None
    ratio: str | None
    seconds: int
    model: str = ""
    prompt: str = ""
    webhook_url: str | None = None
    home: str = ""
    job: str = ""


@dataclass(eq=False, slots=True)
class Task:
    """One video to be made; `forced` is an end that somebody decided: when, in which state, and why."""

    id: str
    batch_id: int
    submitted_at: float
    work: Work
    credits: int = CREDITS_PER_TASK
    fate: Fate = field(default_factory=Fate)
    forced: tuple[float, str, str | None] | None = None
    faults: list[Fault] = field(default_factory=list)
    #: The scenario that decided its fate, and how far telling its end has come.
    scenario: str | None = None
    webhook: str | None = None
    is_told: bool = False


class NotEnoughCreditsError(Exception):
    """The balance does not pay for the order."""


class TooManyTasksError(Exception):
    """As many tasks as may be are unfinished or were submitted, today or just now; `code` tells which."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class TaskStore:
    """Every task of this emulator, and the credits that pay for them; to be read from any thread."""

    def __init__(
        self,
        clock: Clock,
        waiting: float,
        processing: float,
        balance: int,
        *,
        concurrency: int | None = None,
        daily_cap: int | None = None,
        submit_interval: float = 0.0,
        refund_failed: bool = False,
    ) -> None:
        if not (waiting >= 0 and processing >= 0):
            raise ValueError(f"waiting={waiting} and processing={processing} must be seconds from 0 on")
        self.clock = clock
        # Before any refund.
        self.left = balance
        self._starts, self._ends = waiting, waiting + processing
        self._concurrency, self._daily_cap, self._refunds = concurrency, daily_cap, refund_failed
        self._submit_interval, self._submitted_at = submit_interval, -math.inf
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._batches: dict[str, tuple[Task, ...]] = {}
        self._unfinished: set[str] = set()

    @property
    def balance(self) -> int:
        """The credits that are left; those of failed tasks come back only if the emulator is set to refund them."""
        return self.left + (sum(self.refunded(task) for task in self.all()) if self._refunds else 0)

    def submit(self, work: Work, count: int) -> tuple[Task, ...]:
        """Order the same video `count` times as one batch, and pay for it."""
        price = count * CREDITS_PER_TASK
        with self._lock:
            self._check_limits(count)
            if price > self.balance:
                raise NotEnoughCreditsError(f"{price} credits are needed, {self.balance} are left")
            self.left -= price
            batch_id = self._new_batch_id()
            now = self._submitted_at = self.clock.now()
            tasks = tuple(Task(f"task_{secrets.token_hex(8)}", batch_id, now, work) for _ in range(count))
            self.keep(tasks)
        return tasks

    def keep(self, tasks: Sequence[Task]) -> None:
        """Know the tasks of one batch from now on."""
        with self._lock:
            self._tasks.update((task.id, task) for task in tasks)
            self._batches[str(tasks[0].batch_id)] = tuple(tasks)
            if self._concurrency is not None:
                self._unfinished.update(task.id for task in tasks)

    def task(self, task_id: str) -> Task | None:
        """Return the task of this id."""
        return self._tasks.get(task_id)

    def batch(self, batch_id: str) -> tuple[Task, ...] | None:
        """Return the tasks of one submission."""
        return self._batches.get(batch_id)

    def all(self) -> list[Task]:
        """Return every task, oldest first."""
        with self._lock:
            return list(self._tasks.values())

    def state(self, task: Task) -> str:
        """Return the state's name, as the API spells it."""
        now = self.clock.now()
        if task.forced is not None and now >= task.forced[0]:
            return task.forced[1]
        age = now - task.submitted_at
        if age < self._starts or task.fate.stays == WAITING:
            return WAITING
        return PROCESSING if age < self._ends or task.fate.stays == PROCESSING else task.fate.ends

    def word(self, task: Task) -> str:
        """Return how the state is spelt for this task."""
        state = self.state(task)
        return task.fate.word if task.fate.word and task.forced is None and state in ENDED else state

    def reason(self, task: Task) -> str | None:
        """Return why a task failed, if it did and something says why."""
        if self.state(task) != FAILED:
            return None
        return task.forced[2] if task.forced is not None else task.fate.reason

    def starts_at(self, task: Task) -> float | None:
        """Return when it is (or was) taken from the queue; None if never."""
        starts = task.submitted_at + self._starts
        ends = self.ends_at(task)
        return None if task.fate.stays == WAITING or (ends is not None and ends < starts) else starts

    def ends_at(self, task: Task) -> float | None:
        """Return when it ends (or ended); None if it never will."""
        if task.forced is not None:
            return task.forced[0]
        return None if task.fate.stays else task.submitted_at + self._ends

    def end(self, task: Task, state: str, reason: str | None = None) -> None:
        """Let a task end now, whatever was to become of it; one that has ended stays as it is."""
        with self._lock:
            if self.state(task) not in ENDED:
                task.forced = (self.clock.now(), state, reason)

    def doom(self, task: Task, reason: str) -> None:
        """Let a task fail when its time has come, unless something else was to become of it."""
        if task.forced is None and task.scenario is None:
            task.forced = (task.submitted_at + self._ends, FAILED, reason)

    def refunded(self, task: Task) -> int:
        """Return the credits of a task that came back."""
        return task.credits if self._refunds and self.state(task) == FAILED else 0

    def clear(self, balance: int) -> None:
        """Forget every task and have this many credits."""
        with self._lock:
            self._tasks.clear()
            self._batches.clear()
            self._unfinished.clear()
            self.left, self._submitted_at = balance, -math.inf

    def _check_limits(self, count: int) -> None:
        if self.clock.now() - self._submitted_at < self._submit_interval:
            raise TooManyTasksError(1001, "request rate limit exceeded")
        if self._concurrency is not None:
            self._unfinished = {one for one in self._unfinished if self.state(self._tasks[one]) not in ENDED}
            if len(self._unfinished) + count > self._concurrency:
                raise TooManyTasksError(6010, f"max {self._concurrency} concurrent tasks")
        if self._daily_cap is not None:
            since = self.clock.now() - self.clock.now() % SECONDS_PER_DAY
            today = sum(task.submitted_at >= since for task in self._tasks.values())
            if today + count > self._daily_cap:
                raise TooManyTasksError(6101, f"daily limit of {self._daily_cap} tasks exceeded")

    def _new_batch_id(self) -> int:
        while True:
            batch_id = 100_000_000 + secrets.randbelow(900_000_000)
            if str(batch_id) not in self._batches:
                return batch_id

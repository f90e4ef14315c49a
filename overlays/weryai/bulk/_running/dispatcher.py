"""The embedded dispatcher: one process, one ledger, one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from ..._client import AsyncWeryAI
from ...errors import ConfigurationError
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.job import Job, JobState
from .._ledger.ledger import Ledger, OpenLedger
from .credit_check import watching
from .events import Event, Outcome
from .file_names import NAME, Naming
from .job_runner import JobRunner, Patience
from .stop_reasons import Stopping
from .throttle import IN_FLIGHT, RATE, Throttle

PAGE = 500
# Beside those in flight so many jobs may be at their download.
DOWNLOADING = 64
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take: jobs placed per second, tasks unfinished at a time, and spent in all, restarts included.

    Without a budget the one of an earlier start stays in force; `math.inf` lifts it.
    """

    rate: float = RATE
    in_flight: int = IN_FLIGHT
    budget_tasks: float | None = None
    budget_credits: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 10_000 or not 1 <= self.in_flight <= 100_000:
            raise ConfigurationError("rate must be more than 0 and at most 10,000 a second, in_flight 1 to 100,000")
        for name in ("budget_tasks", "budget_credits"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ConfigurationError(f"{name} must be 0 or more")


@dataclass(slots=True)
class Run:
    """A run that goes on; `throttle` and `performer` tell how."""

    client: AsyncWeryAI
    ledger: OpenLedger
    performer: JobRunner
    throttle: Throttle
    jobs: set[asyncio.Task[None]] = field(default_factory=set)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    is_interrupted: bool = False
    is_hurried: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether others may work on the same jobs."""
        return not isinstance(self.ledger, Ledger)

    def counted(self) -> tuple[dict[str, int], int]:
        """How many jobs of the manifest are in each state, and how many tasks were paid for; waits for the disk."""
        found, others, facts = self.ledger.write(
            lambda db: (reading.counts(db), reading.others(db), reading.facts(db))
        ).result()
        return {state.value: many - others[state] for state, many in found.items()}, facts.submits


async def arun(
    ledger: Ledger,
    *,
    output: Path | str,
    api_key: str | Callable[[], str] | None = None,
    base_url: str | None = None,
    name: str = NAME,
    limits: Limits | None = None,
    patience: Patience | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
    watch: Callable[[Run], None] = lambda _run: None,
    **options: Any,
) -> Outcome:
    """Work on the jobs of a ledger until nothing is left that can be done, and return how it ended.

    First the jobs that are paid for, then the queued ones, in the order of their rows. Videos go into the folder
    `output`, named by the template `name`. `on_event` is called with everything that happens; `watch` once, with the
    Run, to look at while it goes on. SIGINT and SIGTERM stop new orders, let open ones end, and leave the rest for the
    next start; a second one does not wait. `options` are those of AsyncWeryAI.

    A job of which nobody knows whether it is paid for is AMBIGUOUS and is never sent again by itself.
    """
    limits = limits or Limits()
    throttle = Throttle(limits.rate, limits.in_flight)
    await asyncio.wrap_future(ledger.write(lambda db: keep_budget(db, limits)))
    keeping = (ledger, throttle, Naming(Path(output).resolve(), name), on_event, patience)
    async with running(*keeping, watch, api_key=api_key, base_url=base_url, **options) as run:
        await _dispatch(run)
    return await outcome(run)


@contextlib.asynccontextmanager
async def running(
    ledger: OpenLedger, throttle: Throttle, naming: Naming, on_event: Callable[[Event], None],
    patience: Patience | None, watch: Callable[[Run], None], **options: Any,
) -> AsyncIterator[Run]:  # fmt: skip
    """What is around the work of every dispatcher: the client, the balance, and signals, which end the block."""
    async with AsyncWeryAI(journal=ledger.order_logs, **{"polls_per_second": 200.0, **options}) as client:
        run = Run(client, ledger, JobRunner(client, ledger, naming, throttle, on_event, patience), throttle)
        # Ties the ledger to this service and this key, before anything else.
        client._settings.order_log()
        watch(run)
        with heeding_signals(run):
            try:
                async with watching(client, run.performer):
                    yield run
            except asyncio.CancelledError:
                if not run.is_interrupted:
                    raise


def run(ledger: Ledger, **options: Any) -> Outcome:
    """As `arun`, for who has no event loop."""
    return asyncio.run(arun(ledger, **options))


def keep_budget(db: Any, limits: Limits) -> None:
    """Set the budget that was given; one in credits needs the price of every job."""
    given = (limits.budget_tasks, limits.budget_credits)
    if given != (None, None):
        tasks, credits = (None if value == math.inf else value for value in given)
        steps.set_budget(db, None if tasks is None else int(tasks), credits)
    unpriced = reading.unpriced(db) if reading.facts(db).budget_credits is not None else 0
    if unpriced:
        raise ConfigurationError(
            f"{unpriced:,} queued jobs have no price, so a budget in credits cannot be kept: load them with a table of "
            "prices. Nothing was sent."
        )


async def _dispatch(run: Run) -> None:
    """Start jobs as there is room for them, and wait for their end."""
    room = asyncio.Semaphore(run.throttle.most + DOWNLOADING)
    try:
        for state in (JobState.SUBMITTED, JobState.QUEUED):
            after = 0
            while state is JobState.SUBMITTED or run.performer.stopping is None:
                jobs = await _page(run, state, after)
                if not jobs:
                    break
                for job in jobs:
                    if state is JobState.QUEUED and run.performer.stopping is not None:
                        break
                    await room.acquire()
                    _start(run, job, room)
                after = jobs[-1].row
        while run.jobs:
            run.idle.clear()
            await run.idle.wait()
    finally:
        await end(run)


async def _page(run: Run, state: JobState, after: int) -> list[Job]:
    """The next jobs in a state, behind a row; only those of the manifest are submitted."""
    is_current = state is JobState.QUEUED
    return await run.performer.note(lambda db: reading.page(db, (state,), after, PAGE, is_current=is_current))


def _start(run: Run, job: Job, room: asyncio.Semaphore) -> None:
    task = asyncio.create_task(run.performer.perform(job))
    run.jobs.add(task)

    def ended(task: asyncio.Task[None]) -> None:
        run.jobs.discard(task)
        room.release()
        if not run.jobs:
            run.idle.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            run.performer.stop(Stopping(f"job {job.key!r} met what it should not: {error!r}"))

    task.add_done_callback(ended)


async def end(run: Run) -> None:
    """Let open orders end, then let go of the rest."""
    while run.performer.posting and not run.is_hurried:
        await asyncio.sleep(0.02)
    for task in list(run.jobs):
        task.cancel()
    if run.is_hurried:
        await asyncio.sleep(0)
        for task in list(run.jobs):
            task.cancel()
    await asyncio.gather(*run.jobs, return_exceptions=True)


async def outcome(run: Run) -> Outcome:
    counts, others, facts = await run.performer.note(
        lambda db: (reading.counts(db), reading.others(db), reading.facts(db))
    )
    stopping = run.performer.stopping
    why = stopping.reason if stopping else None
    return Outcome(counts, facts.submits, facts.credits, why, run.is_interrupted, not_in_manifest=others)


@contextlib.contextmanager
def heeding_signals(run: Run) -> Iterator[None]:
    """Stop gently at the first signal and at once at the second; only where this thread gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    dispatching = asyncio.current_task()

    def heed() -> None:
        run.is_hurried = run.is_interrupted
        if not run.is_interrupted and dispatching is not None:
            run.is_interrupted = True
            run.performer.stop(Stopping("interrupted"))
            dispatching.cancel()

    def heard(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(heed)

    before = {number: signal.signal(number, heard) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

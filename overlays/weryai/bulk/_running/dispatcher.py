"""The embedded dispatcher: one process, one ledger, one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from ..._client import AsyncWeryAI
from ...errors import ConfigurationError, InsufficientCreditsError, WeryAIError, before_sending
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.ledger import Ledger, OpenLedger, check_ledger
from .._ledger.queries import ALIVE, SILENCE
from .._ledger.transitions import Database, Job, JobState
from .gate import Event, Outcome, Stopping, why_stop
from .job_runner import NAME, PAGE, JobRunner, Naming, Patience
from .throttle import Limits, LocalThrottle, SubmissionPace, Throttle

# Beside those in flight so many jobs may be at their download.
DOWNLOADING = 64


@dataclass(slots=True)
class Run:
    """A run that goes on; `throttle` and `performer` tell how."""

    client: AsyncWeryAI
    ledger: OpenLedger
    performer: JobRunner
    throttle: Throttle
    ending: Ending
    jobs: set[asyncio.Task[None]] = field(default_factory=set)
    dispatching: asyncio.Task[Any] | None = field(default_factory=asyncio.current_task)
    is_let_go: bool = False
    #: By the clock of the ledger, in seconds since 1970.
    began: float = 0.0

    @property
    def is_shared(self) -> bool:
        """Whether others may work on the same jobs."""
        return not isinstance(self.ledger, Ledger)

    @property
    def is_hurried(self) -> bool:
        """Whether open submissions get no more time than the client's grace."""
        return self.ending.times > 1 or self.ending.is_cancelled

    @property
    def paused(self) -> str | None:
        """Why everything waits, for people; None while it goes on."""
        return self.performer.gate.told

    def counted(self) -> tuple[dict[str, int], int]:
        """How many jobs of the manifest are in each state, and how many tasks were paid for; waits for the disk."""
        found, others, facts = self.ledger.write(
            lambda db: (reading.counts(db), reading.others(db), reading.facts(db))
        ).result()
        return {state.value: many - others[state] for state, many in found.items()}, facts.submits

    def pace(self) -> float | None:
        """How many jobs end per second since this run began, by whichever worker; waits for the disk."""
        return self.ledger.write(lambda db: reading.pace_of(db, self.began)).result()

    def heed(self) -> None:
        """Heed that somebody wants the run to end."""
        self.performer.stop(Stopping("interrupted", "interrupted"))
        self.let_go()

    def let_go(self) -> None:
        """Wait for nothing any more but open submissions."""
        if not self.is_let_go and self.dispatching is not None:
            self.is_let_go = True
            self.dispatching.cancel()


async def arun(
    ledger: Ledger,
    *,
    output: Path | str,
    api_key: str | Callable[[], str] | None = None,
    base_url: str | None = None,
    name: str = NAME,
    sidecar: bool = False,
    limits: Limits | None = None,
    patience: Patience | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
    watch: Callable[[Run], None] = lambda _run: None,
    **options: Any,
) -> Outcome:
    """Work on the jobs of a ledger until nothing is left that can be done, and return how it ended.

    First the jobs that are paid for, then the queued ones, in the order of their rows. Videos go into the folder
    `output`, named by the template `name`; with `sidecar` a JSON with what is known lies beside each, also beside those
    of earlier runs that have none.
    `on_event` is called with everything that happens; `watch` once, with the Run, to look at while it goes on.
    `options` are those of AsyncWeryAI.

    While the service is not reached everything waits and no job fails; see Limits. No signals are taken. Cancelled,
    it submits nothing more, lets open submissions end within the client's grace, and leaves the rest for the next
    start. A job of which nobody knows whether it is paid for is AMBIGUOUS and is never sent again by itself.
    """

    async def work(ending: Ending) -> Outcome:
        check_ledger(ledger, Ledger)
        wanted = limits or Limits()
        throttle = LocalThrottle(SubmissionPace.begin(wanted.rate, wanted.start_rate), wanted.in_flight)
        await ledger.note(lambda db: keep_budget(db, wanted))
        keeping = (ledger, throttle, wanted, Naming(output, name, sidecar=sidecar), on_event, patience)
        return await conduct(*keeping, watch, ending, _dispatch, api_key=api_key, base_url=base_url, **options)

    return await finished(work)


def run(ledger: Ledger, *, output: Path | str, **options: Any) -> Outcome:
    """As `arun`, with the same parameters, for who has no event loop.

    In the main thread SIGINT and SIGTERM are taken where their default handlers stand, until the end. The first one
    stops new submissions, lets open ones end and leaves the rest for the next start; a second one hardly waits.
    """
    refuse_on_a_loop("run")
    with heeding():
        return asyncio.run(arun(ledger, output=output, **options))


async def conduct(
    ledger: OpenLedger, throttle: Throttle, limits: Limits, naming: Naming, on_event: Callable[[Event], None],
    patience: Patience | None, watch: Callable[[Run], None], ending: Ending, body: Callable[[Run], Awaitable[None]],
    **options: Any,
) -> Outcome:  # fmt: skip
    """Do the work of a dispatcher with all that is around it: client, gate and balance, and what ends it early."""
    naming.prepare()
    async with AsyncWeryAI(journal=ledger.order_logs, **{"polls_per_second": 200.0, **options}) as client:
        performer = JobRunner(client, ledger, naming, throttle, limits, on_event, patience)
        run = Run(client, ledger, performer, throttle, ending)
        performer.let_go = run.let_go
        # Ties the ledger to this service and this key, before anything else.
        client._tie()
        await ledger.note(lambda db: steps.note_stop(db, None))
        run.began = await ledger.note(steps.moment_of)
        watch(run)
        with ending.passing_to(run.heed):
            try:
                async with (
                    alive(ledger), performer.gate.guarding(), watching(client, performer), performer.adding_sidecars(),
                ):  # fmt: skip
                    await body(run)
            except asyncio.CancelledError:
                if not run.is_let_go:
                    raise
                if run.dispatching is not None:
                    run.dispatching.uncancel()
    return await outcome(run)


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
            "prices"
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
        if run.jobs:
            await asyncio.wait(run.jobs)
    finally:
        await end(run)


async def _page(run: Run, state: JobState, after: int) -> list[Job]:
    """The next jobs in a state, behind a row; only those of the manifest are submitted."""
    is_current = state is JobState.QUEUED
    return await run.ledger.note(lambda db: reading.page(db, (state,), after, PAGE, is_current=is_current))


def _start(run: Run, job: Job, room: asyncio.Semaphore) -> None:
    task = asyncio.create_task(run.performer.perform(job))
    run.jobs.add(task)

    def ended(task: asyncio.Task[None]) -> None:
        run.jobs.discard(task)
        room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            run.performer.stop(Stopping(f"job {job.key!r:.200} met what it should not: {error!r:.200}"))

    task.add_done_callback(ended)


async def end(run: Run) -> None:
    """Let open submissions end, then let go of the rest."""
    while run.performer.posting and not run.is_hurried:
        await asyncio.sleep(0.02)
    for task in list(run.jobs):
        task.cancel()
    if run.ending.times > 1:
        await asyncio.sleep(0)
        for task in list(run.jobs):
            task.cancel()
    await all_ended(run.jobs)


async def outcome(run: Run) -> Outcome:
    """How a run has ended."""
    counts, others, facts = await run.ledger.note(
        lambda db: (reading.counts(db), reading.others(db), reading.facts(db))
    )
    stopping, signal = run.performer.stopping, run.ending.signal
    # Where the disk is full, the result is told all the same.
    with contextlib.suppress(WeryAIError):
        # Where nothing is left to do, an older reason, or that of another worker, is one no more.
        await run.ledger.note(lambda db: steps.note_stop(db, stopping.reason if stopping else None))
    return Outcome(
        counts, facts.submits, facts.credits, stopping.reason if stopping else None, signal is not None,
        not_in_manifest=others, signal=signal, cause=stopping.cause if stopping else None,
        unfetched=run.performer.unfetched,
    )  # fmt: skip


#: Seconds between two signs of life.
BEAT = 5.0


@contextlib.asynccontextmanager
async def alive(ledger: OpenLedger) -> AsyncIterator[None]:
    """Give signs of life until the block ends; others that work on the same ledger give their own."""
    name = f"{ALIVE} {secrets.token_hex(8)}"
    beating = asyncio.create_task(_beat(ledger, name))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        ledger.write(partial(forget_alive, name=name))


async def _beat(ledger: OpenLedger, name: str) -> None:
    while True:
        with contextlib.suppress(WeryAIError):
            await ledger.note(partial(note_alive, name=name))
        await asyncio.sleep(BEAT)


def forget_alive(db: Database, name: str) -> float:
    """Take back a sign, and those of runs that died; return the moment."""
    steps.lock(db)
    moment = steps.moment_of(db)
    db.execute(
        "delete from about where name = ? or (name like ? and cast(value as double precision) < ?)",
        (name, f"{ALIVE}%", moment - SILENCE),
    )
    return moment


def note_alive(db: Database, name: str) -> None:
    """Give a sign of life."""
    steps.note_about(db, name, str(forget_alive(db, name)))


# How long between two looks, in seconds.
EVERY = 60.0


@contextlib.asynccontextmanager
async def watching(client: AsyncWeryAI, performer: JobRunner) -> AsyncIterator[None]:
    """Refuse to begin what cannot be paid for, and look at the balance again every minute until the block ends.

    Nothing is asked for as long as no price is known. When the balance does not cover the next job any more, no
    further jobs are taken. Raises InsufficientCreditsError.
    """
    if short := await _shortage(client, performer, reading.queued_price):
        raise before_sending(
            InsufficientCreditsError(
                "the queued jobs cost {1:.15g} credits and the account has {0:.15g}".format(*short)
            )
        )
    looking = asyncio.create_task(_look(client, performer))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(client: AsyncWeryAI, performer: JobRunner) -> None:
    while performer.stopping is None:
        await asyncio.sleep(EVERY)
        if short := await _shortage(client, performer, reading.next_price):
            told = "the account has {:.15g} credits and the next job costs {:.15g}".format(*short)
            performer.stop(Stopping(told, "credits"))


async def _shortage(
    client: AsyncWeryAI, performer: JobRunner, price_of: Callable[[Database], float | None]
) -> tuple[float, float] | None:
    """The balance, and what it does not cover; None where it does, or where one of them is not known."""
    price = await performer.ledger.note(price_of)
    balance = None if price is None else await _balance(client, performer)
    return None if price is None or balance is None or balance >= price else (balance, price)


async def _balance(client: AsyncWeryAI, performer: JobRunner) -> float | None:
    """The balance, once the service is reached; None where it is not told, which is no reason to stop."""
    await performer.gate.passed()
    try:
        balance = await client.account.balance()
    except WeryAIError as error:
        if why_stop(error) is not None:
            raise
        return None
    return balance if balance > 0 else None


T = TypeVar("T")
#: Those that `run` and `work` take: Ctrl-C, and what a supervisor sends.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class Ending:
    """Remembers how often and by what a run was told to end, and passes it on to the run as soon as there is one."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.times = 0
        self.is_cancelled = False
        self._heed: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def passing_to(self, heed: Callable[[], None]) -> Iterator[None]:
        """Call `heed` on the running loop each time, and once if it was told before."""
        self._loop, self._heed = asyncio.get_running_loop(), heed
        if self.times or self.is_cancelled:
            self._loop.call_soon(heed)
        try:
            yield
        finally:
            self._heed = None

    def heard(self, number: int, _frame: FrameType | None = None) -> None:
        """Heed a signal; in any thread's place, at any moment."""
        self.signal = number if self.signal is None else self.signal
        self.times += 1
        if self._heed is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._heed)

    def cancelled(self) -> None:
        """Heed that nobody waits for the run any more."""
        if not self.is_cancelled:
            self.is_cancelled = True
            if self._heed is not None:
                self._heed()


def refuse_on_a_loop(name: str) -> None:
    """Refuse a blocking call where an event loop runs, as in a notebook, and name the one that is awaited."""
    if asyncio._get_running_loop() is not None:
        raise ConfigurationError(f"an event loop runs here, as in a notebook: use await bulk.a{name}(...)")


# What `heeding` has for the run that is begun inside it.
_given: ContextVar[Ending | None] = ContextVar("given", default=None)


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """Let the signals end the run inside, where their default handler stands, which comes back; in the main thread."""
    ending = Ending()
    _given.set(ending)
    is_main = threading.current_thread() is threading.main_thread()
    taken = [number for number in SIGNALS if is_main and signal.getsignal(number) in _DEFAULTS]
    before = {number: signal.signal(number, ending.heard) for number in taken}
    try:
        yield
    finally:
        _given.set(None)
        for number, handler in before.items():
            signal.signal(number, handler)


async def finished(work: Callable[[Ending], Coroutine[Any, Any, T]]) -> T:
    """Do the work in a task of its own: who is cancelled meanwhile, however often, tells it to end and waits for that.

    A scope of anyio cancels at every turn of the loop, so that waiting again and again would keep a core busy.
    """
    ending = _given.get() or Ending()
    _given.set(None)
    working = asyncio.create_task(work(ending))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        ending.cancelled()
        await all_ended({working})
        if not working.cancelled():
            working.exception()
        raise


async def all_ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait for tasks, however often the waiting is cancelled."""
    # Loaded by httpx where it is needed.
    import anyio

    while waiting := {task for task in tasks if not task.done()}:
        with contextlib.suppress(asyncio.CancelledError), anyio.CancelScope(shield=True):
            await asyncio.wait(waiting)

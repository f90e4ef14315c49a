"""The dispatcher of many machines: each runs a worker, and one ledger in PostgreSQL keeps them from paying twice.

Procrastinate's queue says which of them takes up which job, and who follows one that is gone. It knows only rows of
the ledger, and is made anew from it whenever that is needed. It may hand out a job twice, or to two workers at a time:
what is paid for is decided in the ledger alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._flow.logs import log
from ..._flow.order import OrderState
from ...errors import ConfigurationError, JournalError, WeryAIError
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.ledger import (
    AWAY,
    GONE,
    LEDGER_SCHEMA,
    NEEDS,
    QUEUE_SCHEMA,
    Marked,
    PostgresLedger,
    check_ledger,
    for_libpq,
    is_anybody_there,
    is_telling,
    settings_of,
    talking,
    told,
)
from .._ledger.queries import CURRENT
from .._ledger.transitions import NOW, Database, lock, moment_of
from .dispatcher import (
    Ending,
    Run,
    all_ended,
    conduct,
    end,
    finished,
    heeding,
    keep_budget,
    refuse_on_a_loop,
)
from .gate import Event, Outcome, Stopping, bound_of, why_stop
from .job_runner import NAME, Naming, Patience
from .throttle import IN_FLIGHT, RATE, Limits, SharedThrottle, agree

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from procrastinate.jobs import Job as Entry
    from procrastinate.retry import RetryDecision

# Beside those in flight so many jobs of a worker may wait for their turn, or be at their download.
MORE = 16


async def awork(
    ledger: PostgresLedger,
    *,
    output: Path | str,
    api_key: str | Callable[[], str] | None = None,
    base_url: str | None = None,
    name: str = NAME,
    sidecar: bool = False,
    limits: Limits | None = None,
    until_done: bool = False,
    patience: Patience | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
    watch: Callable[[Run], None] = lambda _run: None,
    **options: Any,
) -> Outcome:
    """Work on the jobs of a ledger beside other workers until it is cancelled, and return how it stands.

    `until_done` ends when nothing is left that can be done. `limits` are those of all workers together and stay in
    force for all; without them, those of the last worker that had some. Everything else is as in `arun`. Videos are
    stored on the machine of the worker that fetched them: the ledger names it beside the path.

    A worker that is gone for 6 seconds is followed by the others. What it had paid for is waited for and fetched; what
    it was just sending is AMBIGUOUS, and is not sent again. Raises JournalError when the database is not to be had.
    """

    async def working(ending: Ending) -> Outcome:
        check_ledger(ledger, PostgresLedger)
        agreed = await ledger.note(lambda db: _agreed_limits(db, limits))
        await ledger.note(lambda db: agree(db, agreed))

        async def body(run: Run) -> None:
            is_ending = partial(_is_ending, run)
            async with opened(ledger, partial(_perform, run), is_ending) as queue, _quiet():
                await _work(run, queue, until_done=until_done)

        keeping = (ledger, SharedThrottle(ledger, agreed), agreed, Naming(output, name, sidecar=sidecar), on_event)
        return await conduct(*keeping, patience, watch, ending, body, api_key=api_key, base_url=base_url, **options)

    return await finished(working)


def work(ledger: PostgresLedger, **options: Any) -> Outcome:
    """As `awork`, for who has no event loop; SIGINT and SIGTERM are taken as in `run`, and end the worker."""
    refuse_on_a_loop("work")
    with heeding():
        return asyncio.run(awork(ledger, **options))


def limits_in_force(ledger: PostgresLedger) -> Limits:
    """How fast and how many at a time all workers go together; budgets stay in force by themselves."""
    return ledger.write(lambda db: _agreed_limits(db, None)).result()


def _agreed_limits(db: Any, limits: Limits | None) -> Limits:
    """Make limits known to all workers, or know theirs."""
    if limits is None:
        run = db.execute("select rate, in_flight from run").fetchone()
        return Limits(run["rate"] or RATE, run["in_flight"] or IN_FLIGHT, open_posts=bound_of(db))
    keep_budget(db, limits)
    db.execute("update run set rate = ?, in_flight = ?", (limits.rate, limits.in_flight))
    return limits


def _is_ending(run: Run) -> bool:
    return run.performer.stopping is not None


async def _work(run: Run, queue: Queue, *, until_done: bool) -> None:
    """Take up jobs until there is a reason not to; if that is a signal, let open orders end and let go of the rest."""
    await queue.forget_failures()
    working = asyncio.create_task(queue.work(run.throttle.most + MORE))
    looking = asyncio.create_task(queue.look_after(until_done=until_done))
    try:
        await asyncio.wait({working, looking}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        looking.cancel()
        working.cancel()
        await end(run)
        await all_ended({working, looking})
    ends = await asyncio.gather(working, looking, return_exceptions=True)
    for one in ends:
        if isinstance(one, Exception):
            raise one


@contextlib.asynccontextmanager
async def _quiet() -> AsyncIterator[None]:
    """Keep to ourselves that an entry of the queue was another worker's when it ended: the ledger tells what counts."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def heard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        task = context.get("future")
        if isinstance(task, asyncio.Task) and task.get_name().startswith("process job "):
            log.debug("%s: %r", task.get_name(), context.get("exception"))
        elif before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    loop.set_exception_handler(heard)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


async def _perform(run: Run, row: int) -> OrderState | None:
    """Perform the job of a row, and return where it stands then; None if it is gone."""
    task = asyncio.current_task()
    assert task is not None
    run.jobs.add(task)
    try:
        job = await run.ledger.note(lambda db: reading.of_row(db, row))
        if job is None or job.state not in (OrderState.QUEUED, OrderState.SUBMITTED):
            return None if job is None else job.state
        if job.state is OrderState.SUBMITTED or run.performer.stopping is None:
            await run.performer.perform(job)
        job = await run.ledger.note(lambda db: reading.of_row(db, row))
        return None if job is None else job.state
    except WeryAIError as error:
        run.performer.stop(why_stop(error) or Stopping(error.message))
        return OrderState.QUEUED
    except Exception as error:
        run.performer.stop(Stopping(f"row {row} met what it should not: {error!r:.200}"))
        return OrderState.QUEUED
    finally:
        run.jobs.discard(task)


#: Jobs to be ordered, and jobs that are paid for, which need no turn and so never wait behind the others.
ORDERS, PAID = "orders", "paid"
# A worker tells that it lives every HEARTBEAT seconds, and is gone when that was GONE seconds ago.
HEARTBEAT = 1.5
LOOK = 1.0
# So many entries are made at a time, when fewer than half of them wait.
FEED = 1_000
PAID_AT_ONCE = 1_000
# How often a job that is not finished is taken up again, and the first pause before that in seconds; it doubles.
TRIES, PAUSE = 5, 5
_TASK = "weryai.bulk"
_SILENT = logging.NullHandler()

Body = Callable[[int], Awaitable[OrderState | None]]


class Queue:
    """The queue of one worker; `body` performs the job of a row and returns where it then stands."""

    def __init__(
        self, app: App, ledger: PostgresLedger, body: Body, is_ending: Callable[[], bool], moment: float
    ) -> None:
        """Get ready to work; `moment` is the time now by the clock of the database, in seconds since 1970."""
        self._app, self._ledger, self._body, self._is_ending = app, ledger, body, is_ending
        self._holder = secrets.token_hex(8)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._at_work = 0
        # A clock that is set meanwhile changes nothing.
        self._began = moment - time.monotonic()
        app.task(name=_TASK, pass_context=True, retry=returning(self._now))(self._perform)

    async def work(self, orders_at_once: int) -> None:
        """Take up jobs until this is cancelled, or the database was away for a minute."""
        both = [asyncio.create_task(self._keep_up(*one)) for one in ((ORDERS, orders_at_once), (PAID, PAID_AT_ONCE))]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # Both are waited for: a job that is taken up at the last moment needs the client as well.
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        for one in done:
            one.result()

    async def _keep_up(self, queue: str, at_once: int) -> None:
        """Run a worker of Procrastinate, which ends when it cannot tell that it lives, and begin anew."""
        outage = OutageLimit()
        while queue == PAID or not self._is_ending():
            worker = self._workers[queue] = asyncio.create_task(
                self._app.run_worker_async(
                    queues=[queue], concurrency=at_once, delete_jobs="successful", install_signal_handlers=False,
                    listen_notify=False, fetch_job_polling_interval=LOOK, update_heartbeat_interval=HEARTBEAT,
                    # Who is gone is noticed by take_over; its number is kept as long as its jobs may name it.
                    stalled_worker_timeout=7 * 86_400.0,
                )
            )  # fmt: skip
            try:
                await asyncio.wait({worker})
            finally:
                _end(worker)
                await asyncio.gather(worker, return_exceptions=True)
            if not self._is_ending():
                await outage.meet(JournalError("the queue cannot be worked on: the database is away"))

    async def look_after(self, *, until_done: bool) -> None:
        """Do what one of all workers has to do: fill the queue, and free jobs of workers that are gone.

        It ends, if that is wanted, when nothing is left that can be done. When the worker is to end, no orders are
        taken any more, and it ends when what is paid for has come.
        """
        outage = OutageLimit()
        while True:
            try:
                if await self._ledger.note(lambda db: lease(db, self._holder, 3 * LOOK)):
                    await self._take_over()
                    await self._feed()
                if self._is_ending():
                    _end(self._workers[ORDERS])
                if self._is_ending() and await self._is_calm():
                    return
                if until_done and await self._is_empty():
                    return
            except _errors().ConnectorException as error:
                await outage.meet(error)
            await asyncio.sleep(LOOK)

    async def _is_calm(self) -> bool:
        """Whether this worker has no job any more, and none that is paid for waits for one."""
        waiting = await self._app.job_manager.list_jobs_async(queue=PAID, status="todo")
        moment = self._now()
        return not self._at_work and all(entry.scheduled_at and entry.scheduled_at > moment for entry in waiting)

    async def _is_empty(self) -> bool:
        """Whether there is nothing that could be in the queue, and then nothing in it.

        In this order: what another worker puts in between is seen.
        """
        return not await self._missing(1) and not await self._counted("todo", "doing")

    async def forget_failures(self) -> None:
        """Let what was taken up often enough, in vain, be taken up again."""
        await self._app.job_manager.delete_old_jobs(0, include_failed=True, include_aborted=True)

    async def _perform(self, context: JobContext, row: int) -> None:
        """Perform the job of an entry; what it raises decides whether the entry comes back."""
        entry = context.job
        if entry.queue == ORDERS or self._ledger.worker is None:
            # Under this name the orders of this worker are known, and buried should it be gone.
            self._ledger.worker = f"{entry.worker_id}@{socket.gethostname()}"
        self._at_work += 1
        try:
            state = await self._body(row)
        finally:
            self._at_work -= 1
        if state in (OrderState.QUEUED, OrderState.SUBMITTED, OrderState.SUBMITTING):
            queue = PAID if state is OrderState.SUBMITTED else ORDERS
            raise UnfinishedError(queue, at_once=queue == ORDERS and self._is_ending())

    async def _take_over(self) -> None:
        """Free what workers that are gone had; a try that they left open is ambiguous."""
        manager = self._app.job_manager
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=GONE))
        await self._ledger.note(recover_orphans)
        paid = await self._ledger.note(lambda db: paid_of(db, [_row_of(entry) for entry in stalled]))
        # Those that are paid for first: the others have to wait for their turn anyway.
        for entry in sorted(stalled, key=lambda entry: _row_of(entry) not in paid):
            queue = PAID if _row_of(entry) in paid else ORDERS
            with contextlib.suppress(_errors().ConnectorException):
                await manager.retry_job(entry, self._now(), queue=queue, priority=1)

    async def _feed(self) -> None:
        """Make entries for jobs that have none; what is paid for first."""
        from procrastinate.jobs import Job as Entry

        if await self._counted("todo") >= FEED // 2:
            return
        entries = [
            Entry(
                queue=PAID if is_paid else ORDERS, task_name=_TASK, task_kwargs={"row": row}, lock=None,
                queueing_lock=f"job-{row}", priority=int(is_paid),
            )
            for row, is_paid in await self._missing(FEED)
        ]  # fmt: skip
        if entries:
            with contextlib.suppress(_errors().AlreadyEnqueued):
                await self._app.job_manager.batch_defer_jobs_async(entries)

    async def _missing(self, most: int) -> list[tuple[int, bool]]:
        """Rows of jobs that can be worked on and are not in the queue; whether each is paid for."""
        known = {_row_of(entry) for entry in await self._app.job_manager.list_jobs_async(task=_TASK)}
        rows: list[tuple[int, bool]] = await self._ledger.note(lambda db: open_rows(db, len(known) + most))
        return [one for one in rows if one[0] not in known][:most]

    async def _counted(self, *states: str) -> int:
        found = await self._app.job_manager.list_queues_async(task=_TASK)
        return sum(int(queue[state]) for queue in found for state in states)

    def _now(self) -> datetime:
        """The time by the clock of the database, by which entries become due."""
        return datetime.fromtimestamp(self._began + time.monotonic(), UTC)


@contextlib.asynccontextmanager
async def opened(ledger: PostgresLedger, body: Body, is_ending: Callable[[], bool]) -> AsyncIterator[Queue]:
    """Open the queue in the database of a ledger; it is made where there is none, or one of another version."""
    try:
        from procrastinate import App, PsycopgConnector
        from procrastinate.schema import SchemaManager
    except ImportError as error:
        raise ConfigurationError(NEEDS) from error
    # Without a handler of their own they would write to standard error.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).addHandler(_SILENT)
    with talking(ledger.address):
        await ledger.note(lambda db: make(db, SchemaManager.get_schema()))
        moment = await ledger.note(moment_of)

    async def configure(connection: Any) -> None:
        await connection.set_autocommit(True)
        await connection.execute(settings_of(QUEUE_SCHEMA))
        await connection.set_autocommit(False)

    connector = PsycopgConnector(
        conninfo=for_libpq(ledger.address), min_size=1, max_size=4, configure=configure, timeout=30
    )
    app = App(connector=connector)
    try:
        async with app.open_async():
            yield Queue(app, ledger, body, is_ending, moment)
    except _errors().ConnectorException as error:
        why = error.__cause__ or error
        cause = None if is_telling(why, ledger.address) else error
        raise JournalError(f"the queue in the database is not to be had: {told(why, ledger.address)}") from cause


def _end(worker: asyncio.Task[None]) -> None:
    """Let a worker of Procrastinate end what it has taken up; told twice it would not wait for that."""
    if not worker.cancelling():
        worker.cancel()


def _row_of(entry: Entry) -> int:
    return int(str(entry.task_kwargs["row"]))


def _errors() -> Any:
    from procrastinate import exceptions

    return exceptions


class UnfinishedError(Exception):
    """The job is to be taken up again: at once, or after a pause, and then only so often."""

    def __init__(self, queue: str, *, at_once: bool) -> None:
        self.queue, self.at_once = queue, at_once
        super().__init__(queue)


class OutageLimit:
    """How long trouble with the database is borne, from its first time on; a while without it is a new beginning."""

    def __init__(self) -> None:
        self._since = self._last = float("-inf")

    async def meet(self, error: Exception) -> None:
        """Wait a moment, or raise the error."""
        moment = time.monotonic()
        if moment - self._last > AWAY / 2:
            self._since = moment
        self._last = moment
        if moment - self._since > AWAY:
            raise error
        await asyncio.sleep(1.0)


def returning(now: Callable[[], datetime]) -> Any:
    """When an entry comes back, by this clock."""
    from procrastinate.retry import BaseRetryStrategy, RetryDecision

    class Returning(BaseRetryStrategy):
        def get_retry_decision(self, *, exception: BaseException, job: Entry) -> RetryDecision | None:
            if not isinstance(exception, UnfinishedError):
                # The worker ends; another one goes on.
                return RetryDecision(retry_at=now())
            if exception.at_once:
                return RetryDecision(retry_at=now(), queue=exception.queue)
            if job.attempts >= TRIES:
                return None
            pause = timedelta(seconds=PAUSE * 2**job.attempts)
            return RetryDecision(retry_at=now() + pause, queue=exception.queue)

    return Returning()


CRASHED = "the worker was gone before the response came"
# A number that only we take a lock by.
_MAKING = 0x57455251


def make(db: Marked, schema: str) -> None:
    """Make the queue's tables, anew if they are another version's and nobody is at work."""
    wanted = hashlib.sha256(schema.encode()).hexdigest()[:16]
    db.execute("select pg_advisory_xact_lock(?)", (_MAKING,))
    known = steps.about(db, "queue")
    if known == wanted:
        return
    if known and is_anybody_there(db):
        raise JournalError("workers with another version of procrastinate are at work: end them first")
    db.execute(f"drop schema if exists {QUEUE_SCHEMA} cascade")
    db.execute(f"create schema {QUEUE_SCHEMA}")
    db.execute(f"set local search_path = {QUEUE_SCHEMA}")
    # As it is: it has percent signs, and question marks of its own.
    db.connection.execute(schema.encode())
    db.execute(f"set local search_path = {LEDGER_SCHEMA}")
    steps.note_about(db, "queue", wanted)


def recover_orphans(db: Database) -> int:
    """What workers that are gone were sending is ambiguous."""
    whose = (
        f"worker is not null and not exists (select 1 from {QUEUE_SCHEMA}.procrastinate_workers one where "
        "one.id = split_part(worker, '@', 1)::bigint and one.last_heartbeat > now() - ? * interval '1 second')"
    )
    return steps.recover_orphans(db, CRASHED, whose, (GONE,))


def lease(db: Database, holder: str, seconds: float) -> bool:
    """Be the one that looks after the queue for some seconds, unless another one is."""
    lock(db)
    hit = db.execute(
        f"insert into lease values (1, ?, {NOW} + ?) on conflict (id) do update set holder = excluded.holder, "
        f"until = excluded.until where lease.until < {NOW} or lease.holder = excluded.holder",
        (holder, seconds),
    ).rowcount
    return bool(hit == 1)


def open_rows(db: Database, most: int) -> list[tuple[int, bool]]:
    """Rows of jobs that can be worked on, what is paid for first; whether each is."""
    rows: list[tuple[int, bool]] = []
    for state, where in ((OrderState.SUBMITTED, ""), (OrderState.QUEUED, f"and {CURRENT}")):
        query = f"select id from jobs where state = ? {where} order by id limit ?"
        found = db.execute(query, (state.value, most)).fetchall()
        rows += [(row["id"], state is OrderState.SUBMITTED) for row in found]
    return rows


def paid_of(db: Database, rows: list[int]) -> set[int]:
    """Those of the rows whose job is paid for and waited for."""
    found = db.execute("select id from jobs where state = 'submitted' and id = any(?)", (rows,)).fetchall()
    return {row["id"] for row in found}

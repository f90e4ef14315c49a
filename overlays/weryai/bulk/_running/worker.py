"""The dispatcher of many machines: each runs a worker, and one ledger in PostgreSQL keeps them from paying twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..._flow.logs import log
from ..._flow.order import OrderState
from ...errors import WeryAIError
from .._ledger import queries as reading
from .._ledger.ledger import check_ledger
from .._ledger.postgres import PostgresLedger
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
from .events import Event, Outcome, Stopping, why_stop
from .file_names import NAME, Naming
from .gate import bound_of
from .job_runner import Patience
from .pace import RATE
from .queue import Queue, opened
from .throttle import IN_FLIGHT, Limits, SharedThrottle, agree

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

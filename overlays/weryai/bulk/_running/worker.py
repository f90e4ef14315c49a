"""The dispatcher of many machines: each runs a worker, and one ledger in PostgreSQL keeps them from paying twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..._flow.logs import log
from ..._flow.order import OrderState
from ...errors import WeryAIError
from .._ledger import queries as reading
from .._ledger.ledger import check_ledger
from .._ledger.postgres import PostgresLedger
from .dispatcher import Run, conduct, end, keep_budget
from .ending import Ending, all_ended, finished, heeding, refuse_on_a_loop
from .events import Event, Outcome, Stopping, why_stop
from .file_names import NAME, Naming
from .gate import bound_of
from .job_runner import Patience
from .pace import RATE
from .queue import Queue, opened
from .throttle import IN_FLIGHT, OUTAGE, Limits, SharedThrottle, agree, limits_of

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
    ending = Ending()
    working = perform(
        ledger, ending, output=output, name=name, sidecar=sidecar, limits=limits, until_done=until_done,
        patience=patience, on_event=on_event, watch=watch, api_key=api_key, base_url=base_url, **options,
    )  # fmt: skip
    return await finished(working, ending)


def work(ledger: PostgresLedger, **options: Any) -> Outcome:
    """As `awork`, for who has no event loop; SIGINT and SIGTERM are taken as in `run`, and end the worker."""
    refuse_on_a_loop("work")
    ending = Ending()
    with heeding(ending):
        return asyncio.run(finished(perform(ledger, ending, **options), ending))


async def perform(
    ledger: PostgresLedger, ending: Ending, *, output: Path | str, name: str = NAME, sidecar: bool = False,
    limits: Limits | None = None, until_done: bool = False, patience: Patience | None = None,
    on_event: Callable[[Event], None] = lambda _event: None, watch: Callable[[Run], None] = lambda _run: None,
    **options: Any,
) -> Outcome:  # fmt: skip
    """Work beside others until it is told to end; in a task of its own, which is cancelled by that."""
    check_ledger(ledger, PostgresLedger)
    settled = await ledger.note(lambda db: _agreed_limits(db, limits))
    await ledger.note(lambda db: agree(db, settled))
    throttle = SharedThrottle(ledger, settled)
    keeping = (ledger, throttle, settled, Naming(output, name, sidecar=sidecar), on_event, patience)

    async def body(run: Run) -> None:
        is_ending = lambda: run.performer.stopping is not None  # noqa: E731
        async with opened(ledger, partial(_perform, run), is_ending) as queue, _quiet():
            await _work(run, queue, until_done=until_done)

    return await conduct(*keeping, watch, ending, body, **options)


def limits_in_force(ledger: PostgresLedger) -> Limits:
    """How fast and how many at a time all workers go together; budgets stay in force by themselves."""
    return ledger.write(lambda db: _agreed_limits(db, None)).result()


def _agreed_limits(db: Any, limits: Limits | None) -> Limits:
    """Make limits known to all workers, or know theirs."""
    if limits is not None:
        keep_budget(db, limits)
    given = (None, None) if limits is None else (limits.rate, limits.in_flight)
    rate, in_flight = limits_of(db, *given)
    known = Limits(RATE if rate is None else rate, IN_FLIGHT if in_flight is None else in_flight)
    return replace(
        known, open_posts=limits.open_posts if limits else bound_of(db), outage=limits.outage if limits else OUTAGE,
        start_rate=limits.start_rate if limits else RATE,
    )  # fmt: skip


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

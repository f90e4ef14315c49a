"""How a bulk run stands, and what somebody decides about its jobs; nothing here orders anything."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ..._client import WeryAI
from ..._flow.order import OrderState
from ...errors import InvalidInputError, JournalError
from .._ledger import transitions as steps
from .._ledger.ledger import OpenLedger, refuse_path
from .._ledger.queries import (
    CURRENT,
    Place,
    RunFacts,
    counts,
    every,
    facts,
    find,
    is_anybody_at_work,
    looking,
    others,
    pace_of,
    page,
    why_stopped,
)
from .._ledger.transitions import GIVEN_UP, Database, Job
from .._manifest.validation import NO_TEXT

_MOST_LISTED = 100
_OPEN = (OrderState.QUEUED, OrderState.SUBMITTING, OrderState.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs of one kind of trouble: how many, and the reason of the first."""

    kind: str
    count: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """How a run stands.

    `failures` are jobs that have failed, `unfinished` jobs that are paid for and met something, such as a download
    that broke: the next `run` goes on with them. `ambiguous` are the first 100 of those. `pace` is jobs that end per
    second, `eta` the seconds until all have ended at that pace; both are None where nobody seems to be at work.
    `not_in_manifest` are those of the `counts` that only earlier manifests had: they are not submitted.
    `stopped` is why the last run took no further jobs, `is_going_on` whether somebody has worked on it a moment ago.
    """

    counts: Mapping[OrderState, int]
    facts: RunFacts
    failures: tuple[Group, ...]
    unfinished: tuple[Group, ...]
    ambiguous: tuple[Job, ...]
    pace: float | None = None
    eta: float | None = None
    not_in_manifest: Mapping[OrderState, int] = field(default_factory=dict)
    stopped: str | None = None
    is_going_on: bool = False

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return sum(self.counts.values())


def status(ledger: Place) -> Status:
    """Tell how a run stands, also while it goes on; the ledger is only read."""
    with looking(ledger) as db:
        return status_of(db)


def status_of(db: Database) -> Status:
    """Tell how the run of a database stands."""
    counted = counts(db)
    is_going_on = is_anybody_at_work(db)
    pace = pace_of(db) if is_going_on else None
    aside = others(db)
    left = sum(counted[state] for state in _OPEN) - aside[OrderState.QUEUED]
    return Status(
        counted,
        facts(db),
        groups(db, OrderState.FAILED),
        groups(db, OrderState.SUBMITTED),
        tuple(page(db, (OrderState.AMBIGUOUS,), 0, _MOST_LISTED)),
        pace,
        left / pace if pace and left else None,
        aside,
        None if is_going_on else why_stopped(db),
        is_going_on,
    )


def groups(db: Database, state: OrderState) -> tuple[Group, ...]:
    """The jobs in a state that met some trouble, by its kind, the most frequent first.

    Failed tasks are told apart by the service's own words, which are few.
    """
    found = db.execute(
        "select kind, count(*) as many, min(id) as first from jobs where state = ? and kind is not null "
        "group by kind, case kind when 'task failed' then reason end order by many desc, first",
        (state.value,),
    ).fetchall()
    return tuple(Group(row["kind"], row["many"], _reason(db, row["first"])) for row in found)


def _reason(db: Database, row: int) -> Any:
    return db.execute("select reason from jobs where id = ?", (row,)).fetchone()["reason"]


T = TypeVar("T")
_PAGE = 1_000
# What became of a job when it was given up decides whether it may be sent again.
_PAID, _DOUBTFUL = (f"{GIVEN_UP} while {state}" for state in (OrderState.SUBMITTED, OrderState.AMBIGUOUS))


@dataclass(frozen=True, slots=True)
class Requeued:
    """Jobs that the next `run` sends again: how many, and their credits as far as prices are known.

    `credits` is None where no price is known. `waiting` jobs were given up while their task was going on: they are paid
    for, and are waited for again. `doubtful` may be paid for already; of a retry without reasons they were left as they
    are. `not_in_manifest` are in no current manifest: they are submitted when one has them again. A retry leaves those
    as they are and does not count them among `jobs`.
    """

    jobs: int
    credits: float | None = 0.0
    unpriced: int = 0
    waiting: int = 0
    doubtful: int = 0
    keys: tuple[str, ...] = ()
    not_in_manifest: int = 0


def retry(ledger: OpenLedger, *reasons: str) -> Requeued:
    """Put what has failed back into the queue; with reasons only where the kind is one, or the reason contains one.

    Nothing is sent until the next `run`, which counts each against the budget. Only jobs of the manifest are put back:
    nothing else would be submitted. A job whose task may still bring its
    video is waited for and not paid again; one that was given up while it was ambiguous may be paid for, so it is
    left unless a reason such as "given up" names it.
    """
    where, values = _matching(reasons)

    def change(db: Database) -> Requeued:
        doubtful = _sum(db, f"reason = ? and {CURRENT}" + where, (_DOUBTFUL, *values))
        waiting = steps.retry(db, "reason = ?" + where, (_PAID, *values), OrderState.SUBMITTED)
        chosen: tuple[str, tuple[str, ...]] = ("reason is null or reason != ?", (_DOUBTFUL,))
        if reasons:
            chosen = ("1 = 1" + where, values)
        left = _sum(db, f"({chosen[0]}) and not ({CURRENT})", chosen[1])
        chosen = f"({chosen[0]}) and {CURRENT}", chosen[1]
        again = _sum(db, *chosen)
        steps.retry(db, *chosen, OrderState.QUEUED)
        return Requeued(*again, waiting=waiting, doubtful=doubtful[0], not_in_manifest=left[0])

    return _made(ledger, change)


def refetch(ledger: OpenLedger) -> int:
    """Let the next `run` fetch videos that are not on the disk any more, at no cost; return how many there are.

    Only those that were stored by this machine are looked for. The service may have forgotten an old task by now.
    """
    after, many = 0, 0
    while jobs := _made(ledger, partial(page, states=(OrderState.DONE,), after=after, most=_PAGE)):
        after = jobs[-1].row
        gone = [(job.row, job.task_id) for job in jobs if job.task_id and _is_missing(job)]
        many += len(gone)
        _made(ledger, partial(_refetch, gone=gone))
    return many


def _is_missing(job: Job) -> bool:
    is_ours = job.worker is None or job.worker.rpartition("@")[2] == socket.gethostname()
    return is_ours and job.path is not None and not os.path.lexists(job.path)


def _refetch(db: Database, gone: list[tuple[int, str]]) -> None:
    for row, task_id in gone:
        steps.refetch(db, row, task_id)


def adopt(ledger: OpenLedger, key: str, task_id: str, *, api_key: Any = None, base_url: str | None = None) -> Job:
    """Say that an AMBIGUOUS job became this task; the service is asked once whether it exists.

    Raises NotFoundError if it does not, JournalError if the job is not AMBIGUOUS or the task belongs to another.
    """
    job = _found(ledger, key)
    if job.state is not OrderState.AMBIGUOUS:
        raise JournalError(f"job {key!r:.200} is {job.state}, not ambiguous")
    with WeryAI(api_key, base_url=base_url, journal=ledger.order_logs) as client:
        # Ties the ledger to this service and this key: a task of another one is none of its own.
        client._tie()
        task = client.tasks.get(task_id)
    _made(ledger, lambda db: steps.adopt(db, job.row, task.id))
    return _found(ledger, key)


def resubmit(ledger: OpenLedger, *keys: str, everything: bool = False) -> Requeued:
    """Put AMBIGUOUS jobs back into the queue, which may pay for them twice; the next `run` sends them.

    What they may have cost before stays counted against the budget. Either none of the keys is changed, or all are.
    """
    return _each(ledger, keys, everything, steps.requeue)


def give_up(ledger: OpenLedger, *keys: str, everything: bool = False) -> Requeued:
    """Want to know no more what becomes of jobs, which have FAILED from now on; `everything` is what is AMBIGUOUS.

    Jobs named by their keys may also be queued, or be waited for. Either none of the keys is changed, or all are.
    """
    return _each(ledger, keys, everything, steps.give_up)


def _each(ledger: OpenLedger, keys: Sequence[str], everything: bool, step: Callable[[Database, int], None]) -> Requeued:
    if bool(keys) == everything:
        raise InvalidInputError("name the keys of jobs, or say everything=True")

    def change(db: Database) -> Requeued:
        ambiguous = every(db, (OrderState.AMBIGUOUS,))
        jobs = list(ambiguous) if everything else [_job(db, key) for key in keys]
        jobs = list({job.row: job for job in jobs}.values())
        for job in jobs:
            step(db, job.row)
        prices = [job.price for job in jobs if job.price is not None]
        credits = sum(prices) if prices or not jobs else None
        first_load = db.execute("select first_load from run").fetchone()["first_load"]
        return Requeued(
            len(jobs), credits, len(jobs) - len(prices), keys=tuple(job.key for job in jobs),
            doubtful=sum(job.state is OrderState.AMBIGUOUS for job in jobs),
            not_in_manifest=sum(job.load < first_load for job in jobs),
        )  # fmt: skip

    return _made(ledger, change)


def _matching(reasons: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    if not all(isinstance(reason, str) and reason and not NO_TEXT.search(reason) for reason in reasons):
        raise InvalidInputError("a reason is a word or more")
    one = "lower(kind) = lower(?) or lower(reason) like lower(?) escape '!'"
    values = [part for reason in reasons for part in (reason, "%" + re.sub("[!%_]", r"!\g<0>", reason) + "%")]
    return f" and ({' or '.join([one] * len(reasons))})" if reasons else "", tuple(values)


def _sum(db: Database, where: str, values: tuple[Any, ...]) -> tuple[int, float | None, int]:
    """How many failed jobs a condition names, their credits, and how many have no price."""
    row = db.execute(
        "select count(*) as many, sum(price) as credits, count(price) as priced from jobs "
        f"where state = 'failed' and ({where})",
        values,
    ).fetchone()
    credits = None if row["many"] and row["credits"] is None else float(row["credits"] or 0)
    return row["many"], credits, row["many"] - row["priced"]


def _found(ledger: OpenLedger, key: str) -> Job:
    return _made(ledger, lambda db: _job(db, key))


def _job(db: Database, key: str) -> Job:
    job = find(db, key) if isinstance(key, str) and not NO_TEXT.search(key) else None
    if job is None:
        raise JournalError(f"the ledger has no job {key!r:.200}")
    return job


def _made(ledger: OpenLedger, change: Callable[[Any], T]) -> T:
    refuse_path(ledger)
    return ledger.write(change).result()

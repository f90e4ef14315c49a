"""How a bulk run stands: counts, spend, pace, and what somebody has to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._flow.order import OrderState
from .._ledger.opening import Place, looking
from .._ledger.queries import RunFacts, counts, facts, is_anybody_at_work, others, pace_of, page, why_stopped
from .._ledger.schema import Job
from .._ledger.transitions import Database

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

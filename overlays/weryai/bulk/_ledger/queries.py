"""What is read of a ledger's jobs: pages, counts, and the state of the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..._flow.order import OrderState
from .schema import Job
from .transitions import STOPPED, Database, about, moment_of

#: What holds for the jobs of the manifest that was loaded last (or the last ones, if they were to be kept). Only they
#: are submitted; what is paid for is fetched, whatever manifest it came from.
CURRENT = "load >= (select first_load from run)"
TO_SUBMIT = f"state = 'queued' and {CURRENT}"

#: Under names that begin so runs note when they were last alive; after so many seconds without it nobody is at work.
ALIVE, SILENCE = "alive", 20.0
#: How many of the last ended jobs tell the pace.
_RECENT = 200
_AS_THEY_ARE = [one.name for one in fields(Job) if one.name not in ("row", "state", "parameters")]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a ledger says about its run: whose it is, what was spent, what may be spent.

    `credits` is None where not one of the submits had a known price; `unpriced` is how many had none. `part` of `parts`
    is 1 of 1 where the ledger has all jobs; one of a part has its share of the budget.
    """

    base_url: str | None
    submits: int
    credits: float | None
    budget_tasks: int | None
    budget_credits: float | None
    unpriced: int = 0
    part: int = 1
    parts: int = 1


def page(db: Database, states: tuple[OrderState, ...], after: int, most: int, *, is_current: bool = False) -> list[Job]:
    """The next jobs in these states behind row `after`; of those of the manifest alone, if they have to be current."""
    marks = ", ".join("?" * len(states))
    where = f"state in ({marks}) and id > ?" + (f" and {CURRENT}" if is_current else "")
    rows = db.execute(f"select * from jobs where {where} order by id limit ?", (*states, after, most))
    return [job_of(row) for row in rows.fetchall()]


def every(db: Database, states: tuple[OrderState, ...] = tuple(OrderState), *, most: int = 1_000) -> Iterator[Job]:
    """All jobs in these states in the order of their rows, read in pages."""
    after = 0
    while jobs := page(db, states, after, most):
        yield from jobs
        after = jobs[-1].row


def find(db: Database, key: str) -> Job | None:
    """The job of this key."""
    return _one(db, "key = ?", key)


def of_row(db: Database, number: int) -> Job | None:
    """The job of this row."""
    return _one(db, "id = ?", number)


def _one(db: Database, where: str, value: object) -> Job | None:
    row = db.execute(f"select * from jobs where {where}", (value,)).fetchone()
    return None if row is None else job_of(row)


def counts(db: Database) -> dict[OrderState, int]:
    """How many jobs are in each state."""
    return _counted(db, "1 = 1")


def others(db: Database) -> dict[OrderState, int]:
    """How many of the jobs that are not in the manifest are in each state."""
    return _counted(db, f"not ({CURRENT})")


def _counted(db: Database, where: str) -> dict[OrderState, int]:
    rows = db.execute(f"select state, count(*) as many from jobs where {where} group by state").fetchall()
    found = {row["state"]: int(row["many"]) for row in rows}
    return {state: found.get(state.value, 0) for state in OrderState}


def queued_price(db: Database) -> float | None:
    """What the jobs that are to be submitted cost together, as far as prices are known; None where none is."""
    found = db.execute(f"select sum(price) as price from jobs where {TO_SUBMIT}").fetchone()
    return None if found["price"] is None else float(found["price"])


def next_price(db: Database) -> float | None:
    """What the next queued job costs; None where that is not known."""
    found = db.execute(f"select price from jobs where {TO_SUBMIT} order by id limit 1").fetchone()
    return None if found is None or found["price"] is None else float(found["price"])


def unpriced(db: Database) -> int:
    """How many jobs that are to be submitted have no price."""
    found = db.execute(f"select count(*) as many from jobs where {TO_SUBMIT} and price is null").fetchone()
    return int(found["many"])


def facts(db: Database) -> RunFacts:
    """What is said about the run."""
    run = db.execute("select * from run").fetchone()
    is_unknown = 0 < run["submits"] <= run["unpriced"]
    credits = None if is_unknown else float(run["credits"])
    return RunFacts(**{**{one.name: run[one.name] for one in fields(RunFacts)}, "credits": credits})


def is_anybody_at_work(db: Database) -> bool:
    """Whether a run has given a sign of life a moment ago."""
    signs = db.execute("select value from about where name like ?", (f"{ALIVE}%",)).fetchall()
    now = moment_of(db)
    return any(abs(now - float(sign["value"])) < SILENCE for sign in signs)


def why_stopped(db: Database) -> str | None:
    """Why the last run took no further jobs before its end, if it said so."""
    return about(db, STOPPED)


def job_of(row: Mapping[str, Any] | Any) -> Job:
    """A job as one row has it."""
    made = {"row": row["id"], "state": OrderState(row["state"]), "parameters": json.loads(row["parameters"])}
    return Job(**made, **{name: row[name] for name in _AS_THEY_ARE})


def pace_of(db: Database, since: float = 0.0) -> float | None:
    """How many jobs end per second, of those that ended since that moment; None while fewer than two have.

    Jobs are taken up in the order of their rows, so the last rows ended last.
    """
    ended: list[float] = sorted(
        row["ended"]
        for state in (OrderState.DONE, OrderState.FAILED)
        for row in db.execute(
            "select ended from jobs where state = ? and ended is not null order by id desc limit ?",
            (state.value, _RECENT),
        ).fetchall()
        if row["ended"] >= since
    )[-_RECENT:]
    if len(ended) < 2 or ended[-1] <= ended[0]:
        return None
    return (len(ended) - 1) / (ended[-1] - ended[0])

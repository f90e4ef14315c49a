"""What the report of a run tells, read from its ledger in one look."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..._flow.order import OrderState
from .._ledger.job import Job
from .._ledger.queries import page
from .._ledger.transitions import Database
from .._results.status import Status, status_of

_PAGE = 20_000
#: How long a slot of a plot may be, in seconds: what people count in.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
_MOST_SLOTS = 48
_TROUBLE = (OrderState.AMBIGUOUS, OrderState.FAILED)
_UNSURE = ("ambiguous", "submitting")
_CALM = (OrderState.DONE, OrderState.SUBMITTED, OrderState.SUBMITTING, OrderState.QUEUED)


@dataclass
class Times:
    """When jobs were submitted and ended, in slots of `step` seconds from `start`; `taken` are seconds to a video."""

    start: float
    step: float
    ordered: Counter[int] = field(default_factory=Counter)
    done: Counter[int] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)
    spent: Counter[int] = field(default_factory=Counter)
    credits: Counter[int] = field(default_factory=Counter)
    taken: list[float] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """The seconds that half of the videos were there within."""
        return statistics.median(self.taken) if self.taken else None


@dataclass(frozen=True)
class Facts:
    """Everything that the report tells; `cards` are the jobs that it shows, of all that are counted in `status`."""

    ledger: str
    status: Status
    now: float
    cards: list[Job]
    times: Times | None
    first: float | None
    last: float | None
    bytes: int


def gather(db: Database, ledger: str, cards: int, now: float) -> Facts:
    """Read it all."""
    span = db.execute(
        "select min(submitted) as first, max(submitted) as submitted, max(ended) as ended, "
        "coalesce(sum(case when state = 'done' then size end), 0) as bytes from jobs"
    ).fetchone()
    status = status_of(db)
    last = max((moment for moment in (span["submitted"], span["ended"]) if moment is not None), default=None)
    first = span["first"] if span["first"] is not None else last
    times = None if first is None or last is None else _times(db, min(first, last), last)
    return Facts(ledger, status, now, list(_chosen(db, status, cards)), times, first, last, int(span["bytes"]))


def _times(db: Database, first: float, last: float) -> Times:
    step = next((one for one in _STEPS if (last - first) / one < _MOST_SLOTS), (last - first) / (_MOST_SLOTS - 1))
    start = first // step * step
    times = Times(start, step)
    after = 0
    query = "select id, state, price, began, submitted, ended from jobs where id > ? order by id limit ?"
    while rows := db.execute(query, (after, _PAGE)).fetchall():
        for row in rows:
            _count(times, row)
        after = rows[-1]["id"]
    return times


def _count(times: Times, row: Any) -> None:
    submitted, ended = row["submitted"], row["ended"]
    if submitted is not None:
        slot = int((submitted - times.start) // times.step)
        times.ordered[slot] += 1
    # What is ambiguous, or on its way, counts as spent as well.
    paid = submitted if submitted is not None or row["state"] not in _UNSURE else row["began"]
    if paid is not None and paid >= times.start:
        slot = int((paid - times.start) // times.step)
        times.spent[slot] += 1
        times.credits[slot] += row["price"] or 0
    # A job that went back into the queue may have ended before.
    if ended is not None and ended >= times.start and row["state"] in ("done", "failed"):
        slot = int((ended - times.start) // times.step)
        (times.done if row["state"] == "done" else times.failed)[slot] += 1
        if row["state"] == "done" and submitted is not None and ended >= submitted:
            times.taken.append(ended - submitted)


def _chosen(db: Database, status: Status, most: int) -> Iterator[Job]:
    """The jobs to show: trouble first, though half of the sheet is for videos where there are so many."""
    calm = sum(status.counts[state] for state in _CALM[:2])
    room = most
    for states, limit in ((_TROUBLE, max(most // 2, most - calm)), (_CALM, most)):
        for state in states:
            found = page(db, (state,), 0, min(limit, room))
            yield from found
            room -= len(found)
            limit -= len(found)

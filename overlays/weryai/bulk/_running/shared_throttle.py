"""Turns and places for all workers of a run together: one statement in their database gives both."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._flow.clock import sleep_for
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import NOW, Database, lock, moment_of
from . import pace as paces
from .health import OPEN_POSTS
from .limits import Limits
from .pace import SubmissionPace
from .throttle import Allowance

# How long to wait, in seconds, when as many tasks are unfinished as may be.
FULL = 0.25
#: Under this name a ledger keeps the pace of all its workers. It is forgotten so many seconds after the last turn.
NAME, FORGOTTEN = "pace", 600.0
# Who waits for a turn for so many seconds looks again whether another worker was refused meanwhile.
LONG = 0.5
# What is only fetched any more, or failed to come, keeps no place: the service is done with it. What this worker is
# sending it knows itself, from the turn on.
_SENDING = "(state = 'submitting' and coalesce(worker, '') != ?)"
_GOING = f"{_SENDING} or (state = 'submitted' and kind is null)"


@dataclass(frozen=True, slots=True)
class PollPermit:
    """How many tasks are unfinished, of all workers, and the seconds until the turn; None without a place.

    `gap` is how many seconds it is behind the turn before it, where that is not longer ago.
    """

    going: int
    pause: float | None
    gap: float = 0.0


def take_turn(
    db: Database, most: int, worker: str | None = None, sending: int = 0, posts: int = OPEN_POSTS
) -> PollPermit:
    """Take the next turn of all workers, if there is a place for one more beside those that this one is sending.

    Others may be sending `posts` less those.
    """
    row = db.execute(
        f"with pace as (select (value::json->>'gap')::double precision as gap from about where name = ?), "
        f"others as (select count(*) as many from jobs where {_GOING}), "
        f"sending as (select count(*) as many from jobs where {_SENDING}) "
        f"update run set next_turn = greatest(next_turn, {NOW}) + pace.gap from pace, others, sending "
        f"where others.many < ? and sending.many < ? "
        f"returning others.many as many, pace.gap as gap, next_turn - pace.gap - {NOW} as pause",
        (NAME, worker or "", worker or "", most - sending, posts - sending),
    ).fetchone()
    if row is None:
        return PollPermit(most, None)
    return PollPermit(int(row["many"]) + sending, float(row["pause"]), float(row["gap"]))


def postpone(db: Database, pause: float) -> None:
    """Let no worker have a turn for so many seconds."""
    db.execute(f"update run set next_turn = greatest(next_turn, {NOW} + ?)", (pause,))


def agree(db: Database, limits: Limits) -> None:
    """Begin a pace for all workers, unless they have one with the same limit that was used of late."""
    row = db.execute(f"select next_turn > {NOW} - ? as is_fresh from run", (FORGOTTEN,)).fetchone()
    known = _locked(db)
    if known is None or not row["is_fresh"] or known.most != limits.rate:
        _keep(db, SubmissionPace.begin(limits.rate, limits.start_rate))


def heed_acceptance(db: Database, span: float) -> SubmissionPace:
    """Heed that the service has accepted something, for all workers."""
    pace = _locked(db)
    assert pace is not None
    before = pace.gap
    pace.accepted(span)
    _keep(db, pace)
    if pace.gap != before:
        db.execute("update run set next_turn = next_turn + ?", (pace.gap - before,))
    return pace


def heed_refusal(db: Database, wanted: float | None, *, is_rate: bool) -> SubmissionPace:
    """Heed that the service has refused something, for all workers."""
    pace = _locked(db)
    assert pace is not None
    if pause := pace.refused(moment_of(db), wanted, is_rate=is_rate):
        postpone(db, pause)
    _keep(db, pace)
    return pace


def seconds_left(db: Database) -> float:
    """For how many seconds nothing is sent after a refusal."""
    pace = _seen(db)
    return 0.0 if pace is None else pace.heeded - moment_of(db)


def _locked(db: Database) -> SubmissionPace | None:
    """The pace of all workers; nobody else changes it until this transaction has ended."""
    lock(db)
    return _seen(db)


def _seen(db: Database) -> SubmissionPace | None:
    found = db.execute("select value from about where name = ?", (NAME,)).fetchone()
    return None if found is None else paces.read(found["value"])


def _keep(db: Database, pace: SubmissionPace) -> None:
    db.execute(
        "insert into about (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
        (NAME, paces.written(pace)),
    )


class SharedThrottle:
    """The turns and places of one worker among others, at the pace of all.

    Places may be exceeded for a moment by what other workers are just about to send, which is one or two each.
    """

    def __init__(self, ledger: OpenLedger, limits: Limits) -> None:
        """Let so many be unfinished, and be open POSTs at a time, by all workers together."""
        #: As this worker saw it last.
        self.pace = SubmissionPace.begin(limits.rate, limits.start_rate)
        self.most, self._posts = limits.in_flight, limits.open_posts
        self.in_flight = 0
        self._allowance = Allowance(self.most)
        self._ledger = ledger
        self._going, self._sending = self.most, 0

    @asynccontextmanager
    async def place(self, *, at_once: bool = False) -> AsyncIterator[None]:
        """Count a job of this worker; its place in flight comes with the turn."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    async def turn(self) -> float:
        """Wait for a place and a permit; return how many seconds it is behind the one before it."""
        while True:
            permit = await self._ask()
            pause = permit.pause or 0.0
            self.pace.gap = permit.gap
            self._sending += 1
            try:
                await asyncio.sleep(sleep_for(max(pause, 0.0)))
                if pause < LONG or await asyncio.wrap_future(self._ledger.write(seconds_left)) <= 0:
                    return permit.gap if pause > 0 else math.inf
            except BaseException:
                self._sending -= 1
                raise
            self._sending -= 1

    def sent(self) -> None:
        """Give back what came with a permit: the ledger says by now what became of it."""
        self._sending -= 1

    def refused(self, wanted: float | None, *, is_rate: bool, is_full: bool) -> None:
        """Heed a refusal; where too many were in flight, let fewer be."""
        self._change(partial(heed_refusal, wanted=wanted, is_rate=is_rate))
        if is_full:
            self._allowance.reduce(self._going)

    def accepted(self, span: float) -> None:
        """Heed an acceptance."""
        if not self.pace.is_settled:
            self._change(partial(heed_acceptance, span=span))
        self._allowance.recover()

    def _change(self, change: Callable[[Database], SubmissionPace]) -> None:
        """Have the pace changed; who sends next sees it, for changes are made in the order of the calls."""

        def changed(db: Database) -> None:
            self.pace = change(db)

        self._ledger.write(changed)

    async def _ask(self) -> PollPermit:
        """Wait for a place, and take its turn."""
        while True:
            ask = partial(
                take_turn, most=self._allowance.limit, worker=self._ledger.worker, sending=self._sending,
                posts=self._posts,
            )  # fmt: skip
            permit = await asyncio.wrap_future(self._ledger.write(ask))
            self._going = permit.going
            if permit.pause is not None:
                return permit
            await asyncio.sleep(sleep_for(FULL))


def limits_of(db: Any, rate: float | None, in_flight: int | None) -> tuple[float | None, int | None]:
    """Set the limits of all workers, where some are given, and return those in force."""
    db.execute(
        "update run set rate = coalesce(?::double precision, rate), in_flight = coalesce(?::integer, in_flight)",
        (rate, in_flight),
    )
    run = db.execute("select rate, in_flight from run").fetchone()
    return run["rate"], run["in_flight"]

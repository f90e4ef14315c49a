"""Turns and places for all workers of a run together: one statement in their database gives both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._flow.clock import now, sleep_for
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import Database
from .health import OPEN_POSTS
from .throttle import AdaptiveRate, Allowance

# How long to wait, in seconds, when as many tasks are unfinished as may be.
FULL = 0.25
_NOW = "extract(epoch from clock_timestamp())::double precision"
# What is only fetched any more, or failed to come, keeps no place: the service is done with it. What this worker is
# sending it knows itself, from the turn on.
_SENDING = "(state = 'submitting' and coalesce(worker, '') != ?)"
_GOING = f"{_SENDING} or (state = 'submitted' and kind is null)"


@dataclass(frozen=True, slots=True)
class PollPermit:
    """How many tasks are unfinished, of all workers, and the seconds until the turn; None without a place."""

    going: int
    pause: float | None


def take_turn(
    db: Database, gap: float, most: int, worker: str | None = None, sending: int = 0, posts: int = OPEN_POSTS
) -> PollPermit:
    """Take the next turn of all workers, if there is a place for one more beside those that this one is sending.

    Others may be sending `posts` less those.
    """
    row = db.execute(
        f"with others as (select count(*) as many from jobs where {_GOING}), "
        f"sending as (select count(*) as many from jobs where {_SENDING}) "
        f"update run set next_turn = greatest(next_turn, {_NOW}) + ? from others, sending "
        f"where others.many < ? and sending.many < ? "
        f"returning others.many as many, next_turn - ? - {_NOW} as pause",
        (worker or "", worker or "", gap, most - sending, posts - sending, gap),
    ).fetchone()
    return PollPermit(most, None) if row is None else PollPermit(int(row["many"]) + sending, float(row["pause"]))


def postpone(db: Database, pause: float) -> None:
    """Let no worker have a turn for so many seconds."""
    db.execute(f"update run set next_turn = greatest(next_turn, {_NOW} + ?)", (pause,))


class SharedThrottle:
    """The turns and places of one worker among others.

    A worker slows down by itself when it is refused, and all wait as long as that refusal asks for. Places may be
    exceeded for a moment by what other workers are just about to send, which is one or two each.
    """

    def __init__(self, ledger: OpenLedger, rate: float, in_flight: int, open_posts: int = OPEN_POSTS) -> None:
        """Let so many be placed per second, be unfinished, and be open POSTs at a time, by all workers together."""
        self.pace = AdaptiveRate(rate, rate)
        self.most, self._posts = in_flight, open_posts
        self.in_flight = 0
        self._allowance = Allowance(in_flight)
        self._ledger = ledger
        self._going, self._sending = in_flight, 0

    @asynccontextmanager
    async def place(self, *, at_once: bool = False) -> AsyncIterator[None]:
        """Count a job of this worker; its place in flight comes with the turn."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    async def turn(self) -> None:
        """Wait for a place and a permit."""
        pause = await self._ask()
        self._sending += 1
        try:
            await asyncio.sleep(sleep_for(max(pause, 0.0)))
        except BaseException:
            self._sending -= 1
            raise

    def sent(self) -> None:
        """Give back what came with a permit: the ledger says by now what became of it."""
        self._sending -= 1

    def refused(self, wanted: float | None, *, is_full: bool) -> None:
        """Heed a refusal; where too many were in flight, let fewer be."""
        self.pace.slow(now(), wanted)
        pause = max(0.0, self.pace.next_turn - now())
        self._ledger.write(lambda db: postpone(db, pause))
        if is_full:
            self._allowance.reduce(self._going)

    def accepted(self) -> None:
        """Heed an acceptance."""
        self.pace.recover()
        self._allowance.recover()

    async def _ask(self) -> float:
        """Wait for a place, and return the seconds until its turn."""
        while True:
            ask = partial(
                take_turn, gap=1 / self.pace.rate, most=self._allowance.limit, worker=self._ledger.worker,
                sending=self._sending, posts=self._posts,
            )  # fmt: skip
            turn = await asyncio.wrap_future(self._ledger.write(ask))
            self._going = turn.going
            if turn.pause is not None:
                return turn.pause
            await asyncio.sleep(sleep_for(FULL))


def limits_of(db: Any, rate: float | None, in_flight: int | None) -> tuple[float | None, int | None]:
    """Set the limits of all workers, where some are given, and return those in force."""
    db.execute(
        "update run set rate = coalesce(?::double precision, rate), in_flight = coalesce(?::integer, in_flight)",
        (rate, in_flight),
    )
    run = db.execute("select rate, in_flight from run").fetchone()
    return run["rate"], run["in_flight"]

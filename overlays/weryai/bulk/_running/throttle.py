"""How fast jobs are placed: at the pace that the service takes, and so many in flight."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import partial
from numbers import Real
from typing import TypeAlias

from ..._flow.clock import now, sleep_for
from ...errors import ConfigurationError
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import NOW, Database, keep, kept, lock, moment_of
from .health import IN_A_ROW, OPEN_POSTS
from .pace import RATE, LocalTurns, SubmissionPace

IN_FLIGHT = 20
# So many acceptances in a row bring back one place that a refusal took.
RECOVERY = 20


#: How long a service that was reached before may be away until a run ends, in seconds.
OUTAGE = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take: jobs placed per second, tasks unfinished at a time, and spent in all, restarts included.

    It begins with `start_rate` jobs per second, and goes up to `rate` while the service refuses nothing.

    Without a budget the one of an earlier start stays in force; `math.inf` lifts it. At most `open_posts` submissions
    are on their way at once, of all workers, so that an outage leaves at most `open_posts` + 3 jobs ambiguous. A
    service that was reached and is away for `outage` seconds ends the run.
    """

    rate: float = RATE
    in_flight: int = IN_FLIGHT
    budget_tasks: float | None = None
    budget_credits: float | None = None
    open_posts: int = OPEN_POSTS
    outage: float = OUTAGE
    start_rate: float = RATE

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Real | Decimal):
                raise ConfigurationError(f"{field.name} must be a number, not {type(value).__name__}")
            # A Decimal, a fraction or a number of numpy can neither be stored nor reckoned with everywhere.
            object.__setattr__(self, field.name, value if isinstance(value, int) else float(value))
        if not self.start_rate > 0:
            raise ConfigurationError("start_rate must be more than 0 a second")
        if not 0 < self.rate <= 10_000 or not 1 <= self.in_flight <= 100_000:
            raise ConfigurationError("rate must be more than 0 and at most 10,000 a second, in_flight 1 to 100,000")
        if self.in_flight % 1 or self.open_posts % 1:
            raise ConfigurationError("in_flight and open_posts must be whole numbers")
        if not 1 <= self.open_posts <= 100 or not self.outage >= 0:
            raise ConfigurationError("open_posts must be 1 to 100, outage 0 seconds or more")
        for name in ("budget_tasks", "budget_credits"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ConfigurationError(f"{name} must be 0 or more")

    @property
    def most_ambiguous(self) -> int:
        """How many jobs one outage may make ambiguous at most."""
        return self.open_posts + IN_A_ROW


class Allowance:
    """How many tasks may be unfinished: one fewer when too many were, and back bit by bit; pure."""

    def __init__(self, most: int) -> None:
        self.most = self.limit = most
        self._credit = 0.0

    def reduce(self, held: int) -> None:
        """Heed that so many were too many."""
        self.limit, self._credit = max(1, min(self.limit, held) - 1), 0.0

    def recover(self) -> None:
        """Heed an acceptance."""
        self._credit += 1 / RECOVERY
        if self._credit >= 1 and self.limit < self.most:
            self.limit, self._credit = self.limit + 1, 0.0


class LocalThrottle:
    """How fast the only run of a ledger goes: permits for POSTs, and places for tasks that are unfinished."""

    def __init__(self, pace: SubmissionPace, in_flight: int = IN_FLIGHT) -> None:
        """Let jobs be placed at this pace, and so many be unfinished at a time."""
        self.pace = pace
        self._turns = LocalTurns(pace)
        self.most = in_flight
        self.in_flight = 0
        self._allowance = Allowance(in_flight)
        self._queue = asyncio.Lock()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def place(self, *, at_once: bool = False) -> AsyncIterator[None]:
        """Hold one of the places in flight; `at_once` takes one that is not free, for what is in flight already."""
        async with self._freed:
            if not at_once:
                await self._freed.wait_for(lambda: self.in_flight < self._allowance.limit)
            self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1
            # Nobody holds the condition across a wait, so this never blocks for long.
            await asyncio.shield(self._tell())

    async def turn(self) -> float:
        """Wait for a permit; return how many seconds it is behind the one before it, infinity after a pause."""
        async with self._queue:
            while (taken := self._turns.take(now()))[0] > 0:
                await asyncio.sleep(sleep_for(taken[0]))
            return taken[1]

    def sent(self) -> None:
        """Heed that what had its permit has been sent, or will not be: places are held by `place`."""

    def refused(self, wanted: float | None, *, is_rate: bool, is_full: bool) -> None:
        """Heed a refusal, for the rate or for something else; where too many were in flight, let fewer be."""
        self._turns.refused(now(), wanted, is_rate=is_rate)
        if is_full:
            self._allowance.reduce(self.in_flight)

    def accepted(self, span: float) -> None:
        """Heed an acceptance, whose permit was so many seconds behind the one before it."""
        self._turns.accepted(span)
        self._allowance.recover()

    async def _tell(self) -> None:
        async with self._freed:
            # One for the place that is free, one in case that the limit has risen.
            self._freed.notify(2)


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
    lock(db)
    known = kept(db, NAME, SubmissionPace)
    if known is None or not row["is_fresh"] or known.most != limits.rate:
        keep(db, NAME, SubmissionPace.begin(limits.rate, limits.start_rate))


def heed_acceptance(db: Database, span: float) -> SubmissionPace:
    """Heed that the service has accepted something, for all workers."""
    pace = _locked(db)
    before = pace.gap
    pace.accepted(span)
    keep(db, NAME, pace)
    if pace.gap != before:
        db.execute("update run set next_turn = next_turn + ?", (pace.gap - before,))
    return pace


def heed_refusal(db: Database, wanted: float | None, *, is_rate: bool) -> SubmissionPace:
    """Heed that the service has refused something, for all workers."""
    pace = _locked(db)
    if pause := pace.refused(moment_of(db), wanted, is_rate=is_rate):
        postpone(db, pause)
    keep(db, NAME, pace)
    return pace


def seconds_left(db: Database) -> float:
    """For how many seconds nothing is sent after a refusal."""
    pace = kept(db, NAME, SubmissionPace)
    return 0.0 if pace is None else pace.heeded - moment_of(db)


def _locked(db: Database) -> SubmissionPace:
    """The pace that all workers have agreed on; nobody else changes it until this transaction has ended."""
    lock(db)
    pace = kept(db, NAME, SubmissionPace)
    assert pace is not None
    return pace


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
                if pause < LONG or await self._ledger.note(seconds_left) <= 0:
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
            permit = await self._ledger.note(ask)
            self._going = permit.going
            if permit.pause is not None:
                return permit
            await asyncio.sleep(sleep_for(FULL))


#: One of the two, which a job need not tell apart.
Throttle: TypeAlias = LocalThrottle | SharedThrottle

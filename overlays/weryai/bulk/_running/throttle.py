"""What may go to the service: whether another POST, how fast jobs are placed, and how many are in flight.

By what requests have met a ledger's `Health` is in one of these stages. It is pure, and moments are given:

    ASKING   nothing goes but a free question, once in ASK seconds
    ALONE    one POST goes, when no other is open: its outcome decides
    OPEN     at most `allowed` POSTs are open at once, and none starts while one is open for long
    BROKEN   free questions are answered and POSTs are not: the run ends

From OPEN to ASKING leads a request that was not sent, or IN_A_ROW unknown outcomes. So an outage makes at most
`bound` + 3 jobs ambiguous: the unknown outcomes in a row, what was open beside the last of them, and the one alone.

How far apart submissions are goes by what the service has accepted and refused; that is pure as well. Nobody publishes
the limit, so it is searched for. While nothing is refused, each submission that was accepted at the present gap halves
it, down to the one of `most`. A refusal goes back to the last gap that was accepted, or makes the gap larger. From then
on the gap moves between the one that was refused and the one that was accepted, with two acceptances for each step,
until they are close. Later it is tried now and then whether the service takes more by now.

Some refuse by chance, or for what others send. Then slowing down does not help, and that is how it is told: refusals
are counted by the gap that they came at. Who refuses at most a third at one gap is near his limit, so he refuses
nothing at larger ones. If refusals there are at least half as frequent, they come by chance: the gap goes back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from functools import partial
from numbers import Real
from typing import TypeAlias

from ..._flow.clock import now, sleep_for
from ..._flow.retry import LONGEST_HEEDED
from ...errors import ConfigurationError
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import NOW, Database, keep, kept, lock, moment_of

OPEN_POSTS = 4
#: Seconds between two free questions, and how long a POST may be open until none starts beside it.
ASK, LONG_OPEN = 10.0, 10.0
#: So many unknown outcomes in a row stop all POSTs.
IN_A_ROW = 3


class Stage(StrEnum):
    """What may go to the service."""

    ASKING = "asking"
    ALONE = "alone"
    OPEN = "open"
    BROKEN = "broken"


@dataclass(slots=True)
class Health:
    """What all workers of a ledger know of the service.

    `unknowns` are the outcomes in a row of which nobody knows, `is_lone` says that the one alone was sent, `next_ask`
    is the moment before which nobody asks.
    """

    bound: int = OPEN_POSTS
    stage: Stage = Stage.ASKING
    allowed: int = OPEN_POSTS
    unknowns: int = 0
    is_lone: bool = False
    next_ask: float = 0.0
    asks: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        # A ledger keeps its word.
        self.stage = Stage(self.stage)

    @property
    def is_reached(self) -> bool:
        """Whether free requests may go."""
        return self.stage is not Stage.ASKING

    @property
    def is_settled(self) -> bool:
        """Whether an accepted POST would change nothing."""
        return self.stage is Stage.OPEN and self.unknowns == 0 and self.allowed == self.bound

    def may_start(self, others: int, longest: float) -> bool:
        """Whether a POST may start beside so many that are open, the first of them for `longest` seconds."""
        if self.stage is Stage.ALONE:
            return others == 0
        return self.stage is Stage.OPEN and others < self.allowed and longest <= LONG_OPEN

    def started(self) -> None:
        """Heed that a POST starts."""
        self.is_lone = self.stage is Stage.ALONE

    def answered(self, known: int) -> None:
        """Heed a POST that was accepted, or refused in words of the service; `known` were the unknowns when it began.

        Those that became known since then may be the beginning of an outage.
        """
        self.unknowns = max(0, self.unknowns - known)
        if self.stage is Stage.ALONE:
            # After trouble it is tried with few at a time.
            self.stage, self.allowed, self.is_lone = Stage.OPEN, 1, False
        elif self.stage is Stage.OPEN:
            self.allowed = min(self.allowed + 1, self.bound)

    def unknown(self, reason: str) -> None:
        """Heed a POST of which nobody knows what became."""
        self.unknowns += 1
        if self.stage is Stage.ALONE and self.is_lone:
            self.stage, self.reason, self.is_lone = Stage.BROKEN, reason, False
        elif self.unknowns >= IN_A_ROW and self.stage is Stage.OPEN:
            self._ask(reason)

    def not_reached(self, reason: str) -> None:
        """Heed a request that did not reach the service, or was not answered by it."""
        if self.stage in (Stage.OPEN, Stage.ALONE):
            self._ask(reason)

    def take_ask(self, moment: float) -> float:
        """Take the right to ask and return 0.0, or return the seconds until somebody may."""
        pause = self.next_ask - moment
        # A clock that was set back must not silence everybody.
        if 0 < pause <= ASK:
            return pause
        self.next_ask = moment + ASK
        self.asks += 1
        return 0.0

    def was_asked(self, reason: str | None) -> None:
        """Heed what came of a free question; None is a response."""
        if self.stage is not Stage.ASKING:
            return
        if reason is not None:
            self.reason = reason
            return
        self.stage = Stage.ALONE if self.unknowns >= IN_A_ROW else Stage.OPEN
        self.is_lone, self.asks = False, 0

    def begin(self, bound: int) -> None:
        """Heed that a run begins where none is at work: it asks first."""
        self.bound = self.allowed = bound
        self.stage, self.is_lone, self.asks, self.next_ask = Stage.ASKING, False, 0, 0.0

    def _ask(self, reason: str) -> None:
        self.stage, self.reason, self.is_lone, self.asks = Stage.ASKING, reason, False, 0


#: Submissions per second, at the start and, unless somebody asks for more, at most: twenty tasks of a minute need no
#: more.
RATE = 1 / 3
# The pause after refusals that follow each other doubles up to so many seconds.
LONGEST_PAUSE = 30.0
# What an acceptance divides the gap by, and a refusal of a gap that nothing is known of multiplies it with.
FASTER, SLOWER = 2.0, 1.6
# The gap is at most so many times the first one.
SLOWEST = 8.0
# A gap that was accepted so often before is only a little too small.
ESTABLISHED, A_LITTLE = 6, 1.25
# So many acceptances lead to the next step, and where it lies between the refused gap (0) and the accepted one (1).
STEP, PART = 2, 0.65
# Gaps so close to each other are not parted further. After so many acceptances more is tried; doubled by each refusal
# of that.
CLOSE, LATER, LATEST = 1.2, 24, 384
# A turn that comes so many seconds late, or so much of a gap, counts as in time.
LATE, LATE_PART = 0.05, 0.1
# What was tried at a gap is forgotten bit by bit, after about so many tries at it.
MEMORY = 50


@dataclass(slots=True)
class SubmissionPace:
    """The seconds between two submissions, and what is known of the limit; 0.0 for a gap that is not known.

    `tried` has what became of submissions since the first refusal, by the level of their gap: each level is a little
    larger than the one before it, and 0 is the first gap.
    """

    most: float
    gap: float
    accepted_gap: float = 0.0
    refused_gap: float = 0.0
    in_a_row: int = 0
    later: int = LATER
    refusals: int = 0
    heeded: float = 0.0
    first_gap: float = 0.0
    tried: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def begin(cls, most: float, start: float = RATE) -> SubmissionPace:
        """Begin with `start` submissions per second; at most so many later on."""
        gap = 1 / min(start, most)
        return cls(most, gap, first_gap=gap)

    @property
    def rate(self) -> float:
        """Submissions per second."""
        return 1 / self.gap

    @property
    def is_settled(self) -> bool:
        """Whether an acceptance would change nothing."""
        is_fastest = self.gap <= 1 / self.most and self.refusals == 0 and self.refused_gap == 0.0
        return is_fastest and self.in_a_row >= ESTABLISHED

    def accepted(self, span: float) -> None:
        """Heed an acceptance; `span` seconds before it another one was sent, infinity after a pause."""
        was_refused, self.refusals = self.refusals > 0, 0
        # Who waited for longer than the gap has proved nothing about the gap.
        if was_refused or span > self.gap * 1.01 or self.is_settled:
            return
        self.in_a_row += 1
        self.accepted_gap = self.gap
        if self.refused_gap:
            self._note(accepted=1.0)
        if self.gap <= self.refused_gap:
            # The service takes by now what it refused.
            self.refused_gap = self.gap / FASTER
        self._go_down_to(min(self._next_gap(), self._good_gap()))

    def _go_down_to(self, wanted: float) -> None:
        if (wanted := max(wanted, 1 / self.most)) < self.gap:
            self.gap, self.in_a_row = wanted, 0

    def _next_gap(self) -> float:
        if not self.refused_gap:
            return self.gap / FASTER
        if self.gap > self.refused_gap * CLOSE:
            between = self.refused_gap ** (1 - PART) * self.gap**PART
            return max(between, self.gap / FASTER) if self.in_a_row >= STEP else self.gap
        return self.gap / A_LITTLE if self.in_a_row >= max(STEP, self.later) else self.gap

    def refused(self, moment: float, wanted: float | None = None, *, is_rate: bool = True) -> float:
        """Heed a refusal, and return the seconds for which nothing is sent.

        Those that come during that time count as one with it. `wanted` are the seconds that the service asks for. What
        was not refused for its pace (`is_rate`) leaves the gap as it is.
        """
        pause = 0.0
        if moment >= self.heeded:
            if is_rate:
                self._heed_rate()
            self.refusals += 1
            pause = max(self.gap, min(self.gap * 2.0 ** min(self.refusals - 1, 16), LONGEST_PAUSE))
        if wanted is not None:
            pause = max(pause, min(wanted, LONGEST_HEEDED))
        self.heeded = max(self.heeded, moment + pause)
        return pause

    def _heed_rate(self) -> None:
        if not self.refusals:
            is_surprise = self.in_a_row > 0
            self._note(refused=1.0, surprise=float(is_surprise))
            if is_surprise and self._is_by_chance(self._level):
                self.in_a_row = 0
                return
            if (good := self._good_gap()) < self.gap:
                self._go_down_to(good)
                return
        self._slow()

    def _slow(self) -> None:
        refused, before, self.refused_gap = self.gap, self.refused_gap, self.gap
        if self.accepted_gap > refused:
            self.gap = self.accepted_gap
            self.refused_gap = before if refused < before < self.gap else refused
            if self.gap <= refused * CLOSE * A_LITTLE:
                self.later = min(self.later * 2, LATEST)
        elif self.in_a_row >= ESTABLISHED and not self.refusals:
            self.gap *= A_LITTLE
            self.later = min(self.later * 2, LATEST)
        else:
            self.gap = max(refused * SLOWER, min(self.first_gap, refused * 2.0 ** min(self.refusals + 1, 16)))
        self.gap = min(self.gap, max(self.first_gap * SLOWEST, 1 / self.most))
        self.in_a_row = 0

    @property
    def _level(self) -> int:
        return round(math.log(self.gap / self.first_gap, A_LITTLE))

    def _note(self, accepted: float = 0.0, refused: float = 0.0, surprise: float = 0.0) -> None:
        """Count a try at the present gap; a surprise is a refusal at a gap at which something was just accepted."""
        known = self.tried.get(str(self._level), [0.0, 0.0, 0.0])
        more = (accepted, refused, surprise)
        self.tried[str(self._level)] = [one * (1 - 1 / MEMORY) + other for one, other in zip(known, more, strict=True)]

    def _is_by_chance(self, level: int) -> bool:
        """Whether what was refused at a level is no word about the pace: it is rare, and not much rarer above it."""
        accepted, refused, _ = self.tried[str(level)]
        slower = [many for name, many in self.tried.items() if int(name) > level]
        slower_accepted, slower_refused, surprises = (sum(many[part] for many in slower) for part in range(3))
        if slower_accepted < 2 * slower_refused:
            return False
        if accepted + refused <= 1:
            # Too little to judge by. The first pace is worth another try where others were refused by chance.
            return level >= 0 and surprises >= 0.5
        share, slower_tries = refused / (accepted + refused), slower_accepted + slower_refused
        is_rare = accepted >= 2 and accepted >= 2 * refused
        return is_rare and slower_refused >= max(0.5, 0.5 * share * slower_tries)

    def _good_gap(self) -> float:
        """Find the smallest gap at which refusals come by chance, or return the present one."""
        levels = (level for level in map(int, self.tried) if level < self._level and self._is_by_chance(level))
        return min((self.first_gap * A_LITTLE**level for level in levels), default=self.gap)


class LocalTurns:
    """The turns of one process by a pace; who is a little late for one catches up."""

    def __init__(self, pace: SubmissionPace) -> None:
        self.pace = pace
        self.next_turn = float("-inf")

    def take(self, moment: float) -> tuple[float, float]:
        """Take a turn and return 0.0, or return the seconds until the next one; also the seconds since the last one."""
        late = moment - self.next_turn
        if late < 0:
            return -late, 0.0
        gap = self.pace.gap
        is_late = late > max(LATE, gap * LATE_PART)
        # A gap that is no longer than a timer may be late is caught up on.
        earliest = moment - gap if gap <= LATE and math.isfinite(late) else moment
        self.next_turn = max(self.next_turn, earliest) + gap
        return 0.0, gap + late if is_late else gap

    def accepted(self, span: float) -> None:
        """Heed an acceptance."""
        before = self.pace.gap
        self.pace.accepted(span)
        self.next_turn += self.pace.gap - before

    def refused(self, moment: float, wanted: float | None, *, is_rate: bool) -> None:
        """Heed a refusal: nothing is sent for a while."""
        if pause := self.pace.refused(moment, wanted, is_rate=is_rate):
            self.next_turn = max(self.next_turn, moment + pause)


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
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None and one.default is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Real | Decimal):
                raise ConfigurationError(f"{one.name} must be a number, not {type(value).__name__}")
            # A Decimal, a fraction or a number of numpy can neither be stored nor reckoned with everywhere.
            object.__setattr__(self, one.name, value if isinstance(value, int) else float(value))
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

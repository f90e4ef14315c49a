"""How fast jobs are placed: so many per second, so many in flight, and slower when the service says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from ..._flow.clock import now, sleep_for
from ..._flow.retry import LONGEST_HEEDED
from ..._transport.limiter import Turns

RATE = 5.0
IN_FLIGHT = 20
# A rate is never slowed below this part of what was asked for.
LEAST_PART = 1 / 64
# The pause after a refusal that names none, in turns; it doubles with each that no acceptance came before.
PAUSE_TURNS, LONGEST_PAUSE = 10.0, 60.0
# So many acceptances in a row bring back what one refusal took.
RECOVERY = 20


@dataclass
class AdaptiveRate(Turns):
    """Turns at a rate that halves when it is refused, and recovers bit by bit; pure, times are given."""

    most: float
    refusals: int = 0
    _heeded: float = float("-inf")

    def slow(self, moment: float, wanted: float | None) -> None:
        """Heed a refusal: wait, and go on at half the rate. Those that come during that wait count as one with it."""
        if moment >= self._heeded:
            pause = min(PAUSE_TURNS / self.rate * 2.0 ** min(self.refusals, 16), LONGEST_PAUSE)
            self.rate = max(self.rate / 2, self.most * LEAST_PART)
            self.refusals += 1
            self._heeded = moment + pause
            self.next_turn = max(self.next_turn, self._heeded)
        if wanted is not None:
            self._heeded = self.next_turn = max(self.next_turn, moment + min(wanted, LONGEST_HEEDED))

    def recover(self) -> None:
        """Heed an acceptance."""
        self.refusals = 0
        self.rate = min(self.rate + self.most / 2 / RECOVERY, self.most)


class Throttle(Protocol):
    """How fast a run goes: permits for POSTs, and places for tasks that are unfinished."""

    pace: AdaptiveRate
    #: Tasks that may be unfinished at a time, and those that this worker holds.
    most: int
    in_flight: int

    def place(self, *, at_once: bool = False) -> AbstractAsyncContextManager[None]:
        """Hold one of the places in flight; `at_once` takes one that is not free, for what is in flight already."""
        ...

    async def turn(self) -> None:
        """Wait for a permit."""

    def sent(self) -> None:
        """Heed that what had its permit has been sent, or will not be."""

    def refused(self, wanted: float | None, *, is_full: bool) -> None:
        """Heed a refusal; where too many were in flight, let fewer be."""

    def accepted(self) -> None:
        """Heed an acceptance."""


class Allowance:
    """How many tasks may be unfinished: one fewer when too many were, and back bit by bit; pure."""

    def __init__(self, most: int) -> None:
        """Begin with as many as may be."""
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
    """The permits and places of the only run of a ledger, on one event loop."""

    def __init__(self, rate: float = RATE, in_flight: int = IN_FLIGHT) -> None:
        """Let so many jobs be placed per second, and be unfinished at a time."""
        self.pace = AdaptiveRate(rate, rate)
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

    async def turn(self) -> None:
        """Wait for a permit."""
        async with self._queue:
            while (pause := self.pace.take(now())) > 0:
                await asyncio.sleep(sleep_for(pause))

    def sent(self) -> None:
        """Nothing: places are held by `place`."""

    def refused(self, wanted: float | None, *, is_full: bool) -> None:
        """Heed a refusal; where too many were in flight, let fewer be."""
        self.pace.slow(now(), wanted)
        if is_full:
            self._allowance.reduce(self.in_flight)

    def accepted(self) -> None:
        """Heed an acceptance."""
        self.pace.recover()
        self._allowance.recover()

    async def _tell(self) -> None:
        async with self._freed:
            # One for the place that is free, one in case that the limit has risen.
            self._freed.notify(2)

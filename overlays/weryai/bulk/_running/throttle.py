"""How fast jobs are placed: at the pace that the service takes, and so many in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from ..._flow.clock import now, sleep_for
from .pace import LocalTurns, SubmissionPace

IN_FLIGHT = 20
# So many acceptances in a row bring back one place that a refusal took.
RECOVERY = 20


class Throttle(Protocol):
    """How fast a run goes: permits for POSTs, and places for tasks that are unfinished."""

    pace: SubmissionPace
    #: Tasks that may be unfinished at a time, and those that this worker holds.
    most: int
    in_flight: int

    def place(self, *, at_once: bool = False) -> AbstractAsyncContextManager[None]:
        """Hold one of the places in flight; `at_once` takes one that is not free, for what is in flight already."""
        ...

    async def turn(self) -> float:
        """Wait for a permit; return how many seconds it is behind the one before it, infinity after a pause."""
        ...

    def sent(self) -> None:
        """Heed that what had its permit has been sent, or will not be."""

    def refused(self, wanted: float | None, *, is_rate: bool, is_full: bool) -> None:
        """Heed a refusal, for the rate or for something else; where too many were in flight, let fewer be."""

    def accepted(self, span: float) -> None:
        """Heed an acceptance, whose permit was so many seconds behind the one before it."""


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
        """Wait for a permit; return how many seconds it is behind the one before it."""
        async with self._queue:
            while (taken := self._turns.take(now()))[0] > 0:
                await asyncio.sleep(sleep_for(taken[0]))
            return taken[1]

    def sent(self) -> None:
        """Nothing: places are held by `place`."""

    def refused(self, wanted: float | None, *, is_rate: bool, is_full: bool) -> None:
        """Heed a refusal; where too many were in flight, let fewer be."""
        self._turns.refused(now(), wanted, is_rate=is_rate)
        if is_full:
            self._allowance.reduce(self.in_flight)

    def accepted(self, span: float) -> None:
        """Heed an acceptance."""
        self._turns.accepted(span)
        self._allowance.recover()

    async def _tell(self) -> None:
        async with self._freed:
            # One for the place that is free, one in case that the limit has risen.
            self._freed.notify(2)

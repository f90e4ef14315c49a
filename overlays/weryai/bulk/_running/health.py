"""Whether the service answers, by what requests have met, and so whether another POST may go; pure, moments are given.

    ASKING   nothing goes but a free question, once in ASK seconds
    ALONE    one POST goes, when no other is open: its outcome decides
    OPEN     at most `allowed` POSTs are open at once, and none starts while one is open for long
    BROKEN   free questions are answered and POSTs are not: the run ends

From OPEN to ASKING leads a request that was not sent, or IN_A_ROW unknown outcomes. So an outage makes at most
`bound` + 3 jobs ambiguous: the unknown outcomes in a row, what was open beside the last of them, and the one alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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

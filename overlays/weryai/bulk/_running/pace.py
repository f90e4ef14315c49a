"""How far apart submissions are, by what the service has accepted and refused; pure, moments are given.

Nobody publishes the limit, so it is searched for. While nothing is refused, each submission that was accepted at the
present gap halves it, down to the one of `most`. A refusal goes back to the last gap that was accepted, or makes the
gap larger. From then on the gap moves between the one that was refused and the one that was accepted, with two
acceptances for each step, until they are close. Later it is tried now and then whether the service takes more by now.

Some refuse by chance, or for what others send. Then slowing down does not help, and that is how it is told: refusals
are counted by the gap that they came at. Who refuses at most a third at one gap is near his limit, so he refuses
nothing at larger ones. If refusals there are at least half as frequent, they come by chance: the gap goes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..._flow.retry import LONGEST_HEEDED

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

"""How far a run is, at a glance."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass

from . import _reading as reading
from ._job import Job, JobState
from ._looking import looking

MOST_AMBIGUOUS = 50


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of each state, what was spent of what, why jobs failed (kind, how many, a reason), and the ambiguous."""

    counts: Mapping[JobState, int]
    submits: int
    credits: float
    budget_tasks: int | None
    budget_credits: float | None
    base_url: str | None
    reasons: list[tuple[str, int, str]]
    ambiguous: list[Job]


def status(ledger: str | os.PathLike[str]) -> Status:
    """Look at a ledger, also while a run goes on; raises JournalError where there is none."""
    with looking(ledger) as db:
        facts = reading.facts(db)
        doubtful = itertools.islice(reading.every(db, (JobState.AMBIGUOUS,)), MOST_AMBIGUOUS)
        return Status(
            reading.counts(db), facts.submits, facts.credits, facts.budget_tasks, facts.budget_credits, facts.base_url,
            reading.reasons(db), list(doubtful),
        )  # fmt: skip

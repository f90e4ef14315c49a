"""An order as a journal keeps it, and what became of each try: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .process import Owner


class OrderState(StrEnum):
    """Where an order stands.

    QUEUED is written and not sent, or refused and about to be sent again; SUBMITTING is on its way, so that it may be
    paid; SUBMITTED is paid, its tasks are known; DONE has its videos on disk; FAILED has none, because it was refused,
    given up, or its tasks failed; AMBIGUOUS may be paid, and only you can find out.
    """

    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DONE = "done"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a journal; `row` is its number there.

    `task_ids` are all its tasks (of an AMBIGUOUS order those that its answer named), `going` those not known to have
    ended, `paths` the videos on disk. `body` is what was sent, `output` where the video was to go, `began` when it
    was last sent (seconds since 1970), `owner` the process that works on it.
    """

    row: int
    state: OrderState
    task_ids: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    reason: str | None = None
    request: str = ""
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    output: str | None = None
    began: float = 0.0
    owner: Owner | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One service and one key, by its hash; what belongs to another is never touched."""

    base_url: str
    key: str


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of one try: `submitted`, `ambiguous`, or `queued` when it surely started nothing."""

    state: OrderState
    task_ids: tuple[str, ...] = ()
    batch_id: str | None = None
    reason: str | None = None

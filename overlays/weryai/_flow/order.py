"""An order as a journal keeps it, and what became of each try: pure."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..errors import WeryAIError
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


_QUEUED, _SUBMITTING, _SUBMITTED, _DONE, _FAILED, _AMBIGUOUS = OrderState
#: Which state may become which, by what: the one table of the journal's orders and of the jobs of a ledger. What is not
#: in it does not happen: whoever comes too late is refused, or changes nothing.
TRANSITIONS: Mapping[str, Mapping[OrderState, tuple[OrderState, ...]]] = {
    # A try, and what came of it; also late, when it was taken for ambiguous.
    "begin": {_QUEUED: (_SUBMITTING,)},
    "end": {
        _SUBMITTING: (_SUBMITTED, _QUEUED, _AMBIGUOUS),
        _AMBIGUOUS: (_SUBMITTED, _QUEUED, _AMBIGUOUS),
    },
    # Refused when nobody waits for it any more, so nobody would send it again.
    "end for good": {_AMBIGUOUS: (_FAILED,)},
    # Accepted although it was put back into the queue, where it is not needed any more.
    "end in time": {_QUEUED: (_SUBMITTED,)},
    "mark ambiguous": {_SUBMITTING: (_AMBIGUOUS,)},
    "mark not placed": {_QUEUED: (_FAILED,)},
    # What became of the tasks.
    "finish": {_SUBMITTED: (_DONE, _FAILED)},
    "keep": {_SUBMITTED: (_SUBMITTED,)},
    "fetch again": {_DONE: (_SUBMITTED,)},
    # Another manifest has other parameters or another image for what was never sent.
    "load anew": {_QUEUED: (_QUEUED,), _FAILED: (_QUEUED,)},
    # What a person decides.
    "adopt": {_AMBIGUOUS: (_SUBMITTED,)},
    "requeue": {_AMBIGUOUS: (_QUEUED,)},
    "retry": {_FAILED: (_QUEUED, _SUBMITTED)},
    "give up": {_QUEUED: (_FAILED,), _SUBMITTED: (_FAILED,), _AMBIGUOUS: (_FAILED,)},
}


def states_before(step: str, state: OrderState) -> tuple[OrderState, ...]:
    """The states that a step may lead from to this one."""
    return tuple(before for before, after in TRANSITIONS[step].items() if state in after)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a journal; `row` is its number there.

    `task_ids` are all its tasks (of an AMBIGUOUS order those that its response named), `going` those not known to have
    ended, `paths` the videos on disk. `body` is what was sent, `output` where the video was to go, `began` when it
    was last sent (seconds since 1970), `owner` the process that works on it, `order_key` the caller's own name for it.
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
    order_key: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the order as `json.dumps` takes it; of its `owner` the number of the process and the machine."""
        owner = self.owner and {"pid": self.owner.pid, "host": self.owner.host}
        return {
            "row": self.row, "state": self.state.value, "task_ids": list(self.task_ids), "going": list(self.going),
            "paths": list(self.paths), "reason": self.reason, "request": self.request, "body": dict(self.body),
            "output": self.output, "began": self.began, "owner": owner, "batch_id": self.batch_id,
            "order_key": self.order_key,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scope:
    """One service and one key, by its hash; what belongs to another is never touched."""

    base_url: str
    key: str


@functools.lru_cache(maxsize=16)
def service_of(base_url: str) -> str:
    """One spelling of a service's URL: this machine has three names, and the usual port is none."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    host = "localhost" if host in ("127.0.0.1", "::1") else f"[{host}]" if ":" in host else host
    is_usual = parts.port is None or parts.port == {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}{'' if is_usual else f':{parts.port}'}{parts.path.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a single task of a model cost, by the balance before and after it; `at` is seconds since 1970.

    An estimate for the next one and no price: others may use the same balance, and it may be late. `request` is the
    call, `duration` seconds.
    """

    model: str
    credits: float
    at: float
    request: str
    duration: int | None = None
    resolution: str | None = None

    def __str__(self) -> str:
        day = time.strftime("%Y-%m-%d", time.gmtime(self.at))
        facts = [f"{self.duration} s"] if self.duration is not None else []
        facts += [self.resolution] if self.resolution else []
        kind = f" ({', '.join(facts)})" if facts else ""
        return f"about {self.credits:.15g} credits: the last task of {self.model}{kind}, seen from the balance on {day}"


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of one try: `submitted`, `ambiguous`, or `queued` when it surely started nothing."""

    state: OrderState
    task_ids: tuple[str, ...] = ()
    batch_id: str | None = None
    reason: str | None = None
    error: WeryAIError | None = field(default=None, compare=False)

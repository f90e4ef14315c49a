"""What paid requests are noted in, as the runners and the flows see it: a journal, or the ledger of a bulk run."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Protocol, runtime_checkable

from .intent import Intent
from .order import AttemptResult, Cost, Order, OrderState


class AttemptLog(Protocol):
    """What an attempt is noted in. Each method returns a future that is done when it is on the disk."""

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """Write an order down before it is sent; the result is its row."""
        ...

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """Write down what became of an attempt."""
        ...

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """Note that nobody waits for the answer of an open attempt any more."""
        ...


class OrderLog(AttemptLog, Protocol):
    """The orders of one service and one key. Each method returns a future that is done when it is on the disk."""

    def mark_not_placed(self, row: int, reason: str) -> Future[None]:
        """Note that an order surely was not placed and is not tried again."""
        ...

    def finish_task(self, task_id: str, path: str | None, reason: str | None = None) -> Future[None]:
        """Write down how a task ended: with a video at `path`, or failed for a reason."""
        ...

    def list_orders(self, states: Iterable[OrderState]) -> Future[tuple[Order, ...]]:
        """Read the orders in these states, oldest first."""
        ...

    def waits(self, model: str) -> Future[tuple[float, ...]]:
        """Read how many seconds the last orders of a model took, newest first."""
        ...

    def note_cost(self, task_id: str, credits: float) -> Future[bool]:
        """Note what a task has cost, unless others were under way."""
        ...

    def last_cost(self, model: str) -> Future[Cost | None]:
        """Read what the last single task of a model cost."""
        ...

    def claim(self, *, everything: bool) -> Future[tuple[Order, ...]]:
        """Take over the paid orders that nobody works on, or all that are unfinished."""
        ...

    def adopt(self, row: int, task_id: str) -> Future[Order]:
        """Note that an ambiguous order became this task."""
        ...

    def requeue(self, row: int) -> Future[Order]:
        """Note that an ambiguous order is to be sent once more."""
        ...

    def give_up(self, row: int) -> Future[Order]:
        """Note that nobody wants to know any more what becomes of an order."""
        ...


@runtime_checkable
class OrderLogSource(Protocol):
    """Whatever keeps paid orders on disk: a journal, or the ledger of a bulk run."""

    def order_log(self, base_url: str, key: str) -> OrderLog:
        """The part that belongs to one service and one key."""
        ...

    def close(self) -> None:
        """Write what is left and close the file."""
        ...

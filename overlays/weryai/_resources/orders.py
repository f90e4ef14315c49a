"""Orders: what the journal knows of the paid work, and what to do about orders whose fate is unknown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from .._flow.effects import Flow, Note
from .._flow.order import Cost, Intent, Order, OrderLog, OrderState
from .._protocol.endpoint import Submission, order
from ..errors import ConfigurationError, InvalidInputError
from .base import Mode, Resource, operation
from .tasks import check_task_id, poll_once

T = TypeVar("T")
_EVERY = tuple(OrderState)


class Orders(Resource[Mode]):
    """The paid orders of this service and this key; only for clients that have a journal.

    An AMBIGUOUS order was sent, and whether it was accepted is unknown: check https://weryai.com/api/history, then
    `adopt` the task, `resubmit`, or `give_up`. Nothing of that happens by itself.
    """

    @operation
    def list(self, *states: OrderState | str) -> Flow[tuple[Order, ...]]:
        """Return the orders in these states, or all of them, oldest first."""
        wanted = tuple(_state(one) for one in states) or _EVERY
        orders: tuple[Order, ...] = yield from _asked(lambda log: log.list_orders(wanted))
        return orders

    @operation
    def waits(self, model: str) -> Flow[tuple[float, ...]]:
        """Return how many seconds the last orders of a model took from submission to video, newest first, at most 20.

        Nothing is sent. What nobody waited for at once took as long as until somebody fetched it: use the median.
        """
        seconds: tuple[float, ...] = yield from _asked(lambda log: log.waits(model))
        return seconds

    @operation
    def last_cost(self, model: str) -> Flow[Cost | None]:
        """Return what the last single task of a model cost, by the balance before and after it, or None.

        Nothing is sent. `generate(..., measure_cost=True)` notes it, and so does the command line. It is an estimate.
        """
        return (yield from Note(lambda log: log.last_cost(model)))

    @operation
    def claim(self, *, everything: bool = False) -> Flow[tuple[Order, ...]]:
        """Take over the paid, unfinished orders of processes that are gone, and return them to be waited for.

        With `everything` also those of processes that still run, or that ran on another machine.
        """
        taken: tuple[Order, ...] = yield from _asked(lambda log: log.claim(everything=everything))
        return taken

    @operation
    def adopt(self, row: int, task_id: str) -> Flow[Order]:
        """Say that an AMBIGUOUS order became this task; the service is asked once whether it exists.

        Raises NotFoundError if it does not, JournalError if the order is not AMBIGUOUS or the task belongs to another.
        """
        task = yield from poll_once(check_task_id(task_id), self._retry)
        adopted: Order = yield from _asked(lambda log: log.adopt(row, task.id))
        return adopted

    @operation
    def resubmit(self, row: int) -> Flow[Submission]:
        """Send an AMBIGUOUS order once more, which may pay for it twice; a callback URL is not sent again.

        The image is asked for where it was uploaded before. Raises what `image_to_video.submit` raises.
        """
        again: Order = yield from _asked(lambda log: log.requeue(row))
        return (yield from order(Intent(again.request, again.body, row=again.row), self._retry))

    @operation
    def give_up(self, row: int) -> Flow[Order]:
        """Abandon an order, AMBIGUOUS or unfinished; it counts as FAILED from now on."""
        given_up: Order = yield from _asked(lambda log: log.give_up(row))
        return given_up


def _asked(change: Callable[[OrderLog], Future[T]]) -> Flow[T]:
    """Have the journal do something."""
    result: T | None = yield from Note(change)
    if result is None:
        raise ConfigurationError("this client has no journal: make it with journal=")
    return result


def _state(word: OrderState | str) -> OrderState:
    try:
        return OrderState(word)
    except ValueError:
        known = ", ".join(_EVERY)
        raise InvalidInputError(f"an order is never {word!r:.200}, but one of {known}") from None

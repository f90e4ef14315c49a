"""Account: the credits left; what a video costs by what the last one did, and by what the balance tells afterwards."""

from __future__ import annotations

import math

from weryai_api.api.account import get_balance

from .._flow.effects import Flow, Note
from .._flow.order import Cost
from .._flow.retry import RetryPolicy
from .._protocol.endpoint import call
from .._protocol.envelope import Envelope
from ..errors import ContractError, WeryAIError
from .base import Mode, Resource, operation

# Seconds to wait for the balance, which is only told.
BALANCE_TIMEOUT = 5.0


class Account(Resource[Mode]):
    """The account behind the key; asking is free."""

    @operation
    def balance(self) -> Flow[float]:
        """Ask for the credits left; also the cheapest way to see whether the key is accepted."""
        return call(get_balance, read_credits, self._retry)


def read_credits(envelope: Envelope) -> float:
    """The credits of a response."""
    data = envelope.data
    credits = data.get("balance") if isinstance(data, dict) else data
    try:
        if not isinstance(credits, bool) and isinstance(credits, int | float | str) and math.isfinite(float(credits)):
            return float(credits) if isinstance(credits, str) else credits
    except (ValueError, OverflowError):
        pass
    raise ContractError("the response holds no number of credits", raw=envelope.raw, http_status=envelope.http_status)


def last_cost(model: str) -> Flow[Cost | None]:
    """What the last video of a model cost, as far as the journal knows."""
    try:
        return (yield from Note(lambda log: log.last_cost(model)))
    except WeryAIError:
        return None


def credits_left() -> Flow[float | None]:
    """Ask once for the credits left; None if there is no answer at once, for nothing depends on it."""
    try:
        return (yield from call(get_balance, read_credits, RetryPolicy(tries=1), timeout=BALANCE_TIMEOUT))
    except WeryAIError:
        return None


def credits_used(before: float, task_id: str) -> Flow[float | None]:
    """What a task has cost, if the balance tells, and nothing else was under way; the journal keeps it."""
    after = yield from credits_left()
    if after is None or (credits := before - after) <= 0:
        return None
    try:
        is_alone = yield from Note(lambda log: log.note_cost(task_id, credits))
    except WeryAIError:
        return None
    return credits if is_alone else None

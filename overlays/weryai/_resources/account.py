"""Account: the credits left."""

from __future__ import annotations

import math

from weryai_api.api.account import get_balance

from .._flow.effects import Flow
from .._protocol.endpoint import call
from .._protocol.envelope import Envelope
from ..errors import ContractError
from .base import Mode, Resource, operation


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
    except ValueError:
        pass
    raise ContractError("the response holds no number of credits", raw=envelope.raw, http_status=envelope.http_status)

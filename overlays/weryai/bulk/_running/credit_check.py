"""Whether the account can pay for what a run is about to order, before it begins and while it goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ..._client import AsyncWeryAI
from ..._flow.order import OrderState
from ...errors import InsufficientCreditsError, WeryAIError, before_sending
from .._ledger import queries as reading
from .job_runner import JobRunner
from .stop_reasons import Stopping, why_stop

# How long between two looks, in seconds.
EVERY = 60.0


@contextlib.asynccontextmanager
async def watching(client: AsyncWeryAI, performer: JobRunner) -> AsyncIterator[None]:
    """Refuse to begin what cannot be paid for, and look at the balance again every minute until the block ends.

    Nothing is asked for as long as no price is known. When the balance does not cover the next job any more, no
    further jobs are taken. Raises InsufficientCreditsError.
    """
    queued = await performer.note(lambda db: reading.price_of(db, OrderState.QUEUED))
    balance = None if queued is None else await _balance(client, performer)
    if queued is not None and balance is not None and balance < queued:
        raise before_sending(
            InsufficientCreditsError(f"the queued jobs cost {queued:g} credits and the account has {balance:g}")
        )
    looking = asyncio.create_task(_look(client, performer))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(client: AsyncWeryAI, performer: JobRunner) -> None:
    while performer.stopping is None:
        await asyncio.sleep(EVERY)
        price = await performer.note(reading.next_price)
        balance = None if price is None else await _balance(client, performer)
        if price is not None and balance is not None and balance < price:
            performer.stop(Stopping(f"the account has {balance:g} credits and the next job costs {price:g}", "credits"))


async def _balance(client: AsyncWeryAI, performer: JobRunner) -> float | None:
    """The balance, once the service is reached; None where it is not told, which is no reason to stop."""
    await performer.gate.passed()
    try:
        balance = await client.account.balance()
    except WeryAIError as error:
        if why_stop(error) is not None:
            raise
        return None
    return balance if balance > 0 else None

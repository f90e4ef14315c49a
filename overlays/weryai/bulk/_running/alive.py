"""The sign of life of a run, by which `status` knows whether somebody is at work."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from ...errors import WeryAIError
from .._ledger.queries import ALIVE
from .._ledger.transitions import Database, LedgerWriter, lock

#: Seconds between two signs of life.
BEAT = 5.0


@contextlib.asynccontextmanager
async def alive(ledger: LedgerWriter) -> AsyncIterator[None]:
    """Give signs of life until the block ends."""
    beating = asyncio.create_task(_beat(ledger))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        # Another worker gives its own in a moment.
        ledger.write(_forget)


async def _beat(ledger: LedgerWriter) -> None:
    while True:
        with contextlib.suppress(WeryAIError):
            await asyncio.wrap_future(ledger.write(_note))
        await asyncio.sleep(BEAT)


def _forget(db: Database) -> None:
    lock(db)
    db.execute("delete from about where name = ?", (ALIVE,))


def _note(db: Database) -> None:
    lock(db)
    db.execute(
        "insert into about (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
        (ALIVE, str(time.time())),
    )

"""The sign of life of a run, by which `status` knows whether somebody is at work."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from functools import partial

from ...errors import WeryAIError
from .._ledger.queries import ALIVE, SILENCE
from .._ledger.transitions import Database, LedgerWriter, lock, moment_of

#: Seconds between two signs of life.
BEAT = 5.0


@contextlib.asynccontextmanager
async def alive(ledger: LedgerWriter) -> AsyncIterator[None]:
    """Give signs of life until the block ends; others that work on the same ledger give their own."""
    name = f"{ALIVE} {secrets.token_hex(8)}"
    beating = asyncio.create_task(_beat(ledger, name))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        ledger.write(partial(_forget, name=name))


async def _beat(ledger: LedgerWriter, name: str) -> None:
    while True:
        with contextlib.suppress(WeryAIError):
            await asyncio.wrap_future(ledger.write(partial(_note, name=name)))
        await asyncio.sleep(BEAT)


def _forget(db: Database, name: str) -> float:
    """Take back a sign, and those of runs that died; return the moment."""
    lock(db)
    moment = moment_of(db)
    db.execute(
        "delete from about where name = ? or (name like ? and cast(value as double precision) < ?)",
        (name, f"{ALIVE}%", moment - SILENCE),
    )
    return moment


def _note(db: Database, name: str) -> None:
    db.execute("insert into about (name, value) values (?, ?)", (name, str(_forget(db, name))))

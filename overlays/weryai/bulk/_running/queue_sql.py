"""What the workers of a queue change and read in the ledger's database, beside the steps of a job."""

from __future__ import annotations

import hashlib

from ..._flow.order import OrderState
from ...errors import JournalError
from .._ledger import transitions as steps
from .._ledger.postgres import LEDGER_SCHEMA, QUEUE_SCHEMA, Marked
from .._ledger.queries import CURRENT
from .._ledger.transitions import NOW, Database, lock

CRASHED = "the worker was gone before the response came"
# A number that only we take a lock by.
_MAKING = 0x57455251


def make(db: Marked, schema: str, gone: float) -> None:
    """Make the queue's tables, anew if they are another version's and nobody is at work."""
    wanted = hashlib.sha256(schema.encode()).hexdigest()[:16]
    db.execute("select pg_advisory_xact_lock(?)", (_MAKING,))
    known = db.execute("select value from about where name = 'queue'").fetchone()
    if known and known["value"] == wanted:
        return
    if known and _is_anybody_there(db, gone):
        raise JournalError("workers with another version of procrastinate are at work: end them first")
    db.execute(f"drop schema if exists {QUEUE_SCHEMA} cascade")
    db.execute(f"create schema {QUEUE_SCHEMA}")
    db.execute(f"set local search_path = {QUEUE_SCHEMA}")
    # As it is: it has percent signs, and question marks of its own.
    db.connection.execute(schema.encode())
    db.execute(f"set local search_path = {LEDGER_SCHEMA}")
    db.execute(
        "insert into about values ('queue', ?) on conflict (name) do update set value = excluded.value", (wanted,)
    )


def _is_anybody_there(db: Database, gone: float) -> bool:
    found = db.execute(
        f"select count(*) as many from {QUEUE_SCHEMA}.procrastinate_workers "
        "where last_heartbeat > now() - ? * interval '1 second'",
        (gone,),
    )
    return bool(found.fetchone()["many"])


def recover_orphans(db: Database, gone: float) -> int:
    """What workers that are gone were sending is ambiguous."""
    whose = (
        f"worker is not null and not exists (select 1 from {QUEUE_SCHEMA}.procrastinate_workers one where "
        "one.id = split_part(worker, '@', 1)::bigint and one.last_heartbeat > now() - ? * interval '1 second')"
    )
    return steps.recover_orphans(db, CRASHED, whose, (gone,))


def lease(db: Database, holder: str, seconds: float) -> bool:
    """Be the one that looks after the queue for some seconds, unless another one is."""
    lock(db)
    hit = db.execute(
        f"insert into lease values (1, ?, {NOW} + ?) on conflict (id) do update set holder = excluded.holder, "
        f"until = excluded.until where lease.until < {NOW} or lease.holder = excluded.holder",
        (holder, seconds),
    ).rowcount
    return bool(hit == 1)


def open_rows(db: Database, most: int) -> list[tuple[int, bool]]:
    """Rows of jobs that can be worked on, what is paid for first; whether each is."""
    rows: list[tuple[int, bool]] = []
    for state, where in ((OrderState.SUBMITTED, ""), (OrderState.QUEUED, f"and {CURRENT}")):
        query = f"select id from jobs where state = ? {where} order by id limit ?"
        found = db.execute(query, (state.value, most)).fetchall()
        rows += [(row["id"], state is OrderState.SUBMITTED) for row in found]
    return rows


def paid_of(db: Database, rows: list[int]) -> set[int]:
    """Those of the rows whose job is paid for and waited for."""
    found = db.execute("select id from jobs where state = 'submitted' and id = any(?)", (rows,)).fetchall()
    return {row["id"] for row in found}

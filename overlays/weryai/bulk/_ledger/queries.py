"""Reading a ledger, also while a run holds it, and what is read: jobs, counts, the state of the run.

Nothing is locked, changed or made.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from ..._flow.order import OrderState
from ..._journal.sqlite_file import PATIENCE, version_of
from ..._media.names import is_open_database
from ...errors import ConfigurationError, JournalError
from .ledger import Ledger, OpenLedger, PostgresLedger, is_database, masked, reading_of
from .transitions import LEDGER, STOPPED, Database, Job, about, moment_of

#: What holds for the jobs of the manifest that was loaded last (or the last ones, if they were to be kept). Only they
#: are submitted; what is paid for is fetched, whatever manifest it came from.
CURRENT = "load >= (select first_load from run)"
TO_SUBMIT = f"state = 'queued' and {CURRENT}"

#: Under names that begin so runs note when they were last alive; after so many seconds without it nobody is at work.
ALIVE, SILENCE = "alive", 20.0
#: How many of the last ended jobs tell the pace.
_RECENT = 200
_AS_THEY_ARE = [one.name for one in fields(Job) if one.name not in ("row", "state", "parameters")]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a ledger says about its run: whose it is, what was spent, what may be spent.

    `credits` is None where not one of the submits had a known price; `unpriced` is how many had none. `part` of `parts`
    is 1 of 1 where the ledger has all jobs; one of a part has its share of the budget.
    """

    base_url: str | None
    submits: int
    credits: float | None
    budget_tasks: int | None
    budget_credits: float | None
    unpriced: int = 0
    part: int = 1
    parts: int = 1


def page(db: Database, states: tuple[OrderState, ...], after: int, most: int, *, is_current: bool = False) -> list[Job]:
    """The next jobs in these states behind row `after`; of those of the manifest alone, if they have to be current."""
    marks = ", ".join("?" * len(states))
    where = f"state in ({marks}) and id > ?" + (f" and {CURRENT}" if is_current else "")
    rows = db.execute(f"select * from jobs where {where} order by id limit ?", (*states, after, most))
    return [job_of(row) for row in rows.fetchall()]


def every(db: Database, states: tuple[OrderState, ...] = tuple(OrderState), *, most: int = 1_000) -> Iterator[Job]:
    """All jobs in these states in the order of their rows, read in pages."""
    after = 0
    while jobs := page(db, states, after, most):
        yield from jobs
        after = jobs[-1].row


def find(db: Database, key: str) -> Job | None:
    """The job of this key."""
    return _one(db, "key = ?", key)


def of_row(db: Database, number: int) -> Job | None:
    """The job of this row."""
    return _one(db, "id = ?", number)


def _one(db: Database, where: str, value: object) -> Job | None:
    row = db.execute(f"select * from jobs where {where}", (value,)).fetchone()
    return None if row is None else job_of(row)


def counts(db: Database) -> dict[OrderState, int]:
    """How many jobs are in each state."""
    return _counted(db, "1 = 1")


def others(db: Database) -> dict[OrderState, int]:
    """How many of the jobs that are not in the manifest are in each state."""
    return _counted(db, f"not ({CURRENT})")


def _counted(db: Database, where: str) -> dict[OrderState, int]:
    rows = db.execute(f"select state, count(*) as many from jobs where {where} group by state").fetchall()
    found = {row["state"]: int(row["many"]) for row in rows}
    return {state: found.get(state.value, 0) for state in OrderState}


def queued_price(db: Database) -> float | None:
    """What the jobs that are to be submitted cost together, as far as prices are known; None where none is."""
    found = db.execute(f"select sum(price) as price from jobs where {TO_SUBMIT}").fetchone()
    return None if found["price"] is None else float(found["price"])


def next_price(db: Database) -> float | None:
    """What the next queued job costs; None where that is not known."""
    found = db.execute(f"select price from jobs where {TO_SUBMIT} order by id limit 1").fetchone()
    return None if found is None or found["price"] is None else float(found["price"])


def unpriced(db: Database) -> int:
    """How many jobs that are to be submitted have no price."""
    found = db.execute(f"select count(*) as many from jobs where {TO_SUBMIT} and price is null").fetchone()
    return int(found["many"])


def facts(db: Database) -> RunFacts:
    """What is said about the run."""
    run = db.execute("select * from run").fetchone()
    is_unknown = 0 < run["submits"] <= run["unpriced"]
    credits = None if is_unknown else float(run["credits"])
    return RunFacts(**{**{one.name: run[one.name] for one in fields(RunFacts)}, "credits": credits})


def is_anybody_at_work(db: Database) -> bool:
    """Whether a run has given a sign of life a moment ago."""
    signs = db.execute("select value from about where name like ?", (f"{ALIVE}%",)).fetchall()
    now = moment_of(db)
    return any(abs(now - float(sign["value"])) < SILENCE for sign in signs)


def why_stopped(db: Database) -> str | None:
    """Why the last run took no further jobs before its end, if it said so."""
    return about(db, STOPPED)


def job_of(row: Mapping[str, Any] | Any) -> Job:
    """A job as one row has it."""
    made = {"row": row["id"], "state": OrderState(row["state"]), "parameters": json.loads(row["parameters"])}
    return Job(**made, **{name: row[name] for name in _AS_THEY_ARE})


def pace_of(db: Database, since: float = 0.0) -> float | None:
    """How many jobs end per second, of those that ended since that moment; None while fewer than two have.

    Jobs are taken up in the order of their rows, so the last rows ended last.
    """
    ended: list[float] = sorted(
        row["ended"]
        for state in (OrderState.DONE, OrderState.FAILED)
        for row in db.execute(
            "select ended from jobs where state = ? and ended is not null order by id desc limit ?",
            (state.value, _RECENT),
        ).fetchall()
        if row["ended"] >= since
    )[-_RECENT:]
    if len(ended) < 2 or ended[-1] <= ended[0]:
        return None
    return (len(ended) - 1) / (ended[-1] - ended[0])


#: Which ledger: its path, the address of its database, or one that is open.
Place: TypeAlias = str | os.PathLike[str] | OpenLedger


@contextlib.contextmanager
def looking(place: Place) -> Iterator[Database]:
    """Open a ledger for reading; whatever is read stands as it stood at one moment.

    Raises JournalError where there is none, or where it cannot be read.
    """
    if (address := address_of(place)) is not None:
        with reading_of(address) as there:
            yield there
        return
    path = path_of(place)
    try:
        db = _open(path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    try:
        db.execute("begin")
        yield db
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    finally:
        db.close()


def open_ledger(place: str | os.PathLike[str], *, trust_copy: bool = False) -> OpenLedger:
    """Open a ledger for changes; one that is not there is not made.

    A file is refused while it is in use, or if it seems to be a copy; a database may be in use.
    """
    if (address := address_of(place)) is not None:
        return PostgresLedger(address, make=False)
    with looking(place):
        pass
    return Ledger(place, trust_copy=trust_copy)


def address_of(place: Place) -> str | None:
    """The URL of a ledger's database; None for a file."""
    if isinstance(place, PostgresLedger):
        return place.address
    return str(place) if is_database(place) else None


def name_of(place: Place) -> str:
    """A ledger as it may be shown to people."""
    address = address_of(place)
    return str(path_of(place)) if address is None else masked(address)


def path_of(place: Place) -> Path:
    """Where a ledger lies, which is a file; it must be there."""
    if not isinstance(place, Ledger | str | os.PathLike):
        raise ConfigurationError(f"a ledger is a path, not {type(place).__name__}")
    path = place.path if isinstance(place, Ledger) else Path(os.path.abspath(os.path.expanduser(place)))
    try:
        is_there = path.is_file()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not is_there:
        raise JournalError(f"there is no ledger at {path}")
    return path


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _checked(path, "mode=ro")
    except sqlite3.OperationalError:
        # In a folder that cannot be written SQLite has no place for the files it keeps beside an open database. It
        # can do without them while nobody writes, and who writes keeps such a file.
        if path.with_name(f"{path.name}-wal").exists() or is_open_database(path):
            raise
        return _checked(path, "mode=ro&immutable=1")


def _checked(path: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{quote(path.as_posix())}?{how}", uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        version = version_of(db, path, LEDGER)
        if version == 0:
            raise JournalError(f"{path} is an empty file, not a ledger")
        return db if version == LEDGER.schema else _upgraded(db, version)
    except BaseException:
        db.close()
        raise


def _upgraded(older: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """A copy in memory of a ledger that an older version wrote, as this one would have it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        with contextlib.closing(older):
            older.backup(db)
        for schema in range(version, LEDGER.schema):
            LEDGER.upgrades[schema](db)
        db.execute(f"pragma user_version = {LEDGER.schema}")
        return db
    except BaseException:
        db.close()
        raise


def _unreadable(path: Path, error: Exception) -> JournalError:
    return JournalError(f"the ledger {path} cannot be read: {getattr(error, 'strerror', None) or error}")

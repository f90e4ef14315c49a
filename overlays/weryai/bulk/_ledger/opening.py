"""Looking at a ledger while a run holds it, or when nobody does: nothing is locked, changed or made."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from ..._flow.databases import is_open_database
from ..._journal.sqlite_file import PATIENCE, version_of
from ...errors import ConfigurationError, JournalError
from .ledger import Ledger, OpenLedger
from .postgres import PostgresLedger, is_database, masked, reading_of
from .schema import LEDGER
from .transitions import Database

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

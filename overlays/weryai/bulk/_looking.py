"""Looking at a ledger without keeping anybody from working on it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from .._journal_file import unusable, version_of
from ..errors import JournalError
from ._tables import LEDGER


@contextlib.contextmanager
def looking(place: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Open a ledger to read it, also while a run goes on; raises JournalError where there is none."""
    path = Path(os.path.abspath(place))
    if not path.is_file():
        raise JournalError(f"there is no ledger at {path}")
    try:
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10, isolation_level=None)
    except sqlite3.Error as error:
        raise unusable(path, error, LEDGER) from error
    try:
        db.row_factory = sqlite3.Row
        if version_of(db, path, LEDGER) == 0:
            raise JournalError(f"{path} is empty, no ledger of weryai")
        # One picture of the whole, whatever is written meanwhile.
        db.execute("begin")
        yield db
    except sqlite3.Error as error:
        raise JournalError(f"the ledger {path} cannot be read: {error}") from error
    finally:
        db.close()

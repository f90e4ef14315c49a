"""Whether a ledger is the one that the last start wrote, or a copy, which may not know what was ordered since."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from ..._journal.sqlite_file import unusable
from ...errors import JournalError
from .schema import LEDGER


def check_original(db: sqlite3.Connection, path: Path, *, trust_copy: bool) -> None:
    """Count the start, in the ledger and then in a file beside it; refuse a ledger that is behind, or elsewhere.

    A copy put back over the original is behind; one under another name has no such file; one of both files is another
    file for the system. Raises JournalError.
    """
    try:
        known = {row["name"]: row["value"] for row in db.execute("select name, value from about").fetchall()}
        starts, inode = int(known.get("starts", 0)), str(path.stat().st_ino)
        beside = _beside(path)
        is_original = starts == 0 or (beside is not None and starts >= beside and known.get("inode") in (inode, "0"))
        if not is_original and not trust_copy:
            raise JournalError(
                f"the ledger {path} seems to be a copy, or was moved without its .starts file: it may not know what "
                "was ordered since, and going on would pay for that again. Use the original, or, if you know that "
                "nothing was ordered with it since, --trust-copy. Nothing was sent."
            )
        for name, value in (("starts", str(starts + 1)), ("inode", inode)):
            db.execute("insert or replace into about values (?, ?)", (name, value))
        _starts_of(path).write_text(str(starts + 1))
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error, LEDGER) from error


def _beside(path: Path) -> int | None:
    """How many starts the file beside the ledger knows of."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(_starts_of(path).read_text() or 0)
    return None


def _starts_of(path: Path) -> Path:
    return path.with_name(f"{os.path.basename(path)}.starts")

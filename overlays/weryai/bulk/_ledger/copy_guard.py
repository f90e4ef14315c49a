"""Whether a ledger is the one that the last start wrote, or a copy, which may not know what was submitted since."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from ..._journal.sqlite_file import keeps_inodes, unusable
from ...errors import JournalError, before_sending
from .schema import LEDGER


def refuse_copy(db: sqlite3.Connection, path: Path, *, trust_copy: bool) -> None:
    """Refuse a ledger that is behind, or elsewhere, unless it is trusted; nothing is changed.

    A copy put back over the original is behind; one under another name has no such file; one of both files is another
    file for the system. Where that numbers its files anew by itself, a copy is told by the original, which is still
    there. Raises JournalError.
    """
    starts, known = _starts_in(db), _about(db)
    try:
        beside, inode = _beside(path), str(path.stat().st_ino)
    except OSError as error:
        raise unusable(path, error, LEDGER) from error
    is_here = known.get("inode") in (inode, "0")
    if not is_here and not keeps_inodes(path):
        place = known.get("place", "")
        is_here = place == os.path.realpath(path) or not os.path.exists(place)
    is_original = starts == 0 or (beside is not None and starts >= beside and is_here)
    if not is_original and not trust_copy:
        copied = JournalError(
            f"the ledger {path} seems to be a copy, or was moved without its .starts file: it may not know what "
            "was submitted since, and going on would pay for that again. Use the original, or, if you know that "
            "nothing was submitted with it since, --trust-copy"
        )
        raise before_sending(copied)


def count_start(db: sqlite3.Connection, path: Path, inode: int) -> int:
    """Count the start in the ledger; the number is for `note_start`, once it is on the disk."""
    starts = _starts_in(db) + 1
    # A folder's name need not be text.
    place = os.path.realpath(path).encode(errors="backslashreplace").decode()
    for name, value in (("starts", str(starts)), ("inode", str(inode)), ("place", place)):
        db.execute("insert or replace into about values (?, ?)", (name, value))
    return starts


def note_start(path: Path, starts: int) -> None:
    """Write the number beside the ledger, which by then has it: a crash in between leaves no ledger that is behind."""
    try:
        starts_of(path).write_text(str(starts))
    except OSError as error:
        raise unusable(path, error, LEDGER) from error


def _about(db: sqlite3.Connection) -> dict[str, str]:
    return {row["name"]: row["value"] for row in db.execute("select name, value from about").fetchall()}


def _starts_in(db: sqlite3.Connection) -> int:
    return int(_about(db).get("starts", 0))


def _beside(path: Path) -> int | None:
    """How many starts the file beside the ledger knows of."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(starts_of(path).read_text() or 0)
    return None


def starts_of(path: Path) -> Path:
    """The file that counts the starts, beside the ledger itself, where a symbolic link leads to it."""
    return Path(f"{os.path.realpath(path)}.starts")

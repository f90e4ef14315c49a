"""The database files that this process has open: nothing but SQLite may open them, see `_journal.database_file`."""

from __future__ import annotations

import os

#: Device and inode of each.
OPEN: set[tuple[int, int]] = set()


def is_open_database(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to one of them, by any name."""
    try:
        found = os.stat(path)
    except (OSError, ValueError, TypeError):
        return False
    return (found.st_dev, found.st_ino) in OPEN

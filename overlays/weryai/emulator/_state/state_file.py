"""A file in which an emulator's state outlives it: SQLite, one row for each thing that is remembered."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from os import PathLike, fspath
from typing import Any

#: "WERY" and the version of what stands in the file.
APPLICATION = 0x57455259
VERSION = 1

_TABLES = (
    "CREATE TABLE IF NOT EXISTS records (kind TEXT, name TEXT, value TEXT NOT NULL, UNIQUE (kind, name))",
    "CREATE TABLE IF NOT EXISTS contents (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_PUT = (
    "INSERT INTO records (kind, name, value) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value"
)


class StateFileError(ValueError):
    """The file cannot be an emulator's state; the message says why."""


class StateFile:
    """Records by kind and name, in the order in which they came, and contents by their digest."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = fspath(path)
        self._lock = threading.Lock()
        try:
            # Without waiting for the disk: what is lost with the power is an emulator's.
            self._database = sqlite3.connect(self.path, timeout=0.2, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateFileError(f"{self.path} cannot be opened: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        try:
            (application,) = self._database.execute("PRAGMA application_id").fetchone()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION and (application or version or tables):
                raise StateFileError(f"{self.path} is the database of another program, not an emulator's state")
            if version > VERSION:
                raise StateFileError(f"{self.path} was written by a newer version of weryai; update, or take another")
            for command in ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA synchronous = OFF", "BEGIN EXCLUSIVE"):
                self._database.execute(command)
            for command in _TABLES:
                self._database.execute(command)
            self._database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            reason = "another emulator uses it" if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else str(error)
            raise StateFileError(f"{self.path} cannot be used: {reason}") from error
        except sqlite3.DatabaseError as error:
            raise StateFileError(f"{self.path} is no emulator's state: {error}") from error

    def put(self, kind: str, name: str, value: Any) -> None:
        """Remember a value, in place of the one of the same kind and name."""
        with self._lock:
            self._database.execute(_PUT, (kind, name, json.dumps(value, ensure_ascii=True)))

    def all(self, kind: str) -> dict[str, Any]:
        """Return every value of a kind by its name, oldest first."""
        with self._lock:
            rows = self._database.execute("SELECT name, value FROM records WHERE kind = ? ORDER BY rowid", (kind,))
            return {name: json.loads(value) for name, value in rows}

    def put_content(self, digest: str, data: bytes) -> None:
        """Remember what has this digest."""
        with self._lock:
            self._database.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (digest, data))

    def content(self, digest: str) -> bytes:
        """Return what has this digest."""
        with self._lock:
            row = self._database.execute("SELECT data FROM contents WHERE digest = ?", (digest,)).fetchone()
        data = bytes(row[0]) if row is not None else b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError("the bytes of an upload are missing or others")
        return data

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._database.execute("DELETE FROM records")
            self._database.execute("DELETE FROM contents")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

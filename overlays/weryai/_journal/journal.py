"""The journal of paid orders: each is on the disk before it is sent, and its task ids right after the response.

Its file is one SQLite database, for other tools to read as well.

Schema 2 (`pragma user_version`; `pragma application_id` is 0x5745524A, "WERJ"). Times are seconds since 1970, UTC.

    orders   one row per order, of whatever number of videos
      id           its number, never used twice
      state        queued, submitting, submitted, done, failed or ambiguous; see `transitions`
      request      the call, such as "POST /v1/generation/image-to-video"
      body         what was sent, as JSON, without the callback address
      fingerprint  SHA-256 of what makes two orders the same; see `Intent`
      image        SHA-256 of the local image that was uploaded for it, or null
      output       the file or folder the video is meant for, or null
      order_key    the caller's own name for it, such as the id of a job of a queue, or null
      base_url     the service, in one spelling
      key          a salted hash of the key, never the key
      batch_id     as the service named it, or null
      submits      how often it was sent
      reason       why it failed, or why nobody knows, or null
      owner_pid, owner_start, owner_host   the process that works on it, or null for none
      created, began, changed              when it was written, last sent, last changed
    tasks    one row per task id, in the order of the answer
      order_id, task_id
      state        going, done or failed; "named" by an answer that cannot be relied on
      path         where the video was stored, or null
      reason       why it failed, or null
    about    name, value: the salt of the hashes; "cost URL MODEL", what the last single task of a model cost there

Beside the file lie SQLite's own -wal and -shm, which belong to it, and an empty .lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, TypeVar

from .._flow.order import AttemptResult, Cost, Intent, Order, OrderState, Scope, fingerprint_of, service_of
from .._protocol.contract import defaults_of
from ..errors import ConfigurationError, JournalError
from . import transitions as steps
from .database_file import followed_by, share
from .sqlite_file import Kind

T = TypeVar("T")
WINDOW = 600.0
SCHEMA = 2

_TABLES = """
create table orders (
  id integer primary key autoincrement,
  state text not null check (state in ('queued', 'submitting', 'submitted', 'done', 'failed', 'ambiguous')),
  request text not null, body text not null, fingerprint text not null, image text, output text,
  order_key text, base_url text not null, key text not null,
  batch_id text, submits integer not null default 0, reason text,
  owner_pid integer, owner_start text, owner_host text,
  created real not null, began real not null, changed real not null
);
create index orders_by_fingerprint on orders (fingerprint);
create index orders_by_key on orders (order_key) where order_key is not null;
create index orders_unfinished on orders (state) where state not in ('done', 'failed');
create table tasks (
  order_id integer not null references orders (id),
  task_id text not null,
  state text not null check (state in ('named', 'going', 'done', 'failed')),
  path text, reason text,
  primary key (order_id, task_id)
);
create index tasks_by_id on tasks (task_id);
create table about (name text primary key, value text not null) without rowid;
"""


def _from_1(db: sqlite3.Connection) -> None:
    """Add the callers' keys, and write services and fingerprints as they are compared now."""
    db.execute("alter table orders rename column picture to image")
    db.execute("alter table orders add column order_key text")
    db.execute("create index orders_by_key on orders (order_key) where order_key is not null")
    for row in db.execute("select id, request, body, image, base_url from orders").fetchall():
        fingerprint = fingerprint_of(row["request"], json.loads(row["body"]), row["image"], defaults_of(row["request"]))
        db.execute(
            "update orders set fingerprint = ?, base_url = ? where id = ?",
            (fingerprint, service_of(row["base_url"]), row["id"]),
        )


JOURNAL = Kind("journal", 0x5745524A, SCHEMA, _TABLES, {1: _from_1})


class Journal:
    """A file that remembers every paid order, so that a crash neither loses one nor pays for it twice.

    Processes may share it; with `exclusive` it is one process's alone, and others are refused until that ends. The same
    order is refused within `window` seconds after it was accepted, 0 turns that off; one of which nobody knows whether
    it was accepted is refused until that is settled. Hand it to `WeryAI(journal=...)`, which also takes the
    path alone. It may be shared between clients and threads. Never go on with an old copy of the file: it does not know
    what was submitted since.

    Raises JournalError when the file cannot be written, is none of ours, or was written by a newer version.
    """

    def __init__(self, path: str | os.PathLike[str], *, exclusive: bool = False, window: float = WINDOW) -> None:
        if isinstance(window, bool) or not isinstance(window, int | float) or not 0 <= window <= 1e9:
            raise ConfigurationError("window must be a number of seconds, 0 or more")
        try:
            self.path = Path(os.path.abspath(os.path.expanduser(path)))
        except TypeError as error:
            raise ConfigurationError(f"a journal is a path, not {type(path).__name__}") from error
        self.window = float(window)
        self._is_closed = False
        self._file = share(self.path, JOURNAL, exclusive=exclusive)

    @staticmethod
    def default_path() -> Path:
        """Return where the command line keeps its journal: WERYAI_JOURNAL, else in the user's folder of data."""
        return default_path()

    def close(self) -> None:
        """Write what is left and close the file, which others in this process may go on to use; twice is fine."""
        if not self._is_closed:
            self._is_closed = True
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Journal is an open file and is not pickled; open it in each process")

    def _write(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        if self._is_closed:
            raise JournalError(f"{JOURNAL.named(self.path)} is closed")
        return self._file.write(change)

    def _check_place(self) -> None:
        self._file.check_place(self.path)

    def order_log(self, base_url: str, key: str) -> ScopedJournal:
        """The part of the journal that belongs to one service and one key."""
        hashed = hashlib.sha256(f"{self._file.salt}:{key}".encode()).hexdigest()[:16]
        return ScopedJournal(self, Scope(service_of(base_url), hashed))


def default_path(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Return WERYAI_JOURNAL, else a file in the folder where the system keeps a user's data; raises JournalError."""
    if named := environment.get("WERYAI_JOURNAL"):
        return Path(os.path.expanduser(named))
    try:
        home = home or Path.home()
    except RuntimeError as error:
        raise JournalError("nothing tells where this user's home is, which the journal lies in") from error
    if platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        # By the XDG rules a relative path there is to be ignored.
        folder = Path(environment.get("XDG_DATA_HOME", ""))
        folder = folder if folder.is_absolute() else home / ".local" / "share"
    return folder / "weryai" / "journal.db"


class ScopedJournal:
    """A journal as one client sees it: the `OrderLog` of one service and one key, made of `transitions`."""

    def __init__(self, journal: Journal, scope: Scope) -> None:
        self._journal, self._scope = journal, scope

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """See `OrderLog`."""
        journal = self._journal

        def change(db: sqlite3.Connection) -> int:
            journal._check_place()
            return steps.begin(db, intent, fingerprint, self._scope, journal.window)

        if not intent.is_forced and intent.row is None:
            # For itself, so that it stays when the order is refused.
            journal._write(lambda db: steps.tidy(db, fingerprint, intent.order_key))
        return journal._write(change)

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """See `OrderLog`; fails also where that is in no file that is found again."""
        noted = self._journal._write(lambda db: steps.end(db, row, attempt))
        return followed_by(noted, self._journal._check_place)

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.mark_ambiguous(db, row, reason))

    def mark_not_placed(self, row: int, reason: str) -> Future[None]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.mark_not_placed(db, row, reason))

    def finish_task(self, task_id: str, path: str | None, reason: str | None = None) -> Future[None]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.finish_task(db, self._scope, task_id, path, reason))

    def list_orders(self, states: Iterable[OrderState]) -> Future[tuple[Order, ...]]:
        """See `OrderLog`."""
        wanted = tuple(states)
        return self._journal._write(lambda db: steps.list_orders(db, self._scope, wanted))

    def waits(self, model: str) -> Future[tuple[float, ...]]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.waits(db, self._scope, model))

    def note_cost(self, task_id: str, credits: float) -> Future[bool]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.note_cost(db, self._scope, task_id, credits))

    def last_cost(self, model: str) -> Future[Cost | None]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.last_cost(db, self._scope.base_url, model))

    def claim(self, *, everything: bool) -> Future[tuple[Order, ...]]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.claim(db, self._scope, everything=everything))

    def adopt(self, row: int, task_id: str) -> Future[Order]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.adopt(db, self._scope, row, task_id))

    def requeue(self, row: int) -> Future[Order]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.requeue(db, self._scope, row))

    def give_up(self, row: int) -> Future[Order]:
        """See `OrderLog`."""
        return self._journal._write(lambda db: steps.give_up(db, self._scope, row))

"""One thread writes a journal: what comes in while it waits for the disk goes to the disk together."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from ._journal_file import JOURNAL, Kind, unusable
from .errors import JournalError

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
MOST_AT_ONCE = 1_000


class Writer:
    """Makes changes of a database in the order they came; a future is done when its change is on the disk."""

    def __init__(self, db: sqlite3.Connection, path: Path, kind: Kind = JOURNAL) -> None:
        """Start the thread; the connection is its own from now on."""
        self._db, self._path, self._kind = db, path, kind
        self._work = queue.SimpleQueue[tuple[Change, Future[Any]] | None]()
        self._thread = threading.Thread(target=self._toil, name="weryai-journal", daemon=True)
        self._is_closed = False
        self._lock = threading.Lock()
        self.commits = 0
        self._thread.start()

    def write(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Have a change made; what it raises, or what the disk says, is the future's exception."""
        done: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                done.set_exception(JournalError(f"the {self._kind.noun} {self._path} is closed"))
            else:
                self._work.put((change, done))
        return done

    def close(self) -> None:
        """Write what has come in, and close the file; twice is fine."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._work.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _toil(self) -> None:
        is_open = True
        while is_open:
            batch = [self._work.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < MOST_AT_ONCE:
                    batch.append(self._work.get_nowait())
            is_open = None not in batch
            self._commit([one for one in batch if one is not None])
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def _commit(self, batch: list[tuple[Change, Future[Any]]]) -> None:
        """Make changes in one transaction; one that fails leaves no trace and does not harm the others."""
        ended: list[tuple[Future[Any], Any, Exception | None]] = []
        wanted = [one for one in batch if one[1].set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            self._db.execute("begin immediate")
            for change, done in wanted:
                ended.append((done, *self._attempt(change)))
            self._db.execute("commit")
            self.commits += 1
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("rollback")
            ended = [(done, None, unusable(self._path, error, self._kind)) for _, done in wanted]
        for done, result, failure in ended:
            done.set_result(result) if failure is None else done.set_exception(failure)

    def _attempt(self, change: Change) -> tuple[Any, Exception | None]:
        self._db.execute("savepoint one")
        try:
            result, failure = change(self._db), None
        except Exception as error:
            # After a full disk SQLite has rolled everything back by itself, and this fails as well.
            self._db.execute("rollback to one")
            result, failure = (
                None,
                unusable(self._path, error, self._kind) if isinstance(error, sqlite3.Error) else error,
            )
        self._db.execute("release one")
        return result, failure

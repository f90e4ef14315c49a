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

from ..errors import JournalError
from .schema import JOURNAL
from .sqlite_file import Kind, unusable

T = TypeVar("T")
Change = Callable[[Any], Any]
MOST_AT_ONCE = 1_000


class Store:
    """What a writer writes to: a connection of its own, and what failures mean; here those of a file."""

    begin = "begin immediate"
    #: Errors that undo a whole transaction and may pass; `mend` is asked about them.
    passing: tuple[type[Exception], ...] = ()

    def __init__(self, db: Any, path: Path, kind: Kind = JOURNAL) -> None:
        self.db, self._path, self._kind = db, path, kind

    def connect(self) -> None:
        """Open the connection again, if it was closed for the time of a fork."""

    def disconnect(self) -> None:
        """Close it for the time of a fork, which no connection survives."""

    def close(self) -> None:
        """Close it for good."""
        self.db.close()

    def mend(self, error: Exception, attempt: int) -> bool:
        """Do what can be done after a transaction failed; whether it is worth making once more."""
        return False

    def explain(self, error: Exception) -> Exception:
        """What is told of an error that a change met: itself, unless it is the database's."""
        return unusable(self._path, error, self._kind) if isinstance(error, sqlite3.Error) else error

    def closed(self) -> JournalError:
        """What is told who comes too late."""
        return JournalError(f"the {self._kind.noun} {self._path} is closed")


def followed_by(future: Future[T], check: Callable[[], None]) -> Future[T]:
    """The same future, but failed if a check fails once it is done."""
    followed: Future[T] = Future()

    def end(done: Future[T]) -> None:
        try:
            result = done.result()
            check()
        except BaseException as error:
            followed.set_exception(error)
        else:
            followed.set_result(result)

    future.add_done_callback(end)
    return followed


class Writer:
    """Makes changes of a database in the order they came; a future is done when its change is on the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._work = queue.SimpleQueue[tuple[Change, Future[Any]] | None]()
        self._thread = threading.Thread(target=self._toil, name="weryai-journal", daemon=True)
        self._is_closed = False
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self.commits = 0
        self._thread.start()

    def write(self, change: Callable[[Any], T]) -> Future[T]:
        """Have a change made; what it raises, or what the disk says, is the future's exception."""
        done: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                done.set_exception(self._store.closed())
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

    def pause(self) -> None:
        """Let no change be under way, and close the connection, until `resume`."""
        self._turn.acquire()
        self._store.disconnect()

    def resume(self) -> None:
        """Go on; the next change opens the connection."""
        self._turn.release()

    def _toil(self) -> None:
        is_open = True
        while is_open:
            batch = [self._work.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < MOST_AT_ONCE:
                    batch.append(self._work.get_nowait())
            is_open = None not in batch
            with self._turn:
                self._commit([one for one in batch if one is not None])
        with self._turn, contextlib.suppress(Exception):
            self._store.close()

    def _commit(self, batch: list[tuple[Change, Future[Any]]]) -> None:
        """Make changes in one transaction; one that fails leaves no trace and does not harm the others."""
        wanted = [one for one in batch if one[1].set_running_or_notify_cancel()]
        attempt = 0
        while wanted:
            try:
                ended = self._transact(wanted)
            except Exception as error:
                with contextlib.suppress(Exception):
                    self._store.db.execute("rollback")
                attempt += 1
                if self._store.mend(error, attempt):
                    continue
                ended = [(done, None, self._store.explain(error)) for _, done in wanted]
            for done, result, failure in ended:
                done.set_result(result) if failure is None else done.set_exception(failure)
            break

    def _transact(self, wanted: list[tuple[Change, Future[Any]]]) -> list[tuple[Future[Any], Any, Exception | None]]:
        self._store.connect()
        db = self._store.db
        db.execute(self._store.begin)
        if len(wanted) == 1:
            ended = [(wanted[0][1], *self._attempt_alone(db, wanted[0][0]))]
        else:
            ended = [(done, *self._attempt(db, change)) for change, done in wanted]
            db.execute("commit")
        self.commits += 1
        return ended

    def _attempt_alone(self, db: Any, change: Change) -> tuple[Any, Exception | None]:
        """Make the only change of a transaction, which needs no savepoint: if it fails, all of it is undone."""
        try:
            result = change(db)
        except self._store.passing:
            raise
        except Exception as error:
            # After a full disk SQLite has rolled back by itself.
            with contextlib.suppress(Exception):
                db.execute("rollback")
            return None, self._store.explain(error)
        db.execute("commit")
        return result, None

    def _attempt(self, db: Any, change: Change) -> tuple[Any, Exception | None]:
        db.execute("savepoint one")
        try:
            result, failure = change(db), None
        except self._store.passing:
            raise
        except Exception as error:
            # After a full disk SQLite has rolled everything back by itself, and this fails as well.
            db.execute("rollback to one")
            result, failure = None, self._store.explain(error)
        db.execute("release one")
        return result, failure

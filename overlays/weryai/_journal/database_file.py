"""A database file as this process has it open: once, by one connection and one writer, however many use it.

What comes in while the writer waits for the disk goes to the disk together.

POSIX takes every lock that a process has on a file when any descriptor of it is closed. So SQLite alone opens such a
file: we make a new one, and look by `stat`. A fork copies what SQLite believes of its locks, but not the locks. So no
connection is open while the process forks, and each process opens its own afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from .._flow.logs import warn
from .._media.names import OPEN, quoted
from ..errors import JournalError, before_sending
from .sqlite_file import Accept, Kind, Lock, connect, in_use, make_durable, make_file, open_file, unusable

T = TypeVar("T")
Change = Callable[[Any], Any]
MOST_AT_ONCE = 1_000
Identity: TypeAlias = tuple[int, int]

# The order of locks: this one, then that of a file, then a writer's.
_guard = threading.RLock()
_process = os.getpid()
_is_forking = False
_open: dict[Identity, DatabaseFile] = {}
# What was open when this process was forked without a word to Python: SQLite's copy of its locks is wrong for good.
_spoiled: set[Identity] = set()


def share(path: Path, kind: Kind, *, exclusive: bool = False, accept: Accept | None = None) -> DatabaseFile:
    """Open a file, or make it, or join those who have it open in this process; each closes it once.

    Raises JournalError: it cannot be used, or somebody wants it alone.
    """
    try:
        real = Path(os.path.realpath(path))
        with _guard:
            _notice_fork()
            identity = _identity_of(real, kind)
            if identity in _spoiled:
                raise _forked(path, kind)
            if identity in _open:
                return _open[identity].join(path, kind, exclusive=exclusive)
            file = DatabaseFile(real, kind, exclusive=exclusive, accept=accept)
            _open[file.identity] = file
            OPEN.add(file.identity)
            return file
    except (OSError, ValueError) as error:
        raise unusable(path, error, kind) from error


class DatabaseFile:
    """One file that is open, by its resolved path; `write` has things done by one thread, in the order of the calls."""

    def __init__(self, path: Path, kind: Kind, *, exclusive: bool, accept: Accept | None) -> None:
        self._path, self._kind, self._exclusive = path, kind, exclusive
        self._users = 1
        self._made_folders = [folder for folder in path.parents if not folder.exists()]
        self._leavings: tuple[Path, ...] | None = None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold = Lock(path, exclusive=exclusive, kind=kind)
        try:
            self._is_made = make_file(path)
            db = open_file(path, kind, accept)
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(db.close)
                #: The salt of the hashes of keys.
                self.salt = str(db.execute("select value from about where name = 'salt'").fetchone()["value"])
                self._store = FileStore(db, path, kind)
                on_failure.pop_all()
        except BaseException:
            self._hold.release()
            raise
        self.identity = self._store.identity
        self._mutex = threading.Lock()
        self._process = os.getpid()
        self._writer: Writer | None = Writer(self._store)

    def join(self, path: Path, kind: Kind, *, exclusive: bool) -> DatabaseFile:
        """Be used by one more."""
        if kind is not self._kind:
            raise JournalError(f"{quoted(path)} is a {self._kind.noun}, not a {kind.noun} of weryai")
        if exclusive or self._exclusive:
            raise in_use(path, kind, exclusive=not self._exclusive)
        self._users += 1
        return self

    def write(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Have a change made, or something read; a forked child has a connection of its own."""
        if self._process != os.getpid():
            raise _forked(self._path, self._kind)
        with self._mutex:
            if self._writer is None:
                if self._exclusive:
                    raise in_use(self._path, self._kind, exclusive=False)
                self._hold = Lock(self._path, exclusive=False, kind=self._kind)
                self._writer = Writer(self._store)
            return self._writer.write(change)

    def check_place(self, path: Path) -> None:
        """Raise JournalError if what is written would be lost: another file, or none, lies at the path."""
        self._store.check_place(path)
        if self._exclusive and not self._hold.is_held():
            raise _moved(path, self._kind, "its .lock file was deleted or replaced")

    def close(self) -> None:
        """Write what has come in; who leaves last closes the file."""
        if self._process != os.getpid():
            return
        with _guard:
            self._users -= 1
            if self._users == 0:
                _open.pop(self.identity, None)
                OPEN.discard(self.identity)
                if self._writer is not None:
                    self._writer.close()
                    if self._leavings is None:
                        self._hold.release()
                    else:
                        self._remove(self._leavings)
                return
            writer = self._writer
        if writer is not None:
            writer.write(lambda _: None).exception()

    def remove_when_closed(self, *beside: Path) -> None:
        """Delete the file when it is closed, and these, if it was made by this opening and for one alone."""
        if self._is_made and self._exclusive:
            self._leavings = beside

    def _remove(self, beside: tuple[Path, ...]) -> None:
        """Delete also the folders that were made for it."""
        for file in (self._path, *beside):
            with contextlib.suppress(OSError):
                file.unlink()
        self._hold.remove()
        with contextlib.suppress(OSError):
            for folder in self._made_folders:
                folder.rmdir()

    def before_fork(self) -> None:
        """Let no change be under way, and no connection be open."""
        self._mutex.acquire()
        if self._writer is not None:
            self._writer.pause()

    def after_fork_here(self) -> None:
        """Go on; the connection is opened again for the next change."""
        if self._writer is not None:
            self._writer.resume()
        self._mutex.release()

    def after_fork_in_child(self) -> None:
        """Leave the writer and the lock to the parent."""
        self._mutex = threading.Lock()
        self._process = os.getpid()
        if self._writer is not None:
            # This closes a copy of the descriptor, which lets go of nothing.
            self._hold.release()
            self._writer = None


class Store:
    """What a writer writes to: a connection of its own, and what failures mean; here those of a file."""

    begin = "begin immediate"
    #: Errors that undo a whole transaction and may pass; `mend` is asked about them.
    passing: tuple[type[Exception], ...] = ()

    def __init__(self, db: Any, path: Path, kind: Kind) -> None:
        self.db, self._path, self._kind = db, path, kind

    def connect(self) -> None:
        """Open the connection again, if it was closed for the time of a fork."""

    def disconnect(self) -> None:
        """Close it for the time of a fork, which no connection survives."""

    def close(self) -> None:
        """Close it for good."""
        self.db.close()

    def mend(self, error: Exception, attempt: int) -> bool:
        """Mend what made a transaction fail, if possible; whether to make it once more."""
        return False

    def explain(self, error: Exception) -> Exception:
        """What is told of an error that a change met: itself, unless it is the database's."""
        if isinstance(error, json.JSONDecodeError):
            return JournalError(f"{self._kind.named(self._path)} is damaged: {error}")
        return unusable(self._path, error, self._kind) if isinstance(error, sqlite3.Error) else error

    def closed(self) -> JournalError:
        """What is told who comes too late."""
        return JournalError(f"{self._kind.named(self._path)} is closed")


class FileStore(Store):
    """A connection to a checked file; closed for the time of a fork, and opened again if the file is still the same."""

    def __init__(self, db: sqlite3.Connection, path: Path, kind: Kind) -> None:
        super().__init__(db, path, kind)
        found = os.stat(path)
        self.identity: Identity = (found.st_dev, found.st_ino)
        self._size = found.st_size
        self._log = self._find_log()
        if found.st_nlink > 1:
            warn(f"{kind.named(path)} has other names (hard links); use it by one name only, or rows are lost")

    def connect(self) -> None:
        """See `Store`."""
        if self.db is not None:
            return
        self.check_place(self._path)
        db = connect(self._path, self._kind)
        try:
            make_durable(db)
            db.execute("select count(*) from about").fetchone()
            self._log = self._find_log()
            self.check_place(self._path)
        except BaseException:
            db.close()
            raise
        self.db = db

    def disconnect(self) -> None:
        """See `Store`; SQLite then writes everything into the file itself."""
        if self.db is not None:
            self.db.close()
            self.db = self._log = None

    close = disconnect

    def check_place(self, path: Path) -> None:
        """See `DatabaseFile`; the file is no shorter than it was, and its log lies beside it."""
        try:
            found = os.stat(path)
        except OSError as error:
            raise _moved(path, self._kind, "it was deleted or renamed") from error
        if (found.st_dev, found.st_ino) != self.identity:
            raise _moved(path, self._kind, "another file took its place")
        if found.st_size < self._size:
            raise _moved(path, self._kind, "it was cut short")
        if self._log is not None and self._find_log() != self._log:
            raise _moved(path, self._kind, "its -wal file was deleted or replaced")

    def _find_log(self) -> Identity | None:
        """The write-ahead log, which has what the file itself does not have yet."""
        try:
            found = os.stat(f"{self._path}-wal")
        except OSError:
            return None
        return found.st_dev, found.st_ino


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
    """Makes changes in the order they came; a future is done when its change is on the disk."""

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
        """Have a change made; what it raises, or the disk, is the future's exception."""
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
        """Make changes in one transaction; one that fails leaves no trace and harms no other."""
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
        """Make the only change of a transaction, which needs no savepoint."""
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


def _identity_of(path: Path, kind: Kind) -> Identity | None:
    """Device and inode of a file; None where there is none, or none can be."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        is_folder = stat.S_ISDIR(found.st_mode)
        raise unusable(path, OSError(0, os.strerror(errno.EISDIR) if is_folder else "it is no regular file"), kind)
    return found.st_dev, found.st_ino


def _moved(path: Path, kind: Kind, what: str) -> JournalError:
    return JournalError(
        f"{kind.named(path)} cannot be relied on: {what} since it was opened, so a paid request would be "
        "forgotten. Put the file back, or start anew."
    )


def _forked(path: Path, kind: Kind) -> JournalError:
    return before_sending(
        JournalError(
            f"{kind.named(path)} was open when this process was forked by a program that does not tell Python "
            "so: its locks cannot be relied on. Open it after the fork"
        )
    )


def _notice_fork() -> None:
    """Give up what a fork that came without a word has left here."""
    global _process
    if _process != os.getpid():
        _process = os.getpid()
        _spoiled.update(_open)
        _open.clear()


def _before_fork() -> None:
    global _is_forking
    _guard.acquire()
    _is_forking = True
    for file in _open.values():
        file.before_fork()


def _after_fork_here() -> None:
    global _is_forking
    _is_forking = False
    for file in _open.values():
        file.after_fork_here()
    _guard.release()


def _after_fork_in_child() -> None:
    global _guard, _is_forking, _process
    is_prepared, _is_forking = _is_forking, False
    _guard = threading.RLock()
    if is_prepared:
        _process = os.getpid()
        for file in _open.values():
            file.after_fork_in_child()
    else:
        _notice_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_here, after_in_child=_after_fork_in_child)

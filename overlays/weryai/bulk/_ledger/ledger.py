"""The ledger of a bulk run: one row per job, and a change is on disk when it is done; here in one file."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from ..._flow.intent import Intent
from ..._flow.order import AttemptResult
from ..._journal.database_file import DatabaseFile, Writer, share
from ..._journal.sqlite_file import keeps_inodes, unusable
from ...errors import ConfigurationError, JournalError, WeryAIError, before_sending
from . import transitions as steps
from .schema import LEDGER
from .transitions import Database

T = TypeVar("T")
CRASHED = "the run ended before the response came"


class OpenLedger:
    """What keeps the jobs of a run: written by one thread, by the changes that it is given, in their order."""

    #: Who works on the jobs, where several may.
    worker: str | None = None
    #: Whether its file stays when it is closed; without, it goes if it was made by this opening and holds no job.
    is_kept = True
    #: How many tries a run that died had left open; they are ambiguous.
    left_open: int = 0
    #: What a run has to say when the try of a row begins, which it may refuse, and when it has ended.
    admit: Callable[[Database, int], None] | None = None
    heed: Callable[[Database, int, AttemptResult], None] | None = None

    def __init__(self, writer: Writer | DatabaseFile, salt: str) -> None:
        """Write with this writer; `salt` is that of the hashes of keys."""
        self._salt = salt
        self._process = os.getpid()
        self._order_logs: dict[tuple[str, str], LedgerOrderLog] = {}
        self._writer = writer
        self._is_closed = False

    def write(self, change: Callable[[Any], T]) -> Future[T]:
        """Have a change made, or something read, in the order of the calls."""
        if self._process != os.getpid():
            raise JournalError("a ledger is one process's alone: open it in the child, not before the fork")
        return self._writer.write(change)

    async def note(self, change: Callable[[Any], T]) -> T:
        """As `write`, and wait until it is done, which holds up no event loop."""
        result: T = await asyncio.wrap_future(self.write(change))
        return result

    def close(self) -> None:
        """Write what is left and close the ledger; twice is fine."""
        if self._process == os.getpid() and not self._is_closed:
            self._is_closed = True
            self._writer.close()

    def check_place(self) -> None:
        """Raise JournalError if what is written now would be lost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is open and is not pickled; open it in each process")

    @property
    def order_logs(self) -> LedgerOrderLogs:
        """What the clients of a run are made with; a ledger itself is no journal of a user's."""
        return LedgerOrderLogs(self)

    def log_of(self, base_url: str, key: str) -> LedgerOrderLog:
        """The ledger as one client sees it; the first client's service and key are the only ones it ever takes."""
        if (log := self._order_logs.get((base_url, key))) is None:
            hashed = hashlib.sha256(f"{self._salt}:{key}".encode()).hexdigest()[:16]
            self.write(lambda db: steps.belong(db, base_url, hashed)).result()
            log = self._order_logs[base_url, key] = LedgerOrderLog(self)
        return log


class Ledger(OpenLedger):
    """The file of one bulk run; never go on with an old copy of it: it does not know what was submitted since.

    While it is open no other process can open it. Raises JournalError when it is in use, cannot be written, is none of
    ours, was written by a newer version, lies on a network file system, or seems to be a copy. `trust_copy` takes that
    all the same: then you know that nothing was submitted with the original since.
    """

    def __init__(self, path: str | os.PathLike[str], *, trust_copy: bool = False) -> None:
        """Open the file, or make it; a try that a dead run left open is ambiguous from now on."""
        try:
            self.path = Path(os.path.abspath(os.path.expanduser(path)))
        except TypeError as error:
            raise ConfigurationError(f"a ledger is a path, not {type(path).__name__}") from error
        # Who holds the lock looks whether it is a copy, before anything is changed in it.
        file = share(
            self.path, LEDGER, exclusive=True, accept=lambda db: refuse_copy(db, self.path, trust_copy=trust_copy)
        )
        super().__init__(file, file.salt)
        self._file = file
        try:
            note_start(self.path, self.write(lambda db: count_start(db, self.path, file.identity[1])).result())
            self.left_open = self.write(lambda db: steps.recover_orphans(db, CRASHED)).result()
        except BaseException:
            self.close()
            raise

    def check_place(self) -> None:
        """Raise JournalError if what is written now would be lost."""
        self._file.check_place(self.path)

    def close(self) -> None:
        """Write what is left and close the ledger; see `is_kept`."""
        if not self.is_kept and not self._is_closed and self._process == os.getpid() and self._is_empty():
            self._file.remove_when_closed(starts_of(self.path))
        super().close()

    def _is_empty(self) -> bool:
        """Whether it surely holds no job."""
        with contextlib.suppress(WeryAIError):
            return self.write(lambda db: db.execute("select 1 from jobs limit 1").fetchone()).result() is None
        return False

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"


class LedgerOrderLogs:
    """A ledger as an OrderLogSource, for the clients that a run makes."""

    def __init__(self, ledger: OpenLedger) -> None:
        self._ledger = ledger

    def order_log(self, base_url: str, key: str) -> LedgerOrderLog:
        """The ledger as one client sees it."""
        return self._ledger.log_of(base_url, key)

    def close(self) -> None:
        """Nothing: who opened the ledger closes it."""


class LedgerOrderLog:
    """A ledger in the place of a journal: what `weryai._journal.recording` writes down around a paid request."""

    def __init__(self, ledger: OpenLedger) -> None:
        self._ledger = ledger
        # Who began a try ends it, whatever the worker is called by then.
        self._begun: dict[int, str | None] = {}

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """Write a job down before it is sent; its row is the intent's."""
        row, worker = intent.row, self._ledger.worker
        assert row is not None

        def change(db: Database) -> int:
            self._ledger.check_place()
            steps.begin(db, row, worker, intent.body)
            if self._ledger.admit is not None:
                self._ledger.admit(db, row)
            self._begun[row] = worker
            return row

        return self._ledger.write(change)

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """Write down what became of a try."""
        worker = self._begun.pop(row, None)

        def change(db: Database) -> None:
            steps.end(db, row, attempt, worker)
            if self._ledger.heed is not None:
                self._ledger.heed(db, row, attempt)

        return self._ledger.write(change)

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """Give an open try up."""
        worker = self._begun.get(row)
        return self._ledger.write(lambda db: steps.mark_ambiguous(db, row, reason, worker))

    def _ignore(self, *_: Any, **__: Any) -> Future[None]:
        """Nothing: what becomes of a job and its task is written down by who runs it."""
        done: Future[None] = Future()
        done.set_result(None)
        return done

    finish_task = mark_not_placed = _ignore

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ConfigurationError("this client keeps the ledger of a bulk run, which has no orders")

    list_orders = waits = note_cost = last_cost = claim = adopt = requeue = give_up = _refuse


def refuse_path(ledger: object) -> None:
    """Refuse the path of a ledger where an open one is needed."""
    if isinstance(ledger, str | bytes | os.PathLike):
        raise ConfigurationError(
            'this needs an open ledger, not a path: with bulk.Ledger("jobs.ledger.db") as ledger: ...'
        )


def check_ledger(ledger: object, kind: type[OpenLedger]) -> None:
    """Refuse what is no open ledger of the kind that a run, or a worker, needs."""
    refuse_path(ledger)
    if not isinstance(ledger, kind):
        raise ConfigurationError(
            f"bulk.run works on a bulk.Ledger, bulk.work on a bulk.PostgresLedger; this is {type(ledger).__name__}"
        )


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
        steps.note_about(db, name, value)
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

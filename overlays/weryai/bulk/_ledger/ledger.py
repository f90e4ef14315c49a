"""The ledger of a bulk run: one row per job, and a change is on disk when it is done; here in one file."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from ..._flow.intent import Intent
from ..._flow.order import AttemptResult, Cost, Order, OrderState
from ..._journal.database_file import DatabaseFile, share
from ..._journal.writer import Writer
from ...errors import ConfigurationError, JournalError, WeryAIError
from . import transitions as steps
from .copy_guard import count_start, note_start, refuse_copy, starts_of
from .schema import LEDGER
from .transitions import Database

T = TypeVar("T")
_NO_ORDERS = "this client keeps the ledger of a bulk run, which has no orders"
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
        """Note in this ledger."""
        self._ledger = ledger

    def order_log(self, base_url: str, key: str) -> LedgerOrderLog:
        """The ledger as one client sees it."""
        return self._ledger.log_of(base_url, key)

    def close(self) -> None:
        """Nothing: who opened the ledger closes it."""


class LedgerOrderLog:
    """A ledger in the place of a journal: what `weryai._journal.recording` writes down around a paid request."""

    def __init__(self, ledger: OpenLedger) -> None:
        """Write into this ledger."""
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

    def finish_task(self, task_id: str, path: str | None, reason: str | None = None) -> Future[None]:
        """Nothing: how a task ended is written down by who runs the job."""
        return _done(None)

    def mark_not_placed(self, row: int, reason: str) -> Future[None]:
        """Nothing: what becomes of a job is written down by who runs it."""
        return _done(None)

    def list_orders(self, states: Iterable[OrderState]) -> Future[tuple[Order, ...]]:
        """Refuse what only a journal of orders can do; so do the five below."""
        raise ConfigurationError(_NO_ORDERS)

    def waits(self, model: str) -> Future[tuple[float, ...]]:
        raise ConfigurationError(_NO_ORDERS)

    def note_cost(self, task_id: str, credits: float) -> Future[bool]:
        raise ConfigurationError(_NO_ORDERS)

    def last_cost(self, model: str) -> Future[Cost | None]:
        raise ConfigurationError(_NO_ORDERS)

    def claim(self, *, everything: bool) -> Future[tuple[Order, ...]]:
        raise ConfigurationError(_NO_ORDERS)

    def adopt(self, row: int, task_id: str) -> Future[Order]:
        raise ConfigurationError(_NO_ORDERS)

    def requeue(self, row: int) -> Future[Order]:
        raise ConfigurationError(_NO_ORDERS)

    def give_up(self, row: int) -> Future[Order]:
        raise ConfigurationError(_NO_ORDERS)


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


def _done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future

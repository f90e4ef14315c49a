"""The journal of paid orders: each is on the disk before it is sent, and its task ids right after the response."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, TypeVar

from .._flow.intent import Intent
from .._flow.order import AttemptResult, Cost, Order, OrderState, Scope, service_of
from ..errors import ConfigurationError, JournalError
from . import transitions as steps
from .database_file import followed_by, share
from .schema import JOURNAL

T = TypeVar("T")
WINDOW = 600.0


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
            raise JournalError(f"the journal {self.path} is closed")
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

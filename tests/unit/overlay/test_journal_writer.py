"""One thread writes: together what comes together, in order, and no change harms another."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from weryai._journal.database_file import Store, Writer
from weryai._journal.journal import JOURNAL
from weryai.errors import JournalError


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A writer of a database with one table."""
    db = sqlite3.connect(tmp_path / "any.db", isolation_level=None, check_same_thread=False)
    db.execute("create table t (x integer primary key)")
    db.execute("create table promises (x references t (x) deferrable initially deferred)")
    db.execute("pragma foreign_keys = on")
    made = Writer(Store(db, tmp_path / "any.db", JOURNAL))
    yield made
    made.close()


def put(number: int) -> object:
    """Return the change that writes a number."""
    return lambda db: db.execute("insert into t values (?)", (number,)).lastrowid


def test_what_comes_together_is_written_together(writer: Writer) -> None:
    """While the disk is busy with one change fifty others gather, and are one commit."""
    busy = threading.Event()
    first = writer.write(lambda _: busy.wait(30))
    # The writer has taken the first, so the others can only gather.
    while not first.running():
        pass
    waiting = [writer.write(put(number)) for number in range(50)]  # type: ignore[arg-type,var-annotated]
    busy.set()
    assert [one.result(30) for one in waiting] == list(range(50))
    assert writer.commits == 2


def test_a_change_that_fails_harms_no_other(writer: Writer) -> None:
    """Of several changes in one commit the one that fails leaves no trace, and its caller alone hears of it."""
    busy = threading.Event()
    writer.write(lambda _: busy.wait(30))

    def half(db: sqlite3.Connection) -> None:
        db.execute("insert into t values (7)")
        raise LookupError("on purpose")

    futures = [writer.write(change) for change in (put(1), half, put(1), put(2))]  # type: ignore[arg-type]
    busy.set()
    assert futures[0].result(30) == 1
    with pytest.raises(LookupError):
        futures[1].result(30)
    with pytest.raises(JournalError, match="UNIQUE"):
        futures[2].result(30)
    assert futures[3].result(30) == 2
    assert writer.write(lambda db: db.execute("select x from t").fetchall()).result(30) == [(1,), (2,)]


def test_a_commit_that_fails_is_everybodys_failure(writer: Writer) -> None:
    """When the disk refuses the commit nobody is told that his change is on it, and later changes are made."""

    def spoil(db: sqlite3.Connection) -> None:
        # A promise that is only looked at when the transaction ends.
        db.execute("insert into promises values (404)")

    busy = threading.Event()
    writer.write(lambda _: busy.wait(30))
    futures = [writer.write(change) for change in (put(1), spoil)]  # type: ignore[arg-type]
    busy.set()
    for future in futures:
        with pytest.raises(JournalError, match="cannot be written"):
            future.result(30)
    assert writer.write(put(1)).result(30) == 1  # type: ignore[arg-type]


def test_closing_writes_what_has_come_in(writer: Writer) -> None:
    """What was handed over before the end is written; what comes after it is refused."""
    busy = threading.Event()
    writer.write(lambda _: busy.wait(30))
    last = writer.write(put(1))  # type: ignore[arg-type]
    threading.Timer(0.05, busy.set).start()
    writer.close()
    writer.close()
    assert last.result(0) == 1
    with pytest.raises(JournalError, match="closed"):
        writer.write(put(2)).result(30)  # type: ignore[arg-type]

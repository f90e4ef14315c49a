"""A ledger is looked at without a lock, without a trace, and whatever is in the way is a clear sentence."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.ledgers import Filling, alter
from weryai import JournalError, bulk
from weryai.bulk._ledger.queries import counts, looking


def test_a_run_goes_on_beside(tmp_path: Path) -> None:
    """What is written after the look began is not seen by it, and is by the next; nobody waits for anybody."""
    with Filling(tmp_path / "run.db") as run:
        run.job("first")
        with looking(run.path) as db:
            assert counts(db)["queued"] == 1
            run.job("second")
            assert counts(db)["queued"] == 1
        assert bulk.status(run.ledger).jobs == 2


def test_nothing_is_changed(tmp_path: Path) -> None:
    """A look cannot write, and the bytes of a closed ledger stay as they are."""
    with Filling(tmp_path / "run.db") as run:
        run.one_of_each()
    before = run.path.read_bytes()
    with looking(run.path) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("delete from jobs")
    bulk.status(run.path)
    assert run.path.read_bytes() == before


def test_an_open_try_stays_open(tmp_path: Path) -> None:
    """Only who takes a ledger over declares an open try ambiguous; who looks at it does not."""
    with Filling(tmp_path / "run.db") as run:
        run.job("on its way", "submitting")
    assert bulk.status(run.path).counts["submitting"] == 1
    bulk.open_ledger(run.path).close()
    assert bulk.status(run.path).counts["ambiguous"] == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Where SQLite may not put its own files a closed ledger is read all the same."""
    with Filling(tmp_path / "run.db") as run:
        run.one_of_each()
    with unprivileged(run.path):
        assert bulk.status(run.path).jobs == 6
    with unprivileged(run.path, hidden=True), pytest.raises(JournalError, match="Permission denied"):
        bulk.status(run.path)


def test_what_a_crash_left_cannot_be_read_everywhere(tmp_path: Path) -> None:
    """A ledger whose last changes lie in a file that cannot be used is told, not read without them."""
    with Filling(tmp_path / "run.db") as run:
        run.one_of_each()
    (tmp_path / "run.db-wal").mkdir()
    with pytest.raises(JournalError, match=r"run\.db cannot be read"):
        bulk.status(run.path)


@contextlib.contextmanager
def unprivileged(path: Path, *, hidden: bool = False) -> Iterator[None]:
    """Forbid writing in the folder of a file, also to the system's administrator, who then is somebody else."""
    modes = {one: one.stat().st_mode for one in (path, *path.parents)}
    is_root = os.geteuid() == 0
    try:
        for one in path.parents if is_root else ():
            one.chmod(modes[one] | 0o055)
        path.parent.chmod(0o555 if not hidden else 0)
        path.chmod(0o444)
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for one, mode in reversed(modes.items()):
            one.chmod(mode)


def test_what_is_no_ledger_is_told(tmp_path: Path) -> None:
    """A file that is missing, empty, none of ours or newer is a sentence, and nothing is made."""
    path = tmp_path / "run #1?.db"
    for act in (bulk.status, bulk.open_ledger):
        with pytest.raises(JournalError, match="there is no ledger at"):
            act(path)
    assert list(tmp_path.iterdir()) == []
    path.touch()
    with pytest.raises(JournalError, match="empty"):
        bulk.status(path)
    path.write_text("no database at all, but a text that is long enough to be looked at" * 20)
    with pytest.raises(JournalError, match="cannot be read"):
        bulk.status(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table jobs (id)")
    with pytest.raises(JournalError, match="another program"):
        bulk.status(path)
    path.unlink()
    Filling(path).ledger.close()
    assert bulk.status(path).jobs == 0
    alter(path, "pragma user_version = 99")
    with pytest.raises(JournalError, match="newer weryai"):
        bulk.status(path)

"""The file of a run: who may open it, what it refuses, and every change of a job only where the job stands so."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import filled, rows
from weryai import BudgetExceededError, JournalError, bulk
from weryai._flow.order import AttemptResult
from weryai.bulk import JobState
from weryai.bulk._ledger import queries as reading
from weryai.bulk._ledger import transitions as steps
from weryai.bulk._ledger.queries import looking
from weryai.bulk._ledger.transitions import LEDGER, SCHEMA


def tried(ledger: bulk.Ledger, row: int, verdict: AttemptResult) -> None:
    """Note a try and what came of it."""
    ledger.write(lambda db: steps.begin(db, row)).result()
    ledger.write(lambda db: steps.end(db, row, verdict)).result()


def pragma(path: Path, statement: str) -> Any:
    """Ask, or tell, the file something."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"pragma {statement}").fetchone()


def test_the_file_is_safe_and_says_what_it_is(tmp_path: Path) -> None:
    """It has a write-ahead log, full synchronisation, its schema's number, and rights for its owner alone."""
    with filled(tmp_path, 1) as ledger:
        assert ledger.write(lambda db: db.execute("pragma synchronous").fetchone()[0]).result() == 2
    path = tmp_path / "run.db"
    assert [pragma(path, name)[0] for name in ("journal_mode", "application_id", "user_version")] == [
        "wal", LEDGER.application, SCHEMA
    ]  # fmt: skip
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("user_version = 99", "written by a newer weryai .schema 99"),
        ("application_id = 7", "database of another program"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, change: str, told: str) -> None:
    """A ledger of a newer version, or another program's file, is neither changed nor read."""
    filled(tmp_path, 1).close()
    pragma(tmp_path / "run.db", change)
    with pytest.raises(JournalError, match=told):
        bulk.Ledger(tmp_path / "run.db")
    with pytest.raises(JournalError, match=told), looking(tmp_path / "run.db"):
        pass


def test_a_journal_is_no_ledger(tmp_path: Path) -> None:
    """The two kinds of file are told apart, in both directions."""
    from weryai import Journal

    Journal(tmp_path / "journal.db").close()
    filled(tmp_path, 0).close()
    with pytest.raises(JournalError, match="not a ledger of weryai"):
        bulk.Ledger(tmp_path / "journal.db")
    with pytest.raises(JournalError, match="not a journal of weryai"):
        Journal(tmp_path / "run.db")


def test_two_runs_never_share_a_ledger(tmp_path: Path) -> None:
    """While one process has it no other gets it, and the message says that nothing was sent; looking is free."""
    with filled(tmp_path, 2):
        program = f"from weryai import bulk; bulk.Ledger({str(tmp_path / 'run.db')!r})"
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "is in use" in other.stderr and "Nothing was sent." in other.stderr
        assert bulk.status(tmp_path / "run.db").counts[JobState.QUEUED] == 2


@pytest.mark.parametrize("how", ["another name", "put back", "with its starts"])
def test_a_copy_is_refused_unless_it_is_trusted(tmp_path: Path, how: str) -> None:
    """A copy may not know what was ordered since; it is refused wherever it lies, and the original still opens."""
    path, copy = tmp_path / "run.db", tmp_path / "copy.db"
    filled(tmp_path, 1).close()
    shutil.copy(path, copy)
    if how == "with its starts":
        shutil.copy(f"{path}.starts", f"{copy}.starts")
    bulk.Ledger(path).close()
    if how == "put back":
        path.write_bytes(copy.read_bytes())
        copy = path
    with pytest.raises(JournalError, match=r"seems to be a copy.*--trust-copy\. Nothing was sent"):
        bulk.Ledger(copy)
    bulk.Ledger(copy, trust_copy=True).close()
    bulk.Ledger(copy).close()
    if how != "put back":
        bulk.Ledger(path).close()


@pytest.mark.parametrize("kind", ["exfat", "vfat", "ext4"])
def test_a_disk_that_numbers_files_anew_makes_no_copy_of_a_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """On a memory card the inode changes with each mount, which is no copy; one beside the original still is."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 1 8:1 / {tmp_path} rw - {kind} /dev/sdb1 rw\n")
    monkeypatch.setattr("weryai._journal.sqlite_file.MOUNTS", mounts)
    path, copy = tmp_path / "run.db", tmp_path / "copy.db"

    def copied(here: Path, there: Path) -> None:
        for suffix in ("", ".starts"):
            shutil.copy(f"{here}{suffix}", f"{there}{suffix}")

    filled(tmp_path, 1).close()
    copied(path, copy)
    with pytest.raises(JournalError, match="seems to be a copy"):
        bulk.Ledger(copy)
    path.unlink()
    if kind == "ext4":
        with pytest.raises(JournalError, match="seems to be a copy"):
            bulk.Ledger(copy)
        return
    # Mounted anew, here and then elsewhere.
    bulk.Ledger(copy).close()
    copied(copy, path)
    copy.unlink()
    bulk.Ledger(path).close()


_UNWRITABLE = """
import os, resource, sys
from weryai import JournalError, bulk
from weryai.bulk._ledger import transitions
what, path = sys.argv[1:]
try:
    ledger = bulk.Ledger(path)
    if what == "disk":
        # From here on no file may grow: what SQLite meets is what a full disk is.
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(path + "-wal"), resource.RLIM_INFINITY))
    else:
        ledger.close()
        os.chmod(path, 0o444); os.chmod(os.path.dirname(path), 0o555)
        os.seteuid(65534) if os.geteuid() == 0 else None
        ledger = bulk.Ledger(path)
    ledger.write(lambda db: transitions.begin(db, 1)).result()
    print("begun")
except JournalError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits and rights are not those of Windows")
@pytest.mark.parametrize("what", ["disk", "folder"])
def test_where_nothing_can_be_written_nothing_is_begun(what: str) -> None:
    """With a full disk, or in a folder that is read-only, no job gets as far as its order."""
    # pytest's own folders are closed to the user that root becomes.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        filled(Path(folder), 1).close()
        os.chmod(Path(folder) / "run.db", 0o644)
        program = [sys.executable, "-c", _UNWRITABLE, what, str(Path(folder) / "run.db")]
        told = subprocess.run(program, capture_output=True, text=True, check=False)
        os.chmod(folder, 0o755)
        assert "cannot be written" in told.stdout, told
        assert rows(Path(folder) / "run.db") == ["queued"]


EVERYWHERE = {state.value for state in JobState}
CHANGES: dict[str, tuple[Any, set[str]]] = {
    "begin": (lambda db: steps.begin(db, 1), {"queued"}),
    # What names a task is never refused: where the job has moved on, the task is noted beside it.
    "submitted": (lambda db: steps.end(db, 1, AttemptResult(JobState.SUBMITTED, ("late",))), EVERYWHERE),
    "refused": (lambda db: steps.end(db, 1, AttemptResult(JobState.QUEUED)), {"submitting", "ambiguous"}),
    "finish": (lambda db: steps.finish(db, 1, "t", "/p", "aa", 1), {"submitted"}),
    "refused for good": (lambda db: steps.fail(db, 1, "why", "kind"), {"queued"}),
    "task failed": (lambda db: steps.fail(db, 1, "why", "kind", "t"), {"submitted"}),
    "remark": (lambda db: steps.remark(db, 1, "t", "why", "kind"), {"submitted"}),
    "adopt": (lambda db: steps.adopt(db, 1, "t"), {"ambiguous"}),
    "resubmit": (lambda db: steps.requeue(db, 1), {"ambiguous"}),
    "give up": (lambda db: steps.give_up(db, 1), {"queued", "submitted", "ambiguous"}),
}


@pytest.mark.parametrize("state", [state.value for state in JobState])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_made_where_the_job_stands_so_or_not_at_all(tmp_path: Path, name: str, state: str) -> None:
    """Each change has the states that it leads from; anywhere else it refuses and leaves no trace."""
    change, allowed = CHANGES[name]
    with filled(tmp_path, 1) as ledger:
        paid = "t" if state in ("submitted", "done") else None
        ledger.write(lambda db: db.execute("update jobs set state = ?, task_id = ?", (state, paid))).result()
        before = ledger.write(lambda db: (reading.find(db, "job-0"), reading.facts(db))).result()
        if state in allowed:
            ledger.write(change).result()
            assert ledger.write(lambda db: reading.find(db, "job-0")).result() != before[0]
            return
        with pytest.raises(JournalError, match=f"job 'job-0' is {state}, not"):
            ledger.write(change).result()
        assert ledger.write(lambda db: (reading.find(db, "job-0"), reading.facts(db))).result() == before


@pytest.mark.parametrize("name", ["finish", "task failed", "remark"])
def test_what_became_of_another_task_changes_nothing(tmp_path: Path, name: str) -> None:
    """Who worked on a job before tells of its task; the job has another one by now, which is paid for and stays."""
    with filled(tmp_path, 1) as ledger:
        ledger.write(lambda db: db.execute("update jobs set state = 'submitted', task_id = 'newer'")).result()
        with pytest.raises(JournalError, match="job 'job-0' is submitted, in other hands"):
            ledger.write(CHANGES[name][0]).result()
    assert rows(tmp_path / "run.db", "state, task_id, kind") == [("submitted", "newer", None)]


def test_a_refusal_gives_its_budget_back(tmp_path: Path) -> None:
    """What was surely refused was not spent; what is open, paid for, failed or ambiguous was."""
    with filled(tmp_path, 3) as ledger:
        ledger.write(lambda db: steps.set_budget(db, 2, None)).result()
        for row, verdict in ((1, JobState.QUEUED), (1, JobState.AMBIGUOUS), (2, JobState.SUBMITTED)):
            tried(ledger, row, AttemptResult(verdict, ("t",)))
        with pytest.raises(BudgetExceededError, match="2 of 2 tasks"):
            ledger.write(lambda db: steps.begin(db, 3)).result()
    assert rows(tmp_path / "run.db", "state, submits") == [("ambiguous", 1), ("submitted", 1), ("queued", 0)]


def test_no_task_id_of_an_answer_is_lost(tmp_path: Path) -> None:
    """More ids than one stand beside it, and those of an answer that cannot be relied on stand there as well."""
    with filled(tmp_path, 2) as ledger:
        for row, verdict in ((1, JobState.SUBMITTED), (2, JobState.AMBIGUOUS)):
            tried(ledger, row, AttemptResult(verdict, ("a", "b")))
    assert rows(tmp_path / "run.db", "task_id, named") == [("a", "b"), (None, "a b")]


def test_one_service_has_one_name(tmp_path: Path) -> None:
    """A ledger that was begun at localhost goes on at 127.0.0.1; another port or host is another service."""
    with filled(tmp_path, 1) as ledger:
        ledger.log_of("http://localhost:8765", "sk-1")
        ledger.log_of("http://127.0.0.1:8765/", "sk-1")
        for other in ("http://127.0.0.1:8766", "https://api.weryai.com"):
            with pytest.raises(JournalError, match="belongs to http://localhost:8765"):
                ledger.log_of(other, "sk-1")


def test_a_damaged_job_is_told_as_such(tmp_path: Path) -> None:
    """What cannot be read of a job is a JournalError that names the ledger."""
    with filled(tmp_path, 2) as ledger:
        ledger.write(lambda db: db.execute("update jobs set parameters = '{' where id = 1")).result(10)
        with pytest.raises(JournalError, match=r"the ledger .*run\.db is damaged: Expecting"):
            ledger.write(lambda db: reading.of_row(db, 1)).result(10)

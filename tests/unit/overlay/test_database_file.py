"""A database file is open once in a process, whoever uses it there, and what is written stays where it is found."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, accepted
from fakes.bulks import filled
from fakes.faces import Face, submit
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from prove.journal_stress import stress
from weryai import Journal, JournalError, bulk
from weryai._flow.order import AttemptResult, OrderState
from weryai.bulk._ledger import transitions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files and locks as POSIX has them")

OTHER = """
import sys
from weryai import Journal

Journal(sys.argv[1]).close()
"""


def come_and_go(path: Path) -> None:
    """Open the journal in another process, and close it there."""
    subprocess.run([sys.executable, "-c", OTHER, str(path)], check=True)


def linked(path: Path) -> Path:
    """Return a symbolic link in another folder."""
    (path.parent / "elsewhere").mkdir()
    link = path.parent / "elsewhere" / "link.db"
    link.symlink_to(path)
    return link


def linked_hard(path: Path) -> Path:
    """Return another name of the same file."""
    os.link(path, path.with_name("hard.db"))
    return path.with_name("hard.db")


NAMES: dict[str, Callable[[Path], Path]] = {
    "the same path": lambda path: path,
    "a relative path": lambda path: Path(os.path.relpath(path)),
    "through a folder and back": lambda path: path.parent / ".." / path.parent.name / path.name,
    "a symbolic link": linked,
    "a hard link": linked_hard,
}


@pytest.mark.filterwarnings("ignore:.*hard links")
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_second_journal_of_a_process_takes_nothing_from_the_first(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, name: Callable[[Path], Path]
) -> None:
    """Whatever the path is called, closing one leaves the other its locks: a third process unlinks no live log."""
    path = tmp_path / "journal.db"
    faulty_server.default("POST", SUBMIT, accepted())
    with Journal(path) as journal:
        face.run(submit, faulty_server.url, journal=journal)
        with Journal(name(path)) as second:
            assert second._file is journal._file
        come_and_go(path)
        face.run(lambda client: submit(client, duration=10), faulty_server.url, journal=journal)
        # Another process sees both, and so refuses both.
        assert rows(path) == ["submitted", "submitted"]
    assert rows(path) == ["submitted", "submitted"]


def test_a_journal_that_is_open_is_no_image(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A slip of the hand that names the open journal, by any name, opens nothing: its locks would be gone."""
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        for name in (path, linked(path)):
            with pytest.raises(weryai.InvalidInputError, match=r"in use\. Nothing was sent"):
                face.run(
                    lambda client, name=name: client.image_to_video.submit(name, prompt="x"),
                    faulty_server.url,
                    journal=journal,
                )
    with pytest.raises(weryai.InvalidInputError) as caught:
        face.run(lambda client: client.image_to_video.submit(path, prompt="x"), faulty_server.url)
    assert "in use" not in str(caught.value)
    assert faulty_server.requests == []


def test_who_leaves_first_closes_nothing(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Each journal ends for itself: what it was handed is written, and its fellows go on."""
    faulty_server.default("POST", SUBMIT, accepted())
    path, face = tmp_path / "journal.db", Face("sync")
    first, second = Journal(path), Journal(path)
    first.close()
    first.close()
    with pytest.raises(JournalError, match="closed"):
        face.run(submit, faulty_server.url, journal=first)
    face.run(submit, faulty_server.url, journal=second)
    second.close()
    assert rows(path) == ["submitted"] and len(faulty_server.posts()) == 1
    # The last one out has closed the file: SQLite's log is gone.
    assert not path.with_name("journal.db-wal").exists()


def test_many_processes_and_threads_keep_every_row(tmp_path: Path) -> None:
    """Journals that are opened, used and closed on all sides lose no order, and let the same one through once."""
    done = stress(tmp_path, processes=3, threads=3, seconds=3)
    assert done.wrong == () and done.orders > 10 and done.refused > 0


def test_a_ledger_that_is_refused_has_touched_nothing(tmp_path: Path) -> None:
    """A second one, in this process by any name, takes neither locks nor a start from the first."""
    with filled(tmp_path, 2) as ledger:
        path = tmp_path / "run.db"
        for other in (path, linked(path)):
            with pytest.raises(JournalError, match=r"in use.*Nothing was sent"):
                bulk.Ledger(other)
        with pytest.raises(JournalError, match="not a journal of weryai"):
            Journal(path)
        assert path.with_name("run.db.starts").read_text() == "1"
        # Another process that looks and leaves must not take the log for its own.
        looking = f"from weryai import bulk; bulk.status({str(path)!r})"
        subprocess.run([sys.executable, "-c", looking], check=True)
        ledger.write(lambda db: transitions.begin(db, 1)).result()
        ledger.write(lambda db: transitions.end(db, 1, AttemptResult(OrderState.SUBMITTED, ("t",)))).result()
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("select state from jobs order by id").fetchall() == [("submitted",), ("queued",)]


def test_a_copy_that_is_refused_stays_as_it_is(tmp_path: Path) -> None:
    """A ledger that seems to be a copy is not changed by the refusal."""
    filled(tmp_path, 1).close()
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / "run.db").read_bytes())
    before = copy.read_bytes()
    with pytest.raises(JournalError, match="seems to be a copy"):
        bulk.Ledger(copy)
    assert copy.read_bytes() == before


LOSSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "deleted": (lambda path: path.unlink(), "deleted or renamed"),
    "renamed": (lambda path: path.rename(path.with_name("old.db")), "deleted or renamed"),
    "its folder renamed": (lambda path: path.parent.rename(path.parent.with_name("old")), "deleted or renamed"),
    "replaced": (lambda path: put_copy(path), "another file"),
    "zeroed": (lambda path: os.truncate(path, 0), "cut short"),
    "cut": (lambda path: os.truncate(path, 4096), "cut short"),
    "its log deleted": (lambda path: Path(f"{path}-wal").unlink(), "-wal"),
}


def put_copy(path: Path) -> None:
    """Put a copy in the place of the file, as editors and backup tools do."""
    path.with_name("copy.db").write_bytes(b"\0" * 100_000)
    path.with_name("copy.db").replace(path)


@pytest.mark.parametrize(("lose", "words"), LOSSES.values(), ids=list(LOSSES))
def test_what_would_be_forgotten_is_not_paid(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, lose: Callable[[Path], object], words: str
) -> None:
    """When the open journal is no longer the file at its path, the next paid request is refused, and says why."""
    faulty_server.default("POST", SUBMIT, accepted())
    path = tmp_path / "folder" / "journal.db"
    journal = Journal(path)
    face.run(submit, faulty_server.url, journal=journal)
    lose(path)
    with pytest.raises(JournalError, match=rf"{words}.*[^.]\. Nothing was sent"):
        face.run(lambda client: submit(client, duration=10), faulty_server.url, journal=journal)
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize(
    ("lose", "words"),
    [*LOSSES.values(), (lambda path: Path(f"{path}.lock").unlink(), ".lock")],
    ids=[*LOSSES, "its lock deleted"],
)
def test_no_job_is_begun_that_would_be_forgotten(tmp_path: Path, lose: Callable[[Path], object], words: str) -> None:
    """A ledger that is no longer the file at its path begins no job, and says so; nor does one that others may open."""
    from weryai._flow.order import Intent

    folder = tmp_path / "folder"
    folder.mkdir()
    ledger = filled(folder, 2)
    log = ledger.log_of("https://api.example.com", "sk-1")
    lose(folder / "run.db")
    with pytest.raises(JournalError, match=words):
        log.begin(Intent("POST /x", {}, row=1), "").result()
    ledger.close()


def test_an_id_written_into_a_lost_file_is_told(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Deleted while the request is open: the caller still gets the id, and a warning that it stands nowhere."""
    path = tmp_path / "journal.db"

    class Deleting:
        def perform(self, line: Any) -> bool:
            path.unlink()
            return accepted().perform(line)

    faulty_server.script("POST", SUBMIT, Deleting())
    with Journal(path) as journal, pytest.warns(weryai.WeryAIWarning, match="could not be noted"):
        assert face.run(submit, faulty_server.url, journal=journal).task_ids == (TASK,)


@pytest.mark.parametrize("what", ["/dev/null", "a pipe"])
def test_a_journal_is_a_regular_file(tmp_path: Path, what: str) -> None:
    """What keeps nothing, or would never answer, is refused."""
    path = Path(what) if what.startswith("/") else tmp_path / "pipe"
    if not path.exists():
        os.mkfifo(path)
    with pytest.raises(JournalError, match="regular file"):
        Journal(path)


def test_a_file_with_two_names_is_warned_of(tmp_path: Path) -> None:
    """SQLite names its log by the path, so two processes with two names of one file would lose each other's rows."""
    path = tmp_path / "journal.db"
    Journal(path).close()
    linked_hard(path)
    with pytest.warns(weryai.WeryAIWarning, match="hard links"):
        Journal(path).close()


FORKING = """
import os, signal, sys, threading
from weryai import Journal
from weryai._flow.order import Intent
from weryai._flow.order import AttemptResult, OrderState

path, children = sys.argv[1], int(sys.argv[2])
journal, stop = Journal(path), threading.Event()

def order(name):
    log = journal.order_log("https://api.example.com", "sk-some-key-0123456789")
    intent = Intent("POST /x", {"prompt": name})
    row = log.begin(intent, intent.fingerprint()).result(60)
    log.end(row, AttemptResult(OrderState.SUBMITTED, (f"task-{name}",))).result(60)

def keep_ordering(number):
    turn = 0
    while not stop.is_set():
        order(f"parent-{number}-{turn}")
        turn += 1
    done.append(turn)

done = []
crew = [threading.Thread(target=keep_ordering, args=(number,)) for number in range(3)]
for one in crew:
    one.start()
for child in range(children):
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            for turn in range(3):
                order(f"child-{child}-{turn}")
            journal.close()
            os._exit(0)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
    if child % 2:
        os.waitpid(pid, 0)
stop.set()
for one in crew:
    one.join()
journal.close()
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
print(sum(done) + 3 * children)
"""


def test_a_link_is_no_other_ledger_in_another_process(tmp_path: Path) -> None:
    """A run keeps its ledger to itself by whatever name: else two would send the same jobs."""
    with filled(tmp_path, 2):
        link = linked(tmp_path / "run.db")
        opening = f"from weryai import bulk; bulk.Ledger({str(link)!r})"
        told = subprocess.run([sys.executable, "-c", opening], capture_output=True, text=True, check=False)
    assert told.returncode == 1 and "is in use: others use it. Nothing was sent." in told.stderr


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells which files a process has open")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_meets_no_open_connection(tmp_path: Path) -> None:
    """SQLite's connections do not survive a fork: the child begins without one, and both open their own again."""
    path = tmp_path / "journal.db"
    with Journal(path):
        assert str(path) in {os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()}
        if (pid := os.fork()) == 0:
            is_open = str(path) in {os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()}
            os._exit(3 if is_open else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_forks_while_the_writer_writes_lose_nothing(tmp_path: Path) -> None:
    """Each child writes with a writer of its own, closes it, and the parent's threads go on: every row is kept."""
    path = tmp_path / "journal.db"
    program = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, str(path), "12"]
    told = subprocess.run(program, capture_output=True, text=True, check=False, timeout=110)
    assert told.stdout.split("\n")[:-1] == [str(len(rows(path)))], told
    assert set(rows(path)) == {"submitted"}


FORKED_IN_C = """
import ctypes, os, sys
from weryai import Journal, JournalError

journal = Journal(sys.argv[1])
pid = ctypes.CDLL(None).fork()
if pid == 0:
    for use in (lambda: journal._write(lambda _: None).result(), lambda: Journal(sys.argv[1])):
        try:
            use()
        except JournalError as error:
            print(error, flush=True)
    journal.close()
    os._exit(0)
os.waitpid(pid, 0)
journal._write(lambda db: db.execute("select 1").fetchone()).result()
"""


def test_a_fork_that_nobody_told_of_is_refused(tmp_path: Path) -> None:
    """A server that forks behind Python's back leaves the child no locks, so that the child says no, and why."""
    program = [sys.executable, "-c", FORKED_IN_C, str(tmp_path / "journal.db")]
    told = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.count("Open it after the fork. Nothing was sent.") == 2, told


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_that_ends_leaves_the_parent_its_locks(tmp_path: Path) -> None:
    """A child that used the journal, or never did, and ends in any way, takes nothing from the parent."""
    path = tmp_path / "run.db"
    with filled(tmp_path, 1) as ledger:
        for how in (lambda: os._exit(0), lambda: os.kill(os.getpid(), signal.SIGKILL), ledger.close):
            program_id = os.fork()
            if program_id == 0:
                try:
                    with pytest.raises(JournalError):
                        ledger.write(lambda _: None)
                    how()
                finally:
                    os._exit(0)
            os.waitpid(program_id, 0)
        other = f"from weryai import bulk; bulk.Ledger({str(path)!r})"
        refused = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
        assert "is in use" in refused.stderr
        ledger.write(lambda db: transitions.begin(db, 1)).result()
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("select state from jobs").fetchall() == [("submitting",)]

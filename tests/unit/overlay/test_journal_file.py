"""A journal's file: made private, understood or refused, kept by one process where that is asked for."""

import errno
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, accepted
from fakes.faces import Face, submit
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from weryai import Journal
from weryai._journal import sqlite_file
from weryai._journal.journal import JOURNAL, SCHEMA
from weryai.errors import ConfigurationError, JournalError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files and locks as POSIX has them")


def test_a_journal_is_made_safe_and_private(tmp_path: Path) -> None:
    """The file names its program and its schema, keeps a write-ahead log, and is its owner's alone, with its folder."""
    path = tmp_path / "new" / "folder" / "journal.db"
    pragmas = ("journal_mode", "synchronous", "application_id", "user_version")
    with Journal(path) as journal:
        found = journal._write(lambda db: [db.execute(f"pragma {one}").fetchone()[0] for one in pragmas]).result()
    assert found == ["wal", 2, JOURNAL.application, SCHEMA]
    assert [one.stat().st_mode & 0o077 for one in (path, path.parent)] == [0, 0]


def test_many_may_make_the_same_journal(tmp_path: Path) -> None:
    """Eight that open a new journal at the same moment all get it, whoever makes it; here thirty times."""
    for number in range(30):
        start, path = threading.Barrier(8), tmp_path / f"{number}.db"

        def make(start: threading.Barrier = start, path: Path = path) -> None:
            start.wait()
            Journal(path).close()

        with ThreadPoolExecutor(8) as threads:
            for made in [threads.submit(make) for _ in range(8)]:
                made.result()


class Racing:
    """A connection that meets another one at the same step, some times in a row."""

    def __init__(self, times: int) -> None:
        self.times = times

    def execute(self, statement: str) -> Any:
        """Fail as SQLite does, which does not wait where both would wait for ever."""
        self.times -= 1
        if self.times >= 0:
            raise sqlite3.OperationalError("database is locked")
        return SimpleNamespace(fetchone=lambda: ("wal",))


def test_two_that_make_a_journal_at_once_do_not_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLite does not wait for the other one by itself we do, but not for ever."""
    assert sqlite_file._to_wal(Racing(3)) == "wal"  # type: ignore[arg-type]
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.0)
    with pytest.raises(sqlite3.OperationalError):
        sqlite_file._to_wal(Racing(1_000_000))  # type: ignore[arg-type]


def change(path: Path, *statements: str) -> None:
    """Do something to a file as any other tool would."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def newer(path: Path) -> None:
    """Make a journal of a version to come."""
    Journal(path).close()
    change(path, f"pragma user_version = {SCHEMA + 1}")


def damaged(path: Path, statement: str) -> None:
    """Damage a journal as a disk or a hand does."""
    Journal(path).close()
    change(path, statement)


UNUSABLE: dict[str, tuple[Any, str]] = {
    "newer": (newer, "newer weryai.*update"),
    "another program's": (lambda path: change(path, "create table t (x)"), "another program"),
    "no database": (lambda path: path.write_bytes(b"only words " * 100), "not a database"),
    "a folder": (lambda path: path.mkdir(), "directory"),
    "below a file": (lambda path: path.parent.rmdir() or path.parent.write_text("x"), "cannot be written"),
    "without its salt": (lambda path: damaged(path, "delete from about"), "damaged: its salt is missing"),
    "without a table": (lambda path: damaged(path, "drop table about"), "no such table: about"),
    "of no schema": (lambda path: damaged(path, "pragma user_version = 0"), "damaged: it says that its schema is 0"),
    "of schema -1": (lambda path: damaged(path, "pragma user_version = -1"), "damaged: it says that its schema is -1"),
    "kept by a run": (lambda path: Journal(path, exclusive=True), "a run keeps it to itself"),
}


@pytest.mark.parametrize(("spoil", "words"), UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_file_that_cannot_be_used_is_refused_before_paying(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, spoil: Any, words: str
) -> None:
    """What is no journal of ours, or not ours to write, is a JournalError in one line, and nothing is sent."""
    path = tmp_path / "folder" / "journal.db"
    path.parent.mkdir()
    kept = spoil(path)
    with pytest.raises(JournalError, match=words) as caught:
        face.run(submit, faulty_server.url, journal=path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert faulty_server.requests == []
    if isinstance(kept, Journal):
        kept.close()


UNWRITABLE = """
import os, resource, sys
import weryai
from weryai.errors import JournalError

what, path, url = sys.argv[1:]
# Who root becomes may not read Python's own files, so everything is loaded before.
with weryai.WeryAI("sk-some-key-0123456789", base_url=url, journal=path + ".other"):
    journal = None
if what == "folder":
    os.chmod(os.path.dirname(path), 0o555)
    os.seteuid(65534) if os.geteuid() == 0 else None
elif what == "file":
    weryai.Journal(path).close()
    os.chmod(path, 0o444)
    os.seteuid(65534) if os.geteuid() == 0 else None
else:
    journal = weryai.Journal(path)
    # From here on no file may grow: what SQLite meets is what a full disk is.
    log = os.path.getsize(path + "-wal") if os.path.exists(path + "-wal") else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (log, resource.RLIM_INFINITY))
try:
    client = weryai.WeryAI("sk-some-key-0123456789", base_url=url, journal=journal or path)
    client.image_to_video.submit("https://example.com/a.jpg", prompt="x")
except JournalError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("what", "words"), [("folder", "denied|readonly"), ("file", "denied|readonly"), ("disk", "disk")]
)
def test_where_nothing_can_be_written_nothing_is_paid(faulty_server: FaultyServer, what: str, words: str) -> None:
    """A read-only folder, a read-only file and a full disk are told as such, and nothing is sent."""
    faulty_server.default("POST", SUBMIT, accepted())
    # pytest's own folders are closed to the user that root becomes.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "journal.db"
        program = [sys.executable, "-c", UNWRITABLE, what, str(path), faulty_server.url]
        told = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
        os.chmod(folder, 0o755)
    assert "cannot be written" in told.stdout, told.stderr
    assert re.search(words, told.stdout.lower())
    assert faulty_server.requests == []


NO_MORE_FILES = """
import resource, sys
import httpx, weryai

class Last(httpx.HTTPTransport):
    def handle_request(self, request):
        response = super().handle_request(request)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        return response

path, url = sys.argv[1:]
with weryai.WeryAI("sk-some-key-0123456789", base_url=url, journal=path, transport=Last()) as client:
    print(*client.image_to_video.submit("https://example.com/a.jpg", prompt="x").task_ids)
"""


def test_an_accepted_task_needs_no_more_files(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Where no file can be opened any more, not even one of Python's own, an id is noted and reaches its caller."""
    faulty_server.script("POST", SUBMIT, accepted("task_1"))
    path = tmp_path / "journal.db"
    command = [sys.executable, "-W", "ignore", "-c", NO_MORE_FILES, path, faulty_server.url]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.stdout, rows(path)) == ("task_1\n", ["submitted"]), told.stderr


def test_an_old_copy_orders_nothing(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A copy does not know what was ordered since, so it refuses less, and going on with it orders nothing."""
    face, old, path = Face("sync"), tmp_path / "old.db", tmp_path / "journal.db"
    faulty_server.script("POST", SUBMIT, accepted("task_first"), accepted("task_second"))
    face.run(submit, faulty_server.url, journal=path)
    shutil.copy(path, old)
    face.run(lambda client: submit(client, duration=10), faulty_server.url, journal=path)
    taken = face.run(lambda client: client.orders.claim(everything=True), faulty_server.url, journal=old)
    assert [order.task_ids for order in taken] == [("task_first",)]
    with pytest.raises(weryai.DuplicateRequestError):
        face.run(submit, faulty_server.url, journal=old)
    assert len(faulty_server.posts()) == 2


KEEPING = """
import sys, time
import weryai

journal = weryai.Journal(sys.argv[1], exclusive=True)
print("kept", flush=True)
time.sleep(60)
"""


def test_a_kept_journal_is_free_when_its_process_ends(tmp_path: Path) -> None:
    """An exclusive journal keeps both kinds of users away, until its process ends, even by kill -9."""
    path = tmp_path / "ledger.db"
    with subprocess.Popen([sys.executable, "-c", KEEPING, str(path)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None and run.stdout.readline() == "kept\n"
        for exclusive in (True, False):
            with pytest.raises(JournalError, match=r"in use.*Nothing was sent"):
                Journal(path, exclusive=exclusive)
        run.send_signal(signal.SIGKILL)
    Journal(path, exclusive=True).close()


def test_users_keep_a_run_away(tmp_path: Path) -> None:
    """While anybody shares a journal, nobody gets it alone; sharing it is open to all."""
    path = tmp_path / "journal.db"
    with Journal(path), Journal(path), pytest.raises(JournalError, match="others use it"):
        Journal(path, exclusive=True)
    with Journal(path, exclusive=True):
        pass


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_a_connection_of_its_own(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """After a fork both processes write a shared journal; an exclusive one stays the parent's."""
    faulty_server.default("POST", SUBMIT, accepted())
    for exclusive in (False, True):
        path = tmp_path / f"{exclusive}.db"
        with Journal(path, exclusive=exclusive) as journal:
            journal._write(lambda _: None).result()
            child = os.fork()
            if child == 0:
                # Should it hang, it ends, and the test with it.
                signal.alarm(10)
                try:
                    Face("sync").run(submit, faulty_server.url, journal=journal)
                    os._exit(0)
                except JournalError:
                    os._exit(7)
                finally:
                    os._exit(9)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (7 if exclusive else 0)
            Face("sync").run(lambda client: submit(client, duration=10), faulty_server.url, journal=journal)
        assert rows(path) == ["submitted"] * (1 if exclusive else 2)


MOUNTS = """\
22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
40 22 0:40 / /srv/homes rw,relatime shared:1 - nfs4 server:/homes rw
41 40 0:41 / /srv/homes/local\\040disk rw - ext4 /dev/vdb rw
42 22 0:42 / /srv/share rw - fuse.sshfs me@there:/ rw
"""
PLACES = {
    "/srv/homes/me/journal.db": "nfs4",
    "/srv/homes": "nfs4",
    "/srv/homes/local disk/journal.db": None,
    "/srv/homestead/journal.db": None,
    "/srv/share/journal.db": "fuse.sshfs",
    "/journal.db": None,
    "\\\\server\\share\\journal.db": "a network share",
}


@pytest.mark.parametrize(("path", "kind"), PLACES.items())
def test_a_network_file_system_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None
) -> None:
    """The innermost mount decides, by its whole name; Windows shares are known by theirs."""
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(sqlite_file, "MOUNTS", tmp_path / "mountinfo")
    assert sqlite_file.network_of(Path(path)) == kind


def test_a_network_file_system_is_warned_of_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There a shared journal warns, and one that somebody wants alone is refused."""
    (tmp_path / "mountinfo").write_text(f"1 0 0:1 / {tmp_path} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(sqlite_file, "MOUNTS", tmp_path / "mountinfo")
    with pytest.warns(weryai.WeryAIWarning, match="network file system"):
        Journal(tmp_path / "journal.db").close()
    with pytest.raises(JournalError, match="network file system"):
        Journal(tmp_path / "journal.db", exclusive=True)


def test_a_file_system_without_locks_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no file can be locked, nobody is said to use the journal."""

    def no_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(JournalError, match="No locks available") as caught:
        Journal(tmp_path / "journal.db")
    assert "in use" not in str(caught.value)


def test_the_name_of_a_journal_is_told_short_and_printable(tmp_path: Path) -> None:
    """Of a name that no terminal shows, or that is long, a message has what can be read, and 200 characters of it."""
    (tmp_path / "file").touch()
    for name in ("\ud800.db", "file/a\n\x1b[2J.db", "long/" * 500):
        with pytest.raises(JournalError) as caught:
            Journal(tmp_path / name)
        assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("window", [-1, float("nan"), "5", True, None])
def test_a_window_is_a_number_of_seconds(tmp_path: Path, window: Any) -> None:
    """What is no number of seconds is refused before a file is made."""
    with pytest.raises(ConfigurationError, match="window"):
        Journal(tmp_path / "journal.db", window=window)
    with pytest.raises(ConfigurationError, match="a path"):
        Journal(7)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []

"""A journal of schema 1, as the version before left it: upgraded in one step, and finished with nothing twice."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import STATUS, SUBMIT, accepted, looked
from fakes.faces import Face
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from weryai import DuplicateRequestError, Journal, JournalError
from weryai._journal import journal

SAMPLE = Path(__file__).parent.parent / "samples" / "journal-1.db"
SHIPPED = {"video_number": 1, "generate_audio": False}


@pytest.fixture
def older(tmp_path: Path, faulty_server: FaultyServer) -> Path:
    """The journal that the older version left, of orders at this test's service, which is called by another name."""
    path = Path(shutil.copy(SAMPLE, tmp_path / "journal.db"))
    with closing(sqlite3.connect(path)) as db, db:
        spelled = faulty_server.url.replace("127.0.0.1", "localhost")
        db.execute("update orders set base_url = ? where base_url like '%localhost%'", (f"{spelled}/",))
    return path


def facts(path: Path) -> list[Any]:
    """What no upgrade may change of the orders and tasks."""
    with closing(sqlite3.connect(path)) as db:
        columns = "id, state, request, body, output, key, batch_id, submits, reason, owner_pid, created, began"
        return [db.execute(f"select {columns} from orders").fetchall(), db.execute("select * from tasks").fetchall()]


def columns(path: Path) -> dict[str, set[str]]:
    """The columns of every table, and the indices."""
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        found = {name: {row[1] for row in db.execute(f"pragma table_info({name})")} for name in names}
        found["indices"] = {row[0] for row in db.execute("select name from sqlite_master where type = 'index'")}
        return found


def test_an_upgraded_journal_has_what_a_new_one_has(older: Path, tmp_path: Path) -> None:
    """Tables, columns and indices are those of a new one, and each order and task is as it was."""
    before = facts(older)
    for path in (older, tmp_path / "new.db"):
        Journal(path).close()
    assert columns(older) == columns(tmp_path / "new.db")
    assert facts(older) == before
    assert rows(older, "id, image is not null, order_key") == [(row, row == 8, None) for row in range(1, 10)]


def test_an_upgrade_is_made_as_a_whole_or_not_at_all(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something goes wrong on the way the file stays what it was, and the next start upgrades it."""

    def broken(*_: Any) -> Any:
        raise sqlite3.OperationalError("the disk is full")

    before = columns(older)
    with monkeypatch.context() as patched:
        patched.setattr(journal, "fingerprint_of", broken)
        with pytest.raises(JournalError, match="the disk is full"):
            Journal(older)
    assert columns(older) == before
    Journal(older).close()
    assert columns(older) != before


def test_the_orders_of_an_older_journal_are_finished(
    face: Face, faulty_server: FaultyServer, older: Path, tmp_path: Path
) -> None:
    """What is paid for is fetched, what is open or unknown is refused as long as it was not settled: 0 twice."""
    for task in ("task_one", "task_local", "task_local_2"):
        faulty_server.default("GET", STATUS.replace("task_abc123", task), looked("succeed"))
    faulty_server.default("POST", SUBMIT, accepted("task_new"))

    def order(prompt: str, **options: Any) -> Any:
        def work(client: Any) -> Any:
            return client.image_to_video.submit("https://example.com/reference.jpg", prompt=prompt, **options)

        return face.run(work, faulty_server.url, journal=older)

    # Long ago another process of another machine had it open: nobody works on it any more.
    listed = face.run(lambda client: client.orders.list(), faulty_server.url, journal=older)
    assert {order.row: str(order.state) for order in listed} == {
        1: "submitted", 2: "done", 3: "ambiguous", 4: "ambiguous", 5: "failed", 6: "ambiguous", 7: "failed",
        8: "submitted",
    }  # fmt: skip
    taken = face.run(lambda client: client.orders.claim(everything=True), faulty_server.url, journal=older)
    assert [order.going for order in taken] == [("task_one",), ("task_local", "task_local_2")]
    # Spelled out or not, by any name of the service: what may be paid for is not ordered again.
    for prompt in ("ambiguous", "named", "open"):
        for options in ({}, SHIPPED):
            with pytest.raises(DuplicateRequestError):
                order(prompt, **options)
    assert faulty_server.posts() == []
    for prompt in ("refused", "queued", "done"):
        order(prompt)
    assert len(faulty_server.posts()) == 3


def test_an_order_of_the_last_minutes_is_refused_after_an_upgrade(
    face: Face, faulty_server: FaultyServer, older: Path
) -> None:
    """What the older version placed a moment ago is the same order for this one, defaults spelled out or not."""
    with closing(sqlite3.connect(older)) as db, db:
        db.execute("update orders set began = unixepoch() - 5")
    for options in ({}, SHIPPED):
        with pytest.raises(DuplicateRequestError, match="task_one"):
            face.run(
                lambda client, options=options: client.image_to_video.submit(
                    "https://example.com/reference.jpg", prompt="one", **options
                ),
                faulty_server.url,
                journal=older,
            )
    assert faulty_server.posts() == []


def test_a_newer_journal_is_refused_and_left_alone(older: Path) -> None:
    """A file of a version to come is neither read nor changed."""
    with closing(sqlite3.connect(older)) as db, db:
        db.execute(f"pragma user_version = {journal.SCHEMA + 1}")
    before = older.read_bytes()
    with pytest.raises(weryai.JournalError, match="newer weryai"):
        Journal(older)
    assert older.read_bytes() == before

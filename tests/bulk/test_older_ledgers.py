"""Ledgers of schema 1, in a file and in PostgreSQL: brought up to date in one step, and finished with nothing twice."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fakes.bulks import FAST, QUICK, go, picture, rows
from fakes.ledgers import Filling, alter
from fakes.pictures import JPEG
from fakes.surroundings import JOURNEY_KEY
from weryai import JournalError, WeryAI, bulk
from weryai.bulk import PostgresLedger
from weryai.bulk._ledger import queries
from weryai.bulk._ledger import transitions as schema
from weryai.bulk._ledger.queries import looking
from weryai.bulk._ledger.transitions import claim_name, digest_of
from weryai.emulator import Emulator

SAMPLES = Path(__file__).parent.parent / "samples"
PAID = ("task-2", "task-10")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file that the older version left."""
    return Path(shutil.copy(SAMPLES / "ledger-1.db", tmp_path / "run.db"))


@pytest.fixture
def tables(database: str) -> str:
    """The database that the older version left."""
    with psycopg.connect(database) as db:
        db.execute((SAMPLES / "ledger-1.sql").read_bytes())
    return database


def told(db: Any) -> tuple[Any, ...]:
    """What a ledger says of its jobs and its run."""
    jobs = [(job.key, str(job.state), job.image, job.task_id, job.submits) for job in queries.every(db)]
    return jobs, queries.facts(db)


def columns(db: Any) -> dict[str, set[str]]:
    """The columns of every table of a file."""
    names = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
    return {name: {row[1] for row in db.execute(f"pragma table_info({name})")} for name in names}


def test_an_upgraded_file_has_what_a_new_one_has(file: Path, tmp_path: Path) -> None:
    """The tables have the same columns, and every job, key, task and figure is as it was."""
    with closing(sqlite3.connect(file)) as db:
        before = db.execute("select key, state, image, task_id, submits from jobs order by id").fetchall()
    with bulk.Ledger(file, trust_copy=True) as older, bulk.Ledger(tmp_path / "new.db") as new:
        assert older.write(columns).result() == new.write(columns).result()
        jobs, facts = older.write(told).result()
    # What was open when the process ended is ambiguous, as ever.
    assert jobs == [(row[0], "ambiguous" if row[1] == "submitting" else row[1], *row[2:]) for row in before]
    assert (facts.submits, facts.budget_tasks) == (8, 100)
    assert rows(file, "is_keyed") == [1] * 6 + [0] * 5


def test_an_upgrade_is_made_as_a_whole_or_not_at_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something goes wrong on the way the file stays what it was, and the next start upgrades it."""

    def broken(_db: Any) -> None:
        raise sqlite3.OperationalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "redigest", broken)
        with pytest.raises(JournalError, match="the disk is full"):
            bulk.Ledger(file, trust_copy=True)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("pragma user_version").fetchone() == (1,)
        assert "picture" in columns(db)["jobs"]
    bulk.Ledger(file, trust_copy=True).close()


def test_looking_at_an_older_file_changes_nothing(file: Path, tmp_path: Path) -> None:
    """Status, export and report tell of it as if it were upgraded, and leave every byte as it is."""
    before = file.read_bytes()
    assert bulk.status(file).jobs == 11
    assert bulk.export(file, tmp_path / "jobs.csv") == 11
    assert bulk.report(file, tmp_path / "report.html").stat().st_size > 10_000
    with looking(file) as db:
        assert queries.facts(db).submits == 8
    assert file.read_bytes() == before


def ordered(emulator: Emulator, replace: Callable[[str, str], None]) -> None:
    """Let the tasks that the older version paid for be tasks of this emulator."""
    with WeryAI(JOURNEY_KEY, base_url=emulator.url) as client:
        for number, name in enumerate(PAID):
            replace(name, client.image_to_video.submit(picture(900 + number), prompt="The sea moves").task_ids[0])


def test_a_file_of_the_older_version_is_finished(file: Path, tmp_path: Path, emulator: Emulator) -> None:
    """What is paid for is fetched, what is queued is bought once, what is open or ambiguous is bought no more."""
    ordered(emulator, lambda old, new: alter(file, "update jobs set task_id = ? where task_id = ?", new, old))
    photo = shutil.copy(SAMPLES / "photos" / "smile.jpg", tmp_path)
    alter(file, "update jobs set image = ? where image like '%/smile.jpg'", str(photo))
    with bulk.Ledger(file, trust_copy=True) as ledger:
        outcome = go(ledger, emulator.url, tmp_path)
    assert rows(file) == ["done"] * 3 + ["ambiguous"] * 2 + ["failed"] + ["done"] * 5
    assert (outcome.submits, len(emulator.ledger)) == (8 + 3, len(PAID) + 3)


def test_a_database_of_the_older_version_is_finished(tables: str, tmp_path: Path, emulator: Emulator) -> None:
    """The same for the workers of a database; the try of a worker that is gone is ambiguous."""

    def replace(old: str, new: str) -> None:
        with psycopg.connect(tables) as db:
            db.execute("update weryai.jobs set task_id = %s where task_id = %s", (new, old))

    ordered(emulator, replace)
    photo = shutil.copy(SAMPLES / "photos" / "smile.jpg", tmp_path)
    with pytest.raises(JournalError, match="older weryai"):
        bulk.status(tables)
    with PostgresLedger(tables) as ledger:
        write = ledger.write
        write(
            lambda db: db.execute("update jobs set image = ? where image like '%%/smile.jpg'", (str(photo),))
        ).result()
        bulk.work(ledger, output=tmp_path / "videos", api_key=JOURNEY_KEY, base_url=emulator.url, until_done=True,
                  patience=QUICK, limits=bulk.Limits(**FAST), polls_per_second=1000.0)  # fmt: skip
        found = write(lambda db: [str(job.state) for job in queries.every(db)]).result()
    assert found == ["done"] * 3 + ["ambiguous"] * 2 + ["failed"] + ["done"] * 5
    assert len(emulator.ledger) == len(PAID) + 3


def test_a_database_is_not_upgraded_under_workers(tables: str) -> None:
    """While a worker of the older version lives, the newer one touches nothing; when it is gone, it upgrades."""
    with psycopg.connect(tables, autocommit=True) as db:
        db.execute("create schema weryai_queue")
        db.execute("create table weryai_queue.procrastinate_workers (id bigint, last_heartbeat timestamptz)")
        db.execute("insert into weryai_queue.procrastinate_workers values (1, now())")
        with pytest.raises(JournalError, match="workers of an older weryai are at work"):
            PostgresLedger(tables)
        assert db.execute("select value from weryai.about where name = 'schema'").fetchone() == ("1",)
        db.execute("delete from weryai_queue.procrastinate_workers")
        PostgresLedger(tables).close()
        assert db.execute("select value from weryai.about where name = 'schema'").fetchone() == ("2",)


def test_names_are_claimed_once(tmp_path: Path) -> None:
    """A name that is another job's is refused, in other letters and composed otherwise as well; one's own is not."""
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        claims = [(1, "Café.mp4"), (2, "CAFÉ.mp4"), (2, "cafe\u0301.mp4"), (1, "Café.mp4"), (2, "cafe.mp4")]
        got = [ledger.write(lambda db, row=row, name=name: claim_name(db, row, name)).result() for row, name in claims]
    assert got == [True, False, False, True, True]


def moved(folder: Path) -> Path:
    """The manifest that the older version loaded, elsewhere, with URLs that are signed anew and images copied there."""
    signed = "https://pictures.example/{0}.jpg?v={0}&X-Amz-Date=20260101T000000Z&X-Amz-Signature=ff00"
    (folder / "photos").mkdir()
    for name in ("portrait", "flag", "smile"):
        shutil.copyfile(SAMPLES / "photos" / f"{name}.jpg", folder / "photos" / f"{name}.jpg")
    names = ("done", "paid", "queued", "open", "ambiguous", "failed")
    lines = [f"job-{name},https://pictures.example/{number}.jpg" for number, name in enumerate(names, 1)]
    lines += [f",{signed.format(7)}", f",{signed.format(8)}"]
    lines += [f",photos/{name}.jpg" for name in ("portrait", "flag", "smile")]
    (folder / "jobs.csv").write_text("key,image,prompt\n" + "".join(f"{line},The sea moves\n" for line in lines))
    return folder / "jobs.csv"


@pytest.mark.parametrize("kind", ["file", "tables"])
def test_what_the_older_version_paid_for_is_known_elsewhere(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Moved, and signed anew, every job of schema 1 that was sent is the same job; what was not is bought once."""
    place = request.getfixturevalue(kind)
    with bulk.Ledger(place, trust_copy=True) if kind == "file" else PostgresLedger(place) as ledger:
        loaded = bulk.load_manifest(ledger, moved(tmp_path), {})
        # The one that was never sent has left no trace of its content, and waits beside the new one for good.
        assert (loaded.new, loaded.known, loaded.not_in_manifest) == (1, 10, 1)
        query = f"select image from jobs where {queries.TO_SUBMIT} order by line"
        found = ledger.write(lambda db: [row["image"] for row in db.execute(query).fetchall()]).result()
    assert [image.rpartition("/")[2].partition("?")[0] for image in found] == ["3.jpg", "8.jpg", "smile.jpg"]
    assert found[1].endswith("X-Amz-Signature=ff00")


def test_another_image_of_the_same_name_is_another_job(file: Path, tmp_path: Path) -> None:
    """Schema 1 noted all that was uploaded: a file with the name of one that was paid for has to be among that."""
    source = moved(tmp_path)
    shutil.copyfile(SAMPLES / "photos" / "suit.jpg", tmp_path / "photos" / "portrait.jpg")
    with bulk.Ledger(file, trust_copy=True) as ledger:
        loaded = bulk.load_manifest(ledger, source, {})
    assert (loaded.new, loaded.known) == (2, 9)


@pytest.mark.parametrize("key", [None, "one", " one\t"], ids=["no key", "key", "key with blanks"])
@pytest.mark.parametrize("is_local", [True, False], ids=["file", "URL"])
def test_blanks_that_an_older_version_kept_buy_nothing_again(tmp_path: Path, key: str | None, is_local: bool) -> None:
    """A job whose prompt or key had blanks at its ends is the same job, now that cells are stripped: it is paid for."""
    image = str(tmp_path / "sea.jpg") if is_local else "https://pictures.example/sea.jpg"
    (tmp_path / "sea.jpg").write_bytes(JPEG)
    file = (tmp_path / "sea.jpg").stat()
    path = tmp_path / "run.db"
    table = tmp_path / "jobs.jsonl"
    told = {"prompt": "The sea\nmoves", "negative_prompt": "people", "aspect_ratio": "9:16", "duration": 5}
    older = {**told, "prompt": " The sea\nmoves\u00a0", "negative_prompt": "people\n", "model": "WERYAI_VIDEO_1_0"}
    kept = bulk.NewJob(image, older).kept_parameters()
    with Filling(path) as filling:
        filling.job(key or digest_of(image, kept)[:16], "done", image=image, **older)
    alter(path, "update jobs set is_keyed = ?, load = 0", int(key is not None))
    if is_local:
        alter(path, "update jobs set image_size = ?, image_mtime = ?", file.st_size, file.st_mtime_ns)
    table.write_text(json.dumps({"image": image, **({"key": key} if key else {}), **told}))
    for _ in range(2):
        with bulk.Ledger(path) as ledger:
            loaded = bulk.load_manifest(ledger, table, {})
        assert (loaded.new, loaded.known, loaded.not_in_manifest) == (0, 1, 0)
    assert rows(path, "state, submits") == [("done", 1)]

"""`weryai bulk` as a user runs it: what it prints, its exit codes, and what it says of mistakes."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from fakes.bulks import AT_ONCE, manifest, rows, states
from fakes.commands import Ended, weryai_command, weryai_here
from fakes.surroundings import JOURNEY_KEY
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
RUN = ("--interval", "0.02", *AT_ONCE)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose tasks end almost at once."""
    with Emulator(video="fixed", waiting=0.02, processing=0.02, key=JOURNEY_KEY) as running:
        yield running


def bulk(folder: Path, *arguments: str, url: str | None = None, code: int = 0) -> Ended:
    """Run one command, which must end as expected."""
    ended = weryai_command("bulk", *arguments, base_url=url, key=JOURNEY_KEY, folder=folder)
    assert ended.code == code, (ended.output, ended.errors)
    assert "Traceback" not in ended.errors
    return ended


def test_a_whole_story(emulator: Emulator, tmp_path: Path) -> None:
    """Plan, run, status, retry, run, resolve, export and report of one manifest, with one failure and one doubt."""
    # The first task fails as well, which nobody hears of: its answer is cut.
    emulator.order("fail-copyright", 2)
    emulator.order("cut-reply", at="submit")
    manifest(tmp_path / "jobs.csv", range(5))

    planned = bulk(tmp_path, "plan", "jobs.csv")
    assert "5 tasks to buy, an unknown number of credits" in planned.output and list(emulator.exchanges) == []

    ran = bulk(tmp_path, "run", "jobs.csv", *RUN, url=emulator.url, code=3)
    events = [json.loads(line) for line in ran.output.splitlines()]
    assert {"done", "failed", "ambiguous", "submitted", "ended"} == {event["event"] for event in events}
    assert events[-1]["done"] == 3 and events[-1]["submits"] == 5
    assert "5 new jobs, 0 known" in ran.errors and "what is ambiguous may have been billed" in ran.errors
    told = ran.errors.splitlines()
    assert "weryai: the videos are in jobs.csv.videos" in told
    assert "weryai: failed, 1: task failed: Copyright restrictions" in ran.errors
    assert "weryai: `weryai bulk retry jobs.csv.ledger.db --failed` puts the failed back" in told
    assert told[-1] == "weryai: `weryai bulk report jobs.csv.ledger.db --open` shows it all"
    assert JOURNEY_KEY not in ran.output + ran.errors

    told = bulk(tmp_path, "status", "jobs.csv.ledger.db").output
    for words in ("3  done", "1  failed", "1  ambiguous", "5 tasks", "Copyright restrictions", "KEY adopt TASK_ID"):
        assert words in told
    counted = json.loads(bulk(tmp_path, "status", "jobs.csv.ledger.db", "--json").output)
    assert counted["counts"] == {
        "queued": 0, "submitting": 0, "submitted": 0, "done": 3, "failed": 1, "ambiguous": 1
    }  # fmt: skip

    assert "1 task back in the queue" in bulk(tmp_path, "retry", "jobs.csv.ledger.db", "--failed").output
    bulk(tmp_path, "run", "jobs.csv.ledger.db", *RUN, url=emulator.url, code=3)
    (doubtful,) = counted["ambiguous"]
    bulk(tmp_path, "resolve", "jobs.csv.ledger.db", doubtful["key"], "resubmit")
    done = bulk(tmp_path, "run", "jobs.csv", *RUN, url=emulator.url)
    assert states(tmp_path / "jobs.csv.ledger.db") == {"done": 5}
    assert "5 done; 7 tasks paid for" in done.errors
    assert sum(row.orders for row in emulator.ledger) == 7

    bulk(tmp_path, "export", "jobs.csv.ledger.db", "-o", "all.csv")
    bulk(tmp_path, "export", "jobs.csv.ledger.db", "-o", "all.parquet")
    printed = bulk(tmp_path, "export", "jobs.csv.ledger.db", "-o", "-", "--format", "jsonl").output
    records = [json.loads(line) for line in printed.splitlines()]
    with (tmp_path / "all.csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    tables = parquet.read_table(tmp_path / "all.parquet").to_pylist()
    assert [record["sha256"] for record in records] == rows(tmp_path / "jobs.csv.ledger.db", "sha256")
    assert [record["key"] for record in records] == [row["key"] for row in tables] == [row["key"] for row in texts]

    page = bulk(tmp_path, "report", "jobs.csv.ledger.db").last_line
    assert page == str(tmp_path / "jobs.csv.ledger.html") and "job-4" in Path(page).read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("plan", "nothing.csv"), "there is no file or folder nothing.csv"),
        (("run", "nothing.db"), "there is no ledger at nothing.db"),
        (("status", "nothing.db"), "there is no ledger at"),
        (("export", "nothing.db", "-o", "x.csv"), "there is no ledger at"),
        (("report", "nothing.db"), "there is no ledger at"),
        (("retry", "nothing.db", "--failed"), "there is no ledger at"),
        (("resolve", "nothing.db", "abandon"), "say adopt TASK_ID"),
        (("resolve", "nothing.db", "k", "adopt"), "adopt needs the TASK_ID"),
        (("resolve", "nothing.db", "--all", "adopt", "t"), "adopt is for one job"),
        (("resolve", "nothing.db", "k", "abandon"), "there is no ledger at"),
        (("run", "jobs.csv", "--budget", "many"), "--budget is a number of tasks"),
        (("run", "jobs.csv", "--in-flight", "0"), "--in-flight 1 to 100,000"),
        (("run", "jobs.csv", "--open-posts", "-3", "--shard", "1/2"), "--open-posts must be 1 to 100"),
        (("run", "jobs.csv", "--budget", "5cr"), "2 queued jobs have no price"),
        (("run", "jobs.csv", "--shard", "3/2"), "--shard is I/K"),
        (("run", "jobs.csv", "--rate", "0"), "rate must be more than 0"),
        (("run", "jobs.csv", "--name", "v.mp4"), "same for many jobs"),
        (("run", "jobs.csv", "-o", "jobs.csv/x"), "jobs.csv/x cannot take videos"),
        (("run", "jobs.csv", "-d", "five"), "'five'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """A wrong file, option or word ends with 2 and says what is wrong, before anything is sent."""
    manifest(tmp_path / "jobs.csv", range(2))
    ended = weryai_here("bulk", *arguments, base_url="http://127.0.0.1:9", key=JOURNEY_KEY, folder=tmp_path)
    assert ended.code == 2 and told in ended.errors, ended
    assert ended.output == "" and "Traceback" not in ended.errors


def test_a_page_ends_with_5_and_the_next_run_fetches_the_video(emulator: Emulator, tmp_path: Path) -> None:
    """A video that is there and could not be fetched is no failure of the job: exit code 5, then 0, paid for once."""
    manifest(tmp_path / "jobs.csv", range(1))
    emulator.order("html-page", times=3, at="download")
    bulk(tmp_path, "run", "jobs.csv", *RUN, url=emulator.url, code=5)
    bulk(tmp_path, "run", "jobs.csv", *RUN, url=emulator.url)
    found = {path.name for path in (tmp_path / "jobs.csv.videos").iterdir()}
    assert (found, [row.orders for row in emulator.ledger]) == ({"job-0.html", "job-0.mp4"}, [1])


def test_shards_make_every_video_once(emulator: Emulator, tmp_path: Path) -> None:
    """Three shards, each with a ledger of its own name, make all videos, each once."""
    manifest(tmp_path / "jobs.csv", range(9))
    for index in (1, 2, 3):
        bulk(tmp_path, "run", "jobs.csv", *RUN, "--shard", f"{index}/3", url=emulator.url)
    assert len(list(tmp_path.glob("jobs.csv.shard-*-of-3.ledger.db"))) == 3
    assert [row.orders for row in emulator.ledger] == [1] * 9
    assert len(list(tmp_path.glob("jobs.csv.shard-*-of-3.videos/*.mp4"))) == 9


def test_an_export_appears_whole_or_not_at_all(emulator: Emulator, tmp_path: Path) -> None:
    """Where the folder is missing nothing is written, and the message says so."""
    manifest(tmp_path / "jobs.csv", range(1))
    bulk(tmp_path, "run", "jobs.csv", *RUN, url=emulator.url)
    ended = bulk(tmp_path, "export", "jobs.csv.ledger.db", "-o", "missing/x.csv", code=2)
    assert "cannot be written" in ended.errors
    ended = bulk(tmp_path, "export", "jobs.csv.ledger.db", "-o", "x.xlsx", code=2)
    assert ".csv, .jsonl, .ndjson, .parquet" in ended.errors
    assert not list(tmp_path.glob("*.part"))


def test_a_run_under_way_can_be_looked_at_and_not_changed(emulator: Emulator, tmp_path: Path) -> None:
    """Status, export and report work while a run holds the ledger; retry and resolve are refused."""
    from weryai import bulk as library

    manifest(tmp_path / "jobs.csv", range(2))
    with library.Ledger(tmp_path / "run.db") as ledger:
        library.load_manifest(ledger, tmp_path / "jobs.csv", {})
        assert "2  queued" in bulk(tmp_path, "status", "run.db").output
        bulk(tmp_path, "report", "run.db")
        for arguments in (("retry", "run.db", "--failed"), ("resolve", "run.db", "job-0", "abandon")):
            assert "is in use" in bulk(tmp_path, *arguments, code=2).errors

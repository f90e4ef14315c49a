"""An export has all that a ledger knows, to the letter, in three formats that say the same, and appears whole."""

import csv
import io
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from fakes.ledgers import Filling, alter
from weryai import ConfigurationError, bulk
from weryai.bulk._results.export import COLUMNS
from weryai.cli import run

STRANGE = 'a "quoted", comma;\nsecond line\t=1+1 \u202e ж 视频 \ud83d\ude00'.encode("utf-16", "surrogatepass").decode(
    "utf-16"
)
WHOLE = {"duration", "submits", "size", "line", "caller_id"}
NUMBERS = {"credits"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A closed ledger with a job in every state, one strange, one with parameters of a later contract."""
    with Filling(tmp_path / "run.db") as filling:
        filling.one_of_each()
        filling.job("strange", image=STRANGE, negative_prompt=STRANGE, duration=5, generate_audio=True)
        filling.job("=cmd", duration=10, generate_audio=False, later={"deep": [1, None]}, also=1.5, video=STRANGE)
    alter(filling.path, "update jobs set created = 1700000000.1239 where key = 'strange'")
    return filling.path


def test_three_formats_say_the_same(ledger: Path, tmp_path: Path) -> None:
    """Read back, CSV, JSON Lines and Parquet hold the same rows, with the types that each has."""
    for name in ("all.csv", "all.jsonl", "all.parquet"):
        assert bulk.export(ledger, tmp_path / name) == 8
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        texts = [{name: _typed(name, cell) for name, cell in row.items() if cell != ""} for row in csv.DictReader(file)]
    objects = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text("utf-8").split("\n")[:-1]]
    table = parquet.read_table(tmp_path / "all.parquet")
    rows = [
        {name: _plain(name, value) for name, value in row.items() if value is not None} for row in table.to_pylist()
    ]
    assert tuple(table.column_names) == COLUMNS
    assert texts == objects == rows
    assert str(table.schema.field("ended").type) == "timestamp[ms, tz=UTC]"


def test_every_value_has_its_column(ledger: Path, tmp_path: Path) -> None:
    """A column for each parameter, state, task, price, time, file; what the contract does not know is kept together."""
    bulk.export(ledger, tmp_path / "all.jsonl")
    rows = {row["key"]: row for row in map(json.loads, (tmp_path / "all.jsonl").read_text("utf-8").splitlines())}
    strange, done = rows["strange"], rows["done"]
    assert (strange["image"], strange["negative_prompt"], strange["duration"]) == (STRANGE, STRANGE, 5)
    assert strange["generate_audio"] is True and strange["created"] == "2023-11-14T22:13:20.124Z"
    assert rows["=cmd"]["other_parameters"] == {"also": 1.5, "later": {"deep": [1, None]}}
    assert (done["state"], done["task_id"], done["credits"], done["size"]) == ("done", "task_4", 20.0, 1_234)
    assert done["sha256"] == "ab" * 32 and done["path"] == "video.mp4"
    assert (rows["failed"]["reason"], rows["failed"]["kind"]) == ("Copyright restrictions", "task failed")
    assert "ended" not in rows["queued"] and "ended" in rows["failed"]
    assert list(rows) == [*bulk.status(ledger).counts, "strange", "=cmd"]


def test_pages_leave_nothing_out(tmp_path: Path) -> None:
    """More rows than a page, and than a batch of Parquet, come once each and in order, while a run goes on."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("first")
        many = 20_500
        filling.ledger.write(
            lambda db: (
                db.executemany(
                    "insert into jobs (key, image, parameters, digest, line, load, created, changed) "
                    "values (?, 'i', '{}', 'd', ?, 1, 1, 1)",
                    [(f"job-{number}", number) for number in range(2, many + 1)],
                ).rowcount
            )
        ).result()
        assert bulk.export(filling.ledger, tmp_path / "all.parquet") == many
        assert bulk.export(filling.ledger, tmp_path / "all.csv") == many
    assert parquet.read_table(tmp_path / "all.parquet")["line"].to_pylist() == list(range(1, many + 1))
    with (tmp_path / "all.csv").open(newline="") as file:
        assert [int(row["line"]) for row in csv.DictReader(file)] == list(range(1, many + 1))


def test_an_export_appears_in_one_step(ledger: Path, tmp_path: Path) -> None:
    """What has the name stays until the new file is whole; after a failure nothing is left beside it."""
    target = tmp_path / "out" / "all.csv"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        bulk.export(ledger, target)
    target.parent.mkdir()
    target.write_text("the old one")
    alter(ledger, "update jobs set parameters = 'no JSON' where key = 'strange'")
    with pytest.raises(ValueError, match="Expecting value"):
        bulk.export(ledger, target)
    with pytest.raises(ConfigurationError, match="a folder"):
        bulk.export(ledger, target.parent, format="csv")
    assert target.read_text() == "the old one"
    assert [one.name for one in target.parent.iterdir()] == ["all.csv"]


def test_the_ledger_is_never_overwritten(ledger: Path) -> None:
    """To name the ledger, also by another name of the same file, as the target is refused."""
    before = ledger.read_bytes()
    other = ledger.with_name("all.csv")
    other.symlink_to(ledger)
    for target in (ledger, other):
        with pytest.raises(ConfigurationError, match="the ledger itself"):
            bulk.export(ledger, target, format="csv")
        with pytest.raises(ConfigurationError, match="the ledger itself"):
            bulk.report(ledger, target)
    assert ledger.read_bytes() == before


def test_the_command_prints_or_writes(ledger: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """`-o -` prints CSV or JSON Lines and nothing else; a file is told on standard error with its number of jobs."""
    for chosen in ("csv", "jsonl"):
        bulk.export(ledger, tmp_path / f"all.{chosen}")
        assert run(["bulk", "export", str(ledger), "-o", "-", "--format", chosen]) == 0
        sys.stdout.flush()
        assert capfdbinary.readouterr().out == (tmp_path / f"all.{chosen}").read_bytes()
    assert run(["bulk", "export", str(ledger), "-o", str(tmp_path / "new.PARQUET")]) == 0
    assert b"8 jobs written to" in capfdbinary.readouterr().err
    for wrong, words in ((["-o", "all.xlsx"], b"let it end in"), (["-o", "-", "--format", "parquet"], b"into a file")):
        assert run(["bulk", "export", str(ledger), *wrong]) == 2
        assert words in capfdbinary.readouterr().err


def test_parquet_without_pyarrow_is_one_sentence(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed the extra is told what to install, and the other formats work."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="pip install pyarrow"):
        bulk.export(ledger, io.BytesIO(), format="parquet")
    assert bulk.export(ledger, io.BytesIO(), format="csv") == 8


def _typed(name: str, cell: str) -> Any:
    """A cell of a CSV as what its column holds."""
    if name in WHOLE:
        return int(cell)
    if name in NUMBERS:
        return float(cell)
    if name == "generate_audio" or name == "other_parameters":
        return json.loads(cell)
    return cell


def _plain(name: str, value: Any) -> Any:
    """A value of Parquet as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.loads(value) if name == "other_parameters" else value


def test_a_long_name_is_counted_in_bytes(ledger: Path, tmp_path: Path) -> None:
    """A name that just fits is written, its hidden part as well; one that does not is a clear message, not a crash."""
    fits = tmp_path / ("猫" * 80 + ".csv")
    assert bulk.export(ledger, fits) == 8 and fits.is_file()
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        bulk.export(ledger, tmp_path / ("猫" * 5000 + ".csv"))
    assert len(str(caught.value)) < 400


def test_a_device_stays_one_and_a_link_as_well(ledger: Path, tmp_path: Path) -> None:
    """What is no plain file, such as /dev/null, gets what is written; behind a link the file is replaced."""
    pipe, link = tmp_path / "pipe.csv", tmp_path / "link.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert bulk.export(ledger, pipe) == 8
        assert os.read(reader, 10) == b"key,state," and pipe.is_fifo()
    finally:
        os.close(reader)
    link.symlink_to("all.csv")
    assert bulk.export(ledger, link) == 8 and bulk.export(ledger, link) == 8
    assert link.is_symlink() and (tmp_path / "all.csv").read_text("utf-8").count("key,state,") == 1


@pytest.mark.parametrize("target", [io.StringIO(), 5, b"out.csv", None])
def test_what_no_bytes_can_be_written_to_is_told(ledger: Path, target: Any) -> None:
    """A file that is open for text, or no file at all, is named with what is wanted."""
    with pytest.raises(ConfigurationError, match=f"an open binary file, not {type(target).__name__}"):
        bulk.export(ledger, target)

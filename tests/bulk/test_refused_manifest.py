"""What a manifest that is refused leaves behind: nothing new, and all that was there."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes.pictures import png
from weryai import WeryAIError, bulk
from weryai.cli import run

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a picture, a text, and a table that is wrong."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WERYAI_API_KEY", "sk-0123456789abcdef")
    monkeypatch.delenv("WERYAI_DATABASE", raising=False)
    (tmp_path / "photo.png").write_bytes(png())
    (tmp_path / "notes.txt").write_text("no table")
    (tmp_path / "wrong.csv").write_text("image\nmissing.png\n")
    return tmp_path


def found(folder: Path) -> set[str]:
    """Every file and folder below."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"], ["nope.csv"], ["photo.png"], ["notes.txt"], ["wrong.csv"], ["away/further/jobs.csv"],
        ["wrong.csv", "--ledger", "new/one.db"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_refused_manifest_leaves_no_new_ledger(folder: Path, arguments: list[str]) -> None:
    """Neither the ledger, nor its lock and starts, nor a folder that was made for them."""
    before = found(folder)
    assert run(["bulk", "run", *arguments, "-p", "x"]) == 2
    assert found(folder) == before


def test_a_refusal_in_python_leaves_no_new_ledger(folder: Path) -> None:
    """Neither by itself, nor of what is no table or is not there; one that is loaded well after it stays."""
    before = found(folder)
    for manifest, place in (("wrong.csv", "one.db"), ("nope.csv", "new/two.db"), ("photo.png", "three.db")):
        with pytest.raises(WeryAIError), bulk.Ledger(place) as ledger:
            bulk.load_manifest(ledger, manifest, {"prompt": "x"})
    assert found(folder) == before
    with bulk.Ledger("well.db") as ledger:
        with pytest.raises(bulk.ManifestError):
            bulk.load_manifest(ledger, "wrong.csv", {"prompt": "x"})
        bulk.load_manifest(ledger, folder, {"prompt": "x"})
    assert "well.db" in found(folder)


def test_a_ledger_that_was_there_stays(folder: Path) -> None:
    """Whether it has a job or none yet; so does a new one that has jobs by the time it is closed."""
    with bulk.Ledger("empty.db"):
        pass
    with bulk.Ledger("full.db") as ledger:
        ledger.is_kept = False
        bulk.load_manifest(ledger, folder, {"prompt": "x"})
    before = found(folder)
    assert {"empty.db", "empty.db.starts", "full.db", "full.db.lock"} <= before
    for name in ("empty.db", "full.db"):
        assert run(["bulk", "run", "wrong.csv", "-p", "x", "--ledger", name]) == 2
    assert found(folder) == before
    with closing(sqlite3.connect("full.db")) as db:
        assert db.execute("select count(*) from jobs").fetchone() == (1,)


def test_other_parameters_of_a_folder_name_the_ways_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of a folder has no key to change: its name is another, or the ledger is, by the option."""
    with bulk.Ledger(f"{folder}.ledger.db") as ledger:
        bulk.load_manifest(ledger, folder, {"prompt": "x"})
    with closing(sqlite3.connect(f"{folder}.ledger.db")) as db, db:
        db.execute("update jobs set state = 'submitted', task_id = 't1'")
    assert run(["bulk", "run", os.fspath(folder), "-p", "other"]) == 2
    told = capsys.readouterr().err
    assert "give it another name, or use another ledger, such as --ledger other.db" in told

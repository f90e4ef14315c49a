"""The command line always keeps a journal when it pays, says where, and never fails at free work because of it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes.journals import rows
from weryai import Journal
from weryai._journal.journal import WINDOW
from weryai.cli import run
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore:video_number=2")]
SUBMIT = ["submit", "photo.png", "-p", "wave"]


@pytest.mark.parametrize("command", [SUBMIT, ["generate", *SUBMIT[1:]]], ids=["submit", "generate"])
def test_no_place_for_a_journal_is_a_refusal(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Where no journal can be written nothing is paid, and the line says both ways out; `--no-journal` is one."""
    journal.parent.write_text("a file, no folder")
    before = len(serving.requests)
    assert run(command) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and "Nothing was sent" in errors[0]
    assert "--no-journal" in errors[0] and "WERYAI_JOURNAL" in errors[0] and str(journal) in errors[0]
    assert len(serving.requests) == before
    assert run([*command, "--no-journal"]) == 0
    assert run([*command, "--journal", "other.db"]) == 0
    assert len(rows(Path("other.db"))) == 1


def test_up_enter_does_not_pay_twice(serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command again names the task that was paid for; `--force` and `--window 0` order again."""
    assert run(SUBMIT) == 0
    task_id = capsys.readouterr().out.strip()
    assert run(SUBMIT) == 2
    told = capsys.readouterr()
    assert f"`weryai wait {task_id}`" in told.err and "--force" in told.err and told.out == ""
    assert run([*SUBMIT, "--force"]) == 0
    assert run([*SUBMIT, "--window", "0"]) == 0
    assert rows(journal) == ["submitted"] * 3


def test_the_help_tells_the_journals_own_window(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--window` it is the journal that says how long the same is refused, and the help tells that number."""
    assert run(["submit", "--help"]) == 0
    assert f"[default: {WINDOW:g}]" in " ".join(capsys.readouterr().out.split())


def test_free_work_notes_what_it_did(serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`weryai wait` of a task from the journal ends its order, and makes no journal where there is none."""
    assert run([*SUBMIT, "--no-journal"]) == 0
    assert run(["wait", capsys.readouterr().out.strip()]) == 0
    assert not journal.exists()
    capsys.readouterr()
    assert run(SUBMIT) == 0
    task_id = capsys.readouterr().out.strip()
    assert run(["wait", task_id, "-o", "v.mp4"]) == 0
    assert rows(journal) == ["done"]


def test_free_work_goes_on_without_a_journal(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A journal that cannot be used is told, and the video is fetched all the same."""
    assert run(SUBMIT) == 0
    task_id = capsys.readouterr().out.strip()
    with Journal(journal.with_name("other.db"), exclusive=True) as kept:
        assert run(["wait", task_id, "-o", "v.mp4", "--journal", str(kept.path)]) == 0
    assert "going on without" in capsys.readouterr().err
    assert Path("v.mp4").is_file()


def test_orders_are_listed(serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`orders` lists what is unfinished, `--all` the rest as well, a line each, as JSON on demand."""
    assert run(["generate", "photo.png", "-p", "first", "-o", "v.mp4"]) == 0
    assert run([*SUBMIT, "-n", "2"]) == 0
    capsys.readouterr()
    assert run(["orders"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["ORDER", "STATE", "AGE"] and line.split()[:2] == ["2", "submitted"]
    assert run(["orders", "--all", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    video = str(Path("v.mp4").absolute())
    assert (first["state"], first["paths"], first["output"]) == ("done", [video], video)
    assert len(second["task_ids"]) == 2 and second["body"]["prompt"] == "wave"


def test_no_orders_are_told_in_words(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty list says so on standard error, and how to see the others; a program reads nothing."""
    assert run(["generate", "photo.png", "-p", "empty", "-o", "v.mp4"]) == 0
    for more, words in (([], "no unfinished orders; --all"), (["--json"], "")):
        capsys.readouterr()
        assert run(["orders", *more]) == 0
        told = capsys.readouterr()
        assert told.out == "" and words in told.err
    monkeypatch.setenv("WERYAI_API_KEY", f"{serving.key}-other")
    assert run(["orders", "--all"]) == 0
    assert "no orders yet" in capsys.readouterr().err


def test_a_table_of_orders_fits_its_terminal(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal no row is wider than it; what goes elsewhere is whole."""
    name = f"{'long' * 30}.mp4"
    assert run(["generate", "photo.png", "-p", "wide", "-o", name]) == 0
    capsys.readouterr()
    assert run(["orders", "--all"]) == 0
    assert name in capsys.readouterr().out
    monkeypatch.setattr("weryai.cli._orders.columns_of", lambda _: 80)
    assert run(["orders", "--all"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert len(row) == 80 and row.endswith("…")


def test_several_videos_of_one_order_get_a_file_each(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resume --output` puts every task's video into the folder under its own name."""
    assert run([*SUBMIT, "-n", "2"]) == 0
    ids = capsys.readouterr().out.split()
    Path("videos").mkdir()
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("update orders set output = ?", (str(Path("videos/named.mp4").absolute()),))
    assert run(["resume", "--all"]) == 0
    assert {path.stem for path in Path("videos").iterdir()} == {"named", ids[1]}
    assert rows(journal) == ["done"]


def test_resume_makes_the_folder_of_its_own_example(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resume --output videos/` makes the folder if it is not there, as `wait` and `generate` do."""
    assert run(SUBMIT) == 0
    task_id = capsys.readouterr().out.strip()
    assert run(["resume", "--all", "--output", "videos/"]) == 0
    assert Path(f"videos/{task_id}.mp4").is_file()


MISTAKES = {
    "resume, no journal": (["resume"], "no journal"),
    "orders, no journal": (["orders"], "no journal"),
    "resolve, no journal": (["resolve", "1", "abandon"], "no journal"),
    "adopt without a task": (["resolve", "1", "adopt"], "TASK_ID"),
    "give up with a task": (["resolve", "1", "abandon", "task_1"], "TASK_ID"),
    "another verdict": (["resolve", "1", "forget"], "adopt"),
    "resume into a file": (["resume", "-o", "photo.png"], "folder"),
    "a window that is none": ([*SUBMIT, "--window", "-1"], "--window"),
}


@pytest.mark.parametrize(("command", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_one_clear_line(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str], command: list[str], words: str
) -> None:
    """Each ends with 2 and a line that names the way out."""
    assert run(command) == 2
    errors = [one for one in capsys.readouterr().err.splitlines() if one and not one.startswith(("Usage:", "Try "))]
    assert len(errors) == 1 and words in errors[0]
    assert not journal.exists()


def test_an_order_key_orders_once_from_the_command_line(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--order-key` names the earlier task under any window, and says what it needs where there is no journal."""
    assert run([*SUBMIT, "--order-key", "job-1"]) == 0
    task_id = capsys.readouterr().out.strip()
    assert run([*SUBMIT, "--order-key", "job-1", "--window", "0"]) == 2
    assert task_id in capsys.readouterr().err
    assert run([*SUBMIT, "--order-key", "job-2", "--window", "0"]) == 0
    assert run([*SUBMIT, "--order-key", "job-3", "--no-journal"]) == 2
    assert "--order-key needs a journal" in capsys.readouterr().err
    assert rows(journal, "order_key") == ["job-1", "job-2"]


def test_a_video_goes_where_its_order_meant_it(serving: Emulator, journal: Path) -> None:
    """`resume --output` is for orders that named no place: the place that an order named outranks it."""
    assert run([*SUBMIT, "--force"]) == 0
    assert run([*SUBMIT, "--force"]) == 0
    Path("videos").mkdir()
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("update orders set output = ? where id = 1", (str(Path("meant.mp4").absolute()),))
    assert run(["resume", "--all", "-o", "videos"]) == 0
    assert Path("meant.mp4").is_file() and len(list(Path("videos").iterdir())) == 1


def test_what_is_stored_is_not_fetched_again(
    serving: Emulator, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resume` takes up the tasks of an order that have not ended: a video that is on disk was moved by somebody."""
    assert run([*SUBMIT, "-n", "2"]) == 0
    first, second = capsys.readouterr().out.split()
    assert run(["wait", first]) == 0
    Path(f"{first}.mp4").rename("moved.mp4")
    assert run(["resume", "--all"]) == 0
    assert {path.name for path in Path().glob("*.mp4")} == {"moved.mp4", f"{second}.mp4"}
    assert rows(journal) == ["done"]


def test_the_same_command_is_refused_for_ten_minutes(serving: Emulator, journal: Path) -> None:
    """Unless `--window` says otherwise."""
    assert run(SUBMIT) == 0
    for age, code in ((590, 2), (20, 0)):
        with closing(sqlite3.connect(journal)) as db, db:
            db.execute("update orders set began = began - ?", (age,))
        assert run(SUBMIT) == code

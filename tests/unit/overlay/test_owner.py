"""A process is known by its number, its start and its machine, so that its end is seen and never guessed."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from weryai import Journal
from weryai._flow import process
from weryai._flow.process import Owner, start_of, this_process
from weryai._journal.journal import default_path
from weryai.bulk import Ledger
from weryai.cli._bulk.view import place_of
from weryai.cli._connection import journal_at
from weryai.errors import JournalError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes as POSIX has them")
WAYS = {"this system's": start_of, "by ps": process._start_by_ps}


def test_this_process_lives() -> None:
    """Whoever asks is not gone, and is named by its number."""
    assert not this_process().is_gone()
    assert str(this_process()) == f"process {os.getpid()}"


def test_another_process_with_the_number_is_not_taken_for_it() -> None:
    """The same number with another start is another process, so the owner is gone."""
    assert dataclasses.replace(this_process(), start="another").is_gone()


def test_of_another_machine_nobody_can_tell() -> None:
    """A process of another machine is never taken for gone, and is named with its machine."""
    elsewhere = Owner(os.getpid(), "another", "some-other-host")
    assert not elsewhere.is_gone()
    assert str(elsewhere) == f"process {os.getpid()} on some-other-host"


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_the_end_of_a_process_is_seen(way: Callable[[int], str | None]) -> None:
    """A start does not change while a process lives; it is gone as soon as it has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        started = way(child.pid)
        assert started and way(child.pid) == started
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert way(child.pid) is None
    assert way(child.pid) is None


HOME = Path("/h")
PLACES: list[tuple[str, dict[str, str], str]] = [
    ("linux", {}, "/h/.local/share/weryai/journal.db"),
    ("linux", {"XDG_DATA_HOME": "/data"}, "/data/weryai/journal.db"),
    ("linux", {"XDG_DATA_HOME": "data"}, "/h/.local/share/weryai/journal.db"),
    ("darwin", {"XDG_DATA_HOME": "/data"}, "/h/Library/Application Support/weryai/journal.db"),
    ("win32", {"LOCALAPPDATA": "/l"}, "/l/weryai/journal.db"),
    ("win32", {}, "/h/AppData/Local/weryai/journal.db"),
    ("win32", {"WERYAI_JOURNAL": "j.db", "LOCALAPPDATA": "/l"}, "j.db"),
]


@pytest.mark.parametrize(("platform", "environment", "place"), PLACES)
def test_the_commands_journal_lies_where_the_system_keeps_data(
    platform: str, environment: dict[str, str], place: str
) -> None:
    """Each system's own folder, unless WERYAI_JOURNAL names a file."""
    assert default_path(environment, platform, HOME).as_posix() == place


def test_without_a_home_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home, as in some containers, is told so; naming a file helps."""

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    with pytest.raises(JournalError, match="home"):
        default_path({}, "linux")
    assert default_path({"WERYAI_JOURNAL": "j.db"}, "linux") == Path("j.db")


def test_a_home_that_no_shell_has_put_in_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `~` that comes from a file or an option is the home, not a folder of that name in each working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert default_path({"WERYAI_JOURNAL": "~/j.db"}, "linux") == tmp_path / "home" / "j.db"
    assert journal_at("~/j.db") is None
    with Journal("~/j.db") as journal, Ledger("~/l.db") as ledger:
        assert (journal.path, ledger.path) == (tmp_path / "home" / "j.db", tmp_path / "home" / "l.db")
    assert journal_at("~/j.db") == journal.path
    assert place_of("~/l.db") == ledger.path
    assert not (tmp_path / "~").exists()

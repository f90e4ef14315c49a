"""A command that a message names works as it stands: options, quotes and all. `wait` and `resume` tell and show."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from fakes.bulks import AT_ONCE, manifest
from fakes.journals import rows
from fakes.pictures import png
from weryai.cli import run
from weryai.cli._words import laid_out, quote
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
JOURNAL = "my journal.db"


@pytest.fixture
def elsewhere(serving: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in a folder with an image; the service is named by the option alone, which is returned."""
    (tmp_path / "photo.png").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WERYAI_BASE_URL", raising=False)
    monkeypatch.setenv("WERYAI_API_KEY", serving.key)
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setattr(subprocess, "Popen", Opener)
    Opener.started = []
    return ["--base-url", serving.url]


class Opener:
    """The system's program for files, which notes what it is to show."""

    started: list[str]

    def __init__(self, command: list[str], **_: object) -> None:
        """Start."""
        self.started.append(command[1])

    def wait(self, timeout: float) -> int:
        """End at once."""
        return 0


def named_by(told: str, name: str) -> list[str]:
    """The words of the command with this name that a text tells, without `weryai`."""
    found = re.search(rf"`weryai ([^`]*{name}[^`]*)`", told)
    assert found is not None, told
    return shlex.split(found[1])


def test_the_next_command_works_as_it_is_told(elsewhere: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What `submit` and a repeated order name has the service and the journal, and fetches the video."""
    submit = [*elsewhere, "submit", "photo.png", "-p", "Wave", "--journal", JOURNAL]
    assert run(submit) == 0
    first = named_by(capsys.readouterr().err, "wait")
    assert run(submit) == 2
    assert named_by(capsys.readouterr().err, "wait")[-2:] == ["--journal", JOURNAL]
    assert run(first) == 0
    assert Path(capsys.readouterr().out.strip()).is_file() and rows(Path(JOURNAL)) == ["done"]
    assert run([*elsewhere, "orders", "--journal", JOURNAL]) == 0
    assert run(["models", "NONE", "--bundled"]) == 2
    assert "`weryai models`" in capsys.readouterr().err


def test_the_next_command_of_a_bulk_run_works(
    serving: Emulator, elsewhere: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`bulk retry`, which needs no service, names a run of its ledger at the ledger's service."""
    path = manifest(Path("my jobs.csv"), range(2))
    serving.order("fail-copyright", 1)
    assert run([*elsewhere, "bulk", "run", str(path), "--budget", "9", *AT_ONCE]) == 1
    told = capsys.readouterr().err
    assert run(named_by(told, "retry")) == 0
    again = named_by(capsys.readouterr().out, "bulk run")
    assert again[:2] == elsewhere and again[2:] == ["bulk", "run", "my jobs.csv.ledger.db"]
    assert run([*again, *AT_ONCE]) == 0


def test_wait_and_resume_tell_the_usual_time_and_show_the_videos(
    elsewhere: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `generate` does: the time from the journal, what was stored, and --open; several videos by their folder."""
    noted = ["--journal", JOURNAL]
    assert run([*elsewhere, "generate", "photo.png", "-p", "0", "-o", "0.mp4", *noted]) == 0
    ids = []
    for prompt in "1234":
        assert run([*elsewhere, "submit", "photo.png", "-p", prompt, *noted]) == 0
        ids.append(capsys.readouterr().out.split()[-1])
    assert run([*elsewhere, "wait", ids[0], "-o", "1.mp4", "--open", *noted]) == 0
    told = capsys.readouterr().err
    assert re.search(r"waiting; usually \d+ s, by the last one of this model", told) and "stored, " in told
    assert run([*elsewhere, "wait", *ids[1:3], "-o", "videos/", "--open", *noted]) == 0
    told = capsys.readouterr().err
    assert re.search(r"waiting for 2 tasks; usually \d+ s", told) and "2 of 2" in told
    assert run([*elsewhere, "resume", "--all", "--open", *noted]) == 0
    told, video = capsys.readouterr()[::-1]
    assert re.search(r"waiting; usually \d+ s, by the last 4 of this model", told)
    assert Opener.started == [str(tmp_path / "1.mp4"), str(tmp_path / "videos"), str(Path(video.strip()).resolve())]


def test_words_are_quoted_for_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a blank is one word for a POSIX shell, and on Windows for cmd and PowerShell."""
    assert [quote("jobs.db"), quote("my jobs.db"), quote("it's.db")] == ["jobs.db", "'my jobs.db'", "'it'\"'\"'s.db'"]
    monkeypatch.setattr("sys.platform", "win32")
    assert [quote("jobs.db"), quote(r"C:\my jobs.db"), quote("it's.db")] == ["jobs.db", '"C:\\my jobs.db"', "it's.db"]


def test_a_terminal_breaks_no_command() -> None:
    """A line that is too long is broken between words, a command stays whole, and a pipe gets the line as it is."""
    line = "weryai: what is ambiguous may have been billed: `weryai bulk status 'my jobs.ledger.db'` says what to do"
    broken = laid_out(line, 60)
    assert broken == [
        "weryai: what is ambiguous may have been billed:",
        "  `weryai bulk status 'my jobs.ledger.db'` says what to do",
    ]
    assert laid_out(line, None) == [line] and laid_out(line, 200) == [line]

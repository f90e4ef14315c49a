"""`--open` hands a video to the system's program, and whatever becomes of that, the exit code is that of the work."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.answers import serve_story
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from weryai.cli import run

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="other systems open files by other programs"),
]
GENERATE = ["generate", "https://example.com/reference.jpg", "-p", "Wave", "-o", "wave.mp4", "--open"]


class Opener:
    """A program that the system has for files: it notes what it was started with, and ends, or does not."""

    started: list[list[str]]
    code: int | None

    def __init__(self, command: list[str], **_: object) -> None:
        """Start."""
        if self.code == 127:
            raise FileNotFoundError(2, "No such file or directory")
        self.started.append(command)

    def wait(self, timeout: float) -> int:
        """End at once, or stay."""
        if self.code is None:
            raise subprocess.TimeoutExpired("xdg-open", timeout)
        return self.code


@pytest.mark.parametrize(
    ("code", "screen", "said"),
    [
        (0, ":9", ""),
        (None, ":9", ""),
        (3, ":9", "xdg-open ended with 3"),
        (127, ":9", "xdg-open: No such file"),
        (0, "", "there is no screen"),
    ],
    ids=["opened", "stays", "refused", "missing", "no screen"],
)
def test_a_video_that_cannot_be_opened_is_there(
    faulty_server: FaultyServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int | None,
    screen: str,
    said: str,
) -> None:
    """The program gets the whole path; one that fails, or is not there, is told in words, and the code stays 0."""
    serve_story(faulty_server)
    Opener.started, Opener.code = [], code
    monkeypatch.setattr(subprocess, "Popen", Opener)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for name, value in (
        ("DISPLAY", screen),
        ("WERYAI_API_KEY", JOURNEY_KEY),
        ("WERYAI_BASE_URL", faulty_server.url),
        ("WERYAI_JOURNAL", str(tmp_path / "journal.db")),
    ):
        monkeypatch.setenv(name, value)
    assert run(GENERATE) == 0
    video = tmp_path / "wave.mp4"
    errors = capsys.readouterr().err
    assert video.exists() and said in errors and ("cannot be opened here" in errors) == bool(said)
    is_started = code != 127 and screen
    assert Opener.started == ([["xdg-open", str(video)]] if is_started else [])

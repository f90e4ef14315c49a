"""Each program of examples/ does what its first line says, in a process of its own, against the emulator."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.commands import environment
from repository.places import OVERLAY, ROOT
from weryai.emulator import Emulator

EXAMPLES = ROOT / "examples"
PHOTO = OVERLAY / "emulator" / "data" / "astronaut.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a photograph, and one of two photographs."""
    (tmp_path / "photo.jpg").write_bytes(PHOTO.read_bytes())
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "photos" / name).write_bytes(PHOTO.read_bytes() + name.encode())
    return tmp_path


def run(folder: Path, emulator: Emulator, *command: str) -> str:
    """Run a program in the folder and return what it printed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment(emulator.url, emulator.key) | {"NO_PROXY": "127.0.0.1"},
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def emulator() -> Emulator:
    """An emulator whose tasks are done at the first poll."""
    return Emulator(port=0, waiting=0.0, processing=0.0, video="fixed", key="sk-emulator")


def test_one_image(folder: Path, emulator: Emulator) -> None:
    """One image is paid for once, and its video is where the program says."""
    with emulator:
        assert run(folder, emulator, str(EXAMPLES / "one_image.py"), "photo.jpg", "She waves") == "video.mp4\n"
        assert [job.posts for job in emulator.ledger] == [1]
    assert (folder / "video.mp4").stat().st_size > 1000


def test_a_folder_twice(folder: Path, emulator: Emulator) -> None:
    """Each image becomes a video, and a second start buys nothing."""
    command = (str(EXAMPLES / "folder.py"), "photos", "The sea begins to move")
    with emulator:
        assert run(folder, emulator, *command) == "2 videos\n"
        assert run(folder, emulator, *command) == "2 videos\n"
        assert [job.posts for job in emulator.ledger] == [1, 1]
    assert sorted(path.name for path in (folder / "videos").iterdir()) == ["a.mp4", "b.mp4"]


def test_the_test_of_an_application(folder: Path, emulator: Emulator) -> None:
    """The tests of the application pass, in pytest as a user has it."""
    (folder / "application_test.py").write_bytes((EXAMPLES / "application_test.py").read_bytes())
    with emulator:
        assert "2 passed" in run(folder, emulator, "-m", "pytest", "-p", "no:cacheprovider", "application_test.py")


def test_every_program_has_its_test() -> None:
    """A program is added here when it is added there."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in sorted(EXAMPLES.glob("*.py")) if path.name not in text] == []

"""The command is a good citizen: one path out, one clear line on trouble, and Ctrl-C that loses nothing."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked, serve_story
from fakes.commands import Ended, end_of, start_weryai, weryai_command
from fakes.faults import Reset
from fakes.faulty_server import FaultyServer
from fakes.pictures import JPEG, png
from fakes.refusing import RefusingPort
from fakes.surroundings import JOURNEY_KEY

pytestmark = pytest.mark.timeout(120)
needs_sigint = pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")
URL = "https://example.com/reference.jpg"


@pytest.fixture
def prompt_emulator() -> Iterator[Any]:
    """An emulator whose tasks are done at once, so that no command waits for its second look."""
    from weryai.emulator import Emulator

    with Emulator(port=0, video="fixed", key="sk-emulator", waiting=0.0, processing=0.0) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def refused_early(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """A command that nobody answers, started first: its patience passes while the other tests run."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "photo.png").write_bytes(png())
    arguments = ["generate", "photo.png", "--prompt", "Wave"]
    with (
        RefusingPort() as port,
        start_weryai(*arguments, base_url=port.url, key=JOURNEY_KEY, folder=folder) as process,
    ):
        yield process
        process.kill()


def assert_clear(ended: Ended, words: str) -> None:
    """One line of ours on standard error, a code that says no, and nothing of Python's inside."""
    assert ended.code not in (0, None) and ended.code > 0, ended
    assert "Traceback" not in ended.output + ended.errors
    assert len(ended.error_lines) == 1, ended.errors
    assert re.search(words, ended.errors, re.IGNORECASE), ended.errors
    assert ended.output == ""


def test_generate_ends_with_the_path(prompt_emulator: Any, tmp_path: Path) -> None:
    """The last line of standard output is the video; the task id is on standard error."""
    (tmp_path / "photo.png").write_bytes(png())
    ended = weryai_command(
        "generate", "photo.png", "--prompt", "Wave", "--output", "wave.mp4", "--duration", "5",
        "--aspect-ratio", "16:9", "--model", "WERYAI_VIDEO_1_0",
        base_url=prompt_emulator.url, key=prompt_emulator.key, folder=tmp_path,
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    path = tmp_path / ended.last_line
    assert path.samefile(tmp_path / "wave.mp4") and path.read_bytes()[4:8] == b"ftyp"
    assert re.search(r"submitted, task +\S+$", ended.errors, re.MULTILINE), ended.errors
    assert sum(one.method == "POST" and one.path == SUBMIT for one in prompt_emulator.requests) == 1


def test_a_video_without_a_name_gets_one(prompt_emulator: Any, tmp_path: Path) -> None:
    """Without --output the last line still is the path of a video in the working folder."""
    (tmp_path / "photo.png").write_bytes(png())
    ended = weryai_command(
        "generate", "photo.png", "--prompt", "Wave",
        base_url=prompt_emulator.url, key=prompt_emulator.key, folder=tmp_path,
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    path = (tmp_path / ended.last_line).resolve()
    assert path.parent == tmp_path.resolve() and path.read_bytes()[4:8] == b"ftyp"


def written(name: str, content: bytes, size: int | None = None) -> Callable[[Path], None]:
    """Return a maker of one file."""

    def make(folder: Path) -> None:
        (folder / name).write_bytes(content)
        if size is not None:
            os.truncate(folder / name, size)

    return make


BAD_PICTURES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "missing": ("missing.jpg", lambda _: None, "missing.jpg"),
    "text": ("notes.jpg", written("notes.jpg", b"only words\n" * 50), "notes.jpg"),
    "12 MB": ("big.jpg", written("big.jpg", JPEG, 12_000_000), r"big.jpg.*10"),
    "empty": ("empty.jpg", written("empty.jpg", b""), r"empty.jpg.*empty"),
    "folder": ("folder.jpg", lambda folder: (folder / "folder.jpg").mkdir(), "folder.jpg"),
    "data url": ("data:image/png;base64,iVBORw0KGgo=", lambda _: None, "data:"),
}


@pytest.mark.parametrize(("image", "make", "words"), BAD_PICTURES.values(), ids=list(BAD_PICTURES))
def test_a_bad_picture_is_one_clear_line(
    faulty_server: FaultyServer, tmp_path: Path, image: str, make: Callable[[Path], None], words: str
) -> None:
    """A picture that cannot be used is named in one line, and nothing is submitted."""
    make(tmp_path)
    ended = weryai_command(
        "generate", image, "--prompt", "Wave", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path
    )
    assert_clear(ended, words)
    assert faulty_server.requests == []


def test_no_key_is_one_clear_line(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Without a key the line names the variable to set."""
    ended = weryai_command("generate", URL, "--prompt", "Wave", base_url=faulty_server.url, key=None, folder=tmp_path)
    assert_clear(ended, "WERYAI_API_KEY")
    assert faulty_server.requests == []


def test_a_wrong_key_is_one_clear_line(prompt_emulator: Any, tmp_path: Path) -> None:
    """A refused key is said as such, without showing it."""
    ended = weryai_command(
        "generate", URL, "--prompt", "Wave", base_url=prompt_emulator.url, key="sk-wrong-99887766", folder=tmp_path
    )
    assert_clear(ended, "key")
    assert "sk-wrong" not in ended.errors
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_outcome_is_one_clear_line(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A submit that was cut says that it may have been billed, and was one POST."""
    faulty_server.script("POST", SUBMIT, Reset())
    ended = weryai_command(
        "generate", URL, "--prompt", "Wave", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path
    )
    assert_clear(ended, "billed")
    assert len(faulty_server.posts()) == 1


def test_a_failed_task_is_one_clear_line(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A task that failed shows its id and the service's reason."""
    serve_story(faulty_server, looks=[looked("failed", msg="Image asset audit")])
    ended = weryai_command(
        "generate", URL, "--prompt", "Wave", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path
    )
    assert ended.code > 0 and "Traceback" not in ended.errors
    assert TASK in ended.error_lines[-1] and "Image asset audit" in ended.error_lines[-1]


@pytest.mark.parametrize("arguments", [["generate", URL, "--prompt", "Wave", "--wave"], ["generat"]])
def test_an_unknown_option_is_said(faulty_server: FaultyServer, tmp_path: Path, arguments: list[str]) -> None:
    """A word the command does not know is named, with a code that says no and nothing sent."""
    ended = weryai_command(*arguments, base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path)
    assert ended.code > 0 and "Traceback" not in ended.output + ended.errors
    assert arguments[-1] in ended.error_lines[-1]
    assert faulty_server.requests == []


@needs_sigint
def test_ctrl_c_while_waiting_says_how_to_resume(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Interrupted while waiting, the command ends with 130 and the id with which to go on."""
    serve_story(faulty_server)
    faulty_server.default("GET", STATUS, looked("processing"))
    ended = weryai_command(
        "generate", URL, "--prompt", "Wave", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path,
        interrupt_when=lambda: faulty_server.wait_for("GET", STATUS),
    )  # fmt: skip
    assert ended.code == 130, ended.errors
    assert "Traceback" not in ended.errors
    resume = [line for line in ended.error_lines if TASK in line and not re.fullmatch(r"task +\S+", line)]
    assert resume and re.search("wait|resume", " ".join(resume)), ended.errors
    assert len(faulty_server.posts()) == 1


@needs_sigint
def test_ctrl_c_while_submitting_names_the_task(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Interrupted while the POST is open, the command still waits for its reply and names the paid task."""
    faulty_server.script("POST", SUBMIT, accepted(delay=1.0))
    ended = weryai_command(
        "generate", URL, "--prompt", "Wave", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path,
        interrupt_when=lambda: faulty_server.wait_for("POST", SUBMIT),
    )  # fmt: skip
    assert ended.code == 130, ended.errors
    assert TASK in ended.errors and "Traceback" not in ended.errors
    assert len(faulty_server.posts()) == 1


def test_a_refused_connection_is_one_clear_line(refused_early: subprocess.Popen[str]) -> None:
    """Where nobody answers the line says that it was not sent."""
    assert_clear(end_of(refused_early), "not sent|never reached|nothing was sent|connect")


def test_python_oo_keeps_the_help() -> None:
    """Where docstrings are not kept, as in many containers and frozen programs, each command still has its help."""
    code = (
        "import click, json\nfrom weryai.cli import cli\nfound = {}\n"
        "def walk(command, name):\n"
        "    context = click.Context(command, info_name=name)\n"
        "    found[name] = command.help\n"
        "    for one in command.list_commands(context) if isinstance(command, click.Group) else ():\n"
        "        walk(command.get_command(context, one), f'{name} {one}')\n"
        "walk(cli, 'weryai')\nprint(json.dumps(found))"
    )
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"weryai generate", "weryai bulk run", "weryai contract"} < found.keys()
    assert [name for name, text in found.items() if not text] == []

"""Which file a command writes: never one that is there, unless it is told so before anything is paid for."""

import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import MP4, STATUS, SUBMIT, TASK, looked, serve_story, video_url
from fakes.commands import weryai_here
from fakes.faults import html_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY

pytestmark = pytest.mark.timeout(120)
URL = "https://example.com/IMG_01.jpg"
GENERATE = ("generate", URL, "--prompt", "Wave", "--force")


@pytest.fixture
def server(faulty_server: FaultyServer) -> FaultyServer:
    """A service that simply works."""
    serve_story(faulty_server)
    return faulty_server


def run(server: FaultyServer, folder: Path, *arguments: str) -> Any:
    """Run one command against the server."""
    return weryai_here(*arguments, base_url=server.url, key=JOURNEY_KEY, folder=folder)


@pytest.mark.parametrize("command", [GENERATE, ("wait", TASK), ("download", TASK), ("download", "URL")], ids=" ".join)
def test_a_file_that_is_there_is_refused_unless_told(
    server: FaultyServer, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A named file that is there ends with 2 before anything is sent; --overwrite replaces it."""
    command = tuple(video_url(server) if word == "URL" else word for word in command)
    (tmp_path / "v.mp4").write_bytes(b"mine")
    refused = run(server, tmp_path, *command, "-o", "v.mp4")
    assert (refused.code, server.requests) == (2, [])
    assert "--overwrite" in refused.errors and "Nothing was sent" in refused.errors
    assert (tmp_path / "v.mp4").read_bytes() == b"mine"
    done = run(server, tmp_path, *command, "-o", "v.mp4", "--overwrite")
    assert (done.code, done.last_line, (tmp_path / "v.mp4").read_bytes()) == (0, "v.mp4", MP4)


def test_a_video_is_called_as_its_image_and_replaces_none(server: FaultyServer, tmp_path: Path) -> None:
    """Without --output, and in a folder, IMG_01.jpg becomes IMG_01.mp4, then IMG_01-1.mp4."""
    (tmp_path / "videos").mkdir()
    names = [
        run(server, tmp_path, *GENERATE, *more).last_line for more in ((), (), ("-o", "videos"), ("-o", "videos/"))
    ]
    assert names == ["IMG_01.mp4", "IMG_01-1.mp4", "videos/IMG_01.mp4", "videos/IMG_01-1.mp4"]


def test_a_task_is_fetched_twice_into_one_file(server: FaultyServer, tmp_path: Path) -> None:
    """The file of a task is called by its id: the same bytes are there once, another file of that name is kept."""
    for command in (("wait", TASK), ("download", TASK), ("wait", TASK)):
        assert run(server, tmp_path, *command).last_line == f"{TASK}.mp4"
    (tmp_path / f"{TASK}.mp4").write_bytes(b"mine")
    assert run(server, tmp_path, "wait", TASK).last_line == f"{TASK}-1.mp4"
    assert (tmp_path / f"{TASK}.mp4").read_bytes() == b"mine"


def test_home_is_found_behind_an_equals_sign(server: FaultyServer, tmp_path: Path) -> None:
    """`--output=~/x.mp4` is no folder called ~."""
    done = run(server, tmp_path, "wait", TASK, "--output=~/x.mp4")
    assert done.code == 0, done.errors
    assert Path(done.last_line).is_absolute() and not (tmp_path / "~").exists()
    Path(done.last_line).unlink()


def test_home_is_found_for_every_file(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image, a last frame and a folder that a `~` names, also behind `-o=`: no `~` and no `=~` is made."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    (home / "p.png").write_bytes(png())
    here = tmp_path / "here"
    here.mkdir()
    done = run(server, here, "generate", "~/p.png", "--last=~/p.png", "-p", "x", "--dry-run", "-o=~/x.mp4")
    assert done.code == 0, done.errors
    done = run(server, here, "bulk", "plan", "~/", "-p", "x", "--ledger=~/none.db")
    assert (done.code, str(home / "none.db") in done.errors) == (2, True)
    assert run(server, here, "orders", "--journal=~/none.db").code == 2
    assert list(here.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_names_that_are_no_text_are_refused_by_name(server: FaultyServer, tmp_path: Path) -> None:
    """A name that is no UTF-8 is no mistake in weryai, and nothing is paid for it."""
    refused = run(server, tmp_path, *GENERATE, "-o", "bad\udcff.mp4")
    assert (refused.code, server.posts(SUBMIT)) == (2, [])
    assert "no UTF-8" in refused.errors and "mistake in weryai" not in refused.errors


def test_a_page_ends_with_5_and_is_kept(server: FaultyServer, tmp_path: Path) -> None:
    """What is no video, three times, is kept by its own suffix; the exit code says that the video is not there."""
    server.default("GET", STATUS, looked("succeed", videos=[f"{server.url}/page"]))
    server.default("GET", "/page", html_reply(200))
    ended = run(server, tmp_path, "wait", TASK, "-o", "v.mp4")
    assert ended.code == 5, ended.errors
    assert [path.name for path in tmp_path.iterdir()] == ["v.html"]
    assert "it is no video" in ended.errors and "v.html" in ended.errors

"""`pip install "weryai[testing]"` in an empty project: what it brings is enough, and in nobody's way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.strangers import Run, run_python
from fakes.surroundings import guarded
from repository.packages import build, fill, needed_by

STRANGER = """
from weryai import WeryAI

def greeting(name):
    return WeryAI().image_to_video.generate("https://example.com/me.jpg", prompt=f"Wave to {name}", output="hello.mp4")

def test_greeting(weryai_emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weryai_emulator.order("rate-limit-retry-after")
    assert greeting("Ada").path.stat().st_size > 1000
    weryai_emulator.assert_submitted_once()
"""
UNRELATED = """
import sys

def test_something_else(request):
    ours = {"weryai", "weryai._version", "weryai.errors", "weryai.testing"}
    strange = {"httpx", "starlette", "uvicorn", "attr", "jsonschema_rs", "weryai", "weryai_api"}
    is_on = request.config.pluginmanager.has_plugin("weryai")
    assert {name for name in sys.modules if name.split(".")[0] in strange} == (ours if is_on else set())
"""
RUN = """
import sys
sys.path[:] = [{site!r}, *(folder for folder in sys.path if "site-packages" not in folder)]
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked."""
    folder = tmp_path_factory.mktemp("site")
    build("build_wheel", tmp_path_factory.mktemp("wheel")).extractall(folder)
    return folder


@pytest.fixture(scope="module")
def needed(unpacked: Path) -> set[str]:
    """The distributions that the wheel's extra brings."""
    return needed_by(unpacked, "testing")


@pytest.fixture(scope="module")
def site(unpacked: Path, needed: set[str]) -> Path:
    """What pip would fill: the wheel, and links to the distributions that it asks for; nothing else."""
    fill(unpacked, needed)
    return unpacked


@pytest.fixture
def run(site: Path, tmp_path: Path) -> Callable[..., Run]:
    """Run a test file in an empty project, with what is installed there."""
    program = guarded(RUN.format(site=str(site)))

    def run(source: str, *options: str) -> Run:
        # Isolated, and without the site module: nothing of this environment is found, its .pth files included.
        return run_python(tmp_path, source, "-I", "-S", "-c", program, *options, surroundings={})

    return run


def test_the_extra_is_small(needed: set[str]) -> None:
    """It brings pytest and the emulator's packages, and neither PyAV nor another plugin."""
    assert {"pytest", "starlette", "uvicorn", "python-multipart", "jsonschema-rs", "httpx"} <= needed
    assert not {"av", "numpy", "pytest-asyncio"} & needed


def test_a_strangers_ten_lines_run_green(run: Callable[..., Run]) -> None:
    """An application that makes its own client is tested by ten lines, with the installed wheel and its extra alone."""
    assert len(STRANGER.strip().splitlines()) <= 11
    ended = run(STRANGER)
    assert (ended.code, ended.outcomes) == (0, {"test_greeting": "PASSED"}), ended.output
    assert "weryai-" in ended.output.partition("plugins:")[2].partition("\n")[0]


@pytest.mark.parametrize("options", [(), ("-p", "no:weryai")], ids=["loaded", "switched off"])
def test_a_project_that_does_not_use_it_notices_nothing(run: Callable[..., Run], options: tuple[str, ...]) -> None:
    """The plugin brings no package into a run that asks for none of its fixtures, and can be switched off."""
    ended = run(UNRELATED, "-p", "no:anyio", *options)
    assert (ended.code, ended.outcomes) == (0, {"test_something_else": "PASSED"}), ended.output


def test_switched_off_it_gives_no_fixture(run: Callable[..., Run]) -> None:
    """With `-p no:weryai` its names are pytest's to complain about."""
    ended = run(STRANGER, "-p", "no:weryai")
    assert ended.outcomes == {"test_greeting": "ERROR"}
    assert "fixture 'weryai_emulator' not found" in ended.output

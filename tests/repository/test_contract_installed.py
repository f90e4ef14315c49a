"""`pip install "weryai[contract]"` in an empty environment: `weryai contract` runs from the wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.surroundings import guarded
from repository.packages import build, fill, needed_by

RUN = """
import sys
sys.path[:] = [{site!r}, *(folder for folder in sys.path if "site-packages" not in folder)]
from weryai.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, and links to the distributions that its extra brings; nothing else."""
    folder = tmp_path_factory.mktemp("site")
    build("build_wheel", tmp_path_factory.mktemp("wheel")).extractall(folder)
    fill(folder, needed_by(folder, "contract"))
    return folder


def test_the_command_runs_from_the_wheel(site: Path, tmp_path: Path) -> None:
    """At an emulator of its own it asks, sweeps and writes its reports; `.ci/mocks` does so with pip and mocks."""
    words = ["contract", "--only=getBalance", "--cases=1", "--reports=reports"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", guarded(RUN.format(site=str(site))), *words],
        cwd=tmp_path, env={}, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "live set: 3 of 3 checks hold" in done.stdout
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {"index.html", "junit.xml", "drift.json"}

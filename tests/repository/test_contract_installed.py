"""`pip install "weryai[contract]"` in an empty environment: `weryai contract` runs from the wheel."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fakes.surroundings import guarded
from repository.packages import build, fill, needed_by
from repository.places import ROOT
from weryai.contract._record import read_known

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


def test_the_mocks_and_their_known_faults_are_told_as_they_are() -> None:
    """The document names the exact versions that run, and its list for prism is the one that prism is green with."""
    text = (ROOT / "docs" / "contract-suite.md").read_text("utf-8")
    script = (ROOT / ".ci" / "mocks").read_text("utf-8")
    versions = re.findall(r"@(?:stoplight/prism-cli|scalar/mock-server)@(\S+)", script)
    assert len(versions) == 2 and [one for one in versions if one not in text] == []
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    lists = {name: read_known(ROOT / ".ci" / name) for name in re.findall(r'"\$lists/(\w+\.toml)"', script)}
    assert sorted(lists) == ["prism.toml", "scalar.toml"]
    assert [row["why"] for row in tomllib.loads(shown)["known"]] == [one.why for one in lists["prism.toml"]]

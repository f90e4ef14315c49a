"""The type checkers agree with public_api.py, and would notice if they did not."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLIC_API = Path(__file__).with_name("public_api.py")
WRONG = """
from typing import assert_type
from weryai import Task, Video, WeryAI

def wrong(client: WeryAI) -> None:
    assert_type(client.tasks.get("t1"), Video)
    client.tasks.get(task="t1")
"""


def check(tool: str, *arguments: str) -> tuple[int, str]:
    """Run a type checker on the repository's settings."""
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"needs {tool}: run `make setup`")
    environment = {**os.environ, "MYPYPATH": "overlays:generated_client"}
    command = [sys.executable, "-m", tool, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)
    return done.returncode, done.stdout + done.stderr


def mypy(path: Path, cache: pytest.Cache) -> tuple[int, str]:
    """Run mypy strictly, with a cache of the suite's own."""
    folder = str(cache.mkdir("mypy"))
    return check("mypy", "--strict", "--warn-unused-ignores", "--no-error-summary", "--cache-dir", folder, str(path))


def cache_of(request: pytest.FixtureRequest) -> pytest.Cache:
    """The cache of this run."""
    cache = request.config.cache
    assert cache is not None
    return cache


def test_mypy_agrees(request: pytest.FixtureRequest) -> None:
    """Mypy strict accepts every assert_type, and every expected mistake is one to it."""
    code, output = mypy(PUBLIC_API, cache_of(request))
    assert code == 0, output


def test_mypy_would_notice(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A wrong type and a wrong parameter name are two errors to mypy, so the check above can fail."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    code, output = mypy(wrong, cache_of(request))
    assert code == 1
    assert "[assert-type]" in output
    assert "[call-arg]" in output


def test_basedpyright_agrees() -> None:
    """Basedpyright strict accepts the same file, and every expected mistake is one to it as well."""
    code, output = check("basedpyright", str(PUBLIC_API))
    assert code == 0, output
    assert "0 errors, 0 warnings" in output


def test_basedpyright_would_notice(tmp_path: Path) -> None:
    """A wrong type and a wrong parameter name are errors to basedpyright, so the check above can fail."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    code, output = check("basedpyright", str(wrong))
    assert code == 1
    assert "reportAssertTypeFailure" in output
    assert "reportCallIssue" in output

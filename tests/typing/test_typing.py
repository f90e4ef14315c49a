"""The type checkers agree with public_api.py, and would notice if they did not."""

import importlib.util
import os
import re
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


def test_mypy_agrees_and_would_notice(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Mypy strict accepts every assert_type, and every expected mistake is one to it; so are two wrong lines beside."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    # With a cache of the suite's own.
    folder = cache.mkdir("mypy") if cache is not None else tmp_path / "mypy"
    strict = ("--strict", "--warn-unused-ignores", "--no-error-summary", "--cache-dir", str(folder))
    code, output = check("mypy", *strict, str(PUBLIC_API), str(wrong))
    assert code == 1
    mistakes = [line for line in output.splitlines() if ": error: " in line]
    assert [line for line in mistakes if "wrong.py" not in line] == []
    kinds = [re.findall(r"\[(assert-type|call-arg)\]", line) for line in mistakes]
    assert kinds == [["assert-type"], ["call-arg"]], output


def test_basedpyright_agrees_and_would_notice(tmp_path: Path) -> None:
    """Basedpyright strict accepts the same file; a wrong type and a wrong parameter name beside it are errors to it."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    code, output = check("basedpyright", str(PUBLIC_API), str(wrong))
    assert code == 1
    assert "0 warnings" in output, output
    mistakes = [line for line in output.splitlines() if " - error: " in line]
    assert [line for line in mistakes if "wrong.py" not in line] == []
    assert "reportAssertTypeFailure" in output and "reportCallIssue" in output, output

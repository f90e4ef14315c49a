"""What `make` does without being told, and what must be green before a commit."""

import os
import re
import shutil
import subprocess

import pytest

from repository.places import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

CHECKS = [
    *("-m ruff check", "-m ruff format --check", "-m mypy", "-m basedpyright", "importlinter"),
    *("openapi/generate.py --check", "-m pytest"),
]


def make(*words: str) -> str:
    """Run make as a person would, also when make runs these tests."""
    surroundings = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS|GNUMAKE", name)}
    done = subprocess.run(
        ["make", *words], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bare_make_lists_every_verb() -> None:
    """`make` alone only explains itself: it names each verb and does nothing."""
    assert make("--dry-run") == make("--dry-run", "help")
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    listed = re.findall(r"^  make ([a-z-]+) +\S", make("help"), re.MULTILINE)
    assert sorted(listed) == sorted(verb for verb in phony[1].split() if not verb.endswith("-venv"))


def test_check_runs_every_check() -> None:
    """`make check` is style, format, both type checkers, layers, freshness and then the tests."""
    commands = make("--dry-run", "check").splitlines()
    assert [check for command in commands for check in CHECKS if check in command] == CHECKS

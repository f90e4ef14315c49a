"""Somebody else's project: an empty folder, one test file, and pytest with nothing of ours but the plugin."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: Strict as a careful project is; our own settings do not reach into it.
SETTINGS = "[pytest]\naddopts = -rA -p no:cacheprovider\nfilterwarnings = error\nxfail_strict = true\n"


@dataclass(frozen=True)
class Run:
    """How a run of pytest ended: its exit code, what it printed, and for each test the worst word about it."""

    code: int
    output: str

    @property
    def outcomes(self) -> dict[str, str]:
        """PASSED, FAILED or ERROR by the name of the test."""
        found = re.findall(r"^(PASSED|FAILED|ERROR) \S+?\.py::(\S+)", self.output, re.MULTILINE)
        return {name: word for word, name in sorted(found, key=lambda one: one[0] != "PASSED")}


#: Loaded by name: the others of this environment would take seconds to load, and are nobody else's.
PLUGINS = ("-p", "weryai.testing", "-p", "anyio")


def run_pytest(folder: Path, source: str, *options: str, program: str | None = None) -> Run:
    """Write a test file and run it; `program` runs pytest in some other way than `python -m pytest`."""
    python = ["-c", program] if program is not None else ["-m", "pytest"]
    surroundings = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return run_python(folder, source, *python, *PLUGINS, *options, surroundings=surroundings)


def run_python(folder: Path, source: str, *arguments: str, surroundings: Mapping[str, str]) -> Run:
    """Write a test file and run a Python that runs pytest."""
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_app.py").write_text(source)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return Run(done.returncode, done.stdout + done.stderr)

"""`make fuzz` says what it takes, finds the generated tests, and tells a finding so that it can be seen again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing.__main__ import USAGE
from fuzzing.rounds import findings_of, generated_tests
from repository.places import ROOT, TESTS


@pytest.mark.parametrize(
    ("variable", "value"),
    [("FUZZ_SECONDS", word) for word in ("", "0", "ten", "1.5", "-5", "86401", "٣")] + [("FUZZ_SEED", "lucky")],
)
def test_what_is_no_number_is_said_in_one_line(variable: str, value: str) -> None:
    """SECONDS and SEED are whole numbers within bounds; anything else is one line that says so, and exit code 2."""
    environment = {**os.environ, "FUZZ_SECONDS": "1", variable: value}
    command = [sys.executable, "-m", "tests.fuzzing"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", USAGE + "\n")


def test_every_generated_test_is_explored() -> None:
    """Each file of the contract suite that uses Hypothesis is explored; none has to be entered in a list."""
    generating = {file.name for file in TESTS.glob("contract/test_*.py") if "hypothesis" in file.read_text("utf-8")}
    assert {Path(name).name for name in generated_tests(ROOT)} == generating
    assert {"test_requests.py", "test_responses.py", "test_malformed.py"} <= generating


def test_a_finding_can_be_seen_again() -> None:
    """A failed test is told with its message, the command that repeats it, the place of its case and what to do."""
    output = "...F\nFAILED tests/contract/test_a.py::test_b[x y] - AssertionError: no\nERROR tests/contract/test_c.py\n"
    first, second = findings_of(output, "pytest --hypothesis-seed=7", "reports/fuzz-7.txt")
    assert (first.test, first.message, second.test) == (
        "tests/contract/test_a.py::test_b[x y]",
        "AssertionError: no",
        "tests/contract/test_c.py",
    )
    assert "pytest --hypothesis-seed=7 'tests/contract/test_a.py::test_b[x y]'" in first.report()
    assert "reports/fuzz-7.txt" in first.report() and "@example" in first.report()


def test_a_run_that_breaks_is_a_finding() -> None:
    """When pytest fails without naming a test, its last line is the finding."""
    (only,) = findings_of("no tests ran\nINTERNALERROR> broken\n", "pytest", "reports/fuzz-7.txt")
    assert only.message == "INTERNALERROR> broken"

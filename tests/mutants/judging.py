"""Runs the suite against one mutant, likeliest files first, until a test fails."""

import re
from dataclasses import dataclass

from .copies import Copy
from .mutant import Mutant

CASES = "10"
# Typing and the rules of the repository judge the text of the files and not what they do: any edit may break them.
# The contract's lint is about content; the program in README is run for everything that survives so far.
WIDER = (
    ("tests/contract", "tests/unit", "tests/repository/test_contract_lint.py"),
    ("tests/journeys",),
    ("tests/bulk",),
)
OPTIONS = (
    *("-x", "--quick", "--cases", CASES, "-p", "no:cacheprovider", "--timeout", "180"),
    *("--tb=no", "-rfE", "-o", "verbosity_assertions=2"),
)
# For each of these parts; a test that hangs ends by its own timeout long before.
SECONDS = 900.0
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: the test that failed, with the first line of its message; or no test."""

    mutant: Mutant
    test: str | None = None
    message: str = ""

    @property
    def survived(self) -> bool:
        """Whether no test has seen the mistake."""
        return self.test is None


def judge(copy: Copy, mutant: Mutant) -> Verdict:
    """Make the mistake, run the suite, undo the mistake."""
    try:
        complaint = copy.mutate(mutant)
        if complaint is not None:
            return Verdict(mutant, "openapi/generate.py", complaint)
        failed = first_failure(copy, mutant.first_files)
        for stage in WIDER:
            failed = failed or first_failure(copy, stage, without=mutant.first_files)
        return Verdict(mutant, *failed) if failed else Verdict(mutant)
    finally:
        copy.restore(mutant)


def first_failure(copy: Copy, files: tuple[str, ...], without: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """The first test that fails, with its message; a suite that hangs or cannot start has failed as well."""
    if not files:
        return None
    ignored = [f"--ignore={name}" for name in without]
    code, output = copy.run("-m", "pytest", *OPTIONS, *ignored, *files, seconds=SECONDS)
    if code == 0:
        return None
    found = _FAILED.search(output)
    if found:
        return found[1], (found[2] or "").strip()
    if code is None:
        return "the time limit", f"still running after {SECONDS:.0f} s"
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "")
    return f"pytest (exit code {code})", last

"""Which tests generate cases, and what a round of them has found."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

CASES = 50
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """A test that failed: how to see it again, and where its whole report is."""

    test: str
    message: str
    again: str
    report_path: str

    def report(self) -> str:
        """What whoever looks in the morning has to know."""
        return (
            f"FOUND by {self.test}\n  {self.message}\n  again: {self.again} {shlex.quote(self.test)}\n"
            f"  The whole report, with the case, is in {self.report_path}.\n"
            "  When the cause is known, the case becomes an @example of that test, so that every run tries it."
        )


def generated_tests(root: Path) -> list[str]:
    """The test files of tests/contract that use `effort`, so take their number of cases from --cases."""
    files = sorted((root / "tests" / "contract").glob("test_*.py"))
    return [file.relative_to(root).as_posix() for file in files if " effort" in file.read_text(encoding="utf-8")]


def findings_of(output: str, again: str, report_path: str) -> list[Finding]:
    """The findings in pytest's output; a run that fails without naming a test is one as well."""
    named = dict(_FAILED.findall(output))
    if not named:
        last = output.strip().rpartition("\n")[2]
        return [Finding("the whole run", last, again, report_path)]
    return [Finding(test, message, again, report_path) for test, message in named.items()]

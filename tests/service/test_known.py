"""Faults that whoever runs the suite knows: told with their reason, and no reason to fail."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from weryai.contract._record import Checks, Known, Problem, Secret, WrongUseError, excuse, read_known
from weryai.contract._report import Run, console, junit

ROWS = """
[[known]]
check = "by hand: a form *"
problem = "was not refused"
why = "it never reads a form"
"""
SECRET = Secret("sk-secret-0123456789")


def test_a_known_fault_fails_nothing_and_hides_nothing(tmp_path: Path) -> None:
    """It is told with its reason; another problem of the same check, and the same one elsewhere, still fail."""
    path = tmp_path / "known.toml"
    path.write_text(ROWS, encoding="utf-8-sig")  # As Notepad writes it.
    checks = Checks(SECRET)
    excused = checks.add("by hand", "a form without its file is refused", "it was not refused: HTTP 200")
    both = checks.add("by hand", "a form too many is refused", "it was not refused", Problem("HTTP 500"))
    elsewhere = checks.add("live set", "a form", "it was not refused")
    excuse(checks, read_known(path))
    assert (excused.problems, [why for _, why in excused.known]) == ([], ["it never reads a form"])
    assert [problem.text for problem in both.problems] == ["HTTP 500"]
    assert checks.failed == [both, elsewhere]
    run = Run("https://e.com", "full suite", "today", 1.0, [], checks, [])
    assert "KNOWN it never reads a form" in console(run).splitlines()
    root = ElementTree.fromstring(junit(run))
    assert (root.get("failures"), root.get("skipped")) == ("2", "1")
    skipped = root.find("testsuite/testcase/skipped")
    assert skipped is not None and skipped.get("message") == "known: it never reads a form"


def test_a_fault_that_is_gone_fails_by_its_own_line() -> None:
    """Whoever mended it takes the line out, so that the next fault at its place is seen."""
    checks = Checks(SECRET)
    checks.add("by hand", "a form without its file is refused")
    excuse(checks, [Known("by hand: *", "was not refused", "why")])
    (failed,) = checks.failed
    assert (failed.group, "take it out" in failed.problems[0].text) == ("known faults", True)


@pytest.mark.parametrize(
    "text",
    ["", "known = 5", "[[known]]", ROWS.replace("it never reads a form", " "), ROWS + "seed = 1", "[[", "[[other]]"],
)
def test_a_fault_without_a_reason_is_wrong_use(tmp_path: Path, text: str) -> None:
    """So is a file that is none: the run does not begin."""
    path = tmp_path / "known.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongUseError, match="--known"):
        read_known(path)

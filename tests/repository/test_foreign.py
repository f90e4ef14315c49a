"""Other people's tools, which need Node.js and Java: nightly runs them and the suite does not."""

import re

import yaml

from repository.places import ROOT

FOLDER = ROOT / "tests" / "foreign"
PINS = [
    line.split()
    for line in (FOLDER / "versions.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
SCRIPT = (ROOT / ".ci" / "foreign-tools").read_text(encoding="utf-8")


def test_the_versions_are_exact() -> None:
    """Every tool of npm and PyPI has one exact version, in one file."""
    assert len(PINS) >= 9
    patterns = {"npm": r"@?[\w/.-]+@\d+\.\d+\.\d+", "pypi": r"[\w-]+==\d+\.\d+\.\d+"}
    assert [pin for index, pin in PINS if not re.fullmatch(patterns[index], pin)] == []
    assert "$(pinned npm)" in SCRIPT and "$(pinned pypi)" in SCRIPT


def test_the_results_are_of_these_versions() -> None:
    """The document of results names each tool with the version that is installed, so a new version needs a new look."""
    told = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    names = [re.sub(r"(?<=.)(@|==)(?=\d)", " ", pin) for _, pin in PINS]
    assert [name for name in names if name not in told] == []


def test_whatever_is_there_is_tried() -> None:
    """Each small program of the folder is used by the script, and whatever fails makes it fail."""
    programs = [file.name for file in FOLDER.iterdir() if file.name.startswith("use_")]
    assert len(programs) >= 7
    assert [name for name in programs if not re.search(rf"^[^#]*\b{re.escape(name)}", SCRIPT, re.MULTILINE)] == []
    assert "\nset -eu\n" in SCRIPT and "        failed=1\n" in SCRIPT and SCRIPT.endswith("exit $failed\n")


def test_it_runs_each_night_and_before_a_release() -> None:
    """The verb that a contributor has is run by the workflows."""
    nightly = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8"))
    assert "foreign-tools" in nightly["jobs"]["nightly"]["strategy"]["matrix"]["verb"]
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    assert "make foreign-tools" in [step.get("run") for step in release["jobs"]["build"]["steps"]]

"""What every file of the repository keeps to, read from the files as they are committed."""

import ast
import re
from pathlib import Path

import pytest

import weryai
from repository.places import ROOT, TESTS, committed, functions, python_files, relative

# Written in pieces, so that this file does not hold what it looks for.
FOREIGN = {
    "a package index": r"\bpypi\.(?:org|python)|registry\.npmjs\b|--(?:extra-)?index-url|\bPIP_INDEX_URL=",
    "a download host": r"files\.p[y]thonhosted|raw\.githubusercontent|\bcdn\.jsdelivr|\bunpkg\.com|huggingface\.co",
    "a path of a machine": r"(?<![\w.${}:/~-])/(?:root|home|Users|work|tmp|mnt|opt/(?!homebrew))/[\w.]",
    "another repository": r"\.\./shared\b",
}
BINARY = (".jpg", ".jpeg", ".png", ".webp", ".mp4", ".db")
TEXTS = [name for name in committed() if not name.endswith(BINARY)]
THIS = "tests/repository/test_wording.py"


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_foreign_is_committed(what: str) -> None:
    """No committed file names a package index, a download host, a path of someone's machine or another repository."""
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in TEXTS
        if name != THIS
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if re.search(FOREIGN[what], line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package index", "index = https://pypi" + ".org/simple"),
        ("a download host", "https://files.python" + "hosted.org/packages/x.whl"),
        ("a path of a machine", 'open("/ho' + 'me/me/key")'),
        ("another repository", "see .." + "/shared/design.md"),
    ],
)
def test_something_foreign_is_found(what: str, line: str) -> None:
    """The rule above sees what it is for."""
    assert re.search(FOREIGN[what], line)


@pytest.mark.parametrize("name", TEXTS)
def test_lines_end_alike(name: str) -> None:
    """Every text file is UTF-8 with line feeds alone, and ends with one."""
    content = (ROOT / name).read_bytes()
    content.decode("utf-8")
    assert b"\r" not in content
    assert not content or content.endswith(b"\n")


def test_git_is_told_about_line_ends() -> None:
    """.gitattributes fixes line feeds for every checkout and keeps pictures and videos as they are."""
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "* text=auto eol=lf" in rules
    kept = {line.split()[0].removeprefix("*") for line in rules if line.endswith(" binary")}
    assert {"." + name.rsplit(".", 1)[1] for name in committed() if name.endswith(BINARY)} <= kept
    assert "generated_client/** linguist-generated" in "\n".join(rules)


@pytest.mark.parametrize("file", python_files(TESTS, "**/test_*.py"), ids=relative)
def test_every_test_states_its_rule(file: Path) -> None:
    """Every test function has a docstring: the rule that it proves."""
    silent = [one.name for one in functions(file) if one.name.startswith("test") and not ast.get_docstring(one)]
    assert silent == []


def test_the_changelog_knows_the_version() -> None:
    """CHANGELOG.md has an entry for the version, with at least one sentence in it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^## (\d+\.\d+\.\d+)\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert entries.get(weryai.__version__, "").strip()

"""ARCHITECTURE.md and docs/modules.md lead to places that exist, and to every room."""

import ast
import re
from pathlib import Path

import pytest

from repository.places import OPENAPI, OVERLAY, ROOT, python_files
from repository.readme_blocks import text_of

QUESTION = "\n## Where does my change go?\n"


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "docs/modules.md", "docs/decisions.md", "CONTRIBUTING.md"])
def test_every_place_exists(document: str) -> None:
    """Each file, folder and contract word that the document names between backquotes exists."""
    named = re.findall(r"`([^`\n]+)`", text_of(document))
    places = [name for name in named if is_place(name)]
    assert len(places) > 3
    assert [name for name in places if not exists(name)] == []


def test_a_place_that_does_not_exist_is_found() -> None:
    """The rule above sees what it is for."""
    gone = ("_nowhere/", "_flow/nowhere.py", "nowhere.py", "openapi/nowhere.yaml", "x-nowhere")
    assert [name for name in gone if not is_place(name) or exists(name)] == []


def test_where_a_change_goes() -> None:
    """The table stands under its question, and leads from a change to a place in each row."""
    table = text_of("ARCHITECTURE.md").partition(QUESTION)[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if not any(map(is_place, re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])))] == []


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "docs/modules.md"])
def test_every_room_is_there(document: str) -> None:
    """Each folder of modules is named: by ARCHITECTURE.md those at the top, by docs/modules.md all."""
    depth = 1 if document == "ARCHITECTURE.md" else 9
    rooms = {file.parent.relative_to(OVERLAY) for file in python_files(OVERLAY)}
    names = [f"{room.as_posix()}/" for room in sorted(rooms) if 1 <= len(room.parts) <= depth]
    assert len(names) > 8
    assert [name for name in names if f"`{name}" not in text_of(document)] == []


def test_every_module_has_a_line() -> None:
    """docs/modules.md names each module; an `__init__.py` only where it holds more than a docstring."""
    modules = [file for file in python_files(OVERLAY) if file.name != "__init__.py" or is_more_than_told(file)]
    names = [file.relative_to(OVERLAY).as_posix() for file in modules]
    assert len(names) > 100
    assert [name for name in names if f"`{name}`" not in text_of("docs/modules.md")] == []


def is_more_than_told(file: Path) -> bool:
    """Whether a module has more than its docstring."""
    return len(ast.parse(file.read_text(encoding="utf-8")).body) > 1


def is_place(name: str) -> bool:
    """Whether a name between backquotes is meant as a file, a folder or a word of the contract."""
    pattern = r"x-[a-z-]+|[\w./-]+/|\.ci/[\w-]+|Makefile|[\w./-]*\w\.(?:py|md|yaml|toml)"
    return bool(re.fullmatch(pattern, name)) and name != "/_emulator/"


def exists(name: str) -> bool:
    """Whether a place is in the contract, in the repository, or in weryai."""
    if name.startswith("x-"):
        return f"{name}:" in (OPENAPI / "weryai.yaml").read_text(encoding="utf-8")
    return (ROOT / name).exists() or (OVERLAY / name).exists()

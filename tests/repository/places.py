"""Where things lie in the repository, and how to list them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPENAPI = ROOT / "openapi"
GENERATED = ROOT / "generated_client" / "weryai_api"
OVERLAY = ROOT / "overlays" / "weryai"
TESTS = ROOT / "tests"


@cache
def committed(root: Path = ROOT) -> tuple[str, ...]:
    """The files that git holds and that exist; what somebody keeps beside them is nobody's business."""
    command = ["git", "ls-files", "--cached", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (root / name).is_file()))


def python_files(folder: Path, pattern: str = "**/*.py") -> list[Path]:
    """The committed Python files of a folder, in order; an empty list would make every rule about them true."""
    files = sorted(file for file in folder.glob(pattern) if file.relative_to(ROOT).as_posix() in committed())
    assert files, f"no Python files in {folder}"
    return files


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """Each import of a file as (module, name); the name is empty for a plain import."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((module, alias.name) for alias in node.names)


def relative(path: Path) -> str:
    """A path as a reader of the repository knows it."""
    return path.relative_to(ROOT).as_posix()

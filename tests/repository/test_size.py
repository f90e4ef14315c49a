"""The client stays small enough to be read."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from repository.places import OPENAPI, OVERLAY, TESTS, functions, python_files, relative

MOST_LINES_OF_CODE = 4_150
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50

CLIENT = python_files(OVERLAY, "*.py")
OURS = [*python_files(OVERLAY), *python_files(OPENAPI), *python_files(TESTS)]
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_code(file: Path) -> int:
    """Count the lines that hold code: not blank, no comment, no docstring."""
    text = file.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {line for token in tokens if token.type not in NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - docstring_lines(ast.parse(text)))


def docstring_lines(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that docstrings take, those under an attribute included."""
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    texts = (node for node in strings if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str))
    return {line for node in texts for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def test_lines_are_counted_as_said(tmp_path: Path) -> None:
    """Blank lines, comments and docstrings are not counted; everything else is, each line of a long call too."""
    file = tmp_path / "counted.py"
    file.write_text(
        '"""Doc\nstring."""\n\n# comment\nx = f(\n    1,\n)  # counted\n\n\ndef f():\n    """Doc."""\n    return 1\n'
    )
    assert lines_of_code(file) == 5


def test_the_client_stays_within_its_budget() -> None:
    """overlays/weryai/*.py holds fewer than 4,150 lines of code."""
    counted = {file.name: lines_of_code(file) for file in CLIENT}
    assert sum(counted.values()) < MOST_LINES_OF_CODE, counted


@pytest.mark.parametrize("file", OURS, ids=relative)
def test_no_file_is_long(file: Path) -> None:
    """No file of ours has more than 300 lines, of any kind."""
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_FILE


def test_no_function_is_long() -> None:
    """No function of the package has more than 50 lines, its docstring included."""
    lengths = {
        f"{relative(file)}:{one.lineno} {one.name}": (one.end_lineno or one.lineno) - one.lineno + 1
        for file in [*python_files(OVERLAY), *python_files(OPENAPI)]
        for one in functions(file)
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}

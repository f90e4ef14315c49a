"""A failing assertion names the culprit."""

import ast
from pathlib import Path

import pytest

from repository.places import TESTS, python_files, relative


def blind(test: ast.expr) -> bool:
    """Whether a condition, or a part of it, is nothing but `all(...)` or `any(...)`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return blind(inner)
        case ast.BoolOp(values=parts):
            return bool([one for one in parts if blind(one)])
        case ast.IfExp(body=one, orelse=other):
            return blind(one) or blind(other)
        case ast.Call(func=ast.Name(id="all" | "any")):
            return True
    return False


@pytest.mark.parametrize("file", python_files(TESTS), ids=relative)
def test_no_assertion_is_blind(file: Path) -> None:
    """`assert all(...)` says False; a comparison, such as `[one for one in ... if ...] == []`, names what is wrong."""
    asserts = [one for one in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(one, ast.Assert)]
    assert [f"{relative(file)}:{one.lineno}" for one in asserts if blind(one.test)] == []

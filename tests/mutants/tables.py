"""Mistakes in the client's tables, derived from the tables themselves: each entry is once forgotten, or another."""

import ast
from collections.abc import Iterator

from .edits import Entry, Lose
from .mutant import Mutant
from .sources import MutantError, here

ENVELOPE, RETRY, TASK = ("test_envelope",), ("test_retry",), ("test_task",)


def table(name: str) -> ast.AST:
    """What is assigned to a name in the package."""
    found = here().definitions("overlay", name)
    if len(found) != 1:
        raise MutantError(f"{len(found)} tables are called {name}")
    return found[0].node


def numbers(name: str) -> list[int]:
    """Every number in a table."""
    return [one.value for one in ast.walk(table(name)) if isinstance(one, ast.Constant) and isinstance(one.value, int)]


def entries(name: str) -> Iterator[tuple[str | int, str]]:
    """Key and value of each entry of a table."""
    for one in ast.walk(table(name)):
        if isinstance(one, ast.Dict):
            for key, value in zip(one.keys, one.values, strict=True):
                assert isinstance(key, ast.Constant)
                yield key.value, ast.unparse(value)


def forgotten(kind: str, name: str, claim: str, first: tuple[str, ...]) -> Iterator[Mutant]:
    """Each number of a table is missing once."""
    for number in numbers(name):
        yield Mutant(f"overlay.{kind}.{number}", Lose(name, item=str(number)), f"{number}: {claim}", first)


def mixed_up(kind: str, name: str, claim: str, first: tuple[str, ...]) -> Iterator[Mutant]:
    """Each entry of a table has the value of the next one that differs."""
    found = list(entries(name))
    for at, (key, value) in enumerate(found):
        other = next(one for _, one in [*found[at:], *found] if one != value)
        edit = Entry(name, key=key, value=other)
        yield Mutant(f"overlay.{kind}.{key}", edit, f"{key!r}: {claim} {other.rpartition('.')[2]}", first)


TABLES = [
    *forgotten("code", "_KINDS", "the code has no error of its own", (*ENVELOPE, *RETRY)),
    *forgotten("refusal", "EXPLICIT_REFUSALS", "the code is not tried again", RETRY),
    *forgotten("cap", "DAILY_CAPS", "a cap of the day is hammered at", RETRY),
    *mixed_up("word", "WORDS", "a task with this word counts as", TASK),
    *mixed_up("http", "HTTP", "a bare HTTP status is a", ENVELOPE),
]

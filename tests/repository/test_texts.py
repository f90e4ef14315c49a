"""What an error means is in its class and its fields: no code reads its text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from repository.places import OVERLAY, python_files, relative

SHAPING = {"removesuffix", "removeprefix", "startswith", "endswith", "replace", "partition", "rpartition", "split"}
# A message of click's own says it as well.
SAYING = ["cli/_bulk/run.py", "errors.py"]


def texts_read(tree: ast.AST) -> Iterator[int]:
    """The lines in which the text of a caught error, or a note of any, is searched or cut."""
    caught = {one.name for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler) and one.name}

    def is_text(node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id=name)]):
                return name in caught
            case ast.Attribute(value=ast.Name(id=name), attr="message"):
                return name in caught
        return False

    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[text]) if is_text(text):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=text, attr=name)) if name in SHAPING and is_text(text):
                yield node.lineno
            case ast.GeneratorExp(
                elt=ast.Compare(), generators=[ast.comprehension(iter=ast.Call(args=[_, notes, *_]))]
            ):
                if isinstance(notes, ast.Constant) and notes.value == "__notes__":
                    yield node.lineno


@pytest.mark.parametrize("file", python_files(OVERLAY), ids=relative)
def test_no_text_of_an_error_is_read(file: Path) -> None:
    """Neither to decide nor to cut a part of it off; `message` and the fields are there for that."""
    assert list(texts_read(ast.parse(file.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "try: pass\nexcept E as e:\n if 'sent' not in str(e): raise",
        "try: pass\nexcept E as e:\n print(str(e).removesuffix(' sent'))",
        "try: pass\nexcept E as e:\n print(e.message.partition(':'))",
        "x = any('paid' in note for note in getattr(e, '__notes__', ()))",
    ],
)
def test_reading_is_seen(code: str) -> None:
    """The rule sees each of the ways that there were."""
    assert list(texts_read(ast.parse(code))) != []


def test_that_nothing_was_sent_is_written_once() -> None:
    """The sentence is in errors.py alone, which adds it to the text of whatever was refused in time."""
    found = [
        file.relative_to(OVERLAY).as_posix()
        for file in python_files(OVERLAY)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "Nothing was sent." in node.value
    ]
    assert found == SAYING

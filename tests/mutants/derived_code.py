"""`make mutants ONLY=generated.derived`: mistakes derived from the generated code itself, judged in this process.

Each key, field, default, word, number, condition and class of each model and endpoint is once dropped, renamed or
swapped with its neighbour. The module is made anew from the mistaken source, without a copy of the tree, and judged by
the rules of tests/contract/generated.py.
"""

import ast
import copy
import functools
import importlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from contract.generated import module_names, problems

Edit = Callable[[ast.AST], None]


@dataclass(frozen=True)
class CodeMistake:
    """One mistake in a generated module: what is done to the node with a number, counted as `ast.walk` does."""

    module: str
    kind: str
    number: int
    told: str
    edit: Edit

    @property
    def name(self) -> str:
        """Module, kind and text, and the node's number, which makes it unique."""
        return f"{self.kind} {self.module.removeprefix('weryai_api.')} {self.told} (node {self.number})"

    def made(self) -> ModuleType:
        """Make the module with the mistake in it."""
        tree = copy.deepcopy(tree_of(self.module))
        node = next(one for at, one in enumerate(ast.walk(tree)) if at == self.number)
        self.edit(node)
        module = ModuleType(self.module)
        module.__package__ = self.module.rpartition(".")[0]
        exec(compile(ast.fix_missing_locations(tree), self.module, "exec"), module.__dict__)
        return module


@functools.cache
def tree_of(module: str) -> ast.Module:
    """The syntax of a generated module, without annotations, docstrings and what is for type checkers alone."""
    file = importlib.import_module(module).__file__
    assert file is not None
    tree = ast.parse(Path(file).read_text("utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [one for one in body if not _is_idle(one)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _is_idle(one: ast.stmt) -> bool:
    docstring = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
    checking = isinstance(one, ast.If) and isinstance(one.test, ast.Name) and one.test.id == "TYPE_CHECKING"
    variable = isinstance(one, ast.Assign) and isinstance(one.value, ast.Call) and "TypeVar" in ast.dump(one.value)
    return docstring or checking or variable


def _fields(tree: ast.Module) -> set[int]:
    """The numbers of nodes that say nothing when the code runs: annotations, and the first argument of `cast`."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast":
            parts.append(node.args[0])
        silent |= {id(inner) for part in parts if isinstance(part, ast.AST) for inner in ast.walk(part)}
    return silent


def _set(name: str, value: object) -> Edit:
    return lambda node: setattr(node, name, value)


def _drop(name: str, at: int) -> Edit:
    def edit(node: ast.AST) -> None:
        del getattr(node, name)[at]

    return edit


def _empty(name: str, at: int) -> Edit:
    def edit(node: ast.AST) -> None:
        getattr(node, name)[at] = ast.Pass()

    return edit


def _swap_keywords(at: int) -> Edit:
    def edit(node: ast.AST) -> None:
        first, second = node.keywords[at], node.keywords[at + 1]  # type: ignore[attr-defined]
        first.value, second.value = second.value, first.value

    return edit


def _negated(node: ast.AST) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)  # type: ignore[attr-defined]


def _drop_entry(at: int) -> Edit:
    def edit(node: ast.AST) -> None:
        assert isinstance(node, ast.Dict)
        del node.keys[at], node.values[at]

    return edit


def mistakes(module: str) -> Iterator[CodeMistake]:
    """Derive every mistake of a module, in its order."""
    tree = tree_of(module)
    silent = _fields(tree)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in silent:
            for kind, told, edit in [*_of_value(node), *_of_call(node), *_of_statement(node)]:
                yield CodeMistake(module, kind, number, told, edit)


def _of_value(node: ast.AST) -> Iterator[tuple[str, str, Edit]]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "default", f"{node.value} is {not node.value}", _set("value", not node.value)
        elif isinstance(node.value, int):
            yield "number", f"{node.value} is {node.value + 1}", _set("value", node.value + 1)
        elif isinstance(node.value, str):
            yield "key", f"{node.value!r} has a letter more", _set("value", f"{node.value}x")
        elif isinstance(node.value, bytes):
            yield "key", f"{node.value!r} has a letter more", _set("value", node.value + b"x")
    if isinstance(node, ast.Dict):
        for at, key in enumerate(node.keys):
            yield "field", f"{ast.unparse(key) if key else '**'} is not there", _drop_entry(at)
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        renamed = ast.Name(f"{node.target.id}x", ast.Store())
        yield "key", f"{node.target.id} has a letter more", _set("target", renamed)
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Name) and node.value.id == "UNSET":
        yield "default", f"{ast.unparse(node.target)} is None", _set("value", ast.Constant(None))
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant) and node.value.value is not None:
        yield "default", f"{ast.unparse(node.target)} has none", _set("value", ast.Name("UNSET", ast.Load()))


def _of_call(node: ast.AST) -> Iterator[tuple[str, str, Edit]]:
    if not isinstance(node, ast.Call):
        return
    text = ast.unparse(node)[:60]
    for at, keyword in enumerate(node.keywords):
        yield "argument", f"{keyword.arg} is not given to {text}", _drop("keywords", at)
        if at + 1 < len(node.keywords):
            other = node.keywords[at + 1].arg
            yield "swapped", f"{keyword.arg} and {other} in {text}", _swap_keywords(at)
    if isinstance(node.func, ast.Attribute):
        match node.func.attr:
            case "pop" if len(node.args) == 2:
                yield "required", f"{text} has no default", _drop("args", 1)
            case "pop":
                yield (
                    "required",
                    f"{text} has a default",
                    lambda it: it.args.append(  # type: ignore[attr-defined]
                        ast.Name("UNSET", ast.Load())
                    ),
                )
            case "from_dict":
                name = ast.unparse(node.func.value)
                if name != "cls":
                    yield "class", f"{name} is a dict", _set("func", ast.Name("dict", ast.Load()))


def _of_statement(node: ast.AST) -> Iterator[tuple[str, str, Edit]]:
    if isinstance(node, ast.If | ast.IfExp):
        yield "condition", f"not {ast.unparse(node.test)}", _negated
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "result", f"{ast.unparse(node.value)[:60]} is not returned", _set("value", ast.Constant(None))
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        for at, one in enumerate(block if isinstance(block, list) else ()):
            if isinstance(one, ast.Assign | ast.Expr | ast.Raise | ast.If) or (
                isinstance(one, ast.AnnAssign) and not isinstance(node, ast.ClassDef) and one.value is not None
            ):
                told = ast.unparse(one).partition("\n")[0][:60]
                yield "statement", f"{told} is not there", _empty(name, at)


@functools.cache
def derived() -> tuple[CodeMistake, ...]:
    """Every mistake of every generated module."""
    return tuple(one for name in module_names() for one in mistakes(name))


def seen_by(mistake: CodeMistake) -> str:
    """Return the first problem that a rule has with the module once the mistake is in it; nothing if none has."""
    try:
        module = mistake.made()
    except Exception as error:
        return f"{mistake.module} cannot be imported: {error!r:.200}"
    original = importlib.import_module(mistake.module)
    sys.modules[mistake.module] = module  # Other models read it by this name.
    try:
        return next(problems(module), "")
    finally:
        sys.modules[mistake.module] = original


def main() -> int:
    """Print the counts by kind and what survived; return the exit code."""
    survivors = [one for one in derived() if not seen_by(one)]
    left, total = Counter(one.kind for one in survivors), Counter(one.kind for one in derived())
    for kind in sorted(total):
        print(f"{kind:<12} {total[kind] - left[kind]:>4} of {total[kind]:>4} killed")
    print(f"{'all':<12} {len(derived()) - len(survivors):>4} of {len(derived()):>4} killed")
    for one in survivors:
        print(f"SURVIVED     {one.name}")
    return int(bool(survivors))

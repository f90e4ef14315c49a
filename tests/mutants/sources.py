"""A tree of Python sources in which a definition is found by its name, wherever it lies and however it is indented."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: The packages that mutants are in, by the name of their scope.
SCOPES = {"overlay": "overlays/weryai", "generated": "generated_client/weryai_api"}


class MutantError(Exception):
    """The list is wrong, or a copy cannot be made; the message says what."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A function, a class, or what is assigned to a name, with the names that it stands under."""

    file: str
    path: tuple[str, ...]
    node: ast.AST


class Sources:
    """The files of a tree as text; Python files are parsed once, and only when somebody asks."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the texts by their relative paths."""
        self.texts = texts
        self._modules: dict[str, Definition | None] = {}
        self._names: dict[str, dict[str, list[Definition]]] = {}

    def definitions(self, scope: str, name: str) -> list[Definition]:
        """What stands under a name such as `delay`, `RetryPolicy.delay`, `retry:delay`, or in all of `retry:`."""
        module, _, dotted = name.rpartition(":")
        if not dotted:
            return [one for one in self.modules(scope) if Path(one.file).stem == module]
        path = tuple(dotted.split("."))
        # A file that does not have the word cannot define it, and to read one takes ten times as long as to look.
        files = [file for file in self._files(scope) if path[-1] in self.texts[file]]
        return [
            one
            for file in files
            if module in ("", Path(file).stem)
            for one in self._defined(file).get(path[-1], ())
            if one.path[-len(path) :] == path
        ]

    def modules(self, scope: str) -> list[Definition]:
        """Every module of a scope as a whole."""
        return [module for file in self._files(scope) if (module := self._module(file)) is not None]

    def _files(self, scope: str) -> list[str]:
        return [file for file in self.texts if file.startswith(f"{SCOPES[scope]}/") and file.endswith(".py")]

    def _module(self, file: str) -> Definition | None:
        if file not in self._modules:
            tree = _parsed(self.texts[file])
            self._modules[file] = None if tree is None else Definition(file, (), tree)
        return self._modules[file]

    def _defined(self, file: str) -> dict[str, list[Definition]]:
        if file not in self._names:
            self._names[file] = {}
            module = self._module(file)
            for one in _inside(module) if module else ():
                self._names[file].setdefault(one.path[-1], []).append(one)
        return self._names[file]


def _parsed(text: str) -> ast.Module | None:
    """The syntax of a module; none of what somebody only scribbled."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _inside(outer: Definition) -> Iterator[Definition]:
    for node in ast.iter_child_nodes(outer.node):
        for name in _names(node):
            one = Definition(outer.file, (*outer.path, name), node)
            yield one
            yield from _inside(one)
        if isinstance(node, ast.If | ast.Try | ast.With | ast.AsyncWith):
            yield from _inside(Definition(outer.file, outer.path, node))


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def read_sources(root: Path) -> Sources:
    """The Python sources of the tree at a folder, with its contract and the generator's templates."""
    files = [path for folder in SCOPES.values() for path in sorted((root / folder).rglob("*.py"))]
    files += [root / "openapi" / "weryai.yaml", *(root / "openapi" / "templates").rglob("*.jinja")]
    return Sources({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files})


@functools.cache
def here() -> Sources:
    """The sources of this checkout."""
    return read_sources(Path(__file__).resolve().parents[2])

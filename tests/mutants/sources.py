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

    def definitions(self, scope: str, name: str) -> list[Definition]:
        """What stands under a name such as `delay`, `RetryPolicy.delay`, `retry:delay`, or in all of `retry:`."""
        module, _, dotted = name.rpartition(":")
        if not dotted:
            return [one for one in self._modules[scope] if Path(one.file).stem == module]
        path = tuple(dotted.split("."))
        return [
            one
            for one in self._defined[scope].get(path[-1], ())
            if one.path[-len(path) :] == path and module in ("", Path(one.file).stem)
        ]

    def modules(self, scope: str) -> list[Definition]:
        """Every module of a scope as a whole."""
        return self._modules[scope]

    @functools.cached_property
    def _modules(self) -> dict[str, list[Definition]]:
        return {
            scope: [
                Definition(file, (), tree)
                for file, text in self.texts.items()
                if file.startswith(f"{folder}/") and file.endswith(".py") and (tree := _parsed(text)) is not None
            ]
            for scope, folder in SCOPES.items()
        }

    @functools.cached_property
    def _defined(self) -> dict[str, dict[str, list[Definition]]]:
        found: dict[str, dict[str, list[Definition]]] = {scope: {} for scope in SCOPES}
        for scope, modules in self._modules.items():
            for module in modules:
                for one in _inside(module):
                    found[scope].setdefault(one.path[-1], []).append(one)
        return found


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

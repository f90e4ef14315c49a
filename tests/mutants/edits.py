"""What a mistake changes, said by meaning: an edit is found by the shape of the syntax, not by its text.

In a fragment a name of one capital letter stands for any expression, the same one wherever it comes again, and `...`
stands for whatever follows in a list: `A + B <= self.budget`, `send(A, ...)`.
"""

from __future__ import annotations

import ast
import copy
import functools
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from .sources import Definition, MutantError, Sources

CONTRACT = "openapi/weryai.yaml"
Bound = dict[str, ast.AST]


@dataclass(frozen=True)
class Change:
    """A part of a file that becomes another text."""

    file: str
    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        """The file's text with the change in it."""
        raw = text.encode()
        return (raw[: self.start] + self.new.encode() + raw[self.end :]).decode()


@dataclass(frozen=True)
class PythonEdit:
    """One edit of one definition.

    `where` is its name; a class, a method and what is assigned to a name have one as well. If nothing with this name
    holds what is to be edited, because it was renamed or moved, the one place of the whole scope that does is taken.
    """

    where: str
    scope: str = "overlay"

    def change(self, sources: Sources) -> Change:
        """The change; raises MutantError unless there is exactly one place for it."""
        named = sources.definitions(self.scope, self.where)
        for places in (named, sources.modules(self.scope)):
            found = [change for place in places for change in self.found(place, sources.texts[place.file])]
            if len(found) == 1:
                return found[0]
            if len(found) > 1 and named:
                break
        where = f"in {self.where}" if named else f"{self.where} is gone, and everywhere"
        raise MutantError(f"{self}: {where} it fits {len(found)} times, not once")

    def found(self, place: Definition, text: str) -> list[Change]:
        """Every place in a definition that the edit fits."""
        raise NotImplementedError


@dataclass(frozen=True)
class Swap(PythonEdit):
    """An expression, statements, a `case` or a `keyword=value` becomes another; nothing stands for `pass`."""

    old: str = ""
    new: str = ""

    def found(self, place: Definition, text: str) -> list[Change]:
        """Every place in a definition that looks like `old`."""
        old, new = parsed(self.old), parsed(self.new or "pass")
        if self.old == self.new:
            raise MutantError(f"{self} changes nothing")
        changes = []
        for nodes in _candidates(place.node, len(old), type(old[0])):
            bound: Bound = {}
            if _alike_all(old, nodes, bound):
                changes.append(_replaced(place.file, text, nodes, [_filled(one, bound) for one in new]))
        return changes


@dataclass(frozen=True)
class Lose(PythonEdit):
    """One of several is forgotten: an element, an argument, an entry by its key, an operand of `and` or `or`."""

    item: str = ""

    def found(self, place: Definition, text: str) -> list[Change]:
        """Every place in a definition that has the item among others."""
        (item,) = parsed(self.item)
        changes = []
        for holder in ast.walk(place.node):
            for name in ("elts", "values", "args", "keywords", "keys", "patterns"):
                items = getattr(holder, name, None)
                if isinstance(holder, ast.Dict | ast.JoinedStr) == (name != "keys") or not isinstance(items, list):
                    continue
                for index, one in enumerate(items):
                    if one is not None and _alike(item, one, {}):
                        left = copy.deepcopy(holder)
                        del getattr(left, name)[index]
                        if isinstance(left, ast.Dict):
                            del left.values[index]
                        changes.append(_replaced(place.file, text, [holder], [left]))
        return changes


@dataclass(frozen=True)
class Entry(PythonEdit):
    """The entry of a table has another value."""

    key: object = None
    value: str = ""

    def found(self, place: Definition, text: str) -> list[Change]:
        """Every entry with this key."""
        (value,) = parsed(self.value)
        return [
            _replaced(place.file, text, [old], [value])
            for table in ast.walk(place.node)
            if isinstance(table, ast.Dict)
            for key, old in zip(table.keys, table.values, strict=True)
            if isinstance(key, ast.Constant) and key.value == self.key
        ]


@dataclass(frozen=True)
class Text(PythonEdit):
    """A piece of a string, such as SQL or a regular expression, becomes another."""

    old: str = ""
    new: str = ""

    def found(self, place: Definition, text: str) -> list[Change]:
        """Every string that has the piece, once for each time."""
        raw = text.encode()
        lines = _line_starts(text)
        changes = {}
        for node in ast.walk(place.node):
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                start, end = _span(lines, [node])
                piece = raw[start:end]
                for found in re.finditer(re.escape(self.old.encode()), piece):
                    at = start + found.start()
                    changes[at] = Change(place.file, at, start + found.end(), self.new)
        return list(changes.values())


@functools.cache
def parsed(fragment: str) -> list[ast.AST]:
    """The syntax of a fragment: one node, or the statements."""
    text = textwrap.dedent(fragment).strip()
    try:
        if text.startswith("case "):
            (match,) = ast.parse("match _:\n" + textwrap.indent(text, " ")).body
            assert isinstance(match, ast.Match)
            return [*match.cases]
        body = ast.parse(text).body
    except SyntaxError as error:
        raise MutantError(f"{text!r} is no Python: {error}") from error
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return [body[0].value]
    if len(body) == 1 and isinstance(body[0], ast.Assign) and text.split("=")[0].isidentifier():
        (call,) = (one for one in ast.walk(ast.parse(f"f({text})")) if isinstance(one, ast.Call))
        return [*call.keywords]
    return [*body]


def _candidates(tree: ast.AST, many: int, kind: type[ast.AST]) -> Iterator[list[ast.AST]]:
    """Every run of so many neighbours, if the first may be of the kind wanted."""
    for node in ast.walk(tree):
        if many == 1 and isinstance(node, kind):
            yield [node]
        if many > 1:
            for _, value in ast.iter_fields(node):
                if isinstance(value, list):
                    yield from (value[at : at + many] for at in range(len(value) - many + 1))


def _is_wild(node: object) -> bool:
    return isinstance(node, ast.Name) and len(node.id) == 1 and node.id.isupper()


def _is_rest(node: object) -> bool:
    if isinstance(node, ast.Expr):
        node = node.value
    return isinstance(node, ast.Constant) and node.value is ...


def _alike(pattern: Any, node: Any, bound: Bound) -> bool:
    if _is_wild(pattern) and isinstance(node, ast.expr):
        known = bound.setdefault(pattern.id, node)
        return ast.unparse(known) == ast.unparse(node)
    if isinstance(pattern, list):
        return isinstance(node, list) and _alike_all(pattern, node, bound)
    if type(pattern) is not type(node):
        return False
    if not isinstance(pattern, ast.AST):
        return bool(pattern == node)
    ignored = ["ctx", "type_comment", "kind"]
    if isinstance(pattern, ast.Call) and pattern.args and _is_rest(pattern.args[-1]):
        ignored.append("keywords")
    fields = (name for name in pattern._fields if name not in ignored)
    return all(_alike(getattr(pattern, name, None), getattr(node, name, None), bound) for name in fields)


def _alike_all(patterns: list[Any], nodes: list[Any], bound: Bound) -> bool:
    if patterns and _is_rest(patterns[-1]):
        patterns = patterns[:-1]
        nodes = nodes[: len(patterns)]
    return len(patterns) == len(nodes) and all(
        _alike(one, node, bound) for one, node in zip(patterns, nodes, strict=True)
    )


def _filled(new: ast.AST, bound: Bound) -> ast.AST:
    """The new syntax with what the wildcards stand for."""

    class Filling(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return bound.get(node.id, node) if _is_wild(node) else node

    return Filling().visit(copy.deepcopy(new))


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.encode().split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _span(lines: list[int], nodes: list[Any]) -> tuple[int, int]:
    first, last = nodes[0], nodes[-1]
    first = first.pattern if isinstance(first, ast.match_case) else first
    last = last.body[-1] if isinstance(last, ast.match_case) else last
    return lines[first.lineno - 1] + first.col_offset, lines[last.end_lineno - 1] + last.end_col_offset


def _replaced(file: str, text: str, nodes: list[Any], new: list[Any]) -> Change:
    lines = _line_starts(text)
    start, end = _span(lines, nodes)
    indent = nodes[0].pattern.col_offset - len("case ") if isinstance(nodes[0], ast.match_case) else nodes[0].col_offset
    written = "\n".join(ast.unparse(one) for one in new)
    match new[0]:
        case ast.match_case():
            written = written.removeprefix("\ncase ").removeprefix("case ")
        case ast.expr() if not isinstance(new[0], ast.Starred | ast.Constant | ast.Name):
            written = f"({written})"
    return Change(file, start, end, written.strip("\n").replace("\n", "\n" + " " * indent))


@dataclass(frozen=True)
class TemplateEdit:
    """A piece of a template of the generator becomes another."""

    file: str
    old: str
    new: str

    def change(self, sources: Sources) -> Change:
        """The change; raises MutantError unless there is exactly one place for it."""
        (path,) = (path for path in sources.texts if path.endswith(f"/{self.file}"))
        raw, old = sources.texts[path].encode(), self.old.encode()
        if raw.count(old) != 1:
            raise MutantError(f"{self}: it fits {raw.count(old)} times, not once")
        start = raw.index(old)
        return Change(path, start, start + len(old), self.new)


@dataclass(frozen=True)
class ContractEdit:
    """What stands in the contract under some keys becomes what `edit` makes of it."""

    keys: tuple[str | int, ...]
    edit: Callable[[Any], Any]

    def change(self, sources: Sources) -> Change:
        """The change; raises MutantError if the place is gone, or nothing would change."""
        text = sources.texts[CONTRACT]
        node, value = _composed(text)
        try:
            for key in self.keys:
                value = value[key]
                node = (
                    node.value[key] if isinstance(key, int) else next(v for k, v in node.value if k.value == str(key))
                )
            new = self.edit(copy.deepcopy(value))
        except (LookupError, StopIteration, ValueError, TypeError) as error:
            raise MutantError(f"{'/'.join(map(str, self.keys))} is not in the contract: {error!r}") from error
        if new == value and type(new) is type(value) and json.dumps(new) == json.dumps(value):
            raise MutantError(f"{'/'.join(map(str, self.keys))}: nothing changes")
        start, end = (_offset(text, mark) for mark in (node.start_mark, node.end_mark))
        piece = text.encode()[start:end]
        # A block ends where the next token begins.
        if piece != piece.rstrip():
            end = start + piece.rindex(b"\n")
        return Change(CONTRACT, start, end, " " + json.dumps(new, ensure_ascii=False))


def replaced(*keys: str | int, by: Any) -> ContractEdit:
    """Another value under some keys."""
    return ContractEdit(keys, lambda _: by)


def dropped(*keys: str | int) -> ContractEdit:
    """An entry of a mapping, by its key, or of a list, by its value, is gone."""

    def drop(holder: Any) -> Any:
        if isinstance(holder, list):
            holder.remove(keys[-1])
        else:
            del holder[keys[-1]]
        return holder

    return ContractEdit(keys[:-1], drop)


def renamed(*keys: str | int, to: str) -> ContractEdit:
    """An entry stands under another key."""

    def rename(holder: Any) -> Any:
        if keys[-1] not in holder:
            raise KeyError(keys[-1])
        return {to if key == keys[-1] else key: value for key, value in holder.items()}

    return ContractEdit(keys[:-1], rename)


def _offset(text: str, mark: Any) -> int:
    lines = text.splitlines(keepends=True)
    return len(("".join(lines[: mark.line]) + "".join(lines[mark.line : mark.line + 1])[: mark.column]).encode())


@functools.lru_cache(maxsize=2)
def _composed(text: str) -> tuple[Any, Any]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.compose(text, Loader=loader), yaml.load(text, Loader=loader)

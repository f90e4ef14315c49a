"""A page as people copy it from a browser: its operation, fields, models and examples, each with its line; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .cleaning import KEY, TYPE, cleaned

NAME = re.compile(r"[A-Za-z_]\w*")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
SECTIONS = ("Authorizations", "Body", "Response", "Path Parameters", "Query Parameters", "Headers")
NUMBER = r"(-?\d+(?:\.\d+)?)"
LIMITS = (
    (re.compile(rf"Required string length: {NUMBER} - {NUMBER}"), ("minLength", "maxLength")),
    (re.compile(rf"Maximum string length: {NUMBER}"), ("maxLength",)),
    (re.compile(rf"Minimum string length: {NUMBER}"), ("minLength",)),
    (re.compile(rf"Required array length: {NUMBER} - {NUMBER}(?: elements)?"), ("minItems", "maxItems")),
    (re.compile(rf"Maximum array length: {NUMBER}(?: elements)?"), ("maxItems",)),
    (re.compile(rf"Minimum array length: {NUMBER}(?: elements)?"), ("minItems",)),
)
RANGE = re.compile(rf"Required range: (?:{NUMBER} (<=?) )?x(?: ([<>]=?) {NUMBER})?")
BOUNDS = {"<=": "maximum", "<": "exclusiveMaximum", ">=": "minimum", ">": "exclusiveMinimum"}
# A limit in words that nothing above reads is told as it stands.
UNREAD = re.compile(r"(?:Required|Maximum|Minimum) [a-z ]+: .*\d.*")
FORMATS = re.compile(r"supports? ((?:\w+, )+\w+(?:,? (?:and|or) \w+)?)")

SOURCE = re.compile(r"<(!doctype|html|head|body|div|script|meta)\b", re.IGNORECASE)


class PageError(Exception):
    """A text that cannot be read as a page of an operation; the message says why and what to do."""


@dataclass(slots=True)
class Field:
    """A field of the page; `facts` has what it says by the contract's words, `lines` where."""

    name: str
    line: int
    facts: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    models: list[tuple[str, str, int]] = field(default_factory=list)
    whole: bool = True

    def say(self, word: str, value: Any, line: int) -> None:
        """Note one fact."""
        self.facts[word] = value
        self.lines[word] = line


@dataclass(slots=True)
class Page:
    """What was read; `whole` is false when the copy ends before the last field of the answer."""

    method: str = ""
    path: str = ""
    title: str = ""
    line: int = 0
    body: list[Field] = field(default_factory=list)
    answer: list[Field] = field(default_factory=list)
    examples: dict[str, tuple[Any, int]] = field(default_factory=dict)
    body_whole: bool = False
    whole: bool = False


def read_page(text: str, models: Iterable[tuple[str, str]] = ()) -> Page:
    """Read a page; `models` are the names and keys that the contract knows, to tell them apart in a table's row."""
    if SOURCE.search(text):
        raise PageError("this is the page's HTML source; select all in a browser, copy, and store that text")
    pairs = list(models)
    copied = cleaned(text, frozenset(key for _, key in pairs))
    lines = [line for line, _ in copied]
    page = Page()
    sections = {name: lines.index(name) for name in SECTIONS if name in lines}
    _head(page, lines, min(sections.values(), default=len(lines)))
    if not page.method or not page.path:
        raise PageError(
            "no line has a method (POST, GET) with the path after it; copy the page of one operation, whole"
        )
    outside = [line for line in lines[: min(sections.values(), default=len(lines))] if TYPE.fullmatch(line)]
    if outside:
        raise PageError("fields are listed, but not under Body or Response; take the English page in its own layout")
    ends = sorted([*sections.values(), len(lines)])
    for name, start in sections.items():
        end = next(end for end in ends if end > start)
        fields = list(_fields(lines, start + 1, end, pairs))
        if name == "Body":
            page.body = fields
        elif name == "Response":
            page.answer = fields
    page.whole = bool(page.answer) and page.answer[-1].name == "data" and "type" in page.answer[-1].facts
    page.body_whole = "Response" in sections
    if not page.whole:
        _mark_the_cut(page)
    _number(page, [0, *(number for _, number in copied)])
    return page


def _number(page: Page, numbers: list[int]) -> None:
    """Put the lines of the file in the place of those that were read."""
    page.line = numbers[page.line]
    page.examples = {name: (value, numbers[line]) for name, (value, line) in page.examples.items()}
    for one in (*page.body, *page.answer):
        one.line = numbers[one.line]
        one.lines = {word: numbers[line] for word, line in one.lines.items()}
        one.models = [(name, key, numbers[line]) for name, key, line in one.models]


def _mark_the_cut(page: Page) -> None:
    """What a copy breaks off in may go on: its last line is not trusted, what its last field lacks was not seen."""
    for fields in (page.answer, page.body):
        if fields:
            last = fields[-1]
            last.whole = False
            final = max([*last.lines.values(), *(line for *_, line in last.models)], default=0)
            last.facts = {word: value for word, value in last.facts.items() if last.lines[word] != final}
            last.models = [model for model in last.models if model[2] != final]
            return


def _head(page: Page, lines: list[str], end: int) -> None:
    for start in (at for at, line in enumerate(lines[:end]) if line in METHODS):
        path, at = "", start + 1
        while at < end and ("/" in lines[at] or path.endswith("/")):
            path += lines[at]
            at += 1
        if path.startswith("/"):
            page.method, page.path, page.line = lines[start], path, start + 1
            break
    else:
        return
    page.title = lines[at] if at < end else ""
    text, opened = "\n".join(lines[at:end]), 0
    sends_json = any(line.startswith("--data") for line in lines[at:end])
    for name in ("request", "reply") if sends_json else ("reply",):
        opened = text.find("\n{\n", opened)
        if opened < 0:
            return
        line = at + text.count("\n", 0, opened + 1) + 1
        try:
            value, length = json.JSONDecoder().raw_decode(text[opened + 1 :])
        except ValueError:
            return
        page.examples[name] = (value, line)
        opened += length


def _fields(lines: list[str], start: int, end: int, models: list[tuple[str, str]]) -> Iterable[Field]:
    starts = [
        at for at in range(start, end - 1) if NAME.fullmatch(lines[at]) and TYPE.fullmatch(lines[at + 1])
    ]  # fmt: skip
    for at, after in zip(starts, [*starts[1:], end], strict=False):
        one = Field(lines[at], at + 1)
        one.say("type", lines[at + 1], at + 2)
        one.say("required", False, at + 1)
        _facts(one, lines, at + 2, after, models)
        yield one


def _facts(one: Field, lines: list[str], start: int, end: int, models: list[tuple[str, str]]) -> None:
    in_table = False
    for at in range(start, end):
        line = lines[at]
        if line == "required":
            one.say("required", True, at + 1)
        elif line.startswith("default:"):
            one.say("default", _value(line.removeprefix("default:")), at + 1)
        elif line == "deprecated":
            one.say("deprecated", True, at + 1)
        elif line == "Available options:":
            one.say("enum", _options(lines[at + 1 : end]), at + 2)
        elif line == "Example:":
            told = [text for text in lines[at + 1 : end] if text]
            if told:
                one.say("example", _value(told[0]), at + 1 + lines[at + 1 : end].index(told[0]) + 1)
            in_table = False
        elif re.match(r"Model Name\s*Model Key", line):
            in_table = True
        elif in_table and line and (model := _model(line, models)):
            one.models.append((*model, at + 1))
        else:
            _limits(one, line, at + 1)


def _options(lines: list[str]) -> list[Any]:
    """Read a list of values, which goes on as long as a comma ends the line."""
    listed = ""
    for line in filter(None, lines):
        listed += line
        if not line.endswith(","):
            break
    return [_value(word) for word in re.split(r"[,\s]+", listed) if word]


def _limits(one: Field, line: str, number: int) -> None:
    for pattern, words in LIMITS:
        if found := pattern.fullmatch(line):
            for word, value in zip(words, found.groups(), strict=True):
                one.say(word, _value(value), number)
    if found := RANGE.fullmatch(line):
        least, above, below, most = found.groups()
        for value, sign in ((least, (above or "").replace("<", ">")), (most, below)):
            if sign:
                one.say(BOUNDS[sign], _value(value), number)
    elif UNREAD.fullmatch(line) and not any(pattern.fullmatch(line) for pattern, _ in LIMITS):
        one.say("limit", line, number)
    if found := FORMATS.search(line):
        one.say("x-formats", re.findall(r"\b(?!and\b|or\b)\w+", found.group(1)), number)


def _value(text: str) -> Any:
    text = text.strip()
    try:
        return json.loads(text)
    except ValueError:
        return text


def _model(line: str, models: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Split a row into name and key, which a browser copies without a space between them."""
    cells = [cell.strip() for cell in re.split(r"\t+|\s{2,}", line) if cell.strip()]
    if len(cells) > 1:
        return cells[0], cells[1]
    for name, key in models:
        if line in (name + key, f"{name} {key}"):
            return name, key
    word = re.match(r"[A-Za-z]+", line)
    begins = [at for at in range(1, len(line)) if KEY.fullmatch(line[at:]) and line[at - 1] != "_"]
    named = [at for at in begins if word and line[at:].startswith(word.group().upper())]
    known = [at for at in begins if line[at:] in {key for _, key in models}]
    at = next(iter([*named, *known, *begins]), None)
    return (line[:at].strip(), line[at:]) if at is not None else None

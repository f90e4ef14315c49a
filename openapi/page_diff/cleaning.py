"""The lines of a page as one browser copies them, whichever browser, editor or system it went through; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: What is copied and not seen: soft hyphens, zero-width signs, marks of direction and of byte order.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
#: What a copy as Markdown puts around a line or a word: quotes, bullets, stars and backticks.
MARKS = re.compile(r"^(?:>\s*|[*\-\u2022]\s+)+|\*\*|`")
#: What editors make of the signs that the page has.
SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u1680\u2007\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u201c\u201d\u201e\u201f", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\u2264": "<=",
        "\u2265": ">=",
    }
)
TYPE = re.compile(r"(string|integer|number|boolean|object|array|file|enum|null)(<[\w-]+>)?(\[\])*( ?\| ?null)?")
KEY = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9]")
TITLES = re.compile(r"Model Name\s*(?:Model Key)?")
MARK = r"required|deprecated|read-only|write-only|nullable|default:\s*\S+"
FIELD = re.compile(rf"([a-z_]\w*)[ \t]+({TYPE.pattern})((?:[ \t]+(?:{MARK}))*)|({TYPE.pattern})((?:[ \t]+(?:{MARK}))+)")
HEAD = re.compile(r"(GET|POST|PUT|PATCH|DELETE)[ \t]+(/\S+)")
LABELLED = re.compile(r"(Example|Available options):\s*(\S.*)")
#: Where a name begins just after a key, with no more than a blank between them.
AFTER_KEY = re.compile(r"(?<=[A-Z0-9])(?<![a-z]\d)[ \t]?(?=[A-Z][a-z])")

Numbered = tuple[str, int]
NOTHING: Numbered = ("", 0)


def cleaned(text: str, keys: frozenset[str] = frozenset()) -> list[Numbered]:
    """Return the lines of a copy but blank ones, each with its number in the file; `keys` are the known models.

    A line that holds several things, such as a field with its type, becomes several lines of one number.
    """
    raw = (MARKS.sub("", UNSEEN.sub("", line.translate(SIGNS)).strip()).strip() for line in text.splitlines())
    return list(_rows(_parts((line, number) for number, line in enumerate(raw, 1) if line), keys))


def _parts(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    for line, number in lines:
        if head := HEAD.fullmatch(line):
            parts: Iterable[str] = head.groups()
        elif labelled := LABELLED.fullmatch(line):
            parts = (f"{labelled[1]}:", labelled[2])
        elif (found := FIELD.fullmatch(line)) and found[1] not in ("a", "an", "the"):
            named, alone = (found[1], found[2]), (found[8],)
            parts = (*(named if found[1] else alone), *re.findall(MARK, found[7] or found[13] or ""))
        else:
            parts = (line.lower() if line.lower() in ("required", "deprecated") else line,)
        for part in parts:
            yield part, number


def _rows(lines: Iterator[Numbered], keys: frozenset[str]) -> Iterator[Numbered]:
    """Put the rows of a table of models as name, tab and key, one on a line, however the table was copied."""
    in_table, name = False, NOTHING
    for line, number in lines:
        bare = re.sub(r"\s*\|\s*", "\t", line.replace("`", "")).strip()
        if titles := TITLES.match(bare):
            in_table, name = True, NOTHING
            yield "Model Name Model Key", number
            bare = bare[titles.end() :].strip()
        elif not in_table or line == "Example:":
            if name[0]:
                yield name
            in_table, name = False, NOTHING
            yield line, number
            continue
        for row in filter(None, split(bare, keys)):
            if row == "Model Key" or not row.strip("-:\t "):
                continue
            if name[0] and (KEY.fullmatch(row) or row in keys):
                yield f"{name[0]}\t{row}", name[1]
                name = NOTHING
                continue
            if name[0]:
                yield name
            name = NOTHING if re.search(r"[A-Z0-9_]{3,}$|\t| {2,}", row) else (row, number)
            if not name[0]:
                yield row, number
    if name[0]:
        yield name


def split(line: str, keys: frozenset[str]) -> list[str]:
    """Return the rows of a table that was copied as one line."""
    rows, start = [], 0
    for gap in AFTER_KEY.finditer(line):
        before = re.search(r"[A-Z0-9_]+$", line[start : gap.start()])
        if before and ("_" in before.group() or any(before.group().endswith(key) for key in keys)):
            rows.append(line[start : gap.start()].strip())
            start = gap.end()
    return [*rows, line[start:].strip()]

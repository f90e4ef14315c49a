"""Manifests: what a bulk run shall make, read as a stream from CSV, JSON Lines, Parquet, or a folder of images."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
NEEDS_BULK = 'reading Parquet needs the extra "bulk": pip install "weryai[bulk]"'
_LONGEST_FIELD = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: its line (from 1, of the file), and its values by column, or what is wrong with it.

    `names_itself` is for a key that nobody gave: the name of the file.
    """

    line: int
    values: Mapping[str, Any]
    problem: str | None = None
    names_itself: bool = False


def open_manifest(source: Path) -> tuple[Path, Iterator[Row]]:
    """Return the folder that local images are relative to, and the rows; raises InvalidInputError."""
    if source.is_dir():
        return source, _pictures(source)
    reader = _READERS.get(source.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise InvalidInputError(f"{source} is no manifest: it is a folder of images, or a file ending in {known}")
    if not source.is_file():
        raise InvalidInputError(f"there is no manifest at {source}")
    return source.parent, reader(source)


def _pictures(folder: Path) -> Iterator[Row]:
    """Each image of a folder and of those in it, by name; the key is the path inside."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    for number, path in enumerate(found, 1):
        name = path.relative_to(folder).as_posix()
        yield Row(number, {"key": name, "image": name}, names_itself=True)


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        head = file.readline()
        rest = _Counted(file)
        delimiter = max(",;\t", key=head.count)
        columns = [name.strip() for name in next(csv.reader(io.StringIO(head), delimiter=delimiter), [])]
        for cells, line in rest.rows(delimiter):
            if not any(cells):
                continue
            if len(cells) > len(columns):
                yield Row(line, {}, f"has {len(cells)} cells, but there are {len(columns)} columns")
                continue
            yield Row(line, dict(zip(columns, cells, strict=False)), _unreadable(cells))


class _Counted:
    """The lines of a file behind its head, and the line at which each row begins."""

    def __init__(self, file: io.TextIOBase | Any) -> None:
        self._file = file

    def rows(self, delimiter: str) -> Iterator[tuple[list[str], int]]:
        reader = csv.reader(self._file, delimiter=delimiter)
        line = 2
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidInputError(f"line {line} of the manifest is no CSV: {error}") from None
            yield cells, line
            line = reader.line_num + 2


def _unreadable(cells: list[str]) -> str | None:
    # What is no UTF-8 was read as halves of surrogate pairs, which no text has.
    return next((f"{cell!r:.40} is not in UTF-8" for cell in cells if not cell.isascii() and _is_broken(cell)), None)


def _is_broken(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield Row(line, {}, f"is no JSON: {error}")
                continue
            if not isinstance(values, dict):
                yield Row(line, {}, f"is no object, but {type(values).__name__}")
            else:
                yield Row(line, values, _unreadable([text]))


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise InvalidInputError(NEEDS_BULK) from None
    try:
        line = 0
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=10_000):
                for values in batch.to_pylist():
                    line += 1
                    yield Row(line, values)
    except (ArrowException, OSError) as error:
        raise InvalidInputError(f"{path} cannot be read as Parquet: {error}") from error


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}

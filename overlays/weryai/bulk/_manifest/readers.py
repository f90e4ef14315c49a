"""Manifests: what a bulk run shall make, read as a stream from a table or a folder of images."""

from __future__ import annotations

import codecs
import contextlib
import csv
import datetime
import hashlib
import importlib
import itertools
import json
import os
import re
import stat
import warnings
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ..._media.image import is_address
from ..._media.names import quoted
from ...errors import InvalidInputError
from .workbook import HiddenThings, hidden_things, refuse_bomb

NEEDS_PARQUET = 'Parquet needs the extra "parquet": pip install pyarrow'
NEEDS_EXCEL = (
    'reading an Excel workbook needs the extra "excel": pip install openpyxl; or save it as "CSV UTF-8" in Excel'
)
_LONGEST_FIELD = 1_000_000
_LONGEST_LINE = 4_000_000
# A Parquet file of a few kilobytes can have billions of rows, and values of gigabytes.
_MOST_PARQUET_ROWS = 10_000_000
_MOST_PARQUET = 500_000_000
_MOST_AT_ONCE, _PARQUET_ROWS = 50_000_000, 10_000
_TOO_MUCH_TEXT = f"its rows have more than {_MOST_PARQUET // 1_000_000} MB of text; split it"
# So many cells are read in well under a minute.
_MOST_CELLS = 50_000_000
_MOST_ROWS = 2**20
_TOO_LONG = f"is longer than {_LONGEST_LINE:,} characters, as no row of a table is"
# A line of these alone has no cells, whatever parts them.
_NO_CELLS = ' \t\r\n,;|"'
_UTF8 = "utf-8-sig"
# The longer marks come first: UTF-32 begins as UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# A column that pandas makes of its index, which has no name, or one that it made up.
_INDEX_NAME = re.compile(r"(Unnamed: \d+(_level_\d+)?(\.\d+)?|__index_level_\d+__)?")
_INDEX = re.compile(r"-?\d+(\.0)?|")
_ESCAPED = re.compile("_x(00[01][0-9A-F]|005F)_")
# What is no UTF-8 is read as halves of surrogate pairs, which no text has.
_BROKEN = re.compile("[\udc80-\udcff]")
# How gzip, Zstandard, bzip2 and xz begin.
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
_OTHER_TABLES = {
    ".xls": 'an old Excel workbook; save it as .xlsx or "CSV UTF-8"',
    ".xlsb": 'a binary Excel workbook; save it as .xlsx or "CSV UTF-8"',
    ".ods": "an OpenDocument table; save it as CSV",
    ".numbers": "a table of Numbers; export it as CSV",
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".zip", ".7z"), "compressed; unpack it first"),
    ".json": "JSON; write one object per line, into a file ending in .jsonl",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: its line (from 1, of the file), and its values by column, or what is wrong with it.

    `names_itself` is for a key that nobody gave: the name of the file. `head` is the line of the names of the columns,
    where these stand once for all rows. `doubt` is what a person should know of it before anything is bought.
    """

    line: int
    values: Mapping[str, Any]
    problem: str | None = None
    names_itself: bool = False
    head: int | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The folder that local images are relative to, and the rows; `left_out` is what is in a folder beside them."""

    folder: Path
    rows: Iterator[Row]
    is_folder: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)


def open_manifest(source: str | os.PathLike[str], *, convert: bool = False, allow_duplicates: bool = False) -> Manifest:
    """Open a table or a folder of images; raises InvalidInputError for what is neither, or cannot be read."""
    if not isinstance(source, str | os.PathLike):
        raise InvalidInputError(f"a manifest is the path of a folder or a table, not {type(source).__name__}")
    if not os.fspath(source):
        raise InvalidInputError("the manifest is an empty text: give the path of a folder or a table")
    path = Path(os.path.expanduser(source))
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = 0
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        found = read_folder(path, convert=convert, allow_duplicates=allow_duplicates)
        rows = (
            Row(number, {"key": name, "image": name}, names_itself=True) for number, name in enumerate(found.images, 1)
        )
        return Manifest(path, rows, True, found.left_out)
    suffix = path.suffix.lower()
    reader = _READERS.get(suffix)
    if not mode:
        raise InvalidInputError(f"there is no file or folder {quoted(path)}")
    if reader is None:
        what = f": it is {_OTHER_TABLES[suffix]}" if suffix in _OTHER_TABLES else ""
        known = ", ".join(_READERS)
        raise InvalidInputError(
            f"{quoted(path)} is no manifest{what or f'. A manifest is a folder of images, or a file ending in {known}'}"
        )
    if not stat.S_ISREG(mode):
        raise InvalidInputError(f"there is no manifest at {quoted(path)}")
    _refuse_other_content(path, suffix)
    return Manifest(path.parent, _told(path, reader))


def _refuse_other_content(path: Path, suffix: str) -> None:
    """Raise InvalidInputError for a table whose first bytes are those of another kind than its ending says."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise _unreadable(path, error) from error
    is_workbook, is_parquet = suffix in (".xlsx", ".xlsm"), suffix == ".parquet"
    told = None
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        told = "a workbook with a password, or an old one; save it as .xlsx without a password"
    elif head.startswith(b"PK\3\4") and not is_workbook:
        told = "a ZIP, as a workbook of Excel is; give it the ending .xlsx"
    elif head.startswith(b"PAR1") and not is_parquet:
        told = "Parquet; give it the ending .parquet"
    elif head.startswith(_PACKED):
        told = "compressed; unpack it first"
    elif head and is_workbook and not head.startswith(b"PK"):
        told = "no workbook; if it is a text, give it the ending .csv"
    if told is not None:
        raise InvalidInputError(f"{quoted(path)} is {told}")


def read_table(path: Path) -> Iterator[Row]:
    """The rows of a table of any kind, one with another ending as CSV; raises InvalidInputError."""
    return _told(path, _READERS.get(path.suffix.lower(), _csv))


def _told(path: Path, reader: Callable[[Path], Iterator[Row]]) -> Iterator[Row]:
    """The rows of a file; whatever keeps it from being read is told with its name."""
    try:
        yield from reader(path)
    except UnicodeError as error:
        raise InvalidInputError(f"{quoted(path)} is damaged, or in another encoding than it says: {error}") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InvalidInputError:
    return InvalidInputError(f"{quoted(path)} cannot be read: {getattr(error, 'strerror', None) or quoted(error)}")


@contextlib.contextmanager
def _open_text(path: Path, newline: str | None) -> Iterator[TextIO]:
    with path.open("rb") as file:
        head = file.read(4)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), _UTF8)
    if encoding == _UTF8 and len(head) == 4 and 0 in head:
        encoding = "utf-16-le" if head[1] == 0 else "utf-16-be"
    errors = "surrogateescape" if encoding == _UTF8 else "strict"
    with path.open(encoding=encoding, errors=errors, newline=newline) as text:
        yield text


def _csv(path: Path) -> Iterator[Row]:
    # The limit is that of the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    with _open_text(path, "") as file:
        lines = _Lines(file)
        try:
            first = next((line for line in lines if line.strip(_NO_CELLS)), "")
        except _TooLongError as error:
            raise InvalidInputError(f"line 1 of {quoted(path)}, the names of the columns, {error}") from None
        if (said := _SEPARATOR.fullmatch(first)) is not None:
            delimiter = said[1]
            lines.forget()
        else:
            delimiter = max(",;\t|", key=re.sub('"[^"]*"', "", first).count)
            lines.go_back(1)
        table: _Table | None = None
        for line, cells, problem in lines.rows(delimiter):
            if table is None:
                if problem is not None:
                    raise InvalidInputError(f"line {line} of {quoted(path)}, the names of the columns, {problem}")
                table = _Table(cells, line)
            elif problem is not None:
                yield Row(line, {}, problem, head=table.line)
            else:
                yield from table.rows(cells, line, _swallowed(cells, table.names, delimiter))


class _TooLongError(csv.Error):
    """A line has more characters than any row of a table."""


def _line_of(file: TextIO) -> str | None:
    """The next line, "" at the end; None for one that is too long, of which nothing is kept."""
    line = file.readline(_LONGEST_LINE)
    if len(line) < _LONGEST_LINE or line.endswith(("\n", "\r")):
        return line
    while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
        pass
    return None


class _Lines:
    """The lines of a text; those of a row that cannot be read are read once more, but for its first."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._again, self._since = file, deque[str](), list[str]()
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else _line_of(self._file)
        if line == "":
            raise StopIteration
        self._since.append(line or "\n")
        self._number += 1
        if line is None:
            raise _TooLongError(_TOO_LONG)
        return line

    def forget(self) -> None:
        """The lines so far are a row that was read."""
        self._since.clear()

    def go_back(self, many: int) -> None:
        """Have the last lines once more."""
        many = min(many, len(self._since))
        self._again.extendleft(reversed(self._since[len(self._since) - many :]))
        self._number -= many
        self._since.clear()

    def rows(self, delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
        """Each row that has cells: its first line, its cells, or what is wrong with it."""
        reader = csv.reader(self, delimiter=delimiter, strict=True)
        while True:
            line = self._number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                is_long = isinstance(error, _TooLongError)
                told = str(error) if is_long else f"is no CSV: {error}; is a quote not closed, or not doubled, in it?"
                yield line, [], told
                self.go_back(len(self._since) - 1)
                reader = csv.reader(self, delimiter=delimiter, strict=True)
                continue
            self.forget()
            if any(map(str.strip, cells)):
                yield line, cells, None


def _swallowed(cells: Sequence[str], names: Sequence[str], delimiter: str) -> str | None:
    """A cell in which a quote that was not closed has swallowed rows: a line of it is a row with an image."""
    if len(names) < 2 or "image" not in names:
        return None
    place = names.index("image")
    broken = ((column, cell) for column, cell in enumerate(cells) if "\n" in cell or "\r" in cell)
    for column, cell in broken:
        for number, line in enumerate(lines := cell.splitlines()):
            parts = [part.strip().strip('"') for part in line.split(delimiter)]
            # The first line begins in the column of its cell.
            at = place if number else place - column
            if len(lines) > 1 < len(parts) and 0 <= at < len(parts) and _is_like_an_image(parts[at]):
                return f"has a quote that is not closed: it takes {quoted(line)!r:.80} into a cell"
    return None


def _is_like_an_image(text: str) -> bool:
    return is_address(text) or text.lower().endswith(SUFFIXES + CONVERTIBLE)


class _Table:
    def __init__(self, cells: Sequence[str], line: int) -> None:
        self.names, self.line = [cell.strip() for cell in cells], line
        self._named = {name: "" for name in self.names if not _INDEX_NAME.fullmatch(name)}
        self._told: set[str] = set()

    def rows(
        self, cells: Sequence[str], line: int, problem: str | None = None, doubt: str | None = None
    ) -> Iterator[Row]:
        """The row of these cells, if there is anything in them; before it what is wrong with the columns, once."""
        cells = [cell.strip() for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if not cells and problem is None:
            return
        if len(cells) > len(self.names):
            problem = problem or f"has {len(cells)} cells, but there are {len(self.names)} columns"
        values: dict[str, str] = {}
        for place, (name, cell) in enumerate(zip(self.names, cells, strict=False)):
            if name in values:
                yield from self._fault(f"there are two columns {name!r:.60}")
            elif name in self._named:
                values[name] = cell
            elif cell and not (place == 0 and _INDEX.fullmatch(cell)) and not name.startswith("__"):
                yield from self._fault(f"column {place + 1} has no name, but line {line} has {cell!r:.40} in it")
        # What a row leaves out at its end is empty.
        yield Row(line, {**self._named, **values}, problem or _undecodable(cells), head=self.line, doubt=doubt)

    def _fault(self, text: str) -> Iterator[Row]:
        about = text.partition(", but")[0]
        if about not in self._told:
            self._told.add(about)
            yield Row(self.line, {}, text)


def _undecodable(texts: Sequence[str]) -> str | None:
    broken = next((text for text in texts if _BROKEN.search(text)), None)
    if broken is None:
        return None
    shown = broken.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return f'{shown!r:.40} is not in UTF-8; save the table as "CSV UTF-8"'


def _json_lines(path: Path) -> Iterator[Row]:
    with _open_text(path, None) as file:
        for line, text in enumerate(iter(lambda: _line_of(file), ""), 1):
            if text is None:
                yield Row(line, {}, _TOO_LONG)
                continue
            if not text.strip():
                continue
            try:
                values = json.loads(text, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                yield Row(line, {}, f"is no JSON: {error}")
                continue
            if not isinstance(values, dict):
                yield Row(line, {}, f"is no object, but {type(values).__name__}")
            else:
                yield Row(line, _without_index(values), _undecodable([text]))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number]))
        raise ValueError(f"{quoted(twice)!r} stands twice in it")
    return found


def _without_index(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if not _INDEX_NAME.fullmatch(name)}


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise InvalidInputError(f"reading {NEEDS_PARQUET}") from None
    try:
        metadata = parquet.read_metadata(path)
        _refuse_large_parquet(metadata)
        plain, texts, others = _columns_of(metadata.schema)
        many = _rows_at_once(path, texts)
        with parquet.ParquetFile(path) as file:
            line = size = 0
            for batch in file.iter_batches(batch_size=many, columns=plain):
                columns = [column.to_pylist() for column in batch.columns]
                size += _size_of(plain, columns)
                if size > _MOST_PARQUET:
                    raise ValueError(_TOO_MUCH_TEXT)
                for cells in zip(*columns, strict=True):
                    line += 1
                    values = dict(zip(plain, cells, strict=True)) | others
                    yield Row(line, _without_index(values), head=0)
        if not plain and metadata.num_rows:
            yield Row(1, _without_index(others), head=0)
    except (ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, UnicodeError):
            raise
        raise InvalidInputError(f"{quoted(path)} cannot be read as Parquet: {quoted(error)}") from error


def _refuse_large_parquet(metadata: Any) -> None:
    """Raise ValueError for a file that says to unpack to more than any table has; nothing is unpacked here."""
    size = sum(abs(metadata.row_group(number).total_byte_size) for number in range(metadata.num_row_groups))
    if size > _MOST_PARQUET or metadata.num_rows > _MOST_PARQUET_ROWS:
        raise ValueError(
            f"it has {metadata.num_rows:,} rows and unpacks to {size // 1_000_000:,} MB, where {_MOST_PARQUET_ROWS:,} "
            f"rows and {_MOST_PARQUET // 1_000_000} MB are read; split it"
        )


def _columns_of(schema: Any) -> tuple[list[str], list[str], dict[str, Any]]:
    """The columns that are read, those of them that hold texts, and the others, each with what stands for its values.

    Lists, objects and long bytes are no values of a manifest, and are the ones that unpack without bounds.
    """
    from pyarrow import types

    fields = list(schema.to_arrow_schema())
    names = [one.name for one in fields]
    if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
        raise ValueError(f"there are two columns {twice!r:.60}")
    leaves = {one.path: one for one in map(schema.column, range(len(schema.names)))}
    others: dict[str, Any] = {}
    for one in fields:
        leaf = leaves.get(one.name)
        is_short = leaf is not None and leaf.length <= 1_000
        if "." in one.name or types.is_nested(one.type) or not is_short:
            is_list = types.is_list(one.type) or types.is_large_list(one.type)
            others[one.name] = [] if is_list else {} if types.is_nested(one.type) else b"bytes"
    plain = [name for name in names if name not in others]
    return plain, [name for name in plain if leaves[name].physical_type == "BYTE_ARRAY"], others


def _rows_at_once(path: Path, texts: list[str]) -> int:
    """How many rows are read at once, by the longest text that may stand in many rows and is in the file once.

    Raises ValueError if such texts make all rows too long.
    """
    from pyarrow import parquet

    compute: Any = importlib.import_module("pyarrow.compute")
    longest = total = 0
    with parquet.ParquetFile(path, read_dictionary=texts) as file:
        # The first row of a group brings all that is repeated in it.
        for number in range(file.num_row_groups if texts else 0):
            for batch in itertools.islice(file.iter_batches(batch_size=1, row_groups=[number], columns=texts), 1):
                lengths = [compute.max(compute.binary_length(one.dictionary)).as_py() or 0 for one in batch.columns]
                longest = max(longest, *lengths)
        if longest * _PARQUET_ROWS <= _MOST_AT_ONCE:
            return _PARQUET_ROWS
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=texts):
            lengths = [compute.take(compute.binary_length(one.dictionary), one.indices) for one in batch.columns]
            total += sum(compute.sum(one).as_py() or 0 for one in lengths)
            if total > _MOST_PARQUET:
                raise ValueError(_TOO_MUCH_TEXT)
    return max(1, _MOST_AT_ONCE // longest)


def _size_of(names: list[str], columns: list[list[Any]]) -> int:
    """How long the texts of some rows are together; raises ValueError for one that is too long."""
    size = 0
    for name, column in zip(names, columns, strict=True):
        lengths = [len(value) for value in column if isinstance(value, str | bytes)]
        if max(lengths, default=0) > _LONGEST_FIELD:
            raise ValueError(f"column {name!r:.60} has a value of more than {_LONGEST_FIELD // 1_000_000} MB")
        size += sum(lengths)
    return size


def _excel(path: Path) -> Iterator[Row]:
    """The first sheet of a workbook that can be seen, its cells as Excel would write them into a CSV."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InvalidInputError(NEEDS_EXCEL) from None
    table: _Table | None = None
    try:
        refuse_bomb(path)
        with _no_words():
            # Formulas are read as what Excel has worked them out to.
            book = load_workbook(path, read_only=True, data_only=True)
        with contextlib.closing(book):
            if not book.worksheets:
                raise ValueError(
                    'it has no sheet that can be read; save it as "Excel Workbook", not as "Strict Open XML"'
                )
            sheet: Any = next((one for one in book.worksheets if one.sheet_state == "visible"), book.worksheets[0])
            # The size that is noted in a sheet may be that of another program's making.
            sheet.reset_dimensions()
            hidden = hidden_things(path, sheet._worksheet_path)
            with contextlib.closing(sheet.iter_rows(values_only=True)) as found:
                for line, texts in _bounded(found):
                    if table is not None:
                        doubt = "a row that is hidden in the sheet is a job too" if line in hidden.rows else None
                        yield from table.rows(texts, line, hidden.problem(line, texts, table.names), doubt)
                    elif any(map(str.strip, texts)):
                        _refuse_formulas(hidden, line, texts)
                        table = _Table(texts, line)
            if table is None and len(book.worksheets) > 1:
                yield Row(0, {}, f"the sheet {sheet.title!r:.60} is empty: put the one with the table first")
    except OSError:
        raise
    except Exception as error:
        # It is a ZIP of XML, each of which can be broken in ways of its own.
        raise InvalidInputError(f"{quoted(path)} cannot be read as an Excel workbook: {quoted(error)}") from error


def _refuse_formulas(hidden: HiddenThings, line: int, texts: Sequence[str]) -> None:
    """Raise ValueError if the name of a column is a formula that was never calculated."""
    last = max((column for row, column in hidden.formulas if row == line), default=len(texts))
    if (told := hidden.problem(line, texts, ["the name of a column"] * last)) is not None:
        raise ValueError(f"line {line}: {told}")


def _bounded(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[int, list[str]]]:
    """The rows by their number, as texts; raises ValueError for more of them than any sheet has."""
    line = cells = 0
    while True:
        with _no_words():
            batch = list(itertools.islice(rows, 100))
        if not batch:
            return
        for values in batch:
            line, cells = line + 1, cells + len(values)
            if line > _MOST_ROWS or cells > _MOST_CELLS:
                raise ValueError(f"its first sheet has more than {_MOST_ROWS:,} rows or {_MOST_CELLS:,} cells")
            yield line, [_as_text(value) for value in values]


@contextlib.contextmanager
def _no_words() -> Iterator[None]:
    """Let what openpyxl warns of pass; warnings of others are warnings."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"openpyxl(\.|$)")
        yield


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.time):
        # What was typed as the ratio 9:16.
        return f"{value.hour}:{value.minute}"
    if isinstance(value, datetime.timedelta):
        # A ratio such as 32:9, which is more than a day.
        minutes = value // datetime.timedelta(minutes=1)
        return f"{minutes // 60}:{minutes % 60}"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # Excel writes a line break of Windows as _x000D_, and openpyxl leaves it so.
    return "" if value is None else _ESCAPED.sub(lambda code: chr(int(code[1], 16)), str(value))


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".xlsx": _excel,
    ".xlsm": _excel,
}


SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp")
CONVERTIBLE = (".heic", ".heif", ".hif", ".tif", ".tiff", ".gif", ".bmp", ".avif")
# Names that begin with "." are hidden already; these are what systems and network drives leave beside photos.
_SYSTEM = frozenset(
    {
        "@eadir", "#recycle", "@recycle", "#snapshot", "@recently-snapshot", "@tmp", "@sharebin", "~snapshot",
        "$recycle.bin", "system volume information", "__macosx", "lost+found", "network trash folder",
        "temporary items", "recycler", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r",
    }
)  # fmt: skip
# Photo programs keep each image there several times, in sizes of their own.
_LIBRARIES = (".photoslibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata", ".lrlibrary")


@dataclass(frozen=True, slots=True)
class Folder:
    """The images of a folder by their paths in it, and what is left out, counted by kind."""

    images: tuple[str, ...]
    left_out: Mapping[str, int]


def read_folder(folder: Path, *, convert: bool = False, allow_duplicates: bool = False) -> Folder:
    """Find the images of a folder and of those in it, by name; the same content twice is one image.

    Raises InvalidInputError for a folder that cannot be read.
    """
    suffixes = SUFFIXES + CONVERTIBLE if convert else SUFFIXES
    left_out: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    for entry in _files(folder, left_out):
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix in suffixes:
            name = Path(entry.path).relative_to(folder).as_posix()
            sizes[name] = entry.stat().st_size
        elif suffix in CONVERTIBLE:
            left_out[f"{suffix} (--convert, in Python convert=True, makes JPEGs of them)"] += 1
        else:
            left_out[quoted(suffix[:20]) if suffix else "without an ending"] += 1
    names = sorted(sizes, key=lambda name: Path(name).parts)
    if not allow_duplicates:
        names = _without_copies(folder, names, sizes, left_out)
    return Folder(tuple(names), dict(left_out))


def _files(folder: Path, left_out: Counter[str]) -> Iterator[os.DirEntry[str]]:
    waiting = [os.fspath(folder)]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            raise InvalidInputError(f"the folder {place} cannot be read: {error.strerror or error}") from error
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _SYSTEM:
                left_out["hidden, or the system's"] += 1
            elif entry.name.lower().endswith(_LIBRARIES):
                left_out["the library of a photo program (export the images from it)"] += 1
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif _is_file(entry):
                yield entry
            else:
                left_out["neither file nor folder"] += 1


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _without_copies(folder: Path, names: list[str], sizes: Mapping[str, int], left_out: Counter[str]) -> list[str]:
    """The names without those whose content another one before them has; only files of one size are read."""
    alike = Counter(sizes.values())
    seen: defaultdict[int, set[str]] = defaultdict(set)
    kept = []
    for name in names:
        size = sizes[name]
        # What cannot be read is told when its image is looked at.
        content = sha256_of(folder / name) if alike[size] > 1 and size else None
        if content is not None and content in seen[size]:
            left_out["copies of images that are in it (bought once; --allow-duplicates takes them)"] += 1
            continue
        seen[size].add(content or "")
        kept.append(name)
    return kept


def sha256_of(path: str | Path) -> str | None:
    """The SHA-256 of a file; None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None

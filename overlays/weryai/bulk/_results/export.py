"""A ledger as a table for other tools: CSV, JSON Lines or Parquet, read and written as a stream."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from ..._media.names import part_beside, quoted
from ...errors import ConfigurationError
from .._ledger.queries import Place, address_of, looking, path_of
from .._ledger.transitions import Database
from .._manifest.readers import NEEDS_PARQUET
from .._manifest.validation import COLUMNS as MANIFEST
from .._manifest.validation import FACTS, KINDS, TIMES

Format: TypeAlias = Literal["csv", "jsonl", "parquet"]
_SUFFIXES: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_FIRST = ("model", "prompt", "duration")
_PARAMETERS = (*_FIRST, *(name for name in MANIFEST if name not in ("key", "image", *_FIRST)))
_NAMES = ("key", "state", "image")
_KEPT = (*_NAMES, "price", *FACTS, *TIMES)
_KNOWN = frozenset(_PARAMETERS)
#: The columns, in their order: those of a manifest, then what became of the job. Parameters that the contract of this
#: version does not know are together in the last one, as JSON.
COLUMNS = (*_NAMES, *_PARAMETERS, "credits", *FACTS, *TIMES, "other_parameters")
_SIMPLE = (str, int, float, type(None))
_PAGE = 5_000
_Rows: TypeAlias = Iterator[tuple[Any, ...]]


def export(ledger: Place, target: str | os.PathLike[str] | BinaryIO, *, format: Format | None = None) -> int:
    """Write a row for each job and return how many there were; the ledger is only read, also while a run holds it.

    The format is told by the suffix of `target`, a file that appears in one step, or given for an open binary file.
    Times are ISO 8601 in UTC, a price is in `credits`. What stands in the cells is what stands in the ledger: open a
    CSV of strange prompts as text, for a spreadsheet takes a cell that begins with "=" for a formula.
    """
    if not isinstance(target, str | os.PathLike):
        if isinstance(target, io.TextIOBase) or not hasattr(target, "write"):
            raise ConfigurationError(f"an export goes to a path or an open binary file, not {type(target).__name__}")
        return _write(ledger, target, format or "csv")
    path = Path(os.path.expanduser(target))
    chosen = format or _SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        raise ConfigurationError(f"{path} tells no format: let it end in {', '.join(_SUFFIXES)}")
    with appearing(path, ledger) as file:
        return _write(ledger, file, chosen)


def _write(ledger: Place, file: BinaryIO, format: Format) -> int:
    writer: dict[Format, Callable[[_Rows, BinaryIO], int]]
    writer = {"csv": _write_csv, "jsonl": _write_json, "parquet": _write_parquet}
    if format not in writer:
        raise ConfigurationError(f"an export is {', '.join(writer)}, not {format!r:.200}")
    with looking(ledger) as db:
        return writer[format](rows_of(db), file)


def rows_of(db: Database) -> _Rows:
    """The values of each job, by COLUMNS; times are seconds since 1970."""
    query = f"select id, parameters, {', '.join(_KEPT)} from jobs where id > ? order by id limit ?"
    kept, split = itemgetter(*_KEPT), len(_NAMES)
    after = 0
    while page := db.execute(query, (after, _PAGE)).fetchall():
        for row in page:
            values = kept(row)
            given = json.loads(row["parameters"])
            other = given.keys() - _KNOWN
            rest = {name: given[name] for name in sorted(other)} if other else None
            yield (*values[:split], *map(given.get, _PARAMETERS), *values[split:], rest)
        after = page[-1]["id"]


def _write_csv(rows: _Rows, file: BinaryIO) -> int:
    text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    first, last, times = len(_NAMES), len(_NAMES) + len(_PARAMETERS), slice(-len(TIMES) - 1, -1)
    written = 0
    for row in rows:
        written += 1
        given = [value if value.__class__ in _SIMPLE else _cell(value) for value in row[first:last]]
        other = row[-1] and _cell(row[-1])
        writer.writerow((*row[:first], *given, *row[last : times.start], *map(stamp, row[times]), other))
    text.flush()
    text.detach()
    return written


def _write_json(rows: _Rows, file: BinaryIO) -> int:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    written = 0
    for row in rows:
        written += 1
        values = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}
        for name in TIMES:
            if name in values:
                values[name] = stamp(values[name])
        file.write(f"{encode(values)}\n".encode(errors="backslashreplace"))
    return written


def _write_parquet(rows: _Rows, file: BinaryIO) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ConfigurationError(f"writing {NEEDS_PARQUET}") from None
    whole, time = pyarrow.int64(), pyarrow.timestamp("ms", tz="UTC")
    types = {"credits": pyarrow.float64(), **dict.fromkeys(("size", "line", "submits"), whole)}
    types |= dict.fromkeys(TIMES, time)
    types |= {name: whole if kind == "integer" else pyarrow.bool_() for name, kind in KINDS.items()}
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in COLUMNS])
    written = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(itertools.islice(rows, 4 * _PAGE)):
            written += len(batch)
            by_column = zip(schema, zip(*batch, strict=True), strict=True)
            arrays = [pyarrow.array(_fitting(field.name, field.name in types, values), field.type)
                      for field, values in by_column]  # fmt: skip
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
    return written


def _fitting(name: str, is_typed: bool, values: Sequence[Any]) -> Sequence[Any]:
    if name in TIMES:
        return [None if value is None else round(value * 1_000) for value in values]
    if is_typed:
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]


@contextlib.contextmanager
def appearing(target: Path, ledger: Place) -> Iterator[BinaryIO]:
    """Open a file that takes its name when all of it is on disk, in place of what has that name, or not at all.

    Never that of the ledger. A link stays one, and a pipe or a device gets what is written.
    """
    if os.path.isdir(target):
        raise ConfigurationError(f"{target} cannot be written: it is a folder")
    with contextlib.suppress(OSError):
        if address_of(ledger) is None and os.path.samefile(target, path_of(ledger)):
            raise ConfigurationError(f"{target} is the ledger itself; name another file")
    if os.path.islink(target):
        target = Path(os.path.realpath(target))
    is_stream = os.path.exists(target) and not os.path.isfile(target)
    part = target if is_stream else part_beside(target, secrets.token_hex(4))
    try:
        with part.open("wb" if is_stream else "xb") as file:
            yield file
            file.flush()
            if not is_stream:
                os.fsync(file.fileno())
        if not is_stream:
            part.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{quoted(target)} cannot be written: {error.strerror or error}") from error
    finally:
        if not is_stream:
            with contextlib.suppress(OSError):
                part.unlink()


def stamp(moment: float | None) -> str | None:
    """A moment as ISO 8601 in UTC, to the millisecond."""
    if moment is None:
        return None
    seconds, thousandths = divmod(round(moment * 1_000), 1_000)
    return f"{_second(seconds)}.{thousandths:03}Z"


@lru_cache(maxsize=4_096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _cell(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

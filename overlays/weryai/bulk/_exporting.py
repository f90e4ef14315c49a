"""Everything that a ledger knows, for other tools: CSV, JSON Lines or Parquet, read in pages."""

from __future__ import annotations

import csv
import datetime
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import InvalidInputError
from . import _reading as reading
from ._in_one_step import in_one_step
from ._job import Job
from ._looking import looking

PARAMETERS = ("model", "prompt", "duration", "aspect_ratio", "negative_prompt", "resolution", "generate_audio")
FIELDS = (
    "key", "state", "image", *PARAMETERS, "other_parameters", "task_id", "batch_id", "submits", "credits", "created",
    "sent", "submitted", "ended", "path", "sha256", "size", "kind", "reason", "named", "line",
)  # fmt: skip
NEEDS_BULK = 'writing Parquet needs the extra "bulk": pip install "weryai[bulk]"'
_WHOLE = {"duration", "submits", "size", "line"}
PAGE = 10_000


def export(ledger: str | os.PathLike[str], target: str | os.PathLike[str] | IO[str], kind: str | None = None) -> int:
    """Write every job of a ledger to a file, which appears in one step, or to an open text file; return how many.

    `kind` is csv, jsonl or parquet, else told by the suffix. Credits are the price by the table of the load; times are
    ISO 8601, UTC; `other_parameters` are those without a column of their own, as JSON. Values are as they are: a
    spreadsheet may take a prompt that begins with "=" for a formula.
    """
    kind = kind or (Path(os.fspath(target)).suffix[1:].lower() if isinstance(target, str | os.PathLike) else "csv")
    if kind not in _WRITERS:
        raise InvalidInputError(f"an export is {', '.join(_WRITERS)}, not {kind!r}")
    with looking(ledger) as db:
        records = (record_of(job) for job in reading.every(db, most=PAGE))
        if not isinstance(target, str | os.PathLike):
            if kind == "parquet":
                raise InvalidInputError("Parquet needs a file")
            return _WRITERS[kind](records, target)
        return _to_file(Path(target), kind, records)


def record_of(job: Job) -> dict[str, Any]:
    """A job as it is exported."""
    parameters = dict(job.parameters)
    known = {name: parameters.pop(name, None) for name in PARAMETERS}
    return {
        "key": job.key, "state": job.state.value, "image": job.image, **known,
        "other_parameters": json.dumps(parameters, ensure_ascii=False) if parameters else None,
        "task_id": job.task_id, "batch_id": job.batch_id, "submits": job.submits, "credits": job.price,
        "created": _time(job.created), "sent": _time(job.began), "submitted": _time(job.submitted),
        "ended": _time(job.ended), "path": job.path, "sha256": job.sha256, "size": job.size, "kind": job.kind,
        "reason": job.reason, "named": job.named, "line": job.line,
    }  # fmt: skip


def _to_file(target: Path, kind: str, records: Iterable[dict[str, Any]]) -> int:
    with in_one_step(target) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        return _WRITERS[kind](records, file)


def _csv(records: Iterable[dict[str, Any]], file: IO[str]) -> int:
    writer: csv.DictWriter[str] = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    many = 0
    for record in records:
        writer.writerow(record)
        many += 1
    return many


def _json_lines(records: Iterable[dict[str, Any]], file: IO[str]) -> int:
    many = 0
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
        many += 1
    return many


def _parquet(records: Iterable[dict[str, Any]], file: IO[str]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InvalidInputError(NEEDS_BULK) from None
    kinds = dict.fromkeys(FIELDS, pyarrow.string()) | dict.fromkeys(_WHOLE, pyarrow.int64())
    kinds |= {"credits": pyarrow.float64(), "generate_audio": pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[name]) for name in FIELDS])
    many = 0
    with parquet.ParquetWriter(file.name, schema) as writer:
        for page in _pages(records):
            writer.write_table(pyarrow.Table.from_pylist(page, schema=schema))
            many += len(page)
    return many


def _pages(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for record in records:
        page.append(record)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")


_WRITERS: dict[str, Callable[[Iterable[dict[str, Any]], IO[str]], int]] = {
    "csv": _csv,
    "jsonl": _json_lines,
    "parquet": _parquet,
}

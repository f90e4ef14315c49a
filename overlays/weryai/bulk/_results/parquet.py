"""Rows of a ledger as Parquet, by pyarrow."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from ...errors import ConfigurationError
from .._manifest.validation import KINDS

NEEDS_PARQUET = 'Parquet needs the extra "parquet": pip install pyarrow'
_BATCH = 20_000
_TIMES = ("created", "began", "submitted", "ended")


def write_parquet(rows: Iterator[tuple[Any, ...]], file: BinaryIO, columns: Sequence[str]) -> int:
    """Write rows batch by batch and return how many there were."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ConfigurationError(NEEDS_PARQUET) from None
    whole, true, time = pyarrow.int64(), pyarrow.bool_(), pyarrow.timestamp("ms", tz="UTC")
    types = {"credits": pyarrow.float64(), **dict.fromkeys(("size", "line", "submits"), whole)}
    types |= dict.fromkeys(_TIMES, time)
    types |= {name: whole if kind == "integer" else true for name, kind in KINDS.items()}
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in columns])
    many = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(itertools.islice(rows, _BATCH)):
            many += len(batch)
            by_column = zip(schema, zip(*batch, strict=True), strict=True)
            arrays = [pyarrow.array(_fitting(field.name, field.name in types, values), field.type)
                      for field, values in by_column]  # fmt: skip
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
    return many


def _fitting(name: str, is_typed: bool, values: Sequence[Any]) -> Sequence[Any]:
    """The values of a column as its type takes them: times in thousandths, anything else that is no text as JSON."""
    if name in _TIMES:
        return [None if value is None else round(value * 1_000) for value in values]
    if is_typed:
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]

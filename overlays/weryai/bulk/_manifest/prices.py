"""What a job costs, by a table that the user supplies: no source of the API has prices that could be relied on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError
from .readers import read_table

COLUMNS = ("model", "duration", "resolution", "generate_audio", "credits")
_NO_PRICE = "credits {!r:.40} is no number of 0 or more"


class Prices:
    """A table of prices in credits; the row that says most about a job wins, and without one the price is unknown."""

    def __init__(self, rows: list[dict[str, str]] | None = None) -> None:
        """Take rows of texts; an empty cell fits everything."""
        self._rows = rows or []
        self._known: dict[tuple[str, ...], float | None] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def of(self, parameters: Mapping[str, Any]) -> float | None:
        """The price of a job, or None."""
        if not self._rows:
            return None
        asked = tuple(str(parameters.get(name, "")).lower() for name in COLUMNS[:-1])
        if asked not in self._known:
            fitting = [row for row in self._rows if _fits(row, asked)]
            best = max(fitting, key=lambda row: sum(bool(row[name]) for name in COLUMNS[:-1]), default=None)
            self._known[asked] = float(best["credits"]) if best else None
        return self._known[asked]


def read_prices(path: str | os.PathLike[str] | None) -> Prices:
    """Read a table, as a manifest may be one: model, duration, resolution, generate_audio and credits.

    Each column but the last may be left out, and so may a cell: it then fits everything. Raises InvalidInputError.
    """
    if path is None:
        return Prices()
    if not isinstance(path, str | os.PathLike):
        raise InvalidInputError(f"prices are the path of a table, not {type(path).__name__}")
    place, rows = Path(os.path.expanduser(path)), list[dict[str, str]]()
    for found in read_table(place):
        row = {name: _cell(found.values.get(name)) for name in COLUMNS}
        problem = found.problem or (None if _is_price(row["credits"]) else _NO_PRICE.format(row["credits"]))
        if problem is not None:
            raise InvalidInputError(f"line {found.line} of {place}: {problem}")
        rows.append(row)
    return Prices(rows)


def _cell(value: object) -> str:
    """A cell as jobs have it: 5 for 5.0."""
    text = "" if value is None else str(value).strip()
    return text.removesuffix(".0")


def _fits(row: Mapping[str, str], asked: tuple[str, ...]) -> bool:
    return all(row[name].lower() in ("", value) for name, value in zip(COLUMNS[:-1], asked, strict=True))


def _is_price(text: str) -> bool:
    try:
        return 0 <= float(text) < 1e9
    except ValueError:
        return False

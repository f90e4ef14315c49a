"""What a job costs, by a table that the user supplies: no source of the API has prices that could be relied on."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError

COLUMNS = ("model", "duration", "resolution", "generate_audio", "credits")


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


def read_prices(path: Path | None) -> Prices:
    """Read a CSV with the columns model, duration, resolution, generate_audio (each may be left out) and credits."""
    if path is None:
        return Prices()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{name: (row.get(name) or "").strip() for name in COLUMNS} for row in csv.DictReader(file)]
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"the prices {path} cannot be read: {error}") from error
    for number, row in enumerate(rows, 2):
        if not _is_price(row["credits"]):
            raise InvalidInputError(f"line {number} of {path}: credits {row['credits']!r} is no number of 0 or more")
    return Prices(rows)


def _fits(row: Mapping[str, str], asked: tuple[str, ...]) -> bool:
    return all(row[name].lower() in ("", value) for name, value in zip(COLUMNS[:-1], asked, strict=True))


def _is_price(text: str) -> bool:
    try:
        return 0 <= float(text) < 1e9
    except ValueError:
        return False

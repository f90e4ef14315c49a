"""What a workbook does not show: formulas without a value, merged cells, hidden rows, and gigabytes.

openpyxl gives an empty cell for the first two and tells nothing of the third, so the sheet itself is asked. What would
take it minutes and all memory is refused before.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

_SAVE = "open the workbook in Excel, save it, and run again"
# What has none of these is as it looks, and is read once.
_TELLING = re.compile(rb"<(\w+:)?f[ />]|<(\w+:)?mergeCell[ />]|hidden=")
_CELL = re.compile("[A-Z]{1,3}[1-9][0-9]{0,6}")
# Rows that are merged, and formulas that are noted.
_MOST_NOTED = 2_000_000
_PIECE = 1_000_000
# A workbook is a ZIP of XML. This much of it is read, and so many marks in a row, in the texts and in any other part: a
# row has 16,384 cells of four marks, and a workbook 64,000 formats.
_MOST_XML = 200_000_000
_MOST_MARKS, _MOST_IN_TEXTS = 500_000, 10_000_000
_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
#: In these columns a formula that was never calculated is told even if its program wrote 0 as its value.
_TEXTS = ("image", "prompt", "negative_prompt")


@dataclass
class HiddenThings:
    """By row and column, from 1: formulas by the value that is stored, and cells that a merged one above covers."""

    formulas: dict[tuple[int, int], str | None] = field(default_factory=dict)
    covered: dict[int, set[int]] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)

    def problem(self, line: int, cells: Sequence[str], names: Sequence[str]) -> str | None:
        """What is wrong with a row of these cells, whose columns have these names; without one, nothing is."""
        if not self.formulas and not self.covered:
            return None
        from openpyxl.utils import get_column_letter

        for place, name in enumerate(names):
            text = cells[place].strip() if place < len(cells) else ""
            where = f"{name} (cell {get_column_letter(place + 1)}{line})"
            at = line, place + 1
            if not name:
                continue
            if at in self.formulas and self.formulas[at] is None:
                return f"{where} is a formula without a stored value; {_SAVE}"
            if at in self.formulas and name in _TEXTS:
                return f"{where} is a formula with the value 0, as programs store it that do not calculate; {_SAVE}"
            if not text and place + 1 in self.covered.get(line, ()) and any(map(str.strip, cells)):
                return f"{where} is merged with the cell above, which alone has a value; unmerge it and fill each row"
        return None


def refuse_bomb(path: Path) -> None:
    """Raise ValueError for a workbook that has more in it than anybody typed, by its sizes and its marks alone."""
    with zipfile.ZipFile(path) as file:
        parts = [part for part in file.infolist() if part.filename.lower().endswith((".xml", ".rels"))]
        if (size := sum(part.file_size for part in parts)) > _MOST_XML:
            raise ValueError(
                f"it unpacks to {size // 1_000_000:,} MB, more than the {_MOST_XML // 1_000_000} MB that are read; "
                'save it as "CSV UTF-8"'
            )
        for part in parts:
            name = part.filename.lower()
            # What pivot tables keep is not read.
            if part.file_size > _MOST_MARKS and "pivot" not in name:
                _refuse_marks(file, part, _MOST_IN_TEXTS if name.endswith("sharedstrings.xml") else _MOST_MARKS)


def _refuse_marks(file: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> None:
    marks = 0
    with file.open(part) as source:
        while piece := source.read(_PIECE):
            for number, row in enumerate(_ROW.split(piece)):
                marks = row.count(b"<") + (0 if number else marks)
                if marks > most:
                    raise ValueError(f'{part.filename} has more in it than is read; save it as "CSV UTF-8"')


def hidden_things(path: Path, part: str) -> HiddenThings:
    """Look at a sheet, which is a part of a workbook's ZIP; raises ValueError for what is too much of it."""
    found = HiddenThings()
    with zipfile.ZipFile(path) as file:
        if not _is_telling(file, part):
            return found
        with file.open(part) as source:
            line = 0
            for _, element in iterparse(source):
                kind = element.tag.rpartition("}")[2]
                if kind == "row":
                    line = int(float(element.get("r", line + 1)))
                    _note_row(found, element, line)
                    element.clear()
                elif kind == "mergeCell":
                    _note_merged(found, element.get("ref", ""))
                if len(found.formulas) + len(found.covered) > _MOST_NOTED:
                    raise ValueError("it has too many merged cells, or formulas without a value")
    return found


def _is_telling(file: zipfile.ZipFile, part: str) -> bool:
    end = b""
    with file.open(part) as source:
        while piece := source.read(_PIECE):
            if _TELLING.search(end + piece):
                return True
            end = piece[-100:]
    return False


def _note_row(found: HiddenThings, row: Element, line: int) -> None:
    if row.get("hidden") in ("1", "true"):
        found.rows.add(line)
    column = 0
    for cell in row:
        place = _place(cell.get("r", ""))
        column = place[1] if place else column + 1
        parts = {part.tag.rpartition("}")[2]: part.text or "" for part in cell}
        if "f" not in parts:
            continue
        # A text may have been calculated to be empty.
        if "v" not in parts or (parts["v"] == "" and cell.get("t") != "str"):
            found.formulas[line, column] = None
        elif parts["v"] == "0" and cell.get("t", "n") == "n":
            found.formulas[line, column] = "0"


def _note_merged(found: HiddenThings, ref: str) -> None:
    start, end = map(_place, (ref.partition(":")[0], ref.partition(":")[2]))
    if start is None or end is None:
        return
    columns = range(start[1], min(end[1], 16_384) + 1)
    for line in range(start[0] + 1, min(end[0], 2**20) + 1):
        found.covered.setdefault(line, set()).update(columns)


def _place(cell: str) -> tuple[int, int] | None:
    from openpyxl.utils.cell import coordinate_to_tuple

    row, column = coordinate_to_tuple(cell) if _CELL.fullmatch(cell) else (0, 0)
    return (int(row), int(column)) if row else None

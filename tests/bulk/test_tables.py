"""Tables as programs write them: read as they are meant, or refused by line before anything is paid."""

import csv
import datetime
import json
import os
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from fakes.bulks import AT_ONCE, filled, go, rows
from fakes.commands import weryai_command
from fakes.pictures import JPEG
from weryai import InvalidInputError, JournalError, bulk
from weryai._protocol.model_registry import bundled_registry
from weryai.bulk._manifest.readers import open_manifest
from weryai.emulator import Emulator

WITHOUT_RATIO = next(
    one.key for one in bundled_registry().models["image_to_video"] if one.aspect_ratios == () and 5 in one.durations
)
TITLE = "'Our videos' are no names of columns, such as image,prompt; those of line 2 look like it: remove what is above"
ONE, TWO, THREE = (f"https://pictures.example/{number}.jpg" for number in range(3))


def jobs(source: Path, **defaults: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """The line, image and parameters of each job of a manifest."""
    with bulk.Ledger(source.with_name("run.db")) as ledger:
        bulk.load_manifest(ledger, source, defaults)
    kept = rows(source.with_name("run.db"), "line, image, parameters")
    return [(line, image, json.loads(parameters)) for line, image, parameters in kept]


def problems(source: Path) -> list[str]:
    """What is wrong with a manifest, in which nothing may be bought."""
    with bulk.Ledger(source.with_name("run.db")) as ledger, pytest.raises(bulk.ManifestError) as caught:
        bulk.load_manifest(ledger, source, {})
    assert not source.with_name("run.db").exists()
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f'image,prompt\n{ONE},"wave\n{TWO},run\n', [2]),
        (f'image,prompt\n{ONE},x\n{TWO},"wave\n{THREE},"run"\n', [3]),
        (f'image,prompt\n{ONE},"wave\n{TWO},as tall as 5"\n', [2]),
        (f'image;prompt\n{ONE};"a ""quoted" word"\n{TWO};x\n', [2]),
        (f'prompt,image\n"wave,{ONE}\nrun",{TWO}\n', [2]),
        (f'image,prompt,duration\n{ONE},"wave\n{TWO},x,no\n', [2, 3]),
    ],
)
def test_a_quote_that_is_not_closed_buys_nothing(tmp_path: Path, text: str, lines: list[int]) -> None:
    """Rows that a quote swallows never become a prompt: its line is told, and so are the problems behind it."""
    (tmp_path / "jobs.csv").write_text(text)
    assert [int(one.partition(":")[0].removeprefix("line ")) for one in problems(tmp_path / "jobs.csv")] == lines


def test_a_prompt_may_have_lines(tmp_path: Path) -> None:
    """A line break between quotes belongs to the cell, also where a comma follows."""
    (tmp_path / "jobs.csv").write_text(f'image,prompt\n{ONE},"wave,\nthen ""run"", fast"\n{TWO},x\n')
    assert [(line, one["prompt"]) for line, _, one in jobs(tmp_path / "jobs.csv")] == [
        (2, 'wave,\nthen "run", fast'),
        (4, "x"),
    ]


AS_WRITTEN = {
    "pandas": f",image,prompt,duration\n0,{ONE},x,5.0\n1,{TWO},y,10.0\n".encode(),
    "pandas, twice": f"Unnamed: 0,image,prompt,duration\n0,{ONE},x,5\n1,{TWO},y,10\n".encode(),
    "empty columns and rows": f"image,prompt,duration,,\n {ONE} , x , 5 ,,\n{TWO},y,10,,\n,,,,\n \t,,,,\n".encode(),
    "UTF-16 of Excel": f"image\tprompt\tduration\n{ONE}\tx\t5\n{TWO}\ty\t10\n".encode("utf-16"),
    "UTF-16 without a mark": f"image\tprompt\tduration\n{ONE}\tx\t5\n{TWO}\ty\t10\n".encode("utf-16-be"),
    "sep=": f'sep=;\r\nimage;prompt;duration\r\n{ONE};"x";5\r\n{TWO};y;10\r\n'.encode("utf-8-sig"),
    "quoted sep=": f'"sep=|"\nimage|prompt|duration\n{ONE}|x|5\n{TWO}|y|10\n'.encode(),
    "bars": f"image|prompt|duration\n{ONE}|x|5\n{TWO}|y|10\n".encode(),
    "decimal commas": f"image;prompt;duration\n{ONE};x;5,0\n{TWO};y;10,00\n".encode(),
    "old line ends": f"image;prompt;duration\r{ONE};x;5\r{TWO};y;10\r".encode(),
}


@pytest.mark.parametrize("content", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_a_table_is_read_as_its_program_wrote_it(tmp_path: Path, content: bytes) -> None:
    """Index columns, empty columns and rows, other encodings and separators, and 5.0 for 5 cost nobody anything."""
    (tmp_path / "jobs.csv").write_bytes(content)
    found = [(image, one["prompt"], one["duration"]) for _, image, one in jobs(tmp_path / "jobs.csv")]
    assert found == [(ONE, "x", 5), (TWO, "y", 10)]


def test_an_index_in_parquet_is_no_column(tmp_path: Path) -> None:
    """What pandas keeps as __index_level_0__ is left out, and decimals and floats without a fraction are whole."""
    entries = [{"image": ONE, "prompt": "x", "duration": Decimal(5), "__index_level_0__": 7}]
    parquet.write_table(pyarrow.Table.from_pylist(entries), tmp_path / "jobs.parquet")
    assert jobs(tmp_path / "jobs.parquet")[0][2]["duration"] == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"image,promt\n{ONE},x\n{TWO},y\n", ["line 1: there is no column 'prompt'",
                                              "line 1: there is no column 'promt'; did you mean prompt?"]),
        ("prompt\nx\ny\nz\n", ["line 1: there is no column 'image'"]),
        (f"image,prompt,prompt\n{ONE},x,y\n{TWO},x,y\n", ["line 1: there are two columns 'prompt'"]),
        (f"image,prompt,\n{ONE},x,y\n{TWO},x,z\n", ["line 1: column 3 has no name, but line 2 has 'y' in it"]),
        (f"\n\nimage,prompt,model_name\n{ONE},x,m\n{TWO},x,\n",
         ["line 3: there is no column 'model_name'; did you mean model?"]),
        (f"Our videos\nimage,prompt\n{ONE},x\n{TWO},x\n",
         [f"line 1: {TITLE}"]),
        (f"{ONE},x\n{TWO},x\n{THREE},y\n",
         [f"line 1: '{ONE}, x' are no names of columns, such as image,prompt"]),
    ],
)  # fmt: skip
def test_a_fault_of_the_columns_is_told_once(tmp_path: Path, text: str, told: list[str]) -> None:
    """What is wrong with the names of the columns is told with their line, not for every row."""
    (tmp_path / "jobs.csv").write_text(text)
    assert problems(tmp_path / "jobs.csv") == told


@pytest.mark.parametrize("name", ["key", "image", "prompt", "model", "resolution"])
@pytest.mark.parametrize("sign", ["\0", "\ud800"])
def test_what_no_text_has_is_a_problem_in_any_column(tmp_path: Path, name: str, sign: str) -> None:
    """A zero byte or half a letter, as damaged files have them, is told by line, in a few words, in every column."""
    row = {"image": ONE, "prompt": "x", "key": "k"} | {name: f"a{sign}{'b' * 1000}"}
    (tmp_path / "jobs.jsonl").write_text(json.dumps(row))
    (told,) = problems(tmp_path / "jobs.jsonl")
    assert told.startswith("line 1: ")
    assert len(told.encode()) < 300


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("p1.jpg", "; did you mean P1.JPG?"),
        ("sub\\x.jpg", "; did you mean sub/x.jpg?"),
        ("my%20photo.jpg", "; did you mean my photo.jpg?"),
        ('"my photo.jpg"', "; did you mean my photo.jpg?"),
        ("\ufeffP1.JPG", "; did you mean P1.JPG?"),
        ("\u00dc.jpg", "another form of Unicode: rename one"),
        ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg" + "A" * 9_000, "the image came as a data: URL"),
        ("/9j/4AAQSkZJRgABAQEASABIAAD/" + "A" * 9_000, "the image came as base64 text"),
        ("x" * 9_000, "there is no image at xxx"),
    ],
)
def test_an_image_that_is_not_there_is_told_with_the_one_that_is(tmp_path: Path, image: str, told: str) -> None:
    """Case, slashes of Windows, URL escapes, quotes, other forms of Unicode: a name that is near is named, shortly."""
    for name in ("P1.JPG", "sub/x.jpg", "my photo.jpg", "U\u0308.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "jobs.jsonl").write_text(json.dumps({"image": image, "prompt": "x"}))
    (found,) = problems(tmp_path / "jobs.jsonl")
    assert told in found
    assert len(found) < 330


@pytest.mark.parametrize(
    ("name", "head", "told"),
    [
        ("a.csv", b"PK\3\4", "a ZIP, as a workbook of Excel is; give it the ending .xlsx"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1"), "a workbook with a password, or an old one"),
        ("a.xlsx", b"image,prompt\n", "no workbook; if it is a text, give it the ending .csv"),
        ("a.csv", b"\x1f\x8b\x08\0\0", "compressed; unpack it first"),
        ("a.jsonl", b"PAR1", "Parquet; give it the ending .parquet"),
    ],
)
def test_a_table_with_a_wrong_ending_is_told(tmp_path: Path, name: str, head: bytes, told: str) -> None:
    """A table that is of another kind than its ending says is named by what it is, with what to do."""
    (tmp_path / name).write_bytes(head)
    with pytest.raises(InvalidInputError, match=re.escape(f"{name} is {told}")):
        bulk.plan(tmp_path / name, {})


def test_the_first_sheet_is_the_first_that_can_be_seen(tmp_path: Path) -> None:
    """A hidden sheet is not read; an empty first one is named where there are others."""
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    data = book.create_sheet("Data")
    data.append(["image", "prompt"])
    data.append([ONE, "x"])
    book.save(tmp_path / "jobs.xlsx")
    assert problems(tmp_path / "jobs.xlsx") == ["the sheet 'Cover' is empty: put the one with the table first"]
    book.active["A1"] = "what nobody sees"
    book.active.sheet_state = "hidden"
    book.save(tmp_path / "jobs.xlsx")
    assert [image for _, image, _ in jobs(tmp_path / "jobs.xlsx")] == [ONE]


def bomb(path: Path, rows: str, **parts: int) -> Path:
    """A workbook whose sheet has these rows, and parts of so many blanks, or of so many formats below zero."""
    openpyxl.Workbook().save(path.with_suffix(".plain"))
    with zipfile.ZipFile(path.with_suffix(".plain")) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in plain.namelist():
            content = plain.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(
                    rb"<sheetData ?/>|<sheetData></sheetData>", f"<sheetData>{rows}</sheetData>".encode(), content
                )
            if name.removeprefix("xl/").removesuffix(".xml") not in parts:
                file.writestr(name, content)
        for name, size in parts.items():
            with file.open(f"xl/{name}.xml", "w") as part:
                part.write(b"<xf/>" * -size)
                for _ in range(size // 1_000_000):
                    part.write(b" " * 1_000_000)
    return path


@pytest.mark.parametrize(
    ("rows", "parts", "told"),
    [
        ("", {"sharedStrings": 201_000_000}, r"unpacks to 201 MB, more than the 200 MB"),
        ('<row r="99999999999"><c r="A99999999999"/></row>', {}, "more than 1,048,576 rows or"),
        (
            "".join(f'<row r="{row}"><c r="XFD{row}"/></row>' for row in range(1, 40)),
            {},
            "more than .* rows or 500,000",
        ),
        (f"<row>{'<c/>' * 5_001}</row>", {}, "xl/worksheets/sheet1.xml has more in it than is read"),
        (f"<row>{'<c>' * 3_000}{'</c>' * 3_000}</row>", {}, "xl/worksheets/sheet1.xml has more in it than is read"),
        ("<row/>" * 6_000, {"styles": -5_100}, "xl/styles.xml has more in it than is read"),
    ],
)
def test_a_workbook_that_is_a_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, parts: dict[str, int], told: str
) -> None:
    """What unpacks to more than anybody typed, in bytes, rows or cells, is told, and costs neither memory nor time."""
    monkeypatch.setattr("weryai.bulk._manifest.readers._MOST_CELLS", 500_000)
    monkeypatch.setattr("weryai.bulk._manifest.workbook._MOST_MARKS", 5_000)
    path = bomb(tmp_path / "jobs.xlsx", rows, **parts)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InvalidInputError, match=told):
        bulk.plan(path, {})


def sheet(path: Path, rows: dict[int, str], rest: str = "") -> Path:
    """A workbook whose first sheet has the three usual columns, and these rows below them."""
    names = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("image", "prompt", "duration"))
    text = "".join(f'<row r="{line}"{row}</row>' for line, row in {1: f">{names}", **rows}.items())
    bomb(path, text)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            content = content.replace(b"</sheetData>", f"</sheetData>{rest}".encode()) if "sheet1" in name else content
            file.writestr(name, content)
    return path


def text_cell(text: str) -> str:
    """A cell with a text."""
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


SAVE = "open the workbook in Excel, save it, and run again"
NOT_STORED = f"is a formula without a stored value; {SAVE}"
FORMULAS = {
    "no value": ("<f>A1</f>", f"line 2: prompt (cell B2) {NOT_STORED}"),
    "as openpyxl writes it": ("<f>A1</f><v/>", f"line 2: prompt (cell B2) {NOT_STORED}"),
    "shared": ('<f t="shared" si="0"/>', f"line 2: prompt (cell B2) {NOT_STORED}"),
    "as XlsxWriter writes it": (
        "<f>A1</f><v>0</v>",
        f"line 2: prompt (cell B2) is a formula with the value 0, as programs store it that do not calculate; {SAVE}",
    ),
}


@pytest.mark.parametrize(("formula", "told"), FORMULAS.values(), ids=FORMULAS)
def test_a_formula_that_was_never_calculated_is_told(tmp_path: Path, formula: str, told: str) -> None:
    """It is no empty cell: its line, its column, and what to do are told, also where the whole row is formulas."""
    row = f'>{text_cell(ONE)}<c r="B2">{formula}</c><c r="C2"><v>5</v></c>'
    assert problems(sheet(tmp_path / "jobs.xlsx", {2: row})) == [told]
    alone = sheet(tmp_path / "other.xlsx", {2: ">" + "".join(f'<c r="{one}2"><f>A1</f></c>' for one in "ABC")})
    assert problems(alone) == [f"line 2: image (cell A2) {NOT_STORED}"]


def test_a_column_whose_name_was_never_calculated_is_told(tmp_path: Path) -> None:
    """Without its name it would be a column without one."""
    path = sheet(tmp_path / "jobs.xlsx", {1: f'>{text_cell("image")}<c r="B1"><f>A1</f></c>', 2: f">{text_cell(ONE)}"})
    with pytest.raises(InvalidInputError, match=r"line 1: the name of a column \(cell B1\) is a formula without"):
        bulk.plan(path, {})


def test_formulas_that_were_calculated_are_their_values(tmp_path: Path) -> None:
    """Also one whose value is no text at all, and one of 0 where numbers stand."""
    row = f'>{text_cell(ONE)}<c r="B2" t="str"><f>A1</f><v>wave</v></c><c r="C2" t="str"><f>A1</f><v></v></c>'
    ((line, image, values),) = jobs(sheet(tmp_path / "jobs.xlsx", {2: row}), duration=10)
    assert (line, image, values["prompt"], values["duration"]) == (2, ONE, "wave", 10)


def test_a_merged_cell_is_told_and_a_hidden_row_is_counted(tmp_path: Path) -> None:
    """Below the first row merged cells are empty, and no default is meant. Hidden rows are jobs, and told."""
    two = f">{text_cell(TWO)}<c/><c><v>5</v></c>"
    merged = '<mergeCells><mergeCell ref="B2:B4"/><mergeCell ref="A6:C7"/></mergeCells>'
    path = sheet(
        tmp_path / "jobs.xlsx", {2: f">{text_cell(ONE)}{text_cell('x')}", 3: two, 4: "><c/>", 7: "><c/>"}, merged
    )
    told = "prompt (cell B3) is merged with the cell above, which alone has a value; unmerge it and fill each row"
    assert problems(path) == [f"line 3: {told}"]
    path = sheet(tmp_path / "jobs.xlsx", {2: f' hidden="1">{text_cell(ONE)}{text_cell("x")}'})
    assert bulk.plan(path, {}).warnings["a row that is hidden in the sheet is a job too"] == 1


def test_times_and_dates_of_a_sheet_are_what_was_typed(tmp_path: Path) -> None:
    """A ratio of more than a day is one, and a date has no midnight in it."""
    table = [
        ["image", "prompt", "aspect_ratio"],
        [ONE, datetime.datetime(2024, 5, 1), datetime.timedelta(hours=32, minutes=9)],
    ]
    assert [row.values for row in open_manifest(workbook(tmp_path / "jobs.xlsx", table)).rows] == [
        {"image": ONE, "prompt": "2024-05-01", "aspect_ratio": "32:9"}
    ]


def repeated(many: int, size: int) -> pyarrow.Table:
    """A table of rows with the same text, which is there once."""
    text = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * many, pyarrow.int32()), pyarrow.array(["x" * size]))
    return pyarrow.table({"image": text, "prompt": text})


PARQUET_BOMBS = {
    "one text in many rows": (lambda: repeated(100_000, 900_000), "more than 500 MB of text; split it"),
    "one long text": (lambda: repeated(1, 2_000_000), "column 'image' has a value of more than 1 MB"),
    "many rows": (lambda: pyarrow.table({"image": pyarrow.nulls(10_000_001, pyarrow.string())}), "10,000,001 rows and"),
    "unpacks": (lambda: repeated(1, 1_000_001), "it has 1 rows and unpacks to 2 MB, where 10,000,000 rows and 1 MB"),
    "deep": (lambda: pyarrow.table({"image": nested(200)}), "cannot be read as Parquet"),
    "long list": (lambda: pyarrow.table({"image": [["x"] * 100_000], "prompt": [{"a": "b"}]}), "not list"),
}


def nested(depth: int) -> pyarrow.Array:
    """A value in so many lists."""
    kind = pyarrow.string()
    for _ in range(depth):
        kind = pyarrow.list_(kind)
    return pyarrow.nulls(1, kind)


@pytest.mark.parametrize("name", PARQUET_BOMBS)
def test_a_parquet_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A few kilobytes that unpack to gigabytes, or to millions of rows, are told, and cost neither memory nor time."""
    make, told = PARQUET_BOMBS[name]
    parquet.write_table(make(), path := tmp_path / "jobs.parquet", compression="zstd")
    assert path.stat().st_size < 100_000
    if name == "unpacks":
        monkeypatch.setattr("weryai.bulk._manifest.readers._MOST_PARQUET", 1_000_000)
    before = pyarrow.total_allocated_bytes()
    with pytest.raises(InvalidInputError, match=told):
        list(bulk.plan(path, {}).kinds)
    assert pyarrow.total_allocated_bytes() - before < 10_000_000


def test_other_columns_of_parquet_are_told(tmp_path: Path) -> None:
    """Lists and objects are no values, and are not read."""
    entries = [{"image": ONE, "prompt": "wave", "boxes": [1, 2], "duration": number} for number in (5, 10)]
    parquet.write_table(pyarrow.Table.from_pylist(entries), tmp_path / "jobs.parquet")
    found = [row.values for row in open_manifest(tmp_path / "jobs.parquet").rows]
    assert found == [{**entry, "boxes": []} for entry in entries]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_line_of_gigabytes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """It is passed over without being kept, and the lines behind it are read."""
    monkeypatch.setattr("weryai.bulk._manifest.readers._LONGEST_LINE", 1_000)
    good = {"csv": f"{TWO},x\n", "jsonl": json.dumps({"image": TWO, "prompt": "x"}) + "\n"}[suffix]
    head = "image,prompt\n" if suffix == "csv" else good
    (tmp_path / f"jobs.{suffix}").write_text(f"{head}{'y' * 5_000}\n{good}")
    found = [(row.line, row.problem) for row in open_manifest(tmp_path / f"jobs.{suffix}").rows]
    told = "is longer than 4,000,000 characters, as no row of a table is"
    assert found[-2:] == [(2, told), (3, None)]


def test_a_long_line_may_be_the_first_or_in_a_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of the columns are told as such; behind an open quote the numbers of the lines stay right."""
    monkeypatch.setattr("weryai.bulk._manifest.readers._LONGEST_LINE", 1_000)
    (tmp_path / "a.csv").write_text("image," * 500)
    with pytest.raises(InvalidInputError, match=r"line 1 of .*, the names of the columns, is longer than"):
        list(open_manifest(tmp_path / "a.csv").rows)
    (tmp_path / "b.csv").write_text(f'image,prompt\n{ONE},"wave\n{"y" * 5_000}\n{TWO},x\n')
    found = [(row.line, row.problem is None) for row in open_manifest(tmp_path / "b.csv").rows]
    assert (found[0], found[-1]) == ((2, False), (4, True))


def test_any_cell_is_a_problem_by_line_and_never_a_crash(tmp_path: Path) -> None:
    """Signs, 5,000 digits, digits of other kinds, errors of a spreadsheet: each is told by its line and shortly."""
    cells = ["--5", "5" * 5000, "+-5", "²", "\u0665", "1e3", "5.5", "0x5", "5_0", "nan", "-"]
    (tmp_path / "jobs.csv").write_text(
        "image,prompt,duration\n" + "".join(f"{ONE},x,{cell}\n" for cell in cells) + f"{ONE},#REF!,5\n",
        encoding="utf-8",
    )
    found = problems(tmp_path / "jobs.csv")
    assert [one.partition(":")[0] for one in found] == [f"line {line}" for line in range(2, 14)]
    odd = [one for one in found[:-1] if "duration" not in one or not one.endswith("is no whole number")]
    assert odd == []
    assert max(map(len, found[:-1])) < 90
    assert found[-1].endswith("prompt #REF! is an error of the spreadsheet")


@pytest.mark.parametrize(
    "cell",
    [
        "#N/A",
        "#NAME?",
        "#VALEUR!",
        "#¡REF!",
        "#N/D",
        "#GETTING_DATA",
        "#CONNECT!",
        "#NOM?",
        "#ERROR!",
        "#WAARDE!",
        "#ЗНАЧ!",
        "#N/B",
        "Err:502",
        "####",
    ],
)
def test_an_error_of_any_spreadsheet_is_no_prompt(tmp_path: Path, cell: str) -> None:
    """What a spreadsheet writes where it has no value is told, in the languages that it is written in."""
    (tmp_path / "jobs.csv").write_text(f"image,prompt\n{ONE},{cell}\n", encoding="utf-8")
    assert problems(tmp_path / "jobs.csv") == [f"line 2: prompt {cell} is an error of the spreadsheet"]


def test_what_programs_write_for_no_value_is_no_prompt(tmp_path: Path) -> None:
    """NA of R, nan of pandas, NULL of a database are never bought as a prompt; a key may be one of them."""
    words = ["NA", "nan", "None", "null", "NULL", "<NA>", r"\N", "Loading..."]
    (tmp_path / "jobs.csv").write_text("image,prompt\n" + "".join(f"{ONE},{word}\n" for word in words))
    told = "is what programs write for no value: leave the cell empty"
    assert problems(tmp_path / "jobs.csv") == [f"line {at}: prompt {word} {told}" for at, word in enumerate(words, 2)]
    (tmp_path / "jobs.jsonl").write_text(json.dumps({"image": ONE, "prompt": "x", "negative_prompt": "nan"}))
    assert problems(tmp_path / "jobs.jsonl") == [f"line 1: negative_prompt nan {told}"]
    (tmp_path / "jobs.csv").write_text(f"image,prompt,key\n{ONE},None of them moves,NA\n")
    assert [values["prompt"] for _, _, values in jobs(tmp_path / "jobs.csv")] == ["None of them moves"]


def test_what_is_above_the_names_and_empty_tells_no_separator(tmp_path: Path) -> None:
    """Blank lines and rows of empty cells stand above many tables: the first line with a cell says what parts them.

    What stands in quotes there parts nothing.
    """
    (tmp_path / "jobs.csv").write_text(f'\n""\n\nimage;prompt\n{ONE};x, y\n')
    assert [(line, values["prompt"]) for line, _, values in jobs(tmp_path / "jobs.csv")] == [(5, "x, y")]
    (tmp_path / "quoted.csv").write_text(f'image;"a, b, c"\n{ONE};x\n')
    with pytest.raises(InvalidInputError, match="there is no column 'a, b, c'"):
        bulk.plan(tmp_path / "quoted.csv", {"prompt": "x"})


def test_a_line_break_of_windows_in_a_workbook_is_one(tmp_path: Path) -> None:
    """Excel writes it as _x000D_, and a text that looks so with _x005F_ before it."""
    table = [["image", "prompt"], [ONE, "a_x000D_\nb _x005F_x000D_ IMG_x1234_"]]
    ((_, _, values),) = jobs(workbook(tmp_path / "jobs.xlsx", table))
    assert values["prompt"] == "a\r\nb _x000D_ IMG_x1234_"


def test_a_workbook_of_the_strict_kind_is_told(tmp_path: Path) -> None:
    """Openpyxl finds no sheet in it: the message says how to save it."""
    path = workbook(tmp_path / "plain.xlsx", [["image", "prompt"], [ONE, "x"]])
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(tmp_path / "jobs.xlsx", "w") as strict:
        for name in given.namelist():
            text = given.read(name)
            for part in (b"spreadsheetml", b"officeDocument"):
                text = text.replace(b"schemas.openxmlformats.org/%s/2006" % part, b"purl.oclc.org/ooxml/%s" % part)
            strict.writestr(name, text)
    with pytest.raises(InvalidInputError, match=r'no sheet that can be read; save it as "Excel Workbook"'):
        bulk.plan(tmp_path / "jobs.xlsx", {})


def test_the_limit_of_cells_of_the_process_is_not_lowered(tmp_path: Path) -> None:
    """Who reads long cells of his own with csv can go on with it."""
    (tmp_path / "jobs.csv").write_text(f"image,prompt\n{ONE},x\n")
    before = csv.field_size_limit(5_000_000)
    try:
        bulk.plan(tmp_path / "jobs.csv", {})
        assert csv.field_size_limit() == 5_000_000
    finally:
        csv.field_size_limit(before)


def test_an_image_beside_who_asks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the table; one that fits the current folder instead is told with where it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "tables" / "jobs.csv").write_text("image,prompt\na.jpg,x\n")
    assert problems(Path("tables/jobs.csv")) == [f"line 2: there is no image at a.jpg; did you mean {tmp_path}/a.jpg?"]


def test_values_of_json_are_told_by_their_type(tmp_path: Path) -> None:
    """A message names the type that came; 5.0, 1 for yes, a key of digits and NaN for nothing are taken."""
    entries = [
        {"image": ONE, "prompt": "x", "duration": True},
        {"image": ONE, "prompt": "x", "duration": [5]},
        {"image": ONE, "prompt": 5},
        {"image": 5, "prompt": "x"},
        {"image": ONE, "prompt": "x", "key": ["k"]},
        {"image": ONE, "prompt": "x", "generate_audio": 2},
    ]
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(one) + "\n" for one in entries))
    assert problems(tmp_path / "bad.jsonl") == [
        "line 1: duration True is no whole number",
        "line 2: duration of type list is no whole number",
        "line 3: prompt must be of type string, not int",
        "line 4: image must be a path or a URL, not int",
        "line 5: key of type list is no text",
        "line 6: generate_audio 2 is no yes or no",
    ]
    good = {"image": ONE, "prompt": "x", "duration": 5.0, "generate_audio": 1, "key": 7.0, "resolution": float("nan")}
    (tmp_path / "good.jsonl").write_text(json.dumps(good))
    assert jobs(tmp_path / "good.jsonl") == [
        (1, ONE, {"aspect_ratio": "16:9", "duration": 5, "generate_audio": True, "model": "WERYAI_VIDEO_1_0",
                  "prompt": "x"}),
    ]  # fmt: skip
    assert rows(tmp_path / "run.db", "key") == ["7"]


def test_a_name_that_stands_twice_in_an_object_is_told(tmp_path: Path) -> None:
    """Which of two values was meant nobody knows."""
    (tmp_path / "jobs.jsonl").write_text(f'{{"image": "{ONE}", "prompt": "x", "prompt": "y"}}\n')
    assert problems(tmp_path / "jobs.jsonl") == ["line 1: is no JSON: 'prompt' stands twice in it"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_an_export_is_a_manifest(tmp_path: Path, emulator: Emulator, kind: str) -> None:
    """The export of a run loaded into its ledger is what was there, also where a model takes no ratio."""
    with filled(tmp_path, 3, model=WITHOUT_RATIO) as ledger:
        go(ledger, emulator.url, tmp_path)
        bulk.export(ledger, tmp_path / f"out.{kind}")
        again = bulk.load_manifest(ledger, tmp_path / f"out.{kind}", {"prompt": "another"})
        assert (again.new, again.known, again.not_in_manifest) == (0, 3, 0)
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert [row.orders for row in emulator.ledger] == [1] * 3
    assert rows(tmp_path / "run.db") == ["done"] * 3


def test_what_an_export_alone_has_is_no_column_of_a_table(tmp_path: Path) -> None:
    """A table of somebody else's with a column of that name is refused as ever."""
    (tmp_path / "jobs.csv").write_text(f"image,prompt,path\n{ONE},x,y\n")
    assert "there is no column 'path'" in problems(tmp_path / "jobs.csv")[0]


def workbook(path: Path, table: list[list[Any]]) -> Path:
    """A workbook as a person leaves it: its first sheet is the table."""
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    book.create_sheet("notes").append(["image", "of", "no", "matter"])
    book.save(path)
    return path


def test_a_workbook_of_excel_is_a_table(tmp_path: Path) -> None:
    """Numbers, booleans, empty rows and a ratio that Excel took for a time are what they were meant to be."""
    source = workbook(
        tmp_path / "jobs.xlsx",
        [
            ["image", " prompt ", "duration", "generate_audio", "aspect_ratio", None, "key"],
            [ONE, "x", 5, True, datetime.time(9, 16), None, 12],
            [None] * 7,
            [f" {TWO}", 2024, 10.0, False, "1:1", None, None],
        ],
    )
    found = [
        (line, image, *(one[name] for name in ("prompt", "duration", "generate_audio", "aspect_ratio")))
        for line, image, one in jobs(source)
    ]
    assert found == [(2, ONE, "x", 5, True, "9:16"), (4, TWO, "2024", 10, False, "1:1")]
    assert rows(tmp_path / "run.db", "key")[0] == "12"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("jobs.xls", 'save it as .xlsx or "CSV UTF-8"'),
        ("jobs.ods", "save it as CSV"),
        ("jobs.csv.gz", "compressed; unpack it first"),
        ("jobs.json", "one object per line"),
        ("jobs.xlsx", "is no workbook"),
    ],
)
def test_another_table_is_told_with_what_to_do(tmp_path: Path, name: str, told: str) -> None:
    """A kind of table that is not read is named, and so is the one to save it as."""
    (tmp_path / name).write_text("x")
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(InvalidInputError, match=told):
        bulk.load_manifest(ledger, tmp_path / name, {})


@pytest.mark.parametrize(("kind", "module"), [("xlsx", "openpyxl"), ("parquet", "pyarrow")])
def test_what_a_table_needs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, module: str) -> None:
    """Without its package a table is named with the extra that reads it."""
    (tmp_path / f"jobs.{kind}").write_text("PK")
    monkeypatch.setitem(sys.modules, module, None)
    told = f'extra "{ {"xlsx": "excel"}.get(kind, kind) }": pip install {module}'
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(InvalidInputError, match=told):
        bulk.load_manifest(ledger, tmp_path / f"jobs.{kind}", {})


def test_bulk_works_without_pyarrow(tmp_path: Path, emulator: Emulator) -> None:
    """Plan, run and report import no pyarrow: where it is broken they do what they did."""
    (tmp_path / "pyarrow.py").write_text("raise SystemExit('pyarrow is imported')")
    (tmp_path / "jobs.csv").write_text(f"image,prompt\n{ONE},x\n")
    script = (
        "import sys, pathlib; from weryai import bulk\n"
        "bulk.plan('jobs.csv', {}); ledger = bulk.Ledger('run.db'); bulk.load_manifest(ledger, 'jobs.csv', {})\n"
        f"bulk.run(ledger, output='videos', api_key={emulator.key!r}, base_url={emulator.url!r})\n"
        "bulk.report(ledger, 'report.html'); assert 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)
    assert rows(tmp_path / "run.db") == ["done"]


def test_twenty_rows_of_excel_become_videos_by_one_command(tmp_path: Path, emulator: Emulator) -> None:
    """A CSV as Excel saves it in Europe, and the same as a workbook: twenty videos each, each paid for once."""
    images = [f"https://pictures.example/{number}.jpg" for number in range(40)]
    lines = [
        "image;prompt;duration;generate_audio;;",
        *(f'{one};"Wave, slowly";5;FALSCH;;' for one in images[:20]),
        ";;;;;",
    ]
    (tmp_path / "csv.csv").write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    header = ["image", "prompt", "duration", "generate_audio", None]
    workbook(tmp_path / "xlsx.xlsx", [header, *([one, "Wave", 5, False, None] for one in images[20:])])
    for name in ("csv.csv", "xlsx.xlsx"):
        ended = weryai_command("bulk", "run", name, *AT_ONCE, base_url=emulator.url, key=emulator.key, folder=tmp_path)
        assert ended.code == 0, ended.errors
        assert len(list((tmp_path / f"{name}.videos").glob("*.mp4"))) == 20
    assert [row.orders for row in emulator.ledger] == [1] * 40


@pytest.mark.parametrize("source", [5, None, b"jobs.csv", ["jobs.csv"]])
def test_what_is_no_path_is_told_by_its_type(tmp_path: Path, source: Any) -> None:
    """A manifest or a table of prices that is no path is one sentence, not an error of Python's."""
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(InvalidInputError, match=type(source).__name__):
        bulk.load_manifest(ledger, source, {})
    if source is not None:
        with pytest.raises(InvalidInputError, match=type(source).__name__):
            bulk.read_prices(source)


@pytest.mark.skipif(os.name == "nt", reason="permissions are those of POSIX")
def test_a_place_that_may_not_be_entered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the kind of a file may be asked, manifest and ledger are named with the system's reason."""

    def refused(path: Path, **_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with bulk.Ledger(tmp_path / "run.db") as ledger:
        monkeypatch.setattr(Path, "stat", refused)
        with pytest.raises(InvalidInputError, match=r"jobs\.csv cannot be read: Permission denied"):
            bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
        with pytest.raises(JournalError, match=r"other\.db cannot be read: Permission denied"):
            bulk.status(tmp_path / "other.db")
        monkeypatch.undo()


def test_prices_are_a_table_as_any_other(tmp_path: Path) -> None:
    """Separators, encodings, empty columns, and 5.0 for 5 are read as in a manifest; a quote that is open is told."""
    path = tmp_path / "prices.csv"
    path.write_bytes("sep=;\nmodel;duration;credits;\n M ;5.0; 12.5;\n;;;\n".encode("utf-16"))
    assert bulk.read_prices(str(path)).of({"model": "M", "duration": 5}) == 12.5
    for text, line in (('model,credits\nM,5\n"N,6\n', 3), ("model\nM\n", 2), ("model,credits\nM,x\n", 2)):
        path.write_text(text)
        with pytest.raises(InvalidInputError, match=f"line {line} of "):
            bulk.read_prices(path)


def test_a_price_never_fits_more_than_it_says(tmp_path: Path) -> None:
    """A cell is read as a manifest reads it; one that cannot be, or a column that is none, would price every job."""
    path, asked = tmp_path / "prices.csv", {"model": "M", "duration": 5, "generate_audio": True}
    for word in ("yes", "WAHR", "1", "1.0", "TRUE"):
        path.write_text(f"duration,generate_audio,credits\n,,10\n5.0,{word},20\n")
        assert bulk.read_prices(path).of(asked) == 20
    for text, told in (
        ("duration,credits\n,10\n5s,20\n", "line 3 of .*duration '5s' is no whole number"),
        ("resolutoin,credits\n720p,10\n", "line 2 of .*there is no column 'resolutoin'"),
    ):
        path.write_text(text)
        with pytest.raises(InvalidInputError, match=told):
            bulk.read_prices(path)


def test_the_home_is_meant_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell has put the home in behind --output= or -o=: export, report and the manifest do it themselves."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    with filled(tmp_path, 2):
        pass
    (tmp_path / "jobs.csv").rename(tmp_path / "home" / "jobs.csv")
    for command in (
        ("export", "run.db", "-o=~/a.csv"), ("export", "run.db", "--output=~/b.jsonl"),
        ("report", "run.db", "-o=~/c.html"), ("report", "run.db", "--output", "~/d.html"), ("plan", "~/jobs.csv"),
    ):  # fmt: skip
        ended = weryai_command("bulk", *command, base_url=None, key=None, folder=tmp_path)
        assert ended.code == 0, ended.errors
    assert {path.name for path in (tmp_path / "home").iterdir()} >= {"a.csv", "b.jsonl", "c.html", "d.html"}
    assert not list(tmp_path.glob("*~*"))

"""Rows of a manifest become jobs, checked by the contract and the registry, and priced, before anything is bought."""

from __future__ import annotations

import difflib
import numbers
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..._media.image import glance_at, is_address, is_no_path, read_image
from ..._media.names import quoted
from ..._protocol.contract import contract, field_names, field_problems, plain
from ..._protocol.model_registry import bundled_registry, problems
from ..._resources.paid_request import ASPECT_RATIO, DURATION, MODEL
from ..._settings import unreachable_host
from ...errors import InvalidInputError
from .._ledger.transitions import NewJob
from .readers import Row, read_table

SCHEMA = "ImageToVideoRequest"
OWN = ("key", "image")
# One job is one video, or a crash could not tell which of several are there.
REFUSED = {"video_number": "one job makes one video; write one row for each"}
COLUMNS = (*OWN, *sorted(field_names(SCHEMA) - {"image"} - REFUSED.keys()))
# What an export has beside them: what became of a job, which is for people.
FACTS = ("task_id", "submits", "reason", "kind", "path", "sha256", "size", "line", "named", "batch_id")
TIMES = ("created", "began", "submitted", "ended")
_EXPORTED = frozenset({"state", "credits", *FACTS, *TIMES, "other_parameters"})
# What each row of an export has.
_EXPORT = frozenset({"key", "state", "submits", "line", "created"})
# As tables have them; the last are those of spreadsheets in German, French, Spanish, Italian and Portuguese.
_YES = ("true", "yes", "y", "on", "1", "1.0", "wahr", "ja", "vrai", "oui", "verdadero", "vero", "verdadeiro", "sim")
_NO = ("false", "no", "n", "off", "0", "0.0", "falsch", "nein", "faux", "non", "falso", "não")
_WORDS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
# Three digits behind a comma are thousands.
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(\.0{0,30}|,0{1,2})?")
# What damaged files have, and no database takes.
NO_TEXT = re.compile("[\0\ud800-\udfff]")
# A spreadsheet takes 9:16 for a time of the day.
_CLOCK = re.compile(r"0?([0-9]{1,2}):0?([0-9]{1,2})(:00)?")
# As spreadsheets have them in any language, such as #VALUE!, #DIV/0!, #¡REF!, #NOM?; then those without a
# mark at the end (the one in Cyrillic is Russian for N/A), those of LibreOffice, and a cell that was too narrow.
_ERRORS = re.compile(
    r"#¡?[^\W\d_a-z][^\sa-z]*[!?]|#(N/[ABD]|NV|\u041d/\u0414|I/T|YOK|HIÁNYZIK|NENÍ_K_DISPOZICI|GETTING_DATA)|Err:[0-9]{3}|#{3,}"
)
# What R, pandas and databases write where there is no value, and Google Sheets where there is none yet.
NO_VALUE = frozenset({"NA", "N/A", "<NA>", "nan", "NaN", "NaT", "None", "null", "NULL", "\\N", "Loading..."})
PRICED = ("model", "duration", "resolution", "generate_audio")
_MOST_KNOWN = 100_000


class Checker:
    """Turns rows into jobs; every problem is collected, none stops the rest."""

    def __init__(
        self, folder: Path, defaults: Mapping[str, Any], prices: Prices,
        *, pictures: bool = False, strict: bool = False, convert: bool = False,
    ) -> None:  # fmt: skip
        self._folder, self._prices, self._pictures, self._strict = str(folder.resolve()), prices, pictures, strict
        self._convert = convert
        self._registry = bundled_registry()
        self._known: dict[tuple[Any, ...], tuple[list[str], list[str], dict[str, Any]]] = {}
        self._columns: tuple[str, ...] = ()
        self._taken: frozenset[str] = frozenset()
        self._told: set[str] = set()
        self._absent: set[str] = set()
        self._faults: list[tuple[int, str]] = []
        self._is_exported = self._is_headless = False
        self._folders: dict[str, dict[str, os.DirEntry[str]]] = {}
        self._spelt: dict[str, dict[str, str]] = {}
        self._defaults: dict[str, Any] = {"model": MODEL, "duration": DURATION, "aspect_ratio": ASPECT_RATIO}
        self._defaults |= {name: value for name, value in defaults.items() if value is not None}
        # Prompts are seldom the same: all the rest is checked once for many rows.
        self._rest = {name: value for name, value in self._defaults.items() if name != "prompt"}
        self._looked_at: dict[str, list[str]] = {}
        self.warnings: dict[str, int] = {}
        if bad := self._unknown(tuple(self._defaults)):
            raise InvalidInputError("; ".join(bad))

    def job_of(self, row: Row) -> tuple[NewJob | None, list[tuple[int, str]]]:
        """The job of a row, or what is wrong, by line; whether a local image may be missing depends on the ledger."""
        if self._is_headless:
            return None, []
        is_new = bool(row.values) and tuple(row.values) != self._columns
        if row.head is not None and is_new and (wrong_head := _wrong_head(row)) is not None:
            self._is_headless = True
            return None, [(row.head, wrong_head)]
        if row.problem is not None:
            return None, [(row.line, row.problem)]
        columns = self._columns_of(row)
        given, unread = _read({name: value for name, value in row.values.items() if name in self._taken})
        if "other_parameters" in columns and row.values["other_parameters"] not in ("", None):
            unread.append("other_parameters are none that this version knows")
        image, key, prompt = given.pop("image", None), given.pop("key", ""), given.pop("prompt", None)
        if not row.names_itself and NO_TEXT.search(str(key)):
            unread.append(f"key {_shown(key)} holds a character that is no text")
        values = self._rest | given
        if self._is_exported and "aspect_ratio" not in given:
            values["aspect_ratio"] = "none"
        prompt = self._defaults.get("prompt") if prompt is None else prompt
        wrong, doubtful, rest = self._checked(values)
        wrong_image = self._wrong_image(image)
        wrong_prompt = [f"prompt {text}" for text in field_problems(SCHEMA, "prompt", prompt)]
        wrong_prompt = ["prompt is missing"] if prompt is None else wrong_prompt
        found = [*unread, *wrong_prompt, *wrong_image, *wrong]
        place = os.path.join(self._folder, image) if isinstance(image, str) and not is_address(image) else None
        file = None if place is None else self._found(place)
        # What no row can have, because its column is missing, was told with the columns.
        told = [(row.line, text) for text in found if text not in self._absent] + self._faults
        self._faults = []
        if found or told:
            # A file that is missing is no problem by itself: its job may be done.
            is_missing = place is not None and file is None and not wrong_image
            return None, told + ([(row.line, self.missing(str(place)))] if is_missing else [])
        if place is None and unreachable_host(str(image), None) is not None:
            doubtful = [*doubtful, "the image is at a private host, where only a service on this network can fetch it"]
        for doubt in (*doubtful, *([row.doubt] if row.doubt else [])):
            self.warnings[doubt] = self.warnings.get(doubt, 0) + 1
        parameters = {**rest, "prompt": prompt}
        price, is_keyed = self._prices.of(parameters), bool(key) and not row.names_itself
        known = () if file is None else (file.st_size, file.st_mtime_ns)
        return NewJob(place or str(image), parameters, str(key), row.line, price, is_keyed, *known), []

    def _columns_of(self, row: Row) -> tuple[str, ...]:
        """Look at the columns of a row, unless they are those of the row before: what is wrong is told once."""
        if (columns := tuple(row.values)) == self._columns:
            return columns
        self._columns, self._is_exported = columns, set(columns) >= _EXPORT
        self._taken = frozenset(columns) & frozenset(COLUMNS)
        ignored = _EXPORTED if self._is_exported else frozenset[str]()
        unknown = self._unknown(tuple(name for name in columns if name not in ignored and name not in self._told))
        self._told |= set(columns)
        line = row.line if row.head is None else row.head
        self._absent = set()
        if row.head is not None:
            needed = [name for name in ("image", "prompt") if name not in columns and name not in self._defaults]
            self._absent = {f"{name} is missing" for name in needed}
            unknown += [f"there is no column {name!r}" for name in needed]
        self._faults = [(line, text) for text in unknown]
        return columns

    def _unknown(self, columns: tuple[str, ...]) -> list[str]:
        return [
            f"there is no column {name!r:.60}{_near(str(name))}" if name not in REFUSED else f"{name}: {REFUSED[name]}"
            for name in columns
            if name not in COLUMNS
        ]

    def _checked(self, values: dict[str, Any]) -> tuple[list[str], list[str], dict[str, Any]]:
        """What is wrong, and what is doubtful, with all but prompt and image; the same values are checked once."""
        try:
            known = self._known.get(asked := tuple(values.items()))
        except TypeError:
            return self._check(values)
        if known is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            known = self._known[asked] = self._check(values)
        return known

    def _check(self, values: dict[str, Any]) -> tuple[list[str], list[str], dict[str, Any]]:
        values = dict(values)
        if values.get("aspect_ratio") == "none":
            del values["aspect_ratio"]
        model = self._registry.find(values["model"]) if isinstance(values["model"], str) else None
        ratios = model.aspect_ratios if model else None
        if values.get("aspect_ratio") is ASPECT_RATIO and ratios is not None and ASPECT_RATIO not in ratios:
            del values["aspect_ratio"]
            values |= {"aspect_ratio": ratios[0]} if ratios else {}
        wrong = [f"{name} {text}" for name, value in values.items() for text in field_problems(SCHEMA, name, value)]
        if wrong or model is None:
            near = self._registry.near(values["model"]) if model is None and not wrong else ""
            doubt = [] if wrong else [f"{self._registry.source} has no model {values['model']!r:.200} for images{near}"]
            return wrong, doubt, values
        doubtful = problems(model, {**values, "prompt": ""})
        source = f"by {self._registry.source}"
        told = [f"{one} ({source})" for one in doubtful]
        return (told, [], values) if self._strict else ([], told, values)

    def _wrong_image(self, image: Any) -> list[str]:
        if image is None:
            return ["image is missing"]
        if not isinstance(image, str):
            return [f"image must be a path or a URL, not {type(image).__name__}"]
        if (wrong := is_no_path(image)) is not None:
            return [wrong]
        if is_address(image):
            return [f"image {text}" for text in field_problems(SCHEMA, "image", image)]
        path = os.path.join(self._folder, image)
        try:
            path.encode()
        except UnicodeEncodeError:
            return [f"the name of the image {quoted(path)} is no UTF-8, as a ledger needs it; rename it"]
        return self._wrong_picture(path) if self._found(path) is not None else []

    def missing(self, place: str) -> str:
        """Tell of an image that is not there, as the manifest names it."""
        image = place.removeprefix(os.path.join(self._folder, ""))
        return f"there is no image at {quoted(image)}{self._near_file(image)}"

    def _near_file(self, image: str) -> str:
        """A file that may be meant: spelt as a URL, in the way of Windows, with quotes, or in other letters."""
        plain_name = unquote(re.sub("^file://(localhost)?", "", image)).strip("\"'\u200b\ufeff ")
        for name in (plain_name, os.path.abspath(plain_name), plain_name.replace("\\", "/"), os.path.expanduser(image)):
            if name and name != image and self._found(os.path.join(self._folder, name)) is not None:
                return f"; did you mean {quoted(name)}?"
        folder, name = os.path.split(os.path.join(self._folder, plain_name))
        self._found(os.path.join(folder, name))
        if folder not in self._spelt:
            self._spelt[folder] = {_folded(other): other for other in self._folders[folder]}
        if (other := self._spelt[folder].get(_folded(name))) is None:
            return ""
        same = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", name)
        how = " Its letters are the same in another form of Unicode: rename one" if same else ""
        return f"; did you mean {quoted(other)}?{how}"

    def _found(self, path: str) -> os.stat_result | None:
        """Size and time of a file that is there; each folder is listed once."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            try:
                with os.scandir(folder) as entries:
                    self._folders[folder] = {entry.name: entry for entry in entries if entry.is_file()}
            except (OSError, ValueError):
                self._folders[folder] = {}
        entry = self._folders[folder].get(name)
        try:
            # Some file systems have a file under other spellings than the one that they list.
            found = os.stat(path) if entry is None else entry.stat()
        except (OSError, ValueError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _wrong_picture(self, path: str) -> list[str]:
        """What is wrong with a local image, looked at once: the whole of it on request, else its start and its end."""
        if path not in self._looked_at:
            try:
                kind = glance_at(path, convert=self._convert)
                if self._pictures:
                    read_image(path, convert=self._convert)
                self._looked_at[path] = []
                if kind is not None:
                    doubt = f"{kind}: a JPEG of it will be uploaded"
                    self.warnings[doubt] = self.warnings.get(doubt, 0) + 1
            except InvalidInputError as error:
                self._looked_at[path] = [error.message]
        return self._looked_at[path]


def _read(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Read values as what the contract wants, without those that are empty; what cannot be read is told."""
    values, found = {}, []
    for name, value in given.items():
        if not isinstance(value, str):
            value = plain(value)
        elif name not in OWN:
            # What names a file is as the file system has it; the cells of a table are stripped already.
            value = value.strip()
        # Tables of numbers say by "no number" that there is none.
        if value is None or value == "" or (isinstance(value, float) and value != value):
            continue
        kind = KINDS.get(name, "key" if name == "key" else "text")
        read = _READ[kind](value)
        if read is None:
            found.append(f"{name} {_shown(given[name])} is no {_WANTED[kind]}")
        elif isinstance(read, str) and _ERRORS.fullmatch(read):
            found.append(f"{name} {read} is an error of the spreadsheet")
        elif kind == "text" and name != "image" and isinstance(read, str) and read in NO_VALUE:
            found.append(f"{name} {read} is what programs write for no value: leave the cell empty")
        if read is not None:
            is_clock = name == "aspect_ratio" and isinstance(read, str) and _CLOCK.fullmatch(read)
            values[name] = _CLOCK.sub(r"\1:\2", read) if is_clock else read
    return values, found


def _whole(value: Any) -> int | None:
    if isinstance(value, str):
        return int(re.split("[.,]", value)[0]) if _WHOLE.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, numbers.Real | Decimal):
        return None
    try:
        whole = int(value if isinstance(value, int | Decimal) else float(value))
    except (ValueError, OverflowError):
        return None
    return whole if value == whole else None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def _key(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    whole = _whole(value)
    return None if whole is None or abs(whole) >= 10**30 else str(whole)


def _shown(value: Any) -> str:
    """A value for a message: a text as it stands, of anything else also its type."""
    if isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 10**30):
        return f"{value!r:.40}"
    return f"of type {type(value).__name__}"


# What a text must be, the contract says.
_READ: dict[str, Callable[[Any], Any]] = {
    "integer": _whole,
    "boolean": _boolean,
    "key": _key,
    "text": lambda value: value,
}
_WANTED = {"integer": "whole number", "boolean": "yes or no", "key": "text"}


def _kinds() -> dict[str, str]:
    properties = contract()["components"]["schemas"][SCHEMA]["properties"]
    return {name: _kind(schema) for name, schema in properties.items() if _kind(schema) in ("integer", "boolean")}


def _kind(schema: Mapping[str, Any]) -> str:
    options = [option.get("type") for option in schema.get("anyOf", ())] or [schema.get("type")]
    return next((str(kind) for kind in options if kind != "null"), "")


def _wrong_head(row: Row) -> str | None:
    """What is wrong with a first line none of whose cells is like a column's name: a title, or no names at all."""
    names = [str(name) for name in row.values]
    if any(difflib.get_close_matches(name.lower(), COLUMNS, n=1) for name in names):
        return None
    below = {str(value).lower() for value in row.values.values()} & set(COLUMNS)
    hint = f"; those of line {row.line} look like it: remove what is above" if below else ""
    return f"{quoted(', '.join(names))!r:.80} are no names of columns, such as image,prompt{hint}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _near(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), COLUMNS, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(COLUMNS)}"


KINDS = _kinds()


class Prices:
    """A table of prices in credits; the row that says most about a job wins, and without one the price is unknown.

    No source of the API has prices that could be relied on, so the user supplies them.
    """

    def __init__(self, rows: list[dict[str, str]] | None = None) -> None:
        self._rows = rows or []
        self._known: dict[tuple[str, ...], float | None] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def of(self, parameters: Mapping[str, Any]) -> float | None:
        """The price of a job, or None."""
        if not self._rows:
            return None
        asked = tuple(str(parameters.get(name, "")).lower() for name in PRICED)
        if asked not in self._known:
            fitting = [row for row in self._rows if _fits(row, asked)]
            best = max(fitting, key=lambda row: sum(bool(row[name]) for name in PRICED), default=None)
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
        given, wrong = _read({name: found.values.get(name) for name in PRICED})
        cell = str(found.values.get("credits", "")).strip()
        unknown = [f"there is no column {name!r:.60}" for name in found.values if name not in (*PRICED, "credits")]
        price = [] if _is_price(cell) else [f"credits {cell!r:.40} is no number of 0 or more"]
        if problem := found.problem or "; ".join((*unknown, *wrong, *price)):
            raise InvalidInputError(f"line {found.line} of {place}: {problem}")
        rows.append({**{name: str(given.get(name, "")) for name in PRICED}, "credits": cell})
    return Prices(rows)


def _fits(row: Mapping[str, str], asked: tuple[str, ...]) -> bool:
    return all(row[name].lower() in ("", value) for name, value in zip(PRICED, asked, strict=True))


def _is_price(text: str) -> bool:
    try:
        return 0 <= float(text) < 1e9
    except ValueError:
        return False

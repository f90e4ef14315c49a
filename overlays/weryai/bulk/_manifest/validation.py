"""Rows of a manifest become jobs, checked by the contract and the bundled registry before anything is paid for."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._media.image import glance_at, is_address, read_image
from ..._media.names import quoted
from ..._protocol.contract import contract
from ..._protocol.model_registry import bundled_registry, problems
from ..._protocol.validation import field_names, field_problems
from ..._resources.image_to_video import ASPECT_RATIO, DURATION, MODEL
from ...errors import InvalidInputError
from .._ledger.job import NewJob
from .prices import Prices
from .readers import Row

SCHEMA = "ImageToVideoRequest"
OWN = ("key", "image")
# One job is one video, or a crash could not tell which of several are there.
REFUSED = {"video_number": "one job makes one video; write one row for each"}
COLUMNS = (*OWN, *sorted(field_names(SCHEMA) - {"image"} - REFUSED.keys()))
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_REQUIRED = ("prompt", "model", "duration")
_MOST_KNOWN = 100_000


class Checker:
    """Turns rows into jobs; every problem is collected, none stops the rest."""

    def __init__(
        self, folder: Path, defaults: Mapping[str, Any], prices: Prices, *, pictures: bool = False, strict: bool = False
    ) -> None:
        """Check the defaults, which hold for every row."""
        self._folder, self._prices, self._pictures, self._strict = str(folder.resolve()), prices, pictures, strict
        self._registry = bundled_registry()
        self._known: dict[tuple[Any, ...], tuple[list[str], list[str], dict[str, Any]]] = {}
        self._columns: tuple[str, ...] = ()
        self._folders: dict[str, dict[str, os.DirEntry[str]]] = {}
        self._defaults: dict[str, Any] = {"model": MODEL, "duration": DURATION, "aspect_ratio": ASPECT_RATIO}
        self._defaults |= {name: value for name, value in defaults.items() if value is not None}
        self._looked_at: dict[str, list[str]] = {}
        self.warnings: dict[str, int] = {}
        if bad := self._unknown(tuple(self._defaults)):
            raise InvalidInputError("; ".join(bad))

    def job_of(self, row: Row) -> tuple[NewJob | None, list[str]]:
        """The job of a row, or what is wrong with it; whether a local image may be missing depends on the ledger."""
        if row.problem is not None:
            return None, [row.problem]
        if (columns := tuple(row.values)) != self._columns:
            if unknown := self._unknown(columns):
                return None, unknown
            self._columns = columns
        values = self._defaults | {name: value for name, value in row.values.items() if value not in ("", None)}
        values, found = _read(values)
        image, key = values.pop("image", None), values.pop("key", "")
        prompt = values.pop("prompt", None)
        wrong, doubtful, rest = self._checked(values)
        found += [*self._wrong_prompt(prompt), *self._wrong_image(image), *wrong]
        place = os.path.join(self._folder, image) if isinstance(image, str) and not is_address(image) else None
        file = None if place is None else self._found(place)
        if found:
            # A file that is missing is no problem by itself: its job may be done.
            return None, found + ([self.missing(place)] if place is not None and file is None else [])
        for doubt in doubtful:
            self.warnings[doubt] = self.warnings.get(doubt, 0) + 1
        parameters = {**rest, "prompt": prompt}
        price, is_keyed = self._prices.of(parameters), bool(key) and not row.names_itself
        known = () if file is None else (file.st_size, file.st_mtime_ns)
        return NewJob(place or image, parameters, str(key), row.line, price, is_keyed, *known), []

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
            doubt = [] if wrong else [f"{self._registry.source} has no model {values['model']!r} for images{near}"]
            return wrong, doubt, values
        doubtful = problems(model, {**values, "prompt": ""})
        source = f"by {self._registry.source}"
        told = [f"{one} ({source})" for one in doubtful]
        return (told, [], values) if self._strict else ([], told, values)

    def _wrong_prompt(self, prompt: Any) -> list[str]:
        if prompt is None:
            return ["prompt is missing"]
        return [f"prompt {text}" for text in field_problems(SCHEMA, "prompt", prompt)]

    def _wrong_image(self, image: Any) -> list[str]:
        if image is None:
            return ["image is missing"]
        if not isinstance(image, str):
            return [f"image must be a path or a URL, not {type(image).__name__}"]
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
        return f"there is no image at {place.removeprefix(os.path.join(self._folder, ''))}"

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
                (read_image if self._pictures else glance_at)(path)
                self._looked_at[path] = []
            except InvalidInputError as error:
                self._looked_at[path] = [str(error).removesuffix(" Nothing was sent.")]
        return self._looked_at[path]


def _read(values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Read texts as what the contract wants; what cannot be read stays, and is told."""
    found = []
    for name, value in values.items():
        kind = KINDS.get(name)
        if kind is None or not isinstance(value, str):
            if isinstance(value, float) and value.is_integer() and kind == "integer":
                values[name] = int(value)
            continue
        text = value.strip()
        if kind == "integer" and text.lstrip("+-").isdecimal():
            values[name] = int(text)
        elif kind == "boolean" and text.lower() in _WORDS:
            values[name] = _WORDS[text.lower()]
        else:
            found.append(f"{name} {value!r:.40} is no {'whole number' if kind == 'integer' else 'yes or no'}")
    for text in found:
        del values[text.partition(" ")[0]]
    return values, found


def _kinds() -> dict[str, str]:
    properties = contract()["components"]["schemas"][SCHEMA]["properties"]
    return {name: _kind(schema) for name, schema in properties.items() if _kind(schema) in ("integer", "boolean")}


def _kind(schema: Mapping[str, Any]) -> str:
    options = [option.get("type") for option in schema.get("anyOf", ())] or [schema.get("type")]
    return next((str(kind) for kind in options if kind != "null"), "")


def _near(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), COLUMNS, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(COLUMNS)}"


KINDS = _kinds()

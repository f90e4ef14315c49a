"""Which known job a row is: a job is its image and its parameters, wherever the image lies by now."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

from ..._flow.intent import unsigned
from ..._media.image import is_address
from .._ledger.schema import NewJob, without_blanks
from .._ledger.transitions import Database

_PAGE = 5_000


def is_same_image(db: Database, known: Any, job: NewJob, sha256_of: Callable[[str], str | None]) -> bool:
    """Whether the image of a row is the one of a known job; a file is read only where size and time cannot tell."""
    if is_address(known["image"]) or is_address(job.image):
        return unsigned(str(known["image"])) == unsigned(job.image)
    is_here = str(known["image"]) == job.image
    is_near = is_here or _name(known["image"]) == _name(job.image)
    if known["image_size"] is not None:
        if known["image_size"] != job.image_size:
            return False
        if known["image_mtime"] == job.image_mtime and is_near:
            return True
    if known["image_sha256"] is None and known["submits"] == 0:
        # Nobody knows what was in it, and nothing was paid for.
        return is_here
    sha256 = sha256_of(job.image)
    if known["image_sha256"] is not None:
        return bool(sha256 == known["image_sha256"])
    # Schema 1 did not note what was uploaded for which job, but all that was.
    found = db.execute("select 1 as one from uploads where image_sha256 = ?", (sha256,))
    return is_near and found.fetchone() is not None


def sha256_of(path: str | Path) -> str | None:
    """The SHA-256 of a file; None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None


class Departed:
    """Jobs that no row has named yet: one of them may be what a row without a key is, from another place."""

    def __init__(self, db: Database, before: int, last: int, sha256_of: Callable[[str], str | None]) -> None:
        self._db, self._sha256_of = db, sha256_of
        self._rows: defaultdict[Hashable, dict[int, None]] = defaultdict(dict)
        columns = "id, image, image_size, parameters"
        query = f"select {columns} from jobs where load < ? and id <= ? and id > ? order by id limit ?"
        after = 0
        while rows := db.execute(query, (before, last, after, _PAGE)).fetchall():
            for row in rows:
                for sign in _signs(row["image"], row["image_size"], row["parameters"]):
                    self._rows[sign][row["id"]] = None
            after = rows[-1]["id"]

    def __bool__(self) -> bool:
        return bool(self._rows)

    def match(self, job: NewJob, parameters: str) -> Any:
        """The job that a row is, which is then taken; None if there is none."""
        for row in self._candidates(job, parameters):
            known = self._db.execute("select * from jobs where id = ?", (row,)).fetchone()
            if without_blanks(known["parameters"]) != without_blanks(parameters):
                continue
            # Who gives keys tells by them what is the same; older versions kept the blanks at their ends.
            if known["is_keyed"] and job.is_keyed and known["key"].strip() != job.key:
                continue
            if is_missing(job):
                is_same = known["state"] != "queued" and _name(known["image"]) == _name(job.image)
            else:
                is_same = is_same_image(self._db, known, job, self._sha256_of)
            if is_same:
                for sign in _signs(known["image"], known["image_size"], parameters):
                    self._rows[sign].pop(row, None)
                return known
        return None

    def _candidates(self, job: NewJob, parameters: str) -> Iterator[int]:
        """Those of the same name first: where many files are alike, each is taken by its own."""
        name, *others = reversed(_signs(job.image, job.image_size, parameters))
        near = self._rows.get(name, {})
        yield from near
        for sign in others:
            yield from (row for row in self._rows.get(sign, {}) if row not in near)


def is_missing(job: NewJob) -> bool:
    """Whether the local image of a row is not there."""
    return job.image_size is None and not is_address(job.image)


def _signs(image: str, size: int | None, parameters: str) -> list[Hashable]:
    """What two jobs that are the same have in common at least, the surest last."""
    rest = hash(without_blanks(parameters))
    if is_address(image):
        return [(unsigned(image), rest)]
    return [*([] if size is None else [(size, rest)]), (_name(image), rest)]


def _name(image: str) -> str:
    return os.path.basename(image.replace("\\", "/") if os.name == "nt" else image)

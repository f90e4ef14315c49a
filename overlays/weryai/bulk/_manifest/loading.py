"""A manifest goes into a ledger in one step: every row, or, if anything is wrong, none and every problem at once.

A job is its image and its parameters, wherever the image lies by now: a row may be a job that the ledger knows. What a
run would do is counted and priced from a ledger that is thrown away.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..._flow.order import OrderState, unsigned
from ..._media.image import is_address
from ...errors import ConfigurationError, InvalidInputError
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.ledger import Ledger, refuse_path
from .._ledger.queries import TO_SUBMIT, facts, looking
from .._ledger.transitions import Database, NewJob, digest_of, place_digest, without_blanks
from .._running.throttle import Limits
from .readers import Manifest, Row, open_manifest, sha256_of
from .validation import Checker, Prices

# What is paid for already was so by the price of then.
_PRICE = ", price = case when jobs.state = 'queued' then excluded.price else jobs.price end"
_PUT = (
    "insert into jobs (key, image, parameters, digest, line, load, price, image_size, image_mtime, is_keyed, created, "
    "changed) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set load = excluded.load, "
    "line = excluded.line, image = excluded.image, is_keyed = excluded.is_keyed {price} "
    "where jobs.load < excluded.load and jobs.digest = excluded.digest "
    "and coalesce(jobs.image_size, -1) = coalesce(excluded.image_size, -1) "
    "and coalesce(jobs.image_mtime, -1) = coalesce(excluded.image_mtime, -1)"
)
_MOVED = (
    "update jobs set key = ?, is_keyed = ?, image = ?, digest = ?, line = ?, load = ?, price = ?, image_size = ?, "
    "image_mtime = ? where id = ?"
)
_NEW = "select * from jobs where id > ? order by id limit ?"
MOST_TOLD, MOST_KEPT = 50, 10_000
BATCH = 5_000


class ManifestError(InvalidInputError):
    """A manifest cannot be worked on; `problems` are all that were found, up to 10,000, in the order of their lines."""

    def __init__(self, source: str | os.PathLike[str], problems: list[str], many: int) -> None:
        self.problems = problems
        told = problems[:MOST_TOLD] + ([f"and {many - MOST_TOLD} more"] if many > MOST_TOLD else [])
        number = "1 problem" if many == 1 else f"{many:,} problems"
        super().__init__("\n  ".join([f"{source} has {number}", *told]))


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` (from 1) of `count`: the jobs whose key falls into it."""

    index: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise InvalidInputError(f"there is no part {self.index} of {self.count}")

    def holds(self, key: str) -> bool:
        """Whether a job belongs here; the same on every machine and in every version."""
        if self.count == 1:
            return True
        return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % self.count == self.index - 1

    def share(self, tasks: float | None, credits: float | None) -> tuple[float | None, float | None]:
        """What this part may spend of a budget for all."""
        return steps.share(tasks, credits, self.index, self.count)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a manifest brought: jobs that are new, and those that the ledger had already.

    `not_in_manifest` are jobs of earlier manifests that are not in this one: none of them is submitted. What is paid
    for is fetched all the same. `left_out` are files of a folder that are no jobs, counted by kind.
    """

    new: int
    known: int
    warnings: Mapping[str, int] = field(default_factory=dict)
    not_in_manifest: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Problems:
    kept: list[tuple[int, str, str]] = field(default_factory=list)
    many: int = 0

    def add(self, line: int, text: str, name: str = "") -> None:
        """Keep a problem; with the name of what has it, the text goes on with "is"."""
        self.many += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append((line, name, text))

    def told(self, *, of_files: bool) -> list[str]:
        """All in the order of the lines; those of a folder speak of files, and what all have in common is told once."""
        if not of_files:
            return [f"{f'line {line}: ' if line else ''}{_one(name, text)}" for line, name, text in sorted(self.kept)]
        causes: dict[str, list[str]] = {}
        for _, name, text in sorted(self.kept):
            causes.setdefault(text, []).append(name)
        return [_one(names[0], text) if len(names) == 1 else _several(names, text) for text, names in causes.items()]


def _one(name: str, text: str) -> str:
    return f"{name} {text}" if name else text


def _several(names: list[str], text: str) -> str:
    if not names[0]:
        return f"{text} ({len(names):,} files)"
    others = "1 other file" if len(names) == 2 else f"{len(names) - 1:,} other files"
    return f"{names[0]} and {others} are {text.removeprefix('is ')}"


def load_manifest(
    ledger: Any,
    source: str | os.PathLike[str],
    defaults: Mapping[str, Any],
    *,
    shard: Shard | None = None,
    prices: Prices | None = None,
    pictures: bool = False,
    strict: bool = False,
    allow_duplicates: bool = False,
    keep: bool = False,
    convert: bool = False,
) -> Loaded:
    """Put the jobs of a manifest into a ledger; what became of those that it knows already stays as it is.

    A run submits the jobs of this manifest and nothing else; with `keep` those of the manifests before it as well.
    A table of `prices` also holds for known jobs that wait to be submitted.
    `pictures` opens every local image, `strict` refuses what the models registry does not list. `convert` also takes
    images that the service does not (HEIC, TIFF, GIF, BMP, AVIF, or larger than 10 MB), of which JPEGs will be
    uploaded (extra "images"). Raises ManifestError with everything that is wrong; the ledger is then as it was, and its
    file goes when it is closed if it is new and holds no job.
    """
    refuse_path(ledger)
    part, how = shard or Shard(), {"pictures": pictures, "strict": strict, "convert": convert}

    def change(db: Any) -> Loaded:
        # Opened here, because a database may have the whole change made once more.
        manifest = open_manifest(source, convert=convert, allow_duplicates=allow_duplicates)
        checker = Checker(manifest.folder, defaults, prices or Prices(), **how)
        number = steps.start_load(db, part.index, part.count, keep=keep)
        load = _Load(db, number, checker, is_repriced=bool(prices), is_kept=keep, may_repeat=allow_duplicates)
        jobs = load.jobs_of(manifest.rows, part)
        while batch := tuple(itertools.islice(jobs, BATCH)):
            load.put(batch)
        load.find_moved()
        if not allow_duplicates:
            load.find_doubles()
        _refuse_problems(load, manifest, source, part)
        others = sum(reading.others(db).values())
        return Loaded(load.new, load.seen - load.new, checker.warnings, others, manifest.left_out)

    try:
        loaded: Loaded = ledger.write(change).result()
    except BaseException:
        ledger.is_kept = False
        raise
    return loaded


def _refuse_problems(load: _Load, manifest: Manifest, source: str | os.PathLike[str], part: Shard) -> None:
    problems = load.problems
    # A small manifest may leave a shard without any.
    if load.seen == 0 and problems.many == 0 and part.count == 1:
        left_out = "".join(f"; left out, {many:,}: {kind}" for kind, many in manifest.left_out.items())
        what = "is no jpg, png or webp" if manifest.is_folder else "are no jobs"
        problems.add(0, f"there {what} in it{left_out}")
    if problems.many:
        told = problems.told(of_files=manifest.is_folder)
        raise ManifestError(source, told, len(told) if manifest.is_folder else problems.many)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A good row: its job, the parameters as they are kept, and its digest."""

    job: NewJob
    parameters: str
    digest: str


class _Load:
    def __init__(
        self, db: Any, number: int, checker: Checker, *, is_repriced: bool, is_kept: bool, may_repeat: bool
    ) -> None:
        self._db, self._number, self._checker = db, number, checker
        self._is_repriced, self._is_kept, self._may_repeat = is_repriced, is_kept, may_repeat
        found = db.execute("select coalesce(max(id), 0) as last, count(*) as many from jobs").fetchone()
        self._last, self._before = int(found["last"]), int(found["many"])
        self._first_load = int(db.execute("select first_load from run").fetchone()["first_load"])
        self._missing: list[_Entry] = []
        # The last one alone: it may be asked for again for the next candidate.
        self._sha256_of = lru_cache(maxsize=1)(sha256_of)
        self._now = time.time()
        self.problems = _Problems()
        self.seen = 0

    @property
    def new(self) -> int:
        """How many jobs came with this load."""
        return int(self._db.execute("select count(*) as many from jobs").fetchone()["many"]) - self._before

    def jobs_of(self, rows: Iterable[Row], shard: Shard) -> Iterator[_Entry]:
        """The good jobs of a shard."""
        by_place = steps.is_sharded_by_place(self._db)
        for row in rows:
            job, found = self._checker.job_of(row)
            for line, text in found:
                self.problems.add(line, text)
            if job is not None:
                kept = job.kept_parameters()
                digest = digest_of(job.image, kept)
                if not job.key:
                    job = replace(job, key=digest[:16])
                if not is_address(job.image) and (plain := os.path.normpath(job.image)) != job.image:
                    # However a path is spelt, its image is one; the key stays as earlier versions made it.
                    digest = digest_of(plain, kept)
                entry = _Entry(job, kept, digest)
                if shard.holds(_word(entry, by_place=by_place)):
                    yield entry

    def put(self, batch: tuple[_Entry, ...]) -> None:
        """Write a batch; only where not every row found its place is each one looked at."""
        self.seen += len(batch)
        self._missing += [one for one in batch if is_missing(one.job)]
        there = [one for one in batch if not is_missing(one.job)]
        hit = self._db.executemany(_PUT.format(price=_PRICE if self._is_repriced else ""), map(self._values, there))
        if hit.rowcount == len(there):
            return
        for one in there:
            known = self._known(one.job.key)
            if known["load"] == self._number:
                if known["line"] != one.job.line:
                    self._told_twice(one, known)
            else:
                self._meet(one, known)

    def find_moved(self) -> None:
        """Find jobs that are known from another place, or under another name that nobody gave; and what is missing."""
        new = self.new
        unknown = [one for one in self._missing if not self._meet_missing(one)]
        if not new and not unknown:
            return
        # What is kept on purpose beside this manifest may be there twice where that is wanted.
        before = self._first_load if self._is_kept and self._may_repeat else self._number
        departed = Departed(self._db, before, self._last, self._sha256_of)
        for one in unknown:
            known = departed.match(one.job, one.parameters)
            if known is None:
                self.problems.add(one.job.line, self._checker.missing(one.job.image))
            else:
                self._move(known, one)
        after = self._last
        while departed and (rows := self._db.execute(_NEW, (after, BATCH)).fetchall()):
            for row in rows:
                one = _entry_of(row)
                if (known := departed.match(one.job, one.parameters)) is not None:
                    self._db.execute("delete from jobs where id = ?", (row["id"],))
                    self._move(known, one)
            after = rows[-1]["id"]

    def find_doubles(self) -> None:
        """Find jobs that are the same but for their key."""
        doubles = self._db.execute(
            "select min(case when load = ? then line end) as first, max(case when load = ? then line end) as last, "
            "sum(case when load = ? then 1 else 0 end) as many from jobs where load >= ? "
            "group by digest having count(*) > 1 and max(load) = ? limit ?",
            (self._number, self._number, self._number, self._first_load, self._number, MOST_KEPT),
        )
        for one in doubles.fetchall():
            where = f"line {one['first']}" if one["many"] > 1 else "one of an earlier manifest, which is kept"
            more = f" ({one['many']} times)" if one["many"] > 2 else ""
            self.problems.add(one["last"], f"is the same job as {where}{more}; --allow-duplicates takes both")

    def _known(self, key: str) -> Any:
        return self._db.execute("select * from jobs where key = ?", (key,)).fetchone()

    def _values(self, one: _Entry) -> tuple[Any, ...]:
        job = one.job
        return (
            job.key, job.image, one.parameters, one.digest, job.line, self._number, job.price, job.image_size,
            job.image_mtime, int(job.is_keyed), self._now, self._now,
        )  # fmt: skip

    def _told_twice(self, one: _Entry, known: Any) -> None:
        self.problems.add(one.job.line, f"key {one.job.key!r:.200} stands in line {known['line']} already")

    def _meet(self, one: _Entry, known: Any) -> None:
        """Take up a known job of the same key whose place, file or parameters are not what they were."""
        job = one.job
        is_same = without_blanks(known["parameters"]) == without_blanks(one.parameters)
        if is_same and is_same_image(self._db, known, job, self._sha256_of):
            self._move(known, one)
        elif steps.is_unsent(known):
            if self._is_kept and known["load"] >= self._first_load:
                self.problems.add(
                    job.line, f"key {job.key!r:.200} is another job of an earlier manifest, which is kept"
                )
                return
            names = ("image", "parameters", "digest", "line", "load", "price", "image_size", "image_mtime")
            given = dict(zip(names, self._values(one)[1:9], strict=True)) | {"image_sha256": None, "reason": None}
            steps.change(self._db, known["id"], "load anew", OrderState.QUEUED, **given, kind=None, ended=None)
        elif is_same:
            self.problems.add(
                job.line,
                f"is {known['state']}, and the image is not the one that was submitted: put that back, or give the new "
                f"one another {'key' if job.is_keyed else 'name'}, which buys a video of it",
                f"{job.key!r:.200}",
            )
        else:
            self.problems.add(
                job.line,
                f"is {known['state']} in the ledger, with other parameters: give it another "
                f"{'key' if job.is_keyed else 'name'}, or use another ledger",
                f"{job.key!r:.200}",
            )

    def _meet_missing(self, one: _Entry) -> bool:
        """Take up a known job that needs its image no more; whether the row was one, or is told."""
        known = self._known(one.job.key)
        if known is None:
            return False
        if known["load"] == self._number:
            self._told_twice(one, known)
        elif known["state"] == "queued":
            self.problems.add(one.job.line, self._checker.missing(one.job.image))
        elif without_blanks(known["parameters"]) == without_blanks(one.parameters):
            self._db.execute(
                "update jobs set line = ?, load = ? where id = ?", (one.job.line, self._number, known["id"])
            )
        else:
            self._meet(one, known)
        return True

    def _move(self, known: Any, one: _Entry) -> None:
        """Let a known job be where its row says; what became of it stays as it is."""
        job = one.job
        price = job.price if self._is_repriced and known["state"] == "queued" else known["price"]
        file = (known["image_size"], known["image_mtime"]) if is_missing(job) else (job.image_size, job.image_mtime)
        values = (job.key, int(job.is_keyed), job.image, one.digest, job.line, self._number, price, *file)
        self._db.execute(_MOVED, (*values, known["id"]))


def _word(one: _Entry, *, by_place: bool) -> str:
    """What tells which part a job belongs to: its key; without one the name of its image, wherever that lies."""
    if by_place:
        return one.job.key if one.job.is_keyed else place_digest(one.job.image, one.parameters)[:16]
    if one.job.is_keyed or is_address(one.job.image):
        return one.job.key
    return Path(one.job.image).name


def _entry_of(row: Any) -> _Entry:
    job = NewJob(
        row["image"], {}, row["key"], row["line"], row["price"], bool(row["is_keyed"]), row["image_size"],
        row["image_mtime"],
    )  # fmt: skip
    return _Entry(job, row["parameters"], row["digest"])


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


class Departed:
    """Jobs that no row has named yet: one of them may be what a row without a key is, from another place."""

    def __init__(self, db: Database, before: int, last: int, sha256_of: Callable[[str], str | None]) -> None:
        self._db, self._sha256_of = db, sha256_of
        self._rows: defaultdict[Hashable, dict[int, None]] = defaultdict(dict)
        columns = "id, image, image_size, parameters"
        query = f"select {columns} from jobs where load < ? and id <= ? and id > ? order by id limit ?"
        after = 0
        while rows := db.execute(query, (before, last, after, BATCH)).fetchall():
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


# How long a task takes, in seconds. A guess: no source tells.
TASK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Jobs of one model, duration and resolution; `credits` is what one costs, if that is known."""

    model: str
    duration: int | None
    resolution: str | None
    tasks: int
    credits: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How many tasks a run would buy, for how much, and how long it would take at least, in seconds.

    `credits` is of those with a known price, and None where there is none; `unpriced` is how many have none. `known`
    are rows that the ledger knows as sent or ended, which are not bought again; `submits` and `spent` is what was
    bought before, in tasks and credits. `left_out` are files of a folder that are no jobs, counted by kind.
    """

    tasks: int
    credits: float | None
    unpriced: int
    uploads: int
    kinds: tuple[Kind, ...]
    seconds: float
    warnings: Mapping[str, int]
    known: int = 0
    submits: int = 0
    spent: float | None = 0.0
    left_out: Mapping[str, int] = field(default_factory=dict)


def plan(
    source: str | os.PathLike[str], defaults: Mapping[str, Any],
    *, limits: Limits | None = None, prices: Prices | None = None,
    task_seconds: float = TASK_SECONDS, ledger: str | os.PathLike[str] | None = None, **options: Any,
) -> Plan:  # fmt: skip
    """Check a manifest as `load_manifest` does, whose options these are, and count what a run would buy of it.

    `ledger` is the file of the run, if it was begun: what was bought before is not counted. It is only read, also while
    a run holds it. Raises ManifestError with everything that is wrong.
    """
    limits = limits or Limits()
    with _temporary_folder() as folder:
        path = Path(folder) / "plan.db"
        if ledger is not None:
            _copy(Path(ledger), path)
        with Ledger(path, trust_copy=True) as copy:
            loaded = load_manifest(copy, source, defaults, prices=prices, **options)
            kinds, uploads, known, run = copy.write(
                lambda db: (_kinds(db), _uploads(db), _known(db), facts(db))
            ).result()
    tasks = sum(kind.tasks for kind in kinds)
    costs = [kind.tasks * kind.credits for kind in kinds if kind.credits is not None]
    return Plan(
        tasks=tasks,
        credits=sum(costs) if costs or not kinds else None,
        unpriced=sum(kind.tasks for kind in kinds if kind.credits is None),
        uploads=uploads,
        kinds=kinds,
        seconds=max(tasks / limits.rate, tasks * task_seconds / limits.in_flight, task_seconds),
        warnings=loaded.warnings,
        known=known,
        submits=run.submits,
        spent=run.credits,
        left_out=loaded.left_out,
    )


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory()
    except FileNotFoundError as error:
        raise ConfigurationError(
            "a plan needs a folder for temporary files, and none can be written: name one in TMPDIR"
        ) from error


def _copy(ledger: Path, target: Path) -> None:
    with looking(ledger) as db, contextlib.closing(sqlite3.connect(target)) as copy:
        assert isinstance(db, sqlite3.Connection)
        db.backup(copy)


def _kinds(db: Any) -> tuple[Kind, ...]:
    rows = db.execute(
        "select json_extract(parameters, '$.model') as model, json_extract(parameters, '$.duration') as duration, "
        "json_extract(parameters, '$.resolution') as resolution, count(*) as tasks, price "
        f"from jobs where {TO_SUBMIT} group by 1, 2, 3, price order by count(*) desc"
    ).fetchall()
    return tuple(Kind(row["model"], row["duration"], row["resolution"], row["tasks"], row["price"]) for row in rows)


def _known(db: Any) -> int:
    statement = "select count(*) as many from jobs where load = (select max(load) from jobs) and state != 'queued'"
    return int(db.execute(statement).fetchone()["many"])


def _uploads(db: Any) -> int:
    statement = f"select count(distinct image) as many from jobs where {TO_SUBMIT} and image not like 'http%'"
    return int(db.execute(statement).fetchone()["many"])

"""A manifest goes into a ledger in one step: every row, or, if anything is wrong, none and every problem at once."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.job import NewJob, digest_of
from .prices import Prices
from .readers import Row, open_manifest
from .validation import Checker

# What is paid for already was so by the price of then.
_PRICE = ", price = case when jobs.state = 'queued' then excluded.price else jobs.price end"
MOST_TOLD, MOST_KEPT = 50, 10_000
BATCH = 5_000


class ManifestError(InvalidInputError):
    """A manifest cannot be worked on; `problems` are all that were found, up to 10,000, in the order of their lines."""

    def __init__(self, source: Path, problems: list[str], many: int) -> None:
        """Tell the first of them."""
        self.problems = problems
        told = problems[:MOST_TOLD] + ([f"and {many - MOST_TOLD} more"] if many > MOST_TOLD else [])
        number = "1 problem" if many == 1 else f"{many:,} problems"
        super().__init__("\n  ".join([f"{source} has {number}. Nothing was sent.", *told]))


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` (from 1) of `count`: the jobs whose key falls into it."""

    index: int = 1
    count: int = 1

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
    for is fetched all the same.
    """

    new: int
    known: int
    warnings: Mapping[str, int] = field(default_factory=dict)
    not_in_manifest: int = 0


@dataclass
class _Problems:
    """Every problem so far; only so many are kept."""

    kept: list[tuple[int, str]] = field(default_factory=list)
    many: int = 0

    def add(self, line: int, text: str) -> None:
        self.many += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append((line, text))


def load_manifest(
    ledger: Any,
    source: Path,
    defaults: Mapping[str, Any],
    *,
    shard: Shard | None = None,
    prices: Prices | None = None,
    pictures: bool = False,
    strict: bool = False,
    allow_duplicates: bool = False,
    keep: bool = False,
) -> Loaded:
    """Put the jobs of a manifest into a ledger; what became of those that it knows already stays as it is.

    A run submits the jobs of this manifest and nothing else; with `keep` those of the manifests before it as well.
    A table of `prices` also holds for known jobs that wait to be submitted.

    `pictures` opens every local picture, `strict` refuses what the models registry does not list. Raises ManifestError
    with everything that is wrong; the ledger is then as it was.
    """

    def change(db: Any) -> Loaded:
        # Opened here, because a database may have the whole change made once more.
        folder, rows = open_manifest(source)
        checker = Checker(folder, defaults, prices or Prices(), pictures=pictures, strict=strict)
        problems = _Problems()
        part = shard or Shard()
        load = steps.start_load(db, part.index, part.count, keep=keep)
        before = int(db.execute("select count(*) as many from jobs").fetchone()["many"])
        seen = 0
        jobs = _jobs(rows, checker, part, problems)
        while batch := tuple(itertools.islice(jobs, BATCH)):
            seen += len(batch)
            _put(db, load, batch, problems, reprice=bool(prices))
        if not allow_duplicates:
            _find_doubles(db, load, problems)
        # A small manifest may leave a shard without any.
        if seen == 0 and problems.many == 0 and part.count == 1:
            problems.add(0, "there are no jobs in it")
        if problems.many:
            told = [f"line {line}: {text}" if line else text for line, text in sorted(problems.kept)]
            raise ManifestError(source, told, problems.many)
        new = int(db.execute("select count(*) as many from jobs").fetchone()["many"]) - before
        return Loaded(new, seen - new, checker.warnings, sum(reading.others(db).values()))

    loaded: Loaded = ledger.write(change).result()
    return loaded


def _jobs(
    rows: Iterable[Row], checker: Checker, shard: Shard, problems: _Problems
) -> Iterator[tuple[NewJob, str, str]]:
    """The good jobs of a shard, each with its parameters as they are kept and its digest."""
    for row in rows:
        job, found = checker.job_of(row)
        for text in found:
            problems.add(row.line, text)
        if job is not None:
            kept = job.kept_parameters()
            digest = digest_of(job.image, kept)
            named = NewJob(job.image, job.parameters, job.key or digest[:16], job.line, job.price)
            if shard.holds(named.key):
                yield named, kept, digest


def _put(db: Any, load: int, batch: tuple[tuple[NewJob, str, str], ...], problems: _Problems, *, reprice: bool) -> None:
    """Write a batch; only where not every row found its place is each one looked at."""
    now = time.time()
    hit = db.executemany(
        "insert into jobs (key, image, parameters, digest, line, load, price, created, changed) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set load = excluded.load, line = excluded.line "
        f"{_PRICE if reprice else ''} where jobs.load < excluded.load and jobs.digest = excluded.digest",
        [(job.key, job.image, kept, digest, job.line, load, job.price, now, now) for job, kept, digest in batch],
    ).rowcount
    if hit == len(batch):
        return
    for job, kept, digest in batch:
        known = db.execute("select * from jobs where key = ?", (job.key,)).fetchone()
        if known["load"] == load:
            if known["line"] != job.line:
                problems.add(job.line, f"key {job.key!r} stands in line {known['line']} already")
        elif known["state"] == "queued" and known["submits"] == 0:
            db.execute(
                "update jobs set image = ?, parameters = ?, digest = ?, line = ?, load = ?, price = ?, changed = ? "
                "where key = ?",
                (job.image, kept, digest, job.line, load, job.price, now, job.key),
            )
        else:
            problems.add(
                job.line,
                f"{job.key!r} is {known['state']} in the ledger, with other parameters: give it another key, or use "
                "another ledger",
            )


def _find_doubles(db: Any, load: int, problems: _Problems) -> None:
    """Find jobs that are the same but for their key."""
    doubles = db.execute(
        "select min(line) as first, max(line) as last, count(*) as many from jobs where load = ? "
        "group by digest having count(*) > 1 limit ?",
        (load, MOST_KEPT),
    )
    for one in doubles.fetchall():
        more = f" ({one['many']} times)" if one["many"] > 2 else ""
        problems.add(one["last"], f"is the same job as line {one['first']}{more}; --allow-duplicates takes both")

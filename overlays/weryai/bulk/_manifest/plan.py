"""What a run would do: counted and priced from a ledger that is thrown away; nothing is sent."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from .._ledger.ledger import Ledger
from .._ledger.queries import TO_SUBMIT, facts, looking
from .._running.throttle import Limits
from .loading import load_manifest
from .validation import Prices

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

"""What a run would do: counted and priced from a ledger that is thrown away; nothing is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._ledger.ledger import Ledger
from .._running.limits import Limits
from .loading import load_manifest
from .prices import Prices

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

    `credits` is of those with a known price, and None where there is none; `unpriced` is how many have none.
    """

    tasks: int
    credits: float | None
    unpriced: int
    uploads: int
    kinds: tuple[Kind, ...]
    seconds: float
    warnings: Mapping[str, int]


def plan(
    source: Path, defaults: Mapping[str, Any], *, limits: Limits | None = None, prices: Prices | None = None,
    task_seconds: float = TASK_SECONDS, **options: Any,
) -> Plan:  # fmt: skip
    """Check a manifest as `load_manifest` does, whose options these are, and count what is in it.

    Raises ManifestError with everything that is wrong.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "plan.db") as ledger:
        loaded = load_manifest(ledger, source, defaults, prices=prices, **options)
        kinds, uploads = ledger.write(lambda db: (_kinds(db), _uploads(db))).result()
    costs = [kind.tasks * kind.credits for kind in kinds if kind.credits is not None]
    return Plan(
        tasks=loaded.new,
        credits=sum(costs) if costs or not kinds else None,
        unpriced=sum(kind.tasks for kind in kinds if kind.credits is None),
        uploads=uploads,
        kinds=kinds,
        seconds=max(loaded.new / limits.rate, loaded.new * task_seconds / limits.in_flight, task_seconds),
        warnings=loaded.warnings,
    )


def _kinds(db: Any) -> tuple[Kind, ...]:
    rows = db.execute(
        "select json_extract(parameters, '$.model') as model, json_extract(parameters, '$.duration') as duration, "
        "json_extract(parameters, '$.resolution') as resolution, count(*) as tasks, price from jobs "
        "group by 1, 2, 3, price order by count(*) desc"
    ).fetchall()
    return tuple(Kind(row["model"], row["duration"], row["resolution"], row["tasks"], row["price"]) for row in rows)


def _uploads(db: Any) -> int:
    statement = "select count(distinct image) as many from jobs where image not like 'http%'"
    return int(db.execute(statement).fetchone()["many"])

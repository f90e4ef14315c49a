"""Bulk runs in tests: a ledger that is filled, a run that takes no time, and what stands on the disk in the end."""

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from fakes.surroundings import JOURNEY_KEY
from weryai import bulk

PROMPT = "The sea moves"
QUICK = bulk.Patience(interval=0.02, timeout=20.0)
#: The words of a command that submits without a pause.
AT_ONCE = ("--rate", "500", "--start-rate", "500")
FAST: dict[str, Any] = {"rate": 1000.0, "start_rate": 1000.0, "in_flight": 50}


def picture(number: int) -> str:
    """The address by which a job is told apart, here and in the emulator's ledger."""
    return f"https://pictures.example/{number:05}.jpg"


def manifest(path: Path, numbers: range, **columns: str) -> Path:
    """Write a manifest of jobs, each with a picture of its own."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "image", "prompt", *columns])
        writer.writerows([f"job-{n}", picture(n), PROMPT, *columns.values()] for n in numbers)
    return path


def filled(folder: Path, many: int, **columns: str) -> bulk.Ledger:
    """A ledger with so many jobs."""
    ledger = bulk.Ledger(folder / "run.db")
    if many:
        bulk.load_manifest(ledger, manifest(folder / "jobs.csv", range(many), **columns), {})
    return ledger


def go(ledger: bulk.Ledger, url: str, folder: Path, *, key: str = JOURNEY_KEY, **options: Any) -> bulk.Outcome:
    """Run to the end, as fast as can be."""
    limits = bulk.Limits(**{**FAST, **options.pop("limits", {})})
    chosen = {"patience": QUICK, **options, "limits": limits}
    return bulk.run(ledger, output=folder / "videos", api_key=key, base_url=url, polls_per_second=1000.0, **chosen)


def rows(path: Path, columns: str = "state") -> list[Any]:
    """What stands in the ledger, in the order of the rows; of a single column the values themselves."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = db.execute(f"select {columns} from jobs order by id").fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def states(path: Path) -> Counter[str]:
    """How many jobs are in each state, by what is on the disk."""
    return Counter(rows(path))

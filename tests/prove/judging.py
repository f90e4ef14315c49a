"""The judge: the emulator's own ledger against that of the run, jobs told apart by their picture."""

import contextlib
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen


@dataclass(frozen=True)
class Bill:
    """What the emulator was asked to make: the tasks of each picture."""

    tasks: dict[str, list[str]]
    jobs: list[dict[str, Any]]
    #: When each task was accepted, in real seconds of the emulator's clock, in order.
    moments: list[float]

    @property
    def doubles(self) -> list[str]:
        """The pictures that were paid for more than once."""
        return [picture for picture, tasks in self.tasks.items() if len(tasks) > 1]


def bill_of(url: str) -> Bill:
    """Ask the emulator."""
    with urlopen(f"{url}/_emulator/state", timeout=120) as answer:
        state = json.load(answer)
    tasks: dict[str, list[str]] = {}
    for task in state["tasks"]:
        tasks.setdefault(task["picture"], []).append(task["id"])
    moments = sorted(task["submitted_at"] / state["clock"]["speed"] for task in state["tasks"])
    return Bill(tasks, state["ledger"], moments)


@dataclass(frozen=True)
class Verdict:
    """What became of the jobs of a run."""

    jobs: int
    states: Counter[str]
    doubles: list[str]
    lost: list[str]
    billed_in_doubt: int

    def __str__(self) -> str:
        states = ", ".join(f"{many} {state}" for state, many in self.states.most_common())
        return (
            f"{self.jobs:,} jobs: {states}; billed twice {len(self.doubles)}, lost {len(self.lost)}, "
            f"ambiguous that were billed {self.billed_in_doubt}"
        )


def judge(rows: list[Any], bill: Bill) -> Verdict:
    """Compare what the run believes with what was billed.

    Lost is a job that has neither its video nor a state that tells why, a video that is not on the disk, and a task
    that was billed and that the run does not know, unless its job is ambiguous.
    """
    lost = [row["key"] for row in rows if not _is_accounted_for(row)]
    for row in rows:
        billed = bill.tasks.get(row["image"], [])
        if row["state"] in ("done", "submitted") and row["task_id"] not in billed:
            lost.append(row["key"])
        if row["state"] in ("queued", "failed") and billed and row["task_id"] not in billed:
            lost.append(row["key"])
    in_doubt = [row for row in rows if row["state"] == "ambiguous"]
    return Verdict(
        len(rows),
        Counter(row["state"] for row in rows),
        bill.doubles,
        sorted(set(lost)),
        sum(row["image"] in bill.tasks for row in in_doubt),
    )


def open_tries(ledger: Path) -> int:
    """How many jobs are inside a POST, by what is on the disk."""
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10)) as db:
        return int(db.execute("select count(*) from jobs where state = 'submitting'").fetchone()[0])


def _is_accounted_for(row: Any) -> bool:
    if row["state"] == "done":
        return bool(row["path"]) and Path(row["path"]).is_file() and Path(row["path"]).stat().st_size == row["size"]
    return row["state"] in ("ambiguous", "failed") and bool(row["reason"])


def rows_of(ledger: Path) -> list[Any]:
    """The jobs of a ledger in a file."""
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10)) as db:
        db.row_factory = sqlite3.Row
        return db.execute("select * from jobs order by id").fetchall()

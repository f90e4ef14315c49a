"""What the benchmarks write into docs/benchmarks.md: a block each, with date, machine and commit."""

import datetime
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import httpx

import weryai

ROOT = Path(__file__).parents[2]
PAGE, PLOT, BULK_PLOT = (ROOT / "docs" / name for name in ("benchmarks.md", "benchmarks.svg", "benchmarks-bulk.svg"))
#: What stands between such lines of the page is written by `make bench-record`, and by `make bench-bulk`.
MEASURED, BULK = "measured", "bulk"
#: Which paragraph of the page has the reason of a row that misses its aim, by the first words of the row that fit.
REASONS = {
    "import": "First submit",
    "our part of the base install": "Size",
    "weryai --help": "Help",
    "CPU of 300 x submit": "Submits",
    "CPU of 300 x async submit": "Awaited submits",
    "CPU of 300 x": "Polls",
    "CPU of a 200 MB download": "Downloads",
    "10,000 waiting": "Waits",
    "... wall, bulk run": "Bulk runs",
    "... CPU, bulk run": "Bulk runs",
    "1,000,000 rows": "A million rows",
}


class Told(Protocol):
    """A row or a figure."""

    @property
    def what(self) -> str:
        """What was measured."""

    @property
    def verdict(self) -> str:
        """Whether its aim is met."""


def marks(block: str) -> tuple[str, str]:
    """The lines between which a block is written."""
    return f"<!-- {block}: begin -->", f"<!-- {block}: end -->"


def why(what: str) -> str:
    """The paragraph that has the reason why a row misses its aim; nothing if there is none."""
    return next((name for words, name in REASONS.items() if what.startswith(words)), "")


def unexplained(rows: Iterable[Told], text: str) -> list[str]:
    """The rows that miss their aim without a reason on the page."""
    missed = [row.what for row in rows if row.verdict == "MISSED"]
    return [what for what in missed if not why(what) or f"\n* **{why(what)}.**" not in text]


def told(verdict: str, what: str) -> str:
    """The last cell of a row: whether its aim is met, or else which paragraph says why not."""
    return f"{verdict}: {why(what)}" if verdict == "MISSED" and why(what) else verdict


def write(block: str, table: Sequence[str], where: str, rows: Iterable[Told]) -> None:
    """Write a table into its place; refuses one with a row that misses its aim and has no reason on the page."""
    text = PAGE.read_text()
    if left := unexplained(rows, text):
        raise SystemExit("MISSED, and the page has no reason: " + "; ".join(left))
    begin, end = marks(block)
    lines = "\n".join(table)
    written = f"{begin}\nMeasured {where}, of commit {commit()}.\n\n{lines}\n{end}"
    PAGE.write_text(re.sub(f"{begin}.*{end}", lambda _: written, text, flags=re.DOTALL))


def machine() -> str:
    """Say where and when this was measured."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    versions = f"Python {platform.python_version()}, httpx {httpx.__version__}, weryai {weryai.__version__}"
    return f"{datetime.date.today()}  {name}, {os.cpu_count()} cores, {versions}"


def commit() -> str:
    """The commit that is measured."""
    named = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return named.stdout.strip() or "unknown"

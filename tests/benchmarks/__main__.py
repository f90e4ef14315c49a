"""`make bench`: every measurement in one table. `--record` writes it into docs/, `--compare` holds it to the record."""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import httpx

import weryai

from . import calling, connecting, downloading, growing, starting, waiting
from .plot import svg
from .server import Server
from .table import Row

ROOT = Path(__file__).parents[2]
PAGE, PLOT = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.svg"
RECORD = Path(__file__).with_name("recorded.json")
#: What stands between these lines of the page is written by `make bench-record`.
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = "| what | ours | other | figure | aim | |\n|---|---:|---:|---:|---:|---|"


def machine() -> str:
    """Say where and when this was measured."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    versions = f"Python {platform.python_version()}, httpx {httpx.__version__}, weryai {weryai.__version__}"
    return f"{datetime.date.today()}  {name}, {os.cpu_count()} cores, {versions}"


def measured() -> list[Row]:
    """Measure and print."""
    found = []
    with Server() as server:
        for noun in (starting, calling, connecting, waiting, downloading, growing):
            for row in noun.rows(server):
                print(row.line(), flush=True)
                found.append(row)
    return found


def write(rows: list[Row], where: str, commit: str) -> None:
    """Write table, plot and record."""
    table = "\n".join([HEAD, *(row.markdown() for row in rows)])
    text = f"{BEGIN}\nMeasured {where}, of commit {commit}.\n\n{table}\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, PAGE.read_text(), flags=re.DOTALL))
    PLOT.write_text(svg(rows))
    figures = {row.what: {"figure": row.figure, "noise": row.noise} for row in rows}
    RECORD.write_text(json.dumps({"machine": where, "commit": commit, "figures": figures}, indent=1) + "\n")


def worse(rows: list[Row], recorded: dict[str, dict[str, float]]) -> list[str]:
    """Return what is worse than its record: ratios, counts and memory, which hardly depend on the machine."""
    compared = [row for row in rows if row.what in recorded and row.unit not in ("ms", "us", "/s")]
    return [told for row in compared if (told := row.worse_than(recorded[row.what]))]


def main() -> None:
    """Measure, and write the record or compare with it if that was asked for."""
    print(machine())
    print(f"{'':<48} {'ours':>12} {'other':>12} {'figure':>14} {'target':>10}")
    rows = measured()
    if "--record" in sys.argv:
        named = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        write(rows, machine(), named.stdout.strip() or "unknown")
    if "--compare" in sys.argv:
        if not RECORD.exists():
            sys.exit("nothing is recorded yet: make bench-record")
        if found := worse(rows, json.loads(RECORD.read_text())["figures"]):
            sys.exit("WORSE than recorded:\n" + "\n".join(found))


if __name__ == "__main__":
    main()

"""A million rows into a ledger, out of it, and counted."""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .loading import Figure

ROWS = 1_000_000
KINDS = ("csv", "parquet")
_PROGRAM = """
import resource, sys, time
from pathlib import Path
from weryai import bulk
from weryai.bulk._ledger import queries
kind, folder = sys.argv[1], Path(sys.argv[2])
def timed(work):
    began = time.perf_counter()
    work()
    print(time.perf_counter() - began)
with bulk.Ledger(folder / f"{kind}.db") as ledger:
    timed(lambda: bulk.load_manifest(ledger, folder / f"jobs.{kind}", {}))
    timed(lambda: bulk.load_manifest(ledger, folder / f"jobs.{kind}", {}))
    timed(lambda: ledger.write(queries.counts).result())
timed(lambda: bulk.export(folder / f"{kind}.db", folder / "out.csv"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def entries() -> Iterator[dict[str, Any]]:
    """Every row has a picture and parameters of its own."""
    for number in range(ROWS):
        yield {
            "key": f"job-{number:07}", "image": f"https://pictures.example/{number:07}.jpg",
            "prompt": f"The sea moves, number {number}", "model": "WERYAI_VIDEO_1_0", "duration": 5 + 5 * (number % 2),
            "aspect_ratio": "16:9",
        }  # fmt: skip


def write(path: Path) -> None:
    """Write the manifest of one kind."""
    if path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(list(entries())), path)
        return
    with path.open("w", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, next(entries()))
            writer.writeheader()
            writer.writerows(entries())
        else:
            file.writelines(json.dumps(entry) + "\n" for entry in entries())


def figures() -> list[Figure]:
    """Measure each kind in a process of its own."""
    found = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder, f"jobs.{kind}"))
            program = [sys.executable, "-c", _PROGRAM, kind, folder]
            told = subprocess.run(program, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout
        load, again, counts, export, memory = map(float, told.split())
        most = 30.0 if kind != "parquet" else None
        found += [
            Figure(f"{ROWS:,} rows of {kind} into a ledger, checked, duplicates found", load, "s", most),
            Figure("... the same once more", again, "s"),
            Figure("... counted by state", counts * 1000, "ms"),
            Figure("... exported as CSV", export, "s"),
            Figure("... memory", memory, "MB"),
        ]
    return found

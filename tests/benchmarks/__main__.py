"""`make bench`: every measurement in one table. `--record` writes it into docs/, `--compare` holds it to the record."""

import json
import sys
from pathlib import Path

from . import calling, connecting, downloading, growing, page, parts, starting, waiting
from .page import machine
from .plot import svg
from .server import Server
from .table import Row

RECORD = Path(__file__).with_name("recorded.json")
HEAD = "| what | ours | other | figure | aim | |\n|---|---:|---:|---:|---:|---|"


def measured() -> list[Row]:
    """Measure and print."""
    found = []
    with Server() as server:
        for noun in (starting, calling, parts, connecting, waiting, downloading, growing):
            for row in noun.rows(server):
                print(row.line(), flush=True)
                found.append(row)
    return found


def write(rows: list[Row], where: str) -> None:
    """Write table, plot and record; a miss without a reason on the page is refused, and the record is written."""
    figures = {row.what: {"figure": row.figure, "noise": row.noise} for row in rows}
    RECORD.write_text(json.dumps({"machine": where, "commit": page.commit(), "figures": figures}, indent=1) + "\n")
    page.PLOT.write_text(svg(rows))
    page.write(page.MEASURED, [HEAD, *(row.markdown() for row in rows)], where, rows)


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
        write(rows, machine())
    if "--compare" in sys.argv:
        if not RECORD.exists():
            sys.exit("nothing is recorded yet: make bench-record")
        if found := worse(rows, json.loads(RECORD.read_text())["figures"]):
            sys.exit("WORSE than recorded:\n" + "\n".join(found))


if __name__ == "__main__":
    main()

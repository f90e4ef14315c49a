"""`make bench-bulk`: a bulk run beside bare httpx, ten thousand tasks in flight, a million rows, and PostgreSQL.

It writes its table and its plot into docs/benchmarks.md. With names of parts it measures these, and writes nothing.
"""

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from prove.killing import emulator, write_manifest

from . import bulk_loading, bulk_sharing, page
from .loading import Figure
from .page import machine
from .plot import bulk_svg

HEAD = "| what | figure | aim | |\n|---|---:|---:|---|"
JOBS, ROUNDS = 2_000, 2
RATE, IN_FLIGHT, INTERVAL = 100.0, 200, 1.0
#: Tasks of the emulator take 5 + 3 s of its own time, so about a second.
SPEED = 8.0
MANY = 10_000


def taken(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Run a program to its end; return the seconds, those of the processor, and its most memory in MB."""
    began = time.perf_counter()
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, env={**os.environ, "WERYAI_API_KEY": "sk-emulator"}
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit((folder / "said.txt").read_text()[-3000:])
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def ours(folder: Path, url: str, rate: float, in_flight: int, interval: float) -> list[str]:
    """The bulk run."""
    return [
        sys.executable, "-m", "weryai", "--base-url", url, "bulk", "run", "jobs.csv", "--rate", f"{rate:g}",
        "--start-rate", f"{rate:g}", "--in-flight", f"{in_flight}", "--interval", f"{interval:g}", "--json",
    ]  # fmt: skip


def bare(folder: Path, url: str, rate: float, in_flight: int, interval: float) -> list[str]:
    """The same by httpx alone."""
    numbers = json.dumps([rate, in_flight, interval])
    return [sys.executable, str(Path(__file__).with_name("bare_bulk.py")), "jobs.csv", url, "videos", numbers]


def beside_httpx() -> list[Figure]:
    """Run both in turn, each with an emulator of its own, and compare the medians."""
    found: dict[str, list[tuple[float, float, float]]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        for name, command in (("ours", ours), ("bare", bare)):
            with tempfile.TemporaryDirectory() as place, emulator(SPEED) as url:
                folder = Path(place)
                write_manifest(folder / "jobs.csv", range(JOBS))
                found[name].append(taken(command(folder, url, RATE, IN_FLIGHT, INTERVAL), folder))
    wall, cpu, memory = (
        {name: statistics.median(one[column] for one in rounds) for name, rounds in found.items()}
        for column in range(3)
    )
    return [
        Figure(f"{JOBS:,} jobs, {RATE:g}/s, {IN_FLIGHT} in flight: bulk run", wall["ours"], "s"),
        Figure("... bare httpx", wall["bare"], "s"),
        Figure("... wall, bulk run / bare httpx", wall["ours"] / wall["bare"], "x", 1.05),
        Figure("... CPU of the bulk run", cpu["ours"], "s"),
        Figure("... CPU of bare httpx", cpu["bare"], "s"),
        Figure("... CPU, bulk run / bare httpx", cpu["ours"] / cpu["bare"], "x", 1.2),
        Figure("... memory of the bulk run", memory["ours"], "MB"),
    ]


def many_in_flight() -> list[Figure]:
    """Have ten thousand tasks unfinished at a time; they take two minutes, longer than it takes to order them."""
    with tempfile.TemporaryDirectory() as place, emulator(speed=0.06) as url:
        folder = Path(place)
        write_manifest(folder / "jobs.csv", range(MANY))
        watching = subprocess.Popen([sys.executable, "-c", _WATCH, url], stdout=subprocess.PIPE, text=True)
        wall, cpu, memory = taken(ours(folder, url, 400.0, MANY, 15.0), folder)
        watching.terminate()
        most = max((int(line) for line in watching.communicate()[0].split()), default=0)
    return [
        Figure(f"{MANY:,} jobs at 400/s", wall, "s"),
        Figure("... CPU", cpu, "s"),
        Figure("... unfinished at a time", most, ""),
        Figure("... memory", memory, "MB"),
    ]


_WATCH = """
import json, sys, time, urllib.request
while True:
    with urllib.request.urlopen(sys.argv[1] + "/_emulator/state", timeout=60) as answer:
        state = json.load(answer)
    print(sum(task["state"] in ("waiting", "processing") for task in state["tasks"]), flush=True)
    time.sleep(5)
"""


def a_million() -> list[Figure]:
    """Load a million rows of each kind, again, count and export."""
    return bulk_loading.figures()


def shared() -> list[Figure]:
    """Let workers share a hundred thousand rows in PostgreSQL."""
    return bulk_sharing.figures()


def main() -> None:
    """Measure and print, and write it down if all was measured."""
    where, found = machine(), list[Figure]()
    print(where)
    for measured in (beside_httpx, many_in_flight, a_million, shared):
        if sys.argv[1:] and measured.__name__ not in sys.argv[1:]:
            continue
        for figure in measured():
            print(figure.line(), flush=True)
            found.append(figure)
    if not sys.argv[1:]:
        page.BULK_PLOT.write_text(bulk_svg(found))
        page.write(page.BULK, [HEAD, *(figure.markdown() for figure in found)], where, found)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        main()

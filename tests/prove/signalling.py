"""Runs that are told to end, by each signal at each moment: nothing is in doubt, and the next start does the rest."""

import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from .judging import bill_of, judge, rows_of
from .killing import Harness, emulator, write_manifest

JOBS = 60
OPTIONS = ("--rate", "20", "--start-rate", "20", "--in-flight", "30", "--interval", "1")
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
#: A moment, and what has to stand in the ledger for it; `pause` seconds later the signal is sent.
MOMENTS: dict[str, tuple[str, float]] = {
    "at the start": ("select count(*) from jobs", 0.0),
    "inside a POST": ("select count(*) from jobs where state = 'submitting'", 0.0),
    "while tasks go on": ("select count(*) from jobs where state = 'submitted'", 0.1),
    "when videos come": ("select count(*) from jobs where state = 'done'", 0.0),
    "when all is submitted": (f"select count(*) / {JOBS} from jobs where state in ('submitted', 'done')", 0.0),
}


def signals() -> bool:
    """Each signal at each moment, once alone and at one moment twice in a row."""
    began, problems = time.monotonic(), []
    for number, code in SIGNALS.items():
        for moment in MOMENTS:
            problems += _signalled(number, code, moment)
    count = len(SIGNALS) * len(MOMENTS)
    print(f"signals: {count} runs, {len(problems)} problems; {time.monotonic() - began:.0f} s", flush=True)
    for problem in problems:
        print(f"  FAILED: {problem}", flush=True)
    return not problems


def _signalled(number: signal.Signals, code: int, moment: str) -> list[str]:
    with tempfile.TemporaryDirectory() as place, emulator(speed=60, scenarios=("slow@submit:1/1",), slow=0.3) as url:
        harness = Harness(Path(place), url, OPTIONS)
        write_manifest(harness.manifest, range(JOBS))
        process = harness.start()
        query, pause = MOMENTS[moment]
        _until(process, lambda: _asked(harness.ledger, query) > 0)
        time.sleep(pause)
        process.send_signal(number)
        ended = process.wait(60)
        rows = rows_of(harness.ledger)
        in_doubt = [row["key"] for row in rows if row["state"] in ("ambiguous", "submitting")]
        last = harness.finish()
        verdict = judge(rows_of(harness.ledger), bill_of(url))
    name = f"{number.name} {moment}"
    problems = [f"ended with {ended}: {harness.said()}"] if ended != code else []
    problems += [f"in doubt: {', '.join(in_doubt[:5])}"] if in_doubt else []
    if verdict.doubles or verdict.lost or verdict.states["done"] != JOBS or last != 0:
        problems.append(f"{verdict}; the next start ended with {last}")
    return [f"{name}: {problem}" for problem in problems]


def _asked(ledger: Path, query: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
            return int(db.execute(query).fetchone()[0])
    except sqlite3.Error:
        return 0


def _until(process: "subprocess.Popen[bytes]", is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)

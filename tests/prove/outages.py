"""Runs before which a gateway makes trouble, of each kind, and is mended: what is in doubt is counted by the bill."""

import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fakes.gateway import Gateway, Trouble
from weryai.bulk import Limits

from .judging import bill_of, judge, rows_of
from .killing import Harness, emulator, write_manifest

JOBS, BEGINS = 120, 20
OPTIONS = ("--rate", "100", "--start-rate", "100", "--in-flight", "50", "--interval", "1")
MOST = Limits().most_ambiguous
EVERYTHING: tuple[Trouble, ...] = (
    500, 502, 503, 504, 200, 404, "hang", "reset", "close", "garbage", "half", "refuse",
)  # fmt: skip
SUBMISSIONS: tuple[Trouble, ...] = (502, 200, "reset")
#: How long it may take until a run says that it waits; a request that hangs is given up after a minute.
PATIENCE = 150.0


def outages() -> bool:
    """Every kind of trouble, four at a time."""
    began = time.monotonic()
    kinds = [(trouble, False) for trouble in EVERYTHING] + [(trouble, True) for trouble in SUBMISSIONS]
    with ThreadPoolExecutor(4) as pool:
        problems = [one for some in pool.map(lambda kind: _outage(*kind), kinds) for one in some]
    print(f"outages: {len(kinds)} kinds; {time.monotonic() - began:.0f} s", flush=True)
    for problem in problems:
        print(f"  FAILED: {problem}", flush=True)
    return not problems


def _outage(trouble: Trouble, of_submissions: bool) -> list[str]:
    """One run: trouble from a submission on, of all requests or of submissions alone; mended when the run says so."""
    name = f"{trouble} for {'submissions alone' if of_submissions else 'everything'}"
    with tempfile.TemporaryDirectory() as place, emulator(speed=30) as url:
        port = int(url.rpartition(":")[2])
        with Gateway(port, trouble, BEGINS, paid_only=of_submissions) as gateway:
            harness = Harness(Path(place), gateway.url, OPTIONS)
            write_manifest(harness.manifest, range(JOBS))
            process = harness.start()
            if of_submissions:
                # Waiting would not help, so that the run ends by itself.
                codes = [process.wait(PATIENCE)]
                gateway.heal()
                codes.append(harness.finish())
            else:
                deadline = time.monotonic() + PATIENCE
                while "paused" not in harness.said() and process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.1)
                time.sleep(1.0)
                gateway.heal()
                codes = [process.wait(PATIENCE)]
        verdict = judge(rows_of(harness.ledger), bill_of(url))
    print(f"  {name}: {verdict}; at most {gateway.most_open} submissions open at once", flush=True)
    doubt = verdict.states["ambiguous"]
    problems = [f"billed twice: {', '.join(verdict.doubles[:5])}"] if verdict.doubles else []
    problems += [f"lost: {', '.join(verdict.lost[:5])}"] if verdict.lost else []
    problems += [f"{doubt} ambiguous, {MOST} may be"] if doubt > MOST else []
    if verdict.states != Counter({"done": JOBS - doubt, "ambiguous": doubt}) + Counter():
        problems.append(f"not done: {dict(verdict.states)}")
    if codes[-1] not in (0, 3):
        problems.append(f"ended with {codes}: {harness.said()}")
    return [f"{name}: {problem}" for problem in problems]

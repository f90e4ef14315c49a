"""Kill bulk runs, with and without faults, once without a ledger, which must be found out, and workers among others."""

import sys
import tempfile
import time
from pathlib import Path

from .cancel_storms import weathered
from .journal_stress import stressed
from .judging import bill_of, judge, rows_of
from .killing import Harness, emulator, write_manifest
from .machines import many_machines
from .outages import outages
from .signalling import signals
from .soak import soaked

JOBS = 2_000
KILLS, INSIDE = 10, 8
OPTIONS = ("--rate", "100", "--start-rate", "100", "--in-flight", "200", "--interval", "1", "--timeout", "240")
#: One in ten 429, one in a hundred each of 500 and dropped before and after, one look in twenty 500, cut downloads.
FAULTS = (
    "http-429@submit:1/10", "http-500@submit:1/100", "reset-before@submit:1/100", "reset-after@submit:1/100",
    "http-500@status:1/20", "download-cut:1/50",
)  # fmt: skip


def proved(name: str, scenarios: tuple[str, ...]) -> bool:
    """Kill a run ten times and judge it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place, emulator(speed=30, scenarios=scenarios) as url:
        harness = Harness(Path(place), url, OPTIONS)
        write_manifest(harness.manifest, range(JOBS))
        harness.kill_often(KILLS, INSIDE)
        code = harness.finish()
        verdict = judge(rows_of(harness.ledger), bill_of(url))
        problems = [*harness.errors]
        if code not in (0, 1, 3):
            problems.append(f"the last start ended with {code}: {harness.said()}")
    problems += [f"billed twice: {', '.join(verdict.doubles[:5])}"] if verdict.doubles else []
    problems += [f"lost: {', '.join(verdict.lost[:5])}"] if verdict.lost else []
    if verdict.jobs != JOBS or harness.kills < KILLS or harness.inside < INSIDE:
        problems.append(f"{verdict.jobs} jobs, {harness.kills} kills, {harness.inside} of them inside a POST")
    took = f"{time.monotonic() - began:.0f} s"
    print(f"{name}: {verdict}; {harness.kills} kills, {harness.inside} inside a POST; {took}", flush=True)
    for problem in problems:
        print(f"  FAILED: {problem}", flush=True)
    return not problems


def found_out() -> bool:
    """Without a ledger, by the videos alone, the same kills must pay twice; else nothing is proved."""
    jobs = 400
    with tempfile.TemporaryDirectory() as place, emulator(speed=30) as url:
        harness = Harness(Path(place), url, OPTIONS)
        write_manifest(harness.manifest, range(jobs))

        def forget() -> None:
            there = {path.stem for path in (harness.folder / "videos").glob("*.mp4")}
            write_manifest(harness.manifest, [n for n in range(jobs) if f"job-{n:05}" not in there])
            for file in harness.folder.glob("run.db*"):
                file.unlink()

        harness.kill_often(2, 0, forget)
        harness.finish()
        doubles = bill_of(url).doubles
    print(f"without a ledger: {jobs} jobs, {harness.kills} kills, billed twice {len(doubles)}", flush=True)
    if not doubles:
        print("  FAILED: nothing was found out, so the judge proves nothing")
    return bool(doubles)


def main() -> int:
    """Prove what was asked for, or everything."""
    whole = {
        "kills": lambda: proved("kills", ()),
        "faults": lambda: proved("kills and faults", FAULTS),
        "without": found_out,
        "machines": many_machines,
        "journal": stressed,
        "storms": weathered,
        "outages": outages,
        "signals": signals,
        "soak": soaked,
    }
    wanted = sys.argv[1:] or list(whole)
    proofs = [whole[name]() for name in wanted]
    return 0 if all(proofs) else 1


if __name__ == "__main__":
    sys.exit(main())

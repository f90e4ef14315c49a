"""`make fuzz`: run the generated tests of tests/contract again and again, with seeds that nobody has tried."""

import os
import random
import shlex
import subprocess
import sys
import time
from pathlib import Path

from .rounds import CASES, Finding, findings_of, generated_tests

ROOT = Path(__file__).resolve().parents[2]
USAGE = "make fuzz SECONDS=600 SEED=7: SECONDS is a whole number from 1 to 86400, SEED one from 0 on (else it is drawn)"


def main() -> int:
    """Read SECONDS and SEED, explore, and return the exit code: 1 if something was found."""
    seconds = whole_number(os.environ.get("FUZZ_SECONDS", "600"), 1, 86_400)
    seed = whole_number(os.environ.get("FUZZ_SEED") or str(random.randrange(2**32)), 0, 2**64)
    if seconds is None or seed is None:
        print(USAGE, file=sys.stderr)
        return 2
    print(f"seed {seed}; the same again: make fuzz SECONDS={seconds} SEED={seed}", flush=True)
    found = explore(seconds, seed)
    print(f"{len(found)} findings" if found else "nothing found")
    return 1 if found else 0


def whole_number(text: str, least: int, most: int) -> int | None:
    """The number that a text spells, if it is one within these bounds."""
    number = int(text) if text.isascii() and text.isdigit() else -1
    return number if least <= number <= most else None


def explore(seconds: int, seed: int) -> list[Finding]:
    """Run rounds while there is time for another, and at least one; the n-th has the seed `seed + n`."""
    started, number, taken = time.monotonic(), 0, 0.0
    found: list[Finding] = []
    while time.monotonic() - started + taken < seconds:
        begun = time.monotonic()
        new = run_round(seed + number, found)
        taken = time.monotonic() - begun
        number += 1
        print(f"round {number}: {CASES} cases a test, seed {seed + number - 1}, {taken:.0f} s", flush=True)
        for one in new:
            print(one.report(), flush=True)
        found += new
    return found


def run_round(seed: int, known: list[Finding]) -> list[Finding]:
    """Run every generated test once; one that has failed already is left out."""
    options = ["--explore", "--cases", str(CASES), f"--hypothesis-seed={seed}", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, "--timeout=3600", "--tb=short", "-rfE", "-n", "auto"]
    command += [f"--deselect={one.test}" for one in known]
    environment = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(
        [*command, *generated_tests(ROOT)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return []
    report = ROOT / "reports" / f"fuzz-{seed}.txt"
    report.parent.mkdir(exist_ok=True)
    report.write_text(done.stdout + done.stderr, encoding="utf-8")
    again = f"{shlex.join(['.venv/bin/python', '-m', 'pytest', *options])}"
    return findings_of(done.stdout, again, report.relative_to(ROOT).as_posix())


if __name__ == "__main__":
    sys.exit(main())

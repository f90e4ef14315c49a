"""`make mutants`: make every mistake of the list in a copy, and print which test sees it."""

import concurrent.futures
import contextlib
import os
import queue
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import derived, derived_code
from .copies import ROOT, Copy, processor_seconds
from .everything import EQUIVALENT, MUTANTS, SELF_TESTS, chosen
from .judging import OPTIONS, WIDER, Verdict, first_failure, judge
from .mutant import Mutant
from .sources import MutantError
from .table import line, summary

WORKERS = 2
# Of names with two parts in brackets, as schemathesis gives them, pytest finds only the function.
_PARTS = re.compile(r"\[.*\]\[.*\]$")
# What is derived and judged in this process; a run of all ends with it.
DERIVED = {"contract.derived": derived.main, "generated.derived": derived_code.main}


def main() -> int:
    """Run what ONLY names, or all; return the exit code."""
    # A shell that starts this in the background has Ctrl-C ignored, and the tests of Ctrl-C would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        only = os.environ.get("MUTANTS_ONLY", "")
        if only in DERIVED:
            return DERIVED[only]()
        mutants = chosen(only)
        verdicts, control = run(mutants)
    except MutantError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mutants: interrupted", file=sys.stderr)
        return 130
    text = summary(verdicts)
    print(text)
    if control:
        print(f"CONTROL FAILED: without any mistake {control} fails too, so the table proves nothing.")
    if len(mutants) == len(MUTANTS):
        write_report([*map(line, verdicts), text])
    unexplained = [one for one in verdicts if one.survived and one.mutant.id not in EQUIVALENT]
    more = [judge_all() for judge_all in DERIVED.values()] if len(mutants) == len(MUTANTS) else []
    return 1 if unexplained or control or any(more) else 0


def run(mutants: list[Mutant]) -> tuple[list[Verdict], str]:
    """Judge the mutants two at a time; then run every test that killed one in a copy without a mistake."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weryai-mutants-") as folder:
        made = [Copy(Path(folder).resolve() / str(number)) for number in range(WORKERS)]
        copies: queue.Queue[Copy] = queue.Queue()
        for one in made:
            copies.put(one)

        def judged(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                verdict = judge(copy, mutant)
            finally:
                copies.put(copy)
            if mutant not in SELF_TESTS:
                print(line(verdict), flush=True)
            return verdict

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool, stopping(made):
            for verdict in pool.map(judged, SELF_TESTS):
                if verdict.survived:
                    raise MutantError(f"{verdict.mutant.id} must die and does not: mistakes are not what runs")
            if len(mutants) == len(MUTANTS):
                check_unmutated(pool, copies)
            verdicts = list(pool.map(judged, mutants))
        control = control_failure(copies.get(), verdicts)
    wall = time.monotonic() - started
    print(f"\n{wall / 60:.1f} minutes on {WORKERS} workers, {processor_seconds() / 60:.1f} minutes of processor time")
    return verdicts, control


@contextlib.contextmanager
def stopping(copies: list[Copy]) -> Iterator[None]:
    """When something goes wrong, or somebody has had enough, end what still runs in the copies."""
    try:
        yield
    except BaseException:
        for copy in copies:
            copy.stop()
        raise


def check_unmutated(pool: concurrent.futures.Executor, copies: "queue.Queue[Copy]") -> None:
    """Run all that a survivor has to survive without any mistake: a suite that fails anyway proves nothing."""

    def failure(stage: tuple[str, ...]) -> tuple[str, str] | None:
        copy = copies.get()
        try:
            return first_failure(copy, stage)
        finally:
            copies.put(copy)

    for failed in pool.map(failure, WIDER):
        if failed:
            raise MutantError(f"without any mistake {failed[0]} fails: {failed[1]}")


def control_failure(copy: Copy, verdicts: list[Verdict]) -> str:
    """The test that fails in the unmutated copy although it is said to have seen a mistake; nothing if none does."""
    killers = sorted({_PARTS.sub("", one.test) for one in verdicts if one.test and "::" in one.test})
    if not killers:
        return ""
    code, output = copy.run("-m", "pytest", *OPTIONS, *killers, seconds=600)
    return "" if code == 0 else output.strip().rpartition("\n")[2]


def write_report(lines: list[str]) -> None:
    """Keep the table of a whole run in reports/, which git ignores."""
    folder = ROOT / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "mutants.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

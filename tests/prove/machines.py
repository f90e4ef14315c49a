"""Three workers on one ledger in PostgreSQL: one is killed, one stands still for a while; judged by the bill."""

import bisect
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakes.postgres import cluster

from .judging import bill_of, judge
from .killing import KEY, emulator, write_manifest

JOBS, RATE, IN_FLIGHT = 2_000, 100.0, 200
#: Whatever a killed or frozen worker had open counts against this bound until that worker is given up after 6 s: with
#: the default of 4 the others may have none left meanwhile. A worker that is frozen inside a transaction stops all of
#: them for 5 s besides, until the database ends that.
OPEN_POSTS = 16
#: When a worker is killed and another one stopped, in seconds after the start, and how long that one stands still.
KILL, FREEZE, STILL = 5.0, 8.0, 16.0
#: What the last of the jobs of a worker that is gone may take until another worker has it, in seconds.
TAKEN_OVER = 15.0
MEAN, PEAK = 1.05, 1.2


@dataclass
class Machines:
    """Workers as processes, each with a folder of its own, and the database that they share."""

    folder: Path
    url: str
    address: str
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *words: str) -> None:
        """Start a command of `weryai bulk` as one more worker."""
        folder = self.folder / f"machine-{len(self.workers)}"
        folder.mkdir()
        command = [sys.executable, "-m", "weryai", "--base-url", self.url, "bulk", *words, "--interval", "1"]
        surroundings = {**os.environ, "WERYAI_API_KEY": KEY, "WERYAI_DATABASE": self.address}
        with (folder / "said.txt").open("wb") as said:
            self.workers.append(
                subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=surroundings, cwd=folder)
            )

    def said(self) -> str:
        """What all of them said that is no event."""
        texts = [path.read_text(errors="replace") for path in sorted(self.folder.glob("machine-*/said.txt"))]
        return "\n".join(line for text in texts for line in text.splitlines() if not line.startswith("{"))[-3000:]

    def rows(self, query: str = "select * from weryai.jobs order by id") -> list[dict[str, Any]]:
        """Ask the database."""
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(self.address, row_factory=dict_row) as db:
            return db.execute(query).fetchall()

    def held_by_the_gone(self) -> set[int]:
        """The entries of the queue that belong to workers that do not tell any more that they live."""
        found = self.rows(
            "select entry.id from weryai_queue.procrastinate_jobs entry join weryai_queue.procrastinate_workers one "
            "on one.id = entry.worker_id where entry.status = 'doing' and one.last_heartbeat < now() - interval '4 s'"
        )
        return {row["id"] for row in found}


def many_machines() -> bool:
    """Kill one of three workers and freeze another one."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as place, cluster(is_durable=True) as server, emulator(speed=8) as url
    ):  # fmt: skip
        machines = Machines(Path(place), url, server.make())
        write_manifest(machines.folder / "jobs.csv", range(JOBS))
        rates = ("--rate", f"{RATE:g}", "--start-rate", f"{RATE:g}")
        limits = (*rates, "--in-flight", f"{IN_FLIGHT}", "--open-posts", f"{OPEN_POSTS}")
        machines.start("run", str(machines.folder / "jobs.csv"), *limits)
        _wait(machines, lambda: bool(machines.rows("select 1 from weryai.jobs where state != 'queued' limit 1")))
        machines.start("worker", "--until-done")
        machines.start("worker", "--until-done")
        taken = _hurt(machines)
        codes = [worker.wait(timeout=240) for worker in machines.workers]
        verdict, bill, rows = None, bill_of(url), machines.rows()
        verdict = judge(rows, bill)
        mean, peak = _rates(bill.moments)
        shares = [sum(1 for row in rows if row["path"] and f"machine-{n}" in row["path"]) for n in range(3)]
        print(
            f"machines: {verdict}; videos {shares}; the killed worker's jobs were taken over within {taken:.1f} s; "
            f"{mean:.2f}x of the rate in the mean, {peak:.2f}x in the fullest second; "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        problems = [f"billed twice: {', '.join(verdict.doubles[:5])}"] if verdict.doubles else []
        problems += [f"lost: {', '.join(verdict.lost[:5])}"] if verdict.lost else []
        problems += [f"taken over after {taken:.1f} s"] if taken > TAKEN_OVER else []
        problems += [f"rate: mean {mean:.2f}x, peak {peak:.2f}x"] if mean > MEAN or peak > PEAK else []
        if any(code not in (0, 3) for code in (codes[0], codes[2])) or codes[1] != -signal.SIGKILL:
            problems.append(f"the workers ended with {codes}: {machines.said()}")
        if verdict.jobs != JOBS:
            problems.append(f"{verdict.jobs} jobs")
    for problem in problems:
        print(f"  FAILED: {problem}", flush=True)
    return not problems


def _hurt(machines: Machines) -> float:
    """Kill the second worker and freeze the third for a while; return how long the killed one's jobs were held."""
    time.sleep(KILL)
    machines.workers[1].send_signal(signal.SIGKILL)
    killed = time.monotonic()
    time.sleep(FREEZE - KILL)
    machines.workers[2].send_signal(signal.SIGSTOP)
    frozen = time.monotonic()
    taken, was_held = 0.0, False
    while time.monotonic() - frozen < STILL:
        # Only the killed worker's count: the other one's are held as long as it stands still.
        if time.monotonic() - killed > 5.0 and taken == 0.0:
            held = machines.held_by_the_gone()
            was_held = was_held or bool(held)
            if was_held and not held:
                taken = time.monotonic() - killed
        time.sleep(0.1)
    machines.workers[2].send_signal(signal.SIGCONT)
    return taken or float("inf")


def _rates(moments: list[float]) -> tuple[float, float]:
    """How much of the limit was used in the mean, and in the fullest second of all."""
    mean = (len(moments) - 1) / (moments[-1] - moments[0])
    peak = max(bisect.bisect_left(moments, moment + 1) - index for index, moment in enumerate(moments))
    return mean / RATE, peak / RATE


def _wait(machines: Machines, is_so: Any) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except psycopg.Error:
            pass
        time.sleep(0.05)
    raise RuntimeError(machines.said())

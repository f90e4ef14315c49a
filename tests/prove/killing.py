"""A bulk run that is killed with kill -9 at random, and started again, until it has ended."""

import contextlib
import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .judging import open_tries

KEY = "sk-emulator"
SERVE = (
    "from weryai.emulator import serve; serve(port=0, video={video!r}, concurrency=None, balance=10**9, "
    "speed={speed}, slow={slow}, scenarios={scenarios!r})"
)
#: How long one start may take to its end when nobody kills it, in seconds.
PATIENCE = 300.0


@contextlib.contextmanager
def emulator(speed: float, scenarios: tuple[str, ...] = (), video: str = "fixed", slow: float = 5.0) -> Iterator[str]:
    """Run an emulator in a process that is never killed, and yield its address."""
    with serving(speed, scenarios, video, slow) as (url, _process):
        yield url


@contextlib.contextmanager
def serving(
    speed: float, scenarios: tuple[str, ...] = (), video: str = "fixed", slow: float = 5.0
) -> Iterator[tuple[str, int]]:
    """Run an emulator in a process that is never killed, and yield its address and its process id."""
    command = [sys.executable, "-c", SERVE.format(speed=speed, scenarios=scenarios, video=video, slow=slow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[3].rstrip(","), process.pid
        finally:
            process.terminate()
            process.communicate()


def write_manifest(path: Path, numbers: range | list[int]) -> None:
    """Write a manifest of jobs that are told apart by their picture."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "image", "prompt"])
        writer.writerows([f"job-{n:05}", f"https://pictures.example/{n:05}.jpg", "the sea moves"] for n in numbers)


@dataclass
class Harness:
    """Starts a run again and again; `kills` is how often it was killed, `inside` how often a POST was open then."""

    folder: Path
    url: str
    options: tuple[str, ...]
    seed: int = 7
    kills: int = 0
    inside: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        """The ledger of the run."""
        return self.folder / "run.db"

    @property
    def manifest(self) -> Path:
        """The manifest of the run."""
        return self.folder / "jobs.csv"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the run, or go on with it."""
        command = [
            sys.executable, "-m", "weryai", "--base-url", self.url, "bulk", "run", str(self.manifest),
            "--ledger", str(self.ledger), "-o", str(self.folder / "videos"), *self.options,
        ]  # fmt: skip
        surroundings = {**os.environ, "WERYAI_API_KEY": KEY}
        with (self.folder / "said.txt").open("ab") as said:
            return subprocess.Popen(command, stdout=said, stderr=said, env=surroundings, cwd=self.folder)

    def kill_often(self, times: int, inside: int, after_kill: Callable[[], None] = lambda: None) -> None:
        """Kill the run so many times at random, at least `inside` times while a POST is open."""
        chance = random.Random(self.seed)
        while self.kills < times:
            process = self.start()
            # Only then can it be in the middle of something.
            self._wait_for_work(process)
            time.sleep(chance.uniform(0.2, 1.6))
            if times - self.kills <= inside - self.inside:
                self._wait_for_open_try(process)
            if process.poll() is not None:
                self.errors.append(f"the run ended by itself with {process.returncode} after {self.kills} kills")
                return
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills += 1
            self.inside += open_tries(self.ledger) > 0
            after_kill()

    def finish(self) -> int:
        """Let the run come to its end, and return its exit code."""
        return self.start().wait(timeout=PATIENCE)

    def said(self) -> str:
        """What the run printed, its end alone."""
        return (self.folder / "said.txt").read_text(errors="replace")[-2000:]

    def _wait_for_work(self, process: subprocess.Popen[bytes]) -> None:
        began = self._sent()
        self._until(process, lambda: self._sent() > began)

    def _wait_for_open_try(self, process: subprocess.Popen[bytes]) -> None:
        self._until(process, lambda: open_tries(self.ledger) > 0)

    def _sent(self) -> int:
        where = f"file:{self.ledger}?mode=ro"
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(where, uri=True)) as db:
            return int(db.execute("select submits from run").fetchone()[0])
        return 0

    def _until(self, process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)

"""Processes with threads that open one journal, order and close: every row is kept, and nothing is ordered twice."""

import contextlib
import multiprocessing
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from weryai import DuplicateRequestError, Journal
from weryai._flow.order import AttemptResult, Intent, OrderState

SERVICE, KEY = "https://api.example.com", "sk-some-key-0123456789"
#: One order in so many is one that everybody places; the journal lets one of them through.
SHARED = 4


@dataclass(frozen=True)
class Stress:
    """What came of it: how many orders went through, and which of them the journal does not have just once."""

    orders: int
    refused: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.orders} orders, {self.refused} refused, {len(self.wrong)} not kept just once"


def stress(folder: Path, processes: int, threads: int, seconds: float) -> Stress:
    """Order from all sides for some seconds, and compare what went through with what stands in the journal."""
    context = multiprocessing.get_context("spawn")
    path, told = folder / "journal.db", context.SimpleQueue()
    workers = [
        context.Process(target=work, args=(str(path), number, threads, seconds, told)) for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    heard = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    placed = Counter(name for names, _, _ in heard for name in names)
    problems = [problem for _, _, found in heard for problem in found]
    kept = _kept(path)
    wrong = sorted(name for name in placed.keys() | kept.keys() if (placed[name], kept[name]) != (1, 1))
    return Stress(placed.total(), sum(refused for _, refused, _ in heard), (*problems, *wrong))


def work(path: str, number: int, threads: int, seconds: float, told: "multiprocessing.SimpleQueue[object]") -> None:
    """Be one process."""
    placed: list[str] = []
    refused: list[str] = []
    problems: list[str] = []
    until = time.monotonic() + seconds

    def order(thread: int) -> None:
        turn = 0
        try:
            # One keeps the journal open, as a server does; the others open it for each order, as a script does.
            with Journal(path) if thread == 0 else contextlib.nullcontext() as kept:
                while time.monotonic() < until:
                    turn += 1
                    name = f"shared-{turn}" if turn % SHARED == 0 else f"{number}-{thread}-{turn}"
                    with contextlib.nullcontext(kept) if kept else Journal(path) as journal:
                        (placed if _goes_through(journal, name) else refused).append(name)
                    time.sleep(0.01 * (number % 3) * (thread == 0))
        except Exception as error:
            problems.append(f"process {number}: {error!r}")

    crew = [threading.Thread(target=order, args=(thread,)) for thread in range(threads)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    told.put((placed, len(refused), problems))


def _goes_through(journal: Journal, name: str) -> bool:
    """Place one order; False if the journal refuses it as one that was placed."""
    log = journal.order_log(SERVICE, KEY)
    intent = Intent("POST /v1/generation/image-to-video", {"prompt": name})
    try:
        row = log.begin(intent, intent.fingerprint()).result()
    except DuplicateRequestError:
        return False
    log.end(row, AttemptResult(OrderState.SUBMITTED, (f"task-{name}",))).result()
    return True


def _kept(path: Path) -> Counter[str]:
    with closing(sqlite3.connect(path)) as db:
        try:
            (state,) = db.execute("pragma integrity_check").fetchone()
            query = (
                "select json_extract(body, '$.prompt') from orders join tasks on id = order_id where orders.state = ?"
            )
            kept = Counter(str(name) for (name,) in db.execute(query, ("submitted",)))
        except sqlite3.DatabaseError as error:
            return Counter([f"the journal itself: {error}"])
    return kept if state == "ok" else Counter([f"the journal itself: {state}"])


def stressed() -> bool:
    """Let eight processes of four threads each do it for a while, and say what came of it."""
    with tempfile.TemporaryDirectory() as place:
        done = stress(Path(place), processes=8, threads=4, seconds=30)
    print(f"journal: {done}", flush=True)
    for one in done.wrong[:5]:
        print(f"  FAILED: {one}", flush=True)
    return not done.wrong and done.orders > 100

"""Workers that share a ledger of a hundred thousand rows in PostgreSQL: how many jobs they do, by how many they are.

A job is small, so that the ledger and the queue are what is measured: the whole job body, with a service inside of the
worker, which answers at once, and a video of 4 kB.
"""

import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fakes.postgres import cluster

from .loading import Figure

ROWS, WORKERS = 100_000, (1, 2, 4)
#: How long is measured, after all workers have ended jobs, and how long they may take until then, in seconds.
WINDOW, PATIENCE = 25.0, 40.0
_LOAD = """
import sys, time
from pathlib import Path
from weryai import bulk
with bulk.PostgresLedger(sys.argv[1]) as ledger:
    began = time.perf_counter()
    bulk.load_manifest(ledger, Path(sys.argv[2]), {})
    print(time.perf_counter() - began)
"""
_WORK = """
import itertools, os, sys
import httpx
from fakes.answers import MP4
from weryai import bulk
from weryai.bulk._running.job_runner import Patience
number = itertools.count()
def answer(request):
    if request.url.host == "videos.example":
        return httpx.Response(200, content=MP4, headers={"Content-Type": "video/mp4"})
    if request.method == "POST":
        return httpx.Response(200, json={"status": 0, "data": {"task_ids": [f"task-{os.getpid()}-{next(number)}"]}})
    task = request.url.path.split("/")[3:4]
    told = {"task_id": task[0], "task_status": "succeed", "videos": ["https://videos.example/v.mp4"]} if task else {}
    return httpx.Response(200, json={"status": 0, "data": told or {"balance": 1000}})
with bulk.PostgresLedger(sys.argv[1]) as ledger:
    bulk.work(
        ledger, output=sys.argv[2], api_key="sk-bench-key", base_url="https://service.example",
        limits=bulk.Limits(rate=10_000, start_rate=10_000, in_flight=200, open_posts=100),
        patience=Patience(interval=1),
        transport=httpx.MockTransport(answer), polls_per_second=10_000, max_requests=100,
    )
"""


def figures() -> list[Figure]:
    """Load the rows, and let one, two and four workers go at them for a while each."""
    with tempfile.TemporaryDirectory() as place, cluster(is_durable=True) as server:
        folder, address = Path(place), server.make()
        with (folder / "jobs.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["key", "image", "prompt"])
            writer.writerows([f"job-{n}", f"https://pictures.example/{n}.jpg", f"The sea, {n}"] for n in range(ROWS))
        command = [sys.executable, "-c", _LOAD, address, str(folder / "jobs.csv")]
        took = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        found = [Figure(f"{ROWS:,} rows of csv into PostgreSQL, checked, duplicates found", took, "s")]
        for many in WORKERS:
            found += _measured(folder, address, many)
    return found


def _measured(folder: Path, address: str, many: int) -> list[Figure]:
    said = (folder / f"said-{many}.txt").open("wb")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _WORK, address, str(folder / f"videos-{many}-{number}")],
            stdout=said, stderr=said, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in range(many)
    ]  # fmt: skip
    try:
        with said:
            began, before = time.monotonic(), _done(address)
            while len(list(folder.glob(f"videos-{many}-*/*.mp4"))) < 20 * many:
                if time.monotonic() - began > PATIENCE or any(one.poll() is not None for one in started):
                    raise SystemExit(Path(said.name).read_text()[-3000:] or "no worker has begun")
                time.sleep(0.2)
            began, before, cpu = time.monotonic(), _done(address), sum(map(_cpu, started))
            time.sleep(WINDOW)
            took, done, cpu = time.monotonic() - began, _done(address) - before, sum(map(_cpu, started)) - cpu
    finally:
        for one in started:
            one.send_signal(signal.SIGTERM)
        for one in started:
            one.wait(60)
    noun = "worker" if many == 1 else "workers"
    return [
        Figure(f"jobs a second, {many} {noun} at {ROWS:,} rows in PostgreSQL", done / took, "/s"),
        Figure("... CPU of the workers for each job", cpu / max(done, 1) * 1000, "ms"),
    ]


def _done(address: str) -> int:
    import psycopg

    with psycopg.connect(address) as db:
        row = db.execute("select count(*) from weryai.jobs where state = 'done'").fetchone()
    return int(row[0]) if row else 0


def _cpu(process: "subprocess.Popen[bytes]") -> float:
    """The processor seconds of a process so far, where the system tells."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

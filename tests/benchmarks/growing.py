"""How cost grows: calls that go on at a time, tasks that are waited for, rows of a ledger. A table and a plot."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from weryai import AsyncWeryAI

from .calling import IMAGE, KEY, ORDER
from .server import Server
from .table import Row, cpu

PARALLEL = (1, 16, 200)
CALLS, ROUNDS = 200, 3
WAITS = (100, 1_000, 10_000)
ROWS = (1_000, 10_000, 100_000)
_WAITING = """
import asyncio, resource, sys
from weryai import AsyncWeryAI

def kib():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1024

async def story(many):
    async with AsyncWeryAI("sk-bench-key", base_url=sys.argv[1]) as client:
        await client.tasks.get("t1")
        before = kib()
        waits = [asyncio.create_task(client.tasks.wait(f"t{number}")) for number in range(many)]
        await asyncio.sleep(3)
        print((kib() - before) / many)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

asyncio.run(story(int(sys.argv[2])))
"""
_LOADING = """
import csv, sys, time
from pathlib import Path
from weryai import bulk
many, folder = int(sys.argv[1]), Path(sys.argv[2])
with (folder / "jobs.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["key", "image", "prompt"])
    writer.writerows([f"job-{n}", f"https://example.com/{n}.jpg", f"The sea moves, number {n}"] for n in range(many))
with bulk.Ledger(folder / "jobs.db") as ledger:
    began = time.process_time()
    bulk.load_manifest(ledger, folder / "jobs.csv", {})
    print((time.process_time() - began) / many * 1e6)
"""


def rows(server: Server) -> list[Row]:
    """Measure all of it; no figure has an aim, the shape is what counts."""
    return [*_calls(server), *_waits(server), *_loads()]


def _calls(server: Server) -> list[Row]:
    """CPU of a call where so many go on at a time, in one process, beside raw httpx in the same way."""
    posted, looked = f"{server.url}/v1/generation/image-to-video", f"{server.url}/v1/generation/t1/status"
    return [row for parallel in PARALLEL for row in _at_a_time(parallel, server.url, posted, looked)]


def _at_a_time(parallel: int, url: str, posted: str, looked: str) -> list[Row]:
    found = []
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    with asyncio.Runner() as runner:
        ours = AsyncWeryAI(KEY, base_url=url, max_requests=min(parallel, 100))
        raw = httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, limits=limits, timeout=60)

        def measured(call: Callable[[], Awaitable[Any]]) -> float:
            return cpu(lambda: runner.run(_many(call, parallel))) / CALLS * 1e6

        calls: list[tuple[str, Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]] = [
            ("submit", lambda: ours.image_to_video.submit(IMAGE, prompt="x"), lambda: raw.post(posted, json=ORDER)),
            ("poll", lambda: ours.tasks.get("t1"), lambda: raw.get(looked)),
        ]
        for what, mine, its in calls:
            pairs = [(measured(mine), measured(its)) for _ in range(ROUNDS + 1)][1:]
            one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
            found.append(
                Row(f"CPU of a {what}, {parallel} at a time", f"{one:.0f} us", f"{two:.0f} us", one / two, None)
            )
        runner.run(ours.aclose())
        runner.run(raw.aclose())
    return found


async def _many(call: Callable[[], Awaitable[Any]], parallel: int) -> None:
    """Make the calls, so many at a time."""
    left = iter(range(CALLS))

    async def work() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(work() for _ in range(parallel)))


def _told(program: str, *arguments: str) -> float:
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _waits(server: Server) -> list[Row]:
    each = {many: _told(_WAITING, server.url, str(many)) for many in WAITS}
    return [
        Row(f"memory of one of {many:,} waits", f"{kib:.1f} KiB", "-", kib, None, "KiB") for many, kib in each.items()
    ]


def _loads() -> list[Row]:
    found = []
    for many in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            us = _told(_LOADING, str(many), folder)
            found.append(Row(f"CPU of a manifest row, of {many:,}", f"{us:.0f} us", "-", us, None, "us"))
    return found

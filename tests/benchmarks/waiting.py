"""What waiting costs: memory of many waits, looks per second, looks for one task."""

import subprocess
import sys

from .server import Server
from .table import Row

WAITS = 10_000
SECONDS = 12.0
PROGRAM = f"""
import asyncio, resource, sys
from weryai import AsyncWeryAI, TaskTimeoutError

def kib():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1024

async def story():
    async with AsyncWeryAI("sk-bench-key", base_url=sys.argv[1]) as client:
        await client.tasks.get("t1")
        before = kib()
        waits = [asyncio.create_task(client.tasks.wait(f"t{{number}}")) for number in range({WAITS})]
        await asyncio.sleep({SECONDS})
        ended = [wait.exception() for wait in waits if wait.done()]
        print((kib() - before) / {WAITS}, len(ended))
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

asyncio.run(story())
"""


def rows(server: Server) -> list[Row]:
    """Measure all of it."""
    polls, connections = server.counted()
    ended = subprocess.run([sys.executable, "-c", PROGRAM, server.url], check=True, capture_output=True, text=True)
    each, failed = ended.stdout.split()
    # The first looks begin when the first of the ten thousand tasks does.
    polled, opened = server.counted()
    rate, opened = (polled - polls - 1) / SECONDS, opened - connections
    return [
        Row(f"{WAITS:,} waiting coroutines, each", f"{float(each):.1f} KiB", "-", float(each), 8, "KiB"),
        Row(f"... waits that failed within {SECONDS:g} s", failed, "-", int(failed), 0, ""),
        Row("... looks per second", f"{rate:.1f}", "-", rate, 50, "/s"),
        Row("... connections", str(opened), "-", opened, 16, ""),
        looks_for_five_minutes(),
    ]


def looks_for_five_minutes() -> Row:
    """Count the looks at a task that takes five minutes, by the flow itself with a clock that only sleeping moves."""
    from weryai._flow.effects import Notify, Now, PollPermit, Reply, Send, Sleep
    from weryai._resources.tasks import wait_for

    flow, clock, looks = wait_for("t1"), 0.0, 0
    effect = next(flow)
    try:
        while True:
            answer: object = None
            match effect:
                case Send():
                    looks += 1
                    word = b"processing" if clock < 300 else b"succeed"
                    task = b'{"task_id":"t1","task_status":"%s","videos":["https://e.com/v"]}' % word
                    answer = Reply(200, {}, b'{"status":0,"data":%s}' % task)
                case Now():
                    answer = clock
                case Sleep(seconds=seconds):
                    clock += seconds
                case PollPermit():
                    answer = True
                case Notify():
                    pass
            effect = flow.send(answer)
    except StopIteration:
        return Row("looks at a task of five minutes", str(looks), "-", looks, 30, "")

"""Event loops that come and go under one asyncio client: nothing of a loop that has ended stays open."""

import asyncio
import gc
import os
import subprocess
import sys
from typing import Any

import pytest

from fakes.answers import STATUS, SUBMIT, accepted, looked
from fakes.faulty_server import FaultyServer
from weryai import AsyncWeryAI, bulk
from weryai.errors import ConfigurationError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")

MANY_LOOPS = """
import asyncio, gc, os, sys
from weryai import AsyncWeryAI

def opened():
    return len(os.listdir("/proc/self/fd"))

async def story():
    await client.tasks.get("task_abc123")
    await client.image_to_video.submit("https://e.com/a.jpg", prompt="wave", force=True)

def closed_without_a_word():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(story())
    loop.close()

run = {"asyncio.run": lambda: asyncio.run(story()), "loop.close": closed_without_a_word}[sys.argv[1]]
gc.disable()
client = AsyncWeryAI()
run()
before = opened()
for _ in range(300):
    run()
print(opened() - before, len(client._runner._opened_by))
"""


@pytest.mark.parametrize(("way", "left"), [("asyncio.run", "0 0"), ("loop.close", "0 1")])
def test_three_hundred_loops_leave_no_socket_open(faulty_server: FaultyServer, way: str, left: str) -> None:
    """One client in 300 loops, one after the other, has no more descriptors open than after the first.

    Also where a loop is closed without a word: then the next one closes what that left. No garbage collector helps.
    """
    faulty_server.default("GET", STATUS, looked("processing"))
    faulty_server.default("POST", SUBMIT, accepted("t1"))
    environment = {**os.environ, "WERYAI_API_KEY": "sk-for-loops", "WERYAI_BASE_URL": faulty_server.url}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", MANY_LOOPS, way],
        capture_output=True, text=True, timeout=100, env=environment, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == (left, "")


def test_an_ended_loop_warns_of_nothing(emulator: Any) -> None:
    """asyncio.run of a client that nobody closes leaves no unclosed transport behind, and the client goes on."""
    client = AsyncWeryAI(emulator.key, base_url=emulator.url)
    for _ in range(2):
        assert asyncio.run(client.account.balance()) == 1000
    assert client._runner._opened_by == {}
    gc.collect()


async def test_a_blocking_bulk_run_on_a_loop_names_the_awaited_one() -> None:
    """In a notebook, where a loop runs, `bulk.run` and `bulk.work` do nothing and name `arun` and `awork`."""
    nothing: Any = None
    with pytest.raises(ConfigurationError, match=r"await bulk\.arun\("):
        bulk.run(nothing, output=".")
    with pytest.raises(ConfigurationError, match=r"await bulk\.awork\("):
        bulk.work(nothing, output=".")

"""A wait that listens for a delivery: interrupted, cancelled, and woken on its own event loop."""

import asyncio
import signal
import sys
import threading

import pytest

import weryai
from fakes.answers import STATUS, TASK, looked
from fakes.faulty_server import FaultyServer
from fakes.hooks import HOUR, VIDEO, delivery, receiver
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, TaskState, WeryAI

# With an hour between two looks, a wait that ends within a minute was ended by something else.
pytestmark = pytest.mark.timeout(60)
RUNNING, DONE = looked("processing"), looked("succeed", videos=[VIDEO])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is not that of Windows")
def test_interrupting_a_wait_by_webhook_names_the_task(faulty_server: FaultyServer) -> None:
    """Ctrl-C ends a wait that listens, with a note of the task that goes on."""
    faulty_server.default("GET", STATUS, RUNNING)
    listening = receiver()

    def interrupt(_task: weryai.Task) -> None:
        # What Ctrl-C does, after the half second in which the wait does not listen yet.
        main = threading.main_thread().ident
        assert main is not None
        threading.Timer(1.0, lambda: signal.pthread_kill(main, signal.SIGINT)).start()

    with WeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client, pytest.raises(KeyboardInterrupt) as caught:
        client.tasks.wait(TASK, webhook=listening, interval=HOUR, timeout=2 * HOUR, on_update=interrupt)
    assert f"tasks.wait('{TASK}')" in "\n".join(caught.value.__notes__)
    assert listening._bells == {}


async def test_cancelling_a_wait_by_webhook_names_the_task(faulty_server: FaultyServer) -> None:
    """Cancelling a wait that listens leaves the same note, and nothing behind in the receiver."""
    faulty_server.default("GET", STATUS, RUNNING)
    listening, looked_at = receiver(), asyncio.Event()
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client:
        waiting = client.tasks.wait(
            TASK, webhook=listening, interval=HOUR, timeout=2 * HOUR, on_update=lambda _: looked_at.set()
        )
        task = asyncio.create_task(waiting)
        await looked_at.wait()
        assert list(listening._bells) == [TASK]
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert f"tasks.wait('{TASK}')" in "\n".join(caught.value.__notes__)
    assert listening._bells == {}


async def test_a_delivery_on_the_waits_own_loop(faulty_server: FaultyServer) -> None:
    """Receiver and wait may share one event loop, as in a web application that awaits its videos."""
    faulty_server.script("GET", STATUS, RUNNING, DONE)
    hooks = receiver()
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client:
        waiting = asyncio.create_task(client.tasks.wait(TASK, webhook=hooks, interval=HOUR, timeout=2 * HOUR))
        await asyncio.to_thread(faulty_server.wait_for, "GET", STATUS)
        hooks.receive(delivery(), hooks.callback_url)
        assert (await waiting).state is TaskState.SUCCEEDED

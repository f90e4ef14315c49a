"""However often the caller is cancelled or closed upon: a paid request is finished, or stopped before it left."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from fakes.answers import SUBMIT, TASK, accepted
from fakes.faces import submit
from fakes.faults import Hang
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, RetryPolicy, WeryAI
from weryai._transport import shield
from weryai.errors import WeryAIError

pytestmark = pytest.mark.timeout(60)
ONCE = RetryPolicy(tries=1)
REPLY_AFTER = 1.0


async def by_anyio_deadline(work: Callable[[], Awaitable[Any]], arrived: Callable[[], Awaitable[Any]]) -> None:
    """Anyio's move_on_after, whose scope cancels at every turn of the loop."""
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def strike() -> None:
                await arrived()
                scope.cancel()

            group.start_soon(strike)
            await work()


async def by_anyio_group(work: Callable[[], Awaitable[Any]], arrived: Callable[[], Awaitable[Any]]) -> None:
    """A task group that is cancelled because a sibling failed."""

    async def fail() -> None:
        await arrived()
        raise LookupError

    with contextlib.suppress(BaseExceptionGroup):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            group.start_soon(fail)


async def by_repeated_cancel(work: Callable[[], Awaitable[Any]], arrived: Callable[[], Awaitable[Any]]) -> None:
    """A supervisor that calls task.cancel() again and again."""
    task = asyncio.ensure_future(work())
    await arrived()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.01)
    await asyncio.gather(task, return_exceptions=True)


async def by_asyncio_timeouts(work: Callable[[], Awaitable[Any]], arrived: Callable[[], Awaitable[Any]]) -> None:
    """Time limits inside each other, which strike one after the other."""
    limits = [asyncio.timeout(None) for _ in range(3)]

    async def strike() -> None:
        await arrived()
        for limit in limits:
            limit.reschedule(asyncio.get_running_loop().time())
            await asyncio.sleep(0.05)

    striking = asyncio.create_task(strike())
    with contextlib.suppress(TimeoutError):
        async with limits[0], limits[1], limits[2]:
            await work()
    await striking


def counted_turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count what is called soon on the running loop: one a turn at least for who spins."""
    turns: list[int] = []
    loop = asyncio.get_running_loop()
    call_soon = loop.call_soon

    def counting(*arguments: Any, **options: Any) -> Any:
        turns.append(1)
        return call_soon(*arguments, **options)

    monkeypatch.setattr(loop, "call_soon", counting)
    return turns


STORMS = [by_anyio_deadline, by_anyio_group, by_repeated_cancel, by_asyncio_timeouts]


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: storm.__name__)
async def test_a_storm_of_cancellations_loses_no_id(
    faulty_server: FaultyServer,
    journal_path: Path,
    storm: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cancelled while the POST is open, however often: its answer is in the journal, and nobody spins meanwhile."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))

    async def arrived() -> None:
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)

    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path) as client:
        turns = counted_turns(monkeypatch)
        await storm(lambda: submit(client), arrived)
    assert rows(journal_path) == ["submitted"]
    assert len(faulty_server.posts()) == 1
    # A second of spinning is some ten thousand turns at least; a supervisor that cancels each 10 ms makes some hundred.
    assert len(turns) < 2_000


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: storm.__name__)
async def test_a_storm_on_a_silent_server_ends_with_the_grace(
    faulty_server: FaultyServer, journal_path: Path, storm: Callable[..., Awaitable[None]], monkeypatch: Any
) -> None:
    """Without an answer the caller gets its way after the grace, and the order is ambiguous."""
    monkeypatch.setattr(shield, "GRACE", 0.3)
    faulty_server.script("POST", SUBMIT, Hang())

    async def arrived() -> None:
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)

    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path) as client:
        await storm(lambda: submit(client), arrived)
    assert rows(journal_path) == ["ambiguous"]


async def test_a_browser_that_goes_away_loses_no_id(faulty_server: FaultyServer, journal_path: Path) -> None:
    """A streaming response of Starlette, whose visitor leaves: what its generator has paid for is noted."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    client = AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path)

    async def told(_request: Request) -> StreamingResponse:
        async def lines() -> Any:
            yield b"submitting\n"
            submission = await submit(client)
            yield submission.task_ids[0].encode()

        return StreamingResponse(lines())

    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        return None

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/",
        "raw_path": b"/", "query_string": b"", "headers": [],
        "scheme": "http", "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip
    serving = asyncio.create_task(Starlette(routes=[Route("/", told)])(scope, receive, send))
    await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
    gone.set()
    await asyncio.gather(serving, return_exceptions=True)
    await client.aclose()
    assert rows(journal_path) == ["submitted"]


async def test_closing_waits_for_an_open_paid_request(faulty_server: FaultyServer, journal_path: Path) -> None:
    """A server's lifespan that ends closes the client under an open submission: the id is noted, and returned."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    client = AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path)
    submitting = asyncio.create_task(submit(client))
    await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
    await client.aclose()
    assert rows(journal_path) == ["submitted"]
    assert (await submitting).task_ids == (TASK,)


def test_closing_from_another_thread_waits_as_well(faulty_server: FaultyServer, journal_path: Path) -> None:
    """So does the blocking client, closed by one thread while another one submits."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    client = WeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path)
    came: list[Any] = []
    worker = threading.Thread(target=lambda: came.append(submit(client)))
    worker.start()
    faulty_server.wait_for("POST", SUBMIT)
    client.close()
    worker.join(10)
    assert rows(journal_path) == ["submitted"]
    assert [one.task_ids for one in came] == [(TASK,)]


def test_closing_upon_a_silent_request_leaves_it_ambiguous(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the grace a client closes all the same: the order is ambiguous, and its caller is told."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 0.2)
    faulty_server.script("POST", SUBMIT, Hang())
    client = WeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path, retry=ONCE, timeout=2)
    came: list[Any] = []

    def work() -> None:
        try:
            submit(client)
        except WeryAIError as error:
            came.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    faulty_server.wait_for("POST", SUBMIT)
    client.close()
    assert rows(journal_path) == ["ambiguous"]
    worker.join(10)
    assert [error.outcome for error in came] == ["unknown"]


INTERRUPTED = """
import socket, sys, threading, time
import httpcore._backends.sync as backend
import weryai
connect = socket.create_connection
def slowly(*arguments, **options):
    print("connecting", flush=True)
    time.sleep(2)
    return connect(*arguments, **options)
socket.create_connection = slowly
key, base_url, path = sys.argv[1:]
with weryai.WeryAI(key, base_url=base_url, journal=path) as client:
    try:
        client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave")
    except KeyboardInterrupt as interrupt:
        print(interrupt.__notes__, flush=True)
    for thread in threading.enumerate():
        if thread.name == "weryai-submit":
            thread.join()
    print([order.state.value for order in client.orders.list()], flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")
def test_an_interruption_while_connecting_stops_the_order(faulty_server: FaultyServer, journal_path: Path) -> None:
    """Ctrl-C before our first byte: nothing leaves afterwards, the caller is let go at once, the order has failed."""
    faulty_server.default("POST", SUBMIT, accepted())
    program = [sys.executable, "-c", INTERRUPTED, JOURNEY_KEY, faulty_server.url, str(journal_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "connecting\n"
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        notes = process.stdout.readline()
        seconds = time.monotonic() - began
        states = process.stdout.readline()
    assert "nothing was sent" in notes
    assert seconds < 1.5, "the caller waited for the connection"
    assert states == "['failed']\n"
    assert faulty_server.posts() == []


async def test_a_cancellation_while_connecting_stops_the_order(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for asyncio: cancelled while it connects, the order has failed and nothing leaves."""
    connecting = asyncio.Event()

    async def never(*_: Any, **_options: Any) -> Any:
        connecting.set()
        await asyncio.sleep(30)

    monkeypatch.setattr(anyio, "connect_tcp", never)
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path) as client:
        submitting = asyncio.ensure_future(submit(client))
        await connecting.wait()
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await asyncio.wait_for(submitting, 2)
        assert "nothing was sent" in "".join(caught.value.__notes__)
        assert [order.state for order in await client.orders.list()] == ["failed"]
    assert faulty_server.posts() == []

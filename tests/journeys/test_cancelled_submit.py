"""Whoever interrupts a submit is told what became of it: the task id, or that it may have been billed."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from fakes.answers import SUBMIT, TASK, accepted
from fakes.faces import fast_retry, generate, submit
from fakes.faults import Answer, Close, Hang
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI

pytestmark = pytest.mark.timeout(60)
REPLY_AFTER = 1.0

START = """
import asyncio, json, sys
import weryai

key, base_url, verb = sys.argv[1:]
work = {"image": "https://example.com/reference.jpg", "prompt": "Wave your hand"}
"""
SYNC = """
try:
    with weryai.WeryAI(key, base_url=base_url) as client:
        getattr(client.image_to_video, verb)(**work)
except KeyboardInterrupt as interrupt:
    print(json.dumps(getattr(interrupt, "__notes__", [])))
"""
# asyncio turns Ctrl-C into a cancellation, and that into a KeyboardInterrupt whose context it is.
ASYNC = """
async def story():
    async with weryai.AsyncWeryAI(key, base_url=base_url) as client:
        await getattr(client.image_to_video, verb)(**work)

try:
    asyncio.run(story())
except KeyboardInterrupt as interrupt:
    told = [interrupt, interrupt.__context__]
    print(json.dumps([note for one in told for note in getattr(one, "__notes__", [])]))
"""
PROGRAMS = {"sync submit": (START + SYNC, "submit"), "async generate": (START + ASYNC, "generate")}
needs_sigint = pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")


def interrupted(server: FaultyServer, program: str, verb: str) -> tuple[str, float]:
    """Send Ctrl-C to a process whose POST is open; return the notes it printed and the seconds it took."""
    command = [sys.executable, "-c", program, JOURNEY_KEY, server.url, verb]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            server.wait_for("POST", SUBMIT)
            process.send_signal(signal.SIGINT)
            started = time.monotonic()
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert output, errors
    return "\n".join(json.loads(output)), time.monotonic() - started


@needs_sigint
@pytest.mark.parametrize(("program", "verb"), PROGRAMS.values(), ids=list(PROGRAMS))
def test_ctrl_c_waits_for_the_reply_and_names_the_task(faulty_server: FaultyServer, program: str, verb: str) -> None:
    """Ctrl-C while the POST is open waits for its reply and leaves the task id on the KeyboardInterrupt."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    notes, _ = interrupted(faulty_server, program, verb)
    assert TASK in notes
    assert len(faulty_server.posts()) == 1


@needs_sigint
def test_ctrl_c_on_a_silent_server_says_what_may_have_happened(faulty_server: FaultyServer) -> None:
    """When no reply comes within five seconds, Ctrl-C gets its way, with a note about the bill."""
    faulty_server.script("POST", SUBMIT, Hang())
    notes, seconds = interrupted(faulty_server, START + SYNC, "submit")
    assert "may have been billed" in notes
    assert 4 < seconds < 10
    assert len(faulty_server.posts()) == 1


def notes_of(error: BaseException | None) -> str:
    """Return the notes of an exception as one text."""
    return "\n".join(getattr(error, "__notes__", []))


async def cancelled(server: FaultyServer, work: Any) -> BaseException:
    """Cancel the task that runs `work` once its POST has arrived; return what it ended with."""
    ended: list[BaseException] = []

    async def story() -> None:
        async with AsyncWeryAI(JOURNEY_KEY, base_url=server.url, retry=fast_retry()) as client:
            try:
                await work(client)
            except BaseException as error:
                ended.append(error)
                raise

    task = asyncio.create_task(story())
    await asyncio.to_thread(server.wait_for, "POST", SUBMIT)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    return ended[0]


@pytest.mark.parametrize("verb", [submit, lambda client: generate(client, None)], ids=["submit", "generate"])
async def test_a_cancelled_task_names_the_paid_one(faulty_server: FaultyServer, verb: Any) -> None:
    """task.cancel() while the POST is open: the reply is awaited and its id is on the CancelledError."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    error = await cancelled(faulty_server, verb)
    assert isinstance(error, asyncio.CancelledError)
    assert TASK in notes_of(error)
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize("answer", [Hang(), Close()], ids=["hangs", "cuts"])
async def test_a_cancelled_task_without_a_reply_may_have_been_billed(
    faulty_server: FaultyServer, answer: Answer
) -> None:
    """task.cancel() with no reply within five seconds stays a cancellation, with a note about the bill."""
    faulty_server.script("POST", SUBMIT, _After(REPLY_AFTER, answer))
    started = time.monotonic()
    error = await cancelled(faulty_server, submit)
    assert isinstance(error, asyncio.CancelledError)
    assert "may have been billed" in notes_of(error)
    assert time.monotonic() - started < 10
    assert len(faulty_server.posts()) == 1


async def limited(server: FaultyServer) -> None:
    """Submit under an asyncio.timeout that strikes the moment the POST has arrived."""

    async def strike(limit: asyncio.Timeout) -> None:
        await asyncio.to_thread(server.wait_for, "POST", SUBMIT)
        limit.reschedule(asyncio.get_running_loop().time())

    async with AsyncWeryAI(JOURNEY_KEY, base_url=server.url) as client, asyncio.timeout(None) as limit:
        striking = asyncio.create_task(strike(limit))
        await submit(client)
        await striking


async def test_a_time_limit_names_the_paid_task(faulty_server: FaultyServer) -> None:
    """asyncio.timeout() while the POST is open: the id is on the cause of the TimeoutError."""
    faulty_server.script("POST", SUBMIT, accepted(delay=REPLY_AFTER))
    with pytest.raises(TimeoutError) as caught:
        await limited(faulty_server)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert TASK in notes_of(caught.value.__cause__)
    assert len(faulty_server.posts()) == 1


async def test_a_cancelled_look_costs_nothing_to_leave(faulty_server: FaultyServer) -> None:
    """Only paid requests are waited for: a cancelled look ends at once and speaks of no bill."""
    faulty_server.script("GET", "/v1/generation/", Hang())
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client:
        look = asyncio.ensure_future(client.tasks.get(TASK))
        await asyncio.to_thread(faulty_server.wait_for, "GET", "/v1/generation/")
        started = time.monotonic()
        look.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await look
    assert time.monotonic() - started < 3
    assert "billed" not in notes_of(caught.value)


class _After:
    """An answer that starts later."""

    def __init__(self, seconds: float, answer: Answer) -> None:
        self._seconds, self._answer = seconds, answer

    def perform(self, line: Any) -> bool:
        """Pause, then do it."""
        line.pause(self._seconds)
        return self._answer.perform(line)

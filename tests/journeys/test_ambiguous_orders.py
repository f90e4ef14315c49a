"""An order of which nobody knows whether it is paid is held, until somebody says what became of it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, accepted, refused, serve_story
from fakes.faces import Face, submit
from fakes.faults import Answer, Close, Hang, json_reply
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from fakes.surroundings import JOURNEY_KEY
from repository.places import TESTS
from weryai import AsyncWeryAI

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(("answer", "state"), [(accepted(delay=0.5), "submitted"), (Hang(), "ambiguous")])
async def test_a_cancelled_order_is_noted(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, state: str
) -> None:
    """Cancelled while its POST is open, an order is submitted if the answer still comes, else ambiguous."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 5.0 if state == "submitted" else 0.1)
    faulty_server.script("POST", SUBMIT, answer)
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path) as client:
        order = asyncio.ensure_future(submit(client))
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
        order.cancel()
        with pytest.raises(asyncio.CancelledError):
            await order
    assert rows(journal_path) == [state]


INTERRUPTED = """
import sys, threading
import weryai
from weryai._transport import shield
from fakes.answers import TASK
from fakes.faces import submit
from fakes.journals import rows

shield.GRACE = 0.1
key, base_url, path = sys.argv[1:]
with weryai.WeryAI(key, base_url=base_url, journal=path) as client:
    try:
        submit(client)
    except KeyboardInterrupt:
        client.orders.list()
        print(rows(path), flush=True)
    for thread in threading.enumerate():
        if thread.name == "weryai-submit":
            thread.join()
    client.orders.list()
    print(rows(path), [order.task_ids for order in client.orders.list("submitted")] == [(TASK,)])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")
def test_an_answer_that_comes_late_still_counts(faulty_server: FaultyServer, journal_path: Path) -> None:
    """Ctrl-C and no answer in time is ambiguous; should the answer come while the program goes on, it is noted."""
    faulty_server.script("POST", SUBMIT, accepted(delay=1.0))
    program = [sys.executable, "-c", INTERRUPTED, JOURNEY_KEY, faulty_server.url, str(journal_path)]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ["PYTHONPATH"]])}
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=surroundings) as process:
        faulty_server.wait_for("POST", SUBMIT)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert output.splitlines() == ["['ambiguous']", "['submitted'] True"]
    assert len(faulty_server.posts()) == 1


async def test_who_waits_for_a_place_has_ordered_nothing(faulty_server: FaultyServer, journal_path: Path) -> None:
    """Cancelled in front of the gate, an order was not sent and is in no journal."""
    faulty_server.default("POST", SUBMIT, accepted(delay=0.5))
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path, max_requests=1) as client:
        first = asyncio.create_task(submit(client))
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
        second = asyncio.create_task(submit(client, duration=10))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
    assert rows(journal_path) == ["submitted"]


def test_an_ambiguous_order_is_settled_by_hand(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """An order is adopted only as a task that exists and belongs to no other; then it is claimed like any other."""
    serve_story(faulty_server, submit=[Close(), accepted("task_other")])
    faulty_server.script("GET", "/v1/generation/nobody/status", refused(1003, "task not found"))

    def do(work: Any) -> Any:
        return face.run(work, faulty_server.url, journal=journal_path)

    with pytest.raises(weryai.OutcomeUnknownError):
        do(submit)
    do(lambda client: submit(client, duration=10))
    with pytest.raises(weryai.NotFoundError):
        do(lambda client: client.orders.adopt(1, "nobody"))
    faulty_server.default("GET", "/v1/generation/task_other/status", json_reply({"status": 0, "data": {
        "task_id": "task_other", "task_status": "waiting"}}))  # fmt: skip
    with pytest.raises(weryai.JournalError, match="belongs to order 2"):
        do(lambda client: client.orders.adopt(1, "task_other"))
    assert do(lambda client: client.orders.adopt(1, TASK)).state == "submitted"
    with pytest.raises(weryai.JournalError, match="order 1 is submitted, not ambiguous"):
        do(lambda client: client.orders.resubmit(1))
    assert [order.row for order in do(lambda client: client.orders.claim())] == [1]
    with pytest.raises(weryai.JournalError, match="no order 9"):
        do(lambda client: client.orders.give_up(9))
    assert do(lambda client: client.orders.give_up(2)).state == "failed"
    assert len(faulty_server.posts()) == 2


def test_a_resubmitted_order_is_the_same_again(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """`resubmit` sends what was sent before, in the same row, without the callback address."""
    faulty_server.script("POST", SUBMIT, Close(), accepted())
    hook = "https://example.com/hook"
    with pytest.raises(weryai.OutcomeUnknownError):
        face.run(lambda client: submit(client, webhook_url=hook), faulty_server.url, journal=journal_path)
    again = face.run(lambda client: client.orders.resubmit(1), faulty_server.url, journal=journal_path)
    assert again.task_ids == (TASK,)
    first, second = (json.loads(one.body) for one in faulty_server.posts())
    assert first.pop("webhook_url") == hook
    assert first == second
    assert rows(journal_path, "state, submits") == [("submitted", 2)]


def test_without_a_journal_there_are_no_orders(face: Face, faulty_server: FaultyServer) -> None:
    """A client without a journal says so when it is asked, and writes nothing anywhere."""
    with pytest.raises(weryai.ConfigurationError, match="journal="):
        face.run(lambda client: client.orders.list(), faulty_server.url)
    with pytest.raises(weryai.InvalidInputError, match="queued, submitting"):
        face.run(lambda client: client.orders.list("lost"), faulty_server.url)

"""Who is interrupted, or closes a client, is let go when all is noted; nothing that was asked for is dropped."""

import asyncio
import concurrent.futures
import dataclasses
import queue
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from fakes.answers import SUBMIT, accepted
from fakes.faces import submit
from fakes.faults import Close, Hang
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, Journal, NotSentError, OutcomeUnknownError, RetryPolicy, WeryAI
from weryai._flow.effects import Reply, Send
from weryai._flow.order import Intent
from weryai._transport.awaiting import await_shielded
from weryai._transport.http import Evidence, failure
from weryai._transport.paid import PaidAttempt
from weryai._transport.shield import CLOSED, OpenAttempts, _Helpers, _Outcome, send_shielded
from weryai.errors import ConfigurationError, WeryAIError

pytestmark = pytest.mark.timeout(60)
ONCE = RetryPolicy(tries=1)
PAID = Send({"method": "post", "url": "/x"}, paid=True)


class Stopped:
    """An attempt that is stopped before its first byte, and whose note takes a while to reach the disk."""

    effect, is_given_up, is_stopped = PAID, True, True
    evidence = SimpleNamespace(stop=lambda: True)

    def __init__(self) -> None:
        self.noted: concurrent.futures.Future[None] = concurrent.futures.Future()

    def stopped(self) -> concurrent.futures.Future[None]:
        """Begin to note it."""
        threading.Timer(0.2, self.noted.set_result, [None]).start()
        return self.noted


@pytest.mark.skipif(sys.platform == "win32", reason="no signals are sent to threads on Windows")
def test_ctrl_c_waits_for_the_note() -> None:
    """Before the interruption reaches the caller, who may end the process, it is on the disk that nothing was sent."""
    attempt: Any = Stopped()
    over = threading.Event()

    def send() -> Any:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        over.wait(30)

    with pytest.raises(KeyboardInterrupt):
        send_shielded(send, attempt)
    assert attempt.noted.done()
    over.set()


async def test_cancelling_waits_for_the_note() -> None:
    """The same for asyncio."""
    attempt: Any = Stopped()
    task = asyncio.create_task(await_shielded(asyncio.Event().wait(), attempt))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempt.noted.done()


async def test_a_coroutine_that_is_closed_gives_its_attempt_up() -> None:
    """Thrown away while its request is open, a submission is noted as one that nobody waits for."""
    given_up: list[bool] = []
    attempt: Any = SimpleNamespace(
        effect=PAID, is_given_up=False, is_stopped=False, evidence=Evidence(), give_up=lambda: given_up.append(True)
    )
    before = asyncio.all_tasks()
    waiting = await_shielded(asyncio.Event().wait(), attempt)  # type: ignore[arg-type]
    waiting.send(None)
    waiting.close()
    for sending in asyncio.all_tasks() - before:
        sending.abandon()  # type: ignore[attr-defined]
    assert given_up == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals are sent to threads on Windows")
def test_who_is_interrupted_after_the_close_is_told_that_it_was_sent(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is closed while its order is open gives the order up, and nobody hears that nothing was sent."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 0.1)
    faulty_server.default("POST", SUBMIT, Hang())
    client = WeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path, retry=ONCE)

    def close_and_interrupt() -> None:
        opened = client._runner._paid._open
        while not any(attempt.evidence.proves_sent for attempt in tuple(opened)):
            pass
        client.close()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    closing = threading.Thread(target=close_and_interrupt)
    closing.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        submit(client)
    closing.join()
    assert "may have been billed" in " ".join(caught.value.__notes__)
    assert rows(journal_path) == ["ambiguous"]


async def test_who_is_cancelled_after_the_close_is_told_that_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for asyncio."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 0.0)
    client = AsyncWeryAI(JOURNEY_KEY, base_url="http://127.0.0.1:9")
    attempt = PaidAttempt(dataclasses.replace(PAID, intent=Intent("POST /x", {}, row=1)), client._settings)
    attempt.evidence.trace("http11.send_request_headers.started", {})
    sending = asyncio.create_task(await_shielded(asyncio.Event().wait(), attempt))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    attempt.give_up(CLOSED)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await sending
    assert "may have been billed" in " ".join(caught.value.__notes__)


def test_an_interrupted_handover_leaves_no_helper_that_is_not_there() -> None:
    """Interrupted while work is handed to the idle helper, the next submission finds another one, and does not hang."""

    class Interrupted(queue.SimpleQueue[Any]):
        def put(self, *_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

    helpers = _Helpers()
    helpers._idle = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        helpers.perform(lambda: Reply(200, {}), _Outcome())
    done = _Outcome()
    helpers.perform(lambda: Reply(201, {}), done)
    assert done.result(30).http_status == 201


def test_closing_waits_for_nobody_who_was_given_up() -> None:
    """Whose caller has waited out the grace already is not waited for once more, by whoever closes the client."""
    attempt: Any = Stopped()
    opened = OpenAttempts()
    with opened.holding(attempt):
        opened.wait(3600)


async def test_a_settled_order_stays_settled_when_its_caller_goes(
    faulty_server: FaultyServer, journal_path: Path
) -> None:
    """Cancelled while the journal waits for its disk, a change that was asked for is made all the same."""
    faulty_server.script("POST", SUBMIT, Close())
    busy = threading.Event()
    with Journal(journal_path) as journal:
        async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal) as client:
            with pytest.raises(OutcomeUnknownError):
                await submit(client)
            journal._write(lambda _: busy.wait(30))
            settling = asyncio.ensure_future(client.orders.give_up(1))
            await asyncio.sleep(0.05)
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)
            busy.set()
    assert rows(journal_path) == ["failed"]


def test_nothing_leaves_after_a_client_was_closed(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that waited for the journal's disk longer than closing waits for it finds the client closed."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 0.1)
    faulty_server.default("POST", SUBMIT, accepted())
    busy, came = threading.Event(), list[BaseException]()
    with Journal(journal_path) as journal:
        client = WeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal, retry=ONCE)
        blocked = journal._write(lambda _: busy.wait(30))
        while not blocked.running():
            pass

        def work() -> None:
            try:
                submit(client)
            except BaseException as error:
                came.append(error)

        worker = threading.Thread(target=work)
        worker.start()
        while not client._runner._paid._open:
            pass
        client.close()
        busy.set()
        worker.join(30)
    assert [type(error) for error in came] == [ConfigurationError]
    assert faulty_server.posts() == []
    assert rows(journal_path) == ["failed"]


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadError("x")])
@pytest.mark.parametrize(
    ("event", "kind"), [("connect_tcp", NotSentError), ("send_request_headers", OutcomeUnknownError)]
)
def test_the_wire_outranks_the_class_of_an_error(
    error: httpx.TransportError, event: str, kind: type[Exception]
) -> None:
    """Where events have come they decide, whatever the error is called."""
    evidence = Evidence()
    evidence.trace(f"http11.{event}.started", {"request": SimpleNamespace(method=b"POST")})
    assert isinstance(failure(error, PAID, 0.0, evidence=evidence), kind)


async def test_closing_upon_a_silent_request_leaves_it_ambiguous(
    faulty_server: FaultyServer, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the grace AsyncWeryAI closes all the same, and by then the journal says that nobody waits any more."""
    monkeypatch.setattr("weryai._transport.shield.GRACE", 0.2)
    faulty_server.script("POST", SUBMIT, Hang())
    with Journal(journal_path) as journal:
        client = AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal, retry=ONCE, timeout=2)
        submitting = asyncio.create_task(submit(client))
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
        await client.aclose()
        journal._write(lambda _: None).result(10)
        assert rows(journal_path) == ["ambiguous"]
        with pytest.raises(WeryAIError):
            await submitting


def test_a_forked_child_closes_nothing_of_its_parents() -> None:
    """What the parent has open is the parent's to wait for and to give up."""
    client, attempt = WeryAI(JOURNEY_KEY), Stopped()
    attempt.is_given_up = False
    with client._runner._paid.holding(attempt):  # type: ignore[arg-type]
        client._runner._process = -1
        # It would wait for the grace, and then give up what this attempt cannot.
        client.close()


async def test_a_submission_that_is_thrown_away_is_still_answered(
    faulty_server: FaultyServer, journal_path: Path
) -> None:
    """A coroutine that is closed while its request is open raises nothing else, and its response is noted."""
    faulty_server.script("POST", SUBMIT, accepted(delay=0.3))
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal_path) as client:
        submitting = submit(client)
        submitting.send(None)
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT)
        submitting.close()
    assert rows(journal_path) == ["submitted"]


async def test_a_paid_request_heeds_its_own_time_limits(faulty_server: FaultyServer) -> None:
    """What keeps cancellations from it lets those of the HTTP library through: a silent service is not for ever."""
    faulty_server.script("POST", SUBMIT, Hang())
    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, retry=ONCE, timeout=0.3) as client:
        with pytest.raises(OutcomeUnknownError, match="Timeout"):
            await submit(client)

"""A submit whose fate is unknown is never repeated: one POST, and an error that says so."""

import json
import re
import time
from typing import Any

import pytest

import weryai
from fakes.answers import STATUS, SUBMIT, TASK, accepted, envelope, refused
from fakes.faces import Face, generate, submit
from fakes.faults import Answer, Chunks, Close, Half, Hang, Raw, Reply, Reset, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import RetryPolicy

pytestmark = pytest.mark.timeout(60)
READABLE = {"status": 500, "desc": "SERVER_ERR", "message": "upstream trouble"}

WITHOUT_STATUS: dict[str, Answer] = {
    "cut": Close(),
    "reset": Reset(),
    "hang": Hang(),
    "cut status line": Raw(),
    "not http": Raw(b"\x15\x03\x01 what?\r\n\r\n"),
    "half a response": Half(b'{"status":0,"data":{"task_ids":["task_abc123"]}}'),
    "half and reset": Half(b'{"status":0,"data":{"task_ids":["task_abc123"]}}', reset=True),
    "cut chunks": Chunks((b'{"status":0,',), cut=True),
}

WITH_STATUS: dict[str, tuple[int, Answer]] = {
    "500 empty": (500, Reply(status=500)),
    "500 page": (500, html_reply(500)),
    "500 envelope": (500, json_reply(READABLE, 500)),
    "500 envelope with a code that is retried elsewhere": (500, refused(6001, "upstream trouble", 500)),
    "502 page": (502, html_reply(502)),
    "503 page + Retry-After": (503, html_reply(503, headers={"Retry-After": "0"})),
    "503 envelope + Retry-After": (503, json_reply(READABLE, 503, {"Retry-After": "0"})),
    "504 page": (504, html_reply(504)),
    "504 envelope": (504, json_reply(READABLE, 504)),
    "520 page": (520, html_reply(520)),
    "520 empty": (520, Reply(status=520)),
    "599 page": (599, html_reply(599)),
}


@pytest.mark.parametrize("answer", WITHOUT_STATUS.values(), ids=list(WITHOUT_STATUS))
def test_a_post_without_an_answer_is_sent_once(face: Face, faulty_server: FaultyServer, answer: Answer) -> None:
    """When the server has the request and no readable answer comes back, nothing is sent again."""
    faulty_server.script("POST", SUBMIT, answer)
    faulty_server.default("POST", SUBMIT, accepted("task_second"))
    with pytest.raises(weryai.OutcomeUnknownError) as caught:
        face.run(submit, faulty_server.url, timeout=0.5)
    assert len(faulty_server.posts()) == 1
    assert_tells_what_to_do(caught.value)


@pytest.mark.parametrize(("status", "answer"), WITH_STATUS.values(), ids=list(WITH_STATUS))
def test_a_post_answered_by_a_5xx_is_sent_once(
    face: Face, faulty_server: FaultyServer, status: int, answer: Answer
) -> None:
    """A 5xx, whatever it carries and even with Retry-After, says nothing about the money: one POST."""
    faulty_server.script("POST", SUBMIT, answer)
    faulty_server.default("POST", SUBMIT, accepted("task_second"))
    with pytest.raises(weryai.OutcomeUnknownError) as caught:
        face.run(submit, faulty_server.url)
    assert len(faulty_server.posts()) == 1
    assert caught.value.http_status == status
    assert "trouble" in repr(caught.value.raw) or not getattr(answer, "body", b"")
    assert_tells_what_to_do(caught.value)


def assert_tells_what_to_do(error: Any) -> None:
    """The message must say that money may be gone, and where to look before trying again."""
    assert "may have been" in str(error) and "billed" in str(error), str(error)
    assert re.search(r"(?i)check|history", str(error)), str(error)
    assert SUBMIT in error.request


UNREADABLE: dict[str, Answer] = {
    "page": html_reply(200),
    "empty": Reply(),
    "no content": Reply(status=204),
    "accepted, empty": Reply(status=202),
    "list": json_reply([]),
    "null": json_reply(None),
    "string": json_reply("task_abc123"),
    "truncated": Reply(b'{"status":0,"data":{"task_ids":["task_ab', headers={"Content-Type": "application/json"}),
    "not text": Reply(b'{"status":0,"data":"\xff\xfe"}', headers={"Content-Type": "application/json"}),
    "too deep": Reply(b"[" * 200_000, headers={"Content-Type": "application/json"}),
    "number too long": Reply(b'{"status":' + b"9" * 6000 + b"}", headers={"Content-Type": "application/json"}),
    "no data": json_reply({"status": 0, "desc": "success", "message": "success"}),
    "data null": json_reply(envelope(None)),
    "data empty": json_reply(envelope({})),
    "no ids": json_reply(envelope({"batch_id": 7, "task_ids": []})),
    "ids null": json_reply(envelope({"batch_id": 7, "task_ids": None, "task_id": None})),
    "id empty": json_reply(envelope({"task_id": ""})),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=list(UNREADABLE))
def test_a_2xx_that_cannot_be_read_may_have_been_billed(
    face: Face, faulty_server: FaultyServer, answer: Answer
) -> None:
    """A success without a task id is no refusal: it is raised as possibly billed and never repeated."""
    faulty_server.script("POST", SUBMIT, answer)
    faulty_server.default("POST", SUBMIT, accepted("task_second"))
    with pytest.raises(weryai.ContractError) as caught:
        face.run(submit, faulty_server.url)
    assert caught.value.may_have_been_billed is True
    assert len(faulty_server.posts()) == 1
    assert "billed" in str(caught.value)


def test_a_body_that_does_not_unpack_is_sent_once(face: Face, faulty_server: FaultyServer) -> None:
    """A 200 whose compression is broken is ours to report, and one POST."""
    faulty_server.script("POST", SUBMIT, Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}))
    faulty_server.default("POST", SUBMIT, accepted("task_second"))
    with pytest.raises((weryai.ContractError, weryai.OutcomeUnknownError), match="billed"):
        face.run(submit, faulty_server.url)
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("far", [True, False])
def test_a_submit_follows_no_redirect(
    face: Face, faulty_server: FaultyServer, elsewhere: FaultyServer, status: int, far: bool
) -> None:
    """A redirect makes no second request anywhere, so neither the order nor the key travels on."""
    target = elsewhere.url + SUBMIT if far else "/v2/other"
    faulty_server.script("POST", SUBMIT, Reply(status=status, headers={"Location": target}))
    with pytest.raises(weryai.WeryAIError):
        face.run(submit, faulty_server.url)
    assert len(faulty_server.requests) == 1
    assert elsewhere.requests == []


def test_a_refused_connection_was_not_sent(face: Face, closed_port: str) -> None:
    """Where nobody listens nothing was sent, and the error says so by its class."""
    with pytest.raises(weryai.NotSentError) as caught:
        face.run(submit, closed_port)
    assert SUBMIT in caught.value.request
    assert not isinstance(caught.value, weryai.OutcomeUnknownError)


def test_a_refused_connection_is_tried_again(face: Face, late_server: FaultyServer) -> None:
    """What was surely not sent is repeated, and goes out once when the server appears."""
    import threading

    late_server.default("POST", SUBMIT, accepted())
    appears = threading.Timer(0.3, late_server.listen)
    appears.start()
    patient = RetryPolicy(tries=100, first_delay=0.05, max_delay=0.1)
    assert face.run(submit, late_server.url, retry=patient).task_ids == ("task_abc123",)
    appears.join()
    assert len(late_server.posts()) == 1


def test_one_client_for_many(face: Face, faulty_server: FaultyServer) -> None:
    """Eight at once on one client are eight POSTs, each caller with its own task."""
    for number in range(8):
        faulty_server.script("POST", SUBMIT, accepted(f"task_{number}", delay=0.1))
    submissions = face.run_together([submit] * 8, faulty_server.url)
    assert {one.task_ids for one in submissions} == {(f"task_{number}",) for number in range(8)}
    assert len(faulty_server.posts()) == 8
    faulty_server.assert_met()


def test_the_time_limit_is_the_clients_own(face: Face, faulty_server: FaultyServer) -> None:
    """A server that hangs costs the caller the timeout it asked for, not a repeated one."""
    faulty_server.script("POST", SUBMIT, Hang())
    started = time.monotonic()
    with pytest.raises(weryai.OutcomeUnknownError):
        face.run(submit, faulty_server.url, timeout=0.5)
    assert 0.4 <= time.monotonic() - started < 5


@pytest.mark.parametrize("answer", [Reset(), accepted()], ids=["unknown", "accepted"])
def test_warnings_that_are_errors_never_cost_paid_work(
    face: Face, faulty_server: FaultyServer, journal_path: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `-W error`, a journal that fails after the POST neither hides the outcome nor loses the task ids."""
    from weryai._journal.journal import ScopedJournal
    from weryai.errors import JournalError

    def fail(*_: Any) -> Any:
        raise JournalError("the disk is full")

    monkeypatch.setattr(ScopedJournal, "end", fail)
    monkeypatch.setattr(ScopedJournal, "mark_not_placed", fail)
    faulty_server.script("POST", SUBMIT, answer)
    if isinstance(answer, Reset):
        with pytest.raises(weryai.OutcomeUnknownError):
            face.run(submit, faulty_server.url, journal=journal_path)
    else:
        assert face.run(submit, faulty_server.url, journal=journal_path).task_ids == ("task_abc123",)


AFTER: dict[str, Any] = {
    "generate": lambda client: generate(client, "video.mp4"),
    "tasks.wait": lambda client: client.tasks.wait(TASK, interval=0.01),
    "batches.wait": lambda client: client.batches.wait(weryai.Submission((TASK,), 1), interval=0.01),
}


@pytest.mark.parametrize("work", AFTER.values(), ids=list(AFTER))
@pytest.mark.parametrize("answer", [refused(1002), html_reply(403)], ids=["refused", "page"])
def test_what_is_met_after_paying_says_that_it_is_paid(
    face: Face, faulty_server: FaultyServer, work: Any, answer: Reply
) -> None:
    """A key that is refused while a task is waited for is no refused order, also when rebuilt from JSON."""
    faulty_server.default("POST", SUBMIT, accepted())
    faulty_server.default("GET", STATUS, answer)
    faulty_server.default("GET", "/v1/generation/batch/1/status", answer)
    with pytest.raises(weryai.APIError) as caught:
        face.run(work, faulty_server.url)
    error = caught.value
    assert error.outcome is weryai.Outcome.ACCEPTED
    assert type(error)(*json.loads(json.dumps(error.args))).outcome is weryai.Outcome.ACCEPTED

"""The client tells of drift: each kind once, by a callback or the log, and never at the price of an answer."""

import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked, serve_story
from fakes.faces import Face, submit
from fakes.faults import Answer, json_reply
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from weryai import ConfigurationError, Drift, Submission, WeryAI, WeryAIError

pytestmark = pytest.mark.timeout(60)


def get(client: Any) -> Any:
    """Look at the task."""
    return client.tasks.get(TASK)


def test_each_kind_is_told_once(face: Face, faulty_server: FaultyServer) -> None:
    """Two looks with the same unknown field and word are told as two drifts, not four; a new word is told again."""
    looks: list[Answer] = [looked("queued", eta=1), looked("queued", eta=2), looked("paused")]
    faulty_server.script("GET", STATUS, *looks)
    told: list[Drift] = []
    tasks = face.run_in_turn([get, get, get], faulty_server.url, on_drift=told.append)
    assert [task.status for task in tasks] == ["queued", "queued", "paused"]
    assert [(drift.kind, drift.pointer, drift.value) for drift in told] == [
        ("word", "/data/task_status", '"queued"'),
        ("field", "/data/eta", "1"),
        ("word", "/data/task_status", '"paused"'),
    ]
    assert {drift.operation for drift in told} == {"getTaskStatus"}


def test_an_answer_that_is_an_error_is_told_too(face: Face, faulty_server: FaultyServer) -> None:
    """An unknown code and HTTP status are told although the call raises, for a paid call as well."""
    faulty_server.default("POST", SUBMIT, json_reply({"status": 7777, "message": "no"}, 418))
    told: list[Drift] = []
    with pytest.raises(WeryAIError):
        face.run(submit, faulty_server.url, on_drift=told.append)
    assert {(drift.kind, drift.http_status, drift.operation) for drift in told} == {
        ("http_status", 418, "submitImageToVideo"),
        ("code", 418, "submitImageToVideo"),
    }


def test_the_log_has_one_warning_for_each_kind(
    face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """With "log" each new kind is one WARNING under the logger `weryai`."""
    faulty_server.default("GET", STATUS, looked("queued"))
    with caplog.at_level(logging.WARNING):
        face.run_in_turn([get, get], faulty_server.url, on_drift="log")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("weryai", logging.WARNING)
    assert record.getMessage() == ('drift: getTaskStatus, HTTP 200: unknown word at /data/task_status: "queued"')


def failing(drift: Drift) -> None:
    """A callback with a mistake in it."""
    raise RuntimeError(f"could not store {drift}")


async def forgotten(drift: Drift) -> None:
    """A callback that should have been a plain function."""


def test_a_failing_callback_costs_nothing(
    face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A callback that raises, or returns a coroutine, is logged; the task id of a paid call arrives all the same."""
    faulty_server.default("POST", SUBMIT, accepted(bonus=1))
    for callback in (failing, lambda drift: forgotten(drift)):
        caplog.clear()
        submission = face.run(submit, faulty_server.url, on_drift=callback)
        assert submission.task_ids == (TASK,)
        assert "on_drift failed with" in caplog.text
        assert "RuntimeError" in caplog.text or "TypeError" in caplog.text
    assert [one.method for one in faulty_server.requests] == ["POST", "POST"]


def test_a_walker_that_fails_costs_nothing(
    face: Face, faulty_server: FaultyServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Were the comparison itself mistaken, a paid answer would still arrive."""

    def mistaken(*_: object) -> list[Drift]:
        raise KeyError("no such schema")

    monkeypatch.setattr("weryai._protocol.drift.find_drifts", mistaken)
    faulty_server.default("POST", SUBMIT, accepted())
    assert face.run(submit, faulty_server.url, on_drift=print).task_ids == (TASK,)
    assert "on_drift failed with KeyError" in caplog.text


def test_an_interrupted_callback_keeps_the_task_id(
    face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C while the callback of a paid answer runs: the task id is on the exception and in the log."""
    faulty_server.default("POST", SUBMIT, accepted(bonus=1))

    def interrupted(_: Drift) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        face.run(submit, faulty_server.url, on_drift=interrupted)
    assert TASK in "\n".join(caught.value.__notes__)
    assert TASK in caplog.text


def test_the_key_is_in_no_drift(face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture) -> None:
    """A service that repeats the key, as a field's name, a value, a word or a code, gets it into no drift."""
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in JOURNEY_KEY)
    echoes = {JOURNEY_KEY: JOURNEY_KEY, "task_status": JOURNEY_KEY, "more": {"key": [JOURNEY_KEY]}}
    faulty_server.script(
        "GET",
        STATUS,
        looked("waiting", **echoes),
        json_reply({"status": JOURNEY_KEY, "message": "no"}),
        json_reply({"status": 0, "data": {escaped: escaped}}),
    )
    told: list[Drift] = []

    def look(client: Any) -> Any:
        try:
            return client.tasks.get(TASK)
        except WeryAIError:
            return None

    async def look_async(client: Any) -> Any:
        try:
            return await client.tasks.get(TASK)
        except WeryAIError:
            return None

    works = [look if face.kind == "sync" else look_async] * 3
    with caplog.at_level(logging.DEBUG):
        face.run_in_turn(works, faulty_server.url, on_drift=told.append)
        faulty_server.default("GET", STATUS, looked("waiting", **echoes))
        face.run(get, faulty_server.url, on_drift="log")
    assert len(told) >= 4
    shown = repr(told) + "".join(record.getMessage() for record in caplog.records if "httpcore" not in record.name)
    assert JOURNEY_KEY not in shown
    assert escaped not in shown


def test_threads_share_what_was_told(faulty_server: FaultyServer) -> None:
    """Sixteen calls at once on one client tell the same drift once."""
    faulty_server.default("GET", STATUS, looked("queued"))
    told: list[Drift] = []
    lock = threading.Lock()

    def note(drift: Drift) -> None:
        with lock:
            told.append(drift)

    Face("sync").run_together([get] * 16, faulty_server.url, on_drift=note)
    assert len(told) == 1


def test_a_service_cannot_fill_the_memory(faulty_server: FaultyServer) -> None:
    """However many fields a service invents, a client remembers and tells a thousand kinds."""
    made_up = {f"field_{number}": 1 for number in range(1_500)}
    faulty_server.default("GET", STATUS, looked("waiting", **made_up))
    told: list[Drift] = []
    Face("sync").run_in_turn([get, get], faulty_server.url, on_drift=told.append)
    assert len(told) == 1_000


def test_nobody_is_told_unless_they_ask(face: Face, faulty_server: FaultyServer, monkeypatch: Any) -> None:
    """Without on_drift no answer is compared at all."""
    monkeypatch.setattr("weryai._protocol.drift.find_drifts", lambda *_: pytest.fail("compared"))
    serve_story(faulty_server)
    submission: Submission = face.run(submit, faulty_server.url)
    assert submission.task_ids == (TASK,)


@pytest.mark.parametrize("wrong", ["LOG", 5, forgotten, True])
def test_what_cannot_be_told_is_refused(wrong: Any) -> None:
    """A misspelt word, a number and an async function are refused when the client is made."""
    with pytest.raises(ConfigurationError, match="on_drift"):
        WeryAI("sk-x", base_url="http://127.0.0.1:1", on_drift=wrong)


def test_the_name_is_imported_lazily() -> None:
    """`weryai.Drift` costs nothing until it is used."""
    program = (
        "import sys, weryai; assert 'weryai._protocol.drift' not in sys.modules; "
        "weryai.Drift; assert 'Drift' in dir(weryai)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

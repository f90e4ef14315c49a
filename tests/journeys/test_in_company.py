"""The client among others: fork, threads, loops, pickles, loggers and tracers."""

import asyncio
import copy
import gc
import logging
import multiprocessing
import os
import pickle
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, envelope, looked, refused, uploaded
from fakes.faces import Face, submit
from fakes.faults import Close, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from weryai import (
    AsyncWeryAI,
    Batch,
    ConfigurationError,
    Model,
    Submission,
    Task,
    TaskFailedError,
    TaskState,
    WaitResult,
    WeryAI,
    WeryAIWarning,
)

pytestmark = pytest.mark.timeout(60)
KEY = "sk-in-company-0123456789"


@pytest.mark.parametrize("make", [WeryAI, AsyncWeryAI])
@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_not_pickled(make: Any, copied: Callable[[Any], Any]) -> None:
    """Clients, and their resources, refuse to be pickled or copied and say what to do."""
    client = make(KEY, base_url="http://127.0.0.1:9")
    for one in (client, client.tasks, client.image_to_video):
        with pytest.raises(TypeError, match="one per process") as caught:
            copied(one)
        assert KEY not in str(caught.value)


TASK_SEEN = Task("t1", TaskState.FAILED, "failed", reason="Image asset audit", raw={"task_id": "t1"})
KEPT = [
    Submission(("t1", "t2"), 7, {"status": 0}),
    TASK_SEEN,
    Batch(7, (TASK_SEEN,)),
    Model("A", durations=(5,), aspect_ratios=()),
    WaitResult("t1", TASK_SEEN, TaskFailedError("task t1 failed", task_id="t1", task=TASK_SEEN, reason="x")),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("one", KEPT, ids=lambda one: type(one).__name__)
def test_results_are_pickled_whole(one: Any, protocol: int) -> None:
    """What methods return travels between processes and keeps class and fields."""
    back = pickle.loads(pickle.dumps(one, protocol))
    assert type(back) is type(one)
    for name in one.__slots__:
        mine, its = getattr(one, name), getattr(back, name)
        assert mine == its or (type(mine) is type(its) and vars(mine) == vars(its))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_has_connections_of_its_own(faulty_server: FaultyServer) -> None:
    """Parent and child that share a client use different connections, so neither gets the other's answer."""
    faulty_server.default("GET", "/v1/generation/", looked("processing"))
    client = WeryAI(KEY, base_url=faulty_server.url)
    assert client.tasks.get(TASK).state is TaskState.PROCESSING
    with warnings.catch_warnings():
        # Newer versions of Python warn of any fork beside threads, which this test means to do.
        warnings.simplefilter("ignore", DeprecationWarning)
        context = multiprocessing.get_context("fork")
        child = context.Process(target=lambda: os._exit(0 if client.tasks.get("child").ended is False else 1))
        child.start()
    for _ in range(3):
        assert client.tasks.get(TASK).state is TaskState.PROCESSING
    child.join(20)
    assert child.exitcode == 0
    assert len(faulty_server.gets("/v1/generation/child/")) == 1
    # One connection for the parent and one for the child: the child never wrote on the parent's.
    assert len(faulty_server._connections) == 2
    client.close()


def test_threads_get_their_own_answers(faulty_server: FaultyServer) -> None:
    """Thirty-two threads on one client: each order is sent once, and every thread gets an id of its own."""
    faulty_server.script("POST", SUBMIT, *[accepted(f"t{number}", delay=0.01) for number in range(32)])
    with WeryAI(KEY, base_url=faulty_server.url) as client, ThreadPoolExecutor(32) as threads:
        ids = list(threads.map(lambda _: submit(client).task_ids[0], range(32)))
    assert sorted(ids) == sorted(f"t{number}" for number in range(32))
    assert len(faulty_server.posts()) == 32


def test_one_async_client_in_two_loops_at_once(faulty_server: FaultyServer) -> None:
    """Loops in two threads, and two one after the other, share a client without sharing connections."""
    faulty_server.default("GET", STATUS, looked("processing"))
    client = AsyncWeryAI(KEY, base_url=faulty_server.url)

    async def story() -> int:
        tasks = await asyncio.gather(*(client.tasks.get(TASK) for _ in range(5)))
        found = [one for one in client._runner._opened_by if one is asyncio.get_running_loop()]
        return len(tasks) + len(found)

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: asyncio.run(story()), range(2))) == [6, 6]
    assert asyncio.run(story()) == 6


def test_closing_is_idempotent(face: Face, faulty_server: FaultyServer) -> None:
    """Closing twice, or without ever having been used, is fine; a closed client refuses with a clear error."""
    if face.kind == "sync":
        client = WeryAI(KEY, base_url=faulty_server.url)
        client.close()
        client.close()
        with pytest.raises(ConfigurationError, match="closed"):
            client.tasks.get(TASK)
        with pytest.raises(ConfigurationError, match="closed"):
            list(client.tasks.wait_many([TASK]))
        return

    async def story() -> None:
        client = AsyncWeryAI(KEY, base_url=faulty_server.url)
        await client.aclose()
        await client.aclose()
        with pytest.raises(ConfigurationError, match="closed"):
            await client.tasks.get(TASK)

    asyncio.run(story())
    assert faulty_server.requests == []


def test_a_forgotten_client_dies_in_silence(faulty_server: FaultyServer) -> None:
    """A client that was never closed leaves no traceback; Python's own hint at the open socket is all."""
    faulty_server.default("GET", STATUS, looked("processing"))
    client = WeryAI(KEY, base_url=faulty_server.url)
    client.tasks.get(TASK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del client
        gc.collect()
    assert len(faulty_server.requests) == 1


def test_warnings_name_the_callers_line(face: Face, faulty_server: FaultyServer) -> None:
    """A warning points at the caller's file, not at ours, for orders and for waits."""
    faulty_server.script("POST", SUBMIT, accepted())
    faulty_server.script(
        "GET", STATUS, looked("reviewing"), looked("succeed", videos=["https://cdn.example.com/v.mp4"])
    )
    works = [
        lambda client: submit(client, model="NOT_LISTED"),
        lambda client: client.tasks.wait(TASK, interval=0.01),
    ]
    with pytest.warns(WeryAIWarning) as caught:
        face.run_in_turn(works, faulty_server.url)
    own = [one.filename for one in caught]
    assert len(own) == 2
    assert [name for name in own if re.search(r"overlays.weryai|httpx", name)] == []


LINE = re.compile(r"(GET|POST) (/\S+), attempt (\d+): (HTTP (\d+) in|(\w+) after) (\d+\.\d{3}) s(, request id (\S+))?")


def test_each_request_is_one_line(face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture) -> None:
    """Every request leaves one DEBUG line: method, path, attempt, status or failure, duration, request id if any."""
    busy = refused(1001, "request rate limit exceeded", 429, X_Request_Id="req-1")
    faulty_server.script("POST", "/v1/generation/upload-file", uploaded("https://static.example.com/p.png"))
    faulty_server.script("POST", SUBMIT, busy, json_reply({**envelope({"task_ids": [TASK]}), "request_id": "req-2"}))
    faulty_server.script("GET", STATUS, Close(), html_reply(503), looked("processing"))
    with caplog.at_level(logging.DEBUG, "weryai"):
        face.run_in_turn(
            [
                lambda client: client.image_to_video.submit(png(), prompt="a secret wish"),
                lambda client: client.tasks.get(TASK),
            ],
            faulty_server.url,
            api_key=KEY,
        )
    records = [one for one in caplog.records if one.levelno == logging.DEBUG]
    found = [LINE.fullmatch(one.getMessage()) for one in records]
    assert [(one[1], one[3], one[5] or one[6], one[9]) for one in found if one] == [
        ("POST", "1", "200", None),
        ("POST", "1", "429", "req-1"),
        ("POST", "2", "200", "req-2"),
        ("GET", "1", "RemoteProtocolError", None),
        ("GET", "2", "503", None),
        ("GET", "3", "200", None),
    ]
    assert None not in found and {one.name for one in records} == {"weryai"}
    assert KEY not in caplog.text and "a secret wish" not in caplog.text and "PNG" not in caplog.text


def test_nothing_is_logged_unasked() -> None:
    """The library adds no handler, sets no level and leaves propagation as it is."""
    log = logging.getLogger("weryai")
    assert [one for one in log.handlers if not isinstance(one, logging.NullHandler)] == []
    assert log.propagate and log.level == logging.NOTSET


def test_open_telemetry_works_unmodified(face: Face, faulty_server: FaultyServer) -> None:
    """The instrumentation of httpx sees each request as a span, without the key, and its trace reaches the service."""
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    faulty_server.script("GET", "/v1/generation/balance", html_reply(503), json_reply(envelope(5)))
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    try:
        assert face.run(lambda client: client.account.balance(), faulty_server.url, api_key=KEY) == 5
    finally:
        HTTPXClientInstrumentor().uninstrument()
    finished = spans.get_finished_spans()
    attributes: list[dict[str, Any]] = [dict(one.attributes or {}) for one in finished]
    assert len(finished) == 2
    statuses = [one.get("http.status_code", one.get("http.response.status_code")) for one in attributes]
    assert statuses == [503, 200]
    assert [one for one in attributes if "/v1/generation/balance" not in str(one)] == []
    assert KEY not in str(attributes)
    assert [one for one in faulty_server.requests if "traceparent" not in one.headers] == []

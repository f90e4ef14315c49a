"""The requests that are put together without httpx's merging, and the thread that a blocking submit is kept in."""

import contextlib
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked
from fakes.faces import Face, submit
from fakes.faulty_server import FaultyServer
from weryai._flow.effects import Reply, Send
from weryai._settings import make_settings
from weryai._transport import shield
from weryai._transport.http import Evidence, build, make_client
from weryai._transport.shield import send_shielded

KEY = "sk-prepared-0123456789"
REQUESTS: list[dict[str, Any]] = [
    {"method": "get", "url": "/v1/generation/t%2F1/status", "headers": {}},
    {"method": "get", "url": "/v1/a b/ü"},
    {"method": "post", "url": "/v1/x", "headers": {"Content-Type": "application/json"}, "content": b'{"a":1}'},
    {"method": "POST", "url": "/v1/x", "headers": {"user-agent": "another", "Cache-Control": "no-cache"}},
    {"method": "put", "url": "/v1/x", "content": b""},
]


@pytest.mark.parametrize("kind", [httpx.Client, httpx.AsyncClient])
@pytest.mark.parametrize("base", ["http://127.0.0.1:8765", "https://api.weryai.com", "https://[::1]:443/under"])
@pytest.mark.parametrize("has_cookie", [False, True])
@pytest.mark.parametrize("given", REQUESTS, ids=lambda given: f"{given['method']} {given['url']}")
def test_a_prepared_request_is_the_one_that_httpx_builds(
    kind: Any, base: str, has_cookie: bool, given: dict[str, Any]
) -> None:
    """Method, URL, header fields, body and time limits are those of `client.build_request`; the key comes on top."""
    settings = make_settings(KEY, base_url=base, timeout=7)
    client = make_client(kind, settings, None)
    if has_cookie:
        client.cookies.set("route", "a1", domain=httpx.URL(base).host if "[" not in base else "")
    expected = client.build_request(**{**given, "url": base + given["url"]})
    made = build(client, settings, Send(given))
    assert made.headers.pop("authorization") == f"Bearer {KEY}"
    assert (made.method, made.url, made.content) == (expected.method, expected.url, expected.content)
    assert sorted((name.lower(), value) for name, value in made.headers.raw) == sorted(
        (name.lower(), value) for name, value in expected.headers.raw
    )
    assert made.extensions == expected.extensions
    assert isinstance(made.stream, httpx.SyncByteStream) and isinstance(made.stream, httpx.AsyncByteStream)


def test_a_submit_and_a_poll_are_not_merged(
    face: Face, faulty_server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent most often does not go through `client.build_request`, which is most of what httpx costs."""
    faulty_server.default("POST", SUBMIT, accepted())
    faulty_server.default("GET", STATUS, looked("processing"))
    merged: list[str] = []
    for kind in (httpx.Client, httpx.AsyncClient):
        monkeypatch.setattr(kind, "build_request", lambda *_, **__: merged.append("built"))
    face.run_in_turn([submit, lambda client: client.tasks.get(TASK)], faulty_server.url)
    assert merged == []
    assert [request.method for request in faulty_server.requests] == ["POST", "GET"]


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> shield._Helpers:
    """Return helpers of this test's own."""
    own = shield._Helpers()
    monkeypatch.setattr(shield, "_HELPERS", own)
    return own


class Attempt:
    """An attempt of which nothing has left."""

    effect = Send({"method": "post", "url": "/x"}, paid=True)
    is_given_up = is_stopped = False

    def __init__(self) -> None:
        self.evidence = Evidence()

    def stopped(self) -> None:
        """Note that it was stopped."""
        self.is_given_up = self.is_stopped = True

    def give_up(self) -> None:
        """Note that nobody waits for it."""
        self.is_given_up = True


def sent_by() -> threading.Thread:
    """Submit something and return the thread that it was sent by."""
    by: list[threading.Thread] = []

    def send() -> Reply:
        by.append(threading.current_thread())
        return Reply(200, {})

    attempt: Any = Attempt()
    assert send_shielded(send, attempt).http_status == 200
    return by[0]


def wait_until_idle(helpers: shield._Helpers) -> None:
    """Wait until a helper has noted that it is idle."""
    while helpers._idle is None:
        time.sleep(0.001)


def test_one_helper_thread_submits_for_the_main_thread(helpers: shield._Helpers) -> None:
    """Submits one after the other have one helper thread, which is not the main one; other threads need none."""
    by = {sent_by() for _ in range(5)}
    wait_until_idle(helpers)
    by.add(sent_by())
    assert threading.main_thread() not in by
    assert len(by) <= 2
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sent_by).result().name.startswith("ThreadPoolExecutor")


def test_a_helper_that_nobody_needs_ends(helpers: shield._Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that submits once has no thread of ours left some seconds later; the next submit gets a new one."""
    monkeypatch.setattr(shield, "KEPT", 0.01)
    first = sent_by()
    first.join(30)
    assert not first.is_alive()
    assert sent_by() is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_its_parents_helper(helpers: shield._Helpers) -> None:
    """The helper that was idle in the parent is not there in the child, which starts its own."""
    sent_by()
    wait_until_idle(helpers)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        with contextlib.suppress(BaseException):
            os._exit(0 if sent_by().is_alive() else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert sent_by().is_alive()


def test_an_interruption_before_the_helper_has_it_sends_nothing(
    helpers: shield._Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted before a thread has begun with it, an order surely was not sent; the caller goes on at once."""
    monkeypatch.setattr(shield, "GRACE", 3600.0)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(helpers, "perform", interrupted)
    attempt: Any = Attempt()
    with pytest.raises(KeyboardInterrupt) as caught:
        send_shielded(lambda: Reply(200, {}), attempt)
    assert attempt.is_given_up
    assert "nothing was sent" in caught.value.__notes__[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals are sent to threads on Windows")
def test_an_interrupted_submission_keeps_no_helper(helpers: shield._Helpers) -> None:
    """The helper of an interrupted submission ends with it, so whoever joins it does not wait out its idle time."""
    over, by = threading.Event(), list[threading.Thread]()

    def send() -> Reply:
        by.append(threading.current_thread())
        attempt.evidence.trace("connection.connect_tcp.started", {})
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        over.wait(30)
        return Reply(200, {})

    attempt: Any = Attempt()
    with pytest.raises(KeyboardInterrupt):
        send_shielded(send, attempt)
    over.set()
    by[0].join(shield.KEPT / 2)
    assert not by[0].is_alive()
    assert helpers._idle is None

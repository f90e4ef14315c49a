"""The ASGI and the WSGI application, called by hand: what they answer, what they read, and when they tell."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.validate import validator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from fakes.hooks import Kind, delivery, receiver
from weryai import ConfigurationError
from weryai.webhooks import WebhookEvent, asgi_app, wsgi_app

BODY = json.dumps(delivery()).encode()
HOOKS = receiver()
QUERY = HOOKS.callback_url.partition("?")[2]
LIMIT = 256 * 1024


@dataclass
class Answer:
    """How a request was answered, and what happened in which order."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    order: list[str] = field(default_factory=list)


def ask_asgi(
    app: Any, method: str, query: str, pieces: list[bytes], headers: dict[str, str], order: list[str]
) -> Answer:
    """Send one request through an ASGI application."""
    answer, left = Answer(order=order), list(pieces)

    async def receive() -> dict[str, Any]:
        order.append("read")
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message["body"]
            order.append("answered")

    scope = {
        "type": "http", "method": method, "path": "/hooks", "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return answer


class Watched(io.BytesIO):
    """A body that notes when it is read."""

    def __init__(self, content: bytes, order: list[str]) -> None:
        super().__init__(content)
        self._order = order

    def read(self, size: int | None = -1) -> bytes:
        """Note it, and give at most 1000 bytes, as a socket would."""
        self._order.append("read")
        assert size is not None and size >= 0, "a read without a limit may never end"
        return super().read(min(size, 100_000))


def ask_wsgi(
    app: Any, method: str, query: str, pieces: list[bytes], headers: dict[str, str], order: list[str]
) -> Answer:
    """Send one request through a WSGI application, whose keeping of the protocol is checked."""
    answer = Answer(order=order)

    def start_response(status: str, head: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        answer.status, answer.headers = int(status[:3]), {name.lower(): value for name, value in head}
        return answer.body.__add__

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": "/hooks", "QUERY_STRING": query, "SERVER_NAME": "h",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": Watched(b"".join(pieces), order), "wsgi.errors": io.StringIO(), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    if "content-length" in headers:
        environ["CONTENT_LENGTH"] = headers["content-length"]
    strict = environ.get("CONTENT_LENGTH", "0").isdigit()
    result = (validator(app) if strict else app)(environ, start_response)
    answer.body = b"".join(result)
    order.append("answered")
    result.close()
    return answer


def ask(
    kind: Kind, *, method: str = "POST", query: str = QUERY, body: bytes = BODY, pieces: list[bytes] | None = None,
    headers: dict[str, str] | None = None, on_event: Callable[..., Any] | None = None, hooks: Any = None,
) -> Answer:  # fmt: skip
    """Send one request through either."""
    make, send = (asgi_app, ask_asgi) if kind == "asgi" else (wsgi_app, ask_wsgi)
    chosen = {"content-length": str(len(body)), "content-type": "text/html"} if headers is None else headers
    order: list[str] = []
    told = on_event and (lambda event: (order.append("told"), on_event(event))[1])
    app: Any = make(hooks or receiver(), on_event=told)
    return send(app, method, query, [body] if pieces is None else pieces, chosen, order)


@pytest.fixture(params=["asgi", "wsgi"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Run the test with either kind of application."""
    kind: Kind = request.param
    return kind


def test_a_delivery_is_answered_with_200(kind: Kind) -> None:
    """A delivery with the secret is received whatever its content type, with an empty answer; so is a repeat."""
    hooks = receiver()
    for _ in range(2):
        answer = ask(kind, hooks=hooks)
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert not hooks.receive(BODY, QUERY)


@pytest.mark.parametrize("query", ["", "weryai_secret=", "weryai_secret=wrong", "a=b", QUERY.replace("weryai_", "")])
def test_a_stranger_is_refused_unread(kind: Kind, query: str) -> None:
    """Who does not know the secret gets a 400 that says nothing, and not a byte of the body is read."""
    answer = ask(kind, query=query)
    assert (answer.status, answer.body, answer.order) == (400, b"", ["answered"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_posts_are_taken(kind: Kind, method: str) -> None:
    """Any other method is refused, secret or not, unread."""
    answer = ask(kind, method=method)
    assert (answer.status, answer.headers["allow"], answer.order) == (405, "POST", ["answered"])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 5000, b'{"data": {"task_status": "succeed"}}', b"null"]
)
def test_a_body_that_cannot_be_read_is_refused(kind: Kind, body: bytes) -> None:
    """With the secret and without sense: a 400 that says nothing."""
    answer = ask(kind, body=body)
    assert (answer.status, answer.body) == (400, b"")


def test_a_long_body_is_not_read(kind: Kind) -> None:
    """A body that says that it is too long is refused unread."""
    for length in (str(LIMIT + 1), "9" * 30):
        answer = ask(kind, headers={"content-length": length})
        assert (answer.status, answer.order) == (413, ["answered"])


def test_a_body_of_unknown_length_is_read_to_the_limit(kind: Kind) -> None:
    """Without a length as much is read as a delivery may have, and no more than a piece beyond."""
    filler = b" " * (LIMIT - len(BODY))
    assert ask(kind, pieces=[BODY, filler], headers={}).status == 200
    answer = ask(kind, pieces=[BODY, filler, b" ", b" " * 100_000, b" " * 100_000], headers={})
    assert answer.status == 413
    assert answer.order.count("read") <= 4


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "+5", "٣", "5 5"])
def test_a_length_that_is_none_is_refused(kind: Kind, length: str) -> None:
    """A Content-Length must be a number."""
    assert ask(kind, headers={"content-length": length}).status == 400


def test_a_body_in_pieces_is_put_together(kind: Kind) -> None:
    """However a body comes, it is one delivery; one that breaks off is none."""
    pieces = [BODY[:5], b"", BODY[5:9], BODY[9:]]
    assert ask(kind, pieces=pieces).status == 200
    assert ask(kind, pieces=[BODY[:9]]).status == 400


def test_a_broken_connection_is_no_traceback() -> None:
    """A WSGI body that cannot be read to its end is refused like any other."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("gone")

    environ = {"REQUEST_METHOD": "POST", "QUERY_STRING": QUERY, "CONTENT_LENGTH": "9", "wsgi.input": Broken()}
    statuses: list[str] = []
    list(wsgi_app(receiver())(environ, lambda status, _headers: statuses.append(status)))
    assert statuses == ["400 Bad Request"]


def test_wsgi_does_not_wait_for_a_body_without_an_end() -> None:
    """Where the server does not say where a body ends, none is read."""
    environ = {"REQUEST_METHOD": "POST", "QUERY_STRING": QUERY, "CONTENT_LENGTH": "", "wsgi.input": None}
    statuses: list[str] = []
    list(wsgi_app(receiver())(environ, lambda status, _headers: statuses.append(status)))
    assert statuses == ["400 Bad Request"]


def test_events_are_told_after_the_answer(kind: Kind) -> None:
    """`on_event` is called with each news, once, when the answer has gone out."""
    events: list[WebhookEvent] = []
    hooks = receiver()
    two = json.dumps({"data": [{"taskId": "a", "taskStatus": "SUCCESS"}, {"task_id": "b"}]}).encode()
    answer = ask(kind, hooks=hooks, body=two, on_event=events.append)
    assert [event.task_id for event in events] == ["a", "b"]
    assert answer.order[-3:] == ["answered", "told", "told"]
    ask(kind, hooks=hooks, body=two, on_event=events.append)
    assert len(events) == 2


def test_a_failing_function_is_logged(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """What `on_event` raises reaches the log and nobody else, and does not keep the other events back."""
    seen: list[str] = []

    def fail(event: WebhookEvent) -> None:
        seen.append(event.task_id)
        raise ZeroDivisionError(event.task_id)

    with caplog.at_level(logging.ERROR, "weryai"):
        answer = ask(kind, body=b'{"data": [{"task_id": "a"}, {"task_id": "b"}]}', on_event=fail)
    assert (answer.status, seen) == (200, ["a", "b"])
    assert [record.getMessage() for record in caplog.records] == [f"on_event failed for task {name}" for name in "ab"]


def test_a_plain_function_does_not_hold_the_loop_up() -> None:
    """ASGI calls a plain `on_event` in another thread, and awaits an async one on its loop."""
    threads: list[threading.Thread] = []

    async def awaited(_event: WebhookEvent) -> None:
        threads.append(threading.current_thread())

    class Callback:
        async def __call__(self, event: WebhookEvent) -> None:
            await awaited(event)

    def ask_with(on_event: Callable[..., Any]) -> None:
        ask_asgi(asgi_app(receiver(), on_event=on_event), "POST", QUERY, [BODY], {}, [])

    ask_with(lambda _event: threads.append(threading.current_thread()))
    for on_event in (awaited, Callback(), lambda event: awaited(event)):
        ask_with(on_event)
    assert [thread is threading.current_thread() for thread in threads] == [False, True, True, True]


def test_wsgi_refuses_an_async_function() -> None:
    """A WSGI server has no loop: a coroutine function is refused at once, with the way out."""

    async def on_event(_event: WebhookEvent) -> None: ...

    with pytest.raises(ConfigurationError, match="asgi_app"):
        wsgi_app(receiver(), on_event=on_event)


def test_asgi_knows_the_other_protocols() -> None:
    """The application starts and stops with its server, and closes a WebSocket at once."""
    sent: list[str] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    for scope in ("lifespan", "websocket", "of the future"):
        asyncio.run(asgi_app(receiver())({"type": scope}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


async def test_it_is_mounted_in_a_framework() -> None:
    """As a route and as a mount, the application works inside another one."""
    app = asgi_app(receiver())
    outer = Starlette(routes=[Route("/hooks/weryai", app), Mount("/mounted", app)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url="http://you.example") as client:
        for path in ("/hooks/weryai", "/mounted/"):
            assert (await client.post(f"{path}?{QUERY}", content=BODY)).status_code == 200
            assert (await client.post(path, content=BODY)).status_code == 400

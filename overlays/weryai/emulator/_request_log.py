"""What arrived: every request is read, noted and checked for its Host before anything else sees it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weryai.emulator._replies import bad_request

#: How much is remembered: requests, and bytes of each body.
MOST_REQUESTS = 10_000
MOST_BYTES_NOTED = 64 * 1024
#: How much of a body is read into memory; no request of the contract may be larger.
MOST_BYTES_READ = 16 * 1024 * 1024
#: Set in the scope of a request whose body is longer than that.
TOO_LARGE = "weryai.body_too_large"

#: A web page may resolve its own name to 127.0.0.1 and would be answered otherwise. The last is Starlette's test name.
OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it arrived: header names in lower case, the key masked, the body's first 64 KiB."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


class RequestLog:
    """The last 10,000 requests, oldest first; safe to read from any thread."""

    def __init__(self) -> None:
        self._seen: deque[SeenRequest] = deque(maxlen=MOST_REQUESTS)
        self._lock = threading.Lock()

    def note(self, request: SeenRequest) -> None:
        """Remember a request."""
        with self._lock:
            self._seen.append(request)

    def all(self) -> list[SeenRequest]:
        """Return what arrived so far."""
        with self._lock:
            return list(self._seen)


class Doorkeeper:
    """ASGI middleware: reads and notes each request, and turns away those for another host."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = Arrived()
        try:
            async for chunk in request.stream():
                body.add(chunk)
        except ClientDisconnect:
            return  # Nobody waits for an answer to half a request.
        finally:
            self._log.note(seen(request, bytes(body.kept[:MOST_BYTES_NOTED])))
        scope[TOO_LARGE] = body.too_large
        if host_name(request.headers.get("host", "")) not in OWN_HOSTS:
            turned_away = bad_request("this emulator answers to 127.0.0.1 and localhost only")
            await JSONResponse(turned_away.body, turned_away.http_status)(scope, receive, send)
            return
        await self._app(scope, replayed(bytes(body.kept), receive), send)


class Arrived:
    """What arrived of a body so far, as far as it fits in memory."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.too_large = False

    def add(self, chunk: bytes) -> None:
        """Keep another piece, or note that there was more than is kept."""
        self.too_large = self.too_large or len(self.kept) + len(chunk) > MOST_BYTES_READ
        if not self.too_large:
            self.kept += chunk


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body once more, and after it whatever the connection still tells."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def seen(request: Request, body: bytes) -> SeenRequest:
    """Note a request without its key."""
    headers = dict(request.headers)
    if "authorization" in headers:
        scheme, _, key = headers["authorization"].partition(" ")
        headers["authorization"] = f"{scheme} [masked]" if key else "[masked]"
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    return SeenRequest(request.method, path.decode("latin-1"), headers, body, query.decode("latin-1"))


def host_name(host: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()

"""The door that every request passes before anything else sees it, and responses that break."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weryai.emulator._clock import Clock
from weryai.emulator._protocol import bad_request
from weryai.emulator._state.exchanges import MOST_BYTES_NOTED, Exchange, Exchanges, SeenRequest, masked

#: How much of a body is read into memory: the largest video, and what a form puts around it.
MOST_BYTES_READ = 64 * 1024 * 1024
#: Set in the scope of a request whose body is longer than that, and for its exchange.
TOO_LARGE = "weryai.body_too_large"
EXCHANGE = "weryai.exchange"

#: A web page may resolve its own name to 127.0.0.1 and would be answered otherwise. The last is Starlette's test name.
OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})
#: What belongs to the emulator and not to the API; looking at the exchanges makes no exchange.
OWN_PATHS = "/_emulator"
#: Where the contract lies; reading it is no request of it.
CONTRACT_PATH = "/openapi.json"
#: What a page of any origin may embed; without a CORS header no script can read it.
MEDIA = ("/result/", "/files/")


class ExchangeMiddleware:
    """ASGI middleware: reads and notes each request, and turns away those for another host or from another page."""

    def __init__(self, app: ASGIApp, exchanges: Exchanges, clock: Clock, hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._hosts = OWN_HOSTS | hosts
        self._exchanges = exchanges
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = Arrived()
        complete = False
        try:
            async for chunk in request.stream():
                body.add(chunk)
            complete = True
        except ClientDisconnect:
            pass
        exchange = self._noted(request, bytes(body.kept[:MOST_BYTES_NOTED]))
        if not complete:
            exchange.trouble = "the caller hung up in the middle of the request"
            return  # Nobody waits for an answer to half a request.
        scope[TOO_LARGE] = body.too_large
        scope[EXCHANGE] = exchange
        app: ASGIApp = turned_away(request, self._hosts) or self._app
        try:
            await app(scope, replayed(bytes(body.kept), receive), noting(exchange, send))
        finally:
            exchange.end()
            if not is_own(request.method, request.url.path):
                self._exchanges.touch(exchange)

    def _noted(self, request: Request, body: bytes) -> Exchange:
        noted = seen(request, body)
        if is_own(noted.method, request.url.path):
            return Exchange(0, noted, self._clock.now())
        return self._exchanges.begin(noted, self._clock.now())


def is_own(method: str, path: str) -> bool:
    """Whether a request is for the control API or the page, and not for the API that is played."""
    return path.startswith(OWN_PATHS) or (path in ("/", CONTRACT_PATH) and method in ("GET", "HEAD"))


def turned_away(request: Request, hosts: frozenset[str] = OWN_HOSTS) -> JSONResponse | None:
    """Return the refusal of a request that another page or another name of this machine has sent here."""
    host = request.headers.get("host", "")
    if host_name(host) not in hosts:
        refused = bad_request(
            f"this emulator does not answer to the name {host_name(host)[:60]!r}; `--allow-host` lets it"
        )
        return JSONResponse(refused.body, refused.http_status)
    origin = request.headers.get("origin")
    foreign = origin is not None and origin != f"{request.url.scheme}://{host}"
    foreign = foreign or request.headers.get("sec-fetch-site") == "cross-site"
    if foreign and not (request.method in ("GET", "HEAD") and request.url.path.startswith(MEDIA)):
        body = {"status": 403, "desc": "FORBIDDEN", "message": "this emulator answers no page of another origin"}
        return JSONResponse(body, 403)
    return None


def noting(exchange: Exchange, send: Send) -> Send:
    """Return a sender that notes what is sent."""

    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message.get("headers", [])}
            exchange.answered(message["status"], headers)
        elif message["type"] == "http.response.body":
            exchange.add(message.get("body", b""))
        await send(message)

    return noted


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
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    headers = masked(dict(request.headers))
    return SeenRequest(request.method, path.decode("latin-1"), headers, body, query.decode("latin-1"))


def host_name(host: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and (port.isdigit() or not port) else host).lower()


def home_of(request: Request) -> str:
    """Return the URL of this emulator, by the name that the caller knows it by."""
    return f"{request.url.scheme}://{request.headers['host']}"


#: Where the server puts the connection of a request; absent where the application is called in the process.
LINE = "weryai.line"
#: By how many bytes the wrong length is wrong.
LONGER = 1000
#: SO_LINGER on, for no time at all: closing sends a reset.
LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


_TROUBLE = {
    "reset": "the connection was reset",
    "close": "the connection was closed without a response",
    "half": "half of the response was sent",
    "longer": "the response was shorter than announced",
}


class BreakingResponse(Response):
    """A response that does not arrive as a whole; `inner` is what would have been said.

    Without a socket, half a response is a short one, and a response that never comes is a ConnectionResetError.
    """

    def __init__(self, how: Literal["reset", "close", "half", "longer"], inner: Response | None) -> None:
        super().__init__()
        self.how = how
        self.inner = inner or Response()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin to answer, and break off."""
        scope[EXCHANGE].trouble = _TROUBLE[self.how]
        if self.how in ("reset", "close"):
            if not await hang_up(scope, receive, reset=self.how == "reset"):
                raise ConnectionResetError("the emulator hangs up here, as a scenario asks for")
            return
        cut = Cut(send, longer=self.how == "longer")
        await self.inner(scope, receive, cut.send)
        if not await hang_up(scope, receive, reset=False):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class Cut:
    """A sender that passes on half of a body, or all of it behind a wrong length, and never its end."""

    def __init__(self, send: Send, *, longer: bool) -> None:
        self._send = send
        self._longer = longer
        self._left = 0

    async def send(self, message: Message) -> None:
        """Pass a message on, as far as it goes."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            length = int(headers.get("content-length", "0"))
            self._left = length if self._longer else length // 2
            if self._longer:
                headers["content-length"] = str(length + LONGER)
            await self._send({**message, "headers": headers.raw})
        elif message["type"] == "http.response.body":
            piece = message.get("body", b"")[: self._left]
            self._left -= len(piece)
            await self._send({**message, "body": piece, "more_body": True})


async def hang_up(scope: Scope, receive: Receive, *, reset: bool) -> bool:
    """Close the connection of a request, by a TCP reset if asked, and wait until it is; False if there is none."""
    line: asyncio.Transport | None = scope.get("extensions", {}).get(LINE)
    if line is None:
        return False
    if reset:
        line.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        line.abort()
    else:
        line.close()
    while (await receive())["type"] != "http.disconnect":
        pass
    return True

"""Receive what the service posts when a task ends: know it, read it, and never trust it.

A `Receiver` makes the URL to submit with, takes deliveries and wakes waits: `tasks.wait(id, webhook=receiver)`.
`asgi_app` and `wsgi_app` mount it in a web application, or are served by themselves; its `receive` fits any other
place, `read_delivery` only reads. Both applications answer 200 at once to a delivery with the secret, and 400 without a
word to anything else. They read no more than a delivery can have, and no body at all of whoever does not know the
secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from http import HTTPStatus
from typing import Any

from ._flow.logs import log
from ._webhooks import Receiver, SecretFilter, WebhookEvent, read_delivery
from .errors import ConfigurationError, WebhookError

__all__ = ["Receiver", "SecretFilter", "WebhookError", "WebhookEvent", "asgi_app", "read_delivery", "wsgi_app"]

# A delivery as documented has less than one thousand bytes.
LONGEST_BODY = 256 * 1024
RECEIVED, REFUSED, WRONG_METHOD, TOO_LONG = 200, 400, 405, 413

EventCallback = Callable[[WebhookEvent], Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def asgi_app(receiver: Receiver, *, on_event: EventCallback | None = None) -> AsgiApp:
    """Make an ASGI application that takes the receiver's deliveries, at whatever path it is mounted.

    It answers at once; `on_event`, async or plain, is called after that with each WebhookEvent that is new. A plain
    function runs in a thread. What it raises is logged. Mounted or routed in FastAPI or Starlette, it answers with and
    without a slash at the end of its path: the other spelling would else be redirected, and no delivery follows.
    """
    take_either_slash()
    return AsgiApp(receiver, on_event)


def wsgi_app(receiver: Receiver, *, on_event: EventCallback | None = None) -> WsgiApp:
    """Make a WSGI application that takes the receiver's deliveries, at whatever path it is mounted.

    It answers at once; `on_event`, a plain function, is called after that with each WebhookEvent that is new, in the
    server's own thread. What it raises is logged.
    """
    if "starlette" in sys.modules:
        # It may be mounted there, inside a middleware from WSGI.
        take_either_slash()
    return WsgiApp(receiver, on_event)


class AsgiApp:
    """Serves a receiver by ASGI; see `asgi_app`."""

    def __init__(self, receiver: Receiver, on_event: EventCallback | None) -> None:
        self._receiver, self._on_event = receiver, on_event
        # FastAPI describes the parameters of whatever add_api_route is given.
        self.__signature__ = inspect.Signature()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                while (message := await receive())["type"] != "lifespan.shutdown":
                    await send({"type": f"{message['type']}.complete"})
                await send({"type": "lifespan.shutdown.complete"})
            case "websocket":
                await send({"type": "websocket.close"})

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        # Both may be left out.
        headers = {name.lower(): value for name, value in scope.get("headers") or ()}
        query = scope.get("query_string") or b""
        length = headers.get(b"content-length", b"").decode("latin-1")
        status = _refused(self._receiver, scope["method"], query, length)
        events: tuple[WebhookEvent, ...] = ()
        if status is None:
            body = await _body(receive)
            status, events = _taken(self._receiver, body, query)
        head = [(name.lower().encode(), value.encode()) for name, value in _headers(status)]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b""})
        for event in events:
            await self._tell(event)

    async def _tell(self, event: WebhookEvent) -> None:
        """Call the user's function, off the loop unless it is made for it."""
        try:
            if self._on_event is None:
                return
            made_for_it = _is_async(self._on_event)
            result = self._on_event(event) if made_for_it else await asyncio.to_thread(self._on_event, event)
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("on_event failed for task %s", event.task_id)


def take_either_slash() -> None:
    """Let routes and mounts of Starlette, thus of FastAPI, that hold our application match with and without a slash.

    Starlette redirects a path with the other ending before the application hears of it, and whoever posts a delivery
    may not follow. `app.mount` and `app.add_route` make their Mount and Route themselves and ask nothing of what is in
    it. So both classes are extended, once, for our application alone. Every other route answers as before.
    """
    with contextlib.suppress(ImportError):
        from starlette.routing import Match, Mount, Route

        for kind in (Mount, Route):
            if not hasattr(kind.matches, "takes_hooks"):
                _extend(kind, Match.NONE)


def _extend(kind: Any, none: object) -> None:
    plain = kind.matches

    def matches(route: Any, scope: Any) -> Any:
        endpoint = getattr(route, "endpoint", None)
        if isinstance(endpoint, AsgiApp) and not _holds_hooks(route.app):
            # FastAPI's add_api_route takes it for a function whose parameters are in the request.
            route.app = endpoint
        found = plain(route, scope)
        if found[0] is not none or scope["type"] != "http":
            return found
        path = scope["path"]
        other = plain(route, {**scope, "path": path[:-1] if path.endswith("/") else f"{path}/"})
        is_ours = other[0] is not none and _holds_hooks(route.app) and not _is_of_another(route, scope)
        return other if is_ours else found

    matches.takes_hooks = True  # type: ignore[attr-defined]
    kind.matches = matches


def _is_of_another(route: Any, scope: Any) -> bool:
    """Whether another route has this very path."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    routes = getattr(scope.get("router"), "routes", ())
    return any(one is not route and getattr(one, "path", None) == path for one in routes)


def _holds_hooks(app: Any) -> bool:
    """Whether an application is ours, has it at its root, or is a middleware, which by custom has it as `app`."""
    for _ in range(20):
        if app is None or isinstance(app, AsgiApp | WsgiApp):
            break
        inner = getattr(app, "routes", None) or ()
        if any(getattr(one, "path", None) in ("", "/") and _holds_hooks(getattr(one, "app", None)) for one in inner):
            return True
        app = getattr(app, "app", None)
    return isinstance(app, AsgiApp | WsgiApp)


class WsgiApp:
    """Serves a receiver by WSGI; see `wsgi_app`."""

    def __init__(self, receiver: Receiver, on_event: EventCallback | None) -> None:
        if on_event is not None and _is_async(on_event):
            raise ConfigurationError("a WSGI application calls plain functions; an async on_event needs asgi_app")
        self._receiver, self._on_event = receiver, on_event

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        query, length = environ.get("QUERY_STRING", ""), environ.get("CONTENT_LENGTH") or ""
        status = _refused(self._receiver, environ["REQUEST_METHOD"], query, length)
        events: tuple[WebhookEvent, ...] = ()
        if status is None:
            status, events = _taken(self._receiver, _input(environ, length), query)
        start_response(f"{status} {HTTPStatus(status).phrase}", _headers(status))
        return _Answered(lambda: self._tell(events))

    def _tell(self, events: Iterable[WebhookEvent]) -> None:
        for event in events:
            try:
                if self._on_event is not None:
                    self._on_event(event)
            except Exception:
                log.exception("on_event failed for task %s", event.task_id)


class _Answered:
    """An empty WSGI answer; the server calls `close` when it has been sent."""

    def __init__(self, close: Callable[[], None]) -> None:
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        yield b""


def _refused(receiver: Receiver, method: str, query: str | bytes, length: str) -> int | None:
    """The status with which a request is refused by its head alone."""
    if method != "POST":
        return WRONG_METHOD
    if not receiver.knows(query) or not (length == "" or (length.isascii() and length.isdigit())):
        return REFUSED
    return TOO_LONG if len(length) > 9 or int(length or "0") > LONGEST_BODY else None


def _taken(receiver: Receiver, body: bytes | None, query: str | bytes) -> tuple[int, tuple[WebhookEvent, ...]]:
    """Take a delivery; return the status to answer with, and what is new."""
    if body is None:
        return TOO_LONG, ()
    try:
        return RECEIVED, receiver.receive(body, query)
    except WebhookError as error:
        log.info("refused a webhook delivery: %s", error)
        return REFUSED, ()


async def _body(receive: Receive) -> bytes | None:
    """The body of an ASGI request, as far as it came; None if it is too long."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY:
            return None
        more = message.get("more_body", False)
    return bytes(body)


def _input(environ: dict[str, Any], length: str) -> bytes | None:
    """The body of a WSGI request, as far as it came; None if it is too long."""
    if not length and not environ.get("wsgi.input_terminated"):
        return b""
    body, most = bytearray(), int(length) if length else LONGEST_BODY + 1
    try:
        while len(body) < most and (piece := environ["wsgi.input"].read(most - len(body))):
            body += piece
    except OSError:
        return b""
    return bytes(body) if len(body) <= LONGEST_BODY else None


def _headers(status: int) -> list[tuple[str, str]]:
    allow = [("Allow", "POST")] if status == WRONG_METHOD else []
    return [("Content-Type", "text/plain"), ("Content-Length", "0"), *allow]


def _is_async(function: EventCallback) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

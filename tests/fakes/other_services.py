"""Emulators that speak as other services may: refusals in the envelope, another name, a base path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weryai.emulator import _server

CODES = {401: 1002, 403: 1002, 404: 1003, 429: 1001}


class RefusingInBody:
    """Turns what an application refuses with a 4xx into HTTP 200."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self.state = getattr(inner, "state", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and hold a refusal back until its body is whole."""
        start: dict[str, Any] = {}
        content = b""

        async def turned(message: Message) -> None:
            nonlocal content
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
                start.update(message)
                return
            if not start or message["type"] != "http.response.body":
                await send(message)
                return
            content += message.get("body", b"")
            if not message.get("more_body"):
                body = in_body(start["status"], content)
                head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
                await send({"type": "http.response.start", "status": 200, "headers": head})
                await send({"type": "http.response.body", "body": body})

        await self._inner(scope, receive, turned)


class Named:
    """Serves an application below a path, and under any name."""

    def __init__(self, inner: ASGIApp, base_path: str) -> None:
        self._inner = inner
        self._base_path = base_path
        self.state = getattr(inner, "state", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what lies below the path; anything else is not found."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(self._base_path) if scope["path"].startswith(self._base_path) else "/none"
            head = [(name, b"127.0.0.1" if name == b"host" else value) for name, value in scope["headers"]]
            scope = {**scope, "path": path, "raw_path": path.encode(), "headers": head}
        await self._inner(scope, receive, send)


def serve_below(monkeypatch: pytest.MonkeyPatch, base_path: str) -> None:
    """Let every emulator of this test answer under any name, below a path."""
    made = _server.app_of
    monkeypatch.setattr(_server, "app_of", lambda world: Named(made(world), base_path))


def in_body(http_status: int, content: bytes) -> bytes:
    """The same refusal with its code in the envelope."""
    try:
        said = json.loads(content)
    except ValueError:
        said = {}
    told = said if isinstance(said, dict) else {}
    if told.get("status") in (None, 0, 200, http_status):
        told = {**told, "status": CODES.get(http_status, 1002)}
    return json.dumps({"message": "refused", **told}).encode()


def refuse_in_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every emulator of this test refuse so."""
    made = _server.app_of
    monkeypatch.setattr(_server, "app_of", lambda world: RefusingInBody(made(world)))

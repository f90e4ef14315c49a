"""What a scripted server does with one request: complete answers, and every way to break one."""

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

NO_HEADERS: Mapping[str, str] = {}


class Line:
    """The open connection on which an answer is performed."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self._closing = closing

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Wait, but never past the closing of the server."""
        if seconds > 0:
            self._closing.wait(seconds)

    def hold(self, until: threading.Event | None) -> None:
        """Wait for the event, or for the closing of the server."""
        while not self._closing.wait(0.02):
            if until is not None and until.is_set():
                return

    def reset_on_close(self) -> None:
        """Make the coming close a TCP reset instead of an orderly end."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Answer(Protocol):
    """What happens to one complete request; says whether the connection stays open."""

    def perform(self, line: Line) -> bool:
        """Do it, and return True if the connection can carry another request."""
        ...


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Write a status line and headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


@dataclass(frozen=True)
class Reply:
    """A complete answer, after `delay` seconds, its body sent in `pieces` with `pause` seconds between."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    delay: float = 0.0
    pieces: int = 1
    pause: float = 0.0

    def perform(self, line: Line) -> bool:
        """Answer in full and keep the connection."""
        line.pause(self.delay)
        line.send(head(self.status, {**self.headers, "Content-Length": str(len(self.body))}))
        size = max(1, -(-len(self.body) // self.pieces))
        for start in range(0, len(self.body), size):
            line.send(self.body[start : start + size])
            line.pause(self.pause)
        return True


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] = NO_HEADERS, delay: float = 0.0) -> Reply:
    """Answer with `value` as JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(body, status, {"Content-Type": "application/json", **headers}, delay)


def html_reply(status: int = 200, text: str = "upstream trouble", headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """Answer as a gateway does: with a page for people."""
    body = f"<html><body><h1>{text}</h1></body></html>".encode()
    return Reply(body, status, {"Content-Type": "text/html", **headers})


@dataclass(frozen=True)
class Chunks:
    """An answer of unknown length, in chunks; `cut` leaves out the last chunk and closes."""

    chunks: tuple[bytes, ...]
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)

    def perform(self, line: Line) -> bool:
        """Send the chunks; end them only if not cut."""
        line.send(head(200, {**self.headers, "Transfer-Encoding": "chunked"}))
        for chunk in self.chunks:
            line.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if not self.cut:
            line.send(b"0\r\n\r\n")
        return not self.cut


@dataclass(frozen=True)
class Half:
    """An answer that promises the whole body, sends half of it and closes or resets."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    reset: bool = False

    def perform(self, line: Line) -> bool:
        """Send half of the promised bytes."""
        line.send(head(self.status, {**self.headers, "Content-Length": str(len(self.body))}))
        line.send(self.body[: len(self.body) // 2])
        if self.reset:
            # The half must be out of the send buffer, or the reset swallows it with the rest.
            line.pause(0.05)
            line.reset_on_close()
        return False


@dataclass(frozen=True)
class Reset:
    """Read the whole request, then reset the connection."""

    def perform(self, line: Line) -> bool:
        """Answer with a TCP reset."""
        line.reset_on_close()
        return False


@dataclass(frozen=True)
class Close:
    """Read the whole request, then close without a byte of answer."""

    def perform(self, line: Line) -> bool:
        """Answer with an orderly end."""
        return False


@dataclass(frozen=True)
class Hang:
    """Read the whole request, then say nothing until the event is set or the server closes."""

    until: threading.Event | None = None

    def perform(self, line: Line) -> bool:
        """Keep the connection open and silent."""
        line.hold(self.until)
        return False


@dataclass(frozen=True)
class Raw:
    """Send exactly these bytes and close: a cut status line, or something that is not HTTP."""

    data: bytes = b"HTTP/1.1 20"

    def perform(self, line: Line) -> bool:
        """Send the bytes as they are."""
        line.send(self.data)
        return False

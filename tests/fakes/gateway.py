"""A gateway before the service: it hands requests through, or answers, hangs and breaks instead, as a test says."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from fakes.faults import Line, head

PAID = "POST /v1/generation/"
HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"
#: What a gateway does in place of an answer; a number is an HTTP status with a page.
Trouble = int | str


@dataclass
class Gateway:
    """Hands requests through to a port of this machine, one per connection, while there is no trouble.

    `trouble` is an HTTP status that is answered with a page, or `hang`, `reset`, `close`, `garbage`, `half` (the answer
    comes half), or `refuse` (no connection is taken). It begins for good with the paid POST number `begins_at`, from 1;
    of `paid_only` trouble other requests know nothing. `posts` and `others` count what came.
    """

    port: int
    trouble: Trouble | None = None
    begins_at: int | None = None
    paid_only: bool = False
    posts: int = 0
    others: int = 0
    in_trouble: int = 0
    most_open: int = 0
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.own_port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.own_port}"
        self._start(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._hang_up()
        for thread in list(self._threads):
            thread.join(10)

    def heal(self) -> None:
        """Hand everything through from now on."""
        self.trouble = self.begins_at = None
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.own_port), backlog=256)
            self._start(self._serve)

    def go_away(self) -> None:
        """Take no connections any more: the port is closed."""
        self._hang_up()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._start(lambda near=near: self._meet(near))  # type: ignore[misc]

    def _meet(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            near.settimeout(20)
            request = _read(near)
            is_paid = request.startswith(PAID.encode())
            with self._lock:
                self.posts, self.others = self.posts + is_paid, self.others + (not is_paid)
                self._open += is_paid
                self.most_open = max(self.most_open, self._open)
                begins = self.begins_at is None or self.posts >= self.begins_at
                trouble = self.trouble if begins and (is_paid or not self.paid_only) else None
                self.in_trouble += trouble is not None and is_paid
                if trouble is not None and self.begins_at is not None:
                    self.begins_at = 0
            try:
                self._answer(near, request, trouble)
            finally:
                with self._lock:
                    self._open -= is_paid

    def _answer(self, near: socket.socket, request: bytes, trouble: Trouble | None) -> None:
        line = Line(near, self._closing)
        if isinstance(trouble, int):
            headers = {"Content-Type": "text/html", "Content-Length": str(len(HTML)), "Connection": "close"}
            line.send(head(trouble, headers) + HTML)
        elif trouble == "hang":
            line.hold(None)
        elif trouble == "garbage":
            line.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        elif trouble == "reset":
            line.reset_on_close()
        elif trouble == "refuse":
            self.go_away()
            line.reset_on_close()
        elif trouble != "close":
            answer = self._far(request)
            line.send(answer if trouble is None else answer[: len(answer) - 20])

    def _far(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 10) as far:
            far.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            answer = b""
            while piece := far.recv(65536):
                answer += piece
        return answer


def _read(near: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        piece = near.recv(65536)
        if not piece:
            raise OSError("nobody asked")
        request += piece
    start, _, body = request.partition(b"\r\n\r\n")
    fields = [one for one in start.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    length = int(fields[0][15:]) if fields else 0
    while len(body) < length:
        piece = near.recv(65536)
        if not piece:
            raise OSError("half a request")
        request, body = request + piece, body + piece
    return request

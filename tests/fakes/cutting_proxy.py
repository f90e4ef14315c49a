"""A TCP proxy that cuts answers: which, and after how many bytes, is data; what was met is counted."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self


@dataclass
class CuttingProxy:
    """Hands everything through to a port of this machine, one request per connection.

    `cuts` are used in order, one for each request whose path starts with `prefix`: how many bytes of the answer's body
    are let through before the connection ends; far below 0 nothing at all. `requests` are the heads that came for the
    prefix. `answered` is called with the whole answer to each of them, before any of it is let through.
    """

    port: int
    prefix: str
    cuts: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    answered: Callable[[bytes], object] = bytes

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near, contextlib.suppress(OSError):
                near.settimeout(10)
                self._hand_through(near)

    def _hand_through(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65536) or b"\r\n\r\n"
        left, answered = None, None
        if head.split(b" ")[1].decode().startswith(self.prefix):
            self.requests.append(head.decode("latin-1"))
            left, answered = self.cuts.pop(0) if self.cuts else None, self.answered
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            piece = near.recv(65536)
            head, body = head + piece, body + piece
        with socket.create_connection(("127.0.0.1", self.port), 10) as far:
            far.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            answer = b""
            while piece := far.recv(65536):
                answer += piece
        if answered is not None:
            answered(answer)
        start = answer.index(b"\r\n\r\n") + 4
        near.sendall(answer if left is None else answer[: max(start + left, 0)])

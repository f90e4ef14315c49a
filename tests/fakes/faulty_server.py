"""A loopback HTTP/1.1 server that answers by script: faults are data, in order, and counted."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Any, Self

from fakes.faults import Answer, Line, json_reply


@dataclass(frozen=True)
class SeenRequest:
    """One complete request that reached the server."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        """The bearer key that came with it."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None

    def carries(self, secret: str) -> bool:
        """Say whether the text occurs anywhere in the request."""
        return secret in self.path or secret.encode() in self.body or secret in repr(dict(self.headers))


@dataclass
class Route:
    """The script of one method and path prefix."""

    method: str
    prefix: str
    script: list[Answer] = field(default_factory=list)
    used: int = 0
    default: Answer | None = None

    def matches(self, method: str, path: str) -> bool:
        """Say whether this route has an answer for the request."""
        ready = self.used < len(self.script) or self.default is not None
        return ready and method == self.method and path.startswith(self.prefix)

    def take(self) -> Answer:
        """Use the next scripted answer, or the default."""
        if self.used < len(self.script):
            self.used += 1
            return self.script[self.used - 1]
        assert self.default is not None
        return self.default


class FaultyServer:
    """Answers by script on 127.0.0.1; remembers every complete request.

    `script` and `default` tell it what to do; `posts`, `gets` and `requests` tell what came;
    `assert_met` tells whether every scripted answer was used and nothing unscripted arrived.
    """

    def __init__(self, *, listening: bool = True) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Bound but not listening, the port refuses connections and stays ours.
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.unexpected: list[SeenRequest] = []
        self._listening_at_once = listening
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._routes: list[Route] = []
        self._requests: list[SeenRequest] = []
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        if self._listening_at_once:
            self.listen()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def listen(self) -> None:
        """Start to accept connections."""
        self._listener.listen(64)
        self._start(self._accept)

    def close(self) -> None:
        """End every hang, close every connection and join every thread."""
        self._closing.set()
        # The first thread accepts, and not every system wakes it when its socket is closed: a visitor does.
        for thread in self._threads[:1]:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            thread.join(5)
        _shut(self._listener)
        for connection in self._connections:
            _shut(connection)
        threads = list(self._threads)
        for thread in threads:
            thread.join(5)
        leaked = [thread.name for thread in threads if thread.is_alive()]
        assert not leaked, f"threads of the faulty server outlived it: {leaked}"

    def script(self, method: str, prefix: str, *answers: Answer) -> None:
        """Append answers for requests whose path starts with `prefix`, used in order, once each."""
        with self._changed:
            self._route(method, prefix).script.extend(answers)

    def default(self, method: str, prefix: str, answer: Answer) -> None:
        """Answer with this whenever the script of the route is used up."""
        with self._changed:
            self._route(method, prefix).default = answer

    @property
    def requests(self) -> list[SeenRequest]:
        """Every complete request, oldest first."""
        with self._changed:
            return list(self._requests)

    def seen(self, method: str, prefix: str = "/") -> list[SeenRequest]:
        """Return the complete requests of one method under a path prefix."""
        return [one for one in self.requests if one.method == method and one.path.startswith(prefix)]

    def posts(self, prefix: str = "/") -> list[SeenRequest]:
        """Return the complete POSTs under a path prefix."""
        return self.seen("POST", prefix)

    def gets(self, prefix: str = "/") -> list[SeenRequest]:
        """Return the GETs under a path prefix."""
        return self.seen("GET", prefix)

    def wait_for(self, method: str, prefix: str, count: int = 1, timeout: float = 20.0) -> None:
        """Block until that many requests have arrived; fail if they do not come."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.seen(method, prefix)) >= count, timeout)
        assert arrived, f"{method} {prefix} did not come {count} time(s) within {timeout} s"

    def assert_met(self) -> None:
        """Fail unless every scripted answer was used and every request had one."""
        unused = {f"{r.method} {r.prefix}": len(r.script) - r.used for r in self._routes if r.used < len(r.script)}
        assert not unused, f"scripted answers that nobody asked for: {unused}"
        strays = [f"{one.method} {one.path}" for one in self.unexpected]
        assert not strays, f"requests without a scripted answer: {strays}"

    def _route(self, method: str, prefix: str) -> Route:
        for route in self._routes:
            if (route.method, route.prefix) == (method, prefix):
                return route
        route = Route(method, prefix)
        self._routes.append(route)
        # The longest prefix wins, so a special path can be scripted inside a general one.
        self._routes.sort(key=lambda one: -len(one.prefix))
        return route

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, name=f"faulty-{self.port}", daemon=True)
        with self._changed:
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # Head and body go out as two writes; without this each answer waits for a delayed ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        line = Line(connection, self._closing)
        try:
            while not self._closing.is_set():
                request = _read_request(reader)
                if request is None or not self._take(request).perform(line):
                    return
        except OSError:
            return
        finally:
            reader.close()
            connection.close()

    def _take(self, request: SeenRequest) -> Answer:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            for route in self._routes:
                if route.matches(request.method, request.path):
                    return route.take()
            self.unexpected.append(request)
        return json_reply({"status": 1003, "message": "the script has no response for this"}, 404)


def _read_request(reader: BufferedReader) -> SeenRequest | None:
    """Read one complete request; None when the connection ends before it is complete."""
    start = reader.readline()
    if not start.endswith(b"\r\n"):
        return None
    method, path, _ = start.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (raw := reader.readline()) not in (b"\r\n", b"\n"):
        if not raw:
            return None
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = _read_body(reader, headers)
    return None if body is None else SeenRequest(method, path, headers, body, time.monotonic())


def _read_body(reader: BufferedReader, headers: Mapping[str, str]) -> bytes | None:
    if "chunked" not in headers.get("transfer-encoding", ""):
        length = int(headers.get("content-length", "0"))
        body = reader.read(length)
        return body if len(body) == length else None
    pieces: list[bytes] = []
    while size := int(re.sub(rb";.*", b"", reader.readline()) or b"0", 16):
        pieces.append(reader.read(size))
        reader.readline()
    reader.readline()
    return b"".join(pieces)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()

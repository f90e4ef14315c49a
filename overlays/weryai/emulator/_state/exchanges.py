"""Exchanges: every request with its response, in bounded memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from weryai.emulator._clock import Changes

#: How much is remembered: exchanges, bytes of each body, bytes of all bodies together.
MOST_EXCHANGES = 10_000
MOST_BYTES_NOTED = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024

#: Headers whose value is nobody's business.
SECRET = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"})


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it arrived: header names in lower case, the key masked, the body's first 64 KiB."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A broken rule: a JSON pointer to the field, and what is wrong with it."""

    pointer: str
    message: str


@dataclass(eq=False, slots=True)
class Exchange:
    """A request and what was answered; `webhook` is one that the emulator itself sent.

    `at` is the emulator's clock when it began, `seconds` the real time it took; `status` is None while there is no
    answer, or where there was none, and then `trouble` says why.
    """

    id: int
    request: SeenRequest
    at: float
    kind: Literal["request", "webhook"] = "request"
    operation: str | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float | None = None
    scenarios: list[str] = field(default_factory=list)
    task_ids: list[str] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    trouble: str | None = None
    revision: int = 0
    _began: float = field(default_factory=time.monotonic, repr=False)

    def answered(self, status: int, headers: dict[str, str]) -> None:
        """Note the head of the response."""
        self.status = status
        self.headers = masked(headers)

    def add(self, chunk: bytes) -> None:
        """Note a piece of the response, as far as there is room."""
        if len(self.body) < MOST_BYTES_NOTED:
            self.body += chunk[: MOST_BYTES_NOTED - len(self.body)]

    def end(self) -> None:
        """Note how long it took."""
        self.seconds = time.monotonic() - self._began

    @property
    def size(self) -> int:
        """How many bytes of bodies it holds."""
        return len(self.request.body) + len(self.body)


class Exchanges:
    """The last exchanges, oldest first; safe to use from any thread."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque()
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._count = 0

    def begin(self, request: SeenRequest, at: float, kind: Literal["request", "webhook"] = "request") -> Exchange:
        """Note a request."""
        with self._lock:
            self._count += 1
            exchange = Exchange(self._count, request, at, kind)
            self._kept.append(exchange)
        self.touch(exchange)
        return exchange

    def go_on_after(self, number: int) -> None:
        """Give no number up to this one."""
        self._count = max(self._count, number)

    def touch(self, exchange: Exchange) -> None:
        """Tell that an exchange has changed, and forget the oldest if memory is full."""
        exchange.revision = self._changes.bump()
        with self._lock:
            self._bytes += exchange.size - self._sizes.get(exchange.id, 0)
            self._sizes[exchange.id] = exchange.size
            while len(self._kept) > MOST_EXCHANGES or (self._bytes > MOST_BYTES and len(self._kept) > 1):
                self._bytes -= self._sizes.pop(self._kept.popleft().id, 0)

    def all(self) -> list[Exchange]:
        """Return every exchange that is remembered."""
        with self._lock:
            return list(self._kept)

    def since(self, revision: int) -> list[Exchange]:
        """Return those that are new or have changed after a count of changes."""
        return [one for one in self.all() if one.revision > revision]

    def numbered(self, number: int) -> Exchange | None:
        """Return the exchange with this number, if it is remembered."""
        return next((one for one in self.all() if one.id == number), None)

    def clear(self) -> None:
        """Forget every exchange; numbers go on."""
        with self._lock:
            self._kept.clear()
            self._sizes.clear()
            self._bytes = 0
        self._changes.bump()


def masked(headers: dict[str, str]) -> dict[str, str]:
    """Return headers without what is secret in them; of a bearer key the scheme stays."""
    shown = dict(headers)
    for name in SECRET & shown.keys():
        scheme, space, _ = shown[name].partition(" ")
        shown[name] = f"{scheme} [masked]" if space and name.endswith("authorization") else "[masked]"
    return shown

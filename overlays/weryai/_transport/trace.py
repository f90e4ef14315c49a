"""What httpcore tells of each thing it does, the `trace` extension of a request: how far a paid request got.

Its first word is where a request is refused that may not leave this machine, for a test or for WERYAI_LOOPBACK_ONLY:
so what a mock answers is let alone, and what would leave is not, through kept connections and proxies neither.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpx

from .._settings import is_loopback


class StoppedError(RuntimeError):
    """The request was stopped before its first byte."""


class Evidence:
    """Watches one attempt at a paid request, and can stop it until its first byte leaves.

    Transports that are not httpcore's tell nothing, and then nothing is proved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_events = False
        self._has_left = False
        self._is_stopped = False
        #: Where the HTTP library finds `trace`, which is taken out once it has nothing more to tell.
        self.extensions: dict[str, Any] = {}

    @property
    def proves_not_sent(self) -> bool:
        """Whether it is sure that nothing of the request has left so far."""
        return self._has_events and not self._has_left

    @property
    def proves_sent(self) -> bool:
        """Whether some of the request has left, or was about to."""
        return self._has_left

    def stop(self) -> bool:
        """Let nothing leave that has not left yet; return whether it is sure that nothing has."""
        with self._lock:
            self._is_stopped = True
            return self.proves_not_sent

    def check(self) -> None:
        """Raise StoppedError if nothing may be sent any more."""
        with self._lock:
            if self._is_stopped and not self._has_left:
                raise StoppedError("it was interrupted before it was sent")

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of a blocking transport; raises StoppedError in the place of the first byte."""
        if self._has_left:
            return
        with self._lock:
            self._has_events = True
            if not _is_ours(event, info):
                return
            if self._is_stopped and not self._has_left:
                raise StoppedError("it was interrupted before it was sent")
            self._has_left = True
            self.extensions.pop("trace", None)

    async def atrace(self, event: str, info: dict[str, Any]) -> None:
        """As `trace`, for asyncio."""
        self.trace(event, info)


def _is_ours(event: str, info: dict[str, Any]) -> bool:
    """Whether our own request begins to leave; a proxy's CONNECT is sent by the same events."""
    if ".send_request_" not in event or not event.endswith(".started"):
        return False
    method = getattr(info.get("request"), "method", b"")
    return method not in (b"CONNECT", "CONNECT")


#: Returns why a request is refused, or nothing.
Check = Callable[[httpx.Request], str]

_checks: list[Check] = []


@contextlib.contextmanager
def checking(check: Check) -> Iterator[None]:
    """Ask `check` about each request of every client until the block ends, in any thread."""
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


def guard(request: httpx.Request, *, awaits: bool) -> httpx.Request:
    """Let a request fail, as for a host that nobody can reach, before it leaves a machine that it may not leave."""
    checks = tuple(_checks)
    is_kept = os.environ.get("WERYAI_LOOPBACK_ONLY", "") not in ("", "0")
    if not checks and not is_kept:
        return request
    inner = request.extensions.get("trace")

    def refuse(reason: str) -> NoReturn:
        raise httpx.ConnectError(reason, request=request)

    def check() -> None:
        for one in checks:
            if reason := one(request):
                refuse(reason)
        if is_kept and not is_loopback(request.url.host):
            refuse(f"WERYAI_LOOPBACK_ONLY lets nothing leave this machine for {request.url.host}")

    def trace(event: str, info: dict[str, Any]) -> None:
        check()
        if inner is not None:
            inner(event, info)

    async def atrace(event: str, info: dict[str, Any]) -> None:
        check()
        if inner is not None:
            await inner(event, info)

    request.extensions = {**request.extensions, "trace": atrace if awaits else trace}
    return request

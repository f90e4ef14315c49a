"""How far a paid request got, from the trace events of the HTTP library: whether a byte of it has left."""

from __future__ import annotations

import threading
from typing import Any


class StoppedError(RuntimeError):
    """The request was stopped before its first byte."""


class Evidence:
    """Watches one attempt at a paid request, and can stop it until its first byte leaves.

    httpcore tells of each thing it does (the `trace` extension of a request). Transports that are not httpcore's tell
    nothing, and then nothing is proved.
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
        """Take an event of an asyncio transport."""
        self.trace(event, info)


def _is_ours(event: str, info: dict[str, Any]) -> bool:
    """Whether our own request begins to leave; a proxy's CONNECT is sent by the same events."""
    if ".send_request_" not in event or not event.endswith(".started"):
        return False
    method = getattr(info.get("request"), "method", b"")
    return method not in (b"CONNECT", "CONNECT")

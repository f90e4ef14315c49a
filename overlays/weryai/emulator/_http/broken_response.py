"""Responses that break: on a socket they really do, by the connection that the server hands through."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from weryai.emulator._http.middleware import EXCHANGE

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

"""The socket, and the server on it."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from weryai.emulator._http.broken_response import LINE

HOST = "127.0.0.1"
#: How long open requests may go on after stop(), in seconds.
GRACE = 2


class Server(uvicorn.Server):
    """A uvicorn that stops when it is told, not when it next looks."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Tick 0 writes the Date header anew.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once where nothing is going on; uvicorn always waits for a tenth of a second."""
        for server in (*self.servers, *(sockets or ())):
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
        else:
            await self.lifespan.shutdown()

    def stop(self, first: Callable[[], None]) -> None:
        """Call `first` in the server's thread and then end it; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # The loop is closed: the server has ended already.
                self._loop.call_soon_threadsafe(first)
                self._loop.call_soon_threadsafe(self._told.set)


class OpenLine(H11Protocol):
    """A connection that the application can see, so that a scenario can break it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[LINE] = self.transport
            await inner(scope, receive, send)

        self.app = app


def uvicorn_config(app: Starlette, *, keep_alive: bool = True) -> uvicorn.Config:
    """Return settings that do not depend on what else is installed, and leave the caller's logging alone."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=OpenLine,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[] if keep_alive else [("Connection", "close")],
        timeout_graceful_shutdown=GRACE,
    )


def listen(port: int, host: str = HOST) -> socket.socket:
    """Return a socket on a port of an address of this machine, or of all of them."""
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port} must be 0 (any free one) to 65535")
    # Only where the protocol is named does asyncio send small answers at once; else each costs a delay of 40 ms.
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        if host != "localhost":
            raise ValueError(f"host={host[:60]!r} must be an IP address of this machine, or 0.0.0.0 for all") from None
        family = socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # There it would let two emulators share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, port_trouble(host, port, error)) from error
    return listener


def port_trouble(host: str, port: int, error: OSError) -> str:
    """Say why a port cannot be had, and what to do."""
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; 0.0.0.0 stands for all of them"
    reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
    return f"port {port} of {host} {reason}; choose another, or 0 for any free one"

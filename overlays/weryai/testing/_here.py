"""Transports for a test's clients: whatever an application asks for, nothing leaves this machine."""

from __future__ import annotations

import ssl

import httpx

HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class Here(httpx.HTTPTransport):
    """A transport to this machine alone."""

    def __init__(self) -> None:
        super().__init__(verify=trusting_nobody())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, if it stays here."""
        refuse_others(request)
        return super().handle_request(request)


class AsyncHere(httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    def __init__(self) -> None:
        super().__init__(verify=trusting_nobody())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, if it stays here."""
        refuse_others(request)
        return await super().handle_async_request(request)


def refuse_others(request: httpx.Request) -> None:
    """Raise what httpx raises where nobody can be reached."""
    if request.url.host not in HERE:
        raise httpx.ConnectError(f"weryai.testing lets nothing leave this machine for {request.url.host}")


def trusting_nobody() -> ssl.SSLContext:
    """Return a context without certificates: nothing here needs any, and reading them takes longer than a test."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

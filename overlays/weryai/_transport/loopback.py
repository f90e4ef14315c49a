"""Keeps requests on this machine, where a test or WERYAI_LOOPBACK_ONLY asks for it.

httpcore tells of each thing it does (the `trace` extension of a request). Its first word is where a request is refused:
so what a mock answers is let alone, and what would leave is not, through kept connections and proxies neither.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpx

from .._settings import is_loopback

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

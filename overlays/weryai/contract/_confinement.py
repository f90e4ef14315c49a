"""Keeps the whole process from connecting to where it has no business, whatever library tries.

An audit hook cannot be taken back, so only the program installs it, and tests run the program in a process of its own.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_GATE = threading.local()


def confine(*, to_this_machine: bool, others: frozenset[str] = frozenset()) -> None:
    """From now on connect to this machine only (and to others by address), or else only while the guard is sending."""

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect":
            return
        one, address = arguments
        is_network = one.family in (socket.AF_INET, socket.AF_INET6)
        if is_network and address[0] not in others and not may_connect(str(address[0]), to_this_machine):
            raise PermissionError(f"the contract suite may not connect to {address[0]}")

    sys.addaudithook(audit)


def may_connect(address: str, to_this_machine: bool) -> bool:
    """Say whether this thread may connect to a resolved address now."""
    return is_this_machine(address) if to_this_machine else getattr(_GATE, "is_open", False)


@contextmanager
def opened() -> Iterator[None]:
    """Let this thread connect for as long as it sends one request that was checked."""
    _GATE.is_open = True
    try:
        yield
    finally:
        _GATE.is_open = False


def is_this_machine(address: str) -> bool:
    """Say whether a resolved address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False

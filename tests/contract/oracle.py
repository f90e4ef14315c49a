"""Judges a request on the wire against the contract alone: nothing of the client, the overlay or the emulator is used.

That every operation needs exactly one bearer key is typed here by hand, because a contract that forgets it would make a
client that forgets it as well. All else is the core's.
"""

import functools
from typing import Any

import httpx

from contract.core import Oracle, bearer, same
from contract.reading import CONTRACT, Operation

__all__ = ["judge", "match", "oracle_for", "read_body", "same"]


@functools.cache
def oracle_for(key: str) -> Oracle:
    """Return the oracle for a key."""
    return Oracle(CONTRACT, lambda _: bearer(key))


_ANY = oracle_for("")


def judge(request: httpx.Request, key: str) -> tuple[Operation | None, list[str]]:
    """Return the operation that a request is, and everything about it that the contract does not allow."""
    return oracle_for(key).judge(request)


def match(request: httpx.Request) -> tuple[Operation | None, dict[str, str]]:
    """Return the operation that a request is by method and path, and the parameters in its path."""
    return _ANY.match(request)


def read_body(request: httpx.Request, one: Operation) -> Any:
    """Read a body by its media type; raises ValueError."""
    return _ANY.read_body(request, one)

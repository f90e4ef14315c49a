"""A Python with a resolver and a network of its own, for programs that have to reach a name that is not this machine.

RESOLVED names the one host that exists, which is this machine; every other is not found. As with the real resolver,
who watches look-ups sees them. What would connect beyond this machine is stopped, and ends the process with 99.
"""

import ipaddress
import os
import socket
import sys
from typing import Any

_REAL = socket.getaddrinfo


def resolve(host: Any, *more: Any, **named: Any) -> Any:
    """Look a name up in a world of one host."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        sys.audit("socket.getaddrinfo", name, *([None] * 4))
        if name not in ("localhost", os.environ.get("RESOLVED")):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        name = "127.0.0.1"
    return _REAL(name, *more, **named)


def _stay(event: str, arguments: tuple[Any, ...]) -> None:
    is_network = event == "socket.connect" and isinstance(arguments[1], tuple)
    if is_network and not ipaddress.ip_address(arguments[1][0]).is_loopback:
        os._exit(99)


socket.getaddrinfo = resolve
sys.addaudithook(_stay)

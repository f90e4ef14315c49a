"""No test reaches a real network: connections, datagrams and name look-ups beyond this machine are stopped and noted.

An audit hook sees what Python's sockets do, whoever asks, and cannot be taken off again. `sitecustomize` beside this
file brings it into every Python that inherits PYTHONPATH; one that ignores its environment runs it by its path first.
Stopping alone is not enough, because a client that is made to survive failures survives this one too: each attempt is
written to the file that NETWORK_GUARD names, and the suite fails the test during which the file grew.
"""

import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = str(Path(__file__).parent)
NOTES = "NETWORK_GUARD"
# They open no connection of their own accord: programs that are no Python, and modules run without our environment.
# `node` is basedpyright's, and Playwright's driver; the browser that it starts is told to look up no host but this one.
# The PostgreSQL of the tests listens at a socket in a folder of its own; `file` is what platform.architecture() asks;
# `openssl` makes a certificate.
PROGRAMS_BEYOND_REACH = {
    "git", "make", "sh", "bash", "node", "basedpyright", "ruff", "uname", "ps", "file", "initdb", "postgres", "openssl",
}  # fmt: skip
MODULES_BEYOND_REACH = {"openapi_python_client", "ruff"}
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


class RealNetworkError(AssertionError):
    """A test tried to leave this machine."""


def is_here(host: object) -> bool:
    """Whether a host is this machine: a loopback address or `localhost`, nothing that would have to be looked up."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Look at one audit event."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not is_here(address[0]):
            _stop(f"{event} to {address[0]}:{address[1]}")
    elif event in _LOOK_UPS and not is_here(arguments[0]):
        _stop(f"{event} of {arguments[0]!r}")
    elif event == "subprocess.Popen":
        executable, words, _, environment = arguments
        if not _is_guarded(str(executable), words, environment):
            _stop(f"start of {executable}, which would not be guarded")


def _is_guarded(executable: str, words: Sequence[object], environment: Any) -> bool:
    program = Path(os.fsdecode(executable)).name
    if not program.startswith("python"):
        return program in PROGRAMS_BEYOND_REACH
    texts = [os.fsdecode(word) for word in words if isinstance(word, str | bytes | os.PathLike)]
    if "-m" in texts[:-1] and texts[texts.index("-m") + 1] in MODULES_BEYOND_REACH:
        return True
    if {"-I", "-E"} & set(texts):
        return any(Path(__file__).stem in text for text in texts)
    inherited = os.environ if environment is None else environment
    return FOLDER in str(inherited.get("PYTHONPATH", "")).split(os.pathsep)


def _stop(attempt: str) -> None:
    notes = os.environ.get(NOTES)
    if notes:
        with open(notes, "a", encoding="utf-8") as file:
            file.write(f"{attempt}\n")
    raise RealNetworkError(f"no test may leave this machine: {attempt}")


def install() -> None:
    """Watch this process from now on, once."""
    if not getattr(sys, "_network_guard", False):
        sys._network_guard = True  # type: ignore[attr-defined]
        sys.addaudithook(watch)


install()

"""The network guard stops whatever would leave this machine, in this process and in every child, and notes it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.surroundings import guarded
from guard import network_guard
from guard.network_guard import NOTES, is_here

# A documentation address (RFC 5737) and a reserved name (RFC 2606): nobody is there, should the guard fail.
ATTEMPTS = {
    "connect": "import socket; s = socket.socket(); s.settimeout(1); s.connect(('192.0.2.1', 9))",
    "send": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
    "look-up": "import socket; socket.getaddrinfo('host.invalid', 443)",
    "httpx": "import httpx; httpx.Client(trust_env=False).get('http://192.0.2.1/')",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 9))",
}


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of its own for the notes, so that this test's attempts do not fail this test."""
    path = tmp_path / "notes.txt"
    path.touch()
    monkeypatch.setenv(NOTES, str(path))
    return path


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("localhost", True), (b"127.0.0.1", True),
        (None, True),
        ("192.0.2.1", False), ("0.0.0.0", False), ("10.0.0.1", False), ("api.weryai.com", False), ("::", False),
        ("127.0.0.1.example.com", False), ("localhost.example.com", False),
    ],
)  # fmt: skip
def test_what_counts_as_this_machine(host: object, here: bool) -> None:
    """Loopback addresses and `localhost` are this machine; whatever else would have to be looked up is not."""
    assert is_here(host) is here


def test_the_process_of_the_tests_is_guarded(notes: Path) -> None:
    """A connection out of the test's own process raises and is noted, before anything is sent."""
    with socket.socket() as out, pytest.raises(AssertionError, match=r"192\.0\.2\.1:9"):
        out.connect(("192.0.2.1", 9))
    assert notes.read_text() == "socket.connect to 192.0.2.1:9\n"


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("isolated", [False, True])
def test_every_child_is_guarded(notes: Path, attempt: str, isolated: bool) -> None:
    """Each way out of a child process fails there and is noted, also where the child ignores its environment."""
    program = ATTEMPTS[attempt]
    command = [sys.executable, "-I", "-c", guarded(program)] if isolated else [sys.executable, "-c", program]
    child = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode != 0
    assert "no test may leave this machine" in child.stderr
    assert len(notes.read_text().splitlines()) == 1


def test_a_swallowed_attempt_fails_the_test_all_the_same(notes: Path) -> None:
    """Code that survives every error cannot hide its attempt: the note stays."""
    program = f"try:\n    {ATTEMPTS['connect'].replace('; ', chr(10) + '    ')}\nexcept BaseException:\n    pass"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert notes.read_text()


@pytest.mark.parametrize("command", [[sys.executable, "-I", "-c", "0"], ["curl", "-s", "http://127.0.0.1:9/"]])
def test_no_child_starts_unguarded(notes: Path, command: list[str]) -> None:
    """A Python that would ignore the guard, or a program that nobody vouched for, is not even started."""
    with pytest.raises(AssertionError, match="would not be guarded"):
        subprocess.run(command, check=False)
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with pytest.raises(AssertionError, match="would not be guarded"):
        subprocess.run([sys.executable, "-c", "0"], env=bare, check=False)
    assert network_guard.FOLDER not in bare.get("PYTHONPATH", "")
    assert len(notes.read_text().splitlines()) == 2

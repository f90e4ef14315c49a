"""Connections that break: for real on a socket, sanely in the process."""

import socket
import struct
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from weryai.emulator import Emulator, ManualClock
from weryai.emulator._server import listen

from .conftest import AUTHORIZED, Visitor

BALANCE = "/v1/generation/balance"
REQUEST = f"GET {BALANCE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-emulator\r\n\r\n".encode()
BODY = b'{"status":0,"desc":"success","message":"success","data":1000}'


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator on a socket."""
    with Emulator(clock=ManualClock(), video="fixed") as running:
        yield running


def heard(emulator: Emulator) -> bytes:
    """Ask for the credits over a bare socket, and return everything that comes until the connection ends."""
    address = urlsplit(emulator.url)
    told = b""
    with socket.create_connection((address.hostname, address.port), 10) as line:
        line.sendall(REQUEST)
        while chunk := line.recv(65_536):
            told += chunk
    return told


@pytest.mark.parametrize("name", ["reset-before", "reset-after"])
def test_a_reset_is_a_reset(emulator: Emulator, name: str) -> None:
    """The caller's system is told RST: reading fails, and not a byte of an answer came."""
    emulator.order(name)
    with pytest.raises(ConnectionResetError):
        heard(emulator)
    assert emulator.exchanges[-1].trouble == "the connection was reset"
    emulator.assert_faults_met()


@pytest.mark.parametrize("name", ["close-before", "close-after"])
def test_a_close_is_an_end(emulator: Emulator, name: str) -> None:
    """The connection ends in order, without a byte."""
    emulator.order(name)
    assert heard(emulator) == b""
    assert emulator.exchanges[-1].trouble == "the connection was closed without a response"


def test_a_cut_answer_is_half_of_it(emulator: Emulator) -> None:
    """The whole length is announced, half of it comes, and then the connection ends."""
    emulator.order("cut-reply")
    head, _, body = heard(emulator).partition(b"\r\n\r\n")
    assert f"content-length: {len(BODY)}".encode() in head
    assert body == BODY[: len(BODY) // 2]
    assert emulator.exchanges[-1].trouble == "half of the response was sent"


def test_a_wrong_length_is_too_long(emulator: Emulator) -> None:
    """All of a video comes, but more was announced."""
    emulator.order("slow", at="status")  # Not met: it waits for another stage.
    task_id = submitted(emulator)
    address = urlsplit(emulator.url)
    request = f"GET /result/{task_id}.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    told = {}
    for name in ("download-cut", "download-wrong-length"):
        emulator.order(name)
        with socket.create_connection((address.hostname, address.port), 10) as line:
            line.sendall(request)
            head, _, told[name] = b"".join(iter(lambda: line.recv(65_536), b"")).partition(b"\r\n\r\n")
        announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    whole = len(told["download-wrong-length"])
    assert (len(told["download-cut"]), announced) == (whole // 2, whole + 1000)


def submitted(emulator: Emulator) -> str:
    """Return the id of a task that has ended."""
    import httpx

    from .conftest import order

    url = f"{emulator.url}/v1/generation/image-to-video"
    reply = httpx.post(url, json=order(), headers=AUTHORIZED, trust_env=False)
    emulator.clock.advance(3)
    return str(reply.json()["data"]["task_ids"][0])


def test_the_connection_after_a_broken_one_is_sound(emulator: Emulator) -> None:
    """Breaking one connection harms no other one."""
    address = urlsplit(emulator.url)
    with socket.create_connection((address.hostname, address.port), 10) as before:
        emulator.order("reset-after")
        with pytest.raises(ConnectionResetError):
            heard(emulator)
        before.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b"".join(iter(lambda: before.recv(65_536), b"")).endswith(BODY)


def test_small_answers_are_sent_at_once() -> None:
    """The protocol of the socket is named, so that no answer waits for the caller's delayed acknowledgement."""
    with listen(0) as listener, socket.create_connection(listener.getsockname()) as caller:
        accepted, _ = listener.accept()
        with accepted:
            assert (accepted.proto, caller.fileno() > 0) == (socket.IPPROTO_TCP, True)


async def test_in_the_process_half_an_answer_is_a_short_one(visitor: Visitor) -> None:
    """Without a socket the cut answer is short, and its length does not fit."""
    visitor.app.state.world.faults.order("cut-reply")
    reply = await visitor.get(BALANCE)
    assert (reply.content, reply.headers["content-length"]) == (BODY[: len(BODY) // 2], str(len(BODY)))


@pytest.mark.parametrize("name", ["reset-before", "close-after"])
async def test_in_the_process_an_end_is_an_error(name: str) -> None:
    """Without a socket a connection that ends is the error that Python has for it."""
    import httpx

    async with Visitor(video="fixed") as visitor:
        visitor.app.state.world.faults.order(name)
        transport = httpx.ASGITransport(visitor.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=AUTHORIZED) as client:
            with pytest.raises(ConnectionResetError, match="as a scenario asks for"):
                await client.get(BALANCE)


def test_a_reset_leaves_time_for_nothing() -> None:
    """The option that makes closing a reset has the size that the system takes."""
    from weryai.emulator._http import LINGER

    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(LINGER)) == LINGER
    assert struct.calcsize("ii") in (len(LINGER), 2 * len(LINGER))

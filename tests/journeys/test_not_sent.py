"""What was "not sent" is said where the wire proves it, and nowhere else: transports by moments."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import weryai
from fakes.answers import SUBMIT, accepted
from fakes.doors import Door
from fakes.faces import Face, submit
from fakes.faulty_server import FaultyServer
from weryai import AsyncWeryAI, RetryPolicy, WeryAI
from weryai.errors import Outcome

pytestmark = pytest.mark.timeout(60)
ONCE = RetryPolicy(tries=1)
ELSEWHERE = "https://api.example.com"
AT_CONNECT = {
    "hangs up": Door(),
    "hangs up at once": Door(listens=False),
    "resets": Door(resets=True),
    "babbles": Door(b"what?\r\n\r\n"),
    "half a status line": Door(b"HTTP/1.1 20"),
    "says 407": Door(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
    "says 502": Door(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!"),
    "opens and babbles": Door(b"HTTP/1.1 200 OK\r\n\r\nthis is no TLS"),
    "opens and hangs up": Door(b"HTTP/1.1 200 OK\r\n\r\n"),
}


@pytest.mark.parametrize("moment", AT_CONNECT)
def test_what_a_proxy_does_before_our_bytes_is_not_sent(
    face: Face, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a proxy does at CONNECT, or the tunnel before TLS stands: nothing of ours has left."""
    with AT_CONNECT[moment] as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(weryai.NotSentError) as caught:
            face.run(submit, ELSEWHERE, retry=ONCE, timeout=5)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert proxy.met.is_set(), "the proxy was not asked"
    assert b"image-to-video" not in b"".join(proxy.heard)


@pytest.mark.parametrize("door", [Door(b"not TLS at all"), Door(), Door(resets=True), Door(listens=False)])
def test_a_handshake_that_fails_is_not_sent(face: Face, door: Door) -> None:
    """TLS that never stands carries nothing."""
    with door, pytest.raises(weryai.NotSentError):
        face.run(submit, f"https://127.0.0.1:{door.port}", retry=ONCE, timeout=5)


@pytest.mark.parametrize("url", ["https://a..example", f"https://{'x' * 70}.example", "https://.example.com"])
def test_a_host_that_cannot_be_is_not_sent(face: Face, url: str) -> None:
    """A name that no resolver takes fails before anything is sent, whatever class of error says so."""
    with pytest.raises((weryai.NotSentError, weryai.ConfigurationError)):
        face.run(submit, url, retry=ONCE, timeout=5)


def test_an_executor_that_is_gone_is_not_sent(faulty_server: FaultyServer) -> None:
    """A loop that cannot resolve names any more fails while connecting, so nothing was sent."""
    url = f"http://localhost:{faulty_server.port}"

    async def story() -> None:
        await asyncio.get_running_loop().shutdown_default_executor()
        async with AsyncWeryAI("sk-key-of-a-test", base_url=url, retry=ONCE) as client:
            await submit(client)

    with pytest.raises(weryai.NotSentError):
        asyncio.run(story())
    assert faulty_server.posts() == []


def test_a_forwarding_proxy_that_has_the_request_leaves_it_unknown(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that takes our POST itself, and hangs up, may have passed it on."""
    with Door() as door, pytest.raises(weryai.OutcomeUnknownError) as caught:
        face.run(submit, door.url, retry=ONCE, timeout=5)
    assert b"image-to-video" in b"".join(door.heard)
    assert caught.value.outcome is Outcome.UNKNOWN


SILENT: dict[str, tuple[Callable[[httpx.Request], Exception], type[weryai.WeryAIError]]] = {
    "connect": (lambda request: httpx.ConnectError("no", request=request), weryai.NotSentError),
    "connect timeout": (lambda request: httpx.ConnectTimeout("no", request=request), weryai.NotSentError),
    "read": (lambda request: httpx.ReadError("no", request=request), weryai.OutcomeUnknownError),
    "write": (lambda request: httpx.WriteError("no", request=request), weryai.OutcomeUnknownError),
    "protocol": (lambda request: httpx.RemoteProtocolError("no", request=request), weryai.OutcomeUnknownError),
    "system": (lambda _: OSError("no"), weryai.OutcomeUnknownError),
    "runtime": (lambda _: RuntimeError("no"), weryai.OutcomeUnknownError),
}


@pytest.mark.parametrize("moment", SILENT)
def test_a_transport_that_tells_nothing_is_judged_by_the_class(face: Face, moment: str) -> None:
    """Where no events come the class of the error decides, and in doubt the outcome is unknown."""
    make, expected = SILENT[moment]

    def handler(request: httpx.Request) -> httpx.Response:
        raise make(request)

    with pytest.raises(expected):
        face.run(submit, "http://127.0.0.1:1", retry=ONCE, transport=httpx.MockTransport(handler))


def test_a_callers_own_transport_tells_as_well(closed_port: str) -> None:
    """A transport that wraps httpx's own hands the events on, so that it is judged by the wire."""

    class Wrapped(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return super().handle_request(request)
            except httpx.ConnectError as error:
                raise httpx.ReadError("a misleading class", request=request) from error

    with (
        WeryAI("sk-key-of-a-test", base_url=closed_port, transport=Wrapped(), retry=ONCE) as client,
        pytest.raises(weryai.NotSentError),
    ):
        submit(client)


def test_a_request_that_was_sent_is_accepted_as_before(face: Face, faulty_server: FaultyServer) -> None:
    """Watching the wire changes nothing for who is answered."""
    faulty_server.script("POST", SUBMIT, accepted())
    result: Any = face.run(submit, faulty_server.url)
    assert result.task_ids == ("task_abc123",)

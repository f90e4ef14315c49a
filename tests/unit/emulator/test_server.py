"""The emulator on a socket, in a thread and in the foreground."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from weryai.emulator import Emulator, ManualClock, SeenRequest
from weryai.emulator._clock import Changes
from weryai.emulator._server import listen
from weryai.emulator._state.exchanges import Exchanges
from weryai.emulator._state.settings import Settings

from .conftest import AUTHORIZED, order

SERVE = """
import signal, sys
from weryai.emulator import serve
signal.signal(signal.SIGINT, signal.default_int_handler)  # Whoever runs the tests may have it ignored.
try:
    serve(int(sys.argv[1]), video="fixed")
except OSError as error:
    sys.exit(error.strerror)
"""


#: The environment of the tests names a proxy that leads nowhere; these requests go past it.
direct = partial(httpx.Client, trust_env=False)
get = partial(httpx.get, trust_env=False)
post = partial(httpx.post, trust_env=False)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator with the fixed video and a clock that the test turns."""
    with Emulator(clock=ManualClock(), video="fixed") as running:
        yield running


def test_small_answers_are_sent_at_once() -> None:
    """The listener names its protocol, for only then does asyncio send an answer without awaiting acknowledgement."""
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_whole_story_over_a_socket(emulator: Emulator) -> None:
    """Submit, turn the clock, download: addresses in replies lead back to this emulator."""
    with direct(base_url=emulator.url, headers=AUTHORIZED) as client:
        (task_id,) = client.post("/v1/generation/image-to-video", json=order()).json()["data"]["task_ids"]
        emulator.clock.advance(3)
        (url,) = client.get(f"/v1/generation/{task_id}/status").json()["data"]["videos"]
    assert url == f"{emulator.url}/result/{task_id}.mp4"
    assert get(url).content[4:8] == b"ftyp"


def test_requests_are_remembered_without_the_key(emulator: Emulator) -> None:
    """Method, path, query, headers and body are kept in order; the key is in none of them."""
    get(f"{emulator.url}/v1/a%2Fb?t=1", headers={"Authorization": "Bearer sk-secret", "X-One": "1"})
    post(
        f"{emulator.url}/v1/generation/image-to-video",
        content=b"x" * 70_000,
        headers={"Authorization": "sk-secret"},
    )
    get(f"{emulator.url}/v1", headers={"Host": "evil.example"})
    first, second, third = emulator.requests
    assert (first.method, first.path, first.query, first.body) == ("GET", "/v1/a%2Fb", "t=1", b"")
    assert first.headers["authorization"] == "Bearer [masked]"
    assert first.headers["x-one"] == "1"
    assert second.body == b"x" * 65_536
    assert second.headers["authorization"] == "[masked]"
    assert third.headers["host"] == "evil.example"
    assert "sk-secret" not in repr(emulator.requests)


def test_half_a_request_is_remembered(emulator: Emulator) -> None:
    """What arrived before the caller hung up stands in the log, and the emulator goes on."""
    address = urlsplit(emulator.url)
    head = b"POST /v1/generation/image-to-video HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection((address.hostname, address.port)) as caller:
        caller.sendall(head + b"half of it")
        # The next answer shows that the emulator has read so far.
        get(emulator.url)
    give_up = time.monotonic() + 20
    while "POST" not in {one.method for one in emulator.requests} and time.monotonic() < give_up:
        get(emulator.url)
    assert [one.body for one in emulator.requests if one.method == "POST"] == [b"half of it"]


def test_the_memory_of_requests_is_bounded() -> None:
    """The last 10,000 requests are kept, so that a long run does not fill the memory."""
    kept = Exchanges(Changes())
    for number in range(10_001):
        kept.begin(SeenRequest("GET", f"/{number}", {}, b""), at=0)
    paths = [one.request.path for one in kept.all()]
    assert (len(paths), paths[0], paths[-1]) == (10_000, "/1", "/10000")


def test_the_memory_of_bodies_is_bounded() -> None:
    """Of all bodies together 64 MiB are kept: large ones push the oldest exchanges out earlier."""
    kept = Exchanges(Changes())
    for _ in range(600):
        exchange = kept.begin(SeenRequest("POST", "/", {}, b"x" * 65_536), at=0)
        exchange.add(b"y" * 65_536)
        exchange.add(b"y")
        kept.touch(exchange)
    assert [len(kept.all()), kept.all()[-1].size] == [512, 131_072]


@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_connection_may_end_with_its_answer(keep_alive: bool) -> None:
    """Connections stay open as the service's do, unless the emulator is told to end each with its answer."""
    with Emulator(video="fixed", keep_alive=keep_alive) as emulator, httpx.Client(trust_env=False) as client:
        told = {client.get(f"{emulator.url}/").headers.get("connection") for _ in range(2)}
        assert told == {None if keep_alive else "close"}


def test_stopping_is_complete() -> None:
    """After stop() nothing listens and no thread is left; a second stop() does nothing."""
    emulator = Emulator(video="fixed").start()
    url = emulator.url
    with direct(base_url=url) as idle:
        idle.get("/")
        emulator.stop()
    emulator.stop()
    with pytest.raises(httpx.ConnectError):
        get(url)
    assert "weryai-emulator" not in [thread.name for thread in threading.enumerate()]


def test_a_download_that_renders_does_not_hold_up_stopping() -> None:
    """stop() ends a running worker: sixty seconds of video are not waited for."""
    emulator = Emulator(clock=ManualClock()).start()
    with direct(base_url=emulator.url, headers=AUTHORIZED) as client:
        body = order(duration=60)
        (task_id,) = client.post("/v1/generation/image-to-video", json=body).json()["data"]["task_ids"]
        emulator.clock.advance(3)
        replies: list[str] = []
        download = threading.Thread(
            target=lambda: replies.append(get(f"{emulator.url}/result/{task_id}.mp4", timeout=60).text)
        )
        download.start()
        while emulator._world.videos._worker is None:
            client.get("/v1/generation/balance")
        emulator.stop()
        download.join(timeout=30)
    assert [json.loads(reply)["message"] for reply in replies] == ["the emulator stops"]


def test_a_port_in_use_is_said_in_a_sentence(emulator: Emulator) -> None:
    """The error names the port and what to do."""
    port = int(emulator.url.rpartition(":")[2])
    with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 is in use; choose another, or 0") as caught:
        Emulator(port=port, video="fixed").start()
    assert caught.value.strerror


@pytest.mark.parametrize("port", [-1, 65_536])
def test_an_impossible_port_is_refused(port: int) -> None:
    """What is no port is a ValueError, not an error of the system."""
    with pytest.raises(ValueError, match="must be 0"):
        Emulator(port=port, video="fixed").start()


def test_the_wanted_port_is_taken() -> None:
    """A port other than 0 is the one it listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Emulator(port=port, video="fixed") as emulator:
        assert emulator.url == f"http://127.0.0.1:{port}"


def test_nobody_outside_this_machine_reaches_it() -> None:
    """The socket is bound to loopback alone, not to every address of the machine."""
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_misuse_is_told() -> None:
    """Asking before the start, starting twice: each says what to do."""
    emulator = Emulator(video="fixed")
    with pytest.raises(RuntimeError, match="with Emulator"):
        _ = emulator.url
    with emulator, pytest.raises(RuntimeError, match="make a new one"):
        emulator.start()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_without_a_traceback(how: signal.Signals) -> None:
    """In the foreground it prints what a client needs and ends on Ctrl-C and SIGTERM with exit code 0."""
    command = [sys.executable, "-c", SERVE, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            greeting = [process.stdout.readline().strip() for _ in range(4)]
            exports = dict(line.removeprefix("export ").split("=", 1) for line in greeting[1:])
            headers = {"Authorization": f"Bearer {exports['WERYAI_API_KEY']}"}
            reply = get(f"{exports['WERYAI_BASE_URL']}/v1/generation/balance", headers=headers)
            process.send_signal(how)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert reply.json()["data"] == 1000
    assert exports["WERYAI_MODELS_BASE_URL"] == exports["WERYAI_BASE_URL"] in greeting[0]
    assert (process.returncode, errors) == (0, "")


def test_serve_on_a_port_in_use(emulator: Emulator) -> None:
    """The CLI can print `strerror` and be understood."""
    port = emulator.url.rpartition(":")[2]
    done = subprocess.run([sys.executable, "-c", SERVE, port], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == f"port {port} of 127.0.0.1 is in use; choose another, or 0 for any free one\n"


def test_an_address_of_another_machine_is_named() -> None:
    """A host that this machine does not have is no trouble with the port, and is not told as such."""
    with pytest.raises(OSError, match=r"203\.0\.113\.9 is no address of this machine; 0\.0\.0\.0 stands for all"):
        Emulator(host="203.0.113.9").start()


def test_it_answers_on_another_address_by_the_names_it_was_given() -> None:
    """In a container others reach it by a name that it was told; a page that made up a name is turned away."""
    with Emulator(video="fixed", host="127.0.0.2", hosts=("Emulator", "fd00::1")) as emulator:
        assert emulator.url.startswith("http://127.0.0.2:")
        for name, status in (
            ("emulator:8765", 200),
            ("[fd00::1]:80", 200),
            ("evil.example", 400),
            ("127.0.0.2", 200),
            ("localhost", 200),
        ):
            headers = {"Host": name, "Authorization": f"Bearer {emulator.key}"}
            reply = httpx.get(f"{emulator.url}/v1/generation/balance", headers=headers, trust_env=False)
            assert reply.status_code == status, name
        assert "--allow-host" in httpx.get(emulator.url, headers={"Host": "x.y"}, trust_env=False).json()["message"]
    with pytest.raises(ValueError, match=r"host='nowhere\.invalid' must be an IP address"):
        Emulator(video="fixed", host="nowhere.invalid").start()


def test_two_scenarios_are_no_order() -> None:
    """A second scenario in the place of the number is told what to do."""
    with Emulator(video="fixed") as emulator, pytest.raises(TypeError, match="a call of its own"):
        emulator.order("fail-copyright", "rate-limit")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("emulator:8080", {"emulator"}),
        ("[fd00::1]:80", {"[fd00::1]"}),
        ("FD00::1", {"[fd00::1]"}),
        (" Emulator ", {"emulator"}),
    ],
)
def test_a_host_is_taken_as_people_write_it(written: str, names: set[str]) -> None:
    """With a port, in capitals, with or without brackets: it is the name that counts, as for webhooks."""
    settings = Settings(hosts=(written,), webhook_hosts=(written,))
    assert (settings.names, settings.webhook_names) == (names, {name.strip("[]") for name in names})


@pytest.mark.parametrize(
    "options",
    [
        {"hosts": (text,)}
        for text in ("http://emulator", "http://emulator:80", "a/b", "", "a b", "a:b", "[::1", "me@emulator")
    ],
)
def test_what_is_no_host_is_refused(options: Any) -> None:
    """A URL, a path or nothing in the place of a host is refused at once, not when nothing arrives."""
    with pytest.raises(ValueError, match="is no host: give its name or address alone"):
        Emulator(**options)


@pytest.mark.parametrize("name", ["hosts", "webhook_hosts", "scenarios"])
@pytest.mark.parametrize("value", ["slow", (5,), None, 5])
def test_what_is_no_tuple_of_texts_is_refused(name: str, value: Any) -> None:
    """`hosts="emulator"` would be eight names of one letter each."""
    options: Any = {name: value}
    with pytest.raises(TypeError, match=f"{name} is a tuple of texts, not "):
        Emulator(**options)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        *(("waiting", value, "number") for value in ("1", None, True)),
        ("speed", "2", "number"),
        ("link_lifetime", "60", "number"),
        *(("balance", value, "whole number") for value in (1.5, "5", True)),
        ("concurrency", 0.5, "whole number"),
    ],
)
def test_a_setting_that_is_no_number_is_named(name: str, value: Any, kind: str) -> None:
    """Half a credit would make a state file that cannot be read again; a text is told by the setting's name."""
    options: Any = {name: value}
    with pytest.raises(TypeError, match=f"{name} is a {kind}, not "):
        Emulator(**options)


@pytest.mark.parametrize("times", ["1", 1.5, None])
def test_a_scenario_is_injected_a_whole_number_of_times(emulator: Emulator, times: Any) -> None:
    """One and a half would be met twice."""
    with pytest.raises(TypeError, match="times is a number, not "):
        emulator.order("slow", times)
    assert emulator.faults == []


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "line\n"])
def test_a_key_that_no_client_can_send_is_refused(key: str) -> None:
    """Every request would be refused; the key is not shown."""
    with pytest.raises(
        ValueError, match=r"\Akey must be printable ASCII without spaces: no client could send another\Z"
    ):
        Emulator(key=key)

"""The ground the other journeys stand on: faults are real, nothing leaves, skips can be forbidden."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.answers import MP4, SUBMIT
from fakes.faults import Answer, Chunks, Close, Half, Hang, Raw, Reply, Reset
from fakes.faulty_server import FaultyServer
from fakes.refusing import RefusingPort
from fakes.surroundings import BASE_URLS, PLANTED_KEY, PROXIES, SKIPS_FAIL

FAULTS = {
    "reset": (Reset(), httpx.ReadError),
    "close": (Close(), httpx.RemoteProtocolError),
    "half": (Half(MP4), httpx.RemoteProtocolError),
    "half and reset": (Half(MP4, reset=True), httpx.ReadError),
    "hang": (Hang(), httpx.ReadTimeout),
    "cut status line": (Raw(), httpx.RemoteProtocolError),
    "not http": (Raw(b"SSH-2.0-OpenSSH\r\n"), httpx.RemoteProtocolError),
    "cut chunks": (Chunks((b"one", b"two"), cut=True), httpx.RemoteProtocolError),
}


@pytest.mark.parametrize(("fault", "seen_as"), FAULTS.values(), ids=list(FAULTS))
def test_every_fault_is_what_it_says(faulty_server: FaultyServer, fault: Answer, seen_as: type[Exception]) -> None:
    """A scripted fault reaches a plain HTTP client as that fault, after the whole request was read."""
    faulty_server.script("POST", SUBMIT, fault)
    with httpx.Client(trust_env=False, timeout=0.5) as client, pytest.raises(seen_as):
        client.post(faulty_server.url + SUBMIT, content=b"body")
    assert [one.body for one in faulty_server.posts(SUBMIT)] == [b"body"]
    faulty_server.assert_met()


def test_complete_answers_are_complete(faulty_server: FaultyServer) -> None:
    """Slow pieces and whole chunks arrive in full, on one kept connection."""
    faulty_server.script("GET", "/", Reply(MP4, pieces=5, pause=0.01), Chunks((b"one", b"two")))
    with httpx.Client(trust_env=False) as client:
        assert client.get(faulty_server.url).content == MP4
        assert client.get(faulty_server.url).content == b"onetwo"
    faulty_server.assert_met()


def test_an_unused_answer_and_an_unscripted_request_are_reported(faulty_server: FaultyServer) -> None:
    """`assert_met` fails while a scripted fault was not met, and when a request had no answer."""
    faulty_server.script("GET", "/one", Reply())
    with pytest.raises(AssertionError, match="nobody asked"):
        faulty_server.assert_met()
    with httpx.Client(trust_env=False) as client:
        client.get(f"{faulty_server.url}/one")
        faulty_server.assert_met()
        client.get(f"{faulty_server.url}/two")
    with pytest.raises(AssertionError, match="GET /two"):
        faulty_server.assert_met()


def test_a_request_with_the_planted_key_would_be_noticed() -> None:
    """The guard on the planted key sees it in a header, in a body and in a path."""
    with FaultyServer() as server, httpx.Client(trust_env=False) as client:
        server.default("POST", "/", Reply())
        client.post(server.url, headers={"Authorization": f"Bearer {PLANTED_KEY}"})
        client.post(server.url, content=PLANTED_KEY)
        client.post(f"{server.url}/{PLANTED_KEY}")
        client.post(server.url)
        assert [one.carries(PLANTED_KEY) for one in server.requests] == [True, True, True, False]


def test_a_child_process_inherits_the_dead_end() -> None:
    """A child has the planted key, every way out at one closed port, and no exception for any host."""
    names = [*BASE_URLS, *PROXIES, "WERYAI_API_KEY", "NO_PROXY", "no_proxy"]
    code = f"import os; print(*(os.environ.get(name) for name in {names!r}))"
    words = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ways_out, (key, *exceptions) = words[: len(BASE_URLS) + len(PROXIES)], words[-3:]
    assert (key, exceptions) == (PLANTED_KEY, ["None", "None"])
    assert len(set(ways_out)) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(ways_out[0], trust_env=False)


def test_the_default_client_cannot_leave(face: Any) -> None:
    """A client with nothing but the environment ends at the closed port, with our own error."""
    import weryai

    with pytest.raises(weryai.NotSentError):
        face.run(lambda client: client.tasks.get("t"), None, api_key=None)


def test_a_refusing_port_refuses() -> None:
    """The closed port refuses while it is held."""
    with RefusingPort() as port, httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(port.url)


SKIPPING = {
    "test_function.py": "import pytest\n\n@pytest.mark.skip(reason='no browser')\ndef test_one():\n    pass\n",
    "test_module.py": "import pytest\n\npytest.skip('no database', allow_module_level=True)\n",
    "test_present.py": "def test_two():\n    pass\n",
}


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_skip_is_a_failure_where_everything_is_installed(tmp_path: Path, forbidden: bool) -> None:
    """Under WERYAI_CI a skipped test or module fails and shows its reason; elsewhere it is only a skip."""
    for name, source in SKIPPING.items():
        (tmp_path / name).write_text(source)
    tests = Path(__file__).resolve().parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tests}{os.pathsep}{os.environ['PYTHONPATH']}",
        SKIPS_FAIL: "1" if forbidden else "",
    }
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-p", "conftest", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
    )
    summary = run.stdout.strip().splitlines()[-1]
    assert run.returncode == (1 if forbidden else 0), run.stdout
    if forbidden:
        assert "1 passed, 2 errors" in summary, run.stdout
        assert "no browser" in run.stdout and "no database" in run.stdout
    else:
        assert "1 passed, 2 skipped" in summary, run.stdout

"""The program as a person runs it, in a process of its own, against the emulator."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.responses import Response

from fakes.faulty_server import FaultyServer
from fakes.surroundings import PLANTED_KEY
from weryai import WeryAI
from weryai.contract._live import may_connect
from weryai.emulator import Emulator
from weryai.emulator._protocol import success

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT / "tests")])}


def contract(folder: Path, *words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """Run the suite and return how it ended."""
    command = [sys.executable, "-m", "weryai", "contract", f"--reports={folder}", "--cases=5", *words]
    environment = {**ENVIRONMENT, **surroundings}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.parametrize("dialect", ["page", "seen"])
def test_the_full_suite_holds_at_the_emulator(tmp_path: Path, faulty_server: FaultyServer, dialect: str) -> None:
    """Every check holds and nothing is unexercised without a reason; proxies and the user's key are left alone."""
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), faulty_server.url)
    done = contract(tmp_path, f"--dialect={dialect}", **proxies)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == str(tmp_path / "index.html")
    assert "seed 20261124" in "\n".join(lines)
    assert ("coverage: 1 of 1 checks hold" in lines) is (dialect == "page")
    assert json.loads((tmp_path / "drift.json").read_text())["drift"] == []
    assert faulty_server.requests == []
    assert PLANTED_KEY not in done.stdout + "".join(path.read_text() for path in tmp_path.iterdir())


def test_the_live_set_at_a_service(tmp_path: Path) -> None:
    """With the live verb the same emulator gets the live set alone: no order is accepted, and the report says so."""
    with Emulator(video="fixed", model_rules="off", concurrency=None) as emulator:
        done = contract(tmp_path, "--live", f"--url={emulator.url}", WERYAI_API_KEY=emulator.key)
        orders = [one for one in emulator.requests if one.method == "POST"]
        assert len(emulator.requests) == 24
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(orders) == 12
    assert "live set: 24 of 24 checks hold" in done.stdout
    assert "the paid smoke test is not part of this run" in done.stdout


def test_one_task_is_paid_for_on_an_explicit_word(tmp_path: Path) -> None:
    """With its price named, one order is accepted; its id is printed, and its video ends on disk."""
    paid = ["--pay-for-tasks=1", "--image=https://example.com/reference.jpg"]
    with Emulator(video="fixed", model_rules="off", concurrency=None, waiting=0.0, processing=0.0) as emulator:
        done = contract(tmp_path, "--live", f"--url={emulator.url}", *paid, WERYAI_API_KEY=emulator.key)
        with WeryAI(emulator.key, base_url=emulator.url) as client:
            left = client.account.balance()
    assert done.returncode == 0, done.stdout + done.stderr
    (task_id,) = re.findall(r"^paid for: task (\S+)$", done.stdout, re.MULTILINE)
    (video,) = re.findall(rf"^the video of task {task_id} is (\S+)$", done.stdout, re.MULTILINE)
    assert Path(video).read_bytes()[4:8] == b"ftyp"
    with (
        Emulator(video="fixed", model_rules="off", concurrency=None) as fresh,
        WeryAI(fresh.key, base_url=fresh.url) as client,
    ):
        before = client.account.balance()
        client.image_to_video.submit("https://example.com/reference.jpg", prompt="wave")
        assert client.account.balance() == left < before
    assert "paid for, because PAY_FOR_TASKS=1" in (tmp_path / "index.html").read_text()


def test_drift_fails_a_strict_run_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A balance with a field that the contract does not know is reported; it ends a run with 1 only if it is strict."""

    async def balance(*_: object) -> Response:
        return success({"balance": 5, "bonus": 1})

    monkeypatch.setattr("weryai.emulator._operations.Operations.balance", balance)
    with Emulator(video="fixed", model_rules="off", concurrency=None) as emulator:
        words = ["--live", f"--url={emulator.url}"]
        codes = [
            contract(tmp_path, *words, *more, WERYAI_API_KEY=emulator.key).returncode for more in ([], ["--strict=1"])
        ]
    assert codes == [0, 1]
    (drift,) = json.loads((tmp_path / "drift.json").read_text())["drift"]
    assert (drift["pointer"], drift["count"]) == ("/data/bonus", 1)
    assert [one["operation"] for one in drift["operations"]] == ["getBalance"]


def test_a_service_that_is_not_there_fails(tmp_path: Path, closed_port: str) -> None:
    """It ends with 1, a sentence for each request, and no traceback."""
    done = contract(tmp_path, f"--url={closed_port}")
    assert done.returncode == 1
    assert "no answer came" in done.stdout
    assert "Traceback" not in done.stderr


CONFINED = """
import socket, sys
from weryai.contract._live import confine, opened
listener = socket.create_server(("127.0.0.1", 0))
confine(to_this_machine=sys.argv[1] == "here")
def tried():
    try:
        socket.create_connection(listener.getsockname(), timeout=5).close()
    except PermissionError:
        return "refused"
    return "connected"
print(tried())
with opened():
    print(tried())
print(tried())
"""


@pytest.mark.parametrize(
    ("mode", "outcome"), [("here", "connected connected connected"), ("live", "refused connected refused")]
)
def test_the_process_connects_only_where_it_may(mode: str, outcome: str) -> None:
    """The full suite reaches this machine; the live set connects only while its guard is sending."""
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, mode], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == outcome.split(), done.stderr


def test_only_this_machine_is_this_machine() -> None:
    """The full suite may connect to loopback addresses and to no other, whatever a name was resolved to."""
    assert may_connect("127.0.0.1", True) and may_connect("::1", True)
    for address in ("192.0.2.1", "10.0.0.1", "0.0.0.0", "::", "::ffff:192.0.2.1", "evil.com", ""):
        assert not may_connect(address, True), address
    assert not may_connect("127.0.0.1", False)

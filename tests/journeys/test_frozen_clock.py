"""A test that freezes the clock of its application stops neither our waits nor their time limits."""

import time
from typing import Any

import pytest

import weryai
from fakes.answers import STATUS, TASK, looked
from fakes.faces import Face
from fakes.faulty_server import FaultyServer

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clocks as freezegun does: each function of `time` that tells a time is replaced."""
    moment, since = time.time(), time.monotonic()

    def standing() -> float:
        return since

    for name in ("monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, standing)
    monkeypatch.setattr(time, "time", lambda: moment)


def wait(client: Any, **options: Any) -> Any:
    """Wait for the task, polling often."""
    return client.tasks.wait(TASK, interval=0.05, **options)


def test_a_wait_goes_on(face: Face, faulty_server: FaultyServer) -> None:
    """Between two polls real time passes, and the wait ends with its task."""
    faulty_server.script("GET", STATUS, looked("processing"), looked("processing"))
    faulty_server.default("GET", STATUS, looked("succeed", videos=["https://example.com/v.mp4"]))
    assert face.run(wait, faulty_server.url).state == "succeeded"


def test_a_time_limit_strikes(face: Face, faulty_server: FaultyServer) -> None:
    """Half a second is half a second."""
    faulty_server.default("GET", STATUS, looked("processing"))
    with pytest.raises(weryai.TaskTimeoutError):
        face.run(lambda client: wait(client, timeout=0.5), faulty_server.url)

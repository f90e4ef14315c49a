"""The sweep finds what the tool alone would not: a task that was given out and is lost."""

from typing import Any

import pytest

from fakes.surroundings import PROXIES
from weryai.contract._checks import Checks
from weryai.contract._exchange import Record
from weryai.contract._place import place_of
from weryai.contract._secrecy import Secret
from weryai.contract._sweep import Issued, run_sweep
from weryai.emulator import Emulator
from weryai.emulator._state.tasks import TaskStore


def test_an_id_that_was_given_out_must_be_found() -> None:
    """Ids of all spellings are remembered, of each answer; others may be unknown."""
    issued = Issued()
    assert not issued.check("submitImageToVideo", {}, {"data": {"batch_id": 7, "task_ids": ["a", "b"]}})
    assert not issued.check("submitTextToVideo", {}, {"data": {"task_id": "c"}})
    lost = {"status": 1003}
    for task_id in "abc":
        assert task_id in issued.check("getTaskStatus", {"taskId": task_id}, lost)
        assert not issued.check("getTaskStatus", {"taskId": task_id}, {"status": 0})
    assert issued.check("getBatchStatus", {"batchId": "7"}, {"status": "1010"})
    assert not issued.check("getTaskStatus", {"taskId": "d"}, lost)
    assert not issued.check("getTaskStatus", {"taskId": "7"}, lost)
    assert issued.asked == 7


def swept() -> list[str]:
    """Sweep an emulator with few cases and return what fails."""
    with Emulator(video="fixed", model_rules="off", concurrency=None, balance=10**9) as emulator:
        secret = Secret(emulator.key)
        checks = Checks(secret)
        run_sweep(place_of(emulator.url), secret, Record(secret), checks, seed=1, cases=10)
    return [problem for check in checks.failed for problem in check.problems]


def test_a_service_that_loses_tasks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator that forgets each task at once fails the sweep with that sentence."""

    def forgotten(*_: Any) -> None:
        return None

    monkeypatch.setattr(TaskStore, "task", forgotten)
    for name in PROXIES:
        monkeypatch.delenv(name)
    problems = swept()
    assert [one for one in problems if "does not find" in one and "which was given out" in one] != [], problems

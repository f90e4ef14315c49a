"""The sweep finds what the tool alone would not: a task that was given out and is lost."""

import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from schemathesis.engine import events
from schemathesis.transport.serialization import Binary
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fakes.surroundings import PROXIES
from weryai.contract import _full
from weryai.contract._full import Issued, run_sweep
from weryai.contract._full import filter_case as _own_filter
from weryai.contract._live import ANYTHING, Expected, place_of
from weryai.contract._record import Checks, Record, Secret
from weryai.emulator import Emulator, _server
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


def swept(expected: Expected = ANYTHING, cases: int = 10) -> list[str]:
    """Sweep an emulator with few cases and return what fails."""
    with Emulator(video="fixed", model_rules="off", concurrency=None, balance=10**9) as emulator:
        secret = Secret(emulator.key)
        checks = Checks(secret)
        run_sweep(place_of(emulator.url), secret, Record(secret), checks, seed=1, cases=cases, expected=expected)
    return [problem.text for check in checks.failed for problem in check.problems]


def test_a_service_that_loses_tasks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator that forgets each task at once fails the sweep with that sentence."""

    def forgotten(*_: Any) -> None:
        return None

    monkeypatch.setattr(TaskStore, "task", forgotten)
    for name in PROXIES:
        monkeypatch.delenv(name)
    problems = swept(cases=3)
    assert [one for one in problems if "does not find" in one and "which was given out" in one] != [], problems


BODIES = [
    ("application/json", {"prompt": "x"}), ("application/json", "x"), ("application/json", b"\x00"),
    ("application/json", Binary(b"{")), ("multipart/form-data", b"x"),
]  # fmt: skip


class Rounding:
    """A service as JavaScript writes them: large integers are refused, and what is no JSON is not for it."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self.state = getattr(inner, "state", None)
        self.unreadable: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and refuse or hand on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._inner(scope, receive, send)
            return
        content = await Request(scope, receive).body()
        try:
            body = json.loads(content or b"0")
        except ValueError:
            self.unreadable.append(content)
            body = None
        number = body.get("caller_id") if isinstance(body, dict) else 0
        if isinstance(number, int) and abs(number) >= 2**53:
            await JSONResponse({"status": 1002, "message": "too large"}, 400)(scope, receive, send)
            return

        async def again() -> Message:
            return {"type": "http.request", "body": content}

        await self._inner(scope, again, send)


def test_a_service_in_javascript_is_spared_what_it_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """With safe integers a refusal beyond 2^53 is none of the contract's, else it fails; nothing unreadable is sent."""
    made = _server.app_of
    served: list[Rounding] = []

    def app_of(world: Any) -> Rounding:
        served.append(Rounding(made(world)))
        return served[-1]

    looked_at: list[Any] = []

    def filter_case(context: Any, case: Any) -> bool:
        looked_at.append(case)
        return _own_filter(context, case)

    monkeypatch.setattr(_full, "filter_case", filter_case)
    monkeypatch.setattr(_server, "app_of", app_of)
    for name in PROXIES:
        monkeypatch.delenv(name)
    only = frozenset({"submitTextToVideo"})
    spared = swept(Expected("any", True, only, has_safe_integers=True, is_for_well_formed=True), cases=4)
    assert (spared, served[0].unreadable) == ([], []) and looked_at
    told = swept(Expected("any", True, only), cases=4)
    assert "Schema-valid request rejected" in " ".join(told)


def test_only_bodies_that_are_json_are_well_formed() -> None:
    """Texts and objects become JSON; bytes go out as they are, and only a form may have them."""
    kept = [_own_filter(None, SimpleNamespace(media_type=kind, body=body)) for kind, body in BODIES]
    assert kept == [True, True, False, False, True]


def test_a_thread_of_the_tool_that_dies_is_its_trouble(capfd: pytest.CaptureFixture[str]) -> None:
    """An answer nested too deep ends threads of the tool: that is a check that fails, and no traceback."""

    def die() -> None:
        raise RecursionError("too deep")

    tally, before = _full.Tally(), threading.excepthook
    with _full._told_by_threads(tally):
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
    assert (tally.troubles, capfd.readouterr().err) == (["RecursionError: too deep"], "")
    assert threading.excepthook is before


def test_a_mock_remembers_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that was given out and is not found fails a service, and not one that is asked as stateless."""
    issued = Issued()
    issued.check("submitImageToVideo", {}, {"data": {"task_id": "a"}})
    operation = SimpleNamespace(definition=SimpleNamespace(raw={"operationId": "getTaskStatus"}))
    case = SimpleNamespace(operation=operation, path_parameters={"taskId": "a"})
    response = SimpleNamespace(status_code=404, json=dict)
    monkeypatch.setattr(_full, "ISSUED", issued)
    monkeypatch.setattr(_full, "EXPECTED", [ANYTHING])
    with pytest.raises(AssertionError, match="was given out"):
        _full.a_linked_id_is_found(None, response, case)
    monkeypatch.setattr(_full, "EXPECTED", [Expected(is_stateless=True)])
    _full.a_linked_id_is_found(None, response, case)


def test_a_sweep_ends_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each silence costs a whole timeout: the third ends it, and is told, unless faults are known."""
    silence = object.__new__(events.ScenarioFinished)

    def asked(expected: Expected) -> _full.Tally:
        secret = Secret("sk-emulator")
        tally, checks, record = _full.Tally(), Checks(secret), Record(secret)
        _full._execute(None, record, checks, tally, expected)
        return tally

    class Stream:
        def __init__(self, _: object) -> None:
            self.is_stopped = False

        def execute(self) -> "Stream":
            return self

        def __iter__(self) -> Iterator[object]:
            return iter([silence] * 20)

        def stop(self) -> None:
            self.is_stopped = True

    monkeypatch.setattr(_full, "from_schema", Stream)
    monkeypatch.setattr(_full, "_note", lambda _event, _record, _checks, tally: tally.unanswered.append("no answer"))
    ended = asked(ANYTHING)
    assert (len(ended.unanswered), ended.troubles) == (3, ["3 requests had no answer; nothing else was asked"])
    assert len(asked(Expected(has_known_faults=True)).unanswered) == 20

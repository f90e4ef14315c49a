"""What counts as drift: whatever an answer holds that the contract does not know."""

import json
from typing import Any

import pytest

from contract.cases import Answer, answers
from contract.reading import operations, resolve, snake_case
from weryai import Drift
from weryai._flow.effects import Reply
from weryai._protocol.drift import LONGEST_VALUE, find_drifts

TASK = {"task_id": "t1", "task_status": "waiting"}


def found(body: Any, http_status: int = 200, endpoint: str = "get_task_status") -> list[tuple[str, str, str]]:
    """The drift in an answer, without what all of it has in common."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [
        (drift.kind, drift.pointer, drift.value) for drift in find_drifts(endpoint, Reply(http_status, {}, content))
    ]


def said(data: Any, **fields: Any) -> dict[str, Any]:
    """An answer that says yes."""
    return {"status": 0, "desc": "success", "message": "success", "data": data, **fields}


DRIFTS: dict[str, tuple[Any, int, list[tuple[str, str, str]]]] = {
    "field of the envelope": (said(TASK, traceId="a"), 200, [("field", "/traceId", '"a"')]),
    "field of the data": (said({**TASK, "progress": 40}), 200, [("field", "/data/progress", "40")]),
    "field of an item": (
        said({**TASK, "videos": [{"url": "https://e.com/1"}, {"url": "https://e.com/2", "fps": 24}]}),
        200,
        [("field", "/data/videos/*/fps", "24")],
    ),
    "field with a slash": (said({**TASK, "a/b~c": 1}), 200, [("field", "/data/a~1b~0c", "1")]),
    "field of every task": (said([{**TASK, "eta": 1}, {**TASK, "eta": 2}]), 200, [("field", "/data/*/eta", "2")]),
    "word": (said({"task_status": "queued"}), 200, [("word", "/data/task_status", '"queued"')]),
    "two words": (
        said([{"task_status": "queued"}, {"task_status": "paused"}]),
        200,
        [("word", "/data/*/task_status", '"queued"'), ("word", "/data/*/task_status", '"paused"')],
    ),
    "code": ({"status": 7777, "message": "no"}, 200, [("code", "/status", "7777")]),
    "code as a text": ({"status": "7777", "message": "no"}, 200, [("code", "/status", '"7777"')]),
    "code as a word": ({"status": "EXPLODED", "message": "no"}, 200, [("code", "/status", '"EXPLODED"')]),
    "status of HTTP": ({"status": 1009, "message": "no"}, 418, [("http_status", "", "418")]),
    "type of a field": (said({**TASK, "task_id": 5}), 200, [("type", "/data/task_id", "5")]),
    "type of a flag": (said(TASK, success=1), 200, [("type", "/success", "1")]),
    "type of the data": (said("done"), 200, [("type", "/data", '"done"')]),
    "data of a refusal": (
        {"status": 1002, "message": "no", "data": {"field": "duration"}},
        200,
        [("field", "/data/field", '"duration"')],
    ),
    "text in a refusal": (
        {"status": 1003.0, "message": "task not exist", "data": "anything"},
        200,
        [("type", "/data", '"anything"')],
    ),
    "no object": ([1], 200, [("type", "", "[1]")]),
    "no JSON": (b"<html>", 200, [("type", "", '"<html>"')]),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_what_the_contract_does_not_know_is_drift(case: str) -> None:
    """Each kind is found with its pointer and a sample, and nothing else is."""
    body, http_status, expected = DRIFTS[case]
    assert found(body, http_status) == expected


@pytest.mark.parametrize(
    "body",
    [
        said(TASK),
        said([{**TASK, "videos": ["https://e.com/v.mp4"]}]),
        said({"task_status": "Completed"}),
        {"status": 200, "msg": "Success", "data": TASK},
        {"status": "0", "data": TASK},
        {"status": "success", "data": TASK},
        {"status": None, "data": TASK},
        {"status": 1003.0, "message": "task not exist", "data": None},
        {"status": 1002, "message": "no"},
    ],
    ids=json.dumps,
)
def test_what_the_contract_knows_is_none(body: Any) -> None:
    """Every documented spelling passes: words in any case, codes as texts, no data in a refusal."""
    assert found(body) == []


def test_a_gateways_page_is_none() -> None:
    """Pages of gateways are expected by the contract: they say nothing about the API."""
    assert found(b"<html>", 504) == []
    assert found(b"<html>", 502) == [("http_status", "", "502")]


@pytest.mark.parametrize("answer", answers(), ids=lambda answer: answer.name)
def test_no_example_of_the_contract_drifts(answer: Answer) -> None:
    """The contract knows its own examples, and would notice one more field in each of them."""
    described = resolve(answer.operation.spec["responses"][answer.code])["content"]["application/json"]
    status = 500 if answer.code == "default" else int(answer.code)
    endpoint = snake_case(answer.operation.name)
    for example in map(resolve, described["examples"].values()):
        assert found(example["value"], status, endpoint) == []
        more = {**example["value"], "unheard": 1}
        assert found(more, status, endpoint) == [("field", "/unheard", "1")]


def test_every_operation_is_known_by_its_module() -> None:
    """A module's name leads to its operation; a name of no operation leads to no drift."""
    for one in operations():
        (drift,) = find_drifts(snake_case(one.name), Reply(299, {}, b'{"status": 0, "data": 1}'))[:1]
        assert (drift.operation, drift.kind) == (one.name, "http_status")
    assert find_drifts("get_weather", Reply(299, {}, b"{}")) == []


def test_a_sample_is_short() -> None:
    """However long a value is, its sample is one line of bounded length."""
    ((_, _, value),) = found(said({**TASK, "note": "a\n" * 10_000}))
    assert len(value) <= LONGEST_VALUE + 3
    deep = b'{"status": 0, "data": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}"
    assert found(deep)[0][:2] == ("field", "/data/x")


def test_drift_is_a_value() -> None:
    """It is frozen, compares by its fields and says in a sentence what is where."""
    drift = Drift("field", "getBalance", 200, "/data/bonus", "5")
    assert drift == Drift("field", "getBalance", 200, "/data/bonus", "5")
    with pytest.raises(AttributeError):
        drift.kind = "word"  # type: ignore[misc]
    assert str(drift) == "getBalance, HTTP 200: unknown field at /data/bonus: 5"
    assert "does not list" in str(Drift("http_status", "getBalance", 418, "", "418"))

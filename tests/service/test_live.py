"""What must come of a request of the live set."""

import json
from typing import Any

import pytest

from fakes.recording_service import MODELS, NO_KEY, NOT_FOUND, WRONG
from weryai.contract._live import ANYTHING, LIVE_URL, Credential, Expected, judge, place_of, planned_request
from weryai.contract._reading import operation
from weryai.contract._record import Exchange, Problem

LIVE = place_of(LIVE_URL)
ACCEPTED = {"status": 0, "data": {"task_ids": ["t1"]}}
BALANCE = {"status": 0, "data": 1000}

RIGHT: list[tuple[str, Credential, int, Any]] = [
    ("getBalance", "real", 200, BALANCE),
    ("getBalance", "real", 200, {"success": True, "data": {"balance": "5"}}),
    ("listVideoModels", "real", 200, MODELS),
    ("getTaskStatus", "real", *NOT_FOUND),
    ("getTaskStatus", "real", 404, {"status": 404, "message": "not found"}),
    ("getBatchStatus", "real", 200, {"status": "1010", "message": "batch not exist"}),
    ("submitImageToVideo", "wrong", *WRONG),
    ("submitImageToVideo", "missing", *NO_KEY),
    ("uploadFile", "missing", 200, NO_KEY[1]),
    ("getBalance", "wrong", 429, {"status": 1001, "message": "rate"}),
]
WRONG_ANSWERS: list[tuple[str, Credential, int, Any, str]] = [
    ("getBalance", "real", *NO_KEY, "refused"),
    ("getBalance", "real", 200, {"status": 5000, "message": "no"}, "refused"),
    ("getBalance", "real", 200, b"<html>", "refused"),
    ("getBalance", "real", 200, {"status": 0, "desc": 5}, "does not allow"),
    ("listVideoModels", "real", 500, {"status": 500}, "the service failed"),
    ("getTaskStatus", "real", 200, {"status": 0, "data": {"task_status": "waiting"}}, "not 'not found'"),
    ("getTaskStatus", "real", 400, {"status": 1002, "message": "task id error"}, "not 'not found'"),
    ("submitImageToVideo", "missing", 200, ACCEPTED, "work was accepted"),
    ("submitTextToVideo", "wrong", 403, {"status": 403, "data": {"task_id": "t1"}}, "work was accepted"),
    ("uploadFile", "wrong", 200, {"status": 0, "data": {"object_url_list": ["https://e.com/x"]}}, "was not refused"),
    ("getBalance", "missing", 200, BALANCE, "was not refused"),
    ("getBalance", "missing", 302, b"", "redirect"),
]


def judged(
    name: str, credential: Credential, http_status: int, body: Any, expected: Expected = ANYTHING
) -> list[Problem]:
    """Judge an answer to one of the live set's requests."""
    planned = planned_request(LIVE, operation(name), credential)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(planned, Exchange("test", planned.method, planned.url, "", b"", http_status, {}, content), expected)


@pytest.mark.parametrize(("name", "credential", "http_status", "body"), RIGHT)
def test_right_answers_pass(name: str, credential: Credential, http_status: int, body: Any) -> None:
    """Good keys are answered, unknown ids are not found, wrong and missing keys are refused, in every spelling."""
    assert judged(name, credential, http_status, body) == []


@pytest.mark.parametrize(("name", "credential", "http_status", "body", "problem"), WRONG_ANSWERS)
def test_wrong_answers_are_told(name: str, credential: Credential, http_status: int, body: Any, problem: str) -> None:
    """Each way to get it wrong is named."""
    assert problem in " ".join(map(str, judged(name, credential, http_status, body)))


def test_a_stateless_service_may_know_an_id_or_not() -> None:
    """A mock answers for any id, or knows none of them: both hold; a refusal of the request does not."""
    mock = Expected(is_stateless=True)
    for answer in ((200, {"status": 0, "data": {"task_status": "waiting"}}), NOT_FOUND, (404, {"status": 404})):
        assert judged("getTaskStatus", "real", *answer, mock) == []
    for answer in (NO_KEY, (400, {"status": 1002, "message": "task id error"}), (200, b"<html>")):
        assert judged("getTaskStatus", "real", *answer, mock) != []

"""Task ids are found in whatever comes, and whatever comes is a result or an error of ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.playing import look, play, submit
from weryai import RetryPolicy
from weryai._flow.effects import Reply
from weryai._protocol.envelope import Envelope, accept, accept_paid, find_task_ids
from weryai.errors import APIError, ContractError, OutcomeUnknownError, ServerError, WeryAIError

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)

FOUND: list[tuple[Any, tuple[str, ...]]] = [
    ({"data": {"task_ids": ["a", "b"]}}, ("a", "b")),
    ({"data": {"task_ids": ["a", "b"], "task_id": "a"}}, ("a", "b")),
    ({"data": {"task_id": "a"}}, ("a",)),
    ({"data": {"taskId": "a"}}, ("a",)),
    ({"data": {"taskIds": ["a"]}}, ("a",)),
    ({"data": {"task_ids": "a"}}, ("a",)),
    ({"data": [{"task_id": "a"}, {"task_id": "b"}]}, ("a", "b")),
    ({"data": {"task_ids": [7, 8]}}, ("7", "8")),
    ({"data": {"task_id": 0}}, ()),
    ({"data": {"task_ids": ["0", 0, "a"]}}, ("a",)),
    ({"task_ids": ["a"]}, ("a",)),
    ([{"task_id": "a"}], ("a",)),
    ({"data": {"task_ids": [" a ", "", None, True, {}, []]}}, ("a",)),
    ({"data": {"task_ids": []}}, ()),
    ({"data": "task_abc"}, ()),
    (None, ()),
    ('{"status":0,"data":{"task_ids":["a","b"', ("a", "b")),
    ('{"data":{"task_ids":["a","b', ("a",)),
    ('{"data":{"task_id":"a"', ("a",)),
    ('{"data":{"taskId" : "a', ()),
    ("<html>task_ids</html>", ()),
]


@pytest.mark.parametrize(("raw", "ids"), FOUND, ids=[str(raw) for raw, _ in FOUND])
def test_task_ids_are_found_wherever_they_stand(raw: Any, ids: tuple[str, ...]) -> None:
    """Every spelling and place of a task id is read, once each; of cut text only ids whose end came."""
    assert find_task_ids(raw) == ids


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "desc", "message", "msg", "success", "data", "task_ids", "task_id", "x"]), inner
        )
    ),
    max_leaves=12,
)
CONTENT = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
HEADERS = st.dictionaries(st.sampled_from(["retry-after", "x-request-id", "location"]), st.text(max_size=8))


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("body", [{"status": 0, "data": {"x": 1}}, {"success": True, "data": [1]}, {"data": "x"}])
def test_a_yes_in_the_body_of_an_error_is_no_success(status: int, body: Any) -> None:
    """HTTP 4xx and 5xx are refusals whatever the envelope says: both have to say yes."""
    outcome = outcome_of(accept, Reply(status, {}, json.dumps(body).encode()))
    assert isinstance(outcome, APIError) and outcome.http_status == status


@DETERMINISTIC
@given(CONTENT, st.integers(100, 599), HEADERS)
def test_any_answer_to_a_free_request(content: bytes, status: int, headers: dict[str, str]) -> None:
    """Whatever comes, a free request gives an envelope, a ContractError below 400, or an APIError."""
    outcome = outcome_of(accept, Reply(status, headers, content))
    match outcome:
        case Envelope():
            assert 200 <= status < 300
        case APIError():
            assert status >= 400 or 200 <= status < 300
            assert status < 500 or type(outcome) is ServerError
        case ContractError():
            assert status < 400
            assert not outcome.may_have_been_billed
        case _:
            raise AssertionError(outcome)
    assert outcome.http_status == status
    assert str(outcome)


@DETERMINISTIC
@given(CONTENT, st.integers(100, 599), HEADERS)
def test_any_answer_to_a_paid_request(content: bytes, status: int, headers: dict[str, str]) -> None:
    """Whatever comes, a paid request gives task ids in a 2xx or one of our errors, and a 5xx is always unknown."""
    outcome = outcome_of(lambda answer: accept_paid(answer, "POST /x"), Reply(status, headers, content))
    assert isinstance(outcome, OutcomeUnknownError) == (status >= 500 or status == 408)
    match outcome:
        case (envelope, task_ids):
            assert 200 <= envelope.http_status < 300
            assert task_ids
            assert "" not in task_ids
        case OutcomeUnknownError():
            assert outcome.http_status == status
        case ContractError():
            assert status < 400
            assert outcome.may_have_been_billed
        case APIError():
            assert 200 <= status < 300 or 400 <= status < 500
        case _:
            raise AssertionError(outcome)


def outcome_of(accept_reply: Callable[[Reply], Any], answer: Reply) -> Any:
    """Return what an answer is accepted as, or the error of ours that it raises; anything else escapes and fails."""
    try:
        return accept_reply(answer)
    except WeryAIError as error:
        return error


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("paid", [False, True], ids=["free", "paid"])
def test_nesting_at_the_limit_of_the_parser(status: int, paid: bool) -> None:
    """A body nested as deep as the parser can just read, or cannot, is still an error of ours, whatever the depth."""
    options = RetryPolicy(tries=1)
    for depth in range(900, 1001):
        body = b"[" * depth + b"]" * depth
        flow = submit("https://e.com/a.jpg", prompt="x", retry=options) if paid else look("t1", options)
        assert isinstance(play(flow, Reply(status, {}, body)).error, WeryAIError), depth


@pytest.mark.parametrize("status", [200, 302, 400, 500])
@pytest.mark.parametrize("body", [b'{"status": 1002, "message": "\\ud800"}', b'"\\udfff"', b"\xff\xfe"])
def test_every_message_can_be_printed(status: int, body: bytes) -> None:
    """Half of a surrogate pair, which JSON can name and no terminal can show, is not in an error's text."""
    for accept_reply in (accept, lambda answer: accept_paid(answer, "POST /x")):
        error = outcome_of(accept_reply, Reply(status, {}, body))
        assert isinstance(error, WeryAIError)
        assert str(error).encode("utf-8")

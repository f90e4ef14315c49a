"""A task id is money: it is found wherever an answer holds it, and no half of one is ever taken for one."""

from typing import Any

import pytest

from fakes.playing import play, reply, submit
from weryai._flow.retry import is_repeatable
from weryai._protocol.envelope import accept_paid, find_task_ids
from weryai.errors import APIError, InvalidRequestError

SUBMIT = "POST /v1/generation/image-to-video"


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        ({"data": {"tasks": [{"task_id": "a"}, {"task_id": "b"}]}}, ("a", "b")),
        ({"data": {"result": {"taskIds": ["a"]}, "task_id": "b"}}, ("b", "a")),
        ([{"task_id": 7}], ("7",)),
        ({"data": {"task_ids": [["a", "b"], [["c"]]]}}, ("a", "b", "c")),
        ({"status": 0, "data": '{"task_ids": ["a", "b"]}'}, ("a", "b")),
        ({"data": {"task_id": ["a", {"task_id": "b"}]}}, ("a", "b")),
        ('{"data":{"task_ids":[123,456', ("123",)),
        ('{"data":{"task_ids":[123,456]', ("123", "456")),
        ('{"data":{"task_ids":["a","b', ("a",)),
        ('{"data":{"task_id":123', ()),
        ('{"data":{"task_id":123,', ("123",)),
        ('{"data":{"task_id":"a"', ("a",)),
        ("<html>no id here</html>", ()),
        ({"data": {"taskID": "b", "task-ids": ["a"], "TaskId": "c"}}, ("a", "b", "c")),
        ('{"data":{"TASK_IDS":["a"', ("a",)),
        ({"data": {"task_id": 123.0}}, ("123",)),
        ({"data": {"task_ids": [2.0**60, 1.5, float("inf")]}}, ()),
        ({"data": {"task_ids": [0, -1, "null", "None", " undefined ", "nil", ""]}}, ()),
    ],
)
def test_ids_are_found_at_any_depth_and_in_cut_answers(raw: Any, ids: tuple[str, ...]) -> None:
    """Nested, numeric, cut, under any spelling: whole ids are found; what is cut, inexact or means none is not."""
    assert find_task_ids(raw) == ids


@pytest.mark.parametrize("http_status", [400, 429])
def test_a_refusal_with_a_nested_id_is_never_repeated(http_status: int) -> None:
    """An id anywhere in a refusal means that something was started, so the order is not sent again."""
    with pytest.raises(APIError) as caught:
        accept_paid(reply({"status": 1001, "data": {"tasks": [{"task_id": "a"}]}}, http_status), SUBMIT)
    assert caught.value.task_ids == ("a",)
    assert not is_repeatable(caught.value, paid=True)


@pytest.mark.parametrize(
    "message",
    [
        "invalid aspect_ratio",
        "prompt too long",
        "prompt exceeds the limit",
        "image url error",
        "model is not exist",
        "video number 9 is not supported",
        "callerid not exist",
        "frame rate 60 is not supported",
    ],
)
def test_1001_about_a_parameter_is_never_repeated(message: str) -> None:
    """The docs guide's meaning of 1001: the service's own words about parameters end the tries."""
    with pytest.raises(InvalidRequestError) as caught:
        accept_paid(reply({"status": 1001, "message": message}), SUBMIT)
    assert not is_repeatable(caught.value, paid=True)


def test_a_garbled_message_does_not_lose_the_id() -> None:
    """A message in another charset than UTF-8 leaves the rest of the answer readable."""
    content = b'{"status":0,"message":"\xb3\xc9\xb9\xa6","data":{"task_ids":["a"]}}'
    assert accept_paid(reply(content), SUBMIT)[1] == ("a",)


@pytest.mark.parametrize("batch_id", [123456789, "b-1"])
def test_a_submission_keeps_its_batch_id(batch_id: int | str) -> None:
    """The batch id of the answer is the Submission's."""
    answer = reply({"status": 0, "data": {"batch_id": batch_id, "task_ids": ["a", "b"]}})
    submission = play(submit("https://a.b/c.jpg", prompt="x"), answer).result
    assert (submission.task_ids, submission.batch_id) == (("a", "b"), batch_id)


@pytest.mark.parametrize("batch_id", [0, "null", True, [], 1.5])
def test_a_batch_id_that_is_none_is_not_kept(batch_id: Any) -> None:
    """Nobody can be asked for the batch 0 or null, so the tasks are asked for one by one."""
    answer = reply({"status": 0, "data": {"batch_id": batch_id, "task_ids": ["a", "b"]}})
    assert play(submit("https://a.b/c.jpg", prompt="x"), answer).result.batch_id is None

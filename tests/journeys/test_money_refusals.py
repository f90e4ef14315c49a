"""An explicit refusal created no task: some are repeated with care, the others never."""

from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, accepted, envelope, refused
from fakes.faces import Face, submit
from fakes.faults import Answer, Reply, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import RetryPolicy

pytestmark = pytest.mark.timeout(60)


def test_retry_after_is_obeyed(face: Face, faulty_server: FaultyServer) -> None:
    """429 with Retry-After: 2 is followed by exactly one POST, two seconds later."""
    faulty_server.script("POST", SUBMIT, html_reply(429, headers={"Retry-After": "2"}), accepted())
    assert face.run(submit, faulty_server.url).task_ids == ("task_abc123",)
    first, second = faulty_server.posts()
    assert 1.9 <= second.at - first.at < 10
    assert first.body == second.body
    faulty_server.assert_met()


@pytest.mark.parametrize("value", ["soon", "-5", "", "nan", "0"])
def test_a_retry_after_without_a_wait_means_the_usual_one(face: Face, faulty_server: FaultyServer, value: str) -> None:
    """A Retry-After that names no wait neither breaks the client nor stops the second try."""
    faulty_server.script("POST", SUBMIT, html_reply(429, headers={"Retry-After": value}), accepted())
    assert face.run(submit, faulty_server.url).task_ids == ("task_abc123",)
    assert len(faulty_server.posts()) == 2


@pytest.mark.parametrize("http_status", [200, 429])
def test_a_long_retry_after_is_the_callers_to_decide(face: Face, faulty_server: FaultyServer, http_status: int) -> None:
    """A wait longer than the budget is raised with `.retry_after`, after one POST."""
    answer = refused(6010, "max 20 concurrent tasks", http_status, Retry_After="3600")
    faulty_server.script("POST", SUBMIT, answer)
    with pytest.raises(weryai.RateLimitError) as caught:
        face.run(submit, faulty_server.url)
    assert caught.value.retry_after == 3600
    assert len(faulty_server.posts()) == 1


def test_the_budget_is_the_callers(face: Face, faulty_server: FaultyServer) -> None:
    """A Retry-After beyond the policy's own budget is raised, not waited for."""
    faulty_server.script("POST", SUBMIT, html_reply(429, headers={"Retry-After": "2"}))
    with pytest.raises(weryai.RateLimitError) as caught:
        face.run(submit, faulty_server.url, retry=RetryPolicy(budget=1.0, first_delay=0.01))
    assert caught.value.retry_after == 2
    assert len(faulty_server.posts()) == 1


REPEATED: dict[str, tuple[Answer, type[weryai.APIError]]] = {
    "429": (Reply(status=429), weryai.RateLimitError),
    "429 page": (html_reply(429), weryai.RateLimitError),
    "1001": (refused(1001, "request rate limit exceeded"), weryai.RateLimitError),
    "1001 in Chinese": (refused(1001, "请求频率超限"), weryai.RateLimitError),
    "1001 with 429": (refused(1001, "request rate limit exceeded", 429), weryai.RateLimitError),
    "1007": (refused(1007, "queue full"), weryai.RateLimitError),
    "6001": (refused(6001, "工作流系统异常"), weryai.ServerError),
    "6002": (refused(6002, "workflow rate limit exceeded"), weryai.RateLimitError),
    "6010": (refused(6010, "max 20 concurrent tasks"), weryai.RateLimitError),
}


@pytest.mark.parametrize(("answer", "error"), REPEATED.values(), ids=list(REPEATED))
def test_a_passing_refusal_is_repeated_five_times_at_most(
    face: Face, faulty_server: FaultyServer, answer: Answer, error: type[weryai.APIError]
) -> None:
    """A refusal that passes with time is tried five times in all, then raised as what it is."""
    faulty_server.default("POST", SUBMIT, answer)
    with pytest.raises(error):
        face.run(submit, faulty_server.url)
    assert len(faulty_server.posts()) == 5


@pytest.mark.parametrize("answer", [case[0] for case in REPEATED.values()], ids=list(REPEATED))
def test_a_passing_refusal_ends_in_one_task(face: Face, faulty_server: FaultyServer, answer: Answer) -> None:
    """As soon as the service says yes the client stops asking."""
    faulty_server.script("POST", SUBMIT, answer, answer, accepted())
    assert face.run(submit, faulty_server.url).task_ids == ("task_abc123",)
    assert len(faulty_server.posts()) == 3


@pytest.mark.parametrize("answer", [case[0] for case in REPEATED.values()], ids=list(REPEATED))
def test_one_try_is_one_post(face: Face, faulty_server: FaultyServer, answer: Answer) -> None:
    """`RetryPolicy(tries=1)` never repeats."""
    faulty_server.default("POST", SUBMIT, answer)
    with pytest.raises(weryai.APIError):
        face.run(submit, faulty_server.url, retry=RetryPolicy(tries=1))
    assert len(faulty_server.posts()) == 1


FINAL: dict[str, tuple[int, str, int, type[weryai.APIError]]] = {
    "6101 with 429": (6101, "daily limit exceeded", 429, weryai.RateLimitError),
    "6101": (6101, "daily limit exceeded", 200, weryai.RateLimitError),
    "1011 with 429": (1011, "insufficient credits", 429, weryai.InsufficientCreditsError),
    "1011": (1011, "insufficient credits", 200, weryai.InsufficientCreditsError),
    "1004 with 429": (1004, "insufficient credits", 429, weryai.InsufficientCreditsError),
    "1004": (1004, "insufficient credits", 200, weryai.InsufficientCreditsError),
    "1015 with 429": (1015, "daily upload limit", 429, weryai.APIError),
    "1015": (1015, "daily upload limit", 200, weryai.APIError),
    "1001 of a parameter": (1001, "Parameter error", 200, weryai.InvalidRequestError),
    "1001 of a parameter with 429": (1001, "Parameter error", 429, weryai.InvalidRequestError),
    "1006": (1006, "not model", 200, weryai.ModelUnavailableError),
    "2003": (2003, "image text check failed", 200, weryai.ContentRejectedError),
    "1005": (1005, "content moderation", 200, weryai.ContentRejectedError),
    "1002 of a parameter": (1002, "duration 3 is not supported", 200, weryai.InvalidRequestError),
    "1009": (1009, "permission denied", 200, weryai.PermissionDeniedError),
    "an unknown code": (7777, "a new way to say no", 200, weryai.APIError),
}


@pytest.mark.parametrize(("code", "message", "http_status", "error"), FINAL.values(), ids=list(FINAL))
def test_a_refusal_that_stays_is_not_repeated(
    face: Face,
    faulty_server: FaultyServer,
    code: int,
    message: str,
    http_status: int,
    error: type[weryai.APIError],
) -> None:
    """The code of the body outranks HTTP 429: what waiting cannot cure is raised after one POST."""
    faulty_server.script("POST", SUBMIT, refused(code, message, http_status, Retry_After="0"))
    with pytest.raises(error) as caught:
        face.run(submit, faulty_server.url)
    assert len(faulty_server.posts()) == 1
    assert (caught.value.code, caught.value.http_status) == (code, http_status)
    assert message in caught.value.message and message in str(caught.value)


def test_a_client_error_is_not_repeated(face: Face, faulty_server: FaultyServer) -> None:
    """A 400 is a no: one POST and the service's own words."""
    faulty_server.script("POST", SUBMIT, refused(1002, "aspect ratio cannot be empty", 400))
    with pytest.raises(weryai.InvalidRequestError, match="aspect ratio cannot be empty") as caught:
        face.run(submit, faulty_server.url)
    assert caught.value.http_status == 400
    assert len(faulty_server.posts()) == 1


def with_task(code: int, http_status: int, **ids: Any) -> Reply:
    """Answer with a refusal that nevertheless names a task."""
    reply = envelope(ids or {"task_id": "task_abc123"}, status=code, desc="odd", message="odd")
    return json_reply(reply, http_status, {"Retry-After": "0"})


@pytest.mark.parametrize("code", [7777, 42, -1])
@pytest.mark.parametrize("http_status", [200, 201, 202])
def test_a_task_in_a_2xx_is_a_submission(face: Face, faulty_server: FaultyServer, code: int, http_status: int) -> None:
    """Beside a code of no table an id in a 2xx is paid work, so it reaches the caller and nothing repeats."""
    faulty_server.script("POST", SUBMIT, with_task(code, http_status, task_ids=["task_a", "task_b"]))
    submission = face.run(submit, faulty_server.url)
    assert submission.task_ids == ("task_a", "task_b")
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize("code", [1001, 6001, 1011, 500])
@pytest.mark.parametrize("http_status", [200, 202])
def test_a_task_beside_a_known_refusal_is_unknown(
    face: Face, faulty_server: FaultyServer, code: int, http_status: int
) -> None:
    """A 2xx that refuses by a code of the table and names tasks proves nothing: the ids are on the error, one POST."""
    faulty_server.script("POST", SUBMIT, with_task(code, http_status, task_ids=["task_a", "task_b"]))
    with pytest.raises(weryai.OutcomeUnknownError, match="task_a, task_b") as caught:
        face.run(submit, faulty_server.url)
    assert caught.value.task_ids == ("task_a", "task_b")
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize("http_status", [400, 401, 403, 404, 409, 422, 429, 500, 503, 504])
@pytest.mark.parametrize("code", [0, 1001, 6010])
def test_a_task_in_an_error_is_on_the_error(
    face: Face, faulty_server: FaultyServer, code: int, http_status: int
) -> None:
    """Where HTTP says no but a task is named, the id is on the error and the POST is not repeated."""
    faulty_server.script("POST", SUBMIT, with_task(code, http_status))
    expected: Any = weryai.OutcomeUnknownError if http_status >= 500 else weryai.APIError
    with pytest.raises(expected) as caught:
        face.run(submit, faulty_server.url)
    assert caught.value.task_ids == ("task_abc123",)
    assert caught.value.http_status == http_status
    assert len(faulty_server.posts()) == 1

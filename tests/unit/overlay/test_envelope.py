"""What each answer means: a table of bodies, for free and for paid requests, and that nothing else ever comes out."""

import json
from typing import Any

import pytest

from fakes.playing import reply
from weryai import errors
from weryai._flow.effects import Reply
from weryai._protocol.envelope import CODES, accept, accept_paid, read_envelope
from weryai.errors import (
    APIError,
    AuthenticationError,
    ContentRejectedError,
    ContractError,
    InsufficientCreditsError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    WeryAIError,
)

REQUEST = "POST /v1/generation/image-to-video"
IDS = {"batch_id": 123456789, "task_ids": ["task_abc123"]}
SINGLE = {"task_id": "task_abc123", "task_status": "waiting"}


def outcome(answer: Reply, *, paid: bool) -> Any:
    """Return the task ids of an accepted submission, "ok" for a free success, or the error."""
    try:
        if paid:
            return accept_paid(answer, REQUEST)[1]
        accept(answer)
    except WeryAIError as error:
        return error
    return "ok"


# Bodies that come with HTTP 200, and what they mean for a free request ("ok" or an error class).
SUCCESSES: list[Any] = [
    {"status": 0, "desc": "success", "message": "success", "data": IDS},
    {"status": 0, "desc": "success", "message": "success", "data": SINGLE},
    {"status": 200, "msg": "Success", "data": IDS},
    {"success": True, "data": IDS},
    {"success": "true", "data": IDS},
    {"status": 200, "success": True, "data": SINGLE},
    {"status": "0", "data": IDS},
    {"status": " 200 ", "data": IDS},
    {"status": "success", "data": IDS},
    {"status": "OK", "data": IDS},
    {"status": None, "data": IDS},
    {"data": IDS},
    {"status": 0.0, "data": IDS},
    {"status": 0, "data": [SINGLE]},
    {"status": 0, "data": {"taskId": "task_abc123"}},
    {"status": 0, "data": {"taskIds": ["task_abc123"]}},
    {"status": 0, "task_id": "task_abc123"},
]


@pytest.mark.parametrize("body", SUCCESSES, ids=json.dumps)
def test_every_spelling_of_success(body: Any) -> None:
    """Success has many spellings; each is a success for both kinds of requests, and its task id is found."""
    assert outcome(reply(body), paid=False) == "ok"
    assert outcome(reply(body), paid=True) == ("task_abc123",)


REFUSALS: dict[type[APIError], list[Any]] = {
    AuthenticationError: [
        {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"},
        {"status": 403, "msg": "INVALID_API_KEY"},
        {"status": 401},
    ],
    InvalidRequestError: [
        {"status": 1002, "desc": "PARAMETER_ERROR", "message": "duration 3 is not supported"},
        {"status": 1002, "desc": "PARAMETER_ERROR", "message": "aspect ratio cannot be empty"},
        {"status": "1002", "message": "images exceeds the limit"},
    ],
    RateLimitError: [
        {"status": 1001, "desc": "REQUEST_RATE_LIMIT_EXCEEDED", "message": "request rate limit exceeded"},
        {"status": 6010, "desc": "WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED", "message": "..."},
        {"status": 6101, "desc": "OPEN_API_DAILY_LIMIT_EXCEEDED", "message": "..."},
    ],
    ModelUnavailableError: [{"status": 1006, "desc": "NOT_MODEL", "message": "not model"}],
    InsufficientCreditsError: [{"status": 1011, "desc": "INSUFFICIENT_CREDITS", "message": "..."}],
    ContentRejectedError: [{"status": 2003, "desc": "IMG_TEXT_CHECK_FAILED", "message": "..."}],
    ServerError: [{"status": 6001, "desc": "WORKFLOW_SYSTEM_ERROR", "message": "工作流系统异常"}],
    NotFoundError: [{"status": 1003, "desc": "RESOURCE_NOT_EXISTS", "message": "task not exist"}],
    APIError: [{"status": 4711, "message": "new"}, {"success": False, "data": {}}, {"status": 0, "success": False}],
}
REFUSED = [(kind, body) for kind, bodies in REFUSALS.items() for body in bodies]


@pytest.mark.parametrize("paid", [False, True], ids=["free", "paid"])
@pytest.mark.parametrize(("kind", "body"), REFUSED, ids=[json.dumps(body) for _, body in REFUSED])
def test_a_refusal_with_http_200_is_a_refusal(kind: type[APIError], body: Any, paid: bool) -> None:
    """A body that says no is an APIError of exactly its class, whatever the status line says, for both kinds."""
    error = outcome(reply(body), paid=paid)
    assert type(error) is kind
    assert error.raw == body
    assert error.http_status == 200


UNREADABLE: list[Any] = [
    b"",
    b"<html>502</html>",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"7",
    b'"x"',
    {},
    {"status": None},
    {"status": True},
]


@pytest.mark.parametrize("body", UNREADABLE, ids=repr)
def test_a_2xx_that_says_nothing_is_a_contract_error(body: Any) -> None:
    """An unreadable 2xx is a ContractError that keeps the body; after a paid request it may have been billed."""
    free, paid = outcome(reply(body), paid=False), outcome(reply(body), paid=True)
    assert (type(free), free.may_have_been_billed) == (ContractError, False)
    assert (type(paid), paid.may_have_been_billed) == (ContractError, True)
    assert paid.raw == read_envelope(reply(body)).raw


@pytest.mark.parametrize(
    "data", [None, {}, [], "done", {"task_ids": []}, {"task_ids": None, "task_id": ""}, {"batch_id": 1}]
)
def test_an_accepted_submission_without_an_id_may_have_been_billed(data: Any) -> None:
    """A success that names no task is a ContractError with may_have_been_billed, not a Submission."""
    error = outcome(reply({"status": 0, "data": data}), paid=True)
    assert type(error) is ContractError
    assert error.may_have_been_billed
    assert "billed" in str(error)


@pytest.mark.parametrize("refusing", [{"status": 7777}, {"status": "queued"}, {"status": "42"}], ids=str)
def test_a_task_id_outranks_what_no_table_knows_in_a_2xx(refusing: dict[str, Any]) -> None:
    """Where HTTP says yes and a task id is there, a code or word of no table does not hide it: that is drift."""
    assert outcome(reply({**refusing, "data": IDS}), paid=True) == ("task_abc123",)


NOES = [{"status": 1002}, {"status": "1011"}, *({"success": no} for no in (False, "false", "False ", 0, "0"))]


@pytest.mark.parametrize("refusing", NOES, ids=str)
def test_a_known_refusal_with_a_task_id_is_unknown(refusing: dict[str, Any]) -> None:
    """Yes by HTTP, no by the table, and a task id: nobody knows, and the id is named."""
    error = outcome(reply({**refusing, "data": IDS}), paid=True)
    assert (type(error), error.task_ids) == (OutcomeUnknownError, ("task_abc123",))
    assert "task_abc123" in str(error)


@pytest.mark.parametrize("status", [307, 400, 408, 429, 500, 504])
def test_task_ids_of_other_answers_stand_on_the_error(status: int) -> None:
    """A task id in an answer that is no 2xx is on the error, so that paid work is not lost."""
    error = outcome(reply({"status": 1001, "message": "busy", "data": IDS}, status), paid=True)
    assert error.task_ids == ("task_abc123",)
    assert "task_abc123" in str(error)


HTTP_STATUSES = [
    (401, AuthenticationError, AuthenticationError),
    (402, InsufficientCreditsError, InsufficientCreditsError),
    (403, PermissionDeniedError, PermissionDeniedError),
    (404, NotFoundError, NotFoundError),
    (410, NotFoundError, NotFoundError),
    (429, RateLimitError, RateLimitError),
    (400, InvalidRequestError, InvalidRequestError),
    (422, InvalidRequestError, InvalidRequestError),
    *((status, ServerError, OutcomeUnknownError) for status in (408, 500, 503)),
    (504, ServerError, OutcomeUnknownError),
    (520, ServerError, OutcomeUnknownError),
    (301, ContractError, ContractError),
    (307, ContractError, ContractError),
    (101, ContractError, ContractError),
]


@pytest.mark.parametrize(("status", "free", "paid"), HTTP_STATUSES)
@pytest.mark.parametrize("content", [b"", b"<html>gateway</html>"], ids=["empty", "page"])
def test_an_answer_without_a_code_is_told_by_its_status_line(
    status: int, free: type[WeryAIError], paid: type[WeryAIError], content: bytes
) -> None:
    """Without a readable body the HTTP status decides; a 5xx leaves a paid request open."""
    answer = reply(content, status)
    assert type(outcome(answer, paid=False)) is free
    assert type(outcome(answer, paid=True)) is paid
    assert outcome(answer, paid=True).http_status == status


@pytest.mark.parametrize(
    ("http_status", "code", "kind"),
    [
        (429, 1011, InsufficientCreditsError),
        (429, 1002, InvalidRequestError),
        (400, 1001, RateLimitError),
        (404, 1006, ModelUnavailableError),
        (401, 1011, InsufficientCreditsError),
        (403, 1017, PermissionDeniedError),
        (403, 1001, RateLimitError),
        (401, 1001, RateLimitError),
        (402, 1006, ModelUnavailableError),
    ],
)
def test_the_code_outranks_the_status_line_below_500(http_status: int, code: int, kind: type[APIError]) -> None:
    """In a 4xx the body's code says what is wrong; the status line only helps where the code says nothing."""
    for paid in (False, True):
        assert type(outcome(reply({"status": code, "message": "x"}, http_status), paid=paid)) is kind


@pytest.mark.parametrize("http_status", [401, 403])
@pytest.mark.parametrize("message", ["", "x", "PARAMETER_ERROR", "duration 3 is not supported", "参数错误"])
def test_1002_with_a_status_of_keys_is_a_refused_key(http_status: int, message: str) -> None:
    """1002 has three meanings; with HTTP 401 or 403 it is the key, whatever parameter its message may speak of."""
    answer = reply({"status": 1002, "message": message}, http_status)
    assert [type(outcome(answer, paid=paid)) for paid in (False, True)] == [AuthenticationError] * 2


@pytest.mark.parametrize(("http_status", "kind"), [(401, AuthenticationError), (403, ContentRejectedError)])
def test_1002_about_content_is_the_key_with_401_alone(http_status: int, kind: type[APIError]) -> None:
    """HTTP 401 is never said of a prompt; 403 may be."""
    answer = reply({"status": 1002, "message": "the prompt is sensitive"}, http_status)
    assert type(outcome(answer, paid=True)) is kind


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (401, AuthenticationError),
        (402, InsufficientCreditsError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (429, RateLimitError),
        (418, InvalidRequestError),
    ],
)
def test_a_code_of_no_table_gives_way_to_the_status_line(http_status: int, kind: type[APIError]) -> None:
    """What a code does not say, the HTTP status may."""
    assert type(outcome(reply({"status": 7777, "message": "x"}, http_status), paid=True)) is kind


def test_a_paid_5xx_is_open_whatever_its_body_says() -> None:
    """Even an explicit, repeatable refusal in a 5xx leaves a paid request's outcome unknown."""
    error = outcome(reply({"status": 6001, "message": "busy"}, 503, retry_after="1"), paid=True)
    assert type(error) is OutcomeUnknownError
    assert (error.http_status, error.raw) == (503, {"status": 6001, "message": "busy"})
    assert "billed" in str(error)
    assert "https://weryai.com/api/history" in str(error)


# Hand-typed from the published tables, not read from the client.
EXPECTED_CODES: dict[type[APIError], set[int]] = {
    AuthenticationError: {401, 403},
    PermissionDeniedError: {1009, 1017},
    InsufficientCreditsError: {1004, 1011},
    NotFoundError: {404, 1003, 1010},
    InvalidRequestError: {400, 1002, 1014, 2004},
    ModelUnavailableError: {1006},
    ContentRejectedError: {1005, 2001, 2003},
    RateLimitError: {429, 1001, 1007, 1015, 6002, 6010, 6101},
    ServerError: {500, 1102, 5000, 6001, 6003, 6004},
}


def test_codes_become_the_expected_classes() -> None:
    """Each code of the published tables becomes the class of the error whose next move fits."""
    for kind, codes in EXPECTED_CODES.items():
        for code in codes:
            assert type(outcome(reply({"status": code, "message": ""}), paid=True)) is kind, code


def test_every_code_of_the_contract_has_a_class(contract_codes: set[int]) -> None:
    """A code that is added to the contract fails here until it is mapped to a class; none is mapped extra."""
    assert set(CODES) == contract_codes
    assert {code for codes in EXPECTED_CODES.values() for code in codes} == contract_codes


HINTS = [
    (1001, "Parameter error", InvalidRequestError),
    (1001, "参数错误", InvalidRequestError),
    (1001, "aspect ratio cannot be empty", InvalidRequestError),
    (1001, "duration should not be empty", InvalidRequestError),
    (1001, "duration 3 is not supported", InvalidRequestError),
    (1001, "Parameter error: generate_audio", InvalidRequestError),
    (1001, "generate_audio param", InvalidRequestError),
    (1001, "request rate limit exceeded", RateLimitError),
    (1001, "请求频率过高", RateLimitError),
    (1001, "操作过于频繁", RateLimitError),
    (1001, "", RateLimitError),
    (1002, "Invalid API Key", AuthenticationError),
    (1002, "Unauthorized", AuthenticationError),
    (1002, "密钥无效", AuthenticationError),
    (1002, "鉴权失败", AuthenticationError),
    (1002, "author portrait not supported", InvalidRequestError),
    (1002, "image token", InvalidRequestError),
    (1002, "Content moderation", ContentRejectedError),
    (1002, "Image asset audit", ContentRejectedError),
    (1002, "Copyright restrictions", ContentRejectedError),
    (1002, "内容审核不通过", ContentRejectedError),
    (1002, "包含敏感词", ContentRejectedError),
    (1002, "prompt cannot be empty", InvalidRequestError),
    (1002, "", InvalidRequestError),
    (1014, "upload limit reached", RateLimitError),
    (1014, "Upload Limit Reached", RateLimitError),
    (1014, "image file size must be less than 10mb", InvalidRequestError),
]


@pytest.mark.parametrize(("code", "message", "kind"), HINTS)
def test_where_a_code_means_several_things_the_message_hints(code: int, message: str, kind: type[APIError]) -> None:
    """1001, 1002 and 1014 mean different things in different tables; their message decides, in English or Chinese."""
    assert type(outcome(reply({"status": code, "message": message}), paid=True)) is kind


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"msg": "a", "message": "b", "desc": "c"}, "a"),
        ({"message": "b", "desc": "c"}, "b"),
        ({"desc": "c"}, "c"),
        ({"msg": "", "message": "  ", "desc": " c "}, "c"),
        ({"msg": None, "message": 5, "desc": ["x"]}, ""),
    ],
)
def test_the_message_stands_in_msg_then_message_then_desc(fields: dict[str, Any], message: str) -> None:
    """The first of msg, message and desc that is a text is the service's own words."""
    assert outcome(reply({"status": 4711, **fields}), paid=False).message == message


def test_an_api_error_has_its_facts_and_the_next_move() -> None:
    """Code, HTTP status, request id and Retry-After are on the error; its text names them and says what to do."""
    answer = reply({"status": 1007, "message": "queue full"}, 429, retry_after="7", x_request_id="r-1")
    error = outcome(answer, paid=True)
    assert (error.http_status, error.code, error.request_id, error.retry_after) == (429, 1007, "r-1", 7.0)
    assert str(error) == "queue full (code 1007, HTTP 429, request r-1). Wait and try again."


def test_no_class_of_the_table_is_missing_from_the_tree() -> None:
    """Every class in the table is public and an APIError."""
    assert {getattr(errors, kind.__name__) for kind in EXPECTED_CODES} == set(EXPECTED_CODES)
    assert {code: kind for code, kind in CODES.items() if not issubclass(kind, APIError)} == {}

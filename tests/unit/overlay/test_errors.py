"""The tree of errors is a promise, and every error survives pickling and copying whole."""

import copy
import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest

import weryai
from weryai import Task, TaskState, VideoLink, errors

# Typed by hand: each class and its parent.
TREE = {
    "WeryAIError": "Exception",
    "ConfigurationError": "WeryAIError",
    "InvalidInputError": "WeryAIError",
    "DuplicateRequestError": "InvalidInputError",
    "TransportError": "WeryAIError",
    "NotSentError": "TransportError",
    "OutcomeUnknownError": "TransportError",
    "ContractError": "WeryAIError",
    "APIError": "WeryAIError",
    "AuthenticationError": "APIError",
    "PermissionDeniedError": "APIError",
    "InsufficientCreditsError": "APIError",
    "NotFoundError": "APIError",
    "InvalidRequestError": "APIError",
    "ModelUnavailableError": "APIError",
    "ContentRejectedError": "APIError",
    "RateLimitError": "APIError",
    "ServerError": "APIError",
    "TaskError": "WeryAIError",
    "TaskFailedError": "TaskError",
    "TaskTimeoutError": "TaskError",
    "DownloadError": "WeryAIError",
    "JournalError": "WeryAIError",
    "BudgetExceededError": "WeryAIError",
    "WebhookError": "WeryAIError",
}
FIELDS: dict[str, set[str]] = {
    "WeryAIError": {"paid_task_ids"},
    "DuplicateRequestError": {"task_id"},
    "TransportError": {"request"},
    "OutcomeUnknownError": {"http_status", "raw", "task_ids", "request"},
    "ContractError": {"raw", "may_have_been_billed", "task_ids"},
    "APIError": {"http_status", "code", "message", "request_id", "retry_after", "task_ids", "raw"},
    "TaskError": {"task_id", "task", "reason"},
    "DownloadError": {"url", "partial_path", "task_id"},
}
ALSO = {"InvalidInputError": ValueError, "TaskTimeoutError": TimeoutError}
TASK = Task("t1", TaskState.FAILED, "failed", (VideoLink("https://e.com/v.mp4"),), "no", {"task_id": "t1"})
VALUES: dict[str, Any] = {
    "http_status": 500, "raw": {"status": 1}, "task_ids": ("t1", "t2"), "request": "POST /x", "code": 1001,
    "may_have_been_billed": True, "request_id": "r-1", "retry_after": 2.5, "task_id": "t1", "task": TASK,
    "reason": "no", "url": "https://e.com/v.mp4", "partial_path": Path("x.part"), "paid_task_ids": ("t8", "t9"),
}  # fmt: skip


def fields_of(kind: type[errors.WeryAIError]) -> set[str]:
    """The documented fields of a class and its parents."""
    return set().union(*(FIELDS.get(parent.__name__, set()) for parent in kind.__mro__))


def test_names_and_tree() -> None:
    """Every class has exactly the promised parent, and there is no class beyond the promised ones."""
    classes = {
        name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    found = {name: kind.__mro__[1].__name__ for name, kind in classes.items() if not issubclass(kind, Warning)}
    assert found == TREE
    assert set(errors.__all__) == {*TREE, "WeryAIWarning", "Outcome"}


@pytest.mark.parametrize("name", TREE)
def test_every_error_is_public(name: str) -> None:
    """Each class is at the top level and in weryai.errors, is the same object there, and has a docstring."""
    assert getattr(weryai, name) is getattr(errors, name)
    assert getattr(errors, name).__doc__
    assert issubclass(getattr(errors, name), ALSO.get(name, Exception))


@pytest.mark.parametrize("name", TREE)
def test_every_field_has_a_default(name: str) -> None:
    """A field that was not given can be read all the same."""
    error = getattr(errors, name)("what happened")
    for field in fields_of(type(error)):
        getattr(error, field)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", TREE)
def test_every_error_pickles_whole(name: str, protocol: int) -> None:
    """Class, text, fields and notes survive pickling, at every protocol."""
    assert_same(pickle.loads(pickle.dumps(filled(name), protocol)), filled(name))


@pytest.mark.parametrize("name", TREE)
def test_every_error_copies_whole(name: str) -> None:
    """Class, text, fields and notes survive copying, shallow and deep."""
    assert_same(copy.copy(filled(name)), filled(name))
    assert_same(copy.deepcopy(filled(name)), filled(name))


def filled(name: str) -> errors.WeryAIError:
    """Make an error with every field and a note."""
    kind = getattr(errors, name)
    error: errors.WeryAIError = kind("what happened", **{one: VALUES[one] for one in fields_of(kind) - {"message"}})
    error.add_note("a note")
    return error


def assert_same(one: Any, other: Any) -> None:
    """Compare two errors in all that a caller can see."""
    assert (type(one), str(one), one.args) == (type(other), str(other), other.args)
    assert one.__notes__ == other.__notes__ == ["a note"]
    for field in fields_of(type(other)):
        assert getattr(one, field) == getattr(other, field), field


def test_an_api_error_says_the_facts_and_the_next_move() -> None:
    """The text of an APIError has the service's words, then the facts, then the advice of its class."""
    error = errors.RateLimitError("queue full.", code=1007, http_status=429, task_ids=("t1",))
    assert error.message == "queue full."
    assert str(error) == "queue full (code 1007, HTTP 429, tasks t1). Wait and try again."
    assert str(errors.ServerError()) == "The service refused. This is the service's fault; try again later."


def test_a_question_ends_with_its_own_mark() -> None:
    """A message that asks "did you mean X?" gets no stop behind the question mark; any other one gets its stop."""
    asked = weryai.ModelUnavailableError("no model 'SORRA_2'; did you mean SORA_2?")
    assert str(asked).startswith("no model 'SORRA_2'; did you mean SORA_2? Choose")
    assert str(weryai.ModelUnavailableError("gone")).startswith("gone. Choose")


SAYS_SO = {"ConfigurationError", "InvalidInputError", "DuplicateRequestError"}


@pytest.mark.parametrize("name", TREE)
def test_that_nothing_was_sent_is_said_by_the_error(name: str) -> None:
    """Once, where a paid request was refused before it could leave; never again once tasks are paid for."""
    error = getattr(errors, name)("what happened")
    assert ("Nothing was sent." in str(error)) == (name in SAYS_SO)
    errors.before_sending(error)
    for known in (error, pickle.loads(pickle.dumps(error)), type(error)(*error.args)):
        assert (known.outcome, str(known).count("Nothing was sent.")) == ("not_sent", 1)
        assert "Nothing was sent" not in known.message
    error.paid_task_ids = ("t1",)
    assert (error.outcome, str(error).count("sent.")) == ("accepted", 0)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("no model; did you mean A?", "no model; did you mean A? Nothing was sent."),
        ("it is gone.", "it is gone. Nothing was sent."),
        ("2 problems\n  a\n  b", "2 problems. Nothing was sent.\n  a\n  b"),
    ],
)
def test_where_it_is_said(message: str, text: str) -> None:
    """Behind the first line, as a sentence of its own."""
    assert str(errors.InvalidInputError(message)) == text


def test_a_request_is_named_by_the_error() -> None:
    """The text of a TransportError begins with its request; its message does not, so that nobody has to cut it off."""
    error = errors.NotSentError("refused", request="GET /x")
    assert (str(error), error.message) == ("GET /x: refused", "refused")

"""Every error crosses a process boundary whole: class, arguments, fields, notes and text."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import weryai
from weryai import Task, TaskState, errors

CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.WeryAIError)]
FIELDS: dict[str, Any] = {
    "request": "POST /v1/generation/image-to-video",
    "http_status": 503,
    "raw": {"status": 1, "data": [1, None, "x"]},
    "task_ids": ("task_a", "task_b"),
    "may_have_been_billed": True,
    "code": 6101,
    "request_id": "request-7",
    "retry_after": 2.5,
    "task_id": "task_a",
    "reason": "Image asset audit",
    "url": "https://cdn.example.com/v.mp4",
    "partial_path": Path("v.mp4.part"),
}


def fields_of(error_class: type[BaseException]) -> dict[str, Any]:
    """Return a value for every field that the class declares."""
    declared = {name for one in error_class.__mro__ for name in getattr(one, "__annotations__", {})}
    fields = {name: value for name, value in FIELDS.items() if name in declared}
    if "task" in declared:
        state, word = TaskState.PROCESSING, "processing"
        fields["task"] = Task(id="task_a", state=state, status=word, videos=(), reason=None, raw={"eta": 3})
    return fields


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("error_class", CLASSES)
def test_an_error_survives(error_class: type[errors.WeryAIError], copied: Any) -> None:
    """Pickled or copied, an error keeps its class, arguments, fields, notes and text."""
    fields = fields_of(error_class)
    error = error_class("the service said no", **fields)
    error.add_note("submitted as task_a")
    twin = copied(error)
    assert type(twin) is error_class
    assert (twin.args, str(twin), repr(twin)) == (error.args, str(error), repr(error))
    assert {name: getattr(twin, name) for name in fields} == fields
    assert twin.__notes__ == ["submitted as task_a"]


REBUILT: dict[str, Any] = {
    "from its arguments": lambda error: type(error)(*error.args),
    "by JSON": lambda error: type(error)(*json.loads(json.dumps(error.args))),
    "by JSON, twice": lambda error: REBUILT["by JSON"](REBUILT["by JSON"](error)),
}


@pytest.mark.parametrize("rebuilt", REBUILT.values(), ids=list(REBUILT))
@pytest.mark.parametrize("error_class", CLASSES)
def test_an_error_that_is_rebuilt_from_its_arguments_loses_no_id(
    error_class: type[errors.WeryAIError], rebuilt: Any
) -> None:
    """Queues keep an exception's class and `args`, often as JSON: no id is lost, and what is says so."""
    fields = fields_of(error_class)
    error = error_class("the service said no", **fields)
    for name in fields:
        # Some fields are only known after the error was made.
        setattr(error, name, fields[name])
    twin = rebuilt(error)
    assert (type(twin), str(twin), twin.outcome) == (type(error), str(error), error.outcome)
    for name, value in fields.items():
        assert getattr(twin, name) == (errors.LOST if name in ("raw", "task") else value), name
    assert pickle.loads(pickle.dumps(twin)).__dict__ == twin.__dict__
    bare = error_class("the service said no")
    assert rebuilt(bare).__dict__ == bare.__dict__


def test_what_is_lost_is_not_none() -> None:
    """A lost field is neither None nor empty, and says what it is."""
    assert errors.LOST is not None and errors.LOST
    assert "lost" in repr(errors.LOST)
    assert pickle.loads(pickle.dumps(errors.LOST)) is errors.LOST
    assert copy.deepcopy(errors.LOST) is errors.LOST


@pytest.mark.parametrize("error_class", CLASSES)
def test_an_error_is_at_the_top_level(error_class: type[errors.WeryAIError]) -> None:
    """Every error can be caught as weryai.Name, and as WeryAIError."""
    assert getattr(weryai, error_class.__name__) is error_class
    assert issubclass(error_class, weryai.WeryAIError)


def test_the_tree_is_the_promised_one() -> None:
    """The classes that other work builds on exist, each below its promised parents."""
    refusals = """
        AuthenticationError PermissionDeniedError InsufficientCreditsError NotFoundError InvalidRequestError
        ModelUnavailableError ContentRejectedError RateLimitError ServerError
    """
    roots = """
        ConfigurationError InvalidInputError TransportError ContractError APIError TaskError DownloadError
        JournalError BudgetExceededError WebhookError
    """
    promised: dict[str, tuple[str, ...]] = {
        **dict.fromkeys(roots.split(), ("WeryAIError",)),
        **dict.fromkeys(refusals.split(), ("APIError",)),
        "InvalidInputError": ("WeryAIError", "ValueError"),
        "DuplicateRequestError": ("InvalidInputError",),
        "NotSentError": ("TransportError",),
        "OutcomeUnknownError": ("TransportError",),
        "TaskFailedError": ("TaskError",),
        "TaskTimeoutError": ("TaskError", "TimeoutError"),
    }
    for name, parents in promised.items():
        above = {one.__name__ for one in getattr(errors, name).__mro__[1:]}
        assert set(parents) <= above, name

"""Batches, balance, and any generated operation through the client."""

from pathlib import Path
from typing import Any

import pytest

from fakes.answers import SUBMIT, accepted, envelope, refused
from fakes.faces import Face, submit
from fakes.faults import Close, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import (
    ConfigurationError,
    ContractError,
    InvalidInputError,
    NotFoundError,
    OutcomeUnknownError,
    Submission,
    TaskTimeoutError,
    WeryAIWarning,
)
from weryai_api.api.account import get_balance
from weryai_api.api.models import list_video_models
from weryai_api.api.text_to_video import submit_text_to_video
from weryai_api.models import TextToVideoRequest

BATCH = "/v1/generation/batch/7/status"
BALANCE = "/v1/generation/balance"
TEXT = "/v1/generation/text-to-video"
DONE = {"task_id": "a", "task_status": "succeed", "videos": ["https://cdn.example.com/a.mp4"]}
FAILED = {"task_id": "b", "task_status": "failed", "msg": "Content moderation"}
OPEN = {"task_id": "b", "task_status": "processing"}
BOTH = Submission(("a", "b"), 7)


def test_a_batch_is_waited_for_whole(face: Face, faulty_server: FaultyServer) -> None:
    """The wait goes on until every task has ended, survives a missed look, and a failed task raises nothing."""
    answers = [json_reply(envelope([DONE, OPEN])), html_reply(503), json_reply(envelope([DONE, FAILED]))]
    faulty_server.script("GET", BATCH, *answers)
    seen: list[bool] = []
    batch = face.run(
        lambda client: client.batches.wait(BOTH, interval=0.01, on_update=lambda one: seen.append(one.ended)),
        faulty_server.url,
    )
    assert ([one.id for one in batch.succeeded], [one.reason for one in batch.failed]) == (
        ["a"],
        ["Content moderation"],
    )
    assert seen == [False, True]
    faulty_server.assert_met()


@pytest.mark.parametrize("batch", [7, "7", BOTH], ids=["number", "text", "submission"])
def test_a_batch_has_three_names(face: Face, faulty_server: FaultyServer, batch: Any) -> None:
    """A Submission, its batch id, and that id as a text name the same batch."""
    faulty_server.script("GET", BATCH, json_reply(envelope([DONE, FAILED])))
    found = face.run(lambda client: client.batches.get(batch), faulty_server.url)
    assert [task.id for task in found.tasks] == ["a", "b"]
    faulty_server.assert_met()


@pytest.mark.parametrize("known", [refused(1003, "batch not exist"), json_reply(envelope([DONE]))], ids=["none", "one"])
def test_tasks_that_the_batch_lacks_are_asked_for(face: Face, faulty_server: FaultyServer, known: Any) -> None:
    """Where the service does not know the batch, or not all of it, the submission's tasks are asked for by id."""
    faulty_server.script("GET", BATCH, known)
    faulty_server.default("GET", "/v1/generation/a/status", json_reply(envelope(DONE)))
    faulty_server.default("GET", "/v1/generation/b/status", json_reply(envelope(FAILED)))
    batch = face.run(lambda client: client.batches.wait(BOTH), faulty_server.url)
    assert sorted(task.id for task in batch.tasks) == ["a", "b"] and batch.ended


def test_an_unknown_batch_and_a_late_one(face: Face, faulty_server: FaultyServer) -> None:
    """A bare id that nobody knows is NotFoundError; a batch that does not end is a timeout that names open tasks."""
    faulty_server.script("GET", BATCH, refused(1003, "batch not exist"))
    faulty_server.default("GET", BATCH, json_reply(envelope([DONE, OPEN])))
    with pytest.raises(NotFoundError):
        face.run(lambda client: client.batches.get(7), faulty_server.url)
    with pytest.raises(TaskTimeoutError, match="batch 7: b not ended") as caught:
        face.run(lambda client: client.batches.wait(7, timeout=0.1, interval=0.02), faulty_server.url)
    assert caught.value.task_id == "b"


@pytest.mark.parametrize("wrong", [True, None, 1.5, "..", ""], ids=repr)
def test_what_names_no_batch_is_refused(face: Face, faulty_server: FaultyServer, wrong: Any) -> None:
    """Anything else than a Submission or an id is refused before a request."""
    with pytest.raises(InvalidInputError):
        face.run(lambda client: client.batches.get(wrong), faulty_server.url)
    assert faulty_server.requests == []


def test_two_videos_are_two_paid_tasks(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`submit` of several warns that each is paid for; `generate` refuses and names what to use instead."""
    faulty_server.script("POST", SUBMIT, accepted("a", "b"))
    with pytest.warns(
        WeryAIWarning,
        match="video_number=2 submits that many paid tasks, and the service may refuse it",
    ):
        assert face.run(lambda client: submit(client, video_number=2), faulty_server.url).task_ids == ("a", "b")
    with pytest.raises(InvalidInputError, match=r"submit \+ batches\.wait"):
        face.run(
            lambda client: client.image_to_video.generate(
                "https://example.com/p.jpg", prompt="x", output=tmp_path / "v.mp4", video_number=2
            ),
            faulty_server.url,
        )
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize(("data", "credits"), [(1000, 1000), (0, 0), (12.5, 12.5), ({"balance": 3}, 3), ("7", 7.0)])
def test_the_balance_is_a_number(face: Face, faulty_server: FaultyServer, data: Any, credits: float) -> None:
    """The credits are read as a number, in an object or as text."""
    faulty_server.script("GET", BALANCE, json_reply({"status": 0, "data": data}))
    assert face.run(lambda client: client.account.balance(), faulty_server.url) == credits


@pytest.mark.parametrize("data", ["many", True, [1], {"credits": 5}, "NaN"], ids=repr)
def test_nonsense_is_no_balance(face: Face, faulty_server: FaultyServer, data: Any) -> None:
    """An answer without a number of credits is a ContractError."""
    faulty_server.script("GET", BALANCE, json_reply({"status": 0, "data": data}))
    with pytest.raises(ContractError, match="no number of credits"):
        face.run(lambda client: client.account.balance(), faulty_server.url)


def text(**options: Any) -> TextToVideoRequest:
    """Return a text-to-video request."""
    return TextToVideoRequest(**{"model": "SORA_2", "prompt": "A fox", "duration": 8, **options})


def test_any_paid_operation_gets_the_money_rules(face: Face, faulty_server: FaultyServer) -> None:
    """`call` returns the Submission of a paid operation; a lost answer is never sent twice."""
    faulty_server.script("POST", TEXT, accepted("t1"), Close())
    submission = face.run(lambda client: client.call(submit_text_to_video, body=text()), faulty_server.url)
    assert submission == Submission(("t1",), 123456789, submission.raw)
    with pytest.raises(OutcomeUnknownError):
        face.run(lambda client: client.call(submit_text_to_video, body=text()), faulty_server.url)
    assert len(faulty_server.posts()) == 2
    assert faulty_server.posts()[0].json()["prompt"] == "A fox"


def test_any_free_operation_gets_the_retries(face: Face, faulty_server: FaultyServer) -> None:
    """`call` returns the data of a free operation, repeated as usual; the registry's goes to the registry's host."""
    faulty_server.script("GET", BALANCE, html_reply(503), json_reply(envelope(5)))
    assert face.run(lambda client: client.call(get_balance), faulty_server.url) == 5
    with FaultyServer() as elsewhere:
        elsewhere.script("GET", "/growthai/v1/video/models", json_reply(envelope({"image_to_video": []})))
        options = {"models_base_url": elsewhere.url}
        found = face.run(lambda client: client.call(list_video_models), faulty_server.url, **options)
        assert found == {"image_to_video": []}
        elsewhere.assert_met()


@pytest.mark.parametrize(
    ("operation", "arguments", "error"),
    [
        (submit_text_to_video, {"body": text(prompt="")}, "prompt must not be empty"),
        (submit_text_to_video, {}, "body="),
        (submit_text_to_video, {"body": {"prompt": "x"}}, "body="),
        (submit_text_to_video, {"body": text(), "extra": 1}, "body="),
        (get_balance, {"nonsense": 1}, "nonsense"),
        (submit_text_to_video.sync, {"body": text()}, "module of weryai_api"),
        ("balance", {}, "module of weryai_api"),
    ],
)
def test_a_wrong_call_sends_nothing(
    face: Face, faulty_server: FaultyServer, operation: Any, arguments: dict[str, Any], error: str
) -> None:
    """What is no operation, or not its arguments, is one clear error before anything is sent."""
    with pytest.raises((ConfigurationError, InvalidInputError), match=error):
        face.run(lambda client: client.call(operation, **arguments), faulty_server.url)
    assert faulty_server.requests == []

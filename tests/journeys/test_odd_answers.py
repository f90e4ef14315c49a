"""Answers the documentation does not show, but which clients have met, still end in a video."""

import uuid
import warnings
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import (
    MP4,
    STATUS,
    SUBMIT,
    TASK,
    accepted,
    envelope,
    looked,
    serve_story,
    video_url,
)
from fakes.faces import Face, generate, submit
from fakes.faults import Answer, Reply, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import TaskState

pytestmark = pytest.mark.timeout(60)
COVER = "https://cdn.example.com/cover.jpg"

ENVELOPES: dict[str, dict[str, Any]] = {
    "0": {"status": 0},
    "200": {"status": 200, "msg": "Success"},
    '"0"': {"status": "0"},
    '"200"': {"status": "200"},
    "success": {"status": "success"},
    "ok": {"status": "ok"},
    "null": {"status": None},
    "missing": {},
    "missing, success: true": {"success": True},
    "200, success: true": {"status": 200, "success": True},
}


def test_an_unknown_word_keeps_looking_and_warns_once(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A status word nobody has heard of is not an end: looks go on, and one warning names it."""
    word = f"reticulating-{uuid.uuid4().hex}"
    serve_story(faulty_server, looks=[looked(word), looked(word), looked(word)])
    with pytest.warns(UserWarning, match=word) as caught:
        video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4
    assert len([one for one in caught if word in str(one.message)]) == 1
    faulty_server.assert_met()


@pytest.mark.parametrize("fields", ENVELOPES.values(), ids=list(ENVELOPES))
def test_every_envelope_of_success_ends_in_a_video(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Success is believed by its content, in every spelling of the envelope that has been seen."""
    url = video_url(faulty_server)
    ids = {**fields, "data": {"batch_id": 1, "task_ids": [TASK]}}
    done = {**fields, "data": {"task_id": TASK, "task_status": "succeed", "videos": [url]}}
    serve_story(faulty_server, submit=[json_reply(ids)], looks=[json_reply(done)])
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4
    assert (video.url, video.task.id) == (url, TASK)
    faulty_server.assert_met()


SUBMIT_DATA: dict[str, Any] = {
    "task_ids": {"task_ids": [TASK]},
    "task_id": {"task_id": TASK, "task_status": "waiting"},
    "both": {"task_id": TASK, "task_ids": [TASK], "batch_id": 5},
    "batch as text": {"task_ids": [TASK], "batch_id": "b-5"},
    "ids null": {"task_ids": None, "task_id": TASK},
    "a list": [{"task_id": TASK, "task_status": "waiting"}],
}


@pytest.mark.parametrize("data", SUBMIT_DATA.values(), ids=list(SUBMIT_DATA))
def test_every_shape_of_a_submission_is_read(face: Face, faulty_server: FaultyServer, data: Any) -> None:
    """Whether the service names one task, several or both ways: the ids reach the caller, each once."""
    faulty_server.script("POST", SUBMIT, json_reply(envelope(data)))
    assert face.run(submit, faulty_server.url).task_ids == (TASK,)


def status_data(url: str) -> dict[str, Any]:
    """Return every place and shape in which a video has been seen."""
    done = {"task_id": TASK, "task_status": "succeed"}
    return {
        "text": {**done, "videos": [url]},
        "url": {**done, "videos": [{"url": url, "cover_url": COVER}]},
        "video_url": {**done, "videos": [{"video_url": url, "cover_image_url": COVER}]},
        "src": {**done, "videos": [{"src": url}]},
        "output": {**done, "output": {"videos": [url]}},
        "output, objects": {**done, "output": {"videos": [{"url": url}]}},
        "task_result": {**done, "task_result": {"videos": [{"url": url}]}},
        "task_result.video_url": {**done, "task_result": {"video_url": url}},
        "bare video_url": {**done, "video_url": url},
        "bare video": {**done, "video": url},
        "empty videos, then output": {**done, "videos": [], "output": {"videos": [url]}},
        "null videos, then video_url": {**done, "videos": None, "video_url": url},
        "camel case": {"taskId": TASK, "taskStatus": "succeed", "videos": [url]},
        "data is a list": [{**done, "videos": [url]}],
    }


@pytest.mark.parametrize("shape", list(status_data("")))
def test_a_video_is_found_wherever_it_is(face: Face, faulty_server: FaultyServer, tmp_path: Path, shape: str) -> None:
    """Videos as texts or objects, in `videos`, `output`, `task_result` or bare: all end in a file."""
    data = status_data(video_url(faulty_server))[shape]
    serve_story(faulty_server, looks=[json_reply(envelope(data))])
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4
    covers = [link.cover_url for link in video.task.videos]
    assert covers == ([COVER] if COVER in repr(data) else [None])


SUCCESS = ["succeed", "SUCCEED", "SUCCESS", "success", "completed", "complete"]
WAITING = ["waiting", "WAITING", "PENDING", "pending"]
PROCESSING = ["processing", "PROCESSING", "running", "RUNNING"]
FAILED = ["failed", "FAILED", "fail", "canceled", "error"]
SPELLINGS = {
    **dict.fromkeys(SUCCESS, TaskState.SUCCEEDED),
    **dict.fromkeys(WAITING, TaskState.WAITING),
    **dict.fromkeys(PROCESSING, TaskState.PROCESSING),
    **dict.fromkeys(FAILED, TaskState.FAILED),
}


@pytest.mark.parametrize(("word", "state"), SPELLINGS.items(), ids=list(SPELLINGS))
def test_every_known_spelling_is_known(face: Face, faulty_server: FaultyServer, word: str, state: TaskState) -> None:
    """Each status word that has been seen has its state, keeps its raw form and needs no warning."""
    faulty_server.script("GET", STATUS, looked(word, videos=["https://cdn.example.com/v.mp4"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        task = face.run(lambda client: client.tasks.get(TASK), faulty_server.url)
    assert (task.state, task.status) == (state, word)


@pytest.mark.parametrize("word", SUCCESS)
def test_every_spelling_of_success_ends_in_a_video(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, word: str
) -> None:
    """Any spelling of waiting, running and success leads to the file."""
    steps = [looked(one) for one in (*WAITING, *PROCESSING)]
    serve_story(faulty_server, looks=[*steps, looked(word, videos=[video_url(faulty_server)])])
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4
    faulty_server.assert_met()


def test_an_unknown_model_is_sent_as_it_is(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Models come and go without notice, so an unknown key is the service's to judge, with a warning."""
    serve_story(faulty_server)
    with pytest.warns(weryai.WeryAIWarning, match="no model 'FUTURE_MODEL_9'"):
        story = face.run(lambda client: generate(client, tmp_path / "v.mp4", model="FUTURE_MODEL_9"), faulty_server.url)
    assert story.path.read_bytes() == MP4
    assert faulty_server.posts(SUBMIT)[0].json()["model"] == "FUTURE_MODEL_9"


def test_new_fields_survive(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Fields the contract does not know break nothing and stay readable in `.raw`."""
    url = video_url(faulty_server)
    done = envelope({"task_id": TASK, "task_status": "succeed", "videos": [{"url": url, "fps": 24}], "eta": 7})
    serve_story(faulty_server, submit=[accepted(trace="trace-77")], looks=[json_reply({**done, "trace": "trace-78"})])
    submissions: list[Any] = []
    video = face.run(
        lambda client: generate(client, tmp_path / "v.mp4", on_submit=submissions.append), faulty_server.url
    )
    assert video.path.read_bytes() == MP4
    assert "trace-77" in repr(submissions[0].raw)
    assert "'eta': 7" in repr(video.task.raw) and "'fps': 24" in repr(video.task.raw)


UNREADABLE: dict[str, Answer] = {
    "page": html_reply(200),
    "empty": Reply(),
    "list": json_reply([]),
    "null": json_reply(None),
    "number": json_reply(7),
    "truncated": Reply(b'{"status":0,"data":{"task_'),
    "not text": Reply(b'{"status":0,"data":"\xff\xfe"}'),
    "too deep": Reply(b"[" * 200_000),
    "number too long": Reply(b'{"status":' + b"9" * 6000 + b"}"),
    "infinite": Reply(b'{"status":0,"data":{"task_id":Infinity,"task_status":NaN}}'),
    "not gzip": Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}),
    "data text": json_reply(envelope("succeed")),
    "data null": json_reply(envelope(None)),
    "data empty list": json_reply(envelope([])),
    "data list of numbers": json_reply(envelope([1, 2])),
    "word is a number": json_reply(envelope({"task_status": 3})),
    "word is a list": json_reply(envelope({"task_status": ["succeed"]})),
    "videos is a number": json_reply(envelope({"task_status": "succeed", "videos": 3})),
    "videos of nulls": json_reply(envelope({"task_status": "succeed", "videos": [None, {}, 4, [""]]})),
    "output is text": json_reply(envelope({"task_status": "succeed", "output": "x", "task_result": [1]})),
    "reason is an object": json_reply(envelope({"task_status": "failed", "msg": {"zh": "no"}})),
    "status is an object": json_reply({"status": {"code": 0}, "data": {"task_status": "waiting"}}),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=list(UNREADABLE))
def test_nothing_but_our_errors_escapes(face: Face, faulty_server: FaultyServer, answer: Answer) -> None:
    """Whatever comes back, the caller gets a Task or one of our errors, never a KeyError of the inside."""
    faulty_server.default("GET", STATUS, answer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            task = face.run(lambda client: client.tasks.get(TASK), faulty_server.url)
        except weryai.WeryAIError:
            return
    assert isinstance(task.state, TaskState)
    assert [link for link in task.videos if not (isinstance(link.url, str) and link.url)] == []

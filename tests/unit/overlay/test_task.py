"""A task is read from any of its spellings, and from no data at all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.reading import SCHEMAS
from weryai._flow.effects import Reply
from weryai._protocol.envelope import accept, read_envelope
from weryai._protocol.task_reader import classify, read_task
from weryai._task import WORDS, Task, TaskState, VideoLink
from weryai.errors import ContractError

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)
URL, COVER = "https://cdn.weryai.com/result/v.mp4", "https://cdn.weryai.com/result/c.jpg"


def read(data: Any, task_id: str = "t1") -> Task:
    """Read a task from the data of a status answer."""
    return read_task(read_envelope(Reply(200, {}, json.dumps({"status": 0, "data": data}).encode())), task_id)


def test_the_words_are_those_of_the_contract() -> None:
    """The client's table of status words equals the contract's `x-states`, word by word."""
    states = SCHEMAS["KnownTaskStatus"]["x-states"]
    assert {word: TaskState(state) for state, words in states.items() for word in words} == WORDS


@pytest.mark.parametrize("word", SCHEMAS["KnownTaskStatus"]["enum"])
def test_every_known_word_classifies(word: str) -> None:
    """No spelling that the contract knows is UNKNOWN to the client."""
    assert classify(word) is not TaskState.UNKNOWN
    assert classify(f" {word.title()} ") is classify(word)


# Hand-typed, so that a mistake in the contract and the client together is seen.
SPELLINGS = {
    TaskState.WAITING: ["waiting", "WAITING", "PENDING", "pending"],
    TaskState.PROCESSING: ["processing", "PROCESSING", "running", "RUNNING"],
    TaskState.SUCCEEDED: ["succeed", "SUCCEED", "SUCCESS", "success", "completed", "complete"],
    TaskState.FAILED: ["failed", "FAILED", "fail", "canceled", "error"],
    TaskState.UNKNOWN: ["queued_for_review", "", "succeeded?", "成功"],
}


@pytest.mark.parametrize(("state", "word"), [(state, word) for state, words in SPELLINGS.items() for word in words])
def test_the_spellings_that_were_seen(state: TaskState, word: str) -> None:
    """Each spelling that a source lists means the state that the source gives it."""
    assert classify(word) is state
    assert read({"task_status": word}).state is state
    assert read({"taskStatus": word}).state is state


def test_an_unknown_word_with_videos_is_a_success() -> None:
    """When the videos are there, an unknown or missing word does not hide them; a known word stays what it is."""
    assert read({"task_status": "published", "videos": [URL]}).state is TaskState.SUCCEEDED
    assert read({"videos": [URL]}).state is TaskState.SUCCEEDED
    assert read({"task_status": "failed", "videos": [URL]}).state is TaskState.FAILED
    assert read({"task_status": "processing", "videos": [URL]}).state is TaskState.PROCESSING


PLACES: dict[str, dict[str, Any]] = {
    "videos": {"videos": [URL]},
    "videos, one text": {"videos": URL},
    "output.videos": {"output": {"videos": [URL]}},
    "task_result.videos": {"task_result": {"videos": [URL]}},
    "task_result.video_url": {"task_result": {"video_url": URL}},
    "task_result.video": {"task_result": {"video": URL}},
    "video_url": {"video_url": URL},
    "video_urls": {"video_urls": [URL]},
    "video_urls beside empty videos": {"videos": [], "video_urls": [URL]},
    "video_urls of objects": {"video_urls": [{"url": URL}]},
    "video_urls as text": {"video_urls": URL},
    "output.video_urls": {"output": {"video_urls": [URL]}},
    "task_result.video_urls": {"task_result": {"videos": None, "video_urls": [URL]}},
    "video": {"video": URL},
    "video object": {"video": {"url": URL}},
    "object url": {"videos": [{"url": URL}]},
    "object video_url": {"videos": [{"video_url": URL}]},
    "object src": {"videos": [{"src": URL}]},
    "empty before full": {"videos": [], "output": {"videos": None}, "task_result": {"videos": [{"url": URL}]}},
    "nonsense among videos": {"videos": [None, 5, {}, "", "ftp://x/v.mp4", {"url": None}, [], URL]},
    "spaces around": {"videos": [f" {URL} "]},
    "without a host before one": {"videos": ["https://", "https:///v.mp4", "http://?x", URL]},
    "lists in lists": {"videos": [[URL]]},
    "JSON in a text": {"videos": json.dumps([{"url": URL}])},
    "output, one text": {"output": URL},
    "output, a list": {"output": [URL]},
    "task_result, an object": {"task_result": {"url": URL}},
}


@pytest.mark.parametrize("part", PLACES.values(), ids=list(PLACES))
def test_every_place_where_videos_may_stand(part: dict[str, Any]) -> None:
    """Wherever a source has seen the address of a video, it is found, and nothing else is taken for one."""
    assert read({"task_status": "succeed", **part}).videos == (VideoLink(URL),)


@pytest.mark.parametrize("name", ["cover_url", "cover_image_url"])
def test_a_video_may_have_a_cover(name: str) -> None:
    """The still of a video is read from both of its names."""
    assert read({"videos": [{"url": URL, name: COVER}]}).videos == (VideoLink(URL, COVER),)


def test_several_videos_keep_their_order() -> None:
    """All results are kept, in the service's order."""
    urls = [f"https://cdn.weryai.com/{number}.mp4" for number in range(4)]
    assert [one.url for one in read({"videos": urls}).videos] == urls


def test_the_place_itself_comes_before_the_nested_ones() -> None:
    """`videos` is preferred to `output.videos`, and that to `task_result.videos`."""
    first, second, third = ("https://a/1.mp4", "https://a/2.mp4", "https://a/3.mp4")
    nested = {"output": {"videos": [second]}, "task_result": {"videos": [third]}}
    assert read({"videos": [first], **nested}).videos[0].url == first
    assert read(nested).videos[0].url == second


def test_a_list_gives_the_task_that_was_asked_for() -> None:
    """Of an array the element with the own id is read, never another task; ids may be numbers."""
    data = [{"task_id": "t0", "task_status": "failed"}, {"task_id": "t1", "task_status": "succeed"}]
    assert (read(data).id, read(data).state) == ("t1", TaskState.SUCCEEDED)
    with pytest.raises(ContractError):
        read(data, "t9")
    assert read([{"task_id": 1, "task_status": "succeed"}, {"task_id": 2}], "2").state is TaskState.UNKNOWN
    assert read([{"task_status": "running"}]).id == "t1"


@pytest.mark.parametrize("data", [{"task_id": "t2"}, [{"task_id": "t2"}], {"tasks": [{"taskId": "t2"}]}], ids=repr)
def test_a_task_keeps_the_id_that_was_asked_for(data: Any) -> None:
    """One object alone is the task that was asked for, so that notes and the way to resume keep the id that works."""
    assert read(data).id == "t1"


@pytest.mark.parametrize("data", [[{"task_id": "t2"}, {}], {"tasks": [{"taskId": "t2"}, {"task_id": "t3"}]}], ids=repr)
def test_the_video_of_another_task_is_never_taken(data: Any) -> None:
    """A response that tells of several tasks, and not of ours, is no response about ours."""
    with pytest.raises(ContractError, match="other tasks than t1"):
        read(data)


@pytest.mark.parametrize("own", [0, "0", -1, "null", " ", None, "t1", " t1 "], ids=repr)
def test_an_id_that_is_none_is_not_told(own: Any) -> None:
    """Where the response has no id, in whatever words, the task is the one that was asked for."""
    assert read({"task_id": own, "task_status": "succeed"}).id == "t1"


DONE = {"task_id": "t1", "task_status": "succeed", "videos": [URL]}


@pytest.mark.parametrize(
    "body",
    [
        {"status": 0, "data": json.dumps(DONE)},
        {"status": 0, "data": {"tasks": [{"task_id": "t0"}, DONE]}},
        {"status": 0, "data": {"total": 1, "list": [DONE]}},
        {"status": 0, **DONE},
        DONE,
    ],
    ids=["text of JSON", "tasks", "list", "beside the status", "without an envelope"],
)
def test_a_finished_task_is_found_however_it_is_wrapped(body: Any) -> None:
    """JSON in a text, an array in an object, no data at all: the video that was paid for is not missed."""
    task = read_task(accept(Reply(200, {}, json.dumps(body).encode())), "t1")
    assert (task.id, task.state, task.videos) == ("t1", TaskState.SUCCEEDED, (VideoLink(URL),))


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"msg": "Content moderation"}, "Content moderation"),
        ({"msg": " ", "message": "Image asset audit"}, "Image asset audit"),
        ({"task_result": {"message": "Copyright restrictions"}}, "Copyright restrictions"),
        ({}, None),
        ({"msg": 5}, None),
    ],
)
def test_the_reason_of_a_failure(part: dict[str, Any], reason: str | None) -> None:
    """Why a task failed is read from wherever a source has seen it."""
    assert read({"task_status": "failed", **part}).reason == reason


def test_a_task_keeps_what_was_said() -> None:
    """`raw` has unknown fields too, `status` the raw word; ended says whether waiting makes sense."""
    part = {"task_id": "t1", "task_status": "SUCCEED", "new_field": {"a": 1}}
    task = read(part)
    assert (task.raw, task.status, task.ended) == (part, "SUCCEED", True)
    assert not read({"task_status": "published"}).ended


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just(URL),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "task_id",
                    "task_status",
                    "videos",
                    "output",
                    "task_result",
                    "video",
                    "video_url",
                    "video_urls",
                    "msg",
                    "url",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@DETERMINISTIC
@given(JSON)
def test_reading_a_task_never_fails(data: Any) -> None:
    """Whatever the data are, a Task comes out, with an id and with links that can be fetched."""
    try:
        task = read(data)
    except ContractError:
        assert "task_id" in json.dumps(data)
        return
    assert task.id
    assert [link for link in task.videos if not link.url.startswith("https://")] == []
    assert isinstance(task.state, TaskState)

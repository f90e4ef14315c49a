"""Waiting outlives what passes, stops at what ends, and says how to go on when it gives up."""

import errno
import time
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import MP4, STATUS, SUBMIT, TASK, looked, refused, serve_story, video_url
from fakes.faces import Face, generate
from fakes.faults import Answer, Close, Half, Hang, Raw, Reply, Reset, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import TaskState

pytestmark = pytest.mark.timeout(60)
DONE = looked("succeed", videos=["https://cdn.example.com/v.mp4"])


def wait(**options: Any) -> Any:
    """Wait for the task, looking again at once."""
    return lambda client: client.tasks.wait(TASK, **{"interval": 0.01, **options})


MISSED: dict[str, list[Answer]] = {
    "503 burst": [html_reply(503)] * 12,
    "502 page": [html_reply(502)],
    "504 with Retry-After": [html_reply(504, headers={"Retry-After": "0"})] * 2,
    "500 envelope": [json_reply({"status": 5000, "message": "server issue"}, 500)] * 7,
    "reset": [Reset()] * 7,
    "close": [Close()] * 2,
    "half": [Half(b'{"status":0,"data":{}}')] * 2,
    "cut status line": [Raw()],
    "page": [html_reply(200)],
    "empty": [Reply()],
    "list": [json_reply([])],
    "rate limit": [html_reply(429)] * 7,
    "hang": [Hang()],
}


@pytest.mark.parametrize("burst", MISSED.values(), ids=list(MISSED))
def test_a_broken_look_is_a_missed_look(face: Face, faulty_server: FaultyServer, burst: list[Answer]) -> None:
    """5xx bursts, resets and pages of a gateway while waiting say nothing about the task: looks go on."""
    faulty_server.script("GET", STATUS, looked("processing"), *burst, DONE)
    task = face.run(wait(), faulty_server.url, timeout=0.5)
    assert task.state is TaskState.SUCCEEDED
    faulty_server.assert_met()


def test_the_first_look_is_at_once(face: Face, faulty_server: FaultyServer) -> None:
    """A task that is already done costs one look and no interval."""
    faulty_server.script("GET", STATUS, DONE)
    started = time.monotonic()
    task = face.run(wait(interval=30.0), faulty_server.url)
    assert time.monotonic() - started < 10
    assert task.videos[0].url == "https://cdn.example.com/v.mp4"
    assert len(faulty_server.requests) == 1


def test_a_look_wants_no_cached_answer(face: Face, faulty_server: FaultyServer) -> None:
    """Status answers may be cached on the way, so every look says Cache-Control: no-cache."""
    faulty_server.script("GET", STATUS, looked("waiting"), DONE, DONE)
    face.run_in_turn([wait(), lambda client: client.tasks.get(TASK)], faulty_server.url)
    assert ["no-cache" in one.headers.get("cache-control", "") for one in faulty_server.gets()] == [True] * 3


def test_each_look_is_told(face: Face, faulty_server: FaultyServer) -> None:
    """`on_update` sees the states in the order they came."""
    faulty_server.script("GET", STATUS, looked("waiting"), looked("processing"), DONE)
    seen: list[TaskState] = []
    face.run(wait(on_update=lambda task: seen.append(task.state)), faulty_server.url)
    assert list(dict.fromkeys(seen)) == [TaskState.WAITING, TaskState.PROCESSING, TaskState.SUCCEEDED]


def test_a_failed_task_says_why(face: Face, faulty_server: FaultyServer) -> None:
    """A failed task is TaskFailedError with the service's reason, the id and the task itself."""
    faulty_server.script("GET", STATUS, looked("processing"), looked("failed", msg="Image asset audit"))
    with pytest.raises(weryai.TaskFailedError) as caught:
        face.run(wait(), faulty_server.url)
    error = caught.value
    assert (error.task_id, error.reason) == (TASK, "Image asset audit")
    assert error.task is not None and error.task.state is TaskState.FAILED
    assert TASK in str(error) and "Image asset audit" in str(error)


@pytest.mark.parametrize("videos", [[], None, [{"cover_url": "https://cdn.example.com/c.jpg"}], [""]])
def test_success_without_a_video_is_a_failure(face: Face, faulty_server: FaultyServer, videos: Any) -> None:
    """A task that ends well without an address has produced nothing."""
    faulty_server.default("GET", STATUS, looked("succeed", videos=videos))
    with pytest.raises(weryai.TaskFailedError, match=TASK) as caught:
        face.run(wait(), faulty_server.url)
    assert caught.value.task_id == TASK


def test_giving_up_says_how_to_resume(face: Face, faulty_server: FaultyServer) -> None:
    """At the deadline the error is a TimeoutError that names the task, its last state and the way back."""
    faulty_server.default("GET", STATUS, looked("processing"))
    with pytest.raises(weryai.TaskTimeoutError) as caught:
        face.run(wait(timeout=0.3), faulty_server.url)
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert error.task_id == TASK
    assert error.task is not None and error.task.state is TaskState.PROCESSING
    assert TASK in str(error) and "processing" in str(error) and "wait" in str(error)


@pytest.mark.parametrize("answer", [html_reply(503), Reset()], ids=["503", "reset"])
def test_giving_up_on_a_dead_service_is_the_same_error(face: Face, faulty_server: FaultyServer, answer: Answer) -> None:
    """When no look ever succeeded the deadline still ends it, with the task id."""
    faulty_server.default("GET", STATUS, answer)
    with pytest.raises(weryai.TaskTimeoutError) as caught:
        face.run(wait(timeout=0.3), faulty_server.url)
    assert caught.value.task_id == TASK and TASK in str(caught.value)


def test_a_task_resumes_by_its_id(face: Face, faulty_server: FaultyServer) -> None:
    """After giving up, waiting again with the id from the error ends in the video, without a new POST."""
    faulty_server.script("GET", STATUS, *[looked("processing")] * 3)
    faulty_server.default("GET", STATUS, DONE)
    with pytest.raises(weryai.TaskTimeoutError) as caught:
        face.run(wait(timeout=0.3, interval=0.15), faulty_server.url)
    resumed = face.run(lambda client: client.tasks.wait(caught.value.task_id, interval=0.01), faulty_server.url)
    assert resumed.state is TaskState.SUCCEEDED
    assert faulty_server.posts() == []


def test_a_generate_that_gives_up_has_paid_once(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """When waiting gives up inside `generate`, the id is on the error and nothing is submitted again."""
    serve_story(faulty_server)
    faulty_server.default("GET", STATUS, looked("waiting"))
    submitted: list[Any] = []
    with pytest.raises(weryai.TaskTimeoutError) as caught:
        face.run(
            lambda client: generate(client, tmp_path / "v.mp4", timeout=0.3, on_submit=submitted.append),
            faulty_server.url,
        )
    assert caught.value.task_id == TASK
    assert [one.task_ids for one in submitted] == [(TASK,)]
    assert len(faulty_server.posts(SUBMIT)) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_was_just_accepted_may_be_unknown(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`generate` polls on while the service does not know its own new task yet: it is paid for."""
    serve_story(faulty_server, looks=[refused(1003, "task not found"), refused(1010, "task not found")])
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path == tmp_path / "v.mp4"
    assert len(faulty_server.posts()) == 1


def test_what_goes_wrong_after_paying_names_the_task(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A callback that fails, and a video that cannot be had: the error of `generate` leads back to the paid task."""

    def failing(_: Any) -> None:
        raise LookupError

    serve_story(faulty_server)
    with pytest.raises(LookupError) as caught:
        face.run(lambda client: generate(client, tmp_path / "v.mp4", on_submit=failing), faulty_server.url)
    assert f"tasks.wait({TASK!r})" in "".join(caught.value.__notes__)
    faulty_server.default("GET", "/result/", html_reply(410))
    with pytest.raises(weryai.DownloadError) as lost:
        face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert lost.value.task_id == TASK


def test_a_disk_that_refuses_a_video_is_told_with_its_task(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is paid for all the same: the error names the task and where the video is."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("weryai._media.download.os.replace", full)
    serve_story(faulty_server)
    with pytest.raises(weryai.DownloadError, match="No space left") as caught:
        face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert (caught.value.task_id, caught.value.url) == (TASK, video_url(faulty_server))


def test_a_name_that_was_taken_meanwhile_costs_no_video(
    face: Face, faulty_server: FaultyServer, tmp_path: Path
) -> None:
    """`if_exists="refuse"` refuses before paying; what appears there later stays, and the video gets a number."""
    serve_story(faulty_server)
    taken = tmp_path / "v.mp4"
    video = face.run(
        lambda client: generate(client, taken, if_exists="refuse", on_submit=lambda _: taken.write_text("mine")),
        faulty_server.url,
    )
    assert taken.read_text() == "mine" and video.path != taken and video.path.is_file()


@pytest.mark.parametrize(("code", "status"), [(1003, 200), (1003, 404), (1010, 200)])
def test_an_unknown_task_is_not_found(face: Face, faulty_server: FaultyServer, code: int, status: int) -> None:
    """A readable "task not exist" is NotFoundError."""
    faulty_server.default("GET", STATUS, refused(code, "task not exist", status))
    with pytest.raises(weryai.NotFoundError, match="task not exist"):
        face.run(lambda client: client.tasks.get(TASK), faulty_server.url)


@pytest.mark.parametrize("task_id", ["..", ".", "a/b", "a?b", "a#b", "a b"])
def test_an_odd_task_id_stays_inside_its_place(face: Face, faulty_server: FaultyServer, task_id: str) -> None:
    """A task id is one segment of the path: it cannot climb, add a query or reach another operation."""
    faulty_server.default("GET", "/", DONE)
    try:
        face.run(lambda client: client.tasks.get(task_id), faulty_server.url)
    except weryai.InvalidInputError:
        assert faulty_server.requests == []
    else:
        parts = faulty_server.requests[0].path.split("/")
        assert (parts[:3], len(parts), parts[-1]) == (["", "v1", "generation"], 5, "status")
        assert parts[3] not in ("", ".", "..")


def test_a_video_follows_a_wait_that_was_hit(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`generate` lives through broken looks and still ends in one file for one POST."""
    looks: list[Answer] = [html_reply(503), Reset(), looked("processing"), html_reply(502)]
    serve_story(faulty_server, looks=looks)
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4 and video.url == video_url(faulty_server)
    assert len(faulty_server.posts(SUBMIT)) == 1
    faulty_server.assert_met()


def test_a_silent_server_does_not_hold_the_deadline_up(face: Face, faulty_server: FaultyServer) -> None:
    """A look that hangs ends near the deadline of the wait, not after the client's own long timeout."""
    faulty_server.default("GET", STATUS, Hang())
    started = time.monotonic()
    with pytest.raises(weryai.TaskTimeoutError):
        face.run(wait(timeout=0.3), faulty_server.url, timeout=30.0)
    assert time.monotonic() - started < 10

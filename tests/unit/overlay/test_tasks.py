"""Waiting for a task, played by hand: when it looks, what it tolerates, and how it ends."""

import warnings
from typing import Any

import pytest

from fakes.playing import Played, generate, look, play, reply, wait
from fakes.videos import mp4
from weryai import RetryPolicy, Task, TaskState
from weryai._resources.tasks import add_task_ids_to_errors
from weryai.errors import (
    AuthenticationError,
    ContractError,
    InvalidInputError,
    JournalError,
    NotFoundError,
    NotSentError,
    RateLimitError,
    ServerError,
    TaskFailedError,
    TaskTimeoutError,
    TransportError,
    WeryAIWarning,
)

URL = "https://cdn.weryai.com/result/v.mp4"
PICTURE = "https://example.com/reference.jpg"


IMPOSSIBLE: list[Any] = [-1, float("nan"), "5", True, []]


def says(word: str | None, **fields: Any) -> Any:
    """Answer a look."""
    return reply({"status": 0, "data": {"task_id": "t1", "task_status": word, **fields}})


WAITING, RUNNING, DONE = says("waiting"), says("processing"), says("succeed", videos=[URL])
FAILED = says("failed", msg="no")
UNKNOWN_TASK = reply({"status": 1003, "message": "task not exist"})
ACCEPTED = reply({"status": 0, "data": {"task_ids": ["t1"]}})
MP4 = reply(mp4(), content_length=str(len(mp4())))


def looks_at(played: Played) -> list[float]:
    """The seconds after the start at which looks were made, when looking takes no time."""
    return [sum(played.slept[:number]) for number in range(len(played.slept) + 1)]


def test_the_first_look_is_at_once() -> None:
    """A task that is done already is returned without any sleep, after one look."""
    played = play(wait("t1"), DONE)
    assert played.result.state is TaskState.SUCCEEDED
    assert (len(played.sent), played.slept) == (1, [])


def test_the_schedule_of_looks() -> None:
    """Pauses begin at 6 s, become 10 s after 30 s and 15 s after 120 s, each longer by at most a tenth."""
    played = play(wait("t1"), *[RUNNING] * 30, DONE)
    for start, pause in zip(looks_at(played), played.slept, strict=False):
        least = 6 if start < 30 else 10 if start < 120 else 15
        assert least <= pause <= least * 1.1, (start, pause)
    counted = [sum(low <= pause <= low * 1.1 for pause in played.slept) for low in (6, 10, 15)]
    assert [(count, least) for count, least in zip(counted, (5, 8, 10), strict=True) if count < least] == [], counted


def test_five_minutes_take_at_most_thirty_looks() -> None:
    """A task of five minutes is seen with no more than 30 looks."""
    played = play(wait("t1"), *[RUNNING] * 29, DONE)
    assert len(played.sent) == 30
    assert sum(played.slept) >= 300


def test_an_interval_replaces_the_schedule_exactly() -> None:
    """With `interval` every pause is that long, without jitter."""
    assert play(wait("t1", interval=2.5), *[RUNNING] * 4, DONE).slept == [2.5] * 4


def test_the_last_look_is_at_the_deadline() -> None:
    """The pause before the deadline is cut to it, a last look is made there, and what it finds counts."""
    played = play(wait("t1", timeout=10, interval=4), RUNNING, RUNNING, RUNNING, DONE)
    assert played.slept == [4, 4, 2]
    assert played.result.videos[0].url == URL


def test_a_timeout_tells_how_to_resume() -> None:
    """Giving up is a TaskTimeoutError with id, last task and the way to resume, and a TimeoutError."""
    played = play(wait("t1", timeout=10, interval=10), WAITING, RUNNING)
    error = played.error
    assert isinstance(error, TaskTimeoutError)
    assert isinstance(error, TimeoutError)
    assert (error.task_id, error.task.state if error.task else None) == ("t1", TaskState.PROCESSING)
    assert "tasks.wait('t1')" in str(error)
    assert "still processing" in str(error)
    assert "paid" in str(error)


def test_a_timeout_of_zero_looks_once() -> None:
    """`timeout=0` means one look."""
    played = play(wait("t1", timeout=0), WAITING)
    assert isinstance(played.error, TaskTimeoutError)
    assert played.slept == []


def test_looking_takes_time_too() -> None:
    """The deadline is on the clock, so slow answers count towards it."""
    played = play(wait("t1", timeout=10, interval=1), RUNNING, RUNNING, RUNNING, took=4.0)
    assert isinstance(played.error, TaskTimeoutError)
    assert played.slept == [1, 1]


MISSED = {
    "500": reply(b"<html>", 500),
    "503": reply(b"", 503),
    "504": reply({"status": 504, "msg": "Non-JSON response"}, 504),
    "520": reply(b"", 520),
    "408": reply(b"", 408),
    "429": reply({"status": 1001, "message": "request rate limit exceeded"}, 429),
    "6001": reply({"status": 6001, "message": "工作流系统异常"}),
    "reset": TransportError("reset"),
    "not sent": NotSentError("refused"),
    "not json": reply(b"<html>maintenance</html>"),
    "empty": reply(b""),
    "other tasks": reply({"status": 0, "data": [{"task_id": one, "videos": [URL]} for one in ("t2", "t3")]}),
}


@pytest.mark.parametrize("answer", MISSED.values(), ids=list(MISSED))
def test_a_failed_poll_is_only_missed(answer: Any) -> None:
    """Bursts of 5xx, resets, refused connections, rate limits and unreadable or foreign answers never end the waiting.

    The second in a row is told of with its reason, once.
    """
    with pytest.warns(WeryAIWarning, match="^2 polls in a row were missed: .+; polling goes on$") as caught:
        played = play(wait("t1", interval=1), *[answer] * 5, DONE)
    assert len(caught) == 1
    assert played.result.state is TaskState.SUCCEEDED
    assert len(played.sent) == 6


def test_a_single_missed_poll_is_not_told_of() -> None:
    """One miss at a time, and a new task that is not known yet, are no news."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        play(wait("t1", interval=1), TransportError("reset"), RUNNING, TransportError("reset"), RUNNING, DONE)
        play(generate(PICTURE, prompt="wave", interval=5.0, output=None), ACCEPTED, *[UNKNOWN_TASK] * 3, FAILED)
    assert caught == []


def test_a_missed_poll_heeds_retry_after_up_to_a_minute() -> None:
    """When the service asks for a longer pause than the schedule's, it gets it, 60 s at most; a shorter one is none."""
    busy = {"status": 1001, "message": "request rate limit exceeded"}
    played = play(wait("t1", interval=5), reply(busy, 429, retry_after="40"), reply(busy, 429, retry_after="1"), DONE)
    assert played.slept == [40, 5]
    assert play(wait("t1", interval=5), reply(busy, 429, retry_after="3600"), DONE).slept == [60]


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt, JournalError, InvalidInputError])
def test_whatever_ends_a_wait_carries_its_tasks(kind: type[BaseException]) -> None:
    """As a field and in one note, also of exceptions that are not ours, and once although waits are nested."""
    met = kind("met")
    with pytest.raises(kind) as caught, add_task_ids_to_errors(["t1", "t2"]), add_task_ids_to_errors(["t1"]):
        raise met
    assert caught.value.paid_task_ids == ("t1", "t2")  # type: ignore[attr-defined]
    assert ["t2" in note for note in caught.value.__notes__] == [False, True]
    with pytest.raises(kind), add_task_ids_to_errors(["t2"]):
        raise met
    assert len(met.__notes__) == 2
    assert "Nothing was sent" not in str(met)


def test_a_deadline_met_by_missed_looks_says_so() -> None:
    """The timeout says how many polls were missed, and why the last one was, and has that failure as its cause."""
    refused = TransportError("not reached: refused", request="GET /v1/t1")
    with pytest.warns(WeryAIWarning, match="missed: not reached: refused; polling"):
        played = play(wait("t1", timeout=5, interval=5), TransportError("reset"), refused)
    assert isinstance(played.error, TaskTimeoutError)
    assert played.error.task is None
    told = "task t1 was never seen after 5 s; 2 polls were missed, the last because: not reached: refused. It goes on"
    assert str(played.error).startswith(told)
    assert played.error.__cause__ is refused
    played = play(wait("t1", timeout=5, interval=5), RUNNING, TransportError("reset"))
    assert "is still processing after 5 s; 1 poll was missed because: reset." in str(played.error)
    played = play(wait("t1", timeout=5, interval=5), TransportError("reset"), RUNNING)
    assert "missed" not in str(played.error)


FINAL = {
    "wrong key": (reply({"status": 403, "msg": "INVALID_API_KEY"}, 403), AuthenticationError),
    "unknown task": (UNKNOWN_TASK, NotFoundError),
    "404": (reply(b"", 404), NotFoundError),
    "daily cap": (reply({"status": 6101, "message": "cap"}, 429), RateLimitError),
}


@pytest.mark.parametrize(("answer", "kind"), FINAL.values(), ids=list(FINAL))
def test_other_refusals_end_the_waiting_and_name_the_task(answer: Any, kind: type[Exception]) -> None:
    """What waiting cannot mend is raised at once, with a note that names the task and how to resume."""
    played = play(wait("t1"), RUNNING, answer)
    assert type(played.error) is kind
    assert "tasks.wait('t1')" in "".join(played.error.__notes__)


def test_an_interruption_names_the_task() -> None:
    """Even Ctrl-C while waiting carries a note with the task id."""
    played = play(wait("t1"), RUNNING, KeyboardInterrupt())
    assert type(played.error) is KeyboardInterrupt
    assert "t1" in "".join(played.error.__notes__)


def test_an_unknown_id_is_tolerated_only_for_a_newborn_task(tmp_path: Any) -> None:
    """Just after a submission "not found" is a missed look; half a minute later it is an error."""
    options = {"prompt": "wave", "interval": 10.0, "output": tmp_path / "v.mp4"}
    played = play(generate(PICTURE, **options), ACCEPTED, UNKNOWN_TASK, UNKNOWN_TASK, DONE, MP4)
    assert played.result.path == tmp_path / "v.mp4"
    late = play(generate(PICTURE, **options), ACCEPTED, *[UNKNOWN_TASK] * 4)
    assert type(late.error) is NotFoundError
    assert late.slept == [10, 10, 10]
    assert type(play(wait("t1"), UNKNOWN_TASK).error) is NotFoundError


def test_an_unknown_word_is_warned_of_once() -> None:
    """A status word that no source lists keeps the waiting going and is warned of once, not at every look."""
    with pytest.warns(WeryAIWarning, match="unknown status 'reviewing'") as caught:
        played = play(wait("t1"), says("reviewing"), says("reviewing"), RUNNING, says("reviewing"), DONE)
    assert len(caught) == 1
    assert played.result.state is TaskState.SUCCEEDED


def test_known_words_in_any_case_are_not_warned_of() -> None:
    """Upper case is a known spelling, so it does not warn (a warning would be an error here)."""
    assert play(wait("t1"), says("PENDING"), says("Running"), says("SUCCESS", videos=[URL])).result


def test_on_update_is_called_after_each_answered_look() -> None:
    """The callback sees every task that was read, the last one included, and no missed look."""
    seen: list[Task] = []
    play(wait("t1", on_update=seen.append), WAITING, TransportError("reset"), RUNNING, DONE)
    assert [task.state.value for task in seen] == ["waiting", "processing", "succeeded"]


def test_an_error_in_the_callback_names_the_task() -> None:
    """What the user's callback raises comes out as it is, with the note that the task is paid for."""

    def broken(_: Task) -> None:
        raise RuntimeError("mine")

    played = play(wait("t1", on_update=broken), WAITING)
    assert type(played.error) is RuntimeError
    assert "paid for" in "".join(played.error.__notes__)


def test_a_failed_task_says_why() -> None:
    """A failure is a TaskFailedError with the service's reason, the task and its id."""
    error = play(wait("t1"), says("failed", msg="Image asset audit")).error
    assert isinstance(error, TaskFailedError)
    assert (error.task_id, error.reason) == ("t1", "Image asset audit")
    assert str(error) == "task t1 failed: Image asset audit"
    assert error.task is not None
    assert error.task.state is TaskState.FAILED


@pytest.mark.parametrize("videos", [None, [], [""], [{}], ["not a URL"]])
def test_a_success_without_a_video_is_a_failure(videos: Any) -> None:
    """Succeeded without any link ends the waiting as TaskFailedError."""
    error = play(wait("t1"), says("succeed", videos=videos)).error
    assert isinstance(error, TaskFailedError)
    assert "without a video" in str(error)


def test_a_look_returns_a_failed_task_and_repeats_like_a_get() -> None:
    """`tasks.get` gives the task as it is, also a failed one, after up to 4 tries."""
    played = play(look("t1"), reply(b"", 503), TransportError("reset"), reply(b"", 500), says("failed"))
    assert played.result.state is TaskState.FAILED
    assert len(played.slept) == 3
    assert type(play(look("t1"), *[reply(b"", 503)] * 4).error) is ServerError
    assert type(play(look("t1", RetryPolicy(tries=1)), reply(b"", 503)).error) is ServerError
    assert type(play(look("t1"), reply(b"<html>")).error) is ContractError


def test_a_look_asks_past_caches() -> None:
    """The status request goes to the task's own path with `Cache-Control: no-cache`, and is not marked as paid."""
    sent: Any = play(look("task_abc123"), DONE).sent[0]
    assert sent.name == "GET /v1/generation/task_abc123/status"
    assert sent.request["headers"]["Cache-Control"] == "no-cache"
    assert not sent.paid


def test_a_task_id_is_one_path_segment() -> None:
    """Slashes, spaces and question marks in an id are escaped, so no id reaches another operation."""
    sent: Any = play(look("a/b ?#"), DONE).sent[0]
    assert sent.request["url"] == "/v1/generation/a%2Fb%20%3F%23/status"


@pytest.mark.parametrize("task_id", ["", ".", "..", "...", None, 5, b"t1", "a\nb", "\x00", ["t1"]])
def test_what_cannot_be_a_task_id_is_refused_unsent(task_id: Any) -> None:
    """An impossible task id is an InvalidInputError, and nothing is sent."""
    for flow in (look(task_id), wait(task_id)):
        played = play(flow)
        assert type(played.error) is InvalidInputError
        assert played.sent == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", None),
        *((name, bad) for name in ("timeout", "interval") for bad in IMPOSSIBLE),
    ],
)
def test_impossible_waiting_times_are_refused_unsent(name: str, value: Any) -> None:
    """A negative, missing or non-numeric waiting time is refused before anything is sent, in generate before paying."""
    for flow in (wait("t1", **{name: value}), generate(PICTURE, prompt="wave", **{name: value})):
        played = play(flow)
        assert type(played.error) is InvalidInputError
        assert played.sent == []


def test_waiting_has_an_end_by_default() -> None:
    """Who names no timeout waits half an hour, not for ever."""
    played = play(wait("t1", interval=600.0), RUNNING, RUNNING, RUNNING, RUNNING)
    assert type(played.error) is TaskTimeoutError
    assert sum(played.slept) == 1800

"""Waits by webhook at the emulator, which delivers by itself over real sockets: woken, or covered by the next look."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.faces import Face, generate, submit
from fakes.hooks import HOUR, receiver, served, while_waiting
from fakes.surroundings import JOURNEY_KEY
from weryai import TaskState
from weryai.emulator import Emulator, ManualClock
from weryai.webhooks import Receiver

# The next look would be an hour away, so a wait that ends within a minute was ended by a delivery.
pytestmark = pytest.mark.timeout(60)
LONG = {"interval": HOUR, "timeout": 2 * HOUR}
ORDER, LOOK, TOLD, DOWNLOAD = "submitImageToVideo", "getTaskStatus", "webhook", "result"


@pytest.fixture(params=["asgi-succeed", "wsgi-SUCCESS"])
def way(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """How the receiver is served, and how the emulator spells the end: each of both kinds once."""
    kind, _, word = request.param.partition("-")
    return kind, word


@pytest.fixture
def emulator(way: tuple[Any, Any]) -> Iterator[Emulator]:
    """An emulator whose clock stands still."""
    with Emulator(clock=ManualClock(), video="fixed", key=JOURNEY_KEY, webhook_words=way[1]) as running:
        yield running


@pytest.fixture
def hooks(way: tuple[Any, Any]) -> Iterator[Receiver]:
    """A receiver, served by a real server."""
    with served(way[0]) as made:
        yield made


def until_listening(hooks: Receiver, waits: int = 1) -> None:
    """Come back when so many waits have looked once and have nothing to do but to listen."""
    give_up = time.monotonic() + 20
    while sum(bell._wake is not None for bells in hooks._bells.values() for bell in bells) < waits:
        assert time.monotonic() < give_up, "nobody listens"
        time.sleep(0.005)


def time_passes(emulator: Emulator, hooks: Receiver) -> None:
    """Let the tasks end once a wait listens."""
    until_listening(hooks)
    emulator.clock.advance(10)


def turning(emulator: Emulator) -> Callable[[weryai.Task], None]:
    """Return a callback that lets the tasks end right after the first look, before a wait listens."""
    return lambda task: None if task.ended else emulator.clock.advance(10)


def until_told(emulator: Emulator, times: int) -> None:
    """Come back when so many deliveries were answered with a 200."""
    give_up = time.monotonic() + 20
    while [one.status for one in emulator.exchanges if one.kind == "webhook"] != [200] * times:
        assert time.monotonic() < give_up, "the deliveries did not arrive"
        time.sleep(0.005)


def until_found(found: list[str], many: int) -> None:
    """Come back when so many tasks were yielded."""
    give_up = time.monotonic() + 20
    while len(found) < many:
        assert time.monotonic() < give_up, "the task was not yielded"
        time.sleep(0.005)


def ordered(face: Face, emulator: Emulator, hooks: Receiver) -> str:
    """Order with the receiver's address, and return the task's id."""
    return str(face.run(lambda client: submit(client, webhook_url=hooks.callback_url), emulator.url).task_ids[0])


def wait(task_id: str, hooks: Receiver, **options: Any) -> Callable[[Any], Any]:
    """Wait for a task by its deliveries."""
    return lambda client: client.tasks.wait(task_id, webhook=hooks, **{**LONG, **options})


def seen(emulator: Emulator) -> list[str | None]:
    """What arrived and what was delivered, in order."""
    return [one.operation for one in emulator.exchanges]


def test_the_emulators_delivery_ends_the_wait(face: Face, hooks: Receiver, emulator: Emulator) -> None:
    """The task ends while the wait listens: one delivery, one look that confirms it, and nothing more is asked."""
    task_id = ordered(face, emulator, hooks)

    task = while_waiting(lambda: face.run(wait(task_id, hooks), emulator.url), lambda: time_passes(emulator, hooks))
    assert (task.id, task.state) == (task_id, TaskState.SUCCEEDED)
    assert task.videos[0].url.startswith(emulator.url)
    assert seen(emulator) == [ORDER, LOOK, TOLD, LOOK]
    # The wait may end before the receiver's own answer has gone out.
    until_told(emulator, 1)


def test_a_delivery_before_the_wait_listens_is_not_lost(face: Face, hooks: Receiver, emulator: Emulator) -> None:
    """The task ends right after the first look, when the wait does not listen yet; it ends by that delivery as well."""
    task_id = ordered(face, emulator, hooks)

    task = face.run(wait(task_id, hooks, on_update=turning(emulator)), emulator.url)
    assert task.state is TaskState.SUCCEEDED
    assert seen(emulator) == [ORDER, LOOK, TOLD, LOOK]


@pytest.mark.parametrize("scenario", ["webhook-twice", "webhook-out-of-order"])
def test_stray_deliveries_are_answered_and_change_nothing(
    face: Face, hooks: Receiver, emulator: Emulator, scenario: str
) -> None:
    """A delivery that is repeated, or tells of the past, is answered like any other and costs no second look."""
    task_id = ordered(face, emulator, hooks)
    emulator.order(scenario)

    while_waiting(lambda: face.run(wait(task_id, hooks), emulator.url), lambda: time_passes(emulator, hooks))
    until_told(emulator, 2)
    assert sorted(map(str, seen(emulator))) == sorted([ORDER, LOOK, TOLD, TOLD, LOOK])
    emulator.assert_faults_met()


def test_a_delivered_failure_ends_the_wait(face: Face, hooks: Receiver, emulator: Emulator) -> None:
    """A task that fails ends the wait by its delivery too, with the reason that the emulator gives when asked."""
    task_id = ordered(face, emulator, hooks)

    def fails() -> None:
        until_listening(hooks)
        emulator.fail(task_id, "Image asset audit")

    with pytest.raises(weryai.TaskFailedError, match="Image asset audit"):
        while_waiting(lambda: face.run(wait(task_id, hooks), emulator.url), fails)
    assert seen(emulator) == [ORDER, LOOK, TOLD, LOOK]


def test_a_lost_delivery_is_covered_by_the_next_look(face: Face, hooks: Receiver, emulator: Emulator) -> None:
    """The end is never told; the look that was due anyway finds it."""
    task_id = ordered(face, emulator, hooks)
    emulator.order("webhook-never")

    task = face.run(wait(task_id, hooks, interval=0.7, on_update=turning(emulator)), emulator.url)
    assert task.state is TaskState.SUCCEEDED
    assert seen(emulator) == [ORDER, LOOK, LOOK]
    emulator.assert_faults_met()


def test_a_receiver_that_is_down_is_covered_by_the_next_look(face: Face, emulator: Emulator, closed_port: str) -> None:
    """A delivery that reaches nobody leaves the wait to its looks."""
    down = receiver(int(closed_port.rpartition(":")[2]))
    task_id = ordered(face, emulator, down)

    task = face.run(wait(task_id, down, interval=0.7, on_update=turning(emulator)), emulator.url)
    assert task.state is TaskState.SUCCEEDED
    assert [one.operation for one in emulator.exchanges if one.kind == "request"] == [ORDER, LOOK, LOOK]
    assert {one.status for one in emulator.exchanges if one.kind == "webhook"} == {None}


def test_many_waits_end_by_their_own_deliveries(face: Face, hooks: Receiver, emulator: Emulator) -> None:
    """`wait_many` yields each task as soon as the emulator tells its end, after one look more for each."""
    ids = [ordered(face, emulator, hooks) for _ in range(3)]
    found: list[str] = []

    def one_after_the_other() -> None:
        for number, task_id in enumerate(reversed(ids), 1):
            until_listening(hooks, waits=len(ids) + 1 - number)
            emulator.finish(task_id)
            until_told(emulator, number)
            until_found(found, number)

    def many(client: Any) -> Any:
        results = client.tasks.wait_many(ids, webhook=hooks, **LONG)

        async def gather() -> None:
            async for result in results:
                found.append(result.task.id)

        return gather() if face.kind == "async" else found.extend(result.task.id for result in results)

    while_waiting(lambda: face.run(many, emulator.url), one_after_the_other)
    assert found == list(reversed(ids))
    assert sorted(map(str, seen(emulator))) == sorted([*[ORDER] * 3, *[LOOK] * 6, *[TOLD] * 3])


def test_a_video_is_made_by_a_delivery(face: Face, hooks: Receiver, emulator: Emulator, tmp_path: Path) -> None:
    """`generate(webhook=...)` orders with the receiver's address, once, and stores the video when its end is told."""

    def make(client: Any) -> Any:
        return generate(client, tmp_path / "v.mp4", webhook=hooks, **LONG)

    video = while_waiting(lambda: face.run(make, emulator.url), lambda: time_passes(emulator, hooks))
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert seen(emulator) == [ORDER, LOOK, TOLD, LOOK, DOWNLOAD]
    emulator.assert_submitted_once()

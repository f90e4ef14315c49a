"""A wait by webhook: the delivery ends it, its absence delays it no further than the next look, lies cost a look."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import MP4, STATUS, SUBMIT, TASK, accepted, envelope, looked, serve_story
from fakes.faces import Face, generate
from fakes.faults import Hang, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.hooks import HOUR, VIDEO, Kind, deliver, delivery, receiver, served, while_waiting
from weryai import TaskState
from weryai.webhooks import Receiver, WebhookEvent

# With an hour between two looks, a wait that ends within a minute was ended by a delivery.
pytestmark = pytest.mark.timeout(60)
RUNNING, DONE = looked("processing"), looked("succeed", videos=[VIDEO])


@pytest.fixture(params=["asgi", "wsgi"])
def hooks(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    """A receiver, served by either kind of server."""
    with served(request.param) as made:
        yield made


def wait(hooks: Receiver, **options: Any) -> Callable[[Any], Any]:
    """Wait for the task by webhook, with looks an hour apart."""
    return lambda client: client.tasks.wait(TASK, webhook=hooks, **{"interval": HOUR, "timeout": 2 * HOUR, **options})


def test_a_delivery_ends_the_wait(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """The wait ends when the delivery comes, by asking: two looks, and the task that the second one told of."""
    faulty_server.script("GET", STATUS, RUNNING, looked("succeed", videos=["https://cdn.example.com/told.mp4"]))

    def service() -> None:
        faulty_server.wait_for("GET", STATUS)
        assert deliver(hooks.callback_url, delivery()) == 200

    task = while_waiting(lambda: face.run(wait(hooks), faulty_server.url), service)
    assert task.videos[0].url == "https://cdn.example.com/told.mp4"
    faulty_server.assert_met()
    assert len(faulty_server.requests) == 2


def test_a_lost_delivery_costs_no_more_than_the_next_look(face: Face, faulty_server: FaultyServer) -> None:
    """A delivery that never comes is covered by looking as usual."""
    faulty_server.script("GET", STATUS, RUNNING, RUNNING, DONE)
    task = face.run(wait(receiver(), interval=0.6), faulty_server.url)
    assert task.state is TaskState.SUCCEEDED
    faulty_server.assert_met()


def test_a_delivery_before_the_wait_counts(face: Face, faulty_server: FaultyServer) -> None:
    """What came before the wait makes it look once more soon, for the status may lag behind the delivery."""
    hooks = receiver()
    assert hooks.receive(delivery(), hooks.callback_url)
    faulty_server.script("GET", STATUS, RUNNING, DONE)
    assert face.run(wait(hooks), faulty_server.url).state is TaskState.SUCCEEDED
    faulty_server.assert_met()


def test_a_delivery_during_a_look_counts(face: Face, faulty_server: FaultyServer) -> None:
    """What comes while a look is under way brings the next one forward."""
    hooks = receiver()
    faulty_server.script("GET", STATUS, RUNNING, DONE)

    def came_meanwhile(task: weryai.Task) -> None:
        if not task.ended:
            hooks.receive(delivery(), hooks.callback_url)

    assert face.run(wait(hooks, on_update=came_meanwhile), faulty_server.url).state is TaskState.SUCCEEDED
    faulty_server.assert_met()


def test_a_lie_costs_a_look(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """Who knows the secret can make us look, and no more: success is what the service says when asked."""
    faulty_server.script("GET", STATUS, RUNNING, RUNNING, DONE)

    def service() -> None:
        faulty_server.wait_for("GET", STATUS)
        assert deliver(hooks.callback_url, delivery(videos=["https://evil.example/v.mp4"])) == 200
        faulty_server.wait_for("GET", STATUS, 2)
        assert deliver(hooks.callback_url, delivery()) == 200

    task = while_waiting(lambda: face.run(wait(hooks), faulty_server.url), service)
    assert task.videos[0].url == VIDEO
    faulty_server.assert_met()


def test_a_stranger_wakes_nobody(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """A delivery without the secret is refused without a word, and no look follows from it."""
    faulty_server.default("GET", STATUS, RUNNING)
    strange = hooks.callback_url.partition("?")[0]

    def stranger() -> None:
        faulty_server.wait_for("GET", STATUS)
        assert {deliver(f"{strange}{query}", delivery()) for query in ("", "?weryai_secret=", "?secret=x")} == {400}

    with pytest.raises(weryai.TaskTimeoutError):
        while_waiting(lambda: face.run(wait(hooks, timeout=1.5), faulty_server.url), stranger)
    # The first look, and the one at the deadline.
    assert len(faulty_server.requests) == 2


def test_a_failed_task_is_asked_for_too(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """A delivered failure ends the wait with the reason that the service gives when asked."""
    faulty_server.script("GET", STATUS, RUNNING, looked("failed", msg="Image asset audit"))

    def service() -> None:
        faulty_server.wait_for("GET", STATUS)
        deliver(hooks.callback_url, delivery(word="FAILED", msg="something else"))

    with pytest.raises(weryai.TaskFailedError, match="Image asset audit"):
        while_waiting(lambda: face.run(wait(hooks), faulty_server.url), service)


def test_many_waits_are_woken_one_by_one(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """`wait_many` yields each task when its delivery comes, in the order of the deliveries."""
    names = ["one", "two", "three"]
    for name in names:
        running, done = ({"task_id": name, "task_status": word} for word in ("processing", "succeed"))
        path = f"/v1/generation/{name}/status"
        faulty_server.script(
            "GET", path, *[json_reply(envelope(one)) for one in (running, {**done, "videos": [VIDEO]})]
        )
    seen: list[str] = []
    came = threading.Semaphore(0)

    def service() -> None:
        faulty_server.wait_for("GET", "/v1/generation/", 3)
        for name in reversed(names):
            deliver(hooks.callback_url, delivery(name))
            assert came.acquire(timeout=20)

    def note(result: weryai.WaitResult) -> None:
        assert result.error is None
        seen.append(result.task_id)
        came.release()

    def many(client: Any) -> Any:
        results = client.tasks.wait_many(names, interval=HOUR, timeout=2 * HOUR, webhook=hooks)

        async def gather() -> None:
            async for result in results:
                note(result)

        if face.kind == "async":
            return gather()
        return [note(result) for result in results]

    while_waiting(lambda: face.run(many, faulty_server.url), service)
    assert seen == ["three", "two", "one"]
    faulty_server.assert_met()


def test_every_wait_for_a_task_is_woken(face: Face, hooks: Receiver, faulty_server: FaultyServer) -> None:
    """One delivery wakes all who wait for the task, and each asks for itself."""
    faulty_server.script("GET", STATUS, *[RUNNING] * 3)
    faulty_server.default("GET", STATUS, DONE)

    def service() -> None:
        faulty_server.wait_for("GET", STATUS, 3)
        deliver(hooks.callback_url, delivery())

    tasks = while_waiting(lambda: face.run_together([wait(hooks)] * 3, faulty_server.url), service)
    assert [task.state for task in tasks] == [TaskState.SUCCEEDED] * 3
    assert len(faulty_server.requests) == 6 and hooks._bells == {}


def test_generate_submits_with_the_address_it_waits_at(
    face: Face, hooks: Receiver, faulty_server: FaultyServer, tmp_path: Path
) -> None:
    """`generate(webhook=...)` orders once, with the receiver's address, and ends by the delivery to that address."""
    serve_story(faulty_server, looks=[RUNNING])

    def service() -> None:
        faulty_server.wait_for("GET", STATUS)
        assert deliver(faulty_server.posts(SUBMIT)[0].json()["webhook_url"], delivery()) == 200

    def work(client: Any) -> Any:
        return generate(client, tmp_path / "v.mp4", webhook=hooks, interval=HOUR, timeout=2 * HOUR)

    video = while_waiting(lambda: face.run(work, faulty_server.url), service)
    assert video.path.read_bytes() == MP4
    assert [one.json()["webhook_url"] for one in faulty_server.posts(SUBMIT)] == [hooks.callback_url]


def test_generate_keeps_an_address_that_was_given(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A `webhook_url` of one's own is sent as it is."""
    serve_story(faulty_server)
    url = "https://elsewhere.example/hook"
    face.run(
        lambda client: generate(client, tmp_path / "v.mp4", webhook=receiver(), webhook_url=url), faulty_server.url
    )
    assert [one.json()["webhook_url"] for one in faulty_server.posts(SUBMIT)] == [url]


@pytest.mark.parametrize("webhook", ["https://you.example/hooks", True, b"x"], ids=repr)
def test_only_a_receiver_can_be_waited_at(face: Face, faulty_server: FaultyServer, webhook: Any) -> None:
    """Anything else is refused in a sentence before anything is sent, above all before anything is paid."""
    faulty_server.default("POST", SUBMIT, accepted())
    for work in (
        lambda client: generate(client, None, webhook=webhook),
        lambda client: client.tasks.wait(TASK, webhook=webhook),
    ):
        with pytest.raises(weryai.InvalidInputError, match="webhook must be a weryai"):
            face.run(work, faulty_server.url)
    assert faulty_server.requests == []


def test_a_silent_receiver_does_not_stretch_the_deadline(face: Face, faulty_server: FaultyServer) -> None:
    """Without a delivery the wait gives up at its time, and says how to resume."""
    faulty_server.default("GET", STATUS, RUNNING)
    with pytest.raises(weryai.TaskTimeoutError, match="resume with"):
        face.run(wait(receiver(), timeout=0.8), faulty_server.url)
    assert len(faulty_server.requests) == 2


def test_a_missed_look_after_a_delivery_is_a_missed_look(face: Face, faulty_server: FaultyServer) -> None:
    """If the service is in trouble when it is asked, looks go on."""
    hooks = receiver()
    hooks.receive(delivery(), hooks.callback_url)
    faulty_server.script("GET", STATUS, RUNNING, html_reply(503), Hang(), DONE)
    task = face.run(wait(hooks, interval=0.7), faulty_server.url, timeout=0.5)
    assert task.state is TaskState.SUCCEEDED
    faulty_server.assert_met()


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_event_is_confirmed_by_asking(kind: Kind, face: Face, faulty_server: FaultyServer) -> None:
    """`on_event` gets each news once, after the answer; `tasks.get` with its id says what is true."""
    faulty_server.default("GET", STATUS, looked("failed", msg="Content moderation"))
    events: list[WebhookEvent] = []
    came = threading.Event()

    def on_event(event: WebhookEvent) -> None:
        events.append(event)
        came.set()

    with served(kind, on_event) as hooks:
        assert [deliver(hooks.callback_url, delivery()) for _ in range(3)] == [200] * 3
        assert came.wait(10)
    assert [one.task_id for one in events] == [TASK]
    told = events[0].task
    asked = face.run(lambda client: client.tasks.get(events[0].task_id), faulty_server.url)
    assert (told.state, asked.state) == (TaskState.SUCCEEDED, TaskState.FAILED)

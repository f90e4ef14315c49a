"""Many waits in one process: one gate, results as completed, nobody fails because of the others."""

import asyncio
import itertools
import math
import threading
import time
from typing import Any

import pytest

from fakes.answers import envelope, refused
from fakes.faces import Face
from fakes.faults import Reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import InvalidInputError, NotFoundError, TaskFailedError, TaskTimeoutError, WaitResult

pytestmark = pytest.mark.timeout(60)
VIDEO = "https://cdn.example.com/v.mp4"


def status(task_id: str) -> str:
    """Return the path that tells of a task."""
    return f"/v1/generation/{task_id}/status"


def told(task_id: str, word: str, delay: float = 0.0, **data: Any) -> Reply:
    """Answer a look at this task."""
    return json_reply(envelope({"task_id": task_id, "task_status": word, **data}), delay=delay)


def done(task_id: str, delay: float = 0.0) -> Reply:
    """Answer that this task has its video."""
    return told(task_id, "succeed", delay, videos=[VIDEO])


def all_results(
    face: Face, server: FaultyServer, task_ids: Any, client: Any = None, **options: Any
) -> list[WaitResult]:
    """Wait for many with a client of either kind."""
    chosen = {"interval": 0.01, **options}

    async def gather(made: Any) -> list[WaitResult]:
        return [result async for result in made.tasks.wait_many(task_ids, **chosen)]

    def collect(made: Any) -> Any:
        return list(made.tasks.wait_many(task_ids, **chosen)) if face.kind == "sync" else gather(made)

    result: list[WaitResult] = face.run(collect, server.url, **(client or {}))
    return result


def test_results_come_as_completed(face: Face, faulty_server: FaultyServer) -> None:
    """The first task to end is yielded first, whatever its place in the list."""
    faulty_server.script("GET", status("slow"), *[told("slow", "processing")] * 20, done("slow"))
    faulty_server.script("GET", status("fast"), done("fast"))
    results = all_results(face, faulty_server, ["slow", "fast"])
    assert [one.task_id for one in results] == ["fast", "slow"]
    assert [one.task.videos[0].url for one in results if one.task] == [VIDEO, VIDEO]
    faulty_server.assert_met()


def test_one_tasks_fate_is_its_own(face: Face, faulty_server: FaultyServer) -> None:
    """A failed, an unknown and a late task are results of their own and end nobody else's waiting."""
    faulty_server.default("GET", status("failed"), told("failed", "failed", msg="Image asset audit"))
    faulty_server.default("GET", status("unknown"), refused(1003, "task not exist"))
    faulty_server.default("GET", status("late"), told("late", "processing"))
    faulty_server.script("GET", status("good"), json_reply({"status": 500}, 503), done("good"))
    results = {
        one.task_id: one for one in all_results(face, faulty_server, ["failed", "unknown", "late", "good"], timeout=0.4)
    }
    assert (
        isinstance(results["failed"].error, TaskFailedError) and results["failed"].error.reason == "Image asset audit"
    )
    assert isinstance(results["unknown"].error, NotFoundError) and results["unknown"].task is None
    assert isinstance(results["late"].error, TaskTimeoutError) and results["late"].task is not None
    assert results["good"].error is None and results["good"].task is not None


def test_a_repeated_id_is_waited_for_once(face: Face, faulty_server: FaultyServer) -> None:
    """Naming a task twice costs one look and gives one result; an empty list gives none."""
    faulty_server.script("GET", status("one"), done("one"))
    assert [one.task_id for one in all_results(face, faulty_server, ["one", "one"])] == ["one"]
    assert all_results(face, faulty_server, []) == []
    faulty_server.assert_met()


@pytest.mark.parametrize("wrong", ["task_1", [""], [None], ["ok", ".."]], ids=repr)
def test_bad_ids_are_refused_before_the_first_look(face: Face, faulty_server: FaultyServer, wrong: Any) -> None:
    """A text in place of a list, or something that is no id, is refused at the call."""
    with pytest.raises(InvalidInputError):
        all_results(face, faulty_server, wrong)
    assert faulty_server.requests == []


def test_requests_at_a_time_are_bounded(face: Face, faulty_server: FaultyServer) -> None:
    """Forty waits with `max_requests=4` never have more than four requests open, and all of them succeed."""
    ids = [f"t{number}" for number in range(40)]
    for task_id in ids:
        faulty_server.script("GET", status(task_id), done(task_id, delay=0.05))
    started = time.monotonic()
    results = all_results(face, faulty_server, ids, {"max_requests": 4, "polls_per_second": 10_000.0})
    assert {one.task_id for one in results if one.error is None} == set(ids)
    # Ten rounds of four take half a second; more at a time would take less.
    assert time.monotonic() - started > 0.45
    assert len({one.headers["host"] for one in faulty_server.requests}) == 1


def test_looks_are_paced_and_intervals_stretch(face: Face, faulty_server: FaultyServer) -> None:
    """Thirty waits that would look every 10 ms look 50 times a second together, evenly, and none of them fails."""
    ids = [f"t{number}" for number in range(30)]
    for task_id in ids:
        faulty_server.script("GET", status(task_id), told(task_id, "processing"), done(task_id))
    results = all_results(face, faulty_server, ids, {"polls_per_second": 50.0})
    assert [one for one in results if one.error is not None] == [] and len(results) == 30
    arrivals = [one.at for one in faulty_server.requests]
    assert len(arrivals) == 60
    # Arrival is a little later than departure; a burst would be a multiple of this.
    for start, end in zip(arrivals, arrivals[25:], strict=False):
        assert end - start > 0.4


def test_concurrent_single_waits_share_the_gate(face: Face, faulty_server: FaultyServer) -> None:
    """Twenty separate waits on one client are paced together as one `wait_many` is."""
    ids = [f"t{number}" for number in range(20)]
    for task_id in ids:
        faulty_server.script("GET", status(task_id), done(task_id))
    works = [lambda client, one=task_id: client.tasks.wait(one) for task_id in ids]
    tasks = face.run_together(works, faulty_server.url, polls_per_second=40.0)
    assert {task.id for task in tasks} == set(ids)
    arrivals = [one.at for one in faulty_server.requests]
    assert arrivals[-1] - arrivals[0] > 0.4


def test_a_wait_in_line_ends_at_its_deadline(face: Face, faulty_server: FaultyServer) -> None:
    """A wait whose turn is a minute away still ends after its own timeout, with a TaskTimeoutError."""
    for task_id in ("first", "second", "third"):
        faulty_server.default("GET", status(task_id), told(task_id, "processing"))
    started = time.monotonic()
    options = {"timeout": 1.0, "interval": 0.5}
    results = all_results(face, faulty_server, ["first", "second", "third"], {"polls_per_second": 1 / 60}, **options)
    assert time.monotonic() - started < 10
    assert [type(one.error) for one in results] == [TaskTimeoutError] * 3
    assert len(faulty_server.requests) == 1


def test_updates_come_from_the_callers_thread(face: Face, faulty_server: FaultyServer) -> None:
    """`on_update` is called in the thread that waits, so it needs no locks; and what it raises is raised."""
    ids = ["a", "b", "c"]
    for task_id in ids:
        faulty_server.script("GET", status(task_id), told(task_id, "waiting"), done(task_id))
    threads: set[int] = set()
    seen: list[str] = []

    def note(task: Any) -> None:
        threads.add(threading.get_ident())
        seen.append(task.id)

    all_results(face, faulty_server, ids, on_update=note)
    assert threads == {threading.get_ident()}
    assert sorted(seen) == ["a", "a", "b", "b", "c", "c"]

    def fail(task: Any) -> None:
        raise KeyError(task.id)

    faulty_server.default("GET", status("a"), done("a"))
    with pytest.raises(KeyError):
        all_results(face, faulty_server, ["a"], on_update=fail)


def test_leaving_early_stops_looking(faulty_server: FaultyServer) -> None:
    """Who breaks out of the loop leaves no thread and no look behind, and the client goes on working."""
    from weryai import WeryAI

    faulty_server.default("GET", status("slow"), told("slow", "processing"))
    faulty_server.default("GET", status("fast"), done("fast"))
    with WeryAI("sk-leaving-early", base_url=faulty_server.url) as client:
        results = client.tasks.wait_many(["slow", "fast"], interval=0.01)
        assert next(iter(results)).task_id == "fast"
        results.close()  # type: ignore[attr-defined]
        time.sleep(0.1)
        count = len(faulty_server.requests)
        assert not [thread for thread in threading.enumerate() if thread.name == "weryai-wait"]
        time.sleep(0.1)
        assert len(faulty_server.requests) == count
        assert client.tasks.get("fast").ended


async def test_cancelling_stops_looking(faulty_server: FaultyServer) -> None:
    """A cancelled `async for` leaves no task of ours on the loop."""
    from weryai import AsyncWeryAI

    faulty_server.default("GET", "/v1/generation/", told("slow", "processing"))
    async with AsyncWeryAI("sk-cancelling", base_url=faulty_server.url) as client:

        async def story() -> None:
            async for result in client.tasks.wait_many([f"t{number}" for number in range(5)], interval=0.01):
                raise AssertionError(f"nothing has ended: {result}")

        task = asyncio.create_task(story())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("name", "value"),
    [*itertools.product(["max_requests", "polls_per_second"], [0, -1, True, "3", math.nan, math.inf, 1_000_000])],
)
def test_impossible_gates_are_refused(name: str, value: Any) -> None:
    """`max_requests` is 1 to 100, `polls_per_second` more than 0 and at most 10,000."""
    from weryai import ConfigurationError, WeryAI

    with pytest.raises(ConfigurationError, match=name):
        WeryAI("sk-impossible", **{name: value})

"""Server-sent events on a socket: they come, go on after a break, and end with the emulator."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from weryai.emulator import Emulator, ManualClock
from weryai.emulator import _page_api as events_module
from weryai.emulator._clock import Changes

from .conftest import AUTHORIZED, order

EVENTS = "/_emulator/events"
MANY = 50


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose clock the test turns."""
    with Emulator(clock=ManualClock(), video="fixed") as running:
        yield running


class Watcher:
    """Somebody who watches, as a browser does."""

    def __init__(self, emulator: Emulator, stack: ExitStack, **headers: str) -> None:
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=20))
        self.reply = stack.enter_context(client.stream("GET", emulator.url + EVENTS, headers=headers))
        self.lines = self.reply.iter_lines()
        self.cursor = ""

    def next(self) -> Any:
        """Return what the next event tells."""
        for line in self.lines:
            if line.startswith("id: "):
                self.cursor = line.removeprefix("id: ")
            elif line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
        raise EOFError


def submit(emulator: Emulator) -> str:
    """Order a task."""
    url = f"{emulator.url}/v1/generation/image-to-video"
    reply = httpx.post(url, json=order(), headers=AUTHORIZED, trust_env=False)
    return str(reply.json()["data"]["task_ids"][0])


def until(watcher: Watcher, task_id: str, state: str) -> None:
    """Read events until one tells that a task is in a state; the suite's timeout is the bound."""
    while not any(one["id"] == task_id and one["state"] == state for one in watcher.next()["tasks"]):
        pass


def test_tasks_are_seen_as_they_move(emulator: Emulator) -> None:
    """An event each tells of the new task and of every state that the turned clock brings it to."""
    with ExitStack() as stack:
        watcher = Watcher(emulator, stack)
        assert watcher.reply.headers["content-type"].startswith("text/event-stream")
        assert watcher.reply.headers["cache-control"] == "no-store"
        assert "fresh" in watcher.next()
        task_id = submit(emulator)
        until(watcher, task_id, "waiting")
        for state in ("processing", "succeed"):
            emulator.clock.advance(2)
            until(watcher, task_id, state)


def test_a_watcher_that_comes_back_misses_nothing(emulator: Emulator) -> None:
    """Last-Event-ID, which a browser sends by itself, leads to what happened in between and to nothing else."""
    with ExitStack() as stack:
        watcher = Watcher(emulator, stack)
        watcher.next()
    task_id = submit(emulator)
    with ExitStack() as stack:
        again = Watcher(emulator, stack, **{"Last-Event-ID": watcher.cursor})
        told = again.next()
        assert "fresh" not in told
        while not told["tasks"]:
            told = again.next()
        assert [one["id"] for one in told["tasks"]] == [task_id]


def test_watching_makes_no_exchange(emulator: Emulator) -> None:
    """Whoever watches, or opens the page, is not seen in what is watched."""
    with ExitStack() as stack:
        watcher = Watcher(emulator, stack)
        watcher.next()
        httpx.get(emulator.url, trust_env=False)
        assert emulator.exchanges == []


def test_stopping_ends_every_stream(emulator: Emulator) -> None:
    """Fifty open pages hear the end of their stream when the emulator stops, and none is cut off by force."""
    with ExitStack() as stack:
        watchers = [Watcher(emulator, stack) for _ in range(MANY)]
        for watcher in watchers:
            watcher.next()
        ended: list[bool] = []

        def watch(watcher: Watcher) -> None:
            with pytest.raises(EOFError):
                watcher.next()
            ended.append(True)

        threads = [threading.Thread(target=watch, args=(watcher,)) for watcher in watchers]
        for thread in threads:
            thread.start()
        emulator.stop()
        for thread in threads:
            thread.join(timeout=20)
    # A connection cut in the middle of its chunks would have been an httpx.RemoteProtocolError.
    assert ended == [True] * MANY


def test_too_many_are_told_so(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page more than may watch gets 503 and a sentence; when one has left, there is room again."""
    monkeypatch.setattr(events_module, "MOST_STREAMS", 1)
    with ExitStack() as stack:
        first = Watcher(emulator, stack)
        first.next()
        refused = httpx.get(emulator.url + EVENTS, trust_env=False)
        assert (refused.status_code, refused.json()) == (503, {"error": "1 pages are watching already"})
    give_up = time.monotonic() + 20
    with ExitStack() as stack:
        while (watcher := Watcher(emulator, stack)).reply.status_code == 503:
            assert time.monotonic() < give_up
        assert "fresh" in watcher.next()


def test_a_stream_has_its_time(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream ends by itself, in order, so that a server which waits for open answers can end."""
    monkeypatch.setattr(events_module, "LONGEST_STREAM", 0.0)
    assert httpx.get(emulator.url + EVENTS, trust_env=False).text == "retry: 1000\n\n"


def test_silence_is_broken_by_a_comment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without news says now and then that it stands, in a line that no page takes for an event."""
    monkeypatch.setattr(events_module, "HEARTBEAT", 0.01)
    with ExitStack() as stack:
        watcher = Watcher(emulator, stack)
        watcher.next()
        assert next(line for line in watcher.lines if line.startswith(":")) == ": nothing new"


async def test_waiting_ends_with_the_changes() -> None:
    """Whoever waits or rests is let go by close(), and nobody waits after it."""
    changes = Changes()
    waiting = asyncio.gather(changes.beyond(0), changes.rest(3600))
    await asyncio.sleep(0)
    changes.close()
    assert await waiting == [0, None]
    assert await changes.beyond(0) == 0
    await changes.rest(3600)
    assert changes.is_closed and not changes._waiting and not changes._resting


async def test_resting_is_not_disturbed_by_changes() -> None:
    """A change wakes those who wait for one and not those who rest."""
    changes = Changes()
    resting = asyncio.create_task(changes.rest(3600))
    waiting = asyncio.create_task(changes.beyond(0))
    await asyncio.sleep(0)
    changes.bump()
    assert await waiting == 1
    assert not resting.done()
    resting.cancel()

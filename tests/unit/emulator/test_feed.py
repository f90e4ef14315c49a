"""The feed: what is new since a cursor, told once for every page."""

import json
from typing import Any

import pytest

from weryai.emulator import ManualClock, Settings
from weryai.emulator import _page_api as feed_module
from weryai.emulator._clock import Clock
from weryai.emulator._page_api import Feed
from weryai.emulator._state.exchanges import Complaint, Post, SeenRequest
from weryai.emulator._state.tasks import FAILED, Work
from weryai.emulator._state.world import World

HOME = "http://127.0.0.1:1"
WORK = Work("https://example.com/a.jpg", "16:9", 5, "M", "She waves", job="j")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world at which may be looked as often as one likes."""
    monkeypatch.setattr(feed_module, "PAUSE", 0.0)
    monkeypatch.setattr(feed_module, "PATIENCE", 0)
    return World(Settings(video="fixed"), ManualClock())


def order(world: World, count: int = 1) -> list[str]:
    """Order tasks."""
    tasks = world.tasks.submit(WORK, count)
    world.changes.bump()
    return [task.id for task in tasks]


def asked(feed: Feed, cursor: str = "") -> tuple[str, Any]:
    """Ask for news; return the next cursor and what is told."""
    news = feed.since(cursor, HOME)
    return (cursor, None) if news is None else (news.cursor, json.loads(news.text))


def test_a_new_page_is_told_everything(world: World) -> None:
    """Without a cursor the clock, the credits, totals and every list are told, and what a page needs once."""
    (task_id,) = order(world)
    _, told = asked(Feed(world))
    assert told["fresh"] == {"key": "sk-emulator", "balance": 1000, "unlimited": False, "most": feed_module.MOST}
    assert [told["clock"]["kind"], told["balance"], told["totals"]] == ["manual", 990, {"tasks": 1, "exchanges": 0}]
    assert [one["id"] for one in told["tasks"]] == [task_id]
    assert [told["exchanges"], told["faults"], told["ledger"]] == [[], [], []]


def test_a_key_of_ones_own_is_not_told() -> None:
    """The default key is in the README; any other stands in nothing that the page gets."""
    news = Feed(World(Settings(video="fixed", key="sk-mine"))).since("", HOME)
    assert news is not None and json.loads(news.text)["fresh"]["key"] is None
    assert "sk-mine" not in news.text


def test_only_what_is_new_is_told(world: World) -> None:
    """With a cursor a task, an exchange, a fault or a job is told when it is new or has changed, and not again."""
    feed = Feed(world)
    first, second = order(world, 2)
    cursor, _ = asked(feed)
    assert asked(feed, cursor) == (cursor, None)

    task = world.tasks.task(second)
    assert task is not None
    world.end(task, FAILED, "why")
    exchange = world.exchanges.begin(SeenRequest("GET", "/", {}, b""), 0.0)
    fault = world.faults.order("rate-limit")
    world.ledger.note(Post(exchange.id, 0.0, "j", "M", "She waves", (first,)))
    cursor, told = asked(feed, cursor)
    assert "fresh" not in told
    assert [(one["id"], one["state"], one["reason"]) for one in told["tasks"]] == [(second, "failed", "why")]
    assert [one["id"] for one in told["exchanges"]] == [exchange.id]
    assert [(one["id"], one["met"]) for one in told["faults"]] == [(fault.id, 0)]
    assert [one["job"] for one in told["ledger"]] == ["j"]

    exchange.complaints.append(Complaint("/prompt", "too long"))
    world.exchanges.touch(exchange)
    world.faults.take("submit")
    world.changes.bump()
    cursor, told = asked(feed, cursor)
    assert [told["tasks"], told["ledger"]] == [[], []]
    assert [one["complaints"] for one in told["exchanges"]] == [[{"pointer": "/prompt", "message": "too long"}]]
    assert [one["met"] for one in told["faults"]] == [1]


def test_time_moves_tasks(world: World) -> None:
    """A task that another moment finds in another state is told without anybody having touched it."""
    feed = Feed(world)
    order(world)
    cursor, _ = asked(feed)
    world.clock.advance(1.5)
    _, told = asked(feed, cursor)
    assert [one["state"] for one in told["tasks"]] == ["processing"]


def test_pages_at_the_same_place_are_told_the_same_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages watch, the news is put together once; only the clock is told anew to each."""
    feed = Feed(world)
    order(world)
    told: list[int] = []
    tell = feed._tell
    monkeypatch.setattr(feed, "_tell", lambda after, home: (told.append(after), tell(after, home))[1])
    first = feed.since("", HOME)
    assert first is not None
    assert feed.since("", HOME) == first
    assert told == [0]
    assert feed.since(first.cursor, HOME) is None


def test_a_page_that_is_loaded_later_is_told_the_time_of_now() -> None:
    """The clock goes on between two loads although nothing else has changed; it never starts anew."""
    world = World(Settings(video="fixed"), Clock(speed=3600.0))
    feed = Feed(world)
    first = json.loads(feed.since("", HOME).text)["clock"]["now"]  # type: ignore[union-attr]
    world.clock._base += 100  # As time passes: without telling those who listen.
    assert json.loads(feed.since("", HOME).text)["clock"]["now"] >= first + 100  # type: ignore[union-attr]
    world.close()


@pytest.mark.parametrize("cursor", ["", "x", "1", "-", "deadbeef-3", "deadbeef-x"])
def test_a_cursor_of_another_emulator_begins_anew(world: World, cursor: str) -> None:
    """What is no cursor of this feed, as after a restart, gets everything instead of an error."""
    order(world)
    _, told = asked(Feed(world), cursor)
    assert "fresh" in told and len(told["tasks"]) == 1


def test_a_reset_begins_anew(world: World) -> None:
    """After a reset an old cursor gets a fresh beginning, in which the old tasks are not."""
    feed = Feed(world)
    order(world)
    cursor, _ = asked(feed)
    world.reset()
    (after,) = order(world)
    _, told = asked(feed, cursor)
    assert "fresh" in told
    assert [one["id"] for one in told["tasks"]] == [after]


def test_the_news_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind the newest are told, however many there are; the totals count all."""
    monkeypatch.setitem(feed_module.MOST, "tasks", 3)
    monkeypatch.setitem(feed_module.MOST, "exchanges", 2)
    ids = [one for _ in range(5) for one in order(world)]
    for _ in range(4):
        last = world.exchanges.begin(SeenRequest("GET", "/", {}, b""), 0.0)
    _, told = asked(Feed(world))
    assert [one["id"] for one in told["tasks"]] == ids[-3:]
    assert [one["id"] for one in told["exchanges"]] == [last.id - 1, last.id]
    assert told["totals"] == {"tasks": 5, "exchanges": 4}


def test_looks_are_not_made_more_often_than_due() -> None:
    """Right after a look nothing is looked at again, whatever has changed; what changed is told when it is due."""
    world = World(Settings(video="fixed"), ManualClock())
    feed = Feed(world)
    cursor, _ = asked(feed)
    order(world)
    assert feed.rest() > 0
    assert asked(feed, cursor) == (cursor, None)
    feed._next = 0.0
    assert len(asked(feed, cursor)[1]["tasks"]) == 1

"""The clock, what is due by it, and the counter of changes."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from weryai.emulator import Emulator, ManualClock
from weryai.emulator._clock import Changes, Clock, Scheduler

from .conftest import Visitor


def test_a_real_clock_tells_the_time_of_day() -> None:
    """Real time is counted from the epoch, so that it means something after a restart."""
    assert abs(Clock().now() - time.time()) < 5
    assert (Clock().kind, Clock(60).kind, ManualClock().kind) == ("real", "fast", "manual")


def test_a_clock_stands_still_where_no_date_is_left() -> None:
    """However fast it is, a clock tells a time that every JSON and every page can show."""
    clock, before = Clock(1e300), time.monotonic()
    while time.monotonic() == before:
        pass
    assert clock.now() == 253_402_300_799


def test_a_fast_clock_is_as_fast_as_it_is_told() -> None:
    """The clock's seconds are real ones times the factor."""
    clock, before = Clock(1000.0, start=0.0), time.monotonic()
    while time.monotonic() - before < 0.01:
        pass
    assert clock.now() >= 10


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(speed: float) -> None:
    """Time goes forward, at a speed that is a number."""
    with pytest.raises(ValueError, match="speed="):
        Clock(speed)


def test_a_clock_catches_up_but_never_goes_back() -> None:
    """It becomes at least as late as it is told."""
    clock = ManualClock()
    clock.catch_up(7)
    clock.catch_up(3)
    assert clock.now() == 7


def test_a_real_clock_can_be_turned_forward() -> None:
    """An emulator in real time can be told that an hour has passed."""
    with Emulator(video="fixed") as emulator:
        before = emulator.clock.now()
        emulator.clock.advance(3600)
        assert emulator.clock.now() >= before + 3600


def test_a_clock_and_a_speed_exclude_each_other() -> None:
    """A clock of one's own has its own speed."""
    with pytest.raises(ValueError, match="clock or speed, not both"):
        Emulator(clock=ManualClock(), speed=60)


async def running(keeper: Scheduler, story: Callable[[], None], done: Callable[[], bool]) -> None:
    """Run a timekeeper while something happens in another thread, until that has come about."""
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    threading.Thread(target=story).start()
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_due_is_called_when_the_clock_is_turned() -> None:
    """In the order of the times, each once, without anybody looking at the clock."""
    clock, called = ManualClock(), []
    keeper = Scheduler(clock)
    keeper.at(2, lambda: called.append("two"))
    keeper.at(1, lambda: called.append("one"))
    keeper.at(9, lambda: called.append("nine"))
    await running(keeper, lambda: clock.advance(5), lambda: len(called) == 2)
    assert called == ["one", "two"]


async def test_what_is_due_by_a_running_clock_is_called_in_time() -> None:
    """With a fast clock nobody has to turn anything, and what is due soon does not wait for what is due later."""
    clock, called = Clock(1000.0, start=0.0), []
    keeper = Scheduler(clock)
    keeper.at(1e9, lambda: called.append("never"))
    await running(keeper, lambda: keeper.at(20, lambda: called.append("soon")), lambda: bool(called))
    assert called == ["soon"]
    assert clock.now() >= 20


async def test_a_mistake_does_not_stop_the_time() -> None:
    """Whatever one call raises, the next one happens."""
    clock, called, mistakes = ManualClock(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: mistakes.append(context["exception"]))
    keeper = Scheduler(clock)
    keeper.at(1, lambda: 1 // 0)
    keeper.at(1, lambda: called.append("next"))
    await running(keeper, lambda: clock.advance(1), lambda: bool(called))
    assert [type(one) for one in mistakes] == [ZeroDivisionError]


async def test_a_change_wakes_whoever_waits() -> None:
    """From any thread; a change that has happened already is not waited for; and patience may end."""
    changes = Changes()
    assert await changes.beyond(0, timeout=0.001) == 0
    waiting = asyncio.create_task(changes.beyond(0))
    await asyncio.sleep(0)
    threading.Thread(target=changes.bump).start()
    async with asyncio.timeout(20):
        assert await waiting == 1
    assert await changes.beyond(0) == 1


def test_the_states_of_tasks_are_changes() -> None:
    """A page that waits for changes learns that a task has moved, though nobody asks for it."""
    import httpx

    from .conftest import AUTHORIZED, order

    with Emulator(clock=ManualClock(), video="fixed") as emulator:
        changes = emulator._world.changes
        httpx.post(f"{emulator.url}/v1/generation/image-to-video", json=order(), headers=AUTHORIZED, trust_env=False)
        before = changes.count
        emulator.clock.advance(1)
        give_up = time.monotonic() + 20
        while changes.count < before + 2 and time.monotonic() < give_up:
            time.sleep(0.001)
        assert changes.count >= before + 2  # The clock was turned, and the task has started.


async def test_a_look_can_take_time() -> None:
    """Each look at a task turns the clock after it was answered, also one that is refused; nothing else does."""
    async with Visitor(video="fixed", seconds_per_look=1.5) as visitor:
        (task_id,) = (await visitor.submit())["task_ids"]
        await visitor.get("/v1/generation/account/balance")
        assert visitor.clock.now() == 0
        words = []
        for _ in range(3):
            reply = await visitor.get(f"/v1/generation/{task_id}/status")
            words.append(reply.json()["data"]["task_status"])
        assert words == ["waiting", "processing", "succeed"]
        await visitor.get("/v1/generation/unknown/status")
        assert visitor.clock.now() == 6

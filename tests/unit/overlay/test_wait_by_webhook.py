"""A wait that listens, played by hand: when it looks early, and how little a liar can make of it."""

from typing import Any

from fakes.hooks import delivery, receiver
from fakes.playing import Played, play, reply, wait
from weryai import TaskState

URL = "https://cdn.weryai.com/result/v.mp4"
HOUR = 3600.0


def says(word: str, **fields: Any) -> Any:
    """Answer a look."""
    return reply({"status": 0, "data": {"task_id": "t1", "task_status": word, **fields}})


RUNNING, DONE = says("processing"), says("succeed", videos=[URL])
BUSY = reply({"status": 429, "message": "rate limit"}, 429, retry_after="20")


def told(hooks: Any, *words: str) -> Any:
    """A callback that receives a delivery of each word after each look, and otherwise sleeps on."""
    return lambda _task: [hooks.receive(delivery("t1", word=word), hooks.callback_url) for word in words]


def listened(*answers: Any, words: tuple[str, ...] = (), **options: Any) -> Played:
    """Play a wait by webhook in which these deliveries come during each look."""
    hooks = receiver()
    chosen = {"interval": HOUR, "timeout": 10 * HOUR, "on_update": told(hooks, *words), **options}
    played = play(wait("t1", webhook=hooks, **chosen), *answers)
    assert hooks._bells == {}
    return played


def test_a_wait_without_deliveries_keeps_its_schedule() -> None:
    """Looks are made exactly when they would be without the receiver."""
    for options in ({"interval": 6}, {"interval": 0.25}, {"interval": 0.5, "timeout": 1.7}):
        alone = play(wait("t1", **options), RUNNING, RUNNING, RUNNING, DONE)
        fused = listened(RUNNING, RUNNING, RUNNING, DONE, **options)
        assert (len(fused.sent), fused.clock) == (len(alone.sent), alone.clock)
        assert fused.result == alone.result


def test_a_delivery_brings_the_next_look_forward() -> None:
    """The look comes half a second after the last one, not after the interval."""
    assert listened(RUNNING, DONE, words=("succeed",)).slept == [0.5]
    assert listened(RUNNING, DONE, words=("FAILED",)).slept == [0.5]
    assert listened(RUNNING, DONE, words=("published",)).slept == [0.5]


def test_work_that_goes_on_is_no_reason_to_look() -> None:
    """A delivery that says that the task is on its way changes nothing."""
    assert sum(listened(RUNNING, DONE, words=("waiting", "processing")).slept) == HOUR


def test_a_repeat_is_a_reason_to_look() -> None:
    """A delivery that is no news still brings a look forward: the first may have come before the service knew."""
    assert listened(RUNNING, RUNNING, DONE, words=("succeed",)).slept == [0.5, 1.0]


def test_another_tasks_delivery_wakes_nobody() -> None:
    """Only deliveries of the own task count."""
    hooks = receiver()
    other = lambda _task: hooks.receive(delivery("t2"), hooks.callback_url)  # noqa: E731
    played = play(wait("t1", webhook=hooks, interval=HOUR, timeout=10 * HOUR, on_update=other), RUNNING, DONE)
    assert sum(played.slept) == HOUR


def test_a_flood_is_bounded() -> None:
    """However many lies come, the early looks are ever rarer, and in the end only the usual ones are left."""
    played = listened(*[RUNNING] * 40, DONE, words=("succeed",) * 50, interval=15.0)
    assert played.slept == [0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 35]
    assert played.result.state is TaskState.SUCCEEDED


def test_a_lie_costs_one_look() -> None:
    """After the look that a delivery brought forward the pause is the usual one again."""
    hooks, lies = receiver(), [delivery("t1")]
    lie = lambda _task: lies and hooks.receive(lies.pop(), hooks.callback_url)  # noqa: E731
    played = play(wait("t1", webhook=hooks, interval=HOUR, timeout=10 * HOUR, on_update=lie), RUNNING, RUNNING, DONE)
    assert played.slept == [0.5, 1.0, HOUR - 1.0]


def test_a_delivery_does_not_override_the_services_wish() -> None:
    """After "retry after 20 seconds" no delivery brings the look forward."""
    hooks = receiver()
    hooks.receive(delivery("t1"), hooks.callback_url)
    assert play(wait("t1", webhook=hooks, interval=HOUR, timeout=10 * HOUR), BUSY, DONE).slept == [20.0]


def test_the_deadline_stands() -> None:
    """Deliveries neither shorten nor stretch the time after which the wait gives up."""
    played = listened(*[RUNNING] * 5, words=("succeed",), timeout=6.0)
    assert sum(played.slept) == 6.0
    assert isinstance(played.error, TimeoutError)

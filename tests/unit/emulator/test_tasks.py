"""The clock, the states of a task and the credits."""

import pytest

from weryai.emulator._clock import ManualClock
from weryai.emulator._state.tasks import NotEnoughCreditsError, TaskStore, Work

WORK = Work(image=None, ratio=None, seconds=5)


def test_manual_clock_moves_only_when_told() -> None:
    """A manual clock shows the sum of what it was turned by."""
    clock = ManualClock()
    assert clock.now() == 0
    clock.advance(1.5)
    clock.advance(0)
    clock.advance(2)
    assert clock.now() == 3.5


@pytest.mark.parametrize("seconds", [-0.1, float("nan")])
def test_manual_clock_never_goes_back(seconds: float) -> None:
    """A clock that went back would take a finished video away."""
    with pytest.raises(ValueError, match="only goes forward"):
        ManualClock().advance(seconds)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (0, "waiting"),
        (0.99, "waiting"),
        (1, "processing"),
        (2.99, "processing"),
        (3, "succeed"),
        (1e9, "succeed"),
    ],
)
def test_states_follow_the_age(age: float, state: str) -> None:
    """A task waits for `waiting` seconds, is processed for `processing`, and stays succeeded."""
    clock = ManualClock()
    clock.advance(1000)
    store = TaskStore(clock, waiting=1, processing=2, balance=10)
    (task,) = store.submit(WORK, 1)
    clock.advance(age)
    assert store.state(task) == state


def test_without_waiting_and_processing_a_task_is_done_at_once() -> None:
    """Zero seconds of each state leave only the last."""
    store = TaskStore(ManualClock(), waiting=0, processing=0, balance=10)
    assert store.state(store.submit(WORK, 1)[0]) == "succeed"


@pytest.mark.parametrize(("waiting", "processing"), [(-1, 0), (0, -1), (float("nan"), 0)])
def test_impossible_times_are_refused(waiting: float, processing: float) -> None:
    """A state cannot last less than nothing."""
    with pytest.raises(ValueError, match="must be seconds"):
        TaskStore(ManualClock(), waiting, processing, balance=10)


def test_a_batch_holds_the_tasks_of_one_submission() -> None:
    """Tasks are found by id and by batch; ids are never given twice."""
    store = TaskStore(ManualClock(), 1, 2, balance=1000)
    first, second = store.submit(WORK, 3), store.submit(WORK, 1)
    assert store.batch(str(first[0].batch_id)) == first
    assert store.batch(str(second[0].batch_id)) == second
    assert len({task.id for task in first + second}) == 4
    assert store.task(first[1].id) is first[1]
    assert store.task("task_abc123") is None
    assert store.batch("1") is None


def test_every_task_is_paid_for() -> None:
    """Each task costs ten credits; what cannot be paid creates nothing and costs nothing."""
    store = TaskStore(ManualClock(), 1, 2, balance=35)
    store.submit(WORK, 2)
    assert store.balance == 15
    with pytest.raises(NotEnoughCreditsError, match="20 credits are needed, 15 are left"):
        store.submit(WORK, 2)
    assert store.balance == 15
    store.submit(WORK, 1)
    assert store.balance == 5

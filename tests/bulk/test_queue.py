"""The queue of a worker: when it is empty, and when it has ended."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from weryai.bulk._running import worker as queue


class Slowly:
    """In the place of Procrastinate's App: the worker for orders needs a moment to end, the other one does not."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def task(self, **_: Any) -> Callable[[Any], Any]:
        """Take any function."""
        return lambda function: function

    async def run_worker_async(self, queues: list[str], **_: Any) -> None:
        """Work until it is told to end."""
        try:
            await asyncio.sleep(60)
        finally:
            if queues == [queue.ORDERS]:
                await asyncio.sleep(0.1)
            self.ended += queues


async def test_a_worker_ends_when_its_last_job_has_ended() -> None:
    """The client that jobs need is closed after it; one of the two workers inside must not take the other one along."""
    app = Slowly()
    worker_queue: Any = queue.Queue(app, None, None, lambda: False, 0.0)
    working = asyncio.create_task(worker_queue.work(1))
    await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sorted(app.ended) == [queue.ORDERS, queue.PAID]


async def test_what_is_just_put_into_the_queue_is_not_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker fills the queue while this one looks whether all is done: it is not."""
    filled = False

    async def counted(*_: Any) -> int:
        nonlocal filled
        before, filled = filled, True
        return int(before)

    async def missing(*_: Any) -> list[tuple[int, bool]]:
        return [] if filled else [(1, False)]

    worker_queue: Any = queue.Queue(Slowly(), None, None, lambda: False, 0.0)
    monkeypatch.setattr(worker_queue, "_counted", counted)
    monkeypatch.setattr(worker_queue, "_missing", missing)
    assert not await worker_queue._is_empty()

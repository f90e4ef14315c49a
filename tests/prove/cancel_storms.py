"""Cancel submissions at every moment, in every way, and look at the bill: no task is paid for and forgotten."""

import asyncio
import contextlib
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

import weryai
from weryai.emulator import Emulator

from .judging import bill_of

SUBMISSIONS, AT_ONCE = 600, 12
#: Seconds after which a storm strikes: around the moments of connecting, sending and being answered.
LATEST = 0.25
Work = Callable[[], Awaitable[Any]]


async def _by_scope(work: Work, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await work()


async def _by_group(work: Work, seconds: float) -> None:
    async def strike() -> None:
        await asyncio.sleep(seconds)
        raise LookupError

    with contextlib.suppress(BaseExceptionGroup):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            group.start_soon(strike)


async def _by_repeated_cancel(work: Work, seconds: float) -> None:
    task = asyncio.ensure_future(work())
    await asyncio.wait([task], timeout=seconds)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.005)
    await asyncio.gather(task, return_exceptions=True)


async def _by_timeout(work: Work, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work()


STORMS = (_by_scope, _by_group, _by_repeated_cancel, _by_timeout)


async def _storm(url: str, key: str, journal: Path) -> Counter[str]:
    """Submit many orders, each under a storm of its own; return how many orders the journal has in each state."""
    chance, turn = random.Random(7), asyncio.Semaphore(AT_ONCE)
    async with weryai.AsyncWeryAI(key, base_url=url, journal=journal) as client:

        async def one(number: int) -> None:
            async def work() -> None:
                with contextlib.suppress(weryai.WeryAIError):
                    await client.image_to_video.submit("https://example.com/a.jpg", prompt=f"storm {number}")

            async with turn:
                await chance.choice(STORMS)(work, chance.uniform(0.0, LATEST))

        await asyncio.gather(*(one(number) for number in range(SUBMISSIONS)))
        return Counter(order.state.value for order in await client.orders.list())


def weathered() -> bool:
    """Compare the bill with the journal after the storms."""
    began = time.monotonic()
    logging.getLogger("weryai").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as place,
        Emulator(
            video="fixed",
            scenarios=["slow@submit:1/3"],
            slow=0.3,
            concurrency=None,
            balance=1_000_000,
            model_rules="off",
        ) as emulator,
    ):
        journal = Path(place) / "journal.db"
        states = asyncio.run(_storm(emulator.url, emulator.key, journal))
        bill = bill_of(emulator.url)
        with weryai.WeryAI(emulator.key, base_url=emulator.url, journal=journal) as client:
            known = {task_id for order in client.orders.list() for task_id in order.task_ids}
            doubt = {order.body["prompt"] for order in client.orders.list("ambiguous")}
    billed = [(task_id, job["prompt"]) for job in bill.jobs for task_id in job["task_ids"]]
    lost = [task_id for task_id, prompt in billed if task_id not in known and prompt not in doubt]
    twice = [job["prompt"] for job in bill.jobs if len(job["task_ids"]) > 1]
    told = ", ".join(f"{many} {state}" for state, many in states.most_common())
    took = f"{time.monotonic() - began:.0f} s"
    print(
        f"cancel storms: {SUBMISSIONS} submissions, {len(billed)} billed: {told}; billed twice {len(twice)}, "
        f"lost {len(lost)}; {took}",
        flush=True,
    )
    if not billed or not states["failed"]:
        print("  FAILED: the storms struck at one moment only, so nothing is proved", flush=True)
    return not lost and not twice and not states["submitting"] and bool(billed) and bool(states["failed"])

"""How a run in Python ends early: by signals, by being cancelled, and by anyio's scopes; no task id is lost by any."""

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from fakes.bulks import FAST, QUICK, filled, go, rows, states
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]
MANY = 12
HANDLED = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """An emulator that answers submissions late, so that some are open at any time."""
    with Emulator(
        video="fixed", waiting=0.02, processing=0.02, slow=0.5, concurrency=None, balance=10_000, key=JOURNEY_KEY
    ) as running:
        running.order("slow", 1000, at="submit")
        yield running


def options(emulator: Emulator, folder: Path, **chosen: Any) -> dict[str, Any]:
    """How a run works here."""
    limits = bulk.Limits(**FAST)
    return {
        "output": folder / "videos", "api_key": JOURNEY_KEY, "base_url": emulator.url, "polls_per_second": 1000.0,
        "patience": QUICK, "limits": limits, **chosen,
    }  # fmt: skip


def check_nothing_is_lost(emulator: Emulator, ledger: bulk.Ledger, folder: Path) -> None:
    """Every task that was paid for is known to the ledger, none is in doubt, and the next run does the rest."""
    found = states(folder / "run.db")
    assert found["ambiguous"] == found["submitting"] == 0 < found["queued"], found
    paid = {task_id for row in emulator.ledger for task_id in row.task_ids}
    assert paid and paid == {task_id for task_id in rows(folder / "run.db", "task_id") if task_id}
    assert go(ledger, emulator.url, folder).is_complete
    assert [row.orders for row in emulator.ledger] == [1] * MANY


async def until_open(emulator: Emulator) -> None:
    """Come back when submissions are open."""
    while sum(row.posts for row in emulator.ledger) < 2:
        await asyncio.sleep(0.005)


async def by_one(run: "asyncio.Task[bulk.Outcome]", emulator: Emulator) -> None:
    """Cancel once."""
    await until_open(emulator)
    run.cancel()


async def by_many(run: "asyncio.Task[bulk.Outcome]", emulator: Emulator) -> None:
    """Cancel again and again until it has ended."""
    await until_open(emulator)
    while not run.done():
        run.cancel()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("cancel", [by_one, by_many])
async def test_a_cancelled_run_loses_no_task(
    slow: Emulator, tmp_path: Path, cancel: Callable[[Any, Emulator], Awaitable[None]]
) -> None:
    """Cancelled once or without end, it raises CancelledError, and what is paid for is written down."""
    with filled(tmp_path, MANY) as ledger:
        run = asyncio.create_task(bulk.arun(ledger, **options(slow, tmp_path)))
        await cancel(run, slow)
        with pytest.raises(asyncio.CancelledError):
            await run
        await asyncio.to_thread(check_nothing_is_lost, slow, ledger, tmp_path)


async def test_a_scope_of_anyio_loses_no_task(slow: Emulator, tmp_path: Path) -> None:
    """A scope that ends, as of a task group or of a request that goes away, cancels at every turn: nothing is lost."""
    with filled(tmp_path, MANY) as ledger:
        async with anyio.create_task_group() as group:

            async def give_up() -> None:
                await until_open(slow)
                group.cancel_scope.cancel()

            group.start_soon(give_up)
            await bulk.arun(ledger, **options(slow, tmp_path))
        assert group.cancel_scope.cancel_called
        await asyncio.to_thread(check_nothing_is_lost, slow, ledger, tmp_path)


def test_a_loop_that_ends_loses_no_task(slow: Emulator, tmp_path: Path) -> None:
    """A main coroutine ends while a run goes on beside it: asyncio cancels the run, which loses nothing."""
    with filled(tmp_path, MANY) as ledger:

        async def story() -> None:
            kept.append(asyncio.create_task(bulk.arun(ledger, **options(slow, tmp_path))))
            await until_open(slow)

        kept: list[Any] = []
        asyncio.run(story())
        check_nothing_is_lost(slow, ledger, tmp_path)


def test_run_takes_signals_and_puts_them_back(emulator: Emulator, tmp_path: Path) -> None:
    """SIGINT and SIGTERM are taken where the default handler stands, others' handlers stay, and all is as before."""
    seen: list[Any] = []

    def mine(*_: object) -> None:
        """Somebody's own handler."""

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL), signal.getsignal(signal.SIGINT)
    try:
        for handler in (signal.SIG_DFL, mine, signal.SIG_IGN):
            signal.signal(signal.SIGTERM, handler)
            with filled(tmp_path / str(handler)[:9].strip("<"), 1) as ledger:
                go(ledger, emulator.url, tmp_path, watch=lambda _: seen.append(signal.getsignal(signal.SIGTERM)))
            assert signal.getsignal(signal.SIGTERM) is handler
            assert signal.getsignal(signal.SIGINT) is before[1]
    finally:
        signal.signal(signal.SIGTERM, before[0])
    assert seen[0] not in (signal.SIG_DFL, None) and seen[1:] == [mine, signal.SIG_IGN]


async def test_arun_takes_no_signal(emulator: Emulator, tmp_path: Path) -> None:
    """Whoever owns the loop owns the signals, also when two runs overlap."""
    before = [signal.getsignal(number) for number in HANDLED]
    during: list[list[Any]] = []
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with filled(tmp_path / "one", 2) as one, filled(tmp_path / "other", 3) as other:
        look = lambda _: during.append([signal.getsignal(number) for number in HANDLED])  # noqa: E731
        await asyncio.gather(
            *(bulk.arun(ledger, **options(emulator, tmp_path, watch=look, on_event=look)) for ledger in (one, other))
        )
    assert during and [one for one in during if one != before] == []
    assert [signal.getsignal(number) for number in HANDLED] == before


def test_run_in_a_thread_takes_no_signal(emulator: Emulator, tmp_path: Path) -> None:
    """Only the main thread may; elsewhere a run works without."""
    outcomes: list[bulk.Outcome] = []
    with filled(tmp_path, 2) as ledger:
        working = threading.Thread(target=lambda: outcomes.append(go(ledger, emulator.url, tmp_path)))
        working.start()
        working.join(30)
    assert outcomes[0].is_complete


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not those of Windows")
@pytest.mark.parametrize("moment", ["before", "paused", "open"])
def test_a_signal_is_heeded_at_any_moment(slow: Emulator, tmp_path: Path, moment: str) -> None:
    """Before the run has begun, while the service is away, and while submissions are open: it ends and names it."""
    url = "http://127.0.0.1:9" if moment == "paused" else slow.url

    def strike(event: object) -> None:
        is_time = moment == "before" or getattr(event, "event", "") == {"paused": "paused", "open": "submitted"}[moment]
        if is_time and not struck:
            struck.append(event)
            signal.raise_signal(signal.SIGTERM)

    struck: list[object] = []
    hooks: dict[str, Any] = {"watch": strike} if moment == "before" else {"on_event": strike}
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with filled(tmp_path, MANY) as ledger, contextlib.suppress(KeyboardInterrupt):
            outcome = go(ledger, url, tmp_path, **hooks)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert outcome.interrupted and outcome.signal == signal.SIGTERM and outcome.cause == "interrupted"
    found = states(tmp_path / "run.db")
    assert found["ambiguous"] == found["submitting"] == 0 < found["queued"]

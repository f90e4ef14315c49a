"""A thousand tasks and fifty callers at once; how fast is told by `make bench-emulator`."""

from benchmarks.pollers import orders, poll_while, submit_all, times
from weryai.emulator import Emulator, ManualClock

TASKS = 1_000
CALLERS = 50


async def test_a_thousand_tasks_at_once() -> None:
    """All are taken while none has ended, all end, no request fails, and what is remembered of them stays bounded."""
    with Emulator(clock=ManualClock(), video="fixed", concurrency=None, balance=10 * TASKS) as emulator:
        ids, submits = await submit_all(emulator.url, CALLERS, orders(TASKS))
        done, early = await poll_while(emulator.url, CALLERS, ids, times(TASKS))
        assert (len(set(ids)), done, submits.errors, early.errors) == (TASKS, set(), [], [])
        emulator.clock.advance(3)
        done, late = await poll_while(emulator.url, CALLERS, ids, times(10 * TASKS))
        assert (done, late.errors) == (set(ids), [])
        assert len(emulator.exchanges) == 10_000
        assert {row.orders for row in emulator.ledger} == {1} and len(emulator.ledger) == TASKS

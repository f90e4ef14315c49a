"""The shield for asyncio: cancelling the caller, however often, does not lose the response. See `shield`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from .._flow.clock import real_now
from .._flow.effects import Reply
from . import shield
from .shield import note

if TYPE_CHECKING:
    from .paid import PaidAttempt

T = TypeVar("T")


async def await_shielded(send: Coroutine[Any, Any, Reply], attempt: PaidAttempt) -> Reply:
    """Send a paid request so that cancelling the caller cannot lose the response, however often it is cancelled."""
    sending = _Stubborn(send, loop=asyncio.get_running_loop())
    sending.add_done_callback(_retrieve)
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError as cancelled:
        if not sending.done() and attempt.evidence.stop():
            sending.abandon()
            if (noted := attempt.stopped()) is not None:
                await outlast(asyncio.wrap_future(noted), shield.GRACE)
        else:
            await outlast(sending, shield.GRACE)
        note(cancelled, attempt, sending)
        sending.abandon()
        raise
    except GeneratorExit as closed:
        note(closed, attempt, sending)
        raise


async def outlast(future: asyncio.Future[Any], seconds: float) -> None:
    """Wait for something at most so long, whoever cancels the waiting, and how often.

    anyio's scopes cancel at every turn of the loop until they are heard; its own shield makes them wait.
    """
    # Loaded by httpx where it is needed, and only for who is interrupted.
    import anyio

    future.add_done_callback(_retrieve)
    deadline = real_now() + seconds
    with anyio.CancelScope(shield=True):
        while not future.done() and (left := deadline - real_now()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future], timeout=left)


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Take note of what a future raised, so that asyncio does not complain that nobody did."""
    if not future.cancelled():
        future.exception()


class _Stubborn(asyncio.Task[T]):
    """A task that a closing loop cannot cancel along with its caller, so that the response may still come."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Heed only cancellations that say why: those of the HTTP library's own time limits."""
        return super().cancel(msg) if msg is not None else False

    def abandon(self) -> None:
        """Give the response up."""
        super().cancel()

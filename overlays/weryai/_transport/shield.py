"""An interrupted submission is waited for, so that the task id it has paid for is not lost; used by both runners."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .._flow.effects import Reply, Send
from .._flow.logs import log
from .._journal.recording import give_up
from .._settings import Settings
from ..errors import NotSentError
from . import http

T = TypeVar("T")

# How long a cancelled submission is waited for, so that the task id it has paid for is not lost, in seconds.
GRACE = 5.0


def send_shielded(send: Callable[[Send], Reply], effect: Send, settings: Settings) -> Reply:
    """Send a paid request so that Ctrl-C cannot lose the answer: in the main thread, through a helper thread."""
    if threading.current_thread() is not threading.main_thread():
        return send(effect)
    outcome: concurrent.futures.Future[Reply] = concurrent.futures.Future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            outcome.set_result(context.run(send, effect))
        except BaseException as error:
            outcome.set_exception(error)

    try:
        _start(threading.Thread(target=work, name="weryai-submit", daemon=True), outcome)
        outcome.exception()
    except BaseException as interruption:
        # A second Ctrl-C ends the waiting, not the note.
        with contextlib.suppress(BaseException):
            concurrent.futures.wait([outcome], timeout=GRACE)
        _note(interruption, effect, outcome, settings)
        raise
    return outcome.result()


async def await_shielded(send: Coroutine[Any, Any, Reply], effect: Send, settings: Settings) -> Reply:
    """Send a paid request so that cancelling the caller cannot lose the answer."""
    sending = _Stubborn(send, loop=asyncio.get_running_loop())
    sending.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError as cancelled:
        # A second cancellation ends the waiting, not the note.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([sending], timeout=GRACE)
        _note(cancelled, effect, sending, settings)
        sending.abandon()
        raise
    except GeneratorExit as closed:
        _note(closed, effect, sending, settings)
        raise


class _Stubborn(asyncio.Task[T]):
    """A task that a closing loop cannot cancel along with its caller, so that the answer may still come."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Heed only cancellations that say why: those of the HTTP library's own time limits."""
        return super().cancel(msg) if msg is not None else False

    def abandon(self) -> None:
        """Give the answer up."""
        super().cancel()


def _start(worker: threading.Thread, outcome: concurrent.futures.Future[Reply]) -> None:
    try:
        worker.start()
    except RuntimeError as error:
        outcome.set_exception(NotSentError(f"no thread could be started: {error}"))


def _note(
    interruption: BaseException,
    effect: Send,
    outcome: concurrent.futures.Future[Reply] | asyncio.Future[Reply],
    settings: Settings,
) -> None:
    """Tell the interrupted caller, the log and the journal what became of the submission."""
    is_open = not outcome.done() or outcome.cancelled()
    if is_open:
        give_up(effect, settings)
    note = http.note_on_interruption(effect, None if is_open else outcome.exception() or outcome.result())
    interruption.add_note(note)
    log.warning("%s", note)

"""An interrupted submission is not lost: what has not left is stopped, what has left is waited for."""

from __future__ import annotations

import concurrent.futures
import contextlib
import contextvars
import functools
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from .._flow.clock import real_now
from .._flow.effects import Reply
from .._flow.logs import log
from ..errors import NotSentError
from . import http

if TYPE_CHECKING:
    import asyncio

    from .paid import PaidAttempt

# How long an open submission is waited for when its caller is interrupted, or its client closed, in seconds.
GRACE = 5.0
# How long an idle helper thread is kept, in seconds.
KEPT = 5.0
CLOSED = "the client was closed before the response came"


class OpenAttempts:
    """The paid requests of one client that are open and that nobody has given up; closing waits for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[PaidAttempt] = set()

    @contextlib.contextmanager
    def holding(self, attempt: PaidAttempt) -> Iterator[None]:
        """Count an attempt as open."""
        with self._changed:
            self._open.add(attempt)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(attempt)
                self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until none is open, and note that nobody waits any more for those that still are."""
        deadline = real_now() + seconds
        with self._changed:
            while self._waited_for() and (left := deadline - real_now()) > 0:
                self._changed.wait(left)
            left_open = self._waited_for()
        for attempt in left_open:
            attempt.give_up(CLOSED)

    def _waited_for(self) -> list[PaidAttempt]:
        return [attempt for attempt in self._open if not attempt.is_given_up]


def send_shielded(send: Callable[[], Reply], attempt: PaidAttempt) -> Reply:
    """Send a paid request so that Ctrl-C cannot lose the response: in the main thread, through a helper thread."""
    if threading.current_thread() is not threading.main_thread():
        return send()
    outcome = _Outcome()
    try:
        _HELPERS.perform(functools.partial(contextvars.copy_context().run, send), outcome)
        outcome.exception()
    except BaseException as interruption:
        outcome.is_abandoned = True
        # A second Ctrl-C ends the waiting, not the note.
        with contextlib.suppress(BaseException):
            if attempt.evidence.stop() or outcome.cancel():
                if (noted := attempt.stopped()) is not None:
                    noted.exception(GRACE)
            else:
                concurrent.futures.wait([outcome], timeout=GRACE)
        note(interruption, attempt, outcome)
        raise
    return outcome.result()


class _Outcome(concurrent.futures.Future[Reply]):
    """What comes of a submission."""

    # Its caller was interrupted.
    is_abandoned = False


_Inbox: TypeAlias = "queue.SimpleQueue[tuple[Callable[[], Reply], _Outcome]]"


class _Helpers:
    """Helper threads that submit for the main thread. One is kept, because a new one costs as much as a request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: _Inbox | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def perform(self, send: Callable[[], Reply], outcome: _Outcome) -> None:
        with self._lock:
            # Taken before it is used: an interruption in between must not leave a busy helper, or none, as idle.
            inbox, self._idle = self._idle, None
        if inbox is not None:
            inbox.put((send, outcome))
            return
        inbox = queue.SimpleQueue()
        inbox.put((send, outcome))
        try:
            threading.Thread(target=self._help, args=(inbox,), name="weryai-submit", daemon=True).start()
        except RuntimeError as error:
            outcome.set_exception(NotSentError(f"no thread could be started: {error}"))

    def _help(self, inbox: _Inbox) -> None:
        """Submit until nobody wants it for a while, a caller is interrupted, or another helper is idle already."""
        while self._has_submitted(inbox):
            with self._lock:
                if self._idle is not None:
                    return
                self._idle = inbox

    def _has_submitted(self, inbox: _Inbox) -> bool:
        """Take one submission, and let go of all that it held; whether there may be another one."""
        try:
            send, outcome = inbox.get(timeout=KEPT)
        except queue.Empty:
            with self._lock:
                if self._idle is inbox:
                    self._idle = None
                    return False
            # One was handed over at this very moment.
            send, outcome = inbox.get()
        if outcome.set_running_or_notify_cancel():
            try:
                outcome.set_result(send())
            except BaseException as error:
                outcome.set_exception(error)
        return not outcome.is_abandoned

    def _forget(self) -> None:
        """Begin anew in a forked child, which has no other threads."""
        self._lock, self._idle = threading.Lock(), None


_HELPERS = _Helpers()


def note(
    interruption: BaseException,
    attempt: PaidAttempt,
    outcome: concurrent.futures.Future[Reply] | asyncio.Future[Reply],
) -> None:
    """Tell the interrupted caller, the log and the journal what became of the submission."""
    is_open = not outcome.done() or outcome.cancelled()
    if attempt.is_stopped:
        note = http.note_on_interruption(attempt.effect, NotSentError())
    else:
        if is_open or outcome.exception() is None:
            # What was accepted meanwhile is known to the journal, and to nobody else.
            attempt.give_up()
        note = http.note_on_interruption(attempt.effect, None if is_open else outcome.exception() or outcome.result())
    interruption.add_note(note)
    log.warning("%s", note)

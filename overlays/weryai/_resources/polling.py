"""Polling until the work has ended: when, how long, and what counts as a missed poll."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from .._flow.bell import Bell
from .._flow.effects import Flow, Listen, Notify, Now, PollPermit, Sleep
from .._flow.logs import log, warn
from .._flow.retry import DAILY_CAPS, LONGEST_POLL_PAUSE, Pace
from .._task import WORDS, Task
from .._webhooks import Receiver
from ..errors import (
    ContractError,
    InvalidInputError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
    WeryAIError,
)

WAIT_TIMEOUT = 1800.0
# How long the service may take to know a task that it has just accepted, in seconds. A guess.
NOT_FOUND_GRACE = 30.0
LONGEST = 1_000_000_000
# A last poll gets at least this time, in seconds, even if the deadline is nearer.
SHORTEST_POLL = 1.0
# So many missed polls in a row are told of.
TOLD_MISSES = 2
# The least pause before a poll that a delivery asks for, in seconds; it doubles with each that told nothing.
FIRST_HINT = 0.5


class Missed:
    """The polls of one wait that brought no response: how many, and why the last one did not; None if it did."""

    def __init__(self) -> None:
        self.count = 0
        self.error: WeryAIError | None = None
        self._in_a_row = 0

    def add(self, error: WeryAIError) -> None:
        """Count one, and say why once they do not seem to end."""
        self._in_a_row = self._in_a_row + 1 if self.error else 1
        self.count += 1
        self.error = error
        log.info("missed a poll: %s", error)
        # That a new task is not known at once is no news.
        if self._in_a_row == TOLD_MISSES and not isinstance(error, NotFoundError):
            warn(f"{TOLD_MISSES} polls in a row were missed: {self.reason}; polling goes on")

    @property
    def reason(self) -> str:
        """Why the last one was missed, without the request, which names the task: who polls many hears it once."""
        error = self.error
        return (error.message if isinstance(error, TransportError) else str(error)).rstrip(".")

    def __str__(self) -> str:
        polls = "1 poll was missed" if self.count == 1 else f"{self.count:,} polls were missed, the last"
        return f"; {polls} because: {self.reason}"


class _Tasks(Protocol):
    @property
    def tasks(self) -> tuple[Task, ...]: ...
    @property
    def ended(self) -> bool: ...


Watched = TypeVar("Watched", bound=Task | _Tasks)


def poll_until_ended(
    poll_once: Callable[[float], Flow[Watched]],
    *,
    timeout: float,
    interval: float | None,
    on_update: Callable[[Watched], Any] | None,
    not_found_grace: float = 0.0,
    bell: Bell | None = None,
) -> Flow[tuple[Watched | None, Missed | None]]:
    """Poll, in turn with all other waits and early when the bell rings, until it has ended or the time is over.

    Returns what was seen last, and what was missed if the last poll was.
    """
    pace = check_waiting(timeout, interval)
    started, seen, missed, warned = (yield from Now()), None, Missed(), set[str]()
    elapsed, hint = 0.0, FIRST_HINT
    while (yield from PollPermit(min(max(timeout - elapsed, SHORTEST_POLL), LONGEST))):
        pause, elapsed = 0.0, (yield from Now()) - started
        try:
            seen = yield from poll_once(max(timeout - elapsed, SHORTEST_POLL))
        except WeryAIError as error:
            if not _is_missed_poll(error) and not (isinstance(error, NotFoundError) and elapsed < not_found_grace):
                raise
            missed.add(error)
            pause = min(getattr(error, "retry_after", None) or 0.0, LONGEST_POLL_PAUSE)
        else:
            missed.error = None
            _warn_of_unknown_words([seen] if isinstance(seen, Task) else seen.tasks, warned)
            yield from Notify(on_update, seen)
            if seen.ended:
                break
        elapsed = (yield from Now()) - started
        if elapsed >= timeout:
            break
        least = max(pause, hint)
        pause = max(pause, pace.delay(elapsed, random.random()))
        if (yield from sleep_or_bell(min(pause, timeout - elapsed), least, bell)):
            hint *= 2
        elapsed = (yield from Now()) - started
    return seen, missed if missed.error else None


def sleep_or_bell(seconds: float, least: float, bell: Bell | None) -> Flow[bool]:
    """Sleep, but no longer than until the bell rings, and `least` seconds at least; return whether it rang."""
    if bell is None or least >= seconds:
        yield from Sleep(seconds)
        return False
    yield from Sleep(least)
    return (yield from Listen(seconds - least, bell))


def check_waiting(timeout: float, interval: float | None, webhook: Receiver | None = None) -> Pace:
    """Refuse impossible waiting times, and a webhook that is none, and return the pace."""
    if webhook is not None and not isinstance(webhook, Receiver):
        raise InvalidInputError(f"webhook must be a weryai.webhooks.Receiver, not {type(webhook).__name__}")
    for name, value in (("timeout", timeout), ("interval", 1.0 if interval is None else interval)):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (0 <= value <= LONGEST or value == math.inf):
            raise InvalidInputError(f"{name} must be a number of seconds, 0 to {LONGEST:,}, or math.inf")
    if interval == 0:
        raise InvalidInputError("interval must be more than 0 seconds: polling without a pause is of use to nobody")
    return Pace() if interval is None else Pace(steps=((math.inf, interval),), jitter=0.0)


def _is_missed_poll(error: WeryAIError) -> bool:
    if isinstance(error, RateLimitError):
        return error.code not in DAILY_CAPS
    return isinstance(error, TransportError | ServerError | ContractError)


def _warn_of_unknown_words(tasks: Iterable[Task], warned: set[str]) -> None:
    for task in tasks:
        word = task.status or "(none)"
        if word.lower() not in WORDS and word not in warned:
            warned.add(word)
            warn(
                f"task {task.id} has the unknown status {word!r}; waiting goes on until that changes or it has a video"
            )

"""Tasks: how far the paid work is; polling until it has ended: when, how long, and what counts as a missed poll."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from weryai_api.api.tasks import get_task_status

from .._flow.clock import Bell
from .._flow.effects import Flow, Listen, Notify, Now, PollPermit, Sleep, note
from .._flow.logs import log, warn
from .._flow.retry import DAILY_CAPS, LONGEST_POLL_PAUSE, Pace, RetryPolicy
from .._protocol.endpoint import call
from .._protocol.task_reader import read_task
from .._task import WORDS, Task, TaskState
from .._webhooks import Receiver
from ..errors import (
    ContractError,
    InvalidInputError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TaskFailedError,
    TaskTimeoutError,
    TransportError,
    WeryAIError,
)
from .base import Mode, Resource, operation

if TYPE_CHECKING:
    from .._transport.awaiting import Awaiting
    from .._transport.runner import Blocking


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


UpdateCallback = Callable[[Task], Any]
NO_CACHE = {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class WaitResult:
    """How the wait for one of many tasks ended: with a `task` that has its video, or with the `error` of `wait`.

    After a failure or a timeout `task` is the last that was seen of it.
    """

    task_id: str
    task: Task | None
    error: WeryAIError | None = None


class Tasks(Resource[Mode]):
    """Poll tasks and wait for them; free, and safe to repeat."""

    @operation
    def get(self, task_id: str) -> Flow[Task]:
        """Poll a task once.

        Raises NotFoundError for an id that is unknown or has expired; a failed task is returned, not raised.
        """
        return poll_once(task_id, self._retry)

    @operation
    def wait(
        self,
        task_id: str,
        *,
        timeout: float = WAIT_TIMEOUT,
        interval: float | None = None,
        on_update: UpdateCallback | None = None,
        webhook: Receiver | None = None,
    ) -> Flow[Task]:
        """Wait until the task has succeeded, and return it.

        Polls at once, then every 6 seconds, later every 10 and 15, or every `interval` seconds. `on_update` is called
        with the task after each poll that was answered. A poll that fails (5xx, reset, unreadable) is a missed poll, no
        failure. With `webhook`, a delivery that it receives brings the next poll forward to within half a second; the
        polls go on as usual, for a delivery may never come. Raises TaskFailedError, or TaskTimeoutError after `timeout`
        seconds; the task then goes on, and waiting again with the same id resumes.
        """
        return wait_for(task_id, timeout=timeout, interval=interval, on_update=on_update, webhook=webhook)

    @overload
    def wait_many(
        self: Tasks[Blocking],
        task_ids: Iterable[str],
        *,
        timeout: float = ...,
        interval: float | None = ...,
        on_update: UpdateCallback | None = ...,
        webhook: Receiver | None = ...,
    ) -> Iterator[WaitResult]: ...
    @overload
    def wait_many(
        self: Tasks[Awaiting],
        task_ids: Iterable[str],
        *,
        timeout: float = ...,
        interval: float | None = ...,
        on_update: UpdateCallback | None = ...,
        webhook: Receiver | None = ...,
    ) -> AsyncIterator[WaitResult]: ...
    def wait_many(
        self: Tasks[Any],
        task_ids: Iterable[str],
        *,
        timeout: float = WAIT_TIMEOUT,
        interval: float | None = None,
        on_update: UpdateCallback | None = None,
        webhook: Receiver | None = None,
    ) -> Iterator[WaitResult] | AsyncIterator[WaitResult]:
        """Wait for many tasks at once and yield each one's WaitResult as it ends, the first to end first.

        The parameters are those of `wait`, for each task. All requests go through the client's gate (`max_requests` at
        a time, `polls_per_second`), so that with many tasks each is polled less often. What happens to one task is
        in its result and raises nothing. AsyncWeryAI: `async for result in client.tasks.wait_many(ids)`.
        """
        if isinstance(task_ids, str):
            raise InvalidInputError("wait_many takes a list of task ids; for one use wait")
        unique = tuple(dict.fromkeys(check_task_id(task_id) for task_id in task_ids))
        check_waiting(timeout, interval, webhook)
        going_on, how = list(unique), {"timeout": timeout, "interval": interval, "on_update": on_update}
        waits = [_wait_for_one(one, going_on, **how, webhook=webhook) for one in unique]
        results: Iterator[WaitResult] | AsyncIterator[WaitResult]
        results = self._runner.run_many(waits, add_task_ids_to_errors(going_on))
        return results


def _wait_for_one(task_id: str, going_on: list[str], **options: Any) -> Flow[WaitResult]:
    """Wait for one task of many and take it off the list: whatever becomes of it is its result."""
    try:
        result = WaitResult(task_id, (yield from wait_for(task_id, **options)))
    except WeryAIError as error:
        result = WaitResult(task_id, getattr(error, "task", None), error)
    going_on.remove(task_id)
    return result


def poll_once(task_id: str, retry: RetryPolicy, timeout: float | None = None) -> Flow[Task]:
    """Ask for a task's state; `timeout` may shorten the client's own, in seconds."""
    known_id = check_task_id(task_id)
    return (
        yield from call(
            get_task_status,
            lambda envelope: read_task(envelope, known_id),
            retry,
            headers=NO_CACHE,
            timeout=timeout,
            task_id=known_id,
        )
    )


def wait_for(
    task_id: str,
    *,
    timeout: float = WAIT_TIMEOUT,
    interval: float | None = None,
    on_update: UpdateCallback | None = None,
    not_found_grace: float = 0.0,
    webhook: Receiver | None = None,
) -> Flow[Task]:
    """Wait for a task; during the first `not_found_grace` seconds an unknown id is a missed poll as well."""
    check_task_id(task_id)
    check_waiting(timeout, interval, webhook)
    with add_task_ids_to_errors([task_id]), webhook.bell(task_id) if webhook else contextlib.nullcontext() as bell:
        task, missed = yield from poll_until_ended(
            lambda most: poll_once(task_id, RetryPolicy(tries=1), most),
            timeout=timeout,
            interval=interval,
            on_update=on_update,
            not_found_grace=not_found_grace,
            bell=bell,
        )
        if task is None or not task.ended:
            raise _timed_out(task_id, task, timeout, missed) from (missed.error if missed else None)
    try:
        return _succeeded(task)
    except TaskFailedError as error:
        yield from note_failure(task_id, error.reason)
        raise


def note_failure(task_id: str, reason: str | None) -> Flow[None]:
    """Tell the journal that a task brought no video."""
    yield from note(lambda record: record.finish_task(task_id, None, reason or "it ended without a video"))


def check_task_id(task_id: object) -> str:
    """Refuse what cannot be a task id; dots alone would address another operation."""
    if not isinstance(task_id, str) or not task_id.strip(".") or not task_id.isprintable():
        raise InvalidInputError(f"a task id is a text such as 'task_abc123', not {task_id!r:.200}")
    return task_id


@contextlib.contextmanager
def add_task_ids_to_errors(task_ids: Sequence[str]) -> Iterator[None]:
    """Note on whatever interrupts the work what was paid for, so that it is neither lost nor paid for again."""
    try:
        yield
    except (TaskFailedError, TaskTimeoutError):
        raise
    except BaseException as error:
        known: tuple[str, ...] = getattr(error, "paid_task_ids", ())
        if not known or not set(task_ids) <= set(known):
            # Not every exception takes attributes; the note is for people, and always there.
            with contextlib.suppress(AttributeError):
                error.paid_task_ids = tuple(dict.fromkeys((*known, *task_ids)))  # type: ignore[attr-defined]
            error.add_note(_how_to_resume(task_ids))
        raise


def _how_to_resume(task_ids: Sequence[str]) -> str:
    if len(task_ids) == 1:
        return f"Task {task_ids[0]} is paid for and may go on; resume with tasks.wait({task_ids[0]!r})."
    names = ", ".join(task_ids)
    return f"Tasks {names} are paid for and may go on; resume with tasks.wait_many({list(task_ids)})."


def _succeeded(task: Task) -> Task:
    if task.state is TaskState.SUCCEEDED and task.videos:
        return task
    reason = task.reason or ("it ended without a video" if task.state is TaskState.SUCCEEDED else "no reason was given")
    raise TaskFailedError(f"task {task.id} failed: {reason}", task_id=task.id, task=task, reason=reason)


def _timed_out(task_id: str, task: Task | None, timeout: float, missed: Missed | None) -> TaskTimeoutError:
    state = f"is still {task.state.value}" if task else "was never seen"
    return TaskTimeoutError(
        f"task {task_id} {state} after {timeout:g} s{missed or ''}. It goes on and stays paid for; resume with "
        f"tasks.wait({task_id!r}).",
        task_id=task_id,
        task=task,
        reason="timeout",
    )

"""Batches: all tasks of one submission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weryai_api.api.tasks import get_batch_status

from .._flow.effects import Flow
from .._flow.retry import RetryPolicy
from .._protocol.endpoint import Submission, call
from .._protocol.envelope import Envelope
from .._protocol.task_reader import read_part, task_parts
from .._task import Task, TaskState
from ..errors import InvalidInputError, NotFoundError, TaskTimeoutError
from .base import Mode, Resource, operation
from .tasks import (
    NO_CACHE,
    NOT_FOUND_GRACE,
    WAIT_TIMEOUT,
    Missed,
    add_task_ids_to_errors,
    check_task_id,
    note_failure,
    poll_once,
    poll_until_ended,
)


@dataclass(frozen=True, slots=True)
class Batch:
    """The tasks of one submission; `id` is None when the service gave none."""

    id: int | str | None
    tasks: tuple[Task, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether every task has succeeded or failed."""
        return bool(self.tasks) and all(task.ended for task in self.tasks)

    @property
    def succeeded(self) -> tuple[Task, ...]:
        """The tasks that have a video."""
        return tuple(task for task in self.tasks if task.state is TaskState.SUCCEEDED and task.videos)

    @property
    def failed(self) -> tuple[Task, ...]:
        """The tasks that ended without a video; `.reason` says why."""
        return tuple(task for task in self.tasks if task.ended and task not in self.succeeded)

    def to_dict(self) -> dict[str, Any]:
        """Return the batch as `json.dumps` takes it: its `id` and its `tasks`, without what is raw."""
        return {"id": self.id, "tasks": [task.to_dict() for task in self.tasks]}


class Batches(Resource[Mode]):
    """Poll all tasks of a submission at once; free, and safe to repeat.

    A batch is named by the Submission, or by the batch id in it. A Submission is the safer choice: where the service
    gave no batch id, or does not know it, the tasks are asked for one by one.
    """

    @operation
    def get(self, batch: Submission | int | str) -> Flow[Batch]:
        """Poll every task once; raises NotFoundError for an id that is unknown or has expired."""
        return _look(*_named(batch), self._retry)

    @operation
    def wait(
        self,
        batch: Submission | int | str,
        *,
        timeout: float = WAIT_TIMEOUT,
        interval: float | None = None,
        on_update: Callable[[Batch], Any] | None = None,
    ) -> Flow[Batch]:
        """Wait until every task has ended, and return them; failed ones are in `.failed` and raise nothing.

        `timeout`, `interval` and missed polls are as for `tasks.wait`; `on_update` is called with each Batch seen.
        Raises TaskTimeoutError; the tasks then go on, and waiting again resumes.
        """
        batch_id, task_ids = _named(batch)
        with add_task_ids_to_errors(task_ids or (str(batch_id),)):
            seen, missed = yield from poll_until_ended(
                lambda most: _look(batch_id, task_ids, RetryPolicy(tries=1), most),
                timeout=timeout,
                interval=interval,
                on_update=on_update,
                not_found_grace=NOT_FOUND_GRACE if task_ids else 0.0,
            )
            if seen is None or not seen.ended:
                raise _timed_out(batch_id, task_ids, seen, timeout, missed) from (missed.error if missed else None)
        for task in seen.failed:
            yield from note_failure(task.id, task.reason)
        return seen


def _named(batch: Submission | int | str) -> tuple[int | str | None, tuple[str, ...]]:
    if isinstance(batch, Submission):
        return batch.batch_id, batch.task_ids
    if isinstance(batch, bool) or not isinstance(batch, int | str):
        raise InvalidInputError(f"a batch is a Submission or a batch id, not {type(batch).__name__}")
    check_task_id(str(batch))
    return batch, ()


def _look(
    batch_id: int | str | None, task_ids: tuple[str, ...], retry: RetryPolicy, timeout: float | None = None
) -> Flow[Batch]:
    """Ask for the batch, and one by one for those of the known tasks that it does not tell of."""
    tasks: tuple[Task, ...] = ()
    if batch_id is not None and str(batch_id).strip("."):
        try:
            tasks = yield from call(
                get_batch_status, _read_tasks, retry, headers=NO_CACHE, timeout=timeout, batch_id=str(batch_id)
            )
        except NotFoundError:
            if not task_ids:
                raise
    seen = {task.id for task in tasks}
    for task_id in task_ids:
        if task_id not in seen:
            tasks += ((yield from poll_once(task_id, retry, timeout)),)
    return Batch(batch_id, tasks)


def _read_tasks(envelope: Envelope) -> tuple[Task, ...]:
    return tuple(task for part in task_parts(envelope.data) if (task := read_part(part, "")).id)


def _timed_out(
    batch_id: int | str | None, task_ids: tuple[str, ...], seen: Batch | None, timeout: float, missed: Missed | None
) -> TaskTimeoutError:
    open_tasks = [task for task in seen.tasks if not task.ended] if seen else []
    names = [task.id for task in open_tasks] or list(task_ids)
    return TaskTimeoutError(
        f"batch {batch_id}: {', '.join(names) or 'no task'} not ended after {timeout:g} s{missed or ''}. "
        f"The tasks go on and stay paid for; resume with batches.wait({batch_id!r}) or tasks.wait.",
        task_id=names[0] if names else "",
        task=open_tasks[0] if open_tasks else None,
        reason="timeout",
    )

"""What a person decides about jobs: tried again, adopted, sent once more, given up."""

from __future__ import annotations

from typing import Any

from .._client import WeryAI
from .._tasks import check_task_id
from ..errors import InvalidInputError
from . import _reading as reading
from . import _steps as steps
from ._job import Job, JobState
from ._ledger import Ledger


def retry(ledger: Ledger, reasons: tuple[str, ...] = ()) -> int:
    """Put failed jobs back into the queue, those alone whose kind or reason has one of these words; return how many.

    Each is paid for once more when it is sent, and counts against the budget.
    """

    def change(db: Any) -> int:
        wanted = " or ".join("kind = ? or instr(lower(reason), ?) > 0" for _ in reasons)
        values = [value for reason in reasons for value in (reason, reason.lower())]
        rows = db.execute(f"select id from jobs where state = 'failed'{f' and ({wanted})' if wanted else ''}", values)
        found = [row["id"] for row in rows.fetchall()]
        for row in found:
            steps.requeue(db, row, (JobState.FAILED,))
        return len(found)

    return int(ledger.write(change).result())


def adopt(ledger: Ledger, key: str, task_id: str, client: WeryAI) -> Job:
    """Say that an ambiguous job became this task; the service is asked once whether it exists.

    Raises NotFoundError if it does not, JournalError if the job is not ambiguous or the task is another job's.
    """
    check_task_id(task_id)
    row = _row(ledger, key)
    task = client.tasks.get(task_id)
    ledger.write(lambda db: steps.adopt(db, row, task.id)).result()
    return find(ledger, key)


def resubmit(ledger: Ledger, key: str) -> Job:
    """Have an ambiguous job sent once more by the next start, at the risk of paying twice."""
    row = _row(ledger, key)
    ledger.write(lambda db: steps.requeue(db, row, (JobState.AMBIGUOUS,))).result()
    return find(ledger, key)


def give_up(ledger: Ledger, key: str) -> Job:
    """Want to know no more what becomes of a job; it counts as failed from now on."""
    row = _row(ledger, key)
    ledger.write(lambda db: steps.give_up(db, row)).result()
    return find(ledger, key)


def ambiguous(ledger: Ledger) -> list[Job]:
    """Every job of which nobody knows whether it is paid for."""
    return list(ledger.write(lambda db: list(reading.every(db, (JobState.AMBIGUOUS,)))).result())


def find(ledger: Ledger, key: str) -> Job:
    """The job of this key; raises InvalidInputError."""
    job = ledger.write(lambda db: reading.find(db, key)).result()
    if job is None:
        raise InvalidInputError(f"the ledger has no job {key!r}")
    return job


def _row(ledger: Ledger, key: str) -> int:
    return find(ledger, key).row

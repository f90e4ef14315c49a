"""Ledgers of bulk runs, filled through the steps that a run goes, with no service anywhere."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from weryai._flow.order import AttemptResult, OrderState
from weryai.bulk import Ledger, NewJob, PostgresLedger
from weryai.bulk._ledger import transitions as steps
from weryai.bulk._ledger.ledger import OpenLedger
from weryai.bulk._ledger.transitions import digest_of

PROMPT = "The sea moves"


class Filling:
    """A ledger that is open and gets jobs in whatever state."""

    def __init__(self, path: Path, *, address: str | None = None) -> None:
        """Open the ledger in a file, or the one in a database."""
        self.ledger: OpenLedger = Ledger(path) if address is None else PostgresLedger(address)
        self.path = path
        self._many = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ledger.close()

    def job(
        self,
        key: str,
        state: str = "queued",
        *,
        image: str = "https://pictures.example/sea.jpg",
        price: float | None = None,
        task: str | None = None,
        reason: str = "Copyright restrictions",
        kind: str = "task failed",
        video: Path | str = "video.mp4",
        remark: tuple[str, str] | None = None,
        **parameters: Any,
    ) -> int:
        """Put a job in and bring it to a state; return its row. A remark is a kind and a reason."""
        self._many += 1
        job = NewJob(image, {"prompt": PROMPT, "model": "WERYAI_VIDEO_1_0", **parameters}, key, self._many, price)
        row = self._do(lambda db: _put(db, job))
        if state == "queued":
            return row
        self._do(lambda db: steps.begin(db, row))
        if state == "ambiguous":
            self._do(lambda db: steps.mark_ambiguous(db, row, reason))
        if state in ("submitting", "ambiguous"):
            return row
        task_id = task or f"task_{row}"
        verdict = AttemptResult(OrderState.SUBMITTED, (task_id,))
        self._do(lambda db: steps.end(db, row, verdict))
        if state == "done":
            self._do(lambda db: steps.finish(db, row, task_id, str(video), "ab" * 32, 1_234))
        elif state == "failed":
            self._do(lambda db: steps.fail(db, row, reason, kind, task_id))
        elif remark is not None:
            self._do(lambda db: steps.remark(db, row, task_id, remark[1], remark[0]))
        return row

    def one_of_each(self) -> None:
        """A job in every state, each known by it."""
        for state in OrderState:
            self.job(state.value, state.value, price=20.0)

    def budget(self, tasks: int | None, credits: float | None = None) -> None:
        """Set what may be spent."""
        self._do(lambda db: steps.set_budget(db, tasks, credits))

    def _do(self, change: Any) -> Any:
        return self.ledger.write(change).result()


def _put(db: Any, job: NewJob) -> int:
    kept = job.kept_parameters()
    added = db.execute(
        "insert into jobs (key, image, parameters, digest, line, load, price, created, changed) "
        "values (?, ?, ?, ?, ?, 1, ?, 1, 1) returning id",
        (job.key, job.image, kept, digest_of(job.image, kept), job.line, job.price),
    )
    return int(added.fetchone()["id"])


def kept(path: Path, columns: str = "state", where: str = "1 = 1") -> dict[str, Any]:
    """What stands in a ledger, by key."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(f"select key, {columns} from jobs where {where} order by id").fetchall()
    return {row[0]: row[1] if len(row) == 2 else row[1:] for row in rows}


def alter(path: Path, statement: str, *values: Any) -> None:
    """Change a closed ledger as no run does: its times, or what it was written by."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement, values)

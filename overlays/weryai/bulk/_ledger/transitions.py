"""Every change that a ledger's jobs go through; each runs in the writer's transaction, in SQLite and in PostgreSQL.

queued -> submitting -> submitted -> done | failed, with two side ways: submitting -> queued is a try that surely
started nothing, submitting -> ambiguous one of which nobody knows. `TRANSITIONS` of `_flow.order` is the table; a step
is taken where it leads from, or not at all. A video that could not be fetched yet leaves its job submitted: it is paid
for.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

from ..._flow.intent import is_url, unsigned
from ..._flow.order import AttemptResult, OrderState, service_of, states_before
from ...errors import BudgetExceededError, InvalidInputError, JournalError, before_sending

T = TypeVar("T")
GIVEN_UP = "given up"
IMAGE_CHANGED = "image changed"
#: The name in `about` of why the last run stopped, and how much of it is kept.
STOPPED, _MOST_TOLD = "stopped", 1_000
#: The time now in PostgreSQL, in seconds since 1970.
NOW = "extract(epoch from clock_timestamp())::double precision"
# In the place of a value: the moment of the change.
_MOMENT: Any = object()
_NO_FILE: Mapping[str, None] = {"path": None, "sha256": None, "size": None}
_AGAIN: Mapping[str, None] = {"reason": None, "kind": None, "ended": None, "worker": None}


class MovedError(JournalError):
    """A job does not stand as expected any more: somebody else has it."""


class Database(Protocol):
    """A connection to either database; marks are question marks, rows are read by name."""

    def execute(self, statement: str, values: Any = ..., /) -> Any: ...
    def executemany(self, statement: str, values: Any, /) -> Any: ...


class ImageChangedError(InvalidInputError):
    """The image of a job is not what it was when the manifest was loaded, or when it was sent before."""


def lock(db: Database) -> None:
    """Let nobody else change what all workers share until this transaction has ended.

    It is always this row first, so that no two workers wait for each other, which ends only after a second.
    """
    db.execute("update run set submits = submits")


def about(db: Database, name: str) -> str | None:
    """What the ledger has noted under a name."""
    found = db.execute("select value from about where name = ?", (name,)).fetchone()
    return None if found is None else str(found["value"])


def note_about(db: Database, name: str, value: str) -> None:
    """Note something under a name, in the place of what was noted before."""
    db.execute(
        "insert into about (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
        (name, value),
    )


def keep(db: Database, name: str, value: Any) -> None:
    """Note a dataclass under a name."""
    note_about(db, name, json.dumps(asdict(value)))


def kept(db: Database, name: str, kind: type[T]) -> T | None:
    """What was kept under a name, a dataclass of this kind."""
    text = about(db, name)
    return None if text is None else kind(**json.loads(text))


def moment_of(db: Database) -> float:
    """The time now, in seconds since 1970; that of the server, which is one for the workers of all machines."""
    if isinstance(db, sqlite3.Connection):
        return time.time()
    return float(db.execute(f"select {NOW} as moment").fetchone()["moment"])


def begin(db: Database, row: int, worker: str | None = None, body: Mapping[str, Any] | None = None) -> None:
    """Write down that a job is about to be sent, and by whom, if the budget has room for it.

    Raises MovedError if another manifest was loaded since the job was read, of which this `body` is none.
    """
    query = (
        "select key, image, image_sha256, price, parameters, load, (select first_load from run) as first_load "
        "from jobs where id = ?"
    )
    one = db.execute(query, (row,)).fetchone()
    if one is None:
        raise MovedError(f"job {row} is gone")
    if one["load"] < one["first_load"] or (body is not None and not _is_meant(one, body)):
        raise before_sending(MovedError(f"job {one['key']!r:.200} is not in the manifest any more as it was"))
    price = one["price"] or 0.0
    # What costs nobody knows how much is beyond any budget in credits.
    most = math.inf if one["price"] is None else price
    hit = db.execute(
        "update run set submits = submits + 1, credits = credits + ?, unpriced = unpriced + ? where (budget_tasks is "
        "null or submits < budget_tasks) and (budget_credits is null or credits + ? <= budget_credits)",
        (price, int(one["price"] is None), most),
    ).rowcount
    if hit != 1:
        raise BudgetExceededError(_spent(db, has_price=one["price"] is not None))
    change(db, row, "begin", OrderState.SUBMITTING, began=_MOMENT, worker=worker, kind=None)
    db.execute("update jobs set submits = submits + 1 where id = ?", (row,))


def _is_meant(job: Any, body: Mapping[str, Any]) -> bool:
    """Whether a body is what a job is now; of a local image it is known that it was uploaded for this job."""
    image, given = str(job["image"]), str(body["image"])
    is_image = job["image_sha256"] is not None or (is_url(image) and unsigned(image) == unsigned(given))
    return is_image and json.loads(job["parameters"]) == {name: body[name] for name in body if name != "image"}


def end(db: Database, row: int, attempt: AttemptResult, worker: str | None = None) -> None:
    """Write down what became of a try, even if it was taken for ambiguous in the meantime."""
    first, others = (*attempt.task_ids[:1], None)[0], " ".join(attempt.task_ids[1:]) or None
    values: dict[str, Any] = {"batch_id": attempt.batch_id, "reason": attempt.reason}
    match attempt.state:
        case OrderState.SUBMITTED:
            values |= {"task_id": first, "named": others, "submitted": _MOMENT, "kind": None, **_NO_FILE}
        case OrderState.AMBIGUOUS:
            values |= {"named": " ".join(attempt.task_ids) or None, "kind": "ambiguous"}
    try:
        change(db, row, "end", attempt.state, {"worker": worker}, **values)
    except MovedError:
        if not _come_late(db, row, attempt, values):
            raise
        return
    if attempt.state is OrderState.QUEUED:
        _refund(db, row)


def _come_late(db: Database, row: int, attempt: AttemptResult, values: dict[str, Any]) -> bool:
    """Keep the tasks of a response that comes when the job is in other hands; return whether it has any."""
    if attempt.state is OrderState.SUBMITTED:
        with contextlib.suppress(MovedError):
            change(db, row, "end in time", attempt.state, **values)
            return True
    one = db.execute("select task_id, named from jobs where id = ?", (row,)).fetchone()
    if one is None or not attempt.task_ids:
        return False
    named = (one["named"] or "").split()
    named += [task_id for task_id in attempt.task_ids if task_id not in (one["task_id"], *named)]
    db.execute("update jobs set named = ?, changed = ? where id = ?", (" ".join(named) or None, moment_of(db), row))
    return True


def mark_ambiguous(db: Database, row: int, reason: str, worker: str | None = None) -> None:
    """Nobody waits for the answer of a try any more; if it is still open, it is ambiguous."""
    recover_orphans(db, reason, "id = ? and coalesce(worker, '') = ?", (row, worker or ""))


def recover_orphans(db: Database, reason: str, whose: str = "1 = 1", values: tuple[Any, ...] = ()) -> int:
    """Every open try, or every one that a condition names, is ambiguous; return how many there were."""
    given = {"kind": "ambiguous", "reason": reason}
    return _change_all(db, "mark ambiguous", OrderState.AMBIGUOUS, f"({whose})", values, given)


def finish(db: Database, row: int, task_id: str, path: str, sha256: str, size: int) -> None:
    """The video of this task is on disk."""
    change(
        db, row, "finish", OrderState.DONE, {"task_id": task_id},
        path=path, sha256=sha256, size=size, reason=None, kind=None, ended=_MOMENT,
    )  # fmt: skip


def fail(db: Database, row: int, reason: str, kind: str, task_id: str | None = None) -> None:
    """There will be no video of this try: this task failed, or without one the job was refused for good."""
    step = "mark not placed" if task_id is None else "finish"
    change(db, row, step, OrderState.FAILED, {"task_id": task_id}, reason=reason, kind=kind, ended=_MOMENT)


def remark(db: Database, row: int, task_id: str, reason: str, kind: str) -> None:
    """Something went wrong with a task that leaves its job where it stands."""
    change(db, row, "keep", OrderState.SUBMITTED, {"task_id": task_id}, reason=reason, kind=kind)


def adopt(db: Database, row: int, task_id: str) -> None:
    """An ambiguous job became this task, as somebody found out."""
    # So that nobody else gives the same task to another job meanwhile.
    lock(db)
    other = db.execute("select key from jobs where task_id = ? and id != ?", (task_id, row)).fetchone()
    if other is not None:
        raise JournalError(f"task {task_id} belongs to job {other['key']!r:.200} already")
    change(
        db, row, "adopt", OrderState.SUBMITTED,
        task_id=task_id, submitted=_MOMENT, reason=None, kind=None, worker=None,
        **_NO_FILE,
    )  # fmt: skip


def requeue(db: Database, row: int) -> None:
    """An ambiguous job is to be sent once more, as somebody decided; what it may have cost stays counted."""
    change(db, row, "requeue", OrderState.QUEUED, **_AGAIN)


def give_up(db: Database, row: int) -> None:
    """Nobody wants to know any more what becomes of a job."""
    one = db.execute("select state from jobs where id = ?", (row,)).fetchone()
    reason = f"{GIVEN_UP} while {one['state']}" if one else None
    change(db, row, "give up", OrderState.FAILED, reason=reason, kind=GIVEN_UP, ended=_MOMENT)


def retry(db: Database, where: str, values: tuple[Any, ...], state: OrderState) -> int:
    """Put the failed jobs that a condition names back to a state; return how many there were."""
    return _change_all(db, "retry", state, f"({where})", values, _AGAIN)


def set_budget(db: Database, tasks: int | None, credits: float | None) -> None:
    """Set what may be spent in all, over every start of the run; None is no limit. A part keeps its share of it."""
    run = db.execute("select part, parts from run").fetchone()
    db.execute("update run set budget_tasks = ?, budget_credits = ?", share(tasks, credits, run["part"], run["parts"]))


def note_stop(db: Database, reason: str | None) -> None:
    """Write down why a run takes no further jobs, for who looks at it later; None is that one begins."""
    lock(db)
    if reason is None:
        db.execute("delete from about where name = ?", (STOPPED,))
    else:
        note_about(db, STOPPED, reason[:_MOST_TOLD])


def share(tasks: float | None, credits: float | None, part: int, parts: int) -> tuple[float | None, float | None]:
    """What one of so many parts may spend; the shares of all are the whole, and no task more."""
    if tasks is not None and tasks != math.inf:
        tasks = int(tasks) * part // parts - int(tasks) * (part - 1) // parts
    return tasks, None if credits is None else credits / parts


def start_load(db: Database, part: int, parts: int, *, keep: bool) -> int:
    """Begin to load a manifest and return the number of the load; unless they are kept, earlier jobs are put aside.

    Also keeps a second load away until this one is in, while workers go on.
    """
    lock(db)
    load = int(about(db, "load") or 0) + 1
    note_about(db, "load", str(load))
    db.execute("update run set part = ?, parts = ?", (part, parts))
    if not keep:
        db.execute("update run set first_load = ?", (load,))
    return load


def belong(db: Database, base_url: str, key: str) -> None:
    """Tie the ledger to one service and one key, or refuse another one."""
    db.execute("update run set base_url = ?, key = ? where base_url is null", (base_url, key))
    tied = db.execute("select base_url, key from run").fetchone()
    if service_of(tied["base_url"]) != service_of(base_url):
        raise before_sending(JournalError(f"this ledger belongs to {tied['base_url']}, not to {base_url}"))
    if tied["key"] != key:
        raise before_sending(JournalError("this ledger belongs to another key"))


def note_image(db: Database, row: int, size: int, sha256: str) -> None:
    """Remember what image is sent for a job; raises ImageChangedError where it is not the one that was meant."""
    known = db.execute("select image, image_size, image_sha256 from jobs where id = ?", (row,)).fetchone()
    if known is None:
        raise MovedError(f"job {row} is gone")
    if known["image_size"] not in (None, size) or known["image_sha256"] not in (None, sha256):
        raise ImageChangedError(
            f"{known['image']} has changed since the manifest was loaded: load it again to have the image as it is now"
        )
    db.execute("update jobs set image_size = ?, image_sha256 = ? where id = ?", (size, sha256, row))


def is_unsent(job: Any) -> bool:
    """Whether nothing was ever sent of a job that waits, or that only failed because its image had changed."""
    return bool(job["submits"] == 0 and (job["state"] == OrderState.QUEUED or job["kind"] == IMAGE_CHANGED))


def is_sharded_by_place(db: Database) -> bool:
    """Whether an older version has shared the jobs out, by where images lie; then it stays so."""
    return about(db, "sharded_by_place") is not None


def keep_upload(db: Database, sha256: str, url: str) -> None:
    """Remember where an image was uploaded to."""
    lock(db)
    db.execute(
        "insert into uploads (image_sha256, url, uploaded) values (?, ?, ?) "
        "on conflict (image_sha256) do update set url = excluded.url, uploaded = excluded.uploaded",
        (sha256, url, moment_of(db)),
    )


def address_of(db: Database, sha256: str, age: float = math.inf) -> str | None:
    """Where an image was uploaded to, if that was at most so many seconds ago."""
    not_before = moment_of(db) - age
    found = db.execute("select url from uploads where image_sha256 = ? and uploaded >= ?", (sha256, not_before))
    one = found.fetchone()
    return None if one is None else str(one["url"])


def sent_address(db: Database, row: int) -> str | None:
    """The URL of the image of a job, as it was sent; None of an upload that is not known any more."""
    job = db.execute("select image, image_sha256 from jobs where id = ?", (row,)).fetchone()
    if job is None or "://" in job["image"]:
        return None if job is None else str(job["image"])
    return None if job["image_sha256"] is None else address_of(db, job["image_sha256"])


def claim_name(db: Database, row: int, name: str) -> bool:
    """Claim a file name for the video of a job; False if it is another job's, in upper or lower case, however composed.

    A name that is the job's own already stays so. No two jobs of a ledger ever get the same.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    # A name of a file need not be text.
    folded = folded.encode(errors="backslashreplace").decode()
    hit = db.execute(
        "insert into names (name, job) values (?, ?) on conflict (name) do update set job = excluded.job "
        "where names.job = excluded.job",
        (folded, row),
    ).rowcount
    return bool(hit == 1)


def refetch(db: Database, row: int, task_id: str) -> None:
    """The video of a job is gone from the disk, and is to be fetched once more; its task stays paid for."""
    change(
        db, row, "fetch again", OrderState.SUBMITTED, {"task_id": task_id},
        ended=None, reason="its video is not on the disk any more", kind="missing",
    )  # fmt: skip


def claim_file(db: Database, row: int, task_id: str, path: str, sha256: str, size: int) -> bool:
    """Note under which name the video of a task is about to appear; False if that name is another job's."""
    if not claim_name(db, row, path):
        return False
    change(db, row, "keep", OrderState.SUBMITTED, {"task_id": task_id}, path=path, sha256=sha256, size=size)
    return True


def change(
    db: Database, row: int, step: str, state: OrderState, held: Mapping[str, str | None] | None = None, /, **values: Any
) -> None:
    """Take one job a step, if it stands where that leads from and still has the worker or the task in `held`."""
    still = {name: value for name, value in (held or {}).items() if value is not None}
    where = " and ".join(["id = ?", *(f"{name} = ?" for name in still)])
    if _change_all(db, step, state, where, (row, *still.values()), values) != 1:
        one = db.execute("select key, state from jobs where id = ?", (row,)).fetchone()
        stands = f"job {one['key']!r:.200} is {one['state']}" if one else f"job {row} is gone"
        before = states_before(step, state)
        wanted = "in other hands" if one and one["state"] in before else f"not {' or '.join(before)}"
        raise MovedError(f"{stands}, {wanted}")


def _change_all(
    db: Database, step: str, state: OrderState, where: str, values: tuple[Any, ...], given: Mapping[str, Any]
) -> int:
    """Take every job that a condition names a step, if it stands where that leads from; return how many did."""
    moment = moment_of(db)
    given = {name: moment if value is _MOMENT else value for name, value in given.items()}
    given |= {"state": state.value, "changed": moment}
    before = [one.value for one in states_before(step, state)]
    assignments, marks = ", ".join(f"{name} = ?" for name in given), ", ".join("?" * len(before))
    statement = f"update jobs set {assignments} where state in ({marks}) and {where}"
    return int(db.execute(statement, (*given.values(), *before, *values)).rowcount)


def _refund(db: Database, row: int) -> None:
    """What was surely refused was not spent."""
    price = db.execute("select price from jobs where id = ?", (row,)).fetchone()["price"]
    db.execute(
        "update run set submits = submits - 1, credits = credits - ?, unpriced = unpriced - ?",
        (price or 0.0, int(price is None)),
    )
    db.execute("update jobs set submits = submits - 1 where id = ?", (row,))


def _spent(db: Database, *, has_price: bool) -> str:
    run = db.execute("select * from run").fetchone()
    tasks = f"{run['submits']} of {run['budget_tasks']} tasks" if run["budget_tasks"] is not None else ""
    most = run["budget_credits"]
    credits = f"{run['credits']:.15g} of {most:.15g} credits" if most is not None else ""
    credits += "" if has_price or not credits else ", and the price of the next job is not known"
    return f"the budget is spent: {', '.join(filter(None, (tasks, credits)))}"

"""The file of a bulk run, a ledger: one SQLite database, for other tools to read as well.

Schema 2 (`pragma user_version`; `pragma application_id` is 0x57455242, "WERB"). Times are seconds since 1970, UTC.

    jobs     one row per job
      id           its number, in the order of the manifest
      key          its name, as the manifest gives it, or made of its content
      is_keyed     1 if a column `key` gave that name, else 0
      state        queued, submitting, submitted, done, failed or ambiguous
      image        the image: a URL, or an absolute path
      parameters   the other fields of the request, as JSON
      digest       one word for image and parameters; a URL counts without the parameters that only sign it
      line         where it stands in the manifest, from 1
      load         the number of the load that saw it last; see run.first_load
      price        credits, by the table of prices, or null
      image_size, image_mtime   bytes of the local image and nanoseconds of its last change, when the manifest was
                   loaded; null for a URL, and where the file was not there
      image_sha256 SHA-256 of the local image that was uploaded for it, or null
      task_id      the task that was paid for, or null
      named        task ids of an answer that cannot be relied on, or beside task_id, with spaces between, or null
      batch_id     as the service named it, or null
      submits      how often it was sent and not surely refused
      reason       why it failed, or why nobody knows, or what went wrong last, or null
      kind         the same in one word, to group by
      path, sha256, size      the video on disk
      worker       who works on it where several do, or null
      created, began, submitted, ended, changed    when it was written, last sent, accepted, ended, last changed
    uploads  one row per uploaded image: image_sha256, its url, and when it was uploaded
    names    one row per file name that a video has or will have: the name as `claim_name` folds it, and whose job's
    run      one row
      base_url, key      of the service; the key as a salted hash
      submits, credits   what was sent and not surely refused, and what that cost by the prices of then
      unpriced           how many of these submits had no known price
      budget_tasks, budget_credits   the most of both, or null
      first_load         jobs with this load or a later one are those of the manifest; the others are not submitted
      part, parts        which part of the jobs the ledger has, of how many; 1 of 1 is all
      outage_since       since when the service is not reached, or null
      asker, asking_until   who asks the service whether it is back, and until when nobody else does
      unknown_in_a_row   how many outcomes were unknown since the last that was known
      open_posts         how many requests that cost credits may be open at a time, or null
    about    name, value: the salt of the hash, how many loads there were, how often it was opened to be changed, the
             file's inode and place then, and, in a ledger of schema 1, that parts were
             shared out by where images lie, why the last run stopped before its end

Beside the file lie SQLite's own -wal and -shm, which belong to it, an empty .lock, and .starts, their number.

In PostgreSQL the same tables are in the schema `weryai`; `about` has the number of the schema, `run` also rate,
in_flight and next_turn, which are for all workers together, `lease` says who looks after the queue, and worker is
NUMBER@HOST, which is also where a video is. The queue in the schema `weryai_queue` is made from them, and holds nothing
that they do not.

Schema 1 had the columns `picture` for image_sha256, in jobs always null, and `address` for url, and lacked what
UPGRADES adds. It is brought to schema 2 when it is opened to be changed.

Every change that jobs go through is here as well; each runs in the writer's transaction, in SQLite and in PostgreSQL.

queued -> submitting -> submitted -> done | failed, with two side ways: submitting -> queued is a try that surely
started nothing, submitting -> ambiguous one of which nobody knows. `TRANSITIONS` of `_flow.order` is the table; a step
is taken where it leads from, or not at all. A video that could not be fetched yet leaves its job submitted: it is paid
for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
import sqlite3
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from ..._flow.order import AttemptResult, OrderState, is_url, service_of, states_before, unsigned
from ..._journal.sqlite_file import Kind
from ...errors import BudgetExceededError, InvalidInputError, JournalError, before_sending

JobState = OrderState
# Where a value of kept parameters may begin or end with a blank; they have none between them.
_BLANK = re.compile(r'"\s|\s"|\\[nrtfvu]')


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as a manifest names it.

    `image` is a URL or an absolute path; `parameters` are the other fields of the request; `line` is where it
    stands in the manifest, from 1; `price` is what it costs in credits, None where that is not known. Without a `key`
    (`is_keyed` is then False) it is known by its content. `image_size` in bytes and `image_mtime` in nanoseconds are
    those of a local image that is there.
    """

    image: str
    parameters: Mapping[str, Any]
    key: str = ""
    line: int = 0
    price: float | None = None
    is_keyed: bool = True
    image_size: int | None = None
    image_mtime: int | None = None

    def kept_parameters(self) -> str:
        """The parameters as a ledger keeps them."""
        return json.dumps(self.parameters, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def without_blanks(parameters: str) -> str:
    """Kept parameters as tables are read by now: older versions kept the blanks at the ends of a cell."""
    if not _BLANK.search(parameters):
        return parameters
    values = json.loads(parameters)
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return NewJob("", values).kept_parameters()


def digest_of(image: str, parameters: str) -> str:
    """One word for the place of an image, which of a URL is what names it, and the parameters."""
    return place_digest(unsigned(image), parameters)


def place_digest(image: str, parameters: str) -> str:
    """One word for the place of an image as it is, and the parameters."""
    return hashlib.sha256(f"{image}\0{parameters}".encode(errors="surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as a ledger keeps it; `row` is its number there, times are seconds since 1970, prices are credits.

    `named` are task ids of a response that cannot be relied on, or that came beside the one that counts.
    """

    row: int
    key: str
    state: JobState
    image: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    line: int = 0
    load: int = 0
    price: float | None = None
    image_size: int | None = None
    image_mtime: int | None = None
    image_sha256: str | None = None
    task_id: str | None = None
    named: str | None = None
    batch_id: str | None = None
    submits: int = 0
    reason: str | None = None
    kind: str | None = None
    path: str | None = None
    sha256: str | None = None
    size: int | None = None
    worker: str | None = None
    created: float = 0.0
    began: float | None = None
    submitted: float | None = None
    ended: float | None = None


SCHEMA = 2

_IMAGE = ("image_size {big}", "image_mtime {big}", "is_keyed integer not null default 1")
_RUN = (
    "unpriced integer not null default 0",
    "first_load integer not null default 0",
    "part integer not null default 1",
    "parts integer not null default 1",
    "outage_since {real}",
    "asker text",
    "asking_until {real} not null default 0",
    "unknown_in_a_row integer not null default 0",
    "open_posts integer",
)
JOBS = f"""
  key text not null unique,
  state text not null default 'queued'
    check (state in ('queued', 'submitting', 'submitted', 'done', 'failed', 'ambiguous')),
  image text not null, parameters text not null, digest text not null,
  line integer not null, load integer not null, price {{real}},
  image_sha256 text, task_id text, named text, batch_id text, submits integer not null default 0,
  reason text, kind text, path text, sha256 text, size {{big}}, worker text,
  created {{real}} not null, began {{real}}, submitted {{real}}, ended {{real}}, changed {{real}} not null,
  {", ".join(_IMAGE)}
"""
UPLOADS = "image_sha256 text primary key, url text not null, uploaded {real} not null"
NAMES = "name text primary key, job {big} not null"
RUN = f"""
  id integer primary key check (id = 1), base_url text, key text,
  submits integer not null default 0, credits {{real}} not null default 0,
  budget_tasks integer, budget_credits {{real}},
  {", ".join(_RUN)}
"""
# A count by state, of a manifest or not, is answered by this alone, and so is the next page of jobs in a state.
INDEX = "create index jobs_by_state on jobs (state, id, load)"
#: The statements from one schema to the next, by the number of the older one; `redigest` follows the first.
UPGRADES: Mapping[int, tuple[str, ...]] = {
    1: (
        "alter table jobs rename column picture to image_sha256",
        *(f"alter table jobs add column {column}" for column in _IMAGE),
        "alter table uploads rename column picture to image_sha256",
        "alter table uploads rename column address to url",
        *(f"alter table run add column {column}" for column in _RUN),
        f"create table names ({NAMES})",
        "insert into about (name, value) values ('sharded_by_place', '1')",
        "drop index jobs_by_state",
        INDEX,
        "update run set unpriced = (select coalesce(sum(submits), 0) from jobs where price is null)",
        "update run set first_load = coalesce((select cast(value as integer) from about where name = 'load'), 0)",
    )
}
_PAGE = 5_000
_TYPES = {"real": "real", "big": "integer"}


def upgrade(db: Any, older: int, types: Mapping[str, str] = _TYPES) -> None:
    """Bring the tables from one schema to the next; in a transaction of the caller."""
    for statement in UPGRADES[older]:
        db.execute(statement.format(**types))
    redigest(db)


def redigest(db: Any) -> None:
    """Make the digests of all jobs anew, and find out which keys nobody gave: those of a folder and of a digest."""
    after = 0
    query = "select id, key, image, parameters, digest from jobs where id > ? order by id limit ?"
    while rows := db.execute(query, (after, _PAGE)).fetchall():
        values = []
        for row in rows:
            is_made = row["key"] == row["digest"][:16] or row["image"].replace("\\", "/").endswith(f"/{row['key']}")
            values.append((digest_of(row["image"], row["parameters"]), int(not is_made), row["id"]))
        db.executemany("update jobs set digest = ?, is_keyed = ? where id = ?", values)
        after = rows[-1]["id"]


LEDGER = Kind(
    "ledger",
    0x57455242,
    SCHEMA,
    f"""
create table jobs (id integer primary key, {JOBS.format(**_TYPES)});
{INDEX};
create table uploads ({UPLOADS.format(**_TYPES)});
create table names ({NAMES.format(**_TYPES)});
create table run ({RUN.format(**_TYPES)});
insert into run (id) values (1);
create table about (name text primary key, value text not null) without rowid
""",
    {older: partial(upgrade, older=older) for older in UPGRADES},
)


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

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
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._flow.intent import unsigned
from ..._flow.order import OrderState
from ..._journal.sqlite_file import Kind

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

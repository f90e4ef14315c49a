"""The file of a journal: one SQLite database, for other tools to read as well.

Schema 2 (`pragma user_version`; `pragma application_id` is 0x5745524A, "WERJ"). Times are seconds since 1970, UTC.

    orders   one row per order, of whatever number of videos
      id           its number, never used twice
      state        queued, submitting, submitted, done, failed or ambiguous; see `transitions`
      request      the call, such as "POST /v1/generation/image-to-video"
      body         what was sent, as JSON, without the callback address
      fingerprint  SHA-256 of what makes two orders the same; see `Intent`
      image        SHA-256 of the local image that was uploaded for it, or null
      output       the file or folder the video is meant for, or null
      order_key    the caller's own name for it, such as the id of a job of a queue, or null
      base_url     the service, in one spelling
      key          a salted hash of the key, never the key
      batch_id     as the service named it, or null
      submits      how often it was sent
      reason       why it failed, or why nobody knows, or null
      owner_pid, owner_start, owner_host   the process that works on it, or null for none
      created, began, changed              when it was written, last sent, last changed
    tasks    one row per task id, in the order of the answer
      order_id, task_id
      state        going, done or failed; "named" by an answer that cannot be relied on
      path         where the video was stored, or null
      reason       why it failed, or null
    about    name, value: the salt of the hashes; "cost URL MODEL", what the last single task of a model cost there

Beside the file lie SQLite's own -wal and -shm, which belong to it, and an empty .lock.
"""

from __future__ import annotations

import json
import sqlite3

from .._flow.intent import fingerprint_of
from .._flow.order import service_of
from .._protocol.contract import defaults_of
from .sqlite_file import Kind

SCHEMA = 2

_TABLES = """
create table orders (
  id integer primary key autoincrement,
  state text not null check (state in ('queued', 'submitting', 'submitted', 'done', 'failed', 'ambiguous')),
  request text not null, body text not null, fingerprint text not null, image text, output text,
  order_key text, base_url text not null, key text not null,
  batch_id text, submits integer not null default 0, reason text,
  owner_pid integer, owner_start text, owner_host text,
  created real not null, began real not null, changed real not null
);
create index orders_by_fingerprint on orders (fingerprint);
create index orders_by_key on orders (order_key) where order_key is not null;
create index orders_unfinished on orders (state) where state not in ('done', 'failed');
create table tasks (
  order_id integer not null references orders (id),
  task_id text not null,
  state text not null check (state in ('named', 'going', 'done', 'failed')),
  path text, reason text,
  primary key (order_id, task_id)
);
create index tasks_by_id on tasks (task_id);
create table about (name text primary key, value text not null) without rowid;
"""


def _from_1(db: sqlite3.Connection) -> None:
    """Add the callers' keys, and write services and fingerprints as they are compared now."""
    db.execute("alter table orders rename column picture to image")
    db.execute("alter table orders add column order_key text")
    db.execute("create index orders_by_key on orders (order_key) where order_key is not null")
    for row in db.execute("select id, request, body, image, base_url from orders").fetchall():
        fingerprint = fingerprint_of(row["request"], json.loads(row["body"]), row["image"], defaults_of(row["request"]))
        db.execute(
            "update orders set fingerprint = ?, base_url = ? where id = ?",
            (fingerprint, service_of(row["base_url"]), row["id"]),
        )


JOURNAL = Kind("journal", 0x5745524A, SCHEMA, _TABLES, {1: _from_1})

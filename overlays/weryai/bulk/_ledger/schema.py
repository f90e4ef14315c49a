"""The file of a bulk run, a ledger: one SQLite database, for other tools to read as well.

Schema 1 (`pragma user_version`; `pragma application_id` is 0x57455242, "WERB"). Times are seconds since 1970, UTC.

    jobs     one row per job
      id           its number, in the order of the manifest
      key          its name, as the manifest gives it, or made of its content
      state        queued, submitting, submitted, done, failed or ambiguous
      image        the picture: an address, or an absolute path
      parameters   the other fields of the request, as JSON
      digest       one word for image and parameters
      line         where it stands in the manifest, from 1
      load         the number of the load that saw it last
      price        credits, by the table of prices, or null
      picture      SHA-256 of the local picture, once it was read, or null
      task_id      the task that was paid for, or null
      named        task ids of an answer that cannot be relied on, or beside task_id, with spaces between, or null
      batch_id     as the service named it, or null
      submits      how often it was sent and not surely refused
      reason       why it failed, or why nobody knows, or what went wrong last, or null
      kind         the same in one word, to group by
      path, sha256, size      the video on disk
      worker       who works on it where several do, or null
      created, began, submitted, ended, changed    when it was written, last sent, accepted, ended, last changed
    uploads  one row per uploaded picture: its SHA-256, its address, and when it was uploaded
    run      one row: base_url and key (a salted hash) of the service, submits and credits (what was sent and not surely
             refused), budget_tasks and budget_credits (or null)
    about    name, value: the salt of the hash, how many loads there were, how often it was opened to be changed, and
             the file's inode then

Beside the file lie SQLite's own -wal and -shm, which belong to it, an empty .lock, and .starts, their number.

In PostgreSQL the same tables are in the schema `weryai`; `about` has the number of the schema, `run` also rate,
in_flight and next_turn, which are for all workers together, `lease` says who looks after the queue, and worker is
NUMBER@HOST, which is also where a video is. The queue in the schema `weryai_queue` is made from them, and holds nothing
that they do not.
"""

from __future__ import annotations

from ..._journal.sqlite_file import Kind

SCHEMA = 1

JOBS = """
  key text not null unique,
  state text not null default 'queued'
    check (state in ('queued', 'submitting', 'submitted', 'done', 'failed', 'ambiguous')),
  image text not null, parameters text not null, digest text not null,
  line integer not null, load integer not null, price {real},
  picture text, task_id text, named text, batch_id text, submits integer not null default 0,
  reason text, kind text, path text, sha256 text, size {big}, worker text,
  created {real} not null, began {real}, submitted {real}, ended {real}, changed {real} not null
"""
UPLOADS = "picture text primary key, address text not null, uploaded {real} not null"
RUN = """
  id integer primary key check (id = 1), base_url text, key text,
  submits integer not null default 0, credits {real} not null default 0,
  budget_tasks integer, budget_credits {real}
"""
_TYPES = {"real": "real", "big": "integer"}

LEDGER = Kind(
    "ledger",
    0x57455242,
    SCHEMA,
    f"""
create table jobs (id integer primary key, {JOBS.format(**_TYPES)});
create index jobs_by_state on jobs (state, id);
create table uploads ({UPLOADS.format(**_TYPES)});
create table run ({RUN.format(**_TYPES)});
insert into run (id) values (1);
create table about (name text primary key, value text not null) without rowid
""",
)

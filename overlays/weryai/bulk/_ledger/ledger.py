"""The ledger of a bulk run: one row per job, and a change is on disk when it is done; in one file, or in PostgreSQL.

There the tables are the same, and any number of workers write at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar
from urllib.parse import unquote

from ..._flow.logs import log
from ..._flow.order import AttemptResult, Intent
from ..._journal.database_file import DatabaseFile, Store, Writer, share
from ..._journal.sqlite_file import keeps_inodes, unusable
from ...errors import ConfigurationError, JournalError, WeryAIError, before_sending
from . import transitions as steps
from .transitions import INDEX, JOBS, LEDGER, NAMES, RUN, SCHEMA, UPLOADS, Database, upgrade

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
CRASHED = "the run ended before the response came"


class OpenLedger:
    """What keeps the jobs of a run: written by one thread, by the changes that it is given, in their order."""

    #: Who works on the jobs, where several may.
    worker: str | None = None
    #: Whether its file stays when it is closed; without, it goes if it was made by this opening and holds no job.
    is_kept = True
    #: How many tries a run that died had left open; they are ambiguous.
    left_open: int = 0
    #: What a run has to say when the try of a row begins, which it may refuse, and when it has ended.
    admit: Callable[[Database, int], None] | None = None
    heed: Callable[[Database, int, AttemptResult], None] | None = None

    def __init__(self, writer: Writer | DatabaseFile, salt: str) -> None:
        """Write with this writer; `salt` is that of the hashes of keys."""
        self._salt = salt
        self._process = os.getpid()
        self._order_logs: dict[tuple[str, str], LedgerOrderLog] = {}
        self._writer = writer
        self._is_closed = False

    def write(self, change: Callable[[Any], T]) -> Future[T]:
        """Have a change made, or something read, in the order of the calls."""
        if self._process != os.getpid():
            raise JournalError("a ledger is one process's alone: open it in the child, not before the fork")
        return self._writer.write(change)

    async def note(self, change: Callable[[Any], T]) -> T:
        """As `write`, and wait until it is done, which holds up no event loop."""
        result: T = await asyncio.wrap_future(self.write(change))
        return result

    def close(self) -> None:
        """Write what is left and close the ledger; twice is fine."""
        if self._process == os.getpid() and not self._is_closed:
            self._is_closed = True
            self._writer.close()

    def check_place(self) -> None:
        """Raise JournalError if what is written now would be lost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is open and is not pickled; open it in each process")

    @property
    def order_logs(self) -> LedgerOrderLogs:
        """What the clients of a run are made with; a ledger itself is no journal of a user's."""
        return LedgerOrderLogs(self)

    def log_of(self, base_url: str, key: str) -> LedgerOrderLog:
        """The ledger as one client sees it; the first client's service and key are the only ones it ever takes."""
        if (log := self._order_logs.get((base_url, key))) is None:
            hashed = hashlib.sha256(f"{self._salt}:{key}".encode()).hexdigest()[:16]
            self.write(lambda db: steps.belong(db, base_url, hashed)).result()
            log = self._order_logs[base_url, key] = LedgerOrderLog(self)
        return log


class Ledger(OpenLedger):
    """The file of one bulk run; never go on with an old copy of it: it does not know what was submitted since.

    While it is open no other process can open it. Raises JournalError when it is in use, cannot be written, is none of
    ours, was written by a newer version, lies on a network file system, or seems to be a copy. `trust_copy` takes that
    all the same: then you know that nothing was submitted with the original since.
    """

    def __init__(self, path: str | os.PathLike[str], *, trust_copy: bool = False) -> None:
        """Open the file, or make it; a try that a dead run left open is ambiguous from now on."""
        try:
            self.path = Path(os.path.abspath(os.path.expanduser(path)))
        except TypeError as error:
            raise ConfigurationError(f"a ledger is a path, not {type(path).__name__}") from error
        # Who holds the lock looks whether it is a copy, before anything is changed in it.
        file = share(
            self.path, LEDGER, exclusive=True, accept=lambda db: refuse_copy(db, self.path, trust_copy=trust_copy)
        )
        super().__init__(file, file.salt)
        self._file = file
        try:
            note_start(self.path, self.write(lambda db: count_start(db, self.path, file.identity[1])).result())
            self.left_open = self.write(lambda db: steps.recover_orphans(db, CRASHED)).result()
        except BaseException:
            self.close()
            raise

    def check_place(self) -> None:
        """Raise JournalError if what is written now would be lost."""
        self._file.check_place(self.path)

    def close(self) -> None:
        """Write what is left and close the ledger; see `is_kept`."""
        if not self.is_kept and not self._is_closed and self._process == os.getpid() and self._is_empty():
            self._file.remove_when_closed(starts_of(self.path))
        super().close()

    def _is_empty(self) -> bool:
        """Whether it surely holds no job."""
        with contextlib.suppress(WeryAIError):
            return self.write(lambda db: db.execute("select 1 from jobs limit 1").fetchone()).result() is None
        return False

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"


class LedgerOrderLogs:
    """A ledger as an OrderLogSource, for the clients that a run makes."""

    def __init__(self, ledger: OpenLedger) -> None:
        self._ledger = ledger

    def order_log(self, base_url: str, key: str) -> LedgerOrderLog:
        """The ledger as one client sees it."""
        return self._ledger.log_of(base_url, key)

    def close(self) -> None:
        """Nothing: who opened the ledger closes it."""


class LedgerOrderLog:
    """A ledger in the place of a journal: what `weryai._journal.recording` writes down around a paid request."""

    def __init__(self, ledger: OpenLedger) -> None:
        self._ledger = ledger
        # Who began a try ends it, whatever the worker is called by then.
        self._begun: dict[int, str | None] = {}

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """Write a job down before it is sent; its row is the intent's."""
        row, worker = intent.row, self._ledger.worker
        assert row is not None

        def change(db: Database) -> int:
            self._ledger.check_place()
            steps.begin(db, row, worker, intent.body)
            if self._ledger.admit is not None:
                self._ledger.admit(db, row)
            self._begun[row] = worker
            return row

        return self._ledger.write(change)

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """Write down what became of a try."""
        worker = self._begun.pop(row, None)

        def change(db: Database) -> None:
            steps.end(db, row, attempt, worker)
            if self._ledger.heed is not None:
                self._ledger.heed(db, row, attempt)

        return self._ledger.write(change)

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """Give an open try up."""
        worker = self._begun.get(row)
        return self._ledger.write(lambda db: steps.mark_ambiguous(db, row, reason, worker))

    def _ignore(self, *_: Any, **__: Any) -> Future[None]:
        """Nothing: what becomes of a job and its task is written down by who runs it."""
        done: Future[None] = Future()
        done.set_result(None)
        return done

    finish_task = mark_not_placed = _ignore

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ConfigurationError("this client keeps the ledger of a bulk run, which has no orders")

    list_orders = waits = note_cost = last_cost = claim = adopt = requeue = give_up = _refuse


def refuse_path(ledger: object) -> None:
    """Refuse the path of a ledger where an open one is needed."""
    if isinstance(ledger, str | bytes | os.PathLike):
        raise ConfigurationError(
            'this needs an open ledger, not a path: with bulk.Ledger("jobs.ledger.db") as ledger: ...'
        )


def check_ledger(ledger: object, kind: type[OpenLedger]) -> None:
    """Refuse what is no open ledger of the kind that a run, or a worker, needs."""
    refuse_path(ledger)
    if not isinstance(ledger, kind):
        raise ConfigurationError(
            f"bulk.run works on a bulk.Ledger, bulk.work on a bulk.PostgresLedger; this is {type(ledger).__name__}"
        )


def refuse_copy(db: sqlite3.Connection, path: Path, *, trust_copy: bool) -> None:
    """Refuse a ledger that is behind, or elsewhere, unless it is trusted; nothing is changed.

    A copy put back over the original is behind; one under another name has no such file; one of both files is another
    file for the system. Where that numbers its files anew by itself, a copy is told by the original, which is still
    there. Raises JournalError.
    """
    starts, known = _starts_in(db), _about(db)
    try:
        beside, inode = _beside(path), str(path.stat().st_ino)
    except OSError as error:
        raise unusable(path, error, LEDGER) from error
    is_here = known.get("inode") in (inode, "0")
    if not is_here and not keeps_inodes(path):
        place = known.get("place", "")
        is_here = place == os.path.realpath(path) or not os.path.exists(place)
    is_original = starts == 0 or (beside is not None and starts >= beside and is_here)
    if not is_original and not trust_copy:
        copied = JournalError(
            f"the ledger {path} seems to be a copy, or was moved without its .starts file: it may not know what "
            "was submitted since, and going on would pay for that again. Use the original, or, if you know that "
            "nothing was submitted with it since, --trust-copy"
        )
        raise before_sending(copied)


def count_start(db: sqlite3.Connection, path: Path, inode: int) -> int:
    """Count the start in the ledger; the number is for `note_start`, once it is on the disk."""
    starts = _starts_in(db) + 1
    # A folder's name need not be text.
    place = os.path.realpath(path).encode(errors="backslashreplace").decode()
    for name, value in (("starts", str(starts)), ("inode", str(inode)), ("place", place)):
        steps.note_about(db, name, value)
    return starts


def note_start(path: Path, starts: int) -> None:
    """Write the number beside the ledger, which by then has it: a crash in between leaves no ledger that is behind."""
    try:
        starts_of(path).write_text(str(starts))
    except OSError as error:
        raise unusable(path, error, LEDGER) from error


def _about(db: sqlite3.Connection) -> dict[str, str]:
    return {row["name"]: row["value"] for row in db.execute("select name, value from about").fetchall()}


def _starts_in(db: sqlite3.Connection) -> int:
    return int(_about(db).get("starts", 0))


def _beside(path: Path) -> int | None:
    """How many starts the file beside the ledger knows of."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(starts_of(path).read_text() or 0)
    return None


def starts_of(path: Path) -> Path:
    """The file that counts the starts, beside the ledger itself, where a symbolic link leads to it."""
    return Path(f"{os.path.realpath(path)}.starts")


NEEDS = 'a ledger in PostgreSQL needs the extra "bulk-postgres": pip install procrastinate "psycopg[binary]"'
#: Where the tables of the ledger and those of the queue are; a database holds one run.
LEDGER_SCHEMA, QUEUE_SCHEMA = "weryai", "weryai_queue"
# How long a database may be away before what was to be written is given up, and how long a worker that stands still
# may keep what it has locked; both in seconds.
AWAY, STILL = 60.0, 5.0
# A worker whose last sign of life is so many seconds old is gone.
GONE = 6.0
_TYPES = {"real": "double precision", "big": "bigint"}
_TABLES = (
    f"create schema if not exists {LEDGER_SCHEMA}",
    f"create table jobs (id bigint generated always as identity primary key, {JOBS.format(**_TYPES)})",
    INDEX,
    f"create table uploads ({UPLOADS.format(**_TYPES)})",
    f"create table names ({NAMES.format(**_TYPES)})",
    # How fast and how many at a time, for all workers together.
    f"create table run ({RUN.format(**_TYPES)})",
    "alter table run add rate float8, add in_flight integer, add next_turn float8 not null default 0",
    "insert into run (id) values (1)",
    # Who looks after the queue until when, of all workers.
    "create table lease (id integer primary key check (id = 1), holder text not null, until double precision not null)",
    "create table about (name text primary key, value text not null)",
)
# A number that only we take a lock by.
_MAKING = 0x57455242
# Between two looks for a ledger that somebody else is about to make, in seconds.
_LOOKING = 0.25


class PostgresLedger(OpenLedger):
    """The jobs of one bulk run in a PostgreSQL database, in the schema `weryai`; any number of workers may open it.

    `address` is libpq's: a URL such as postgresql://user@host/database, or words such as "host=... dbname=...". A
    password belongs into PGPASSWORD or ~/.pgpass, and is never shown.
    Raises JournalError when the database cannot be reached or written, or was written by a newer version. Where it is
    away for a moment, what was to be written waits for a minute.
    """

    def __init__(self, address: str, *, make: bool = True, wait: float = 0.0) -> None:
        """Connect, and make the tables unless they are there; without `make` that is a JournalError.

        Whoever else makes them, and loads a manifest, is waited for, up to so many seconds.
        """
        self.address = address
        store = Server(address)
        try:
            salt = store.prepare(make=make, wait=wait)
        except BaseException:
            store.db.close()
            raise
        super().__init__(Writer(store), salt)

    def __repr__(self) -> str:
        return f"PostgresLedger({masked(self.address)!r})"


class Marked:
    """A connection that takes question marks, so that a statement is written once for both databases."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def execute(self, statement: str, values: Any = None, /) -> Any:
        """Ask once."""
        return self.connection.execute(_percent(statement), values and [_text(value) for value in values])

    def executemany(self, statement: str, values: Any, /) -> Any:
        """Ask for each of the values."""
        cursor = self.connection.cursor()
        cursor.executemany(_percent(statement), [[_text(value) for value in some] for some in values])
        return cursor

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def _percent(statement: str) -> Any:
    return statement.replace("?", "%s")


def _text(value: Any) -> Any:
    """A text without the one letter that PostgreSQL has no place for, which a reason of the service may hold."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class Server(Store):
    """A server to write to: it may be away for a moment, and two workers may stand in each other's way."""

    begin = "begin"

    def __init__(self, address: str) -> None:
        self._address = address
        self.db = Marked(connected(address))
        import psycopg

        self.passing = (
            psycopg.OperationalError,
            psycopg.InterfaceError,
            psycopg.errors.IdleInTransactionSessionTimeout,
        )

    def prepare(self, *, make: bool, wait: float = 0.0) -> str:
        """Make the tables of a new ledger, or refuse what this version would not understand; return the salt."""
        until = time.monotonic() + wait
        with talking(self._address):
            # A manifest is loaded in one step, so that there are all of its jobs, or none.
            while "load" not in (known := known_of(self.db)) and time.monotonic() < until:
                time.sleep(_LOOKING)
            if not known and make:
                with self.db.connection.transaction():
                    self.db.execute("select pg_advisory_xact_lock(?)", (_MAKING,))
                    known = known_of(self.db) or self._make()
            check_version(known, self._address)
            if int(known["schema"]) < SCHEMA:
                self._upgrade()
        return known["salt"]

    def mend(self, error: Exception, attempt: int) -> bool:
        """Connect anew, or let the other one go first; changes that were made all the same say so by themselves."""
        import psycopg

        if not self.db.connection.closed:
            standing = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
            return isinstance(error, standing) and attempt <= 10
        log.warning("%s is away: %s", masked(self._address), told(error, self._address))
        patient_until = time.monotonic() + AWAY
        while attempt <= 10 and time.monotonic() < patient_until:
            with contextlib.suppress(JournalError):
                self.db = Marked(connected(self._address))
                return True
            time.sleep(0.5)
        return False

    def explain(self, error: Exception) -> Exception:
        """Tell of the database where it complains, or of what it cannot hold."""
        import psycopg

        if not isinstance(error, psycopg.Error | UnicodeError):
            return error
        return JournalError(f"the ledger in {masked(self._address)} cannot be written: {told(error, self._address)}")

    def closed(self) -> JournalError:
        """Tell who comes too late."""
        return JournalError(f"the ledger in {masked(self._address)} is closed")

    def _make(self) -> dict[str, str]:
        for statement in _TABLES:
            self.db.execute(statement)
        for name, value in (("schema", str(SCHEMA)), ("salt", secrets.token_hex(16))):
            self.db.execute("insert into about values (?, ?)", (name, value))
        return known_of(self.db)

    def _upgrade(self) -> None:
        """Bring an older ledger to this schema; while workers are at work that is refused."""
        with self.db.connection.transaction():
            self.db.execute("select pg_advisory_xact_lock(?)", (_MAKING,))
            older = int(known_of(self.db)["schema"])
            if older < SCHEMA and is_anybody_there(self.db):
                raise before_sending(
                    JournalError(f"workers of an older weryai are at work on {masked(self._address)}: end them first")
                )
            for schema in range(older, SCHEMA):
                upgrade(self.db, schema, _TYPES)
            self.db.execute("update about set value = ? where name = 'schema'", (str(SCHEMA),))


def connected(address: str) -> psycopg.Connection[Any]:
    """Connect to a database, or say in words why that is not to be had."""
    check_address(address)
    with talking(address):
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
        from psycopg.rows import dict_row

        address = for_libpq(address)
        try:
            given = conninfo_to_dict(address)
        except (psycopg.ProgrammingError, ValueError):
            raise unreadable() from None
        # So that a host that is gone is noticed, and a person is not left waiting.
        wanted = {"connect_timeout": 10, "tcp_user_timeout": 15_000, "application_name": "weryai"}
        more: dict[str, Any] = {name: value for name, value in wanted.items() if name not in given}
        connection = psycopg.Connection[Any].connect(address, autocommit=True, row_factory=dict_row, **more)
        connection.execute(settings_of(LEDGER_SCHEMA))
        return connection


def settings_of(schema: str) -> Any:
    """What a connection of ours sets first, whatever the server says.

    That is whose tables it means, that a lock never outlives who holds it, and that no note of a paid task is given up
    because it had to wait.
    """
    wanted = {
        "search_path": schema, "idle_in_transaction_session_timeout": int(STILL * 1000), "lock_timeout": 0,
        "statement_timeout": 0, "default_transaction_isolation": "'read committed'",
    }  # fmt: skip
    return "; ".join(f"set {name} = {value}" for name, value in wanted.items())


@contextlib.contextmanager
def reading_of(address: str) -> Iterator[Marked]:
    """Open a ledger for reading; whatever is read stands as it stood at one moment."""
    with talking(address, "read"), contextlib.closing(Marked(connected(address))) as db:
        known = known_of(db)
        check_version(known, address, oldest=SCHEMA)
        # An export may take its time between two pages.
        db.execute("set idle_in_transaction_session_timeout = 0")
        db.execute("begin isolation level repeatable read read only")
        yield db


def is_anybody_there(db: Marked) -> bool:
    """Whether a worker has told a moment ago that it lives."""
    workers = f"{QUEUE_SCHEMA}.procrastinate_workers"
    if db.execute("select to_regclass(?) as name", (workers,)).fetchone()["name"] is None:
        return False
    living = f"select 1 as one from {workers} where last_heartbeat > now() - ? * interval '1 second' limit 1"
    return db.execute(living, (GONE,)).fetchone() is not None


def known_of(db: Marked) -> dict[str, str]:
    """What a ledger says about itself; nothing where there is none."""
    if db.execute("select to_regclass('about') as name").fetchone()["name"] is None:
        return {}
    return {row["name"]: row["value"] for row in db.execute("select name, value from about").fetchall()}


def check_version(known: dict[str, str], address: str, *, oldest: int = 1) -> None:
    """Refuse where there is no ledger, or one that this version would not understand, or, to be read, an older one."""
    if not known:
        raise JournalError(f"there is no ledger in {masked(address)}")
    version = int(known["schema"])
    if oldest <= version <= SCHEMA:
        return
    age, remedy = "newer", "update weryai"
    if version < oldest:
        age, remedy = "older", "`weryai bulk run` or `weryai bulk worker` of this version brings it up to date"
    raise JournalError(
        f"the ledger in {masked(address)} was written by {'a' if age == 'newer' else 'an'} {age} weryai "
        f"(schema {version}, not {SCHEMA}): {remedy}"
    )


@contextlib.contextmanager
def talking(address: str, verb: str = "used") -> Iterator[None]:
    """Say in words what goes wrong with a database."""
    try:
        import psycopg
    except ImportError as error:
        raise ConfigurationError(NEEDS) from error
    try:
        yield
    except psycopg.Error as error:
        cause = None if is_telling(error, address) else error
        raise JournalError(f"the database {masked(address)} cannot be {verb}: {told(error, address)}") from cause


_SCHEME = re.compile(r"postgres(ql)?://", re.IGNORECASE)
# The words of libpq that a connection may begin with; a path has no such beginning.
_WORDS = re.compile(
    r"\s*(host|hostaddr|port|dbname|user|password|passfile|sslpassword|service|sslmode|options|application_name)\s*=",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(//[^:/?#@]*):(.*)@", re.DOTALL)


def _spelled(word: str) -> str:
    """An expression for a word in upper or lower case, of which each letter may be percent-encoded, also twice."""
    return "".join(f"(?:{letter}|%(?:25)*(?:{ord(letter):x}|{ord(letter.upper()):x}))" for letter in word)


# A name that has one of these in it, the sign of equality, and what stands behind it.
_NAME = rf"(?:{_spelled('pass')}|{_spelled('secret')})[^&=\s]*?\s*(?:=|%(?:25)*3d)"
_IN_URL = re.compile(rf"({_NAME})([^&]*)", re.IGNORECASE)
_IN_WORDS = re.compile(rf"({_NAME})\s*('(?:\\.|[^'\\])*'?|(?:\\.|\S)*)", re.IGNORECASE | re.DOTALL)


def is_database(place: object) -> bool:
    """Whether a place is a database's URL or words for libpq, not a file."""
    return isinstance(place, str) and bool(_SCHEME.match(place) or _WORDS.match(place))


def for_libpq(address: str) -> str:
    """A URL as libpq takes it, which knows its own name in lower case alone."""
    return _SCHEME.sub(lambda found: found[0].lower(), address, count=1)


def masked(address: str) -> str:
    """The URL of a database as it may be shown."""
    if not _SCHEME.match(address):
        return _IN_WORDS.sub(r"\1***", address)
    return _IN_URL.sub(r"\1***", _AUTHORITY.sub(r"\1:***@", address))


def told(met: BaseException, address: str) -> str:
    """An error in one line, without the password."""
    text = " ".join(str(met).split())
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def is_telling(met: BaseException, address: str) -> bool:
    """Whether an error holds the password, so that it is not to be shown as a cause either."""
    return any(secret in str(met) for secret in _secrets(address))


def check_address(address: str) -> None:
    """Refuse a URL of which part of a password would be taken for a host, looked up, and told in messages."""
    if _SCHEME.match(address):
        authority, _, rest = address.partition("//")[2].partition("?")[0].partition("/")
        if authority.count("@") > 1 or "@" in rest:
            raise ConfigurationError("the URL of the database cannot be read: write %40 for @ and %2F for / in it")


def unreadable() -> ConfigurationError:
    """Say that libpq does not understand a URL; its own words would repeat what may be a password."""
    return ConfigurationError(
        "the URL of the database cannot be read: it is postgresql://USER@HOST/DATABASE?NAME=VALUE with the names of "
        "libpq in lower case, and special characters as %40 for @"
    )


def _secrets(address: str) -> Iterator[str]:
    """Every password in a URL, as it stands and as it is meant."""
    pattern = _IN_URL if _SCHEME.match(address) else _IN_WORDS
    found = [one[2] for one in (*_AUTHORITY.finditer(address), *pattern.finditer(address))]
    for text in found:
        plain = re.sub(r"\\(.)", r"\1", text.strip("'"))
        yield from {one for one in (text, plain, unquote(plain), unquote(unquote(plain))) if one}

"""The ledger of a bulk run in PostgreSQL, for many machines: the same tables, and any number of workers at a time."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..._flow.logs import log
from ..._journal.database_file import Store, Writer
from ...errors import ConfigurationError, JournalError, before_sending
from .ledger import OpenLedger
from .schema import INDEX, JOBS, NAMES, RUN, SCHEMA, UPLOADS, upgrade

if TYPE_CHECKING:
    import psycopg
import re
from urllib.parse import unquote

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

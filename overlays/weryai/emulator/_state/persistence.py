"""What an emulator remembers beyond its end: tasks, images, credits and the ledger, in a file of SQLite."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Container
from dataclasses import asdict
from os import PathLike, fspath
from typing import Any, TypeVar, get_origin, get_type_hints

from weryai.emulator._clock import LATEST
from weryai.emulator._protocol import parsed_json
from weryai.emulator._scenarios.effects import Fate
from weryai.emulator._scenarios.faults import SCENARIOS, Faults, read_wishes
from weryai.emulator._state.exchanges import Exchanges
from weryai.emulator._state.ledger import Ledger, Post
from weryai.emulator._state.media import Picture, Uploads
from weryai.emulator._state.tasks import ENDED, Task, TaskStore, Work
from weryai.emulator._video.image_files import MEDIA_TYPES

#: "WERY" and the version of what stands in the file.
APPLICATION = 0x57455259
VERSION = 1

_TABLES = (
    "CREATE TABLE IF NOT EXISTS records (kind TEXT, name TEXT, value TEXT NOT NULL, UNIQUE (kind, name))",
    "CREATE TABLE IF NOT EXISTS contents (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_PUT = (
    "INSERT INTO records (kind, name, value) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value"
)

_PUT_CONTENT = "INSERT OR IGNORE INTO contents (digest, data) VALUES (?, ?)"


class StateFileError(ValueError):
    """The file cannot be an emulator's state; the message says why."""


class StateFile:
    """Records by kind and name, in the order in which they came, and contents by their digest."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = fspath(path)
        self._lock = threading.Lock()
        try:
            # Without waiting for the disk: what is lost with the power is an emulator's.
            self._database = sqlite3.connect(self.path, timeout=0.2, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateFileError(f"{self.path} cannot be opened: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        try:
            (application,) = self._database.execute("PRAGMA application_id").fetchone()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION and (application or version or tables):
                raise StateFileError(f"{self.path} is the database of another program, not an emulator's state")
            if version > VERSION:
                raise StateFileError(f"{self.path} was written by a newer version of weryai; update, or take another")
            for command in ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA synchronous = OFF", "BEGIN EXCLUSIVE"):
                self._database.execute(command)
            for command in _TABLES:
                self._database.execute(command)
            for command in (_PUT, _PUT_CONTENT):  # Whether tables of another make would take what is to come.
                self._database.execute(f"EXPLAIN {command}", (None,) * command.count("?"))
            self._database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            reason = "another emulator uses it" if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else str(error)
            raise StateFileError(f"{self.path} cannot be used: {reason}") from error
        except sqlite3.DatabaseError as error:
            raise StateFileError(f"{self.path} is no emulator's state: {error}") from error

    def put(self, kind: str, name: str, value: Any) -> None:
        """Remember a value, in place of the one of the same kind and name."""
        with self._lock:
            self._database.execute(_PUT, (kind, name, json.dumps(value, ensure_ascii=True)))

    def all(self, kind: str) -> dict[str, Any]:
        """Return every value of a kind by its name, oldest first."""
        with self._lock:
            rows = self._database.execute("SELECT name, value FROM records WHERE kind = ? ORDER BY rowid", (kind,))
            return {name: parsed_json(value) for name, value in rows}

    def put_content(self, digest: str, data: bytes) -> None:
        """Remember what has this digest."""
        with self._lock:
            self._database.execute(_PUT_CONTENT, (digest, data))

    def content(self, digest: str) -> bytes:
        """Return what has this digest."""
        with self._lock:
            row = self._database.execute("SELECT data FROM contents WHERE digest = ?", (digest,)).fetchone()
        data = bytes(row[0]) if row is not None else b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError("the bytes of an upload are missing or others")
        return data

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._database.execute("DELETE FROM records")
            self._database.execute("DELETE FROM contents")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()


T = TypeVar("T")


class Persistence:
    """Writes down what happens, if there is a file for it."""

    def __init__(self, file: StateFile | None) -> None:
        self._file = file

    def tasks(self, *tasks: Task) -> None:
        """Remember tasks as they are now."""
        for task in tasks if self._file else ():
            self._put("task", task.id, written(task))

    def upload(self, name: str, picture: Picture) -> None:
        """Remember an image."""
        if self._file is not None:
            self._file.put_content(picture.digest, picture.data)
            self._put("upload", name, {"kind": picture.kind, "digest": picture.digest})

    def post(self, post: Post) -> None:
        """Remember a submission."""
        self._put("post", str(post.exchange), asdict(post))

    def money(self, balance: int, now: float) -> None:
        """Remember the credits, and how late it is."""
        self._put("world", "balance", balance)
        self._put("world", "now", now)

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.clear()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def restore(
        self, tasks: TaskStore, uploads: Uploads, ledger: Ledger, exchanges: Exchanges, faults: Faults
    ) -> list[Task]:
        """Put back what was remembered, and return the tasks; raise StateFileError if the file is damaged."""
        if self._file is None:
            return []
        try:
            return self._restored(self._file, tasks, uploads, ledger, exchanges, faults)
        except (
            sqlite3.Error,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            path = self._file.path
            self._file.close()
            what = f"{type(error).__name__}: {error}"[:200]
            raise StateFileError(f"{path} is damaged ({what}); move it away and begin anew") from error

    def _restored(
        self,
        file: StateFile,
        tasks: TaskStore,
        uploads: Uploads,
        ledger: Ledger,
        exchanges: Exchanges,
        faults: Faults,
    ) -> list[Task]:
        world = file.all("world")
        tasks.clock.catch_up(a(float, world.get("now", 0.0)))
        tasks.left = count(world.get("balance", tasks.left))
        for name, row in file.all("upload").items():
            uploads.keep(name, Picture(file.content(row["digest"]), one_of(MEDIA_TYPES, row["kind"]), row["digest"]))
        posts = [checked(Post(**{**row, "task_ids": tuple(row["task_ids"])})) for row in file.all("post").values()]
        for post in posts:
            ledger.note(post)
        # The numbers of exchanges go on, so that none of the ledger's names another one.
        exchanges.go_on_after(max((post.exchange for post in posts), default=0))
        restored = [read(row, faults) for row in file.all("task").values()]
        for batch_id in dict.fromkeys(task.batch_id for task in restored):
            tasks.keep([task for task in restored if task.batch_id == batch_id])
        return restored

    def _put(self, kind: str, name: str, value: Any) -> None:
        if self._file is not None:
            self._file.put(kind, name, value)


def a(kind: type[T], value: Any) -> T:
    """Return a value of this kind, a whole number for any number too; raise TypeError for any other."""
    if kind is float and isinstance(value, int):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value


def count(value: Any) -> int:
    """Return a whole number from 0 on; raise TypeError or ValueError for any other value."""
    if a(int, value) < 0:
        raise ValueError(f"{value} is less than 0")
    return int(value)


def moment(value: Any) -> float:
    """Return seconds of the emulator's clock; raise TypeError or ValueError for any other value."""
    seconds = a(float, value)
    if not 0 <= seconds <= LATEST:
        raise ValueError(f"{seconds} is no time")
    return seconds


def checked(made: T) -> T:
    """Return a dataclass whose fields are of the kinds that it says; raise TypeError for any other."""
    for name, kind in get_type_hints(type(made)).items():
        value = getattr(made, name)
        is_texts = get_origin(kind) is tuple
        fits = all(isinstance(one, str) for one in value) if is_texts else isinstance(value, kind)
        if not fits or isinstance(value, bool):
            raise TypeError(f"{name} is of another kind: {type(value).__name__}")
    return made


def one_of(known: Container[str], value: str) -> str:
    """Return a value that is one of the known ones; raise ValueError for any other."""
    if value not in known:
        raise ValueError(f"{value[:40]!r} is not known")
    return value


def written(task: Task) -> dict[str, Any]:
    """Return a task as it stands in the file; its fate by the name of the scenario that decided it."""
    row = {name: getattr(task, name) for name in ("id", "batch_id", "submitted_at", "credits", "forced", "webhook")}
    wishes = [
        f"{fault.name}@{fault.stage}" + (f":{fault.ordered - fault.met}" if fault.ordered else "")
        for fault in task.faults
        if fault.is_open
    ]
    return {**row, "work": asdict(task.work), "scenario": task.scenario, "faults": wishes}


def read(row: dict[str, Any], faults: Faults) -> Task:
    """Return the task that was written; a scenario that no longer exists leaves it an ordinary one."""
    work = checked(Work(**row["work"]))
    task = Task(a(str, row["id"]), a(int, row["batch_id"]), moment(row["submitted_at"]), work, count(row["credits"]))
    if row["forced"]:
        when, state, reason = row["forced"]
        task.forced = (moment(when), one_of(ENDED, state), None if reason is None else a(str, reason))
    task.webhook = None if row["webhook"] is None else a(str, row["webhook"])
    scenario = SCENARIOS.get(row["scenario"] or "")
    if scenario is not None and isinstance(scenario.effect, Fate):
        task.scenario, task.fate = scenario.name, scenario.effect
    wishes = (one for text in row["faults"] if text.partition("@")[0] in SCENARIOS for one in read_wishes(text))
    task.faults = [faults.grant(one, "prompt") for one in wishes]
    return task

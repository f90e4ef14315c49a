"""Everything that one emulator knows, the clock it lives by, and the file in which it outlives a start."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import threading
from collections.abc import AsyncGenerator, Container
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial
from os import PathLike, fspath
from typing import Any, TypeVar, get_origin, get_type_hints
from urllib.parse import urlsplit

from weryai.emulator._clock import LATEST, Changes, Clock, Scheduler
from weryai.emulator._faults import SCENARIOS, Faults, read_wishes
from weryai.emulator._protocol import parsed_json
from weryai.emulator._scenarios import Fate
from weryai.emulator._state.exchanges import Exchanges, Ledger, Post
from weryai.emulator._state.media import Picture, Uploads, Videos
from weryai.emulator._state.settings import Settings
from weryai.emulator._state.tasks import ENDED, SUCCEEDED, Task, TaskStore, Work
from weryai.emulator._state.webhooks import Webhooks
from weryai.emulator._video import MEDIA_TYPES

#: From the start of the last query part of a video's address: until when it works.
UNTIL = "until"


class World:
    """The parts of one emulator; no other emulator shares any of them."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        if clock is not None and settings.speed != 1.0:
            raise ValueError("a clock of your own has its own speed: give clock or speed, not both")
        self.settings = settings
        self.clock = clock or Clock(settings.speed)
        self.changes = Changes()
        self.resets = 0
        self.exchanges = Exchanges(self.changes)
        self.faults = Faults(self.changes)
        self.uploads = Uploads()
        self.tasks = TaskStore(
            self.clock,
            settings.waiting,
            settings.processing,
            settings.credits,
            concurrency=settings.concurrency or None,
            daily_cap=settings.daily_cap or None,
            submit_interval=settings.submit_interval,
            refund_failed=settings.refund_failed,
        )
        self.ledger = Ledger(self.tasks)
        self.videos = Videos(settings.video, self.uploads)
        self.timekeeper = Scheduler(self.clock)
        self.webhooks = Webhooks(
            self.clock,
            self.exchanges,
            self.faults,
            self.timekeeper,
            settings.webhook_names,
            self._changed,
            self._is_known,
        )
        self.keeper = Persistence(None if settings.state is None else StateFile(settings.state))
        for task in self.keeper.restore(self.tasks, self.uploads, self.ledger, self.exchanges, self.faults):
            self._await(task)
        if settings.balance is None:
            self.tasks.left = settings.credits  # Also where a file remembers fewer.
        self.clock.listen(self.changes.bump)
        self._order_first()

    @asynccontextmanager
    async def living(self) -> AsyncGenerator[None, None]:
        """Let things happen by the clock until the block ends, and then close."""
        time = asyncio.create_task(self.timekeeper.run())
        try:
            yield
        finally:
            time.cancel()
            with suppress(asyncio.CancelledError):
                await time
            await self.webhooks.close()
            self.close()

    def submitted(self, tasks: tuple[Task, ...]) -> None:
        """Remember new tasks, and what is to happen to them."""
        for task in tasks:
            task.webhook = "pending" if task.work.webhook_url else None
            self._await(task)
        self.keeper.tasks(*tasks)
        self.keeper.money(self.tasks.left, self.clock.now())
        self.changes.bump()

    def posted(self, post: Post) -> None:
        """Remember a submission that arrived."""
        self.ledger.note(post)
        self.keeper.post(post)

    def end(self, task: Task, state: str, reason: str | None = None) -> None:
        """Let a task end now, whatever was to become of it."""
        self.tasks.end(task, state, reason)
        self._changed(task)
        self.timekeeper.at(self.clock.now(), partial(self._passed, task))

    def tell_again(self, task: Task) -> None:
        """Send the webhook of a task that has ended once more."""
        self.timekeeper.at(self.clock.now(), lambda: self.webhooks.tell_again(task, self.told(task)))

    def told(self, task: Task, home: str | None = None) -> dict[str, Any]:
        """Return a task as the API tells it, with URLs by the name that the caller knows the emulator by."""
        told: dict[str, Any] = {"task_id": task.id, "task_status": self.tasks.word(task)}
        if self.tasks.state(task) == SUCCEEDED and task.fate.has_video:
            told["videos"] = [self.video_url(task, home or task.work.home)]
        reason = self.tasks.reason(task)
        return told if reason is None else {**told, "msg": reason}

    def video_url(self, task: Task, home: str) -> str:
        """Return where a video lies; where links have a lifetime, until when stands in it."""
        lifetime = self.settings.link_lifetime
        until = "" if lifetime is None else f"?{UNTIL}={self.clock.now() + lifetime:.3f}"
        return f"{home}/result/{task.id}.mp4{until}"

    def may_be_image(self, url: str) -> bool:
        """Whether a URL may lead to an image; of an upload and a result of this emulator it is known."""
        upload = self.uploads.at(url)
        if upload is not None:
            return upload.can_be_animated
        try:
            path = urlsplit(url).path
        except ValueError:
            return True
        task_id = path.removeprefix("/result/").removesuffix(".mp4")
        return self.tasks.task(task_id) is None

    def may_be(self, kind: str, url: str) -> bool:
        """Whether a URL may lead to a video or an audio; of an upload of this emulator it is known."""
        upload = self.uploads.at(url)
        return upload is None or upload.media_type.startswith(f"{kind}/")

    def reset(self) -> None:
        """Forget everything that happened; the clock goes on, and the scenarios of the start are injected anew."""
        self.resets += 1
        self.timekeeper.clear()
        self.tasks.clear(self.settings.credits)
        self.uploads.clear()
        self.ledger.clear()
        self.exchanges.clear()
        self.faults.clear()
        self.keeper.clear()
        self._order_first()

    def stop(self) -> None:
        """Give up what would hold up the end: pages that watch, a video that is being made."""
        self.changes.close()
        self.videos.close()

    def close(self) -> None:
        """Let go of the clock, of running work and of files."""
        self.stop()
        self.clock.forget(self.changes.bump)
        self.keeper.close()

    def _order_first(self) -> None:
        for wanted in self.settings.wishes():
            self.faults.grant(wanted, "start")

    def _await(self, task: Task) -> None:
        """Notice when a task starts and when it ends."""
        for when in {self.tasks.starts_at(task), self.tasks.ends_at(task)} - {None}:
            self.timekeeper.at(when or 0.0, partial(self._passed, task))

    def _passed(self, task: Task) -> None:
        """Tell that a task is in another state; tell its end to its webhook."""
        self.changes.bump()
        if task.webhook == "pending" and not task.is_told and self.tasks.state(task) in ENDED:
            task.is_told = True
            told = self.told(task)
            self.webhooks.tell(task, {**told, "task_status": self._word_in_webhook(task, told["task_status"])})

    def _word_in_webhook(self, task: Task, word: str) -> str:
        """Return how a webhook spells an end; a scenario that spells it itself has its way."""
        upper = self.settings.webhook_words == "SUCCESS" and self.settings.dialect == "page"
        return {"succeed": "SUCCESS", "failed": "FAILED"}[word] if upper and word == self.tasks.state(task) else word

    def _changed(self, task: Task) -> None:
        if self._is_known(task):
            self.keeper.tasks(task)
        self.changes.bump()

    def _is_known(self, task: Task) -> bool:
        """Whether a task was not forgotten in the meantime, with everything else."""
        return self.tasks.task(task.id) is task


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

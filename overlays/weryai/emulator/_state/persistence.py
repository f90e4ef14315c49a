"""What an emulator remembers beyond its end: tasks, images, credits and the ledger, in a state file."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from dataclasses import asdict
from typing import Any, TypeVar

from weryai.emulator._scenarios.catalog import SCENARIOS, read_wishes
from weryai.emulator._scenarios.effects import Fate
from weryai.emulator._scenarios.faults import Faults
from weryai.emulator._state.exchanges import Exchanges
from weryai.emulator._state.ledger import Ledger, Post
from weryai.emulator._state.state_file import StateFile, StateFileError
from weryai.emulator._state.tasks import ENDED, Task, TaskStore, Work
from weryai.emulator._state.uploads import Picture, Uploads
from weryai.emulator._video.image_files import MEDIA_TYPES

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
        except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
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
        tasks.left = a(int, world.get("balance", tasks.left))
        for name, row in file.all("upload").items():
            uploads.keep(name, Picture(file.content(row["digest"]), one_of(MEDIA_TYPES, row["kind"]), row["digest"]))
        posts = [Post(**{**row, "task_ids": tuple(row["task_ids"])}) for row in file.all("post").values()]
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
    work = Work(**row["work"])
    a(int, work.seconds)
    task = Task(a(str, row["id"]), a(int, row["batch_id"]), a(float, row["submitted_at"]), work, a(int, row["credits"]))
    if row["forced"]:
        when, state, reason = row["forced"]
        task.forced = (a(float, when), one_of(ENDED, state), reason)
    task.webhook = row["webhook"]
    scenario = SCENARIOS.get(row["scenario"] or "")
    if scenario is not None and isinstance(scenario.effect, Fate):
        task.scenario, task.fate = scenario.name, scenario.effect
    wishes = (one for text in row["faults"] if text.partition("@")[0] in SCENARIOS for one in read_wishes(text))
    task.faults = [faults.grant(one, "prompt") for one in wishes]
    return task

"""What an emulator remembers beyond its end: tasks, images, credits and the ledger, in a state file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from weryai.emulator._scenarios.catalog import SCENARIOS, read_wishes
from weryai.emulator._scenarios.effects import Fate
from weryai.emulator._scenarios.faults import Faults
from weryai.emulator._state.exchanges import Exchanges
from weryai.emulator._state.ledger import Ledger, Post
from weryai.emulator._state.state_file import StateFile
from weryai.emulator._state.tasks import Task, TaskStore, Work
from weryai.emulator._state.uploads import Picture, Uploads


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
        """Put back what was remembered, and return the tasks."""
        if self._file is None:
            return []
        world = self._file.all("world")
        tasks.clock.catch_up(world.get("now", 0.0))
        tasks.left = world.get("balance", tasks.left)
        for name, row in self._file.all("upload").items():
            uploads.keep(name, Picture(self._file.content(row["digest"]), row["kind"], row["digest"]))
        posts = [Post(**{**row, "task_ids": tuple(row["task_ids"])}) for row in self._file.all("post").values()]
        for post in posts:
            ledger.note(post)
        # The numbers of exchanges go on, so that none of the ledger's names another one.
        exchanges.go_on_after(max((post.exchange for post in posts), default=0))
        restored = [read(row, faults) for row in self._file.all("task").values()]
        for batch_id in dict.fromkeys(task.batch_id for task in restored):
            tasks.keep([task for task in restored if task.batch_id == batch_id])
        return restored

    def _put(self, kind: str, name: str, value: Any) -> None:
        if self._file is not None:
            self._file.put(kind, name, value)


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
    task = Task(row["id"], row["batch_id"], row["submitted_at"], Work(**row["work"]), row["credits"])
    task.forced = tuple(row["forced"]) if row["forced"] else None
    task.webhook = row["webhook"]
    scenario = SCENARIOS.get(row["scenario"] or "")
    if scenario is not None and isinstance(scenario.effect, Fate):
        task.scenario, task.fate = scenario.name, scenario.effect
    wishes = (one for text in row["faults"] if text.partition("@")[0] in SCENARIOS for one in read_wishes(text))
    task.faults = [faults.grant(one, "prompt") for one in wishes]
    return task

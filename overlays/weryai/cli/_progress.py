"""How the work goes, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import click

from ._output import is_living, plain, say, say_living

if TYPE_CHECKING:
    from weryai import Submission, Task, Upload


waiting = click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")


class Expected(NamedTuple):
    """How many seconds tasks like this one took before, and how long ago it was submitted."""

    usual: tuple[float, ...]
    age: float = 0.0


class Progress:
    """Says on standard error how the work goes: a line per step, and on a terminal a living line below them."""

    def __init__(self, state: str = "submitting", *, usual: Sequence[float] = ()) -> None:
        """Start in this state; `usual` is how many seconds such a video took before."""
        self._is_living = is_living()
        self._state = state
        self._usual = tuple(usual)
        self._started = monotonic()
        # When each task that goes on will have ended, if it takes as long as usual.
        self._due: dict[str, float | None] = {}
        self._many = self._stored = 0
        self._stop = Event()
        self._ticker = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        if self._is_living:
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._is_living:
            self._ticker.join()
            say_living("")

    def uploaded(self, upload: Upload) -> None:
        """Say that a local image has arrived."""
        self._say(f"uploaded {os.path.basename(upload.name)}, {size(upload.size)}")
        self._state = "submitting"

    def submitted(self, submission: Submission) -> None:
        """Print the task id the moment it is known, and how long such a video usually takes."""
        self._say(f"submitted, task {submission.task_ids[0]}")
        self.awaits({submission.task_ids[0]: Expected(self._usual)})

    def awaits(self, tasks: Mapping[str, Expected | None]) -> None:
        """Begin to wait for tasks, and say how long such videos usually take, as far as it is known of them."""
        now = monotonic()
        self._state, self._many = "waiting", len(tasks)
        self._due = {
            task_id: now + _median(one.usual) - one.age if one and one.usual else None for task_id, one in tasks.items()
        }
        known = [one for one in tasks.values() if one and one.usual]
        if not known:
            return
        if self._many > 1:
            self._say(f"waiting for {self._many} tasks; usually {_range([_median(one.usual) for one in known])}")
            return
        count = f"the last {len(known[0].usual)}" if len(known[0].usual) > 1 else "the last one"
        ago = f"; submitted {span(known[0].age)} ago" if known[0].age >= 1 else ""
        self._say(f"waiting; usually {span(_median(known[0].usual))}, by {count} of this model{ago}")

    def updated(self, task: Task) -> None:
        """Say a state of the task that is new; of several only the living line tells."""
        if task.ended:
            self._due.pop(task.id, None)
        if self._many > 1:
            return
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            self._say(state)
        self._state = state

    def stored(self, path: Path) -> None:
        """Say that a video is on the disk."""
        self._stored += 1
        which = f" {path.name}" if self._many > 1 else ""
        count = f", {self._stored} of {self._many}" if self._many > 1 else ""
        self._say(f"stored{which}, {size(path.stat().st_size)}{count}")

    def _say(self, text: str) -> None:
        say(f"{monotonic() - self._started:6.1f} s  {text}")

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if "utf" in (sys.stderr.encoding or "").lower() else "|/-\\"
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            say_living(f"{frames[count % len(frames)]} {plain(self._state)} {self._told()}")

    def _told(self) -> str:
        """How long it has taken, and how long it will."""
        gone = monotonic() - self._started
        due = dict(self._due)
        many = f"for {len(due)} of {self._many} tasks, " if self._many > 1 and due else ""
        # One of which nothing is known may be the last.
        if not due or None in due.values():
            return f"{many}{span(gone)}"
        left = max(one for one in due.values() if one is not None) - monotonic()
        return f"{many}{span(gone)}, " + (f"about {span(left)} left" if left > 0 else "longer than usual")


def size(count: int) -> str:
    """A number of bytes in words."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def span(seconds: float) -> str:
    """A time in words."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _range(seconds: Sequence[float]) -> str:
    """The shortest and the longest of some times, in words."""
    least, most = span(min(seconds)), span(max(seconds))
    return least if least == most else f"{least} to {most}"


def _median(seconds: Sequence[float]) -> float:
    import statistics

    return statistics.median(seconds)

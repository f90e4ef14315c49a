"""How the work goes, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from ._output import is_living, plain, say, say_living

if TYPE_CHECKING:
    from weryai import Submission, Task, Upload


class Progress:
    """Says on standard error how the work goes: a line per step, and on a terminal a living line below them."""

    def __init__(self, state: str = "submitting", *, usual: Sequence[float] = ()) -> None:
        """Start in this state; `usual` is how many seconds such a video took before."""
        self._is_living = is_living()
        self._state = state
        self._usual = tuple(usual)
        self._started = monotonic()
        self._submitted: float | None = None
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
        self._submitted = monotonic()
        self._state = "waiting"
        if self._usual:
            count = f"the last {len(self._usual)}" if len(self._usual) > 1 else "the last one"
            self._say(f"waiting; usually {span(_median(self._usual))}, by {count} of this model")

    def updated(self, task: Task) -> None:
        """Say a state of the task that is new."""
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            self._say(state)
        self._state = state

    def stored(self, path: Path) -> None:
        """Say that the video is on the disk."""
        self._say(f"stored, {size(path.stat().st_size)}")

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
        if not self._usual or self._submitted is None or self._state == "downloading":
            return span(gone)
        left = _median(self._usual) - (monotonic() - self._submitted)
        return f"{span(gone)}, about {span(left)} left" if left > 0 else f"{span(gone)}, longer than usual"


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


def _median(seconds: Sequence[float]) -> float:
    import statistics

    return statistics.median(seconds)

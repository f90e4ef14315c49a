"""How the work goes, on standard error."""

from __future__ import annotations

import sys
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from ._output import is_living, plain, say, say_living

if TYPE_CHECKING:
    from weryai import Submission, Task


class Progress:
    """Says on standard error how the work goes: a living line on a terminal, a line per state elsewhere."""

    def __init__(self, state: str = "submitting") -> None:
        """Start in this state."""
        self._is_living = is_living()
        self._state = state
        self._started = monotonic()
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

    def submitted(self, submission: Submission) -> None:
        """Print the task id the moment it is known."""
        say(f"task     {submission.task_ids[0]}")
        self._state = "waiting"

    def updated(self, task: Task) -> None:
        """Show the state of the task."""
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            say(f"{self._state:<12} until {monotonic() - self._started:.1f} s")
        self._state = state

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if "utf" in (sys.stderr.encoding or "").lower() else "|/-\\"
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            say_living(f"{frames[count % len(frames)]} {plain(self._state)} {monotonic() - self._started:.0f} s")

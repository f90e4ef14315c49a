"""How the work goes, on standard error."""

from __future__ import annotations

import sys
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weryai import Submission, Task


class Progress:
    """Says on standard error how the work goes: a living line on a terminal, a line per state elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._state = "submitting"
        self._started = monotonic()
        self._stop = Event()
        self._ticker = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        if self._is_terminal:
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._is_terminal:
            self._ticker.join()
            click.echo("\r\x1b[K", nl=False, err=True)

    def submitted(self, submission: Submission) -> None:
        """Print the task id the moment it is known."""
        self.say(f"task     {submission.task_ids[0]}")
        self._state = "waiting"

    def updated(self, task: Task) -> None:
        """Show the state of the task."""
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            self.say(f"{self._state:<12} until {monotonic() - self._started:.1f} s")
        self._state = state

    def say(self, line: str) -> None:
        """Print a line above the living one."""
        click.echo(f"\r\x1b[K{line}" if self._is_terminal else line, err=True)

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if "utf" in (sys.stderr.encoding or "").lower() else "|/-\\"
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            seconds = monotonic() - self._started
            click.echo(f"\r\x1b[K{frames[count % len(frames)]} {self._state} {seconds:.0f} s", nl=False, err=True)

"""How a bulk run goes: a living view on a terminal, one JSON object per event elsewhere."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import weryai

from .._output import plain, put, say
from .._words import counted
from .ledger_argument import Place, near, shown, word_of
from .status import told_of

if TYPE_CHECKING:
    from weryai.bulk import Event, Limits, Loaded, Outcome, Run

NEEDS_BULK = 'the living view needs the extra "bulk": pip install rich'

#: What goes on with the rest, by the cause that stopped the run.
_HOW_ON = {
    "budget": "a larger --budget, or --budget none,",
    "key": "the same command with a key that is accepted",
    "credits": "when there are credits again, the same command",
    "daily cap": "when the limit of the day is over, the same command",
    "unreached": "when the service is reached, the same command",
    "lost": "when the service is reached, the same command",
    "unanswered": "when submissions are answered, the same command, which sends one first,",
}

#: How many kinds of failures the end of a run tells.
_MOST_KINDS = 5


class Lines:
    """Prints each event as it happens."""

    def __init__(self, place: Place, output: Path, limits: Limits, loaded: Loaded | None) -> None:
        """Say what is about to be bought."""
        self._place, self._output, self._limits = place, output, limits
        say_start(place, limits, loaded)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def watch(self, run: Run) -> None:
        """Nothing: events tell everything."""

    def happened(self, event: Event) -> None:
        """Print one event."""
        fields = {name: getattr(event, name) for name in ("event", "key", "task_id", "path", "reason", "kind")}
        put(True, "", **{name: value for name, value in fields.items() if value})

    def ended(self, outcome: Outcome) -> None:
        """Print the sum."""
        say_end(self._place, self._output, outcome)
        counts = {state.value: many for state, many in outcome.counts.items() if many}
        put(
            True, "", event="ended", **counts, submits=outcome.submits, credits=outcome.credits,
            stopped=outcome.stopped, ledger=shown(self._place), output=str(self._output),
            not_in_manifest={state.value: many for state, many in outcome.not_in_manifest.items() if many},
        )  # fmt: skip


# So many jobs are counted once a second without being noticed.
CHEAP = 10_000


class Living:
    """A table that is drawn anew four times a second."""

    def __init__(self, place: Place, output: Path, limits: Limits, loaded: Loaded | None) -> None:
        """Get ready to draw."""
        from rich.live import Live

        self._place, self._output, self._limits = place, output, limits
        self._run: Run | None = None
        self._failures: Counter[str] = Counter()
        self._last: deque[str] = deque(maxlen=4)
        self._since: Counter[str] = Counter()
        self._began = time.monotonic()
        # Such a terminal is not drawn on, so each end of a job is a line there.
        self._is_dumb = os.environ.get("TERM") == "dumb"
        say_start(place, limits, loaded)
        self._total = self._ordered = 0
        self._counts: dict[str, int] = {}
        self._counted = 0.0
        self._pace: float | None = None
        self._live = Live(get_renderable=self._drawn, refresh_per_second=4, transient=True, redirect_stderr=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def watch(self, run: Run) -> None:
        """Look at this run while it goes on."""
        self._run = run
        self._count(run)

    def happened(self, event: Event) -> None:
        """Take an event into the view."""
        self._since[event.event] += 1
        if self._is_dumb and event.event in ("done", "failed", "ambiguous", "stopping"):
            say(f"weryai: {event.event}: {event.key or 'the run'}{f', {event.reason}' if event.reason else ''}")
        if event.event in ("failed", "ambiguous", "unfinished"):
            self._failures[plain(event.kind or event.event)] += 1
            self._last.append(plain(f"{event.key}: {event.reason}"))
        if event.event == "stopping":
            self._last.append(plain(f"no more is submitted: {event.reason}"))

    def ended(self, outcome: Outcome) -> None:
        """Print the sum."""
        say_end(self._place, self._output, outcome)

    def _count(self, run: Run) -> None:
        self._counts, self._ordered = run.counted()
        self._total = sum(self._counts.values())
        self._counted = time.monotonic()

    def _look(self) -> None:
        """Once a second see the pace, and count, where that is cheap or others work on the same jobs."""
        run = self._run
        if run is not None and time.monotonic() - self._counted > 1:
            with contextlib.suppress(weryai.WeryAIError):
                self._pace = run.pace()
                if self._is_counted(run):
                    self._count(run)
                    self._since.clear()
                self._counted = time.monotonic()

    def _is_counted(self, run: Run) -> bool:
        return run.is_shared or self._total <= CHEAP

    def _drawn(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        self._look()
        since = self._since
        done = self._counts.get("done", 0) + since["done"]
        failed = self._counts.get("failed", 0) + since["failed"]
        ambiguous = self._counts.get("ambiguous", 0) + since["ambiguous"]
        ended = done + failed + ambiguous
        grid = Table.grid(padding=(0, 2))
        grid.add_row(ProgressBar(max(self._total, 1), ended, width=40), f"{ended:,} of {self._total:,}")
        flying = self._run.throttle.in_flight if self._run else 0
        if self._run and self._is_counted(self._run):
            flying = self._counts.get("submitting", 0) + self._counts.get("submitted", 0)
        rate = self._run.throttle.pace.rate if self._run else self._limits.rate
        grid.add_row(
            Text.assemble((f"{done:,} done", "green"), "   ", (f"{failed:,} failed", "red" if failed else "dim"), "   ",
                          (f"{ambiguous:,} ambiguous", "yellow" if ambiguous else "dim")),
            f"{flying} in flight, {_per(rate)} at most",
        )  # fmt: skip
        grid.add_row(self._spent(), self._eta(self._total - ended))
        paused = self._run.paused if self._run else None
        lines = [Text(f"paused: {paused}", style="yellow")] if paused else []
        lines += [Text(f"{many:,} x {reason}", style="red") for reason, many in self._failures.most_common(3)]
        lines += [Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in self._last]
        return Group(grid, *lines)

    def _spent(self) -> str:
        budget = (
            f" of at most {self._limits.budget_tasks:,}" if self._limits.budget_tasks not in (None, math.inf) else ""
        )
        paid = self._ordered + self._since["submitted"] + self._since["ambiguous"]
        return f"{counted(paid, 'task')} paid for{budget}"

    def _eta(self, left: int) -> str:
        from .plan import span

        if not self._pace or left <= 0:
            return f"{span(time.monotonic() - self._began)} so far"
        return f"{self._pace:.2g} jobs/s, about {span(left / self._pace)} left"


def view_of(place: Place, output: Path, limits: Limits, loaded: Loaded | None, *, is_plain: bool) -> Lines | Living:
    """The living view on a terminal that can show it, else lines."""
    if is_plain or not sys.stdout.isatty():
        return Lines(place, output, limits, loaded)
    try:
        return Living(place, output, limits, loaded)
    except ImportError:
        say(f"weryai: {NEEDS_BULK}")
        return Lines(place, output, limits, loaded)


def _per(rate: float) -> str:
    """A rate of submissions in words."""
    return f"{rate:.3g} per second" if rate > 1 else f"one per {1 / rate:.3g} s"


def say_start(place: Place, limits: Limits, loaded: Loaded | None) -> None:
    """Say what is there, and the most that is going to be spent."""
    if loaded is not None:
        say(f"weryai: {counted(loaded.new, 'new job')}, {loaded.known:,} known; the ledger is {near(place)}")
        if many := loaded.not_in_manifest:
            say(f"weryai: {counted(many, 'job')} {'is' if many == 1 else 'are'} not in this manifest and not submitted")
        for kind, many in loaded.left_out.items():
            say(f"weryai: left out of the folder, {many:,}: {kind}")
        for warning, many in loaded.warnings.items():
            say(f"weryai: {counted(many, 'row')}: {warning}")
    pace = f"started {_per(limits.rate)} (--in-flight, --rate)"
    say(f"weryai: at most {counted(limits.in_flight, 'task')} in flight, {pace}")
    if limits.budget_tasks not in (None, math.inf):
        say(f"weryai: at most {counted(limits.budget_tasks, 'task')} may be bought, all starts together")
    if limits.budget_credits is not None:
        say(f"weryai: at most {limits.budget_credits:g} credits are spent, all starts together")


def say_end(place: Place, output: Path, outcome: Outcome) -> None:
    """Say how it ended, where the videos are, what failed and why, and what to do next."""
    ledger = word_of(place)
    aside = outcome.not_in_manifest
    counts = {state.value: left for state, many in outcome.counts.items() if (left := many - aside.get(state, 0))}
    told = ", ".join(f"{many:,} {state}" for state, many in counts.items()) or "no jobs"
    say(f"weryai: {told}; {counted(outcome.submits, 'task')} paid for")
    if any(aside.values()):
        words = ", ".join(f"{many:,} {state.value}" for state, many in aside.items() if many)
        say(f"weryai: and of earlier manifests, not in this one: {words}")
    if outcome.counts.get(weryai.OrderState.DONE):
        whose = "this machine's videos" if isinstance(place, str) else "the videos"
        say(f"weryai: {whose} are in {near(output)}")
    if outcome.counts.get(weryai.OrderState.FAILED):
        _say_failures(place)
    if outcome.stopped:
        say(f"weryai: stopped: {outcome.stopped}")
    if outcome.counts.get(weryai.OrderState.AMBIGUOUS):
        say(f"weryai: what is ambiguous may have been billed: `weryai bulk status {ledger}` says what to do")
    if counts.get("failed"):
        say(f"weryai: `weryai bulk retry {ledger} --failed` puts the failed back")
    if counts.get("submitted") or counts.get("queued"):
        say(f"weryai: {_HOW_ON.get(outcome.cause or '', 'the same command')} goes on with the rest")
    if outcome.counts.get(weryai.OrderState.DONE) or counts.get("failed"):
        say(f"weryai: `weryai bulk report {ledger} --open` shows it all")


def _say_failures(place: Place) -> None:
    """Say what failed and why, the most frequent first."""
    from weryai import bulk

    with contextlib.suppress(weryai.WeryAIError):
        groups = bulk.status(place).failures
        for one in groups[:_MOST_KINDS]:
            say(f"weryai: failed, {one.count:,}: {told_of(one)}")
        if len(groups) > _MOST_KINDS:
            say(f"weryai: and {len(groups) - _MOST_KINDS:,} other kinds of failures")

"""A bulk run for people and for programs: where its ledger is, what it would buy, how it goes, stands and ended."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import click

import weryai
from weryai import OrderState

from .._connection import FilePath
from .._output import plain, put, say
from .._words import counted, quote, remember

if TYPE_CHECKING:
    from weryai.bulk import Event, Group, Limits, Loaded, Outcome, Plan, Run, Status

DATABASE = "WERYAI_DATABASE"
PUBLIC = "https://api.weryai.com"
Place: TypeAlias = Path | str
WARNING = f"weryai: a password in an argument is seen in the process list; prefer {DATABASE}, PGPASSWORD or ~/.pgpass"


def place_of(text: str) -> Place:
    """The path of a ledger, or the URL of its database."""
    from weryai import bulk

    if not bulk.is_database(text):
        return Path(os.path.expanduser(text))
    if text != os.environ.get(DATABASE) and shown(text) != text:
        say(WARNING)
    return text


def address_of(text: str) -> str:
    """The URL of a database; a path is refused."""
    place = place_of(text)
    if isinstance(place, Path):
        raise click.BadParameter("a database is postgresql://USER@HOST/DATABASE")
    return place


in_ledger = click.argument("ledger", type=place_of, envvar=DATABASE)
in_file = click.option("--ledger", type=FilePath(dir_okay=False, path_type=Path), help="[default: MANIFEST.ledger.db]")
database = click.option(
    "--database", type=address_of, envvar=DATABASE, show_envvar=True, metavar="URL",
    help="PostgreSQL that keeps the ledger, for many machines: postgresql://USER@HOST/DATABASE.",
)  # fmt: skip


def near(place: Path | str) -> str:
    """A place as one types it in the working folder; a database without its password."""
    if isinstance(place, str):
        return shown(place)
    with contextlib.suppress(ValueError, OSError):
        return str(place.resolve().relative_to(Path.cwd().resolve()))
    return str(place)


def word_of(place: Place) -> str:
    """A ledger as a command names it, in quotes where that is needed; a database with a password by its variable."""
    if isinstance(place, str) and place == os.environ.get(DATABASE):
        return f"%{DATABASE}%" if sys.platform == "win32" else f'"${DATABASE}"'
    return quote(near(place))


def going_on(place: Place) -> str:
    """The command that goes on with a ledger."""
    if isinstance(place, Path):
        return f"`weryai bulk run {word_of(place)}`"
    is_known = place == os.environ.get(DATABASE)
    return f"`weryai bulk worker --until-done{'' if is_known else f' --database {word_of(place)}'}`"


def remember_service(base_url: str | None) -> None:
    """Have the commands that are named go to the service of a ledger, where this shell would go to another."""
    if base_url and base_url.rstrip("/") != (os.environ.get("WERYAI_BASE_URL") or PUBLIC).rstrip("/"):
        remember("base_url", base_url)


def shown(place: Place) -> str:
    """A place without its password."""
    from weryai import bulk

    return bulk.name_of(place) if isinstance(place, str) else str(place)


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


class _View:
    """What every view says: what is about to be bought, and how it ended."""

    def __init__(self, place: Place, output: Path, limits: Limits, loaded: Loaded | None) -> None:
        self._place, self._output, self._limits = place, output, limits
        _say_start(place, limits, loaded)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def watch(self, run: Run) -> None:
        """Look at this run while it goes on."""

    def happened(self, event: Event) -> None:
        """Show one event."""

    def ended(self, outcome: Outcome) -> None:
        """Print the sum."""
        _say_end(self._place, self._output, outcome)


class Lines(_View):
    """Prints each event as it happens."""

    def happened(self, event: Event) -> None:
        """Print it."""
        fields = _fields(event, "event", "key", "task_id", "path", "reason", "kind")
        put(True, "", **{name: value for name, value in fields.items() if value})

    def ended(self, outcome: Outcome) -> None:
        """Print the sum, for programs as well."""
        super().ended(outcome)
        put(
            True, "", event="ended", **_some(outcome.counts), submits=outcome.submits, credits=outcome.credits,
            stopped=outcome.stopped, ledger=shown(self._place), output=str(self._output),
            not_in_manifest=_some(outcome.not_in_manifest),
        )  # fmt: skip


# So many jobs are counted once a second without being noticed.
CHEAP = 10_000


class Living(_View):
    """A table that is drawn anew four times a second."""

    def __init__(self, place: Place, output: Path, limits: Limits, loaded: Loaded | None) -> None:
        """Get ready to draw."""
        from rich.live import Live

        self._run: Run | None = None
        self._failures: Counter[str] = Counter()
        self._last: deque[str] = deque(maxlen=4)
        self._since: Counter[str] = Counter()
        self._began = time.monotonic()
        # Such a terminal is not drawn on, so each end of a job is a line there.
        self._is_dumb = os.environ.get("TERM") == "dumb"
        super().__init__(place, output, limits, loaded)
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
        """Count its jobs, and go on counting."""
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


def _say_start(place: Place, limits: Limits, loaded: Loaded | None) -> None:
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
        say(f"weryai: at most {limits.budget_credits:.15g} credits are spent, all starts together")


def _say_end(place: Place, output: Path, outcome: Outcome) -> None:
    """Say how it ended, where the videos are, what failed and why, and what to do next."""
    ledger = word_of(place)
    aside = outcome.not_in_manifest
    counts = {state.value: left for state, many in outcome.counts.items() if (left := many - aside.get(state, 0))}
    say(f"weryai: {_in_words(counts) or 'no jobs'}; {counted(outcome.submits, 'task')} paid for")
    if any(aside.values()):
        say(f"weryai: and of earlier manifests, not in this one: {_in_words(_some(aside))}")
    if outcome.counts.get(OrderState.DONE):
        whose = "this machine's videos" if isinstance(place, str) else "the videos"
        say(f"weryai: {whose} are in {near(output)}")
    if outcome.counts.get(OrderState.FAILED):
        _say_failures(place)
    if outcome.stopped:
        say(f"weryai: stopped: {outcome.stopped}")
    if outcome.counts.get(OrderState.AMBIGUOUS):
        say(f"weryai: what is ambiguous may have been billed: `weryai bulk status {ledger}` says what to do")
    if counts.get("failed"):
        say(f"weryai: `weryai bulk retry {ledger} --failed` puts the failed back")
    if counts.get("submitted") or counts.get("queued"):
        say(f"weryai: {_HOW_ON.get(outcome.cause or '', 'the same command')} goes on with the rest")
    if outcome.counts.get(OrderState.DONE) or counts.get("failed"):
        say(f"weryai: `weryai bulk report {ledger} --open` shows it all")


def _some(counts: Mapping[OrderState, int]) -> dict[str, int]:
    """How many jobs are in each state that any is in."""
    return {state.value: many for state, many in counts.items() if many}


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{many:,} {state}" for state, many in counts.items())


def _say_failures(place: Place) -> None:
    """Say what failed and why, the most frequent first."""
    from weryai import bulk

    with contextlib.suppress(weryai.WeryAIError):
        groups = bulk.status(place).failures
        for one in groups[:_MOST_KINDS]:
            say(f"weryai: failed, {one.count:,}: {_told_of(one)}")
        if len(groups) > _MOST_KINDS:
            say(f"weryai: and {len(groups) - _MOST_KINDS:,} other kinds of failures")


_MOST_TOLD = 20
_MEANING = {
    "queued": "not sent",
    "submitting": "on their way",
    "submitted": "paid for, waited for",
    "done": "the video is on disk",
    "failed": "there will be no video",
    "ambiguous": "may have been paid for: check and decide",
}


def lines(status: Status, ledger: str, place: str) -> Iterator[str]:
    """Tell people; `place` is the ledger as a command names it."""
    width = max(len(f"{many:,}") for many in status.counts.values())
    yield f"{counted(status.jobs, 'job')} in {ledger}" + (
        f", at {status.facts.base_url}" if status.facts.base_url else ""
    )
    for state, many in _some(status.counts).items():
        yield f"  {many:>{width},}  {state:<10}  {_MEANING[state]}"
    if aside := _some(status.not_in_manifest):
        told = f"of these are not in this manifest, so none is submitted ({_in_words(aside)})"
        yield f"  {sum(aside.values()):>{width},}  {told}"
    yield f"spent    {_spent(status)}"
    if status.stopped:
        yield f"stopped  {_short(status.stopped)}"
    if status.pace:
        left = f", about {span(status.eta)} left" if status.eta else ""
        yield f"pace     {status.pace * 60:.3g} jobs a minute{left}"
    yield from _told(f"failed: `weryai bulk retry {place} --failed` puts them back", status.failures)
    yield from _told("paid for and not finished: the next run goes on with them", status.unfinished)
    if not (many := status.counts.get(OrderState.AMBIGUOUS, 0)):
        return
    yield "\nambiguous: check your call history at https://weryai.com/api/history, then say what became of each"
    for job in status.ambiguous[:_MOST_TOLD]:
        named = f"; its response named task {_short(job.named)}" if job.named else ""
        yield f"  {_short(job.key)}: {_short(job.reason)}{named}"
    if many > _MOST_TOLD:
        yield f"  and {many - _MOST_TOLD:,} more; an export has them all"
    yield f"  `weryai bulk resolve {place} KEY adopt TASK_ID`, resubmit (may pay twice) or abandon; --all for each"


def status_fields(status: Status) -> dict[str, Any]:
    """Tell programs."""
    facts = status.facts
    return {
        "jobs": status.jobs,
        "counts": {state.value: many for state, many in status.counts.items()},
        "not_in_manifest": _some(status.not_in_manifest),
        "spent_tasks": facts.submits, "budget_tasks": facts.budget_tasks,
        "spent_credits": facts.credits, "budget_credits": facts.budget_credits,
        "spent_unpriced": facts.unpriced,
        "base_url": facts.base_url, "jobs_per_second": status.pace, "seconds_left": status.eta,
        "stopped": status.stopped, "is_going_on": status.is_going_on,
        "failures": [_group(one) for one in status.failures],
        "unfinished": [_group(one) for one in status.unfinished],
        "ambiguous": [
            {"key": job.key, "image": job.image, "reason": job.reason, "named": job.named, "sent": job.began}
            for job in status.ambiguous
        ],
    }  # fmt: skip


def _short(text: str | None) -> str:
    """A text of somebody else's as a short line that a terminal cannot misunderstand."""
    line = "".join(letter if letter.isprintable() else " " for letter in text or "no reason was noted")
    return line if len(line) <= 160 else f"{line[:159]}…"


def _spent(status: Status) -> str:
    facts = status.facts
    tasks = f"{facts.submits:,}{_of(facts.budget_tasks)} tasks"
    if not facts.credits and facts.budget_credits is None:
        return tasks
    credits = "an unknown number" if facts.credits is None else f"{facts.credits:.15g}"
    more = f" and {counted(facts.unpriced, 'task')} of unknown price" if facts.credits and facts.unpriced else ""
    return f"{tasks}, {credits}{_of(facts.budget_credits)} credits{more}"


def _of(budget: float | None) -> str:
    return "" if budget is None else f" of {budget:.15g}"


def _told(heading: str, groups: Sequence[Group]) -> Iterator[str]:
    if groups:
        yield f"\n{heading}"
    for one in groups[:_MOST_TOLD]:
        yield f"  {one.count:>6,}  {_told_of(one)}"


def _told_of(group: Group) -> str:
    """A kind of trouble, and the reason of its first job."""
    return f"{_short(group.kind)}: {_short(group.reason)}"


def _group(one: Group) -> dict[str, Any]:
    return {"kind": one.kind, "jobs": one.count, "reason": one.reason}


def _fields(one: object, *names: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


def plan_fields(planned: Plan) -> dict[str, Any]:
    """Tell programs."""
    kinds = [_fields(one, "model", "duration", "resolution", "tasks", "credits") for one in planned.kinds]
    return {
        **_fields(planned, "tasks", "credits", "unpriced", "uploads", "known"), "seconds": round(planned.seconds),
        "warnings": dict(planned.warnings), "left_out": dict(planned.left_out), "kinds": kinds,
    }  # fmt: skip


def tell_plan(planned: Plan) -> None:
    """Tell people."""
    rows = [("tasks", "model", "seconds", "resolution", "credits each")]
    for one in planned.kinds:
        price = "unknown" if one.credits is None else f"{one.credits:.15g}"
        rows.append((f"{one.tasks:,}", one.model, str(one.duration or ""), one.resolution or "", price))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = (row[0].rjust(widths[0]), *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        put(False, "  ".join(cells).rstrip())
    cost = "an unknown number of credits" if planned.credits is None else f"{planned.credits:.15g} credits"
    more = f" and {counted(planned.unpriced, 'task')} of unknown price" if 0 < planned.unpriced < planned.tasks else ""
    uploads = counted(planned.uploads, "image")
    put(False, "")
    put(False, f"{counted(planned.tasks, 'task')} to buy, {cost}{more}; {uploads} to upload")
    if planned.known:
        put(False, f"{counted(planned.known, 'job')} more in the ledger, not bought again")
    put(False, f"about {span(planned.seconds)} at these limits, if a task takes two minutes, which is a guess")
    for kind, many in planned.left_out.items():
        say(f"left out of the folder, {many:,}: {kind}")
    for warning, many in planned.warnings.items():
        say(f"warning, {counted(many, 'row')}: {warning}")


def span(seconds: float) -> str:
    """A time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

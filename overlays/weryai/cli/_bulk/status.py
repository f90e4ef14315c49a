"""The status of a bulk run in words, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .._words import counted
from .plan import span

if TYPE_CHECKING:
    from weryai.bulk import Group, Status

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
    for state, many in status.counts.items():
        if many:
            yield f"  {many:>{width},}  {state.value:<10}  {_MEANING[state.value]}"
    if aside := {state.value: many for state, many in status.not_in_manifest.items() if many}:
        told = ", ".join(f"{many:,} {state}" for state, many in aside.items())
        yield f"  {sum(aside.values()):>{width},}  of these are not in this manifest, so none is submitted ({told})"
    yield f"spent    {_spent(status)}"
    if status.stopped:
        yield f"stopped  {plain(status.stopped)}"
    if status.pace:
        left = f", about {span(status.eta)} left" if status.eta else ""
        yield f"pace     {status.pace * 60:.3g} jobs a minute{left}"
    yield from _told(f"failed: `weryai bulk retry {place} --failed` puts them back", status.failures)
    yield from _told("paid for and not finished: the next run goes on with them", status.unfinished)
    many = sum(count for state, count in status.counts.items() if state == "ambiguous")
    if not many:
        return
    yield "\nambiguous: check your call history at https://weryai.com/api/history, then say what became of each"
    for job in status.ambiguous[:_MOST_TOLD]:
        named = f"; its response named task {plain(job.named)}" if job.named else ""
        yield f"  {plain(job.key)}: {plain(job.reason)}{named}"
    if many > _MOST_TOLD:
        yield f"  and {many - _MOST_TOLD:,} more; an export has them all"
    yield f"  `weryai bulk resolve {place} KEY adopt TASK_ID`, resubmit (may pay twice) or abandon; --all for each"


def fields(status: Status) -> dict[str, Any]:
    """Tell programs."""
    facts = status.facts
    return {
        "jobs": status.jobs,
        "counts": {state.value: many for state, many in status.counts.items()},
        "not_in_manifest": {state.value: many for state, many in status.not_in_manifest.items() if many},
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


def plain(text: str | None, most: int = 160) -> str:
    """A text of somebody else's as a line that a terminal cannot misunderstand."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text or "no reason was noted")
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _spent(status: Status) -> str:
    facts = status.facts
    tasks = f"{facts.submits:,}{_of(facts.budget_tasks)} tasks"
    if not facts.credits and facts.budget_credits is None:
        return tasks
    credits = "an unknown number" if facts.credits is None else f"{facts.credits:g}"
    more = f" and {counted(facts.unpriced, 'task')} of unknown price" if facts.credits and facts.unpriced else ""
    return f"{tasks}, {credits}{_of(facts.budget_credits)} credits{more}"


def _of(budget: float | None) -> str:
    return "" if budget is None else f" of {budget:g}"


def _told(heading: str, groups: Iterable[Group]) -> Iterator[str]:
    for number, one in enumerate(groups):
        if number == 0:
            yield f"\n{heading}"
        if number < _MOST_TOLD:
            yield f"  {one.count:>6,}  {told_of(one)}"


def told_of(group: Group) -> str:
    """A kind of trouble, and the reason of its first job."""
    return f"{plain(group.kind)}: {plain(group.reason)}"


def _group(one: Group) -> dict[str, Any]:
    return {"kind": one.kind, "jobs": one.count, "reason": one.reason}

"""One page about a run that shows what was made, what failed, time and spending; nothing comes from outside."""

from __future__ import annotations

import base64
import datetime
import hashlib
import importlib.resources
import itertools
import os
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from .._picture import is_address
from . import _reading as reading
from ._in_one_step import in_one_step
from ._job import Job, JobState
from ._looking import looking
from ._plots import timeline

CARDS = 500
# So many bytes of videos are put into the page itself; the rest is linked to where it lies.
EMBEDDED = 25_000_000
THUMBNAIL = 360
_FIRST = (JobState.AMBIGUOUS, JobState.FAILED, JobState.SUBMITTED, JobState.SUBMITTING, JobState.DONE, JobState.QUEUED)
_WORDS = {
    JobState.DONE: "done", JobState.FAILED: "failed", JobState.AMBIGUOUS: "ambiguous", JobState.QUEUED: "queued",
    JobState.SUBMITTED: "unfinished", JobState.SUBMITTING: "being sent",
}  # fmt: skip


@dataclass
class _Room:
    """How many bytes of videos may still go into the page."""

    left: int

    def take(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True


def report(ledger: str | os.PathLike[str], target: str | os.PathLike[str], *, cards: int = CARDS) -> Path:
    """Write the page about a ledger and return its path.

    It shows up to `cards` jobs, those that need a look first. Local pictures become thumbnails if Pillow is installed
    (extra `bulk`). The page holds small videos itself, until they are 25 MB together, and links to the others.
    """
    path = Path(target).absolute()
    with looking(ledger) as db:
        counts, facts = reading.counts(db), reading.facts(db)
        jobs = list(itertools.islice(_shown(db), cards))
        values = {
            "title": escape(Path(ledger).name),
            "service": escape(facts.base_url or "not started"),
            "made": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
            "tiles": "".join(_tiles(counts, facts)),
            "bar": "".join(_bar(counts)),
            "plot": timeline(*_times(db)),
            "reasons": _reasons(reading.reasons(db)),
            "filters": "".join(_filters(jobs)),
            "left_out": _left_out(sum(counts.values()), len(jobs)),
        }
    room = _Room(EMBEDDED)
    values["cards"] = "".join(_card(job, room, path.parent) for job in jobs)
    with in_one_step(path) as partial:
        partial.write_text(_filled(values), encoding="utf-8")
    return path


def _shown(db: Any) -> Iterator[Job]:
    """Jobs in the order in which a person wants to see them."""
    for state in _FIRST:
        yield from reading.every(db, (state,), most=200)


def _filled(values: dict[str, str]) -> str:
    folder = importlib.resources.files("weryai.bulk") / "page"
    style, script = ((folder / name).read_text("utf-8") for name in ("report.css", "report.js"))
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = string.Template((folder / "report.html").read_text("utf-8"))
    return template.substitute(values, style=style, script=script, script_hash=f"sha256-{hashed}")


def _tiles(counts: dict[JobState, int], facts: reading.RunFacts) -> Iterator[str]:
    total = sum(counts.values())
    yield _tile("videos", f"{counts[JobState.DONE]:,}", f"of {total:,} jobs", "done")
    for state in (JobState.FAILED, JobState.AMBIGUOUS, JobState.SUBMITTED):
        if counts[state]:
            yield _tile(_WORDS[state], f"{counts[state]:,}", _HINTS[state], state.value)
    waiting = counts[JobState.QUEUED] + counts[JobState.SUBMITTING]
    if waiting:
        yield _tile("queued", f"{waiting:,}", "not ordered yet", "queued")
    budget = f"of a budget of {facts.budget_tasks:,}" if facts.budget_tasks is not None else "each paid for"
    yield _tile("tasks ordered", f"{facts.submits:,}", budget, "spent")
    if facts.credits:
        most = f"of a budget of {facts.budget_credits:g}" if facts.budget_credits is not None else "by the prices given"
        yield _tile("credits", f"{facts.credits:,.0f}", most, "spent")


_HINTS = {
    JobState.FAILED: "no video came of it",
    JobState.AMBIGUOUS: "may have been billed",
    JobState.SUBMITTED: "paid, not on disk yet",
}


def _tile(name: str, number: str, hint: str, kind: str) -> str:
    return f'<div class="tile {kind}"><b>{number}</b><span>{escape(name)}</span><small>{escape(hint)}</small></div>'


def _bar(counts: dict[JobState, int]) -> Iterator[str]:
    total = max(sum(counts.values()), 1)
    for state in (JobState.DONE, JobState.SUBMITTED, JobState.AMBIGUOUS, JobState.FAILED, JobState.QUEUED):
        if counts[state]:
            share = 100 * counts[state] / total
            yield f'<i class="{state.value}" style="width:{share:.3f}%" title="{counts[state]:,} {_WORDS[state]}"></i>'


def _times(db: Any) -> tuple[list[float], list[float]]:
    """When jobs were accepted, and when their videos were there; of very many only an even part."""
    found = []
    for column, where in (("submitted", "submitted is not null"), ("ended", "state = 'done'")):
        many = db.execute(f"select count(*) as many from jobs where {where}").fetchone()["many"]
        step = max(1, many // 20_000)
        rows = db.execute(f"select {column} as at from jobs where {where} and id % ? = 0", (step,)).fetchall()
        found.append(sorted(float(row["at"]) for row in rows if row["at"] is not None))
    return found[0], found[1]


def _reasons(reasons: Iterable[tuple[str, int, str]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(kind)}</td><td>{many:,}</td><td>{escape(reason)}</td></tr>" for kind, many, reason in reasons
    )
    head = "<tr><th>Kind</th><th>Jobs</th><th>For example</th></tr>"
    return f"<section><h2>What went wrong</h2><table>{head}{rows}</table></section>" if rows else ""


def _filters(jobs: list[Job]) -> Iterator[str]:
    states = dict.fromkeys(job.state for job in jobs)
    if len(states) > 1:
        yield '<label><input type="radio" name="state" value="" checked> all</label>'
        for state in states:
            yield f'<label><input type="radio" name="state" value="{state.value}"> {_WORDS[state]}</label>'


def _left_out(total: int, shown: int) -> str:
    if total == shown:
        return ""
    return f"<p class=quiet>{total - shown:,} more jobs are in the ledger; <code>--cards</code> shows more of them.</p>"


def _card(job: Job, room: _Room, folder: Path) -> str:
    parameters = job.parameters
    facts = [str(parameters.get("model", "")), f"{parameters.get('duration', '?')} s"]
    facts += [str(parameters[name]) for name in ("aspect_ratio", "resolution") if parameters.get(name)]
    reason = f'<p class="reason" title="{escape(job.reason)}">{escape(job.reason)}</p>' if job.reason else ""
    task = f'<p class="task">{escape(job.task_id or job.named or "")}</p>' if job.task_id or job.named else ""
    return (
        f'<article class="card {job.state.value}" data-state="{job.state.value}">{_sight(job, room, folder)}'
        f'<div class="words"><h3 title="{escape(job.key)}">{escape(job.key)}</h3>'
        f'<span class="chip {job.state.value}">{_WORDS[job.state]}</span>'
        f'<p class="prompt">{escape(str(parameters.get("prompt", "")))}</p>{reason}'
        f'<p class="quiet">{escape(" · ".join(filter(None, facts)))}</p>{task}</div></article>\n'
    )


def _sight(job: Job, room: _Room, folder: Path) -> str:
    """The picture, and over it the video if there is one."""
    thumbnail = _thumbnail(job.image)
    if job.state is JobState.DONE and job.path and Path(job.path).is_file():
        poster = f' poster="{thumbnail}"' if thumbnail else ""
        source = _video(Path(job.path), room, folder)
        label = escape(f"The video of {job.key}")
        how = 'controls loop muted playsinline preload="metadata"'
        return f'<video {how}{poster} src="{source}" aria-label="{label}"></video>'
    if thumbnail:
        return f'<img src="{thumbnail}" alt="{escape(f"The picture of {job.key}")}">'
    where = urlsplit(job.image).hostname if is_address(job.image) else Path(job.image).name
    return f'<div class="nothing"><span>{escape(where or "picture")}</span></div>'


def _video(path: Path, room: _Room, folder: Path) -> str:
    if room.take(path.stat().st_size):
        return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"
    return escape(quote(os.path.relpath(path, folder).replace(os.sep, "/")))


def _thumbnail(image: str) -> str:
    """A small copy of a local picture as a data address, or nothing."""
    if is_address(image):
        return ""
    try:
        from PIL import Image, ImageOps

        with Image.open(image) as opened:
            small = ImageOps.exif_transpose(opened)
            small.thumbnail((THUMBNAIL, THUMBNAIL))
            held = BytesIO()
            small.convert("RGB").save(held, "JPEG", quality=75)
    except (ImportError, OSError, ValueError, SyntaxError):
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"

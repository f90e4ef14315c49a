"""One card of the sheet: a job's image or video, where it stands, and all that is known of it."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import Element

from .._ledger.job import Job, JobState
from .._results.export import stamp
from .charts import number, span
from .html import Child, h
from .media import Shown

_TOLD = ("prompt", "model", "duration")


def card(job: Job, shown: Shown) -> Element:
    """The card of a job; its facts are hidden in it until it is opened."""
    state = h("span", job.state.value, class_=f"state {job.state.value}")
    missing = h("span", "file missing", class_="state failed") if shown.no_video else None
    opener = h("button", _media(shown), state, missing, type="button", class_="open", aria_label=f"Open {job.key}")
    prompt = job.parameters.get("prompt")
    return h(
        "article",
        opener,
        h("h3", h("bdi", job.key), title=job.key),
        h("p", _short(job), class_="quiet"),
        h("p", h("bdi", job.reason), class_="reason") if job.reason else None,
        h("p", h("bdi", str(prompt)), class_="prompt") if prompt else None,
        h("dl", _facts(job, shown), hidden=True),
        class_=f"card is-{job.state.value}",
    )


def _media(shown: Shown) -> Element:
    if shown.video:
        return h("video", src=shown.video, poster=shown.picture, preload="none", muted=True, loop=True,
                 playsinline=True)  # fmt: skip
    if shown.picture:
        return h("img", src=shown.picture, alt="", decoding="async")
    return h("span", shown.no_picture or "no image", class_="hole")


def _short(job: Job) -> str:
    duration = job.parameters.get("duration")
    parts = [_text(job.parameters.get("model")), None if duration is None else f"{_text(duration)} s"]
    return " · ".join(part for part in parts if part)


def _facts(job: Job, shown: Shown) -> list[list[Element]]:
    """Every fact by its name; what is not known is left out."""
    facts: list[tuple[str, Child]] = [
        ("state", job.state.value),
        ("reason", job.reason),
        ("prompt", _text(job.parameters.get("prompt"))),
        ("model", _text(job.parameters.get("model"))),
        ("duration", _text(job.parameters.get("duration"))),
        *((name, _text(value)) for name, value in job.parameters.items() if name not in _TOLD),
        ("image", job.image),
        ("task", job.task_id),
        ("named tasks", job.named),
        ("batch", job.batch_id),
        ("credits", None if job.price is None else number(job.price)),
        ("paid", f"{job.submits} times" if job.submits > 1 else None),
        ("submitted", _moment(job.submitted)),
        ("ended", _moment(job.ended)),
        ("took", _taken(job)),
        ("video", _video(job, shown)),
        ("SHA-256", job.sha256),
        ("line", str(job.line) if job.line else None),
    ]
    return [
        [h("dt", name), h("dd", value if isinstance(value, Element) else h("bdi", value))]
        for name, value in facts if value is not None
    ]  # fmt: skip


def _moment(at: float | None) -> Element | None:
    return None if at is None else h("time", str(stamp(at)), datetime=stamp(at))


def _taken(job: Job) -> str | None:
    if job.state is not JobState.DONE or job.submitted is None or job.ended is None or job.ended < job.submitted:
        return None
    return span(job.ended - job.submitted)


def _video(job: Job, shown: Shown) -> Child:
    if job.path is None:
        return None
    if shown.no_video:
        return f"{job.path}: {shown.no_video}"
    size = f" ({job.size:,} bytes)" if job.size is not None else ""
    return h("span", h("a", h("bdi", job.path), href=shown.link) if shown.link else job.path, size)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

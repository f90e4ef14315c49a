"""One card of the sheet: a job's image or video, where it stands, and all that is known of it."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from ..._media.convert import MOST_SOURCE, upright
from ..._media.image import is_address
from .._ledger.schema import Job, JobState
from .charts import moment, number, span
from .html import Child, h

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
    facts: list[tuple[str, Child]] = [
        ("state", job.state.value),
        ("reason", job.reason),
        *((name, _text(job.parameters.get(name))) for name in dict.fromkeys((*_TOLD, *job.parameters))),
        ("image", job.image),
        ("task", job.task_id),
        ("named tasks", job.named),
        ("batch", job.batch_id),
        ("credits", None if job.price is None else number(job.price)),
        ("paid", f"{job.submits} times" if job.submits > 1 else None),
        ("submitted", None if job.submitted is None else moment(job.submitted)),
        ("ended", None if job.ended is None else moment(job.ended)),
        ("took", _taken(job)),
        ("video", _video(job, shown)),
        ("SHA-256", job.sha256),
        ("line", str(job.line) if job.line else None),
    ]
    return [
        [h("dt", name), h("dd", value if isinstance(value, Element) else h("bdi", value))]
        for name, value in facts if value is not None
    ]  # fmt: skip


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


NEEDS_BULK = 'images need the extra "bulk": pip install pillow'
_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card shows: data or relative URLs, or in a few words why there is no image, or no video."""

    picture: str | None = None
    no_picture: str | None = None
    video: str | None = None
    link: str | None = None
    no_video: str | None = None


class Media:
    """Looks at files for one page; `left` is how many bytes of videos may still go into it."""

    def __init__(self, folder: Path, left: int) -> None:
        self._folder = folder
        self.left = left
        self.thumbnail = cache(_thumbnail)

    def of(self, job: Job) -> Shown:
        """What the card of a job shows."""
        picture, why = (None, "image at a URL") if is_address(job.image) else self.thumbnail(job.image)
        if job.state is not JobState.DONE or job.path is None:
            return Shown(picture, why)
        video, link, no_video = self._video(Path(job.path))
        return Shown(picture, why, video, link, no_video)

    def _video(self, path: Path) -> tuple[str | None, str | None, str | None]:
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return None, None, "is no file any more"
            link = _relative(path, self._folder)
            # Other files than MP4 are kept under the suffix they deserve, and no browser is asked to play them.
            if path.suffix.lower() != ".mp4":
                return None, link, f"is no MP4, but {path.suffix}"
            if found.st_size > self.left:
                return link, link, None
            content = path.read_bytes()
        except (OSError, ValueError):
            return None, None, "the video is not where it was stored"
        self.left -= len(content)
        return f"data:video/mp4;base64,{base64.b64encode(content).decode()}", link, None


def _relative(path: Path, folder: Path) -> str | None:
    """The URL of a file for a page in this folder; none from one drive to another."""
    try:
        way = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return None
    # A first part with a colon would be read as the scheme of an address.
    return quote(way if way.startswith("../") else f"./{way}", safe="/.", errors="surrogateescape")


def _thumbnail(place: str) -> tuple[str | None, str | None]:
    """An image in small as a data URL, without what a camera wrote into it; or why there is none."""
    if not _has_pillow():
        return None, NEEDS_BULK
    try:
        found = os.stat(place)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_SOURCE:
            return None, "no image"
        small = upright(Path(place).read_bytes(), size=_WIDTH, alpha=True)
        file = io.BytesIO()
        small.save(file, "WEBP", quality=72)
        return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}", None
    except OSError:
        return None, "the image cannot be read"
    except Exception:
        # Whatever a strange file makes the decoders say, the page is written.
        return None, "the image cannot be opened"


def _has_pillow() -> bool:
    try:
        import PIL.Image
    except ImportError:
        return False
    return PIL.Image is not None

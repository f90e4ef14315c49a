"""The report of a bulk run: one page that needs nothing beside itself, for people to look at."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from ..._flow.order import OrderState
from ..._media.convert import MOST_SOURCE, upright
from ..._media.image import is_address
from ...errors import InvalidInputError
from .._ledger.queries import Place, looking, name_of
from .._ledger.transitions import Job, JobState
from .charts import Child, Facts, gather, h, markup, moment, number, plots, span
from .export import appearing

CARDS = 500
EMBED = 25_000_000


def report(
    ledger: Place, target: str | os.PathLike[str] = "report.html", *, cards: int = CARDS, embed: int = EMBED
) -> Path:
    """Write one HTML page about a run, also while it goes on, and return its path; the ledger is only read.

    The page shows at most `cards` jobs, what failed and what is ambiguous first, with small images (by Pillow, of
    the extra "bulk") and with videos: in the page itself up to `embed` bytes together, beyond that from where they
    lie on this disk. It asks no other host for anything.
    """
    if not isinstance(cards, int) or not isinstance(embed, int | float) or cards < 0 or embed < 0:
        raise InvalidInputError("cards and embed must be 0 or more")
    path = Path(os.path.abspath(os.path.expanduser(target)))
    with looking(ledger) as db:
        facts = gather(db, name_of(ledger), cards)
    with appearing(path, ledger) as file:
        if path.is_file() and _start_of(path) not in (b"", b"<!doctype"):
            raise InvalidInputError(f"{path} is there, and is no report: it may be a video; name another file")
        file.write(page(facts, Media(path.parent, embed)).encode(errors="xmlcharrefreplace"))
    return path


_HERE = Path(__file__).parent.parent / "page"
_ORDER = (
    OrderState.DONE, OrderState.FAILED, OrderState.AMBIGUOUS, OrderState.SUBMITTED, OrderState.SUBMITTING,
    OrderState.QUEUED,
)  # fmt: skip
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_MOST_REASONS = 20


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(9)


def page(facts: Facts, media: Media) -> str:
    """The whole page. Its policy lets nothing run but its own script, and nothing come from another host."""
    look, act = ((_HERE / name).read_text(encoding="utf-8") for name in ("look.css", "act.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(look)}'; script-src '{_hash(act)}'; img-src data:; "
        "media-src data: 'self' file:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("meta", http_equiv="Content-Security-Policy", content=policy),
        h("meta", name="referrer", content="no-referrer"),
        h("title", f"{Path(facts.ledger).name}: {_verdict(facts)}"),
        h("style", look),
    )
    body = h(
        "body",
        h("a", "Skip to the jobs", class_="skip", href="#sheet"),
        _header(facts),
        h(
            "main",
            _stopped(facts),
            _tiles(facts),
            _attention(facts),
            _figures(facts),
            _reasons(facts),
            _sheet(facts, media),
        ),
        _dialog(),
    )
    body.append(h("script", act))
    return f"<!doctype html>\n{markup(h('html', head, body, lang='en'))}\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _header(facts: Facts) -> Element:
    many = facts.status.counts[OrderState.FAILED]
    failed: Child = [", ", h("span", f"{many:,} failed", class_="failed")] if many else None
    counts, total = facts.status.counts, facts.status.jobs
    where = [h("code", Path(facts.ledger).name)]
    if facts.status.facts.base_url:
        where += [h("span", facts.status.facts.base_url)]
    if facts.first is not None:
        where += [moment(facts.first)]
    bars, at = [], 0.0
    for state in _ORDER:
        wide = 1_000 * counts[state] / max(total, 1)
        bars += [h("rect", x=round(at, 2), y=0, width=round(wide, 2), height=10, class_=f"fill {state.value}")]
        at += wide
    told = ", ".join(f"{counts[state]:,} {state.value}" for state in _ORDER if counts[state]) or "no jobs"
    return h(
        "header",
        h("p", "WeryAI bulk run", class_="label"),
        h("h1", _verdict(facts), failed),
        h("p", [[one, " "] for one in where], class_="where"),
        h("svg", bars, viewBox="0 0 1000 10", preserveAspectRatio="none", role="img", aria_label=told, class_="states"),
        h("ul", [h("li", h("i", class_=f"dot {state.value}"), h("b", f"{counts[state]:,}"), f" {state.value}")
                 for state in _ORDER if counts[state]], class_="legend"),
        class_="top",
    )  # fmt: skip


def _verdict(facts: Facts) -> str:
    counts, total = facts.status.counts, facts.status.jobs
    done = counts[OrderState.DONE]
    if total == 0:
        return "There are no jobs yet"
    if done == total:
        return f"All {total:,} videos are ready" if total > 1 else "The video is ready"
    return f"{done:,} of {total:,} videos are ready"


def _stopped(facts: Facts) -> Element | None:
    status = facts.status
    left = status.counts[OrderState.QUEUED] - status.not_in_manifest.get(OrderState.QUEUED, 0)
    left += status.counts[OrderState.SUBMITTED] + status.counts[OrderState.SUBMITTING]
    if status.is_going_on or not left or facts.first is None:
        return None
    return h(
        "section",
        h("h2", f"The run stopped: {status.stopped}" if status.stopped else "Nobody works on this run now"),
        h("p", f"{left:,} {'job is' if left == 1 else 'jobs are'} left. The same command goes on with them; what is "
               "paid for is fetched, and not paid for again."),
        class_="panel stopped",
    )  # fmt: skip


def _tiles(facts: Facts) -> Element:
    run, times = facts.status.facts, facts.times
    tiles = [
        _tile(
            f"{run.submits:,}", "task paid for" if run.submits == 1 else "tasks paid for", run.submits, run.budget_tasks
        )
    ]
    if run.credits or (run.credits is not None and run.budget_credits is not None):
        tiles.append(_tile(number(run.credits), "credits spent", run.credits, run.budget_credits))
    if times is not None and times.median is not None:
        tiles.append(_tile(span(times.median), "from submission to video, median"))
    if facts.first is not None and facts.last is not None and facts.last > facts.first:
        tiles.append(_tile(span(facts.last - facts.first), "from the first submission to the last end"))
    if facts.bytes:
        tiles.append(_tile(_size(facts.bytes), "of video on disk"))
    if facts.status.pace and facts.status.eta:
        tiles.append(_tile(span(facts.status.eta), "estimated time remaining"))
    return h("section", tiles, class_="tiles", aria_label="Sums")


def _tile(value: str, meaning: str, spent: float = 0, budget: float | None = None) -> Element:
    bar = None
    if budget is not None:
        meaning = f"{meaning}, of {number(budget)}"
        bar = h("progress", max=budget or 1, value=min(spent, budget or 1), aria_label=meaning)
    return h("div", h("b", value), h("span", meaning), bar, class_="tile")


def _attention(facts: Facts) -> Element | None:
    many = facts.status.counts[OrderState.AMBIGUOUS]
    if not many:
        return None
    place = shlex.quote(facts.ledger)
    jobs = "1 job is ambiguous: it" if many == 1 else f"{many:,} jobs are ambiguous: each"
    return h(
        "section",
        h("h2", f"{jobs} may have been paid for"),
        h("p", "Check your call history at https://weryai.com/api/history, then say what became of it."),
        h("p", "Nothing is sent until you do."),
        h("pre", f"weryai bulk resolve {place} KEY adopt TASK_ID\nweryai bulk resolve {place} KEY resubmit\n"
                 f"weryai bulk resolve {place} KEY abandon"),
        class_="panel attention",
    )  # fmt: skip


def _figures(facts: Facts) -> Element | None:
    drawn = plots(facts)
    return h("section", drawn, class_="plots", aria_label="Plots") if drawn else None


def _reasons(facts: Facts) -> Iterator[Element]:
    for heading, word, groups in (
        ("Why jobs failed", "failed", facts.status.failures),
        ("Paid for and not finished: the next run goes on with them", "submitted", facts.status.unfinished),
    ):
        if not groups:
            continue
        most = max(one.count for one in groups)
        rows = [
            h("tr",
              h("td", h("b", f"{one.count:,}"), _share(one.count, most, word), class_="number"),
              h("th", one.kind, scope="row"), h("td", one.reason or "no reason was noted"))
            for one in groups[:_MOST_REASONS]
        ]  # fmt: skip
        left = [h("p", f"and {len(groups) - _MOST_REASONS:,} more kinds", class_="quiet")]
        columns = [h("th", name, scope="col") for name in ("Jobs", "Kind", "First reason")]
        again = None
        if word == "failed":
            again = h("pre", f"weryai bulk retry {shlex.quote(facts.ledger)} --failed")
        table = h("table", h("thead", h("tr", columns)), h("tbody", rows))
        yield h("section", h("h2", heading), table, left if len(groups) > _MOST_REASONS else None, again,
                class_="panel")  # fmt: skip


def _share(many: int, most: int, state: str) -> Element:
    bar = h("rect", x=0, y=0, width=round(100 * many / most, 2), height=4, class_=f"fill {state}")
    return h("svg", bar, viewBox="0 0 100 4", preserveAspectRatio="none", class_="share", aria_hidden="true")


def _sheet(facts: Facts, media: Media) -> Element:
    shown = dict.fromkeys(_ORDER, 0)
    for job in facts.cards:
        shown[job.state] += 1
    chips: list[Child] = [h("button", "All", type="button", data_filter="", aria_pressed="true")]
    chips += [
        h("button", f"{state.value} ", h("span", f"{shown[state]:,}"), type="button", data_filter=state.value,
          aria_pressed="false")
        for state in _ORDER if shown[state]
    ]  # fmt: skip
    tools = h(
        "div",
        h("label", "Filter by text", class_="unseen", for_="text"),
        h("input", id="text", type="search", placeholder="Key, prompt, model, task, reason…", autocomplete="off"),
        h("div", chips, class_="chips", role="group", aria_label="Filter by state"),
        h("button", "Play all", type="button", id="play", aria_pressed="false", hidden=True),
        class_="tools",
    )
    cards = [h("li", card(job, media.of(job)), data_state=job.state.value) for job in facts.cards]
    return h(
        "section",
        h("h2", "Jobs"),
        h("p", _left_out(facts, shown), class_="quiet"),
        tools,
        h("p", role="status", id="found", class_="unseen"),
        h("ul", cards, class_="cards"),
        h("p", "No job fits.", class_="none", id="none", hidden=True),
        id="sheet",
        tabindex="-1",
    )


def _left_out(facts: Facts, shown: dict[OrderState, int]) -> str:
    if len(facts.cards) == facts.status.jobs:
        return "All of them, those that need a decision first."
    parts = [f"{shown[state]:,} of {many:,} {state.value}" for state in _ORDER if (many := facts.status.counts[state])]
    told = f"{len(facts.cards):,} of {facts.status.jobs:,} are shown here, the others are in the ledger"
    return f"{told}: {', '.join(parts)}."


def _dialog() -> Element:
    buttons = [
        h("button", "←", type="button", id="before", aria_label="Job before"),
        h("button", "→", type="button", id="after", aria_label="Job after"),
        h("button", "Close", type="button", id="close"),
    ]
    return h("dialog", h("div", h("h2", id="big-title"), buttons, class_="bar-top"), h("div", id="big"),
             id="one", aria_labelledby="big-title")  # fmt: skip


def _size(many: float) -> str:
    for unit in _UNITS:
        if many < 1_000 or unit == _UNITS[-1]:
            return f"{many:.0f} {unit}" if many >= 100 or unit == "bytes" else f"{many:.1f} {unit}"
        many /= 1_000
    return ""


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

"""What a report tells, read from its ledger in one look; its plots as SVG; and HTML in which text is never markup."""

from __future__ import annotations

import itertools
import math
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..._flow.order import OrderState
from .._ledger.queries import page
from .._ledger.transitions import Database, Job
from .status import Status, status_of

Child: TypeAlias = "Element | str | int | Iterable[Child] | None"
#: What no page may hold, not even as text.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def h(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Element:
    """Make an element; `class_` is the attribute class, `data_state` is data-state, True is one without a value."""
    element = Element(name)
    for word, value in attributes.items():
        if value is not None and value is not False:
            element.set(word.rstrip("_").replace("_", "-"), "" if value is True else clean(str(value)))
    _fill(element, children)
    return element


def clean(text: str) -> str:
    """A text without the letters that a page may not hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def markup(element: Element) -> str:
    """Write a tree as HTML."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def _fill(element: Element, children: Iterable[Child]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Element):
            element.append(child)
        elif isinstance(child, str | int):
            _write(element, clean(str(child)))
        else:
            _fill(element, child)


def _write(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


_PAGE = 20_000
#: How long a slot of a plot may be, in seconds: what people count in.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
_MOST_SLOTS = 48
_TROUBLE = (OrderState.AMBIGUOUS, OrderState.FAILED)
_UNSURE = ("ambiguous", "submitting")
_CALM = (OrderState.DONE, OrderState.SUBMITTED, OrderState.SUBMITTING, OrderState.QUEUED)


@dataclass
class Times:
    """When jobs were submitted and ended, in slots of `step` seconds from `start`; `taken` are seconds to a video."""

    start: float
    step: float
    ordered: Counter[int] = field(default_factory=Counter)
    done: Counter[int] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)
    spent: Counter[int] = field(default_factory=Counter)
    credits: Counter[int] = field(default_factory=Counter)
    taken: list[float] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """The seconds that half of the videos were there within."""
        return statistics.median(self.taken) if self.taken else None


@dataclass(frozen=True)
class Facts:
    """Everything that the report tells; `cards` are the jobs that it shows, of all that are counted in `status`."""

    ledger: str
    status: Status
    cards: list[Job]
    times: Times | None
    first: float | None
    last: float | None
    bytes: int


def gather(db: Database, ledger: str, cards: int) -> Facts:
    """Read it all."""
    span = db.execute(
        "select min(submitted) as first, max(submitted) as submitted, max(ended) as ended, "
        "coalesce(sum(case when state = 'done' then size end), 0) as bytes from jobs"
    ).fetchone()
    status = status_of(db)
    last = max((moment for moment in (span["submitted"], span["ended"]) if moment is not None), default=None)
    first = span["first"] if span["first"] is not None else last
    times = None if first is None or last is None else _times(db, min(first, last), last)
    return Facts(ledger, status, list(_chosen(db, status, cards)), times, first, last, int(span["bytes"]))


def _times(db: Database, first: float, last: float) -> Times:
    step = next((one for one in _STEPS if (last - first) / one < _MOST_SLOTS), (last - first) / (_MOST_SLOTS - 1))
    start = first // step * step
    times = Times(start, step)
    after = 0
    query = "select id, state, price, began, submitted, ended from jobs where id > ? order by id limit ?"
    while rows := db.execute(query, (after, _PAGE)).fetchall():
        for row in rows:
            _count(times, row)
        after = rows[-1]["id"]
    return times


def _count(times: Times, row: Any) -> None:
    submitted, ended = row["submitted"], row["ended"]
    if submitted is not None:
        slot = int((submitted - times.start) // times.step)
        times.ordered[slot] += 1
    # What is ambiguous, or on its way, counts as spent as well.
    paid = submitted if submitted is not None or row["state"] not in _UNSURE else row["began"]
    if paid is not None and paid >= times.start:
        slot = int((paid - times.start) // times.step)
        times.spent[slot] += 1
        times.credits[slot] += row["price"] or 0
    # A job that went back into the queue may have ended before.
    if ended is not None and ended >= times.start and row["state"] in ("done", "failed"):
        slot = int((ended - times.start) // times.step)
        (times.done if row["state"] == "done" else times.failed)[slot] += 1
        if row["state"] == "done" and submitted is not None and ended >= submitted:
            times.taken.append(ended - submitted)


def _chosen(db: Database, status: Status, most: int) -> Iterator[Job]:
    """The jobs to show: trouble first, though half of the sheet is for videos where there are so many."""
    calm = sum(status.counts[state] for state in _CALM[:2])
    room = most = min(most, status.jobs)
    for states, limit in ((_TROUBLE, max(most // 2, most - calm)), (_CALM, most)):
        for state in states:
            found = page(db, (state,), 0, min(limit, room))
            yield from found
            room -= len(found)
            limit -= len(found)


WIDTH, HEIGHT = 420, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 14, 24
_MOST_BARS = 24
#: An end of an axis: 0 left or 1 right, its text, and of a moment which, and in what detail.
End: TypeAlias = "tuple[int, str, float | None, str | None]"


def plots(facts: Facts) -> list[Element]:
    """The figures that there is something to draw for."""
    times = facts.times
    if times is None:
        return []
    figures = [_over_time(times), _spend(times, facts)]
    return [figures[0], *([_histogram(times)] if len(times.taken) > 1 else []), figures[1]]


def span(seconds: float) -> str:
    """A time in words."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 600 and round(seconds) % 60:
        return f"{round(seconds) // 60} min {round(seconds) % 60} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def number(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def clock(moment: float, form: str) -> str:
    """A moment in UTC as people read it."""
    return time.strftime(form, time.gmtime(moment))


def moment(at: float) -> Element:
    """A moment in UTC; the page's script puts it into the reader's own time."""
    return h("time", f"{clock(at, '%Y-%m-%d %H:%M:%S')} UTC", datetime=clock(at, "%Y-%m-%dT%H:%M:%SZ"))


def _ends(times: Times, slots: int) -> list[End]:
    """What stands at both ends of a time axis: seconds for a short one, days for a long one."""
    long = slots * times.step
    detail = "second" if long < 600 else "minute" if long < 86_400 else "day"
    form = {"second": "%H:%M:%S", "minute": "%H:%M", "day": "%b %d %H:%M"}[detail]
    return [(place, clock(at, form), at, detail) for place, at in ((0, times.start), (1, times.start + long))]


def _over_time(times: Times) -> Element:
    last = max((*times.ordered, *times.done, *times.failed))
    slots = range(last + 1)
    bars = [(times.done[slot], times.failed[slot]) for slot in slots]
    ordered = [times.ordered[slot] for slot in slots]
    top = _top(max(*ordered, *(sum(bar) for bar in bars)))
    wide = (WIDTH - _LEFT - _RIGHT) / len(slots)
    drawn: list[Element] = []
    for slot, (done, failed) in enumerate(bars):
        low = _y(0, top)
        at = times.start + slot * times.step
        rest = f": {ordered[slot]:,} submitted, {done:,} done, {failed:,} failed"
        shown = h("title", f"{clock(at, '%H:%M:%S')} UTC{rest}", data_at=at, data_form="second", data_rest=rest)
        for many, name in ((done, "good"), (failed, "bad")):
            if many:
                tall = HEIGHT - _BOTTOM - _y(many, top)
                low -= tall
                drawn.append(_bar(_LEFT + slot * wide, low, wide, tall, name, shown))
    steps = [_point(_LEFT + at * wide, _y(many, top)) for slot, many in enumerate(ordered) for at in (slot, slot + 1)]
    line = h("polyline", points=" ".join(steps), class_="line move")
    caption = [_key("good", "videos"), _key("bad", "failed"), _key("move", "submitted")]
    ends = _ends(times, len(slots))
    told = f"Videos, failures and orders per {span(times.step)}, {ends[0][1]} to {ends[1][1]} UTC"
    return _figure(f"Jobs per {_each(times.step)}", told, caption, top, ends, [*drawn, line])


def _histogram(times: Times) -> Element:
    taken = sorted(times.taken)
    # The slowest one in a hundred would leave the others no room.
    low, high = taken[0], taken[min(len(taken) - 1, math.ceil(len(taken) * 0.99))]
    many_bars = min(_MOST_BARS, max(6, round(2 * math.sqrt(len(taken)))))
    step = max((high - low) / many_bars, 0.001)
    counts = [0] * many_bars
    for seconds in taken:
        counts[min(int((seconds - low) / step), many_bars - 1)] += 1
    top, wide = _top(max(counts)), (WIDTH - _LEFT - _RIGHT) / many_bars
    bars = [
        _bar(_LEFT + at * wide, _y(many, top), wide, HEIGHT - _BOTTOM - _y(many, top), "move",
             h("title", f"{span(low + at * step)} to {span(low + (at + 1) * step)}: {many:,}"))
        for at, many in enumerate(counts) if many
    ]  # fmt: skip
    median = times.median or 0.0
    x = _LEFT + min((median - low) / step, many_bars) * wide
    mark = h("line", x1=_round(x), x2=_round(x), y1=_TOP - 6, y2=HEIGHT - _BOTTOM, class_="mark")
    told = f"Time from submission to video of {len(taken):,} videos, the median is {span(median)}"
    return _figure("From submission to video", told, [_key("mark", f"median {span(median)}")], top,
                   [(0, span(low), None, None), (1, span(low + many_bars * step), None, None)],
                   [*bars, mark])  # fmt: skip


def _spend(times: Times, facts: Facts) -> Element:
    in_credits = any(times.credits.values())
    many, noun = (times.credits, "Credits") if in_credits else (times.spent, "Tasks")
    sums = list(itertools.accumulate(many[slot] for slot in range(max(times.spent, default=0) + 1)))
    run = facts.status.facts
    budget = run.budget_credits if in_credits else run.budget_tasks
    top = _top(max(sums[-1], budget if budget is not None and budget < 3 * sums[-1] else 0))
    wide = (WIDTH - _LEFT - _RIGHT) / len(sums)
    points = [_point(_LEFT + slot * wide, _y(value, top)) for slot, value in enumerate((0, *sums))]
    base = _round(HEIGHT - _BOTTOM)
    area = h("polygon", points=f"{' '.join(points)} {WIDTH - _RIGHT},{base} {_LEFT},{base}", class_="area")
    drawn = [area, h("polyline", points=" ".join(points), class_="line accent")]
    caption = [_key("accent", f"{number(sums[-1])} {noun.lower()}")]
    if budget is not None and budget <= top:
        y = _round(_y(budget, top))
        drawn.append(h("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="mark"))
        caption.append(_key("mark", f"budget {number(budget)}"))
    ends = _ends(times, len(sums))
    told = f"{noun} spent over time by the last order of each job, {number(sums[-1])} in all"
    return _figure(f"{noun} spent", told, caption, top, ends, drawn)


def _figure(
    title: str, told: str, caption: Sequence[Child], top: float, ends: Sequence[End], drawn: list[Element]
) -> Element:
    lines: list[Element] = []
    for part in (0.0, 0.5, 1.0):
        y = _round(_y(part * top, top))
        lines.append(h("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        lines.append(h("text", _short(part * top), x=_LEFT - 6, y=y + 4, text_anchor="end"))
    for place, text, at, detail in ends:
        x = (_LEFT, WIDTH - _RIGHT)[place]
        anchor = ("start", "end")[place]
        lines.append(h("text", text, x=x, y=HEIGHT - 7, text_anchor=anchor, data_at=at, data_form=detail))
    picture = h("svg", lines, drawn, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=told)
    return h("figure", h("figcaption", h("h3", title), h("span", caption, class_="keys")), picture, class_="plot")


def _bar(x: float, y: float, wide: float, tall: float, name: str, told: Element) -> Element:
    gap = min(1.5, wide * 0.2)
    return h("rect", told, x=_round(x + gap / 2), y=_round(y), width=_round(wide - gap),
             height=_round(max(tall, 0.5)), class_=f"bar {name}")  # fmt: skip


def _key(name: str, text: str) -> Element:
    return h("span", text, class_=f"key {name}")


def _each(step: float) -> str:
    return {1: "second", 60: "minute", 3_600: "hour", 86_400: "day"}.get(int(step), span(step).replace(".0", ""))


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)


def _top(most: float) -> float:
    """The next round number, so that half of it is one as well."""
    if most <= 2:
        return 2
    size = 10.0 ** math.floor(math.log10(most))
    return next(size * part for part in (1, 2, 4, 6, 8, 10) if size * part >= most)


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1_000:g}k" if value >= 10_000 else f"{value:g}"


def _point(x: float, y: float) -> str:
    return f"{_round(x)},{_round(y)}"


def _round(value: float) -> float:
    return round(value, 2)

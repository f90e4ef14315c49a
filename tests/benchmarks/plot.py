"""The plots of docs/benchmarks.md, as SVG of their own: how cost grows, panel by panel."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .table import Row

if TYPE_CHECKING:
    from .loading import Figure

WIDTH, HEIGHT, LEFT, BELOW, RIGHT = 640, 260, 60, 40, 130
_COLORS = ("#b3541e", "#1e6fb3", "#3a7d44")
Line = list[tuple[int, float]]


@dataclass(frozen=True)
class Panel:
    """Lines over the same places; those of others are dashed, in the color of ours."""

    title: str
    lines: Mapping[str, Line]
    unit: str


def svg(rows: Iterable[Row]) -> str:
    """Return the plot of `make bench-record`: calls, waits and rows of a manifest."""
    rows = list(rows)
    calls: dict[str, Line] = {}
    for row in rows:
        if found := re.fullmatch(r"CPU of a (\w+), (\d+) at a time", row.what):
            for name, value in ((f"{found[1]}, weryai", row.ours), (f"{found[1]}, httpx", row.other)):
                calls.setdefault(name, []).append((int(found[2]), float(value.split()[0])))
    waits = _line(r"memory of one of ([\d,]+) waits", [(row.what, row.figure) for row in rows])
    loads = _line(r"CPU of a manifest row, of ([\d,]+)", [(row.what, row.figure) for row in rows])
    return _drawn(
        [
            Panel("CPU of a call, in microseconds, by how many go on at a time", calls, "at a time"),
            Panel("Memory of a waiting task, in KiB, by how many wait", {"memory": waits}, "waits"),
            Panel("CPU of a manifest row, in microseconds, by how many there are", {"a row": loads}, "rows"),
        ]
    )


def bulk_svg(figures: "Iterable[Figure]") -> str:
    """Return the plot of `make bench-bulk`: jobs a second by how many workers share a ledger, and what a job costs."""
    speed, cost, workers = list[tuple[int, float]](), list[tuple[int, float]](), 0
    for figure in figures:
        if found := re.match(r"jobs a second, (\d+) worker", figure.what):
            workers = int(found[1])
            speed.append((workers, figure.value))
        elif workers and figure.what == "... CPU of the workers for each job":
            cost.append((workers, figure.value))
    return _drawn(
        [
            Panel("Jobs a second, by workers at one ledger in PostgreSQL", {"jobs": speed}, "workers"),
            Panel("CPU of the workers for each job, in milliseconds", {"a job": cost}, "workers"),
        ]
    )


def _line(pattern: str, figures: Iterable[tuple[str, float]]) -> Line:
    return [
        (int(found[1].replace(",", "")), figure) for what, figure in figures if (found := re.fullmatch(pattern, what))
    ]


def _drawn(panels: Sequence[Panel]) -> str:
    panels = [panel for panel in panels if any(panel.lines.values())]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}">'
    parts = [head, "<style>text { font: 12px sans-serif }</style>", f"<title>{panels[0].title}</title>"]
    parts.append(f'<rect width="{WIDTH}" height="{HEIGHT * len(panels)}" fill="white"/>')
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate(0,{number * HEIGHT})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel) -> list[str]:
    places = sorted({place for line in panel.lines.values() for place, _ in line})
    most = max(value for line in panel.lines.values() for _, value in line) * 1.1

    def at(place: int, value: float) -> tuple[int, int]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * places.index(place) / max(len(places) - 1, 1)
        return round(across), round(HEIGHT - BELOW - (HEIGHT - BELOW - 30) * value / most)

    parts = [f'<text x="8" y="16">{panel.title}</text>']
    for value in (0, most / 2, most):
        _, y = at(places[0], value)
        label = f"{value:.0f}" if most >= 20 else f"{value:.1f}"
        parts.append(f'<path d="M{LEFT},{y} H{WIDTH - RIGHT}" stroke="#ddd"/><text x="8" y="{y}">{label}</text>')
    for place in places:
        parts.append(f'<text x="{at(place, 0)[0]}" y="{HEIGHT - 16}">{place:,} {panel.unit}</text>')
    for number, (name, line) in enumerate(sorted(panel.lines.items())):
        is_other = name.endswith("httpx")
        color = _COLORS[(number // 2 if len(panel.lines) > 2 else number) % len(_COLORS)]
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in sorted(line)))
        dashes = ' stroke-dasharray="5 4"' if is_other else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>')
        x, y = at(*max(line))
        parts.append(f'<text x="{x + 6}" y="{y + (14 if is_other else 0)}" fill="{color}">{name}</text>')
    return parts

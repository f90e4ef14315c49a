"""The plot of docs/benchmarks.md: what a call costs, by how many go on at a time, as an SVG of its own."""

import re
from collections.abc import Iterable

from .table import Row

WIDTH, HEIGHT, LEFT, BELOW, RIGHT = 640, 320, 60, 40, 130
_COLORS = {"submit": "#b3541e", "poll": "#1e6fb3"}


def points(rows: Iterable[Row]) -> dict[str, list[tuple[int, float]]]:
    """Return the lines: name, and microseconds by how many at a time."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if found := re.fullmatch(r"CPU of a (\w+), (\d+) at a time", row.what):
            for name, value in ((f"{found[1]}, weryai", row.ours), (f"{found[1]}, httpx", row.other)):
                lines.setdefault(name, []).append((int(found[2]), float(value.split()[0])))
    return lines


def svg(rows: Iterable[Row]) -> str:
    """Return the plot; ours are full lines, raw httpx is dashed."""
    lines = points(rows)
    places = sorted({place for line in lines.values() for place, _ in line})
    most = max(value for line in lines.values() for _, value in line) * 1.1

    def at(place: int, value: float) -> str:
        across = LEFT + (WIDTH - LEFT - RIGHT) * places.index(place) / (len(places) - 1)
        return f"{across:.0f},{HEIGHT - BELOW - (HEIGHT - BELOW - 20) * value / most:.0f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        "<title>CPU of a call by how many go on at a time</title>",
        '<text x="8" y="14">CPU of a call, in microseconds</text>',
    ]
    for value in (0, most / 2, most):
        x, y = at(places[0], value).split(",")
        parts.append(f'<path d="M{x},{y} H{WIDTH - RIGHT}" stroke="#ddd"/><text x="8" y="{y}">{value:.0f}</text>')
    for place in places:
        parts.append(f'<text x="{at(place, 0).split(",")[0]}" y="{HEIGHT - 16}">{place} at a time</text>')
    for name, line in lines.items():
        color, dashes = _COLORS[name.split(",")[0]], ' stroke-dasharray="5 4"' if name.endswith("httpx") else ""
        path = " ".join(at(*point) for point in sorted(line))
        x, y = at(*max(line)).split(",")
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>')
        parts.append(f'<text x="{int(x) + 6}" y="{int(y) + 4}" fill="{color}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"

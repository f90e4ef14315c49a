"""Curves of a run as SVG: how many tasks were ordered and how many videos came, over time."""

from __future__ import annotations

import datetime

WIDTH, HEIGHT, LEFT, BOTTOM = 900, 220, 56, 28
POINTS = 300


def timeline(ordered: list[float], done: list[float]) -> str:
    """Both curves, from sorted times in seconds since 1970; nothing where nothing happened."""
    if not ordered:
        return ""
    start, end = ordered[0], max(ordered[-1], done[-1] if done else 0)
    span, most = max(end - start, 1.0), max(len(ordered), len(done))

    def place(at: float, many: int) -> str:
        x = LEFT + (WIDTH - LEFT - 8) * (at - start) / span
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 12) * many / most
        return f"{x:.1f},{y:.1f}"

    def curve(times: list[float], kind: str) -> str:
        step = max(1, len(times) // POINTS)
        points = [place(start, 0), *(place(at, many) for many, at in enumerate(times, 1) if many % step == 0)]
        if times:
            points += [place(times[-1], len(times)), place(end, len(times))]
        return f'<polyline class="{kind}" points="{" ".join(points)}"/>'

    lines = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{many:,}</text>'
        for many in sorted({0, most // 2, most})
        for y in [HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 12) * many / most]
    )
    ends = (
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{_clock(start)}</text>'
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end">{_clock(end)}, {_words(span)} later</text>'
    )
    told = f"Over {_words(span)} {len(ordered):,} tasks were ordered and {len(done):,} videos stored."
    return (
        f'<section><h2>Time and spending</h2><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{told}">'
        f"{lines}{ends}{curve(ordered, 'ordered')}{curve(done, 'stored')}</svg>"
        '<p class="legend"><i class="ordered"></i> tasks ordered, each paid for '
        '<i class="stored"></i> videos stored</p>'
        "</section>"
    )


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""What a bulk run would buy, in words, and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._output import put, say
from .._words import counted

if TYPE_CHECKING:
    from weryai.bulk import Plan


def fields(planned: Plan) -> dict[str, Any]:
    """Tell programs."""
    return {
        "tasks": planned.tasks, "credits": planned.credits, "unpriced": planned.unpriced, "uploads": planned.uploads,
        "known": planned.known, "seconds": round(planned.seconds), "warnings": dict(planned.warnings),
        "left_out": dict(planned.left_out),
        "kinds": [
            {"model": one.model, "duration": one.duration, "resolution": one.resolution, "tasks": one.tasks,
             "credits": one.credits}
            for one in planned.kinds
        ],
    }  # fmt: skip


def tell(planned: Plan) -> None:
    """Tell people."""
    rows = [("tasks", "model", "seconds", "resolution", "credits each")]
    for one in planned.kinds:
        price = "unknown" if one.credits is None else f"{one.credits:g}"
        rows.append((f"{one.tasks:,}", one.model, str(one.duration or ""), one.resolution or "", price))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = (row[0].rjust(widths[0]), *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        put(False, "  ".join(cells).rstrip())
    cost = "an unknown number of credits" if planned.credits is None else f"{planned.credits:g} credits"
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

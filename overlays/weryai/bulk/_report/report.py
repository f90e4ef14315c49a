"""The report of a bulk run: one page that needs nothing beside itself, for people to look at."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ...errors import InvalidInputError
from .._ledger.opening import Place, looking, name_of
from .._results.export import appearing
from .data import gather
from .media import Media
from .page import page

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
    if cards < 0 or embed < 0:
        raise InvalidInputError("cards and embed must be 0 or more")
    path = Path(os.path.abspath(os.path.expanduser(target)))
    with looking(ledger) as db:
        facts = gather(db, name_of(ledger), cards, time.time())
    with appearing(path, ledger) as file:
        file.write(page(facts, Media(path.parent, embed)).encode(errors="xmlcharrefreplace"))
    return path

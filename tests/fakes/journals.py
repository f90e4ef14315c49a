"""A journal's file, read as any other tool would, and what each answer of the service makes of a row."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import weryai
from fakes.answers import TASK, accepted, refused
from fakes.faults import Answer, Close, Reset, html_reply, json_reply

OUTCOMES: dict[str, tuple[Answer, str, type[BaseException] | None]] = {
    "accepted": (accepted(), "submitted", None),
    "refused": (refused(1011, "insufficient credits"), "failed", weryai.InsufficientCreditsError),
    "refused, and tried in vain": (refused(6010, "max 20 tasks"), "failed", weryai.RateLimitError),
    "refused with a task": (
        json_reply({"status": 1001, "message": "rate limit", "data": {"task_id": TASK}}, 429),
        "ambiguous",
        weryai.RateLimitError,
    ),
    "reset": (Reset(), "ambiguous", weryai.OutcomeUnknownError),
    "closed": (Close(), "ambiguous", weryai.OutcomeUnknownError),
    "500": (html_reply(500), "ambiguous", weryai.OutcomeUnknownError),
    "no task id": (json_reply({"status": 0}), "ambiguous", weryai.ContractError),
}


def rows(path: Path, columns: str = "state") -> list[Any]:
    """What stands in the journal, oldest order first; of a single column the values themselves."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute(f"select {columns} from orders order by id").fetchall()
    return [row[0] if len(row) == 1 else row for row in found]

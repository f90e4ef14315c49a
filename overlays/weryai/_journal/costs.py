"""What the last single task of each model cost, as the balance tells it; kept beside the orders, per service.

The table `about` has it under "cost URL MODEL", as JSON. Nothing is decided by it: balances are shared, and late.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import time

from .._flow.order import Cost, Scope
from .transitions import body_of

# An order that was under way so many seconds before may still be billed.
LATE = 3600.0


def note_cost(db: sqlite3.Connection, scope: Scope, task_id: str, credits: float) -> bool:
    """Note what a task has cost, if it was alone; whether it was, as far as this journal knows."""
    own = db.execute(
        "select orders.* from orders join tasks on order_id = id where task_id = ? and base_url = ? and key = ?",
        (task_id, scope.base_url, scope.key),
    ).fetchone()
    if own is None:
        return False
    (many,) = db.execute("select count(*) from tasks where order_id = ?", (own["id"],)).fetchone()
    other = db.execute(
        "select 1 from orders where id != ? and base_url = ? and key = ? and (changed >= ? or "
        "(changed >= ? and state in ('submitting', 'submitted', 'ambiguous')))",
        (own["id"], scope.base_url, scope.key, own["began"], own["began"] - LATE),
    ).fetchone()
    if many != 1 or other is not None:
        return False
    body = body_of(own)
    cost = Cost(
        str(body.get("model")), credits, time.time(), own["request"], body.get("duration"), body.get("resolution")
    )
    db.execute(
        "insert or replace into about (name, value) values (?, ?)",
        (_name(scope.base_url, cost.model), json.dumps(dataclasses.asdict(cost))),
    )
    return True


def last_cost(db: sqlite3.Connection, base_url: str, model: str) -> Cost | None:
    """Read what the last single task of a model cost."""
    row = db.execute("select value from about where name = ?", (_name(base_url, model),)).fetchone()
    return None if row is None else Cost(**json.loads(row["value"]))


def _name(base_url: str, model: str) -> str:
    return f"cost {base_url} {model}"

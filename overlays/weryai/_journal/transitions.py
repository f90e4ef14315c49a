"""Every change that a journal's rows go through, and what is read of them; each runs in the writer's transaction.

queued -> submitting -> submitted -> done | failed, with two side ways: submitting -> queued is a try that surely
started nothing, submitting -> ambiguous one of which nobody knows. From ambiguous a response that comes late, or a
person, leads on. `TRANSITIONS` of `_flow.order` is the table; a step is taken where it leads from, or not at all.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from .._flow.order import AttemptResult, Cost, Intent, Order, OrderState, Scope, states_before
from .._flow.process import Owner, this_process
from ..errors import DuplicateRequestError, InvalidInputError, JournalError

# No time limit of ours is as long, in seconds.
LONGEST_TRY = 86_400.0
# Of how many finished orders `waits` looks at the model, and how many times it returns.
MOST_LOOKED_AT, MOST_WAITS = 500, 20
# An order that was under way so many seconds before may still be billed.
LATE = 3600.0


def begin(db: sqlite3.Connection, intent: Intent, fingerprint: str, scope: Scope, window: float) -> int:
    """Write down that an order is about to be sent, unless it may have been sent; return its row."""
    now, owner = time.time(), this_process()
    if intent.row is not None:
        # The fence: whoever took the row over in the meantime has changed its state or its owner.
        _change(db, intent.row, "begin", OrderState.SUBMITTING, owner, began=now)
        db.execute("update orders set submits = submits + 1 where id = ?", (intent.row,))
        return intent.row
    if not intent.is_forced:
        _refuse_same_key(db, intent, fingerprint, scope)
        _refuse_duplicate(db, fingerprint, scope, window)
    written = db.execute(
        "insert into orders (state, request, body, fingerprint, image, output, order_key, base_url, key, submits, "
        "owner_pid, owner_start, owner_host, created, began, changed) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
        (OrderState.SUBMITTING, intent.request, intent.kept_body(), fingerprint, intent.image_hash(), intent.output,
         intent.order_key, scope.base_url, scope.key, owner.pid, owner.start, owner.host, now, now, now),
    )  # fmt: skip
    assert written.lastrowid is not None
    return written.lastrowid


def tidy(db: sqlite3.Connection, fingerprint: str, order_key: str | None) -> None:
    """See what became of the orders that one may repeat.

    One of a time to come, when the clock was ahead, is taken for one of now, and so refuses others for no longer.
    """
    now = time.time()
    db.execute("update orders set began = ? where fingerprint = ? and began > ?", (now, fingerprint, now))
    query = "select 1 from orders where (fingerprint = ? or order_key = ?) and state in ('submitting', 'queued')"
    if db.execute(query, (fingerprint, order_key)).fetchone():
        recover_orphans(db)


def end(db: sqlite3.Connection, row: int, attempt: AttemptResult) -> None:
    """Write down what became of a try, even if it was taken for ambiguous in the meantime."""
    step, state = "end", attempt.state
    if state is OrderState.QUEUED and _state(db, row) is OrderState.AMBIGUOUS:
        step, state = "end for good", OrderState.FAILED
    _change(db, row, step, state, batch_id=attempt.batch_id, reason=attempt.reason)
    kind = "going" if state is OrderState.SUBMITTED else "named"
    _put_tasks(db, row, attempt.task_ids, kind)


def mark_ambiguous(db: sqlite3.Connection, row: int, reason: str) -> None:
    """Nobody waits for the answer of a try any more; if it is still open, it is ambiguous."""
    _change_if(db, row, "mark ambiguous", OrderState.AMBIGUOUS, reason=reason)


def mark_not_placed(db: sqlite3.Connection, row: int, reason: str) -> None:
    """The order is not tried again; if nothing was started, it has failed."""
    _change_if(db, row, "mark not placed", OrderState.FAILED, reason=reason)


def finish_task(db: sqlite3.Connection, scope: Scope, task_id: str, path: str | None, reason: str | None) -> None:
    """A task has its video on disk, or has failed; with its last task the order ends."""
    found = db.execute(
        "select id from orders join tasks on order_id = id where task_id = ? and tasks.state = 'going' "
        "and orders.state = 'submitted' and base_url = ? and key = ?",
        (task_id, scope.base_url, scope.key),
    ).fetchone()
    if found is None:
        return
    row = found["id"]
    db.execute(
        "update tasks set state = ?, path = ?, reason = ? where order_id = ? and task_id = ?",
        ("failed" if path is None else "done", path, reason, row, task_id),
    )
    states = {one["state"] for one in db.execute("select state from tasks where order_id = ?", (row,))}
    if "going" not in states:
        state = OrderState.DONE if "done" in states else OrderState.FAILED
        _change(db, row, "finish", state, reason=reason)


def recover_orphans(db: sqlite3.Connection) -> None:
    """See what processes that are gone have left: an open try is ambiguous, one that was not sent has failed.

    Of a process on another machine, such as the container before this one, nobody can tell; no try is open for a day.
    """
    open_rows = db.execute(
        "select id, state, began, owner_pid, owner_start, owner_host from orders "
        "where state in ('submitting', 'queued') and owner_pid is not null"
    ).fetchall()
    gone = {owner: owner.is_gone() for owner in {_owner(row) for row in open_rows} if owner}
    for row in open_rows:
        owner = _owner(row)
        if owner is not None and (gone[owner] or (not owner.is_here and row["began"] < time.time() - LONGEST_TRY)):
            mark_ambiguous(db, row["id"], "the process that sent it ended before the response came")
            mark_not_placed(db, row["id"], "the process ended before it was sent")


def list_orders(db: sqlite3.Connection, scope: Scope, states: Iterable[OrderState]) -> tuple[Order, ...]:
    """Every order of a scope in these states, oldest first."""
    recover_orphans(db)
    marks, wanted = _marks(states)
    rows = db.execute(
        f"select * from orders where base_url = ? and key = ? and state in ({marks}) order by id",
        (scope.base_url, scope.key, *wanted),
    ).fetchall()
    return tuple(_order(db, row) for row in rows)


def waits(db: sqlite3.Connection, scope: Scope, model: str) -> tuple[float, ...]:
    """Seconds that the last orders of a model took from the submission to the video, newest first."""
    rows = db.execute(
        "select body, changed - began as seconds from orders where base_url = ? and key = ? and state = 'done' "
        "order by id desc limit ?",
        (scope.base_url, scope.key, MOST_LOOKED_AT),
    ).fetchall()
    took = (row["seconds"] for row in rows if _body(row).get("model") == model)
    # A clock that was set back makes a time that never was.
    return tuple(seconds for seconds in took if seconds > 0)[:MOST_WAITS]


def note_cost(db: sqlite3.Connection, scope: Scope, task_id: str, credits: float) -> bool:
    """Note in `about` what a task has cost, if it was alone; whether it was, as far as this journal knows.

    Nothing is decided by it: balances are shared, and late.
    """
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
    body = _body(own)
    cost = Cost(
        str(body.get("model")), credits, time.time(), own["request"], body.get("duration"), body.get("resolution")
    )
    db.execute(
        "insert or replace into about (name, value) values (?, ?)",
        (_cost_name(scope.base_url, cost.model), json.dumps(dataclasses.asdict(cost))),
    )
    return True


def last_cost(db: sqlite3.Connection, base_url: str, model: str) -> Cost | None:
    """Read what the last single task of a model cost."""
    row = db.execute("select value from about where name = ?", (_cost_name(base_url, model),)).fetchone()
    try:
        return None if row is None else Cost(**json.loads(row["value"]))
    except (ValueError, TypeError, RecursionError):
        # Damaged; it is an estimate only.
        return None


def _cost_name(base_url: str, model: str) -> str:
    return f"cost {base_url} {model}"


def find_order(db: sqlite3.Connection, scope: Scope, row: int) -> Order:
    """One order of a scope."""
    recover_orphans(db)
    one = db.execute(
        "select * from orders where id = ? and base_url = ? and key = ?", (row, scope.base_url, scope.key)
    ).fetchone()
    if one is None:
        raise JournalError(f"the journal has no order {row} of this service and this key")
    return _order(db, one)


def claim(db: sqlite3.Connection, scope: Scope, *, everything: bool) -> tuple[Order, ...]:
    """Take over the paid orders that nobody works on, or all that are unfinished, and return them."""
    me, taken = this_process(), []
    for order in list_orders(db, scope, (OrderState.SUBMITTED,)):
        if everything or order.owner is None or order.owner.is_gone():
            _change(db, order.row, "keep", OrderState.SUBMITTED, me)
            taken.append(find_order(db, scope, order.row))
    return tuple(taken)


def adopt(db: sqlite3.Connection, scope: Scope, row: int, task_id: str) -> Order:
    """An ambiguous order became this task, as somebody found out."""
    _give_over(db, find_order(db, scope, row))
    other = db.execute(
        "select id from orders join tasks on order_id = id "
        "where task_id = ? and tasks.state != 'named' and base_url = ? and key = ?",
        (task_id, scope.base_url, scope.key),
    ).fetchone()
    if other is not None:
        raise JournalError(f"task {task_id} belongs to order {other['id']} already")
    _change(db, row, "adopt", OrderState.SUBMITTED, reason=None)
    _release(db, row)
    db.execute("delete from tasks where order_id = ?", (row,))
    _put_tasks(db, row, (task_id,), "going")
    return find_order(db, scope, row)


def requeue(db: sqlite3.Connection, scope: Scope, row: int) -> Order:
    """An ambiguous order is to be sent once more, as somebody decided who may pay twice."""
    order = find_order(db, scope, row)
    if not order.body:
        raise JournalError(f"what order {row} sent is damaged in the journal, so it cannot be sent again")
    _give_over(db, order)
    _change(db, row, "requeue", OrderState.QUEUED, this_process(), reason=None)
    db.execute("delete from tasks where order_id = ?", (row,))
    return find_order(db, scope, row)


def give_up(db: sqlite3.Connection, scope: Scope, row: int) -> Order:
    """Nobody wants to know any more what becomes of an order."""
    _give_over(db, find_order(db, scope, row))
    _change(db, row, "give up", OrderState.FAILED, reason="given up")
    return find_order(db, scope, row)


def _give_over(db: sqlite3.Connection, order: Order) -> None:
    """Who settles what another machine had open knows that nobody works on it, which nobody here can see."""
    if order.owner is not None and not order.owner.is_here:
        mark_ambiguous(db, order.row, "the machine that sent it was given up")


def _refuse_same_key(db: sqlite3.Connection, intent: Intent, fingerprint: str, scope: Scope) -> None:
    """Refuse a caller's key that was used, whenever that was, unless nothing came of it that could be paid for."""
    if intent.order_key is None:
        return
    earlier = db.execute(
        "select * from orders where order_key = ? and base_url = ? and key = ? and (state != 'failed' or exists "
        "(select * from tasks where order_id = id and tasks.state != 'named')) order by id desc",
        (intent.order_key, scope.base_url, scope.key),
    ).fetchone()
    if earlier is None:
        return
    order = _order(db, earlier)
    if earlier["fingerprint"] != fingerprint:
        raise InvalidInputError(
            f"order_key {intent.order_key!r:.200} belongs to order {order.row}, which is another: its request differs"
        )
    raise _duplicate(order, f"order_key {intent.order_key!r:.200} orders only once")


def _refuse_duplicate(db: sqlite3.Connection, fingerprint: str, scope: Scope, window: float) -> None:
    """Refuse what was submitted a moment ago, and whatever its age what may have been submitted."""
    query = (
        "select * from orders where fingerprint = ? and base_url = ? and key = ? and (state in ('submitting', "
        "'ambiguous') or (state = 'queued' and ? > 0) or (state in ('submitted', 'done') and began > ?)) "
        "order by state in ('submitted', 'done') desc, id desc"
    )
    same = (fingerprint, scope.base_url, scope.key, window, time.time() - window)
    if earlier := db.execute(query, same).fetchone():
        order = _order(db, earlier)
        is_settled = order.state in (OrderState.SUBMITTED, OrderState.DONE)
        rule = f"Within {window:g} s nothing is sent twice" if is_settled else "Until that is settled it is refused"
        raise _duplicate(order, rule)


def _duplicate(order: Order, rule: str) -> DuplicateRequestError:
    """Say what is known of the earlier order, and what to do."""
    ago, names = f"{max(time.time() - order.began, 0):.0f} s ago", ", ".join(order.task_ids)
    match order.state:
        case OrderState.QUEUED | OrderState.SUBMITTING:
            what = f"is being placed by {order.owner}"
            if order.owner is not None and not order.owner.is_here:
                what += f"; if that is gone, settle order {order.row} with orders.adopt or orders.give_up"
        case OrderState.AMBIGUOUS:
            named = f", though its response named task {names}" if names else ""
            what = f"was sent {ago}, and nobody knows whether it was accepted{named}"
            what += f"; settle order {order.row} first with orders.adopt or orders.give_up"
        case OrderState.FAILED:
            what = f"was placed {ago} as task {names}, which brought no video"
        case OrderState.DONE if order.paths:
            what = f"was placed {ago} as task {names}, and its video was stored at {', '.join(order.paths)}"
        case _:
            what = f"was placed {ago} as task {names}; resume with tasks.wait({order.task_ids[0]!r})"
    return DuplicateRequestError(
        f"the same order {what} (order {order.row}). {rule}, unless you say force=True",
        task_id=next(iter(order.task_ids), None),
    )


def _change(
    db: sqlite3.Connection, row: int, step: str, state: OrderState, owner: Owner | None = None, **values: Any
) -> None:
    """Take one row a step that leads from where it stands, or refuse."""
    if not _change_if(db, row, step, state, owner, **values):
        stands = _state(db, row)
        wanted = " or ".join(states_before(step, state))
        raise JournalError(f"order {row} is {stands.value if stands else 'gone'}, not {wanted}")


def _change_if(
    db: sqlite3.Connection, row: int, step: str, state: OrderState, owner: Owner | None = None, **values: Any
) -> bool:
    """Take one row a step if that leads from where it stands; return whether it does."""
    values |= {"state": state.value, "changed": time.time()}
    if owner is not None:
        values |= {"owner_pid": owner.pid, "owner_start": owner.start, "owner_host": owner.host}
    marks, wanted = _marks(states_before(step, state))
    assignments = ", ".join(f"{name} = ?" for name in values)
    statement = f"update orders set {assignments} where id = ? and state in ({marks})"
    return db.execute(statement, (*values.values(), row, *wanted)).rowcount == 1


def _release(db: sqlite3.Connection, row: int) -> None:
    db.execute("update orders set owner_pid = null, owner_start = null, owner_host = null where id = ?", (row,))


def _put_tasks(db: sqlite3.Connection, row: int, task_ids: Iterable[str], kind: str) -> None:
    db.executemany(
        "insert or replace into tasks (order_id, task_id, state) values (?, ?, ?)",
        [(row, task_id, kind) for task_id in task_ids],
    )


def _state(db: sqlite3.Connection, row: int) -> OrderState | None:
    one = db.execute("select state from orders where id = ?", (row,)).fetchone()
    return OrderState(one["state"]) if one else None


def _owner(row: sqlite3.Row) -> Owner | None:
    return Owner(row["owner_pid"], row["owner_start"], row["owner_host"]) if row["owner_pid"] is not None else None


def _body(row: sqlite3.Row) -> dict[str, Any]:
    """What an order sent; nothing where that is damaged, so that its task ids can still be read."""
    try:
        body = json.loads(row["body"])
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _order(db: sqlite3.Connection, row: sqlite3.Row) -> Order:
    tasks = db.execute("select * from tasks where order_id = ? order by rowid", (row["id"],)).fetchall()
    return Order(
        row=row["id"],
        state=OrderState(row["state"]),
        task_ids=tuple(task["task_id"] for task in tasks),
        going=tuple(task["task_id"] for task in tasks if task["state"] == "going"),
        paths=tuple(task["path"] for task in tasks if task["path"]),
        reason=row["reason"],
        request=row["request"],
        body=_body(row),
        output=row["output"],
        began=row["began"],
        owner=_owner(row),
        batch_id=row["batch_id"],
        order_key=row["order_key"],
    )


def _marks(states: Iterable[OrderState]) -> tuple[str, tuple[str, ...]]:
    wanted = tuple(state.value for state in states)
    return ", ".join("?" * len(wanted)), wanted

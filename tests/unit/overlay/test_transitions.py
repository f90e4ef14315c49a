"""The table of what a paid order may become, walked: by the steps of a journal, and by those of a ledger."""

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from weryai._flow.order import TRANSITIONS, AttemptResult, Intent, OrderState, Scope
from weryai._journal import transitions as journal
from weryai._journal.journal import JOURNAL
from weryai.bulk._ledger import transitions as ledger
from weryai.bulk._ledger.transitions import LEDGER
from weryai.errors import JournalError

Q, SENDING, PAID, DONE, FAILED, UNKNOWN = OrderState
SCOPE = Scope("https://api.example.com", "k")
Step = Callable[[sqlite3.Connection], Any]
RESULTS = [AttemptResult(PAID, ("t",)), AttemptResult(Q), AttemptResult(UNKNOWN)]
JOURNAL_STEPS: list[Step] = [
    lambda db: journal.begin(db, Intent("POST /x", {}, row=1), "f", SCOPE, 0.0),
    *[lambda db, result=one: journal.end(db, 1, result) for one in RESULTS],  # type: ignore[misc]
    lambda db: journal.mark_ambiguous(db, 1, "why"),
    lambda db: journal.mark_not_placed(db, 1, "why"),
    lambda db: journal.finish_task(db, SCOPE, "t", "/v.mp4", None),
    lambda db: journal.finish_task(db, SCOPE, "t", None, "why"),
    lambda db: journal.claim(db, SCOPE, everything=True),
    lambda db: journal.adopt(db, SCOPE, 1, "found"),
    lambda db: journal.requeue(db, SCOPE, 1),
    lambda db: journal.give_up(db, SCOPE, 1),
]
LEDGER_STEPS: list[Step] = [
    lambda db: ledger.begin(db, 1),
    *[lambda db, result=one: ledger.end(db, 1, result) for one in RESULTS],  # type: ignore[misc]
    lambda db: ledger.mark_ambiguous(db, 1, "why"),
    lambda db: ledger.recover_orphans(db, "why"),
    lambda db: ledger.fail(db, 1, "why", "kind"),
    lambda db: ledger.fail(db, 1, "why", "kind", "t"),
    lambda db: ledger.finish(db, 1, "t", "/v.mp4", "aa", 1),
    lambda db: ledger.remark(db, 1, "t", "why", "kind"),
    lambda db: ledger.refetch(db, 1, "t"),
    lambda db: ledger.adopt(db, 1, "found"),
    lambda db: ledger.requeue(db, 1),
    lambda db: ledger.retry(db, "1 = 1", (), Q),
    lambda db: ledger.retry(db, "1 = 1", (), PAID),
    lambda db: ledger.give_up(db, 1),
    lambda db: ledger.change(db, 1, "load anew", Q),
]
ORDER = (
    "insert into orders (state, request, body, fingerprint, base_url, key, created, began, changed) "
    "values (?, 'POST /x', '{\"model\": \"m\"}', 'f', 'https://api.example.com', 'k', 0, 0, 0)"
)
JOB = (
    "insert into jobs (key, image, parameters, digest, line, load, created, changed, task_id, state) "
    "values ('j', 'https://e.com/1.jpg', '{}', 'd', 1, 1, 0, 0, 't', ?)"
)
TASK = "insert into tasks (order_id, task_id, state) values (1, 't', 'going')"
Seen = set[tuple[OrderState, OrderState]]


def taken(tables: str, table: str, rows: list[str], steps: list[Step]) -> Seen:
    """From which state to which the steps lead, tried from each; a change that is refused leads nowhere."""
    seen: Seen = set()
    for state in OrderState:
        for step in steps:
            with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.executescript(tables)
                for row in rows:
                    db.execute(row, (state,) if "?" in row else ())
                db.executescript(
                    f"create table seen (old text, new text); create trigger watch after update of state on {table} "
                    "begin insert into seen values (old.state, new.state); end"
                )
                with contextlib.suppress(JournalError):
                    step(db)
                seen |= {(OrderState(old), OrderState(new)) for old, new in db.execute("select old, new from seen")}
    return seen


# Typed by hand, beside the table of the product.
BOTH = {
    (Q, SENDING), (Q, FAILED), (SENDING, PAID), (SENDING, Q), (SENDING, UNKNOWN), (PAID, PAID), (PAID, DONE),
    (PAID, FAILED), (UNKNOWN, PAID), (UNKNOWN, Q), (UNKNOWN, FAILED), (UNKNOWN, UNKNOWN),
}  # fmt: skip
OF_LEDGERS = {(Q, PAID), (Q, Q), (FAILED, Q), (FAILED, PAID), (DONE, PAID)}


def test_a_journal_does_what_the_table_says() -> None:
    """No less, no more."""
    assert taken(JOURNAL.tables, "orders", [ORDER, TASK], JOURNAL_STEPS) == BOTH


def test_a_ledger_does_what_the_table_says() -> None:
    """No less, no more."""
    assert taken(LEDGER.tables, "jobs", [JOB], LEDGER_STEPS) == BOTH | OF_LEDGERS


def test_the_table_has_nothing_that_no_step_does() -> None:
    """Whatever it allows is one of the changes above."""
    assert {
        (old, new) for step in TRANSITIONS.values() for old, after in step.items() for new in after
    } == BOTH | OF_LEDGERS


@pytest.mark.parametrize("old", [PAID, DONE, SENDING])
def test_what_is_paid_for_is_never_sent_again_by_itself(old: OrderState) -> None:
    """No step leads from a paid or an open order back to where it is sent, but the answer that it was refused."""
    again = {step for step, changes in TRANSITIONS.items() if {Q, SENDING} & set(changes.get(old, ()))}
    assert again == ({"end"} if old is SENDING else set())

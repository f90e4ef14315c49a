"""The commands about what was paid for before: `resume`, `orders`, `resolve`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

import weryai

from ._connection import connect
from ._download import apart, fetch
from ._help import examples
from ._journal import expected, in_journal, journal_at
from ._looking import opening, shown_at_the_end
from ._output import Showing, as_json, columns_of, cut, plain, put, put_submission, say
from ._progress import Progress, span

if TYPE_CHECKING:
    from weryai import Order, WeryAI

UNFINISHED = ("queued", "submitting", "submitted", "ambiguous")


@click.command(
    help="""Go on after a crash: fetch what was paid for. Costs nothing.

    It waits for every paid, unfinished order, and tells what is ambiguous. Nothing is submitted. Ends with 3 if an
    order is ambiguous: it may have been paid, and `weryai resolve` is for you to say what became of it.
    """,
    epilog=examples("weryai resume", "weryai resume --output videos/ --open"),
)
@in_journal
@click.option("-o", "--output", help="Folder for the videos of orders that named no place.")
@click.option("--all", "everything", is_flag=True, help="Also what other processes, or machines, seem to work on.")
@opening
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
@as_json
def resume(
    journal: str | None, output: str | None, everything: bool, is_opened: bool, timeout: float, json_lines: bool
) -> None:
    if output and not Path(output).is_dir():
        raise click.UsageError("--output must be a folder")
    with (
        shown_at_the_end(is_opened=is_opened) as paths, _client(journal) as client, Progress("waiting") as progress
    ):  # fmt: skip
        taken = client.orders.claim(everything=everything)
        going = {task_id: order.output or output for order in taken for task_id in order.going}
        left = client.orders.list(*UNFINISHED)
        for order in left:
            if order.state != "ambiguous" and order not in taken:
                say(f"weryai: order {order.row} ({order.state}) is left to {order.owner}; --all takes it up as well")
        for order in left:
            if order.state == "ambiguous":
                _tell_ambiguous(order, json_lines=json_lines)
        if not going:
            say("weryai: nothing is left to be fetched")
        times = expected(client, {task_id: order for order in taken for task_id in order.going})
        progress.awaits({task_id: times.get(task_id) for task_id in going})

        def stored(path: Path) -> None:
            progress.stored(path)
            paths.append(path)

        fetch(client, apart(going), timeout, progress.updated, json_lines=json_lines, stored=stored)
    if any(order.state == "ambiguous" for order in left):
        raise click.exceptions.Exit(3)


@click.command(
    help="""List the unfinished orders of this service and key.

    What is not finished is paid for: `weryai resume` fetches it. Oldest first.
    """,
    cls=Showing,
    epilog=examples("weryai orders", "weryai orders --all"),
)
@in_journal
@click.option("--all", "everything", is_flag=True, help="Also what is done or has failed.")
@as_json
def orders(journal: str | None, everything: bool, json_lines: bool) -> None:
    with _client(journal) as client:
        listed = client.orders.list(*(() if everything else UNFINISHED))
    if json_lines:
        for order in listed:
            _put_order(order)
    elif listed:
        _print_table(listed)
    else:
        say(
            "weryai: no orders yet" if everything else "weryai: no unfinished orders; --all lists those that ended, too"
        )


def _print_table(listed: tuple[Order, ...]) -> None:
    """Print a row per order, no wider than the terminal; what goes elsewhere is whole."""
    columns = columns_of(sys.stdout)
    put(False, f"{'ORDER':>5}  {'STATE':<10}  {'AGE':>8}  VIDEO, TASK OR PROMPT")
    for order in listed:
        what = " ".join([*order.paths] or [*order.task_ids] or [str(order.body.get("prompt", ""))[:40]])
        line = plain(f"{order.row:>5}  {order.state:<10}  {span(max(time.time() - order.began, 0)):>8}  {what}")
        put(False, cut(line, columns))


@click.command(
    help="""Say what became of an ambiguous ORDER, after you have looked.

    Look at your call history, https://weryai.com/api/history. "adopt TASK_ID": it became that task, which must exist.
    "resubmit": send it once more, at the risk of paying twice. "abandon": wait no more for it, an unfinished order as
    well. Then `weryai resume` fetches what there is.
    """,
    epilog=examples("weryai resolve 7 adopt 8f2ab0c4", "weryai resolve 7 resubmit", "weryai resolve 7 abandon"),
)
@click.argument("order", type=int)
@click.argument("verdict", type=click.Choice(["adopt", "resubmit", "abandon"]))
@click.argument("task_id", required=False)
@in_journal
@as_json
def resolve(
    order: int,
    verdict: Literal["adopt", "resubmit", "abandon"],
    task_id: str | None,
    journal: str | None,
    json_lines: bool,
) -> None:
    if (verdict == "adopt") != (task_id is not None):
        raise click.UsageError("adopt needs the TASK_ID, and only adopt does")
    with _client(journal) as client:
        if verdict == "resubmit":
            submission = client.orders.resubmit(order)
            if json_lines:
                put_submission(submission)
            else:
                for one in submission.task_ids:
                    put(False, one)
            return
        changed = client.orders.adopt(order, task_id) if task_id else client.orders.give_up(order)
    if json_lines:
        _put_order(changed)
    else:
        say(f"weryai: order {changed.row} is {changed.state}")


@contextlib.contextmanager
def _client(place: str | None) -> Iterator[WeryAI]:
    """Make a client for work that is all about the journal, which must be there."""
    if (path := journal_at(place)) is None:
        path = Path(os.path.expanduser(place)) if place else weryai.Journal.default_path()
        raise weryai.JournalError(f"there is no journal at {path}: nothing was submitted with it")
    with weryai.Journal(path) as journal, connect(journal) as client:
        yield client


def _tell_ambiguous(order: Order, *, json_lines: bool) -> None:
    if json_lines:
        _put_order(order)
        return
    named = f"; its response named task {', '.join(order.task_ids)}" if order.task_ids else ""
    what = f"{order.body.get('model')}, {str(order.body.get('prompt'))[:40]!r}"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(order.began))
    say(
        f"weryai: order {order.row} of {when} ({what}) is ambiguous: {order.reason}{named}",
        "weryai: check your call history at https://weryai.com/api/history, then say "
        f"`weryai resolve {order.row} adopt TASK_ID`, or resubmit (may pay twice), or abandon",
    )


def _put_order(order: Order) -> None:
    put(
        True, "", event="order", order=order.row, state=order.state, task_ids=order.task_ids, paths=order.paths,
        reason=order.reason, body=dict(order.body), output=order.output, began=order.began, order_key=order.order_key,
    )  # fmt: skip

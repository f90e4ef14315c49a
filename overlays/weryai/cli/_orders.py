"""The commands about what was paid for before: `wait`, `download`, `resume`, `orders`, `resolve`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

import weryai

from ._connection import (
    FilePath,
    Progress,
    check_output,
    connect,
    expected,
    in_journal,
    is_folder,
    journal_at,
    known_orders,
    look_at,
    noting_client,
    opening,
    overwriting,
    shown_at_the_end,
    span,
    waiting,
)
from ._output import Showing, as_json, columns_of, cut, plain, put, put_submission, put_task, say, task_fields
from ._words import examples, in_words

if TYPE_CHECKING:
    from weryai import Order, Task, WeryAI


OUTPUT = "File or folder to write. [default: <task id>.mp4]"
UNFINISHED = ("queued", "submitting", "submitted", "ambiguous")


@click.command(
    help="""
    Costs nothing.

    Without --output a video goes where its order meant it, if the journal knows.
    """,
    epilog=examples("weryai wait 8f2ab0c4 --open", "weryai wait 8f2ab0c4 91d3e7aa --output videos/"),
)
@click.argument("task_ids", metavar="TASK_ID...", nargs=-1, required=True)
@click.option("-o", "--output", type=FilePath(), help=f"{OUTPUT} For several tasks a folder.")
@overwriting
@opening
@waiting
@in_journal
@as_json
def wait(
    task_ids: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    is_opened: bool,
    timeout: float,
    journal: str | None,
    json_lines: bool,
) -> None:
    if len(task_ids) > 1 and output and not is_folder(output):
        raise click.UsageError("several tasks need a folder as --output")
    if_exists = check_output(output, overwrite=overwrite)
    with (
        shown_at_the_end(is_opened=is_opened) as paths,
        noting_client(journal) as client,
        Progress("waiting") as progress,
    ):
        orders = known_orders(client)
        targets = _apart({task_id: output or _meant_for(orders.get(task_id)) for task_id in task_ids})
        times = expected(client, {task_id: order for task_id, order in orders.items() if task_id in targets})
        progress.awaits({task_id: times.get(task_id) for task_id in targets})

        def seen(task: Task) -> None:
            if json_lines:
                put_task(task)
            progress.updated(task)

        _fetch(client, targets, timeout, progress, paths, json_lines=json_lines, note=seen, if_exists=if_exists)


@click.command(
    help="Costs nothing.",
    epilog=examples("weryai download 8f2ab0c4 --output wave.mp4 --open"),
)
@click.argument("source", metavar="TASK_ID|URL")
@click.option("-o", "--output", type=FilePath(), help=OUTPUT)
@overwriting
@opening
@in_journal
@as_json
def download(
    source: str, output: str | None, overwrite: bool, is_opened: bool, journal: str | None, json_lines: bool
) -> None:
    if_exists = check_output(output, overwrite=overwrite)
    with noting_client(journal) as client:
        wanted: str | Task = source if "://" in source else client.tasks.get(source)
        # The library finds a name for a URL, and one that is free.
        if isinstance(wanted, str):
            target = output or "./"
        else:
            target = _target_of(output or _meant_for(known_orders(client).get(wanted.id)), wanted.id)
        path = client.files.download(wanted, target, if_exists=if_exists)
    put(json_lines, path, event="done", path=path, source=source)
    if is_opened:
        look_at(path)


@click.command(
    help="""
    Costs nothing.

    It waits for every paid, unfinished order, and tells what is ambiguous. Nothing is submitted. Ends with 3 if an
    order is ambiguous: it may have been paid, and `weryai resolve` is for you to say what became of it.
    """,
    epilog=examples("weryai resume", "weryai resume --output videos/ --open"),
)
@in_journal
@click.option("-o", "--output", type=FilePath(), help="Folder for the videos of orders that named no place.")
@click.option("--all", "everything", is_flag=True, help="Also what other processes, or machines, seem to work on.")
@opening
@waiting
@as_json
def resume(
    journal: str | None, output: str | None, everything: bool, is_opened: bool, timeout: float, json_lines: bool
) -> None:
    if output and not is_folder(output):
        raise click.UsageError("--output must be a folder, such as videos/")
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

        _fetch(client, _apart(going), timeout, progress, paths, json_lines=json_lines, note=progress.updated)
    if any(order.state == "ambiguous" for order in left):
        raise click.exceptions.Exit(3)


@click.command(
    help="What is not finished is paid for: `weryai resume` fetches it. Oldest first.",
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
    put(False, f"{'ORDER':>5}  {'STATE':<10}  {'AGE':>11}  VIDEO, TASK OR PROMPT")
    for order in listed:
        what = " ".join([*order.paths] or [*order.task_ids] or [str(order.body.get("prompt", ""))[:40]])
        line = plain(f"{order.row:>5}  {order.state:<10}  {span(max(time.time() - order.began, 0)):>11}  {what}")
        put(False, cut(line, columns))


@click.command(
    help="""
    Look at your call history, https://weryai.com/api/history. "adopt TASK_ID": it became that task, which must exist.
    "resubmit": send it once more, at the risk of paying twice. "abandon": wait no more for it, an unfinished order as
    well. Then `weryai resume` fetches what there is.
    """,
    epilog=examples("weryai resolve 7 adopt 8f2ab0c4", "weryai resolve 7 resubmit", "weryai resolve 7 abandon"),
)
@click.argument("order", type=click.IntRange(max=2**63 - 1))
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


def _fetch(
    client: WeryAI, targets: Mapping[str, str | None], timeout: float, progress: Progress, paths: list[Path],
    *, json_lines: bool, note: Callable[[Task], None], if_exists: Literal["replace", "rename"] = "rename",
) -> None:  # fmt: skip
    """Wait for the tasks and store each video where its target says; raises the last problem, and tells the others.

    The path of each is added to `paths` at once.
    """
    problem = None
    for result in client.tasks.wait_many(targets, timeout=timeout, on_update=note):
        try:
            if result.error is not None or result.task is None:
                raise result.error or weryai.WeryAIError(f"task {result.task_id} was not seen")
            output = targets[result.task_id]
            path = _stored(client, result.task, _target_of(output, result.task_id), if_exists)
        except weryai.WeryAIError as error:
            if isinstance(error, weryai.APIError):
                # Whoever typed the id need not be told it; the library's note is for those who did not.
                error.__notes__, error.paid_task_ids = [], ()
                if len(targets) > 1:
                    error.args = (f"task {result.task_id}: {error.message}", *error.args[1:])
            if problem is not None:
                say(f"weryai: {in_words(str(problem))}")
            problem = error
        else:
            progress.stored(path)
            paths.append(path)
            put(json_lines, path, event="done", **{**task_fields(result.task), "path": path})
    if problem is not None:
        raise problem


def _stored(client: WeryAI, task: Task, target: str, if_exists: Literal["replace", "rename"]) -> Path:
    """Store a video; that its place cannot be written is no reason to think that it is not paid for."""
    try:
        return client.files.download(task, target, if_exists=if_exists)
    except weryai.InvalidInputError as error:
        raise weryai.DownloadError(
            f"{error.message}. Task {task.id} is paid for: `weryai wait {task.id} --output FOLDER` stores it elsewhere"
        ) from error


def _target_of(output: str | None, task_id: str) -> str:
    """Return the file for a task's video: the one that was named, or one of its own name in the folder."""
    name = re.sub(r"[^\w\-]+", "_", task_id)[:100] + ".mp4"
    if output is None:
        return name
    return str(Path(output, name)) if is_folder(output) else output


def _meant_for(order: Order | None) -> str | None:
    """Return where an order meant its videos; a place below here is short."""
    return _near(order.output) if order is not None and order.output else None


def _near(output: str) -> str:
    """A place as one types it in the working folder."""
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:
        return output
    return (output.removeprefix(here) or "./") if output.startswith(here) else output


def _apart(targets: dict[str, str | None]) -> dict[str, str | None]:
    """Let no two tasks of one order write the same file: all but the first get their own name in its folder."""
    taken = set[str]()
    for task_id, target in targets.items():
        if target in taken and not is_folder(target):
            targets[task_id] = f"{Path(target).parent}/"
        taken |= {target} if target else set()
    return targets

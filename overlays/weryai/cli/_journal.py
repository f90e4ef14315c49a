"""Which journal a command writes, and what is said of a place where none can be written."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import weryai
from weryai.errors import before_sending

from ._connection import connect
from ._hints import remember
from ._output import say
from ._progress import Expected

if TYPE_CHECKING:
    from weryai import Order, WeryAI

F = TypeVar("F", bound=Callable[..., Any])
PLACE = "The journal of paid orders. [env: WERYAI_JOURNAL; default: in your folder of user data]"

in_journal = click.option(
    "--journal", type=click.Path(dir_okay=False), help=PLACE,
    callback=lambda _context, _option, place: remember("journal", place),
)  # fmt: skip


def paying(command: F) -> F:
    """Add what commands have that pay."""
    for option in reversed(
        (
            in_journal,
            click.option("--no-journal", is_flag=True, help="Write nothing down: a crash may lose what was paid for."),
            click.option("--force", is_flag=True, help="Submit the same again, although it was just submitted."),
            click.option("--order-key", help="Your own name for the order, which is then placed once, for ever."),
            click.option(
                "--window", type=click.FloatRange(0, 1e9), metavar="SECONDS",
                help="How long the same submission is refused. [default: 600]",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@contextlib.contextmanager
def paying_client(options: dict[str, Any]) -> Iterator[WeryAI]:
    """Make a client that writes down what it pays for; what `paying` has added is taken out of the options."""
    place, without = options.pop("journal"), options.pop("no_journal")
    # What nobody gives is the journal's own default.
    given = {} if (window := options.pop("window")) is None else {"window": window}
    if without and options.get("order_key") is not None:
        raise click.UsageError("--order-key needs a journal: leave --no-journal out")
    if without:
        with connect() as client:
            yield client
        return
    try:
        journal = weryai.Journal(place or weryai.Journal.default_path(), **given)
    except weryai.JournalError as error:
        hint = "name another file with --journal or WERYAI_JOURNAL, or pay without one: --no-journal"
        error.args = (f"{error.message}; {hint}", *error.args[1:])
        raise before_sending(error) from error.__cause__
    with journal, connect(journal) as client:
        yield client


@contextlib.contextmanager
def noting_client(place: str | None, *, needs_key: bool = True) -> Iterator[WeryAI]:
    """Make a client for free work, which notes in the journal what became of orders, if there is a journal."""
    with contextlib.ExitStack() as stack:
        journal = None
        try:
            path = journal_at(place)
            journal = stack.enter_context(weryai.Journal(path)) if path else None
        except weryai.JournalError as error:
            say(f"weryai: {error.message}; going on without")
        yield stack.enter_context(connect(journal, needs_key=needs_key))


def journal_at(place: str | None) -> Path | None:
    """The journal that is meant, or None if there is none yet; raises JournalError where that cannot be seen."""
    # No shell has put the home in after `--journal=~/x`.
    path = Path(os.path.expanduser(place)) if place else weryai.Journal.default_path()
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise weryai.JournalError(f"the journal {path} cannot be read: {error.strerror}") from error
    return path


def known_orders(client: WeryAI) -> dict[str, Order]:
    """The orders of the client's journal by the ids of their tasks; nothing where there is no journal to ask."""
    try:
        return {task_id: order for order in client.orders.list() for task_id in order.task_ids}
    except (weryai.ConfigurationError, weryai.JournalError):
        return {}


def usual(client: WeryAI, model: str) -> tuple[float, ...]:
    """How many seconds the last videos of a model took, as far as a journal knows."""
    try:
        return client.orders.waits(model)
    except (weryai.ConfigurationError, weryai.JournalError):
        return ()


def expected(client: WeryAI, orders: Mapping[str, Order]) -> dict[str, Expected]:
    """What is known of the time that tasks take, by their ids."""
    times: dict[str, tuple[float, ...]] = {}
    for order in orders.values():
        model = str(order.body.get("model"))
        times[model] = times[model] if model in times else usual(client, model)
    now = time.time()
    return {
        task_id: Expected(times[str(order.body.get("model"))], max(now - order.began, 0.0))
        for task_id, order in orders.items()
    }

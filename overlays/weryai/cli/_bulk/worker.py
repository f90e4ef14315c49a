"""`weryai bulk worker`: one of the machines that work on a ledger in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import click

import weryai

from .._connection import key_of
from .._help import examples
from .._output import as_json, say
from .._words import counted
from .ledger_argument import DATABASE, database, shown
from .run import go_on, storing

_LEFT = (weryai.OrderState.QUEUED, weryai.OrderState.SUBMITTING, weryai.OrderState.SUBMITTED)


@click.command(
    help="""Work on the jobs of a database beside other workers.

    Until Ctrl-C or SIGTERM comes. `weryai bulk run MANIFEST --database ...` puts the jobs there. A worker that is gone
    is followed by the others within seconds: what it had paid for is fetched, and nothing is sent twice. Videos are
    stored on the machine of the worker that fetches them, and local images are read there.
    """,
    epilog=examples("weryai bulk worker --database postgresql://me@db/videos --until-done"),
)
@database
@storing
@click.option("--rate", type=float, help="Submissions per second at most, of all workers. [default: as it stands]")
@click.option("--start-rate", type=float, help="Submissions per second at first. [default: one per 3 s]")
@click.option("--in-flight", type=int, help="Unfinished tasks at most, of all workers. [default: as it stands]")
@click.option("--open-posts", type=int, help="Open submissions at most, of all workers. [default: as it stands]")
@click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds to wait for the `weryai bulk run` that makes the ledger.",
)
@click.option("--until-done", is_flag=True, help="End when nothing is left that can be done.")
@as_json
def worker(
    database: str | None, rate: float | None, start_rate: float | None, in_flight: int | None, open_posts: int | None,
    wait: float, until_done: bool, json_lines: bool, **options: Any,
) -> None:  # fmt: skip
    from weryai import bulk

    if database is None:
        raise click.UsageError(f"say where the jobs are: --database, or {DATABASE}")
    key = key_of()
    with bulk.PostgresLedger(database, make=False, wait=wait) as ledger:
        kept = bulk.limits_in_force(ledger)
        given: dict[str, Any] = {
            "rate": rate, "start_rate": start_rate, "in_flight": in_flight, "open_posts": open_posts,
        }  # fmt: skip
        limits = replace(kept, **{name: value for name, value in given.items() if value is not None})
        left = sum(many for state, many in bulk.status(database).counts.items() if state in _LEFT)
        end = "all is done" if until_done else "Ctrl-C"
        say(f"weryai: {counted(left, 'job')} to do in {shown(database)}, until {end}")
        work = partial(bulk.work, until_done=until_done)
        go_on(ledger, database, limits, None, work, key=key, is_plain=json_lines, **options)

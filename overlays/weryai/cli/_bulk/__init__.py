"""`weryai bulk`: the commands around many images, each loaded when it is named."""

from __future__ import annotations

from typing import ClassVar

import click

from .._words import Commands, examples


class _Commands(Commands):
    # In the order in which one needs them.
    homes: ClassVar = {
        "plan": ("_bulk.run", "Check every row, and say what a run would buy."),
        "run": ("_bulk.run", "Make the videos of MANIFEST, or go on with them."),
        "worker": ("_bulk.run", "Work on the jobs of a database beside other workers."),
        "status": ("_bulk.run", "Say how a run stands, also while it goes on."),
        "retry": ("_bulk.run", "Put jobs back that failed, or whose video is gone."),
        "resolve": ("_bulk.run", "Say what became of an ambiguous job, after you have looked."),
        "export": ("_bulk.run", "Write a table: a row for each job, with all that is known."),
        "report": ("_bulk.run", "Write one HTML page: videos, failures, times and spend."),
    }


EXAMPLES = examples(
    'weryai bulk plan photos/ -p "The sea begins to move"',
    'weryai bulk run photos/ -p "The sea begins to move" --budget 100',
    "weryai bulk status photos.ledger.db",
    "weryai bulk report photos.ledger.db --open",
)
EXIT_CODES = """
\b
Exit codes of run and worker:
  0    every job has its video
  1    jobs failed, or are unfinished; the last line says how to go on
  2    wrong option, manifest or folder, or the ledger is in use;
       nothing was sent
  3    jobs are ambiguous: they may have been billed, see `weryai bulk status`
  5    videos exist, but could not be fetched or stored; the same command
       goes on
  6    the service was not reached since the start; nothing was sent
  8    the service was away for longer than --outage; the same command goes on
  130  interrupted, 143 by SIGTERM, 129 by SIGHUP; the same command goes on
"""


@click.command(
    help="""
    A manifest is a CSV, JSON Lines or Parquet file with a column `image`, or a folder of images. What was submitted
    stands in a ledger beside it; start the same command again after a crash, and it goes on.
    """,
    cls=_Commands,
    name="bulk",
    epilog=f"{EXAMPLES}\n\n{EXIT_CODES}",
)
def bulk() -> None:
    pass

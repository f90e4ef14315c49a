"""`weryai bulk`: the commands around many images, each loaded when it is named."""

from __future__ import annotations

import importlib

import click

from .._help import copyable, examples

_HOMES = {
    "plan": "run",
    "run": "run",
    "worker": "worker",
    "status": "after",
    "retry": "after",
    "resolve": "after",
    "export": "after",
    "report": "after",
}


class _Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which one needs them."""
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in _HOMES:
            return None
        module = importlib.import_module(f"weryai.cli._bulk.{_HOMES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return copyable(command)


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
    help="""Animate many images, each paid for once.

    A manifest is a CSV, JSON Lines or Parquet file with a column `image`, or a folder of images. What was submitted
    stands in a ledger beside it; start the same command again after a crash, and it goes on.
    """,
    cls=_Lazy,
    name="bulk",
    epilog=f"{EXAMPLES}\n\n{EXIT_CODES}",
)
def bulk() -> None:
    pass

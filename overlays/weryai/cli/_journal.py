"""Which journal a command writes, and what is said of a place where none can be written."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import weryai

from ._connection import connect

if TYPE_CHECKING:
    from weryai import WeryAI

F = TypeVar("F", bound=Callable[..., Any])
PLACE = "The journal of paid orders. [env: WERYAI_JOURNAL; default: in your folder of user data]"

in_journal = click.option("--journal", type=click.Path(dir_okay=False), help=PLACE)


def paying(command: F) -> F:
    """Add what commands have that pay."""
    for option in reversed(
        (
            in_journal,
            click.option("--no-journal", is_flag=True, help="Write nothing down: a crash may lose what was paid for."),
            click.option("--force", is_flag=True, help="Order the same again, although it was ordered a moment ago."),
            click.option(
                "--window", type=click.FloatRange(0, 1e9), default=600.0, show_default=True,
                help="For how many seconds the same order is refused.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@contextlib.contextmanager
def paying_client(options: dict[str, Any]) -> Iterator[WeryAI]:
    """Make a client that writes down what it pays for; what `paying` has added is taken out of the options."""
    place, without, window = (options.pop(name) for name in ("journal", "no_journal", "window"))
    if without:
        with connect() as client:
            yield client
        return
    try:
        journal = weryai.Journal(place or default_place(), window=window)
    except weryai.JournalError as error:
        hint = "name another file with --journal or WERYAI_JOURNAL, or pay without one: --no-journal"
        raise weryai.JournalError(f"{error}. Nothing was sent; {hint}") from error
    with journal, connect(journal) as client:
        yield client


@contextlib.contextmanager
def noting_client(place: str | None) -> Iterator[WeryAI]:
    """Make a client for free work, which notes in the journal what became of orders, if there is a journal."""
    with contextlib.ExitStack() as stack:
        journal = None
        try:
            path = Path(place or default_place())
            journal = stack.enter_context(weryai.Journal(path)) if path.exists() else None
        except weryai.JournalError as error:
            click.echo(f"weryai: {error}; going on without", err=True)
        yield stack.enter_context(connect(journal))


def default_place(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """The journal of this user: WERYAI_JOURNAL, else in the folder where the system keeps a user's data."""
    if named := environment.get("WERYAI_JOURNAL"):
        return Path(named)
    try:
        home = home or Path.home()
    except RuntimeError as error:
        raise weryai.JournalError("nothing tells where this user's home is, which the journal lies in") from error
    if platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        # By the XDG rules a relative path there is to be ignored.
        folder = Path(environment.get("XDG_DATA_HOME", ""))
        folder = folder if folder.is_absolute() else home / ".local" / "share"
    return folder / "weryai" / "journal.db"

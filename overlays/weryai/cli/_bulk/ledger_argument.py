"""Where a ledger is: a file, or a database."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TypeAlias

import click

from .._files import FilePath
from .._output import say
from .._words import quote, remember

DATABASE = "WERYAI_DATABASE"
PUBLIC = "https://api.weryai.com"
Place: TypeAlias = Path | str
WARNING = f"weryai: a password in an argument is seen in the process list; prefer {DATABASE}, PGPASSWORD or ~/.pgpass"


def place_of(text: str) -> Place:
    """The path of a ledger, or the URL of its database."""
    from weryai import bulk

    if not bulk.is_database(text):
        return Path(os.path.expanduser(text))
    if text != os.environ.get(DATABASE) and shown(text) != text:
        say(WARNING)
    return text


def address_of(text: str) -> str:
    """The URL of a database; a path is refused."""
    place = place_of(text)
    if isinstance(place, Path):
        raise click.BadParameter("a database is postgresql://USER@HOST/DATABASE")
    return place


in_ledger = click.argument("ledger", type=place_of, envvar=DATABASE)
in_file = click.option("--ledger", type=FilePath(dir_okay=False, path_type=Path), help="[default: MANIFEST.ledger.db]")
database = click.option(
    "--database", type=address_of, envvar=DATABASE, show_envvar=True, metavar="URL",
    help="PostgreSQL that keeps the ledger, for many machines: postgresql://USER@HOST/DATABASE.",
)  # fmt: skip


def near(place: Path | str) -> str:
    """A place as one types it in the working folder; a database without its password."""
    if isinstance(place, str):
        return shown(place)
    with contextlib.suppress(ValueError, OSError):
        return str(place.resolve().relative_to(Path.cwd().resolve()))
    return str(place)


def word_of(place: Place) -> str:
    """A ledger as a command names it, in quotes where that is needed; a database with a password by its variable."""
    if isinstance(place, str) and place == os.environ.get(DATABASE):
        return f"%{DATABASE}%" if sys.platform == "win32" else f'"${DATABASE}"'
    return quote(near(place))


def going_on(place: Place) -> str:
    """The command that goes on with a ledger."""
    if isinstance(place, Path):
        return f"`weryai bulk run {word_of(place)}`"
    is_known = place == os.environ.get(DATABASE)
    return f"`weryai bulk worker --until-done{'' if is_known else f' --database {word_of(place)}'}`"


def remember_service(base_url: str | None) -> None:
    """Have the commands that are named go to the service of a ledger, where this shell would go to another."""
    if base_url and base_url.rstrip("/") != (os.environ.get("WERYAI_BASE_URL") or PUBLIC).rstrip("/"):
        remember("base_url", base_url)


def shown(place: Place) -> str:
    """A place without its password."""
    from weryai import bulk

    return bulk.name_of(place) if isinstance(place, str) else str(place)

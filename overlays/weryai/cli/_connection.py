"""What a command works with: the packages of its extra, the key, the journal and the client."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import weryai
from weryai.errors import before_sending

from ._files import FilePath
from ._help import together
from ._output import begin_work, is_interactive, say
from ._progress import Expected
from ._words import remember

if TYPE_CHECKING:
    from weryai import Journal, Order, WeryAI


WARNING = "weryai: an argument is seen in the process list and the shell history; prefer WERYAI_API_KEY"
FIRST_RUN = (
    "There is no API key: set WERYAI_API_KEY (keys are made at https://www.weryai.com/api/keys). Without an account, "
    "`weryai demo` makes a video on this machine and `weryai emulate` serves the whole API."
)


def connect(journal: Journal | None = None, *, needs_key: bool = True) -> WeryAI:
    """Make the client of this command; what sends nothing needs no key."""
    begin_work()
    key = key_of() if needs_key else given_key().strip() or "no-key"
    return weryai.WeryAI(key, base_url=of_all("base_url"), journal=journal)


def of_all(option: str) -> Any:
    """The value of an option that stands before the command."""
    return click.get_current_context().find_root().params.get(option)


def given_key() -> str:
    """The key as it was given, by the option or the environment; what the option shows to others is told."""
    if key := of_all("api_key"):
        say(WARNING)
    return str(key or os.environ.get("WERYAI_API_KEY", ""))


def key_of() -> str:
    """The key of this command, from the environment or a prompt."""
    begin_work()
    key = given_key().strip()
    if not key and is_interactive():
        key = click.prompt("WeryAI API key (WERYAI_API_KEY is not set)", hide_input=True, err=True)
    if not key:
        raise weryai.ConfigurationError(FIRST_RUN)
    return key


PLACE = "The journal of paid orders. [env: WERYAI_JOURNAL; default: in your folder of user data]"

in_journal = click.option(
    "--journal", type=FilePath(dir_okay=False), help=PLACE,
    callback=lambda _context, _option, place: remember("journal", place),
)  # fmt: skip


paying = together(
    in_journal,
    click.option("--no-journal", is_flag=True, help="Write nothing down: a crash may lose what was paid for."),
    click.option("--force", is_flag=True, help="Submit the same again, although it was just submitted."),
    click.option("--order-key", help="Your own name for the order, which is then placed once, for ever."),
    click.option(
        "--window", type=click.FloatRange(0, 1e9), metavar="SECONDS",
        help="How long the same submission is refused. [default: 600]",
    ),
)  # fmt: skip


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


_SERVER = {
    "starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart",
    "jsonschema_rs": "jsonschema-rs",
}  # fmt: skip
_BULK = {"click": "click", "rich": "rich", "PIL": "pillow"}
#: The packages of each extra, by the module that each has.
EXTRAS = {
    "cli": {"click": "click"},
    "emulator": {**_SERVER, "av": "av"},
    "testing": {"pytest": "pytest", **_SERVER},
    "contract": {"click": "click", "schemathesis": "schemathesis", "jinja2": "jinja2", **_SERVER},
    "bulk": _BULK,
    "parquet": {"pyarrow": "pyarrow"},
    "excel": {"openpyxl": "openpyxl"},
    "images": {"PIL": "pillow", "pillow_heif": "pillow-heif"},
    "bulk-postgres": {**_BULK, "procrastinate": "procrastinate", "psycopg": '"psycopg[binary]"'},
}


def missing(extra: str, *, without: str | None = None) -> list[str]:
    """The packages of an extra that are not installed, as one gives them to pip."""
    return [package for module, package in EXTRAS[extra].items() if module != without and find_spec(module) is None]


def require(command: str, extra: str, *, without: str | None = None) -> None:
    """Raise ImportError with every package that a command lacks."""
    if lacking := missing(extra, without=without):
        names = " ".join(lacking)
        raise ImportError(f"`weryai {command}` lacks packages: pip install {names} (the extra {extra} brings them)")

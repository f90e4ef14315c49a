"""What a command works with: files, packages of its extra, key, journal and client; and how the work goes."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

import weryai
from weryai.errors import before_sending

from ._output import begin_work, is_interactive, is_living, plain, say, say_living
from ._words import remember, together

if TYPE_CHECKING:
    from weryai import Journal, Order, Submission, Task, Upload, WeryAI

#: What the name of a video may end in.
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm")
overwriting = click.option("--overwrite", is_flag=True, help="Replace the file that --output names, if it is there.")


class FilePath(click.Path):
    """A path with the home for ~, which no shell has put in after `--output=` or `-o=`.

    An empty text, as of a variable that is not set, is refused: it is not the current folder.
    """

    def __init__(self, **options: Any) -> None:
        """Take what click.Path takes; what cannot be read is told by whoever reads it."""
        super().__init__(readable=False, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read an argument."""
        if not value:
            self.fail("it is empty: give a path", param, ctx)
        path = value.removeprefix("=") if value.startswith("=~") else value
        return super().convert(os.path.expanduser(path), param, ctx)


def is_folder(output: str) -> bool:
    """Whether an output names a folder, to be made if it is not there."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def check_output(output: str | None, *, overwrite: bool) -> Literal["replace", "rename"]:
    """Refuse a file that is there, before anything is sent; return what becomes of one that comes in between."""
    if output is None or is_folder(output):
        return "rename"
    check_suffix(output)
    if not overwrite and os.path.lexists(output):
        raise weryai.InvalidInputError(f"{output} is there already; --overwrite replaces it")
    return "replace" if overwrite else "rename"


def check_suffix(output: str) -> None:
    """Refuse a name that no program would take for a video's, before anything is sent; one without a suffix is fine."""
    suffix = re.search(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", output)
    if suffix is not None and suffix[0].lower() not in SUFFIXES:
        better = f"{output.removesuffix(suffix[0])}.mp4"
        raise weryai.InvalidInputError(f"{output} is no name of a video: what comes is an MP4, so say {better}")


opening = click.option("--open", "is_opened", is_flag=True, help="Show it when it is there, with your own program.")
# How long a program that fails at once may take for that, in seconds.
_PATIENCE = 1.0


@contextlib.contextmanager
def shown_at_the_end(*, is_opened: bool) -> Iterator[list[Path]]:
    """Show what was put into a list, whatever else went wrong: a video with its program, several by their folder."""
    paths: list[Path] = []
    try:
        yield paths
    except KeyboardInterrupt:
        paths.clear()
        raise
    finally:
        if is_opened and paths:
            folder = Path(os.path.commonpath([path.resolve().parent for path in paths]))
            look_at(paths[0] if len(paths) == 1 else folder)


def look_at(path: Path) -> None:
    """Open a file; that it cannot be opened is only said, for the file is there."""
    if reason := _opened(path.resolve()):
        say(f"weryai: {path} cannot be opened here: {reason}")


def _opened(path: Path) -> str | None:
    """Open a file, or return what is in the way."""
    if sys.platform == "win32":
        try:
            os.startfile(path)
        except OSError as error:
            return error.strerror or str(error)
        return None
    if sys.platform != "darwin" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no screen"
    import subprocess

    program = "open" if sys.platform == "darwin" else "xdg-open"
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [program, str(path)], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except OSError as error:
        return f"{program}: {error.strerror}"
    with contextlib.suppress(subprocess.TimeoutExpired):
        if code := process.wait(_PATIENCE):
            return f"{program} ended with {code}"
    return None


waiting = click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")


class Expected(NamedTuple):
    """How many seconds tasks like this one took before, and how long ago it was submitted."""

    usual: tuple[float, ...]
    age: float = 0.0


class Progress:
    """Says on standard error how the work goes: a line per step, and on a terminal a living line below them."""

    def __init__(self, state: str = "submitting", *, usual: Sequence[float] = ()) -> None:
        """Start in this state; `usual` is how many seconds such a video took before."""
        self._is_living = is_living()
        self._state = state
        self._usual = tuple(usual)
        self._started = monotonic()
        # When each task that goes on will have ended, if it takes as long as usual.
        self._due: dict[str, float | None] = {}
        self._many = self._stored = 0
        self._stop = Event()
        self._ticker = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        if self._is_living:
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._is_living:
            self._ticker.join()
            say_living("")

    def uploaded(self, upload: Upload) -> None:
        """Say that a local image has arrived."""
        self._say(f"uploaded {os.path.basename(upload.name)}, {size(upload.size)}")
        self._state = "submitting"

    def submitted(self, submission: Submission) -> None:
        """Print the task id the moment it is known, and how long such a video usually takes."""
        self._say(f"submitted, task {submission.task_ids[0]}")
        self.awaits({submission.task_ids[0]: Expected(self._usual)})

    def awaits(self, tasks: Mapping[str, Expected | None]) -> None:
        """Begin to wait for tasks, and say how long such videos usually take, as far as it is known of them."""
        now = monotonic()
        self._state, self._many = "waiting", len(tasks)
        self._due = {
            task_id: now + _median(one.usual) - one.age if one and one.usual else None for task_id, one in tasks.items()
        }
        known = [one for one in tasks.values() if one and one.usual]
        if not known:
            return
        if self._many > 1:
            self._say(f"waiting for {self._many} tasks; usually {_range([_median(one.usual) for one in known])}")
            return
        count = f"the last {len(known[0].usual)}" if len(known[0].usual) > 1 else "the last one"
        ago = f"; submitted {span(known[0].age)} ago" if known[0].age >= 1 else ""
        self._say(f"waiting; usually {span(_median(known[0].usual))}, by {count} of this model{ago}")

    def updated(self, task: Task) -> None:
        """Say a state of the task that is new; of several only the living line tells."""
        if task.ended:
            self._due.pop(task.id, None)
        if self._many > 1:
            return
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            self._say(state)
        self._state = state

    def stored(self, path: Path) -> None:
        """Say that a video is on the disk."""
        self._stored += 1
        which = f" {path.name}" if self._many > 1 else ""
        count = f", {self._stored} of {self._many}" if self._many > 1 else ""
        self._say(f"stored{which}, {size(path.stat().st_size)}{count}")

    def _say(self, text: str) -> None:
        say(f"{monotonic() - self._started:6.1f} s  {text}")

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if "utf" in (sys.stderr.encoding or "").lower() else "|/-\\"
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            say_living(f"{frames[count % len(frames)]} {plain(self._state)} {self._told()}")

    def _told(self) -> str:
        """How long it has taken, and how long it will."""
        gone = monotonic() - self._started
        due = dict(self._due)
        many = f"for {len(due)} of {self._many} tasks, " if self._many > 1 and due else ""
        # One of which nothing is known may be the last.
        if not due or None in due.values():
            return f"{many}{span(gone)}"
        left = max(one for one in due.values() if one is not None) - monotonic()
        return f"{many}{span(gone)}, " + (f"about {span(left)} left" if left > 0 else "longer than usual")


def size(count: int) -> str:
    """A number of bytes in words."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def span(seconds: float) -> str:
    """A time in words."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _range(seconds: Sequence[float]) -> str:
    """The shortest and the longest of some times, in words."""
    least, most = span(min(seconds)), span(max(seconds))
    return least if least == most else f"{least} to {most}"


def _median(seconds: Sequence[float]) -> float:
    import statistics

    return statistics.median(seconds)


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

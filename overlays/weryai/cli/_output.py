"""The one place that writes: results on standard output, everything else on standard error.

What is said never decides what is done. A stream that cannot be written (a dead pipe, a full disk, a closed
descriptor, a terminal that has hung up) is given up without an exception; a letter that it cannot spell becomes a
backslash escape, and JSON becomes ASCII. Nothing that the service says reaches a terminal as a control sequence.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast
from unicodedata import combining, east_asian_width

import click

from ._words import completed, laid_out

if TYPE_CHECKING:
    from weryai import Submission, Task

as_json = click.option("--json", "json_lines", is_flag=True, help="One JSON object per line on standard output.")

# Control characters (C0, DEL, C1), line separators, and what turns the direction of writing.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")
# What `head` leaves behind in a shell: 128 and the number of SIGPIPE.
_DEAD_PIPE = 141


class OutputLostError(Exception):
    """What a command was asked to show could not be written."""

    def __init__(self, reason: OSError | ValueError) -> None:
        super().__init__(f"standard output cannot be written: {getattr(reason, 'strerror', None) or reason}")
        self.is_dead_pipe = isinstance(reason, BrokenPipeError)
        self.code = _DEAD_PIPE if self.is_dead_pipe else 1


class _Stream:
    """A standard stream that raises nothing: the first failure is remembered in `lost`."""

    def __init__(self, stream: TextIO | None, errors: str) -> None:
        self.lost: OSError | ValueError | None = None
        self._is_closed = stream is None
        self._stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed by release
        self._errors = getattr(self._stream, "errors", None)
        self._reconfigure(errors)

    def write(self, text: str) -> int:
        if self._is_closed:
            self.lost = self.lost or OSError(errno.EBADF, os.strerror(errno.EBADF))
        with self._unfailing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._unfailing():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def release(self) -> None:
        """Leave the stream as it was, and nothing in it that Python would fail to write when it ends."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
        self._reconfigure(self._errors)
        if self._is_closed:
            self._stream.close()

    def _reconfigure(self, errors: str | None) -> None:
        if errors and isinstance(self._stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):
                self._stream.reconfigure(errors=errors)

    @contextlib.contextmanager
    def _unfailing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            self.lost = self.lost or error


def _spelled(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell one letter that the encoding lacks; a byte of a file's name that is no UTF-8 stays that byte."""
    assert isinstance(error, UnicodeEncodeError)
    letter = error.object[error.start]
    if "\udc80" <= letter <= "\udcff":
        return bytes([ord(letter) - 0xDC00]), error.start + 1
    return letter.encode("ascii", "backslashreplace").decode(), error.start + 1


codecs.register_error("weryai.spelled", _spelled)


@contextlib.contextmanager
def unfailing() -> Iterator[None]:
    """Let nothing that is written to standard output and standard error in this block raise an exception."""
    global _is_working
    _is_working = False
    if os.name == "posix":
        _fill_descriptors()
    before = sys.stdout, sys.stderr
    # To a program a file's name is given byte for byte.
    out = _Stream(sys.stdout, "backslashreplace" if _is_terminal(sys.stdout) else "weryai.spelled")
    err = _Stream(sys.stderr, "backslashreplace")
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        out.release()
        err.release()


def _fill_descriptors() -> None:
    """Open what was closed, so that no file of the work takes the number of a standard stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken.
            os.open(os.devnull, os.O_RDWR)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def is_interactive() -> bool:
    """Whether a person can be asked: standard input and standard error are terminals."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def columns_of(stream: TextIO) -> int | None:
    """How many columns the terminal has that a stream goes to; None where it goes to no terminal."""
    if not _is_terminal(stream):
        return None
    if (told := os.environ.get("COLUMNS", "")).isdecimal() and int(told) > 0:
        return int(told)
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return 80


def is_living() -> bool:
    """Whether standard error is a terminal that can write a line anew, and no log of a CI."""
    is_log = os.environ.get("TERM") == "dumb" or os.environ.get("CI", "").lower() not in ("", "0", "false")
    return _is_terminal(sys.stderr) and not is_log


class Showing(click.Command):
    """A command that only shows something: it has failed when that could not be written."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and look whether its words have arrived."""
        result = super().invoke(ctx)
        check_shown()
        return result


def check_help_shown() -> None:
    """As `check_shown`, where a command has ended before it began, as it does after --help."""
    if not _is_working:
        check_shown()


def check_shown() -> None:
    """Raise OutputLostError if something that was meant for standard output got lost."""
    sys.stdout.flush()
    if lost := getattr(sys.stdout, "lost", None):
        raise OutputLostError(lost)


@contextlib.contextmanager
def output_bytes() -> Iterator[BinaryIO]:
    """Standard output for bytes; raises OutputLostError where they cannot be written."""
    out = cast(_Stream, sys.stdout)
    # To one that is closed nothing is written.
    out.write("")
    check_shown()
    try:
        yield out.buffer
    finally:
        check_shown()


def plain(text: object) -> str:
    """A text of somebody else's as one line that a terminal cannot misunderstand: controls are backslash escapes."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], str(text))


def put(json_lines: bool, text: object, **fields: Any) -> None:
    """Print a result: the text, or the fields. A path is printed byte for byte where no terminal shows it."""
    if json_lines:
        line = _json_line(fields)
    elif isinstance(text, os.PathLike) and not _is_terminal(sys.stdout):
        line = str(text)
    else:
        line = plain(text)
    global _living
    with _pen:
        # Both streams may be the same terminal; whoever shows the living line writes it anew below.
        if _living:
            sys.stderr.write(_erased())
            sys.stderr.flush()
            _living = ""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def put_words(line: str) -> None:
    """Print a line of prose, which a terminal gets broken between words."""
    for part in laid_out(completed(plain(line)), columns_of(sys.stdout)):
        put(False, part)


def cut(line: str, columns: int | None) -> str:
    """A line that is no wider than a terminal of so many columns, by how wide its letters are there."""
    if columns is None or _width(line) <= columns:
        return line
    while _width(line) >= columns:
        line = line[:-1]
    return f"{line}…"


def _width(line: str) -> int:
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in line)


def _json_line(fields: dict[str, Any]) -> str:
    # The help needs none.
    import json

    line = json.dumps(fields, ensure_ascii=False, default=str)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(fields, default=str)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def put_submission(submission: Submission) -> None:
    """Print what was paid for, the moment it is known."""
    put(True, "", event="submitted", task_ids=submission.task_ids, batch_id=submission.batch_id)


def put_task(task: Task) -> None:
    """Print the state of a task."""
    put(True, "", event="state", **task_fields(task))


def task_fields(task: Task) -> dict[str, Any]:
    """What a program wants to know of a task."""
    videos = [link.url for link in task.videos]
    return {"task_id": task.id, "state": task.state.value, "videos": videos, "reason": task.reason}


# Whether the command has begun what it is there for, beyond showing something.
_is_working = False


def begin_work() -> None:
    """From now on the exit code tells what became of the work, whatever becomes of the words."""
    global _is_working
    _is_working = True


# The line that stands at the bottom of the terminal and is written anew.
_living = ""
_pen = Lock()


def _erased() -> str:
    """What wipes the living line off its terminal."""
    return f"\r{' ' * len(_living)}\r"


def say(*lines: object) -> None:
    """Write lines to standard error, above the living one; a terminal gets them broken between words."""
    global _living
    columns = columns_of(sys.stderr)
    shown = [part for line in lines for part in laid_out(completed(plain(line)), columns)]
    with _pen:
        above = _erased() if _living else ""
        _living = ""
        sys.stderr.write(above + "".join(f"{line}\n" for line in shown))
        sys.stderr.flush()


def say_living(line: str) -> None:
    """Write the living line of a terminal anew; an empty one ends it."""
    global _living
    # A line that wraps cannot be written anew.
    line = line[: (columns_of(sys.stderr) or 80) - 1]
    with _pen:
        if line or _living:
            sys.stderr.write(f"\r{line.ljust(len(_living))}" if line else _erased())
        _living = line
        sys.stderr.flush()

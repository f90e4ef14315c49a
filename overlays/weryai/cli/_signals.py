"""SIGTERM, SIGHUP and CTRL_BREAK are as gentle as Ctrl-C: `docker stop`, a dropped connection, a closed window."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

NOTHING_SUBMITTED = "Nothing was submitted; nothing was paid."
_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
# The first of these signals that came while a command ran.
_caught: int | None = None


@contextmanager
def gentle() -> Iterator[None]:
    """Turn the first signal that would end the process into KeyboardInterrupt; a repeated one changes nothing.

    A signal that was ignored at the start stays so, as `nohup` wants it, and a handler of somebody else's stays, too.
    """
    global _caught
    _caught = None

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if _caught is None:
            _catch(number)
            raise KeyboardInterrupt

    with _handling(_NAMES, interrupt):
        yield


@contextmanager
def passed_on() -> Iterator[None]:
    """Let work that handles SIGINT and SIGTERM by itself do so; a hangup or CTRL_BREAK reaches it as a SIGTERM."""

    def terminate(number: int, _frame: FrameType | None) -> None:
        if _caught is None:
            _catch(number)
            signal.raise_signal(signal.SIGTERM)

    with _handling(_NAMES[:1], signal.SIG_DFL), _handling(_NAMES[1:], terminate):
        yield


@contextmanager
def before_paying() -> Iterator[Callable[[], None]]:
    """Note on an interruption that nothing was paid, until what is given is called: from then on the library knows."""
    has_begun = threading.Event()
    try:
        yield has_begun.set
    except (KeyboardInterrupt, click.Abort) as error:
        if not has_begun.is_set():
            error.add_note(NOTHING_SUBMITTED)
        raise


def exit_code(default: int = 130) -> int:
    """The exit code of a command that was interrupted: 143 by SIGTERM, 129 by SIGHUP, else that of Ctrl-C."""
    is_named = _caught in (signal.SIGTERM, getattr(signal, "SIGHUP", None))
    return default if _caught is None or not is_named else 128 + _caught


def _catch(number: int) -> None:
    global _caught
    _caught = number


@contextmanager
def _handling(names: tuple[str, ...], handler: Any) -> Iterator[None]:
    """Handle those signals that nobody but this module handles, and put back what was there."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            found = signal.getsignal(number)
            if found is signal.SIG_DFL or getattr(found, "__module__", None) == __name__:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)

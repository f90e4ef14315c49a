"""Run `python -m weryai` as a user does: a process of its own, with what it printed and how it ended."""

import contextlib
import io
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def last_line(self) -> str:
        """The last line of standard output."""
        return self.output.rstrip("\n").rpartition("\n")[2]

    @property
    def error_lines(self) -> list[str]:
        """The lines of standard error that say something."""
        return [line for line in self.errors.splitlines() if line.strip()]


def environment(base_url: str | None, key: str | None) -> dict[str, str]:
    """Return the inherited environment with this address and key in place of the planted ones."""
    chosen = {**os.environ, "WERYAI_API_KEY": key or "", "WERYAI_BASE_URL": base_url or ""}
    # A port may be used again while an order at it is still remembered, so each command has a journal of its own.
    chosen["WERYAI_JOURNAL"] = f"{os.environ['WERYAI_JOURNAL']}-{next(_NUMBERS)}"
    return {name: value for name, value in chosen.items() if value}


def start_weryai(*arguments: str, base_url: str | None, key: str | None, folder: Path) -> subprocess.Popen[str]:
    """Start one command in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "weryai", *arguments],
        env=environment(base_url, key),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_of(process: subprocess.Popen[str], interrupt_when: Callable[[], object] | None = None) -> Ended:
    """Wait for a command; with `interrupt_when` send Ctrl-C a moment after that has returned."""
    with process:
        try:
            if interrupt_when is not None:
                interrupt_when()
                # Python sees a signal too late that comes just before a call blocks: let it get into the call.
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    return Ended(process.returncode, output, errors)


def weryai_command(
    *arguments: str,
    base_url: str | None,
    key: str | None,
    folder: Path,
    interrupt_when: Callable[[], object] | None = None,
) -> Ended:
    """Run one command in a folder to its end."""
    return end_of(start_weryai(*arguments, base_url=base_url, key=key, folder=folder), interrupt_when)


def weryai_here(*arguments: str, base_url: str | None, key: str | None, folder: Path) -> Ended:
    """Run one command as `weryai_command` does, but in this process: for what a process of its own tells nothing of."""
    from weryai._journal.recording import MEMORY
    from weryai.cli import run

    said, told = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        chosen = environment(base_url, key)
        for name in [name for name in os.environ if name not in chosen]:
            patched.delenv(name)
        for name, value in chosen.items():
            patched.setenv(name, value)
        patched.setattr(sys, "stdin", io.StringIO())
        MEMORY.forget()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
            code = run(arguments)
    return Ended(code, said.getvalue(), told.getvalue())

"""The living view of a run, on a terminal that a test holds the other end of."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from fakes.bulks import AT_ONCE, manifest
from fakes.commands import environment
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai.cli._bulk.view import Living
from weryai.emulator import Emulator

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are not those of Windows"),
]


def test_a_terminal_sees_how_the_run_goes(tmp_path: Path) -> None:
    """States, rate, spending and failures are drawn; the end is told in words; nothing is JSON."""
    manifest(tmp_path / "jobs.csv", range(12))
    with Emulator(video="fixed", waiting=0.3, processing=0.3, key=JOURNEY_KEY) as emulator:
        emulator.order("fail-copyright", 2)
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "weryai", "bulk", "run", "jobs.csv", "--interval", "0.1", "--budget", "50"]
        command += AT_ONCE
        surroundings = {**environment(emulator.url, JOURNEY_KEY), "TERM": "xterm-256color", "COLUMNS": "110"}
        with subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            screen = everything_of(ours)
            assert process.wait(20) == 1, screen
    for words in ("10 done", "2 failed", "0 ambiguous", "in flight", "tasks paid for of at most 50", "2 x task failed"):
        assert words in screen
    assert "job-0: Copyright restrictions" in screen
    assert "10 done, 2 failed; 12 tasks paid for" in screen and '{"event"' not in screen


def everything_of(terminal: int) -> str:
    """Read until the other side has gone, which Linux calls an error; colours and movements are left out."""
    screen = b""
    try:
        while piece := os.read(terminal, 65536):
            screen += piece
    except OSError:
        pass
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.decode(errors="replace"))


def test_no_escape_of_the_service_is_drawn(tmp_path: Path) -> None:
    """A reason in the service's words shows its control characters as escapes; the terminal obeys none."""
    view = Living(tmp_path / "run.db", tmp_path, bulk.Limits(), None)
    view.happened(bulk.Event("failed", key="k", reason="\x1b]0;owned\x07 \x9b2J", kind="\x1b[31m no"))
    told = io.StringIO()
    Console(file=told, force_terminal=True, width=100, color_system=None).print(view._drawn())
    assert "owned" in told.getvalue() and not set("\x07\x9b") & set(told.getvalue())
    assert "\x1b]0" not in told.getvalue() and "\x1b[31m no" not in told.getvalue()


def test_the_time_left_is_that_of_all_workers(tmp_path: Path) -> None:
    """Pace and time left are those that the ledger tells of all workers, also where this one has ended nothing."""
    throttle = SimpleNamespace(in_flight=0, pace=SimpleNamespace(rate=5.0))
    counts = {"queued": 90, "done": 10}
    run: Any = SimpleNamespace(
        counted=lambda: (counts, 10), pace=lambda: 0.5, is_shared=True, throttle=throttle, paused=None
    )
    view = Living(tmp_path / "run.db", tmp_path, bulk.Limits(), None)
    view.watch(run)
    view._counted -= 2
    told = io.StringIO()
    Console(file=told, width=100, color_system=None).print(view._drawn())
    assert "0.5 jobs/s, about 3 min left" in told.getvalue()


def test_what_waits_for_its_turn_is_not_in_flight(tmp_path: Path) -> None:
    """In flight is what is paid for or being sent, in one line of 80 columns; who waits for a turn is queued."""
    throttle = SimpleNamespace(in_flight=6, pace=SimpleNamespace(rate=1 / 3))
    counts = {"queued": 4, "submitting": 1, "submitted": 1}
    run: Any = SimpleNamespace(
        counted=lambda: (counts, 1), pace=lambda: None, is_shared=False, throttle=throttle, paused=None
    )
    view = Living(tmp_path / "run.db", tmp_path, bulk.Limits(), None)
    view.watch(run)
    told = io.StringIO()
    Console(file=told, width=80, color_system=None).print(view._drawn())
    assert "2 in flight, one per 3 s at most" in told.getvalue()

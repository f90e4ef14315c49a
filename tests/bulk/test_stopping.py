"""Ctrl-C, SIGTERM and a second one: what is open ends, nothing is ambiguous, and the next start goes on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.bulks import manifest, states
from fakes.commands import end_of, start_weryai, weryai_command
from fakes.surroundings import JOURNEY_KEY
from weryai.emulator import Emulator

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="signals are not those of Windows"),
]
RUN = ("bulk", "run", "jobs.csv", "--ledger", "run.db", "--interval", "0.05", "--rate", "20", "--start-rate", "20")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose answers to orders come late, so that some are open at any time."""
    with Emulator(
        video="fixed", waiting=0.1, processing=0.1, slow=0.4, concurrency=None, balance=10_000, key=JOURNEY_KEY
    ) as running:
        running.order("slow", 1000, at="submit")
        yield running


def until(emulator: Emulator, many: int) -> None:
    """Come back when so many orders have arrived."""
    give_up = time.monotonic() + 20
    while sum(row.posts for row in emulator.ledger) < many:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    time.sleep(0.1)


def started(emulator: Emulator, folder: Path) -> subprocess.Popen[str]:
    """Start the run."""
    return start_weryai(*RUN, base_url=emulator.url, key=JOURNEY_KEY, folder=folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_signal_leaves_nothing_ambiguous(
    emulator: Emulator, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Open orders get their answer, no new ones are sent, the code names it, and the next start does the rest."""
    manifest(tmp_path / "jobs.csv", range(40))
    process = started(emulator, tmp_path)
    until(emulator, 8)
    process.send_signal(number)
    ended = end_of(process)
    assert ended.code == code and "Traceback" not in ended.errors, ended.errors
    assert "the same command goes on" in ended.errors
    found = states(tmp_path / "run.db")
    assert found["ambiguous"] == found["submitting"] == 0 and found["queued"] > 0
    assert json.loads(ended.last_line)["stopped"] == "interrupted"
    ended = weryai_command(*RUN, base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)
    assert ended.code == 0, ended.errors
    assert [row.orders for row in emulator.ledger] == [1] * 40


def test_a_reader_that_goes_away_ends_no_run(emulator: Emulator, tmp_path: Path) -> None:
    """`weryai bulk run ... | head -1`: the run goes on to its end, each video is there, and the code says so."""
    manifest(tmp_path / "jobs.csv", range(20))
    process = started(emulator, tmp_path)
    assert process.stdout and process.stderr
    assert '"submitted"' in process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) == 0 and "Traceback" not in errors, errors
    assert states(tmp_path / "run.db") == {"done": 20}
    assert [row.orders for row in emulator.ledger] == [1] * 20


def test_a_hangup_is_as_gentle_as_ctrl_c(emulator: Emulator, tmp_path: Path) -> None:
    """SIGHUP lets open orders end: none is ambiguous, the code is 129, and the same command does the rest."""
    manifest(tmp_path / "jobs.csv", range(40))
    process = started(emulator, tmp_path)
    until(emulator, 8)
    process.send_signal(signal.SIGHUP)
    ended = end_of(process)
    assert ended.code == 129 and "Traceback" not in ended.errors, ended.errors
    found = states(tmp_path / "run.db")
    assert found["ambiguous"] == found["submitting"] == 0 and found["queued"] > 0


def test_a_second_signal_is_safe(emulator: Emulator, tmp_path: Path) -> None:
    """Two in a row: what has no answer yet may be ambiguous, but is never sent again, and nothing else is lost."""
    manifest(tmp_path / "jobs.csv", range(40))
    process = started(emulator, tmp_path)
    until(emulator, 8)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ended = end_of(process)
    assert ended.code == 130 and "Traceback" not in ended.errors, ended.errors
    assert states(tmp_path / "run.db")["submitting"] == 0
    ended = weryai_command(*RUN, base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)
    found = states(tmp_path / "run.db")
    assert found["done"] + found["ambiguous"] == 40
    assert max(row.orders for row in emulator.ledger) == 1
    assert ended.code == (3 if found["ambiguous"] else 0)

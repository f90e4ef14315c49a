"""A bulk run that is killed at one exact point, and started again: nothing is paid twice, nothing is lost."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.bulks import filled, go, manifest, rows, states
from fakes.commands import environment
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai.emulator import Emulator

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9 on Windows"),
]

MANY, VICTIM = 6, 3
# `before` strikes at the call for the victim, `after` when it has come to its end, `committed` when it is on the disk.
_DEATH = """
import os, signal, sys
from weryai._media import download
from weryai._transport.awaiting import Awaiting
from weryai.bulk._ledger import transitions
from weryai.bulk._ledger.ledger import Ledger

calls = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def third():
    global calls
    calls += 1
    return calls == {victim}

def before(place, name, only=lambda *_: True):
    original = getattr(place, name)
    setattr(place, name, lambda *a, **k: die() if only(*a) and third() else original(*a, **k))

def after(place, name, only=lambda *_: True):
    original = getattr(place, name)
    async def called(*a, **k):
        result = await original(*a, **k)
        return die() if only(*a) and third() else result
    setattr(place, name, called)

def committed(name):
    # The step is made in a transaction with others, so death comes when the future of its commit is done.
    original, step = Ledger.write, getattr(transitions, name)
    struck = []
    def noted(db, *a, **k):
        if third():
            struck.append(True)
        return step(db, *a, **k)
    setattr(transitions, name, noted)
    def write(self, change):
        future = original(self, change)
        future.add_done_callback(lambda _: struck and die())
        return future
    Ledger.write = write

def paid(_self, effect, *_):
    return effect.paid

def look(_self, effect, *_):
    return "/status" in effect.name

{point}
from weryai.cli import run
sys.exit(run(["bulk", "run", "jobs.csv", "--ledger", "run.db", "--interval", "0.02", "--rate", "1000",
              "--start-rate", "1000",
              "--in-flight", "1", "-o", "videos"]))
"""
POINTS = {
    "before the intent": 'before(transitions, "begin")',
    "intent on disk, nothing sent": 'before(Awaiting, "_send", paid)',
    "answer received, id not on disk": 'after(Awaiting, "_send", paid)',
    "before the id is written": 'before(transitions, "end")',
    "id on disk": 'committed("end")',
    "waiting": 'after(Awaiting, "_send", look)',
    "before the download": 'before(Awaiting, "_fetch")',
    "name claimed, no video": 'before(download.Target, "take_name")',
    "video on disk, not noted": 'before(transitions, "finish")',
    "done": 'committed("finish")',
}
# While a video is fetched the next job may be inside its POST; behind the last there is none.
LATE = ("before the download", "name claimed, no video", "video on disk, not noted", "done")
#: Only inside a POST may a job be ambiguous; whether it was billed is told.
AMBIGUOUS = {
    "intent on disk, nothing sent": False,
    "answer received, id not on disk": True,
    "before the id is written": True,
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator in this process, which nobody kills."""
    with Emulator(video="fixed", waiting=0.02, processing=0.02, key=JOURNEY_KEY) as running:
        yield running


@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_paid_twice_and_nothing_is_lost(emulator: Emulator, tmp_path: Path, point: str) -> None:
    """Killed at the point and started again, every job is billed once and has its video, but one inside a POST."""
    manifest(tmp_path / "jobs.csv", range(MANY))
    program = _DEATH.format(victim=MANY if point in LATE else VICTIM, point=POINTS[point])
    dead = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(emulator.url, JOURNEY_KEY), capture_output=True
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr.decode()
    assert states(tmp_path / "run.db")["done"] < MANY or point == "done"

    with bulk.Ledger(tmp_path / "run.db") as ledger:
        assert ledger.left_open == (point in AMBIGUOUS)
        outcome = go(ledger, emulator.url, tmp_path)
    expected = {"done": MANY - 1, "ambiguous": 1} if point in AMBIGUOUS else {"done": MANY}
    assert states(tmp_path / "run.db") == expected
    billed = MANY - 1 + AMBIGUOUS.get(point, True)
    assert [row.orders for row in emulator.ledger] == [1] * billed
    assert outcome.submits == MANY
    paths = [Path(path) for path in rows(tmp_path / "run.db", "path") if path]
    assert sorted(paths) == sorted(tmp_path.glob("videos/*.mp4"))


def test_without_the_ledger_the_judge_finds_doubles(emulator: Emulator, tmp_path: Path) -> None:
    """The same jobs with a new ledger are paid for twice, and the emulator's ledger says so: the judge can say no."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with filled(tmp_path / name, 2) as ledger:
            go(ledger, emulator.url, tmp_path / name)
    assert [row.is_double for row in emulator.ledger] == [True, True]

"""Killed at any point, an order is never paid for twice, and its video is never lost."""

import json
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import SUBMIT
from fakes.crashing import POINTS, start
from fakes.cutting_proxy import CuttingProxy
from fakes.pictures import png
from weryai.cli import run
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
GENERATE = ["generate", "photo.png", "-p", "wave", "-o", "wave.mp4"]
# What the emulator was asked for, and what is left in the journal, when the process was killed there.
NOTHING, UNKNOWN, PAID, OVER = "no order", "ambiguous", "submitted", "done"
LEFT = {
    "before the intent": (0, NOTHING),
    "intent on disk, nothing sent": (0, UNKNOWN),
    "answer received, id not on disk": (1, UNKNOWN),
    "id on disk": (1, PAID),
    "waiting": (1, PAID),
    "downloading": (1, PAID),
    "video on disk, not noted": (1, PAID),
    "done": (1, OVER),
}
CASES = [(point, "Blocking") for point in LEFT] + [
    (point, "Awaiting") for point in LEFT if point not in ("before the intent", "waiting", "downloading", "done")
]


class Scene:
    """A folder with a picture and a journal, and an emulator that counts what was ordered."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator, self.folder, self.journal = emulator, folder, folder / "journal.db"
        self._before = self._posts()

    def _posts(self) -> int:
        return sum(one.method == "POST" and one.path == SUBMIT for one in self.emulator.requests)

    @property
    def ordered(self) -> int:
        """How many orders have reached the emulator."""
        return self._posts() - self._before

    @property
    def states(self) -> list[str]:
        """The states of the journal's rows, read as any tool would."""
        with closing(sqlite3.connect(self.journal)) as db:
            return [row[0] for row in db.execute("select state from orders order by id")]


@pytest.fixture
def scene(serving: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Stand in that folder, with the journal in the environment."""
    (tmp_path / "photo.png").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    made = Scene(serving, tmp_path)
    for name, value in (("API_KEY", serving.key), ("BASE_URL", serving.url), ("JOURNAL", str(made.journal))):
        monkeypatch.setenv(f"WERYAI_{name}", value)
    return made


def killed(scene: Scene, point: str, runner: str, base_url: str | None = None) -> None:
    """Run the program until it is killed."""
    url = base_url or scene.emulator.url
    with start(
        point, runner, base_url=url, key=scene.emulator.key, folder=scene.folder, journal=scene.journal
    ) as child:
        told = child.communicate(timeout=60)[1]
    assert child.returncode == -signal.SIGKILL, told.decode()


def orders(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What `weryai orders --all --json` tells."""
    capsys.readouterr()
    assert run(["orders", "--all", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("point", "runner"), CASES)
def test_resume_pays_nothing_and_loses_nothing(
    scene: Scene, capsys: pytest.CaptureFixture[str], point: str, runner: str
) -> None:
    """After kill -9, "up, enter" and `weryai resume` order nothing that was ordered; what was paid for is fetched."""
    ordered, left = LEFT[point]
    killed(scene, point, runner)
    assert scene.ordered == ordered
    if left is NOTHING:
        assert run(GENERATE) == 0
        assert (scene.ordered, scene.states) == (1, ["done"])
        return
    assert run(GENERATE) == 2
    told = capsys.readouterr()
    # What is there already is found before the image is uploaded.
    nothing = "submitted" if "uploaded" in told.err else "sent"
    assert f"Nothing was {nothing}" in told.err and ("`weryai resolve 1 adopt TASK_ID` or abandon" in told.err) == (
        left is UNKNOWN
    )
    assert run(["resume"]) == (3 if left is UNKNOWN else 0)
    told = capsys.readouterr()
    assert scene.ordered == ordered
    if left is UNKNOWN:
        assert "order 1" in told.err and "`weryai resolve 1 adopt TASK_ID`" in told.err
        assert scene.states == ["ambiguous"]
        return
    assert (scene.folder / "wave.mp4").read_bytes()[4:8] == b"ftyp"
    assert scene.states == ["done"]
    assert told.out.strip() == ("" if left is OVER else str(scene.folder / "wave.mp4"))


def test_every_point_is_tried() -> None:
    """The rules above are about every point at which a program can be killed."""
    assert set(LEFT) == set(POINTS) - {""}


def test_killed_between_the_post_and_its_answer(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the service has accepted and no byte of the answer has come: ambiguous, until the task is adopted."""
    history: list[bytes] = []

    def strike(answer: bytes) -> None:
        history.append(answer)
        child.kill()

    port = int(scene.emulator.url.rpartition(":")[2])
    with CuttingProxy(port, SUBMIT, cuts=[-1_000_000], answered=strike) as proxy:
        child = start(
            "", "Blocking", base_url=proxy.url, key=scene.emulator.key, folder=scene.folder, journal=scene.journal
        )
        with child:
            child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL
        monkeypatch.setenv("WERYAI_BASE_URL", proxy.url)
        assert run(GENERATE) == 2
        assert run(["resume"]) == 3
        assert (scene.ordered, scene.states) == (1, ["ambiguous"])
        task_id = re.findall(rb"task_[0-9a-f]+", history[0])[0].decode()
        assert run(["resolve", "1", "adopt", "task_of_nobody"]) == 1
        assert scene.states == ["ambiguous"]
        assert run(["resolve", "1", "adopt", task_id]) == 0
        assert run(["resume"]) == 0
    assert (scene.ordered, scene.states) == (1, ["done"])
    assert (scene.folder / "wave.mp4").is_file()


def test_what_was_never_sent_is_sent_on_demand(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """An ambiguous order is sent once more only by `resolve ... resubmit`, in its row, and resumed like any other."""
    killed(scene, "intent on disk, nothing sent", "Blocking")
    assert run(["resume"]) == 3
    assert run(["resolve", "1", "resubmit"]) == 0
    assert (scene.ordered, scene.states) == (1, ["submitted"])
    assert run(["resolve", "1", "resubmit"]) == 2
    assert scene.ordered == 1
    assert run(["resume", "--all"]) == 0
    assert scene.states == ["done"]
    with closing(sqlite3.connect(scene.journal)) as db:
        assert db.execute("select submits from orders").fetchone() == (2,)


def test_what_nobody_wants_is_given_up(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """After `resolve ... abandon` nothing is left to be told, and the same may be ordered again."""
    killed(scene, "answer received, id not on disk", "Blocking")
    assert run(["resolve", "1", "abandon"]) == 0
    assert run(["resume"]) == 0
    assert run(GENERATE) == 0
    assert (scene.ordered, scene.states) == (2, ["failed", "done"])


def test_emulator_and_service_never_mix(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was ordered at another address, or with another key, is neither resumed nor listed, nor a duplicate."""
    killed(scene, "id on disk", "Blocking")
    with Emulator(video="fixed", waiting=0.02, processing=0.02, key=scene.emulator.key) as other:
        monkeypatch.setenv("WERYAI_BASE_URL", other.url)
        assert orders(capsys) == []
        assert run(["resume"]) == 0
        assert scene.states == ["submitted"]
        assert run(GENERATE) == 0
        assert len(other.ledger) == 1
    monkeypatch.setenv("WERYAI_BASE_URL", scene.emulator.url)
    monkeypatch.setenv("WERYAI_API_KEY", "sk-another-key-0123456789")
    assert orders(capsys) == []
    assert run(["resume"]) == 0
    monkeypatch.setenv("WERYAI_API_KEY", scene.emulator.key)
    assert [one["state"] for one in orders(capsys)] == ["submitted"]
    assert scene.emulator.key.encode() not in scene.journal.read_bytes()


def test_two_terminals_work_side_by_side(
    emulator: Emulator, scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a living process works on is left to it, and no twin of it is ordered; `--all` takes it up as well."""
    scene = Scene(emulator, scene.folder)
    monkeypatch.setenv("WERYAI_BASE_URL", emulator.url)
    live = start("", "Blocking", base_url=emulator.url, key=emulator.key, folder=scene.folder, journal=scene.journal)
    try:
        while not any("/status" in one.path for one in emulator.requests):
            assert live.poll() is None
        assert run(GENERATE) == 2
        assert run(["submit", "photo.png", "-p", "another"]) == 0
        assert run(["resume", "--timeout", "1"]) == 0
        assert f"order 1 (submitted) is left to process {live.pid}" in capsys.readouterr().err
        assert (scene.ordered, scene.states) == (2, ["submitted", "submitted"])
        emulator.clock.advance(100)
        assert run(["resume", "--all"]) == 0
    finally:
        live.kill()
        live.communicate()
    assert (scene.ordered, scene.states) == (2, ["done", "done"])

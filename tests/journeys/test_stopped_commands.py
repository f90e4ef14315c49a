"""What the commands say about money and files when they are stopped, refused, or reach nobody."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.journals import rows
from fakes.refusing import RefusingPort
from weryai.cli import _output, run
from weryai.cli._emulate import PROXIES
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
GENERATE = ["generate", "photo.png", "-p", "wave"]
NOTHING = "weryai: Nothing was submitted; nothing was paid."


def interrupt(*_: Any, **__: Any) -> None:
    """Be Ctrl-C."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("_connection.Progress.uploaded", GENERATE),
        ("_generate._say_estimate", GENERATE),
        ("_generate.chosen", GENERATE),
        ("_generate.chosen", ["submit", *GENERATE[1:]]),
        ("_connection.key_of", GENERATE),
    ],
)
def test_ctrl_c_before_the_order_says_that_nothing_was_paid(
    journal: Path, serving: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    where: str, command: list[str],
) -> None:  # fmt: skip
    """While the image is uploaded, or checked, or before that: the line says it, and no order has left."""
    monkeypatch.setattr(f"weryai.cli.{where}", interrupt)
    assert run(command) == 130
    assert capsys.readouterr().err.splitlines()[-2:] == ["Interrupted.", NOTHING]
    assert journal.exists() and rows(journal) == []


def test_wait_stores_the_video_where_its_order_meant_it(
    journal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in `generate -o w1.mp4` names `weryai wait ID`: that, and `download ID`, write w1.mp4, and once."""
    with monkeypatch.context() as patched:
        patched.setattr("weryai.cli._connection.Progress.submitted", interrupt)
        assert run([*GENERATE, "-o", "w1.mp4"]) == 130
    told = capsys.readouterr().err
    assert NOTHING not in told
    task_id = told.partition("`weryai wait ")[2].partition("`")[0]
    for command in (["wait", task_id], ["download", task_id], ["wait", task_id]):
        assert run(command) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "w1.mp4"
    assert [path.name for path in Path().glob("*.mp4")] == ["w1.mp4"]
    assert run(["wait", task_id, "-o", "mine.mp4"]) == 0 and Path("mine.mp4").is_file()


def test_a_repeated_order_is_refused_in_words_that_know_of_the_upload(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an upload nothing was submitted, without one nothing was sent."""
    for image, words in (("photo.png", "Nothing was submitted."), ("https://example.com/a.png", "Nothing was sent.")):
        assert run(["submit", image, "-p", "twice"]) == 0
        capsys.readouterr()
        assert run(["submit", image, "-p", "twice"]) == 2
        told = capsys.readouterr().err
        assert words in told and told.count("Nothing was s") == 1


def test_the_cost_is_said_after_the_local_checks(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is refused here reads nothing of credits; who is not, reads it before the upload."""
    assert run([*GENERATE, "-o", "v.mp4"]) == 0
    for wrong in (["missing.png"], ["photo.png", "-d", "0"], ["photo.png", "-o", "photo.png/v.mp4"]):
        capsys.readouterr()
        assert run(["generate", "-p", "wave", *wrong]) == 2
        assert "credits" not in capsys.readouterr().err
    assert run([*GENERATE, "--force"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("weryai: about 10 credits: the last task") and "balance" in lines[0]
    assert "uploaded" in lines[1]


def test_who_is_not_reached_is_told_what_to_look_at(
    journal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an upload as of a submission: nothing was sent, and where to look."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with RefusingPort() as nobody:
        monkeypatch.setenv("WERYAI_BASE_URL", nobody.url)
        for command in (["upload", "photo.png"], ["submit", "https://example.com/a.png", "-p", "x"]):
            assert run(command) == 6
            last = capsys.readouterr().err.splitlines()[-1]
            assert last.count("Nothing was sent.") == 1
            assert "WERYAI_BASE_URL" in last and "`weryai doctor`" in last


def test_a_result_is_written_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The living line of the same terminal is wiped first, so that a path begins at the left and can be copied."""
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    _output.say_living("* waiting 7 s")
    _output.put(False, Path("v.mp4"))
    assert terminal.getvalue() == f"\r* waiting 7 s\r{' ' * 13}\rv.mp4\n"


def test_the_demo_replaces_no_file_that_was_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `generate` refuses it, in the same words, before it begins; the demo's own file is made anew."""
    monkeypatch.chdir(tmp_path)
    Path("v.mp4").write_bytes(b"mine")
    made: list[tuple[str, bool]] = []

    def demonstrate(_image: object, _prompt: object, output: str, *, is_replaced: bool) -> Path:
        made.append((output, is_replaced))
        return Path(output)

    monkeypatch.setattr("weryai.cli._emulate._demonstrate", demonstrate)
    assert run(["demo", "-o", "v.mp4"]) == 2 and made == []
    assert "v.mp4 is there already; --overwrite replaces it. Nothing was sent." in capsys.readouterr().err
    assert [run(["demo", *more]) for more in (["-o", "v.mp4", "--overwrite"], ["-o", "w.mp4"], [])] == [0, 0, 0]
    assert made == [("v.mp4", True), ("w.mp4", False), ("weryai-demo.mp4", True)]


def test_the_demo_stopped_has_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while its task is made: no word of what is paid for, nor of how to go on with it."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("WERYAI_") or name.lower() in PROXIES:
            # The demo takes it away; so it comes back.
            monkeypatch.delenv(name)
    monkeypatch.setattr("weryai.cli._connection.Progress.submitted", interrupt)
    assert run(["demo"]) == 130
    told = capsys.readouterr().err
    assert told.splitlines()[-2:] == ["Interrupted.", "weryai: The demo was stopped; nothing was paid."]
    assert "paid for" not in told and "weryai wait" not in told

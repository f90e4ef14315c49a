"""The command says what it does: every option arrives, every exit code means what --help says, a terminal lives."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked, refused, serve_story
from fakes.commands import end_of, environment, start_weryai, weryai_command, weryai_here
from fakes.faults import Reply, Reset, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY
from weryai import Submission, Task, TaskState, WeryAI, cli
from weryai._flow.retry import Pace
from weryai.cli._connection import Expected, Progress, size
from weryai.cli._generate import chosen

pytestmark = pytest.mark.timeout(120)
URL = "https://example.com/reference.jpg"


def run(server: FaultyServer, folder: Path, *arguments: str) -> Any:
    """Run one command against the server."""
    return weryai_command(*arguments, base_url=server.url, key=JOURNEY_KEY, folder=folder)


def test_every_option_arrives(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """What is chosen on the command line is what is ordered."""
    serve_story(faulty_server)
    ended = run(
        faulty_server, tmp_path, "generate", URL, "--prompt", "Wave", "--model", "M_1", "--any-model",
        "--duration", "10",
        "--caller-id", "7", "--extra", "seed=[1]",
        "--aspect-ratio", "none", "--negative-prompt", "text", "--resolution", "720p", "--audio",
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    assert json.loads(faulty_server.posts(SUBMIT)[0].body) == {
        "model": "M_1",
        "prompt": "Wave",
        "image": URL,
        "duration": 10,
        "negative_prompt": "text",
        "resolution": "720p",
        "generate_audio": True,
        "caller_id": 7,
        "seed": [1],
    }


def test_every_step_is_told_where_no_terminal_is(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Without a terminal each step is one line with its time: upload, submission with the id, states, download, size.

    Nothing of a model's usual time is said before a journal knows any.
    """
    (tmp_path / "photo.png").write_bytes(png())
    serve_story(faulty_server, looks=[looked("processing")])
    ended = run(faulty_server, tmp_path, "generate", "photo.png", "--prompt", "Wave")
    assert [line.split(" s  ")[1] for line in ended.error_lines] == [
        f"uploaded photo.png, {size(len(png()))}",
        f"submitted, task {TASK}",
        "processing",
        "downloading",
        f"stored, {size((tmp_path / 'photo.mp4').stat().st_size)}",
    ]
    assert "\x1b" not in ended.errors and "\r" not in ended.errors
    assert ended.output == "photo.mp4\n"


def test_the_usual_time_is_told_and_what_is_left() -> None:
    """A wait tells the median of what the same model took before, and how much of it is left."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        usual = (100.0, 4000.0, 90.0)
        progress = Progress(usual=usual)
        progress.submitted(Submission(("t",)))
        assert progress._told() == "0 s, about 1 min 40 s left"
        progress.awaits({"t": Expected(usual, 200.0)})
        assert progress._told() == "0 s, longer than usual"
        progress.awaits({"t": Expected(usual, 60.0), "u": Expected((300.0,), 280.0), "v": Expected(usual, 90.0)})
        assert progress._told() == "for 3 of 3 tasks, 0 s, about 40 s left"
        progress.updated(Task("t", TaskState.SUCCEEDED))
        assert progress._told() == "for 2 of 3 tasks, 0 s, about 20 s left"
        progress.awaits({"t": Expected(usual), "new": None})
        assert progress._told() == "for 2 of 2 tasks, 0 s"
    assert [line.split(" s  ", 1)[1] for line in told.getvalue().splitlines()] == [
        "submitted, task t",
        "waiting; usually 1 min 40 s, by the last 3 of this model",
        "waiting; usually 1 min 40 s, by the last 3 of this model; submitted 3 min 20 s ago",
        "waiting for 3 tasks; usually 1 min 40 s to 5 min",
        "waiting for 2 tasks; usually 1 min 40 s",
    ]


def test_the_second_video_of_a_model_knows_how_long_the_first_took(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """The times are those of the journal that the command keeps."""
    serve_story(faulty_server)
    told = [
        weryai_command(
            "generate", URL, "-p", prompt, "--journal", "mine.db", base_url=faulty_server.url, key=JOURNEY_KEY,
            folder=tmp_path,
        ).errors
        for prompt in ("Wave", "Nod")
    ]  # fmt: skip
    assert ["usually" in one for one in told] == [False, True]
    assert "by the last one of this model" in told[1]


@pytest.mark.parametrize("kind", ["text", "first and last", "several"])
def test_the_model_that_nobody_named_is_the_one_that_is_sent(
    faulty_server: FaultyServer, tmp_path: Path, kind: str
) -> None:
    """What the command takes for the default model of an operation is what the library sends."""
    images, last = {"text": ([], None), "first and last": ([URL], f"{URL}?2"), "several": ([URL, URL], None)}[kind]
    with WeryAI("k", base_url=faulty_server.url) as client:
        choice = chosen(client, images, last, {"any_model": False})
        assert choice.model == choice.of(client).prepare(*choice.arguments, prompt="Wave").body["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_a_terminal_sees_a_living_line(faulty_server: FaultyServer, tmp_path: Path, terminal: str) -> None:
    """On a terminal one line is drawn anew, never wider than it; a dumb one sees the same lines as a file does."""
    serve_story(faulty_server)
    faulty_server.script("POST", SUBMIT, accepted(delay=1.0))
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "weryai", "generate", URL, "--prompt", "Wave"]
    surroundings = {**environment(faulty_server.url, JOURNEY_KEY), "TERM": terminal, "COLUMNS": "12", "CI": ""}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, stderr=theirs, stdout=subprocess.PIPE, check=False)
    shown = os.read(ours, 65536).decode()
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, shown
    assert f"submitted, task {TASK}" in shown
    # What is said for good has its time before it.
    drawn = [line for line in re.split("[\r\n]+", shown) if line.strip() and not re.match(r" *\d+\.\d s  ", line)]
    assert bool(drawn) == (terminal == "xterm")
    assert [line for line in drawn if len(line) > 11] == []


FAILED: dict[str, tuple[int, list[str], Any]] = {
    "refused": (1, [], lambda server: server.default("POST", SUBMIT, json_reply({"status": 1011, "message": "no"}))),
    "failed": (1, [], lambda server: server.default("GET", STATUS, looked("failed", msg="no"))),
    "unknown": (3, [], lambda server: server.default("POST", SUBMIT, Reset())),
    "unreadable": (3, [], lambda server: server.default("POST", SUBMIT, html_reply(200))),
    "late": (4, ["--timeout", "0"], lambda server: server.default("GET", STATUS, looked("processing"))),
    "gone": (5, [], lambda server: server.default("GET", "/", Reply(status=403))),
}


@pytest.mark.parametrize(("code", "options", "spoil"), FAILED.values(), ids=list(FAILED))
def test_exit_codes_are_those_of_the_help(
    faulty_server: FaultyServer, tmp_path: Path, code: int, options: list[str], spoil: Any
) -> None:
    """1 refused or failed, 3 may have been billed, 4 gave up waiting, 5 not fetched: a script can tell them apart."""
    serve_story(faulty_server)
    spoil(faulty_server)
    if code == 5:
        faulty_server.default("GET", STATUS, looked("succeed", videos=[f"{faulty_server.url}/gone.mp4"]))
    words = ("generate", URL, "--prompt", "Wave", *options)
    ended = weryai_here(*words, base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path)
    assert ended.code == code, ended.errors
    assert "Traceback" not in ended.errors


REFUSED_LATER = {
    "key": refused(1002, "no key", 403),
    "nowhere": json_reply({"status": 1003, "message": "task not exist"}),
}


def run_here(
    server: FaultyServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *options: str,
) -> tuple[int, str]:
    """Generate a video in this process; return the exit code and what stands on standard error."""
    monkeypatch.chdir(folder)
    for name, value in environment(server.url, JOURNEY_KEY).items():
        monkeypatch.setenv(name, value)
    return cli.run(["generate", URL, "-p", "Wave", *options]), capsys.readouterr().err


@pytest.mark.parametrize("answer", REFUSED_LATER.values(), ids=list(REFUSED_LATER))
def test_what_is_paid_for_is_never_called_refused(
    faulty_server: FaultyServer,
    tmp_path: Path,
    answer: Reply,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever the service refuses after it has accepted: 4, as the task goes on, and how to wait for it."""
    serve_story(faulty_server, looks=[looked("processing")])
    faulty_server.default("GET", STATUS, answer)
    # In this process, where a wait may be less patient.
    monkeypatch.setattr(Pace, "delay", lambda *_: 0.1)
    monkeypatch.setattr("weryai._resources.videos.NOT_FOUND_GRACE", 0.3)
    code, errors = run_here(faulty_server, tmp_path, monkeypatch, capsys, "--timeout", "60")
    assert code == 4, errors
    assert f"`weryai wait {TASK}`" in errors.splitlines()[-1]
    assert len(faulty_server.gets(STATUS)) >= 2


def test_a_mistake_of_ours_after_paying_is_never_called_refused(
    faulty_server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that nobody foresaw while a paid task goes on: 4, and how to wait for it."""

    def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    serve_story(faulty_server)
    monkeypatch.setattr(cli._generate.Progress, "updated", broken)
    code, errors = run_here(faulty_server, tmp_path, monkeypatch, capsys)
    assert code == 4, errors
    assert "No space left on device" in errors and f"`weryai wait {TASK}`" in errors and "please report" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no folder that somebody stands in")
@pytest.mark.parametrize(
    "command", [("bulk", "run", "x.csv"), ("bulk", "export", "x.db", "-o", "-"), ("demo",), ("upload", "p.png")]
)
def test_a_removed_working_folder_is_no_mistake_of_ours(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The line names the working folder or the file, asks for no report, and nothing was sent."""
    (tmp_path / "gone").mkdir()
    program = f"""
import os, sys
os.rmdir("../gone")
os.execv(sys.executable, [sys.executable, "-m", "weryai", *{command!r}])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "gone", capture_output=True, text=True, check=False,
        env=environment("http://127.0.0.1:9", JOURNEY_KEY),
    )  # fmt: skip
    assert done.returncode in (1, 2), done
    assert "working folder" in done.stderr or command[-1] in done.stderr or "x.db" in done.stderr, done
    assert "please report" not in done.stderr and "Traceback" not in done.stderr


def test_wait_fetches_what_was_ordered_before(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`weryai wait` resumes with the id alone: no order, the video on disk, its path as the last line."""
    serve_story(faulty_server)
    ended = run(faulty_server, tmp_path, "wait", TASK, "--output", "late.mp4")
    assert ended.code == 0, ended.errors
    assert ended.last_line == "late.mp4" and (tmp_path / "late.mp4").read_bytes()[4:8] == b"ftyp"
    assert faulty_server.posts() == []


def test_emulate_serves_the_port_it_was_told(tmp_path: Path, closed_port: str) -> None:
    """`weryai emulate --port N` greets with that port and the key, and a taken port is one clear line."""
    taken = closed_port.rpartition(":")[2].rstrip("/")
    ended = weryai_command("emulate", "--port", taken, base_url=None, key=None, folder=tmp_path)
    assert ended.code > 0 and taken in ended.errors and "Traceback" not in ended.errors
    process = start_weryai("emulate", "--port", "0", "--video", "fixed", base_url=None, key=None, folder=tmp_path)
    assert process.stdout is not None
    greeting: list[str] = []
    ended = end_of(process, interrupt_when=lambda: greeting.append(process.stdout.readline()))
    assert "http://127.0.0.1:" in greeting[0] and "sk-emulator" in greeting[0]
    assert ended.code == 0 and "Traceback" not in ended.errors


def test_a_base_installation_says_what_to_install(tmp_path: Path) -> None:
    """Without the extra the command is one line that names it."""
    code = "import sys; sys.modules['click'] = None; sys.argv = ['weryai']; from weryai.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode > 0
    assert "pip install click" in done.stderr and "Traceback" not in done.stderr


def test_a_mistake_of_ours_is_no_traceback(tmp_path: Path) -> None:
    """Even an exception that nobody foresaw is told in one line, which asks for a report."""
    code = (
        "import weryai.cli as one\n"
        "one.weryai.WeryAI = None\n"
        "raise SystemExit(one.run(['generate', 'https://a.b/c.jpg', '--prompt', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "please report" in done.stderr and "Traceback" not in done.stderr


def test_emulate_lists_its_scenarios(tmp_path: Path) -> None:
    """`--list-scenarios` prints each name with its sentence below its stage, and serves nothing."""
    from weryai.emulator import scenarios

    ended = weryai_command("emulate", "--list-scenarios", base_url=None, key=None, folder=tmp_path)
    assert (ended.code, ended.errors) == (0, "")
    lines = ended.output.splitlines()
    for one in scenarios():
        assert [one.name, *one.sentence.split()] in [line.split() for line in lines]
        assert f"{one.stage}:" in lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scenario", "rate-limti:2"), "did you mean rate-limit"),
        (("--state", "."), "cannot be opened"),
        (("--speed", "-1"), "--speed -1.0 must be a number from 0 on"),
        (("--concurrency", "-1"), "-1"),
        (("--model-rules", "some"), "some"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_emulate_refuses_what_cannot_be(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """A wrong option is one clear line and exit code 2, before anything is served."""
    ended = weryai_command("emulate", *arguments, base_url=None, key=None, folder=tmp_path)
    assert (ended.code, ended.output) == (2, "")
    assert told in ended.errors
    assert "Traceback" not in ended.errors


def test_emulate_plays_what_it_is_told(tmp_path: Path) -> None:
    """Scenarios, speed, limits and the state file of the command line are those of the emulator that it runs."""
    arguments = ("--scenario", "http-502@balance", "--scenario", "queue-full:2", "--speed", "60", "--state", "e.db")
    arguments += ("--concurrency", "0", "--model-rules", "strict", "--refund-failed")
    arguments += ("--allow-webhooks-to", "h.example", "--webhook-words", "SUCCESS")
    process = start_weryai(
        "emulate", "--port", "0", "--video", "fixed", *arguments, base_url=None, key=None, folder=tmp_path
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3].rstrip(",")
        told = httpx.get(f"{url}/_emulator/state", trust_env=False).json()
    finally:
        process.terminate()
        end_of(process)
    wanted = {
        "speed": 60,
        "state": "e.db",
        "concurrency": 0,
        "model_rules": "strict",
        "refund_failed": True,
        "webhook_hosts": ["h.example"],
        "webhook_words": "SUCCESS",
    }
    assert {name: told["settings"][name] for name in wanted} == wanted
    assert [(one["name"], one["stage"], one["ordered"]) for one in told["faults"]] == [
        ("http-502", "balance", 1),
        ("queue-full", "submit", 2),
    ]
    assert (tmp_path / "e.db").exists()


def test_every_task_that_brings_no_video_is_told(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`wait` of several: the reason of each is a line of its own, not only that of the last."""
    for name in ("one", "two"):
        failed = {"status": 0, "data": {"task_id": name, "task_status": "failed", "msg": f"moderation of {name}"}}
        faulty_server.default("GET", STATUS.replace(TASK, name), json_reply(failed))
    ended = run(faulty_server, tmp_path, "wait", "one", "two")
    assert ended.code == 1
    assert [name for name in ("one", "two") if f"moderation of {name}" not in ended.errors] == []

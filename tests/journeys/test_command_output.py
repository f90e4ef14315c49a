"""What the command says never decides what it does: streams that fail, letters they cannot spell, signals, hangups."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import STATUS, SUBMIT, TASK, UPLOAD, accepted, envelope, looked, refused, serve_story, uploaded
from fakes.bulks import AT_ONCE, filled, manifest
from fakes.commands import environment
from fakes.faults import html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY
from weryai.emulator import Emulator

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="descriptors and signals are those of POSIX"),
]
URL = "https://example.com/reference.jpg"
NAME = "волна.mp4"
GENERATE = ("generate", URL, "-p", "Wave", "-o", NAME)
COMPLAINTS = ("Traceback", "Exception ignored", "mistake in weryai")
# What becomes of standard input, output and errors: closed, or another file; "dead" is a pipe that nobody reads.
OUTPUTS = {
    "full disk": "1=/dev/full",
    "closed": "1=",
    "read-only": "1=/etc/passwd",
    "dead pipe": "1=dead",
    "full errors": "2=/dev/full",
    "closed errors": "2=",
    "dead errors": "2=dead",
    "all closed": "0= 1= 2=",
    "all full": "1=/dev/full 2=/dev/full",
}
_LAUNCHER = """
import os, sys
for one in sys.argv[1].split():
    number, _, file = one.partition("=")
    if file == "dead":
        reader, writer = os.pipe()
        os.close(reader)
    elif file:
        writer = os.open(file, os.O_RDONLY if file == "/etc/passwd" else os.O_WRONLY)
    os.dup2(writer, int(number)) if file else os.close(int(number))
os.execv(sys.executable, [sys.executable, "-c", {program!r}, *sys.argv[2:]])
"""
# As `python -m weryai`, but not as patient between two polls.
_PROGRAM = """
import runpy
from weryai._flow.retry import Pace
Pace.delay = lambda *_: 0.1
runpy.run_module("weryai", run_name="__main__", alter_sys=True)
"""


def redirected(server: FaultyServer | Emulator, folder: Path, redirection: str, *arguments: str) -> Any:
    """Run one command with other streams."""
    return subprocess.run(
        [sys.executable, "-IS", "-c", _LAUNCHER.format(program=_PROGRAM), redirection, *arguments],
        cwd=folder, check=False, timeout=60, env=environment(server.url, JOURNEY_KEY), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="surrogateescape",
    )  # fmt: skip


@pytest.mark.parametrize("redirection", OUTPUTS.values(), ids=list(OUTPUTS))
@pytest.mark.parametrize("json_lines", [(), ("--json",)], ids=["words", "json"])
def test_a_stream_that_fails_ends_no_paid_command(
    faulty_server: FaultyServer, tmp_path: Path, redirection: str, json_lines: tuple[str, ...]
) -> None:
    """Whatever cannot be written: paid once, waited for, stored, exit code 0, and nothing of Python's on the screen."""
    serve_story(faulty_server, looks=[looked("processing")])
    done = redirected(faulty_server, tmp_path, redirection, *GENERATE, *json_lines)
    assert done.returncode == 0, done
    assert (tmp_path / NAME).read_bytes()[4:8] == b"ftyp"
    assert len(faulty_server.posts(SUBMIT)) == 1
    for complaint in COMPLAINTS:
        assert complaint not in done.stderr


@pytest.mark.parametrize(
    "command", [("submit", URL, "-p", "Wave"), ("wait", TASK), ("download", TASK), ("upload", "p.png")]
)
def test_the_exit_code_is_that_of_the_work(
    faulty_server: FaultyServer, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A full disk below standard output is told on standard error, and the code says what became of the work."""
    (tmp_path / "p.png").write_bytes(png())
    serve_story(faulty_server)
    done = redirected(faulty_server, tmp_path, "1=/dev/full", *command)
    assert done.returncode == 0, done
    assert "standard output cannot be written: No space left" in done.stderr
    for complaint in COMPLAINTS:
        assert complaint not in done.stderr
    faulty_server.default("GET", STATUS, looked("failed", msg="no"))
    assert redirected(faulty_server, tmp_path, "1=/dev/full 2=/dev/full", "wait", TASK).returncode == 1


@pytest.mark.parametrize(
    "command",
    [
        ("models", "--bundled"),
        ("models", "--bundled", "--json"),
        ("--help",),
        ("completion", "bash"),
        ("emulate", "--list-scenarios"),
    ],
)
@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [("1=dead", 141, ""), ("1=/dev/full", 1, "No space left"), ("1=", 1, "Bad file descriptor")],
    ids=["dead pipe", "full disk", "closed"],
)
def test_what_only_shows_fails_when_it_cannot(
    faulty_server: FaultyServer, tmp_path: Path, command: tuple[str, ...], redirection: str, code: int, words: str
) -> None:
    """`models | head` ends as SIGPIPE has it, quietly; another loss is an error of one line."""
    done = redirected(faulty_server, tmp_path, redirection, *command)
    assert done.returncode == code, done
    assert words in done.stderr and ("cannot be written" in done.stderr) == bool(words), done


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_a_letter_that_cannot_be_spelled_is_escaped(faulty_server: FaultyServer, tmp_path: Path, encoding: str) -> None:
    """JSON becomes ASCII and reads the same; words get backslashes; the code is that of the work."""
    serve_story(faulty_server)
    ours = {"PYTHONIOENCODING": encoding}
    for arguments in (GENERATE, (*GENERATE, "--json", "--force", "--overwrite")):
        with open(tmp_path / "out", "wb") as out:
            done = subprocess.run(
                [sys.executable, "-m", "weryai", *arguments], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE,
                env={**environment(faulty_server.url, JOURNEY_KEY), **ours}, check=False, timeout=60,
            )  # fmt: skip
        assert done.returncode == 0, done
        written = (tmp_path / "out").read_bytes().decode(encoding)
        last = written.rstrip().rpartition("\n")[2]
        if "--json" in arguments:
            assert json.loads(last)["path"] == NAME
        elif encoding.startswith("utf"):
            assert last == NAME
        else:
            assert last == NAME.encode("ascii", "backslashreplace").decode()
    assert len(faulty_server.posts(SUBMIT)) == 2


def test_a_path_is_printed_byte_for_byte() -> None:
    """To a program a path that is no UTF-8 is the path itself, so that `$(weryai ...)` names the file."""
    program = (
        "from pathlib import Path; from weryai.cli._output import put, unfailing\n"
        "with unfailing():\n"
        "    path = Path(__import__('os').fsdecode(b'caf\\xe9.mp4')); put(False, path); put(True, '', path=path)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.splitlines() == [b"caf\xe9.mp4", b'{"path": "caf\\udce9.mp4"}']


@pytest.mark.parametrize("redirection", ["1=/dev/full", "1=dead", "2=dead", "0= 1= 2="])
def test_a_stream_that_fails_ends_no_bulk_run(tmp_path: Path, redirection: str) -> None:
    """Every job is done, each paid for once, and the code says so, whatever becomes of the events."""
    manifest(tmp_path / "jobs.csv", range(3))
    with Emulator(video="fixed", waiting=0.0, processing=0.0, key=JOURNEY_KEY) as emulator:
        done = redirected(emulator, tmp_path, redirection, "bulk", "run", "jobs.csv", *AT_ONCE)
        assert done.returncode == 0, done
        assert [row.orders for row in emulator.ledger] == [1] * 3


@pytest.mark.parametrize(
    ("redirection", "code", "words"), [("1=", 1, "Bad file"), ("1=/dev/full", 1, "No space left"), ("1=dead", 141, "")]
)
def test_a_table_that_nobody_gets_is_no_success(tmp_path: Path, redirection: str, code: int, words: str) -> None:
    """`bulk export -o -` into what cannot be written fails, and names standard output and not some file."""
    filled(tmp_path, 2).close()
    with Emulator(video="fixed") as emulator:
        done = redirected(emulator, tmp_path, redirection, "bulk", "export", "run.db", "-o", "-")
    assert done.returncode == code, done
    assert words in done.stderr and ("standard output cannot be written" in done.stderr) == bool(words), done


def test_a_bulk_run_goes_on_where_names_cannot_be_spelled(tmp_path: Path) -> None:
    """Events are ASCII JSON for a stream that lacks the letters, as a redirected one on Windows."""
    (tmp_path / "jobs.csv").write_text(f"key,image,prompt\n\u0442,{URL},wave\n", encoding="utf-8")
    with Emulator(video="fixed", waiting=0.0, processing=0.0, key=JOURNEY_KEY) as emulator:
        done = subprocess.run(
            [sys.executable, "-m", "weryai", "bulk", "run", "jobs.csv", "--interval", "0.1"], cwd=tmp_path, check=False,
            env={**environment(emulator.url, JOURNEY_KEY), "PYTHONIOENCODING": "cp1252"}, capture_output=True,
        )  # fmt: skip
    assert done.returncode == 0, done
    events = [json.loads(line) for line in done.stdout.decode("ascii").splitlines()]
    assert events[0]["key"] == "\u0442"


EVIL = "\x1b]0;owned\x07 \x9b31m \u202egpj \x7f\r\nweryai: done"


def serve_evil(server: FaultyServer) -> None:
    """Answer everything with escapes in the service's own words."""
    server.default("POST", UPLOAD, uploaded(f"https://a.example/{EVIL}.jpg"))
    server.default("GET", "/v1/generation/credits", refused(1011, EVIL))
    server.default("GET", STATUS, looked("failed", msg=EVIL))
    server.default("POST", SUBMIT, json_reply(envelope({"task_ids": [f"task_{EVIL}"], "batch_id": 1})))
    model = {"model_key": "M", "title": EVIL}
    server.default("GET", "/growthai", json_reply({"status": 200, "data": {"image_to_video": [model]}}))
    server.default("GET", "/", refused(1011, EVIL))


@pytest.mark.parametrize(
    "command",
    [("upload", "p.png"), ("balance",), ("wait", TASK), ("submit", URL, "-p", "x"), ("generate", URL, "-p", "x"),
     ("models",), ("-v", "wait", TASK), ("download", "task_odd"), ("upload", "p.png", "--json")],
    ids=" ".join,
)  # fmt: skip
def test_no_escape_of_the_service_reaches_the_terminal(
    faulty_server: FaultyServer, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Refusals, reasons, addresses, ids and titles: control characters and turned writing are shown, never obeyed."""
    (tmp_path / "p.png").write_bytes(png())
    serve_evil(faulty_server)
    screen, _ = on_a_terminal(faulty_server, tmp_path, *command, WERYAI_MODELS_BASE_URL=faulty_server.url)
    for letter in ("\x1b", "\x07", "\x9b", "\u202e", "\x7f"):
        assert letter not in screen
    assert "\nweryai: done" not in screen.replace("\r", "")
    assert "owned" in screen, screen


def on_a_terminal(server: FaultyServer, folder: Path, *arguments: str, **extra: str) -> tuple[str, int]:
    """Run one command on a dumb terminal; return what it shows, and the exit code."""
    ours, theirs = pty.openpty()
    surroundings = {**environment(server.url, JOURNEY_KEY), "TERM": "dumb", "PYTHONIOENCODING": "utf-8", **extra}
    command = [sys.executable, "-m", "weryai", *arguments]
    with subprocess.Popen(command, cwd=folder, env=surroundings, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        screen = b""
        try:
            while piece := os.read(ours, 65536):
                screen += piece
        except OSError:
            pass
        os.close(ours)
        return screen.decode(), process.wait(30)


def test_a_wait_says_why_it_sees_nothing(faulty_server: FaultyServer, started: Any) -> None:
    """The reason stands on the screen after the second missed poll, and in the last line with the count."""
    faulty_server.default("GET", STATUS, html_reply(502))
    process = started("wait", TASK, "--timeout", "7")
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 4, errors
    lines = errors.splitlines()
    assert re.fullmatch("weryai: 2 polls in a row were missed: .*HTTP 502.*; polling goes on", lines[0]), errors
    told = "was never seen after 7 s; [23] polls were missed, the last because: .*HTTP 502"
    assert re.search(told, lines[-1]), errors
    assert "submitting" not in errors


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def started(faulty_server: FaultyServer, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start commands that are gone when the test is."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "weryai", *arguments], cwd=tmp_path, text=True,
                env=environment(faulty_server.url, JOURNEY_KEY),
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
            )
        )  # fmt: skip
        return running[-1]

    yield start
    for one in running:
        one.kill()
        one.communicate()


def send(process: subprocess.Popen[str], number: int) -> None:
    """Send a signal when the process waits for something; Python sees one too late that comes just before."""
    time.sleep(0.3)
    process.send_signal(number)


@pytest.mark.parametrize(("number", "code"), SIGNALS.items(), ids=lambda one: getattr(one, "name", ""))
@pytest.mark.parametrize("command", ["submit", "generate"])
def test_a_signal_while_submitting_names_the_task(
    faulty_server: FaultyServer, started: Any, number: int, code: int, command: str
) -> None:
    """Each signal waits for the reply of the paid request: the id is told, and the code tells the signal."""
    faulty_server.script("POST", SUBMIT, accepted(delay=1.0))
    process = started(command, URL, "-p", "Wave")
    faulty_server.wait_for("POST", SUBMIT)
    send(process, number)
    if number != signal.SIGINT:
        # A supervisor, or a shell and the kernel, may send it again.
        send(process, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert TASK in errors and "Traceback" not in errors
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize(("number", "code"), SIGNALS.items(), ids=lambda one: getattr(one, "name", ""))
def test_a_signal_while_waiting_says_how_to_resume(
    faulty_server: FaultyServer, started: Any, number: int, code: int
) -> None:
    """Each signal ends a wait with its own code and the id with which to go on."""
    faulty_server.default("GET", STATUS, looked("processing"))
    process = started("wait", TASK)
    faulty_server.wait_for("GET", STATUS)
    send(process, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert f"`weryai wait {TASK}`" in errors and "Traceback" not in errors


@pytest.mark.parametrize(("number", "code"), SIGNALS.items(), ids=lambda one: getattr(one, "name", ""))
def test_a_signal_while_uploading_ends_the_upload(
    faulty_server: FaultyServer, started: Any, tmp_path: Path, number: int, code: int
) -> None:
    """Where nothing is paid each signal ends the command with its own code."""
    (tmp_path / "p.png").write_bytes(png())
    faulty_server.script("POST", UPLOAD, json_reply(envelope({"object_url_list": [URL]}), delay=20.0))
    process = started("upload", "p.png")
    faulty_server.wait_for("POST", UPLOAD)
    send(process, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code and "Traceback" not in errors


def test_nohup_outlives_its_terminal(faulty_server: FaultyServer, started: Any, tmp_path: Path) -> None:
    """A hangup that was ignored at the start stays ignored, and a terminal that is gone is no reason to stop."""
    faulty_server.default("POST", SUBMIT, accepted())
    serve_story(faulty_server, looks=[looked("processing")])
    ours, theirs = pty.openpty()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = started(*GENERATE, stdin=theirs, stdout=theirs, stderr=theirs)
    finally:
        signal.signal(signal.SIGHUP, before)
    os.close(theirs)
    faulty_server.wait_for("GET", STATUS)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0
    assert (tmp_path / NAME).exists()

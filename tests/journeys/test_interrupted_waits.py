"""Ctrl-C during free work: at once, in words, and with the ids of what is paid for; and the prompt for a key."""

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fakes.answers import envelope
from fakes.commands import environment, weryai_command
from fakes.faults import Hang, json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import JPEG
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGINT and pseudo-terminals are not those of Windows"),
]


def status(task_id: str) -> str:
    """Return the path that tells of a task."""
    return f"/v1/generation/{task_id}/status"


def serve_one_of_two(server: FaultyServer) -> None:
    """Let task "one" end at once without a video, and "two" never."""
    server.default("GET", status("one"), json_reply(envelope({"task_id": "one", "task_status": "failed"})))
    server.default("GET", status("two"), json_reply(envelope({"task_id": "two", "task_status": "processing"})))


def wait_for_both(server: FaultyServer) -> None:
    """Return when both tasks have been looked at, and the answers have surely been read."""
    server.wait_for("GET", status("one"))
    server.wait_for("GET", status("two"))
    time.sleep(0.5)


def test_ctrl_c_during_wait_names_the_unfinished_tasks(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`weryai wait one two`, interrupted, ends with 130 and the command that resumes the unfinished one alone."""
    serve_one_of_two(faulty_server)
    ended = weryai_command(
        "wait", "one", "two", base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path,
        interrupt_when=lambda: wait_for_both(faulty_server),
    )  # fmt: skip
    assert ended.code == 130, ended.errors
    assert "`weryai wait two`" in ended.errors and "Traceback" not in ended.errors


async def test_a_cancelled_wait_many_names_the_unfinished_tasks(faulty_server: FaultyServer) -> None:
    """Cancelling who waits for many leaves the ids that go on, and no others, on the CancelledError."""
    serve_one_of_two(faulty_server)
    faulty_server.default("GET", status("three"), json_reply(envelope({"task_id": "three", "task_status": "waiting"})))
    notes: list[str] = []

    async def story() -> None:
        async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client:
            try:
                async for _ in client.tasks.wait_many(["one", "two", "three"]):
                    ended.set()
            except asyncio.CancelledError as error:
                notes.extend(error.__notes__)
                raise

    ended = asyncio.Event()
    task = asyncio.create_task(story())
    await asyncio.wait_for(ended.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["Tasks two, three are paid for and may go on; resume with tasks.wait_many(['two', 'three'])."]


@pytest.mark.parametrize(
    ("arguments", "method", "path"),
    [
        (["upload", "photo.jpg"], "POST", "/v1/generation/upload-file"),
        (["download", "one"], "GET", "/v1/generation/one/status"),
        (["balance"], "GET", "/v1/"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_ctrl_c_leaves_free_work_at_once(
    faulty_server: FaultyServer, tmp_path: Path, arguments: list[str], method: str, path: str
) -> None:
    """Free requests are not waited for: the command ends within two seconds, with 130 and no traceback."""
    (tmp_path / "photo.jpg").write_bytes(JPEG + bytes(2000))
    faulty_server.script(method, path, Hang())
    struck: list[float] = []

    def strike() -> None:
        faulty_server.wait_for(method, path)
        struck.append(time.monotonic())

    ended = weryai_command(
        *arguments, base_url=faulty_server.url, key=JOURNEY_KEY, folder=tmp_path, interrupt_when=strike
    )
    assert ended.code == 130, ended.errors
    assert time.monotonic() - struck[0] < 2.0
    assert "Interrupted." in ended.errors and "Traceback" not in ended.errors


def read(terminal: int) -> bytes:
    """Return what has come, or nothing once the other side has gone, which Linux calls an error."""
    assert select.select([terminal], [], [], 20)[0], "the command says nothing"
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""


def typed(command: list[str], base_url: str, folder: Path, line: str | None) -> tuple[str, int]:
    """Run a command on a pseudo-terminal and type a line at its prompt, or Ctrl-C; return what the screen showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "weryai", *command],
        env=environment(base_url, None),
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = b""
    with process:
        try:
            while b"WeryAI API key" not in screen:
                screen += read(ours)
            time.sleep(0.2)
            if line is None:
                process.send_signal(signal.SIGINT)
            else:
                os.write(ours, line.encode())
            while piece := read(ours):
                screen += piece
            process.wait(timeout=20)
        finally:
            process.kill()
    os.close(ours)
    return screen.decode(), process.returncode


def test_the_key_is_asked_for_on_a_terminal_and_not_shown(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Without WERYAI_API_KEY a terminal is asked for the key; it is sent, and does not appear on the screen."""
    faulty_server.default("GET", status("one"), json_reply(envelope({"task_id": "one", "task_status": "failed"})))
    screen, code = typed(["wait", "one"], faulty_server.url, tmp_path, "sk-typed-by-hand\n")
    assert code == 1 and "task one failed" in screen
    assert "sk-typed-by-hand" not in screen
    assert faulty_server.requests[0].headers["authorization"] == "Bearer sk-typed-by-hand"


def test_ctrl_c_at_the_prompt_is_no_traceback(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Ctrl-C while asked for the key ends with 130 and sends nothing."""
    screen, code = typed(["wait", "one"], faulty_server.url, tmp_path, None)
    assert code in (130, -signal.SIGINT) and "Traceback" not in screen
    assert faulty_server.requests == []

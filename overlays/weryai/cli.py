"""The commands: `weryai generate`, `wait`, `emulate` and `demo`. Only public names of weryai are used."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import click

import weryai
from weryai import errors

if TYPE_CHECKING:
    from weryai import Submission, Task

EXIT_CODES = """
\b
Exit codes:
  0    the video is on disk
  1    the service refused, or the task failed
  2    wrong option, picture or setting; nothing was sent
  3    the outcome is unknown: it may have been billed
  4    gave up waiting; the task goes on
  5    the video exists, but could not be fetched or stored
  130  interrupted with Ctrl-C
"""
DEMO_PROMPT = "Make the person wave their hand"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(weryai.__version__, prog_name="weryai")
def cli() -> None:
    """Turn a picture into a video with WeryAI.

    The key is read from WERYAI_API_KEY. `weryai demo` shows the whole way without a key or an account.
    """


@cli.command()
@click.argument("image")
@click.option("-p", "--prompt", required=True, help="What shall happen in the video, 1 to 2000 characters.")
@click.option("-o", "--output", help="File or folder to write. [default: <task id>.mp4]")
@click.option("-m", "--model", help="Model key. [default: WERYAI_VIDEO_1_0]")
@click.option("-d", "--duration", type=int, help="Seconds. [default: 5]")
@click.option("-r", "--aspect-ratio", help='Width to height; "none" leaves it out. [default: 16:9]')
@click.option("--negative-prompt", help="What shall not be in the video, up to 1000 characters.")
@click.option("--resolution", help="Such as 720p, if the model lists any.")
@click.option("--audio/--no-audio", "generate_audio", default=None, help="Whether to make sound as well.")
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
def generate(image: str, prompt: str, output: str | None, timeout: float, **options: Any) -> None:
    """Make a video from IMAGE, a local picture or its address. The last line printed is the video's path."""
    chosen = {name: value for name, value in options.items() if value is not None}
    if chosen.get("aspect_ratio") == "none":
        chosen["aspect_ratio"] = None
    with weryai.WeryAI() as client, Progress() as progress:
        video = client.image_to_video.generate(
            image,
            prompt=prompt,
            output=output,
            timeout=timeout,
            on_submit=progress.submitted,
            on_update=progress.updated,
            **chosen,
        )
    click.echo(video.path)


@cli.command()
@click.argument("task_id")
@click.option("-o", "--output", help="File or folder to write. [default: <task id>.mp4]")
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
def wait(task_id: str, output: str | None, timeout: float) -> None:
    """Wait for a task that was submitted before, and fetch its video. Costs nothing."""
    with weryai.WeryAI() as client, Progress() as progress:
        task = client.tasks.wait(task_id, timeout=timeout, on_update=progress.updated)
        path = client.files.download(task.videos[0].url, output or f"{task_id}.mp4")
    click.echo(path)


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one.")
@click.option("--video", type=click.Choice(["render", "fixed"]), default="render", show_default=True)
def emulate(port: int, video: Literal["render", "fixed"]) -> None:
    """Serve the WeryAI API on this machine, without an account, until Ctrl-C."""
    from weryai.emulator import serve

    try:
        serve(port=port, video=video)
    except OSError as error:
        raise click.ClickException(error.strerror or str(error)) from error


@cli.command()
@click.argument("image", required=False)
@click.option("-p", "--prompt", help=f"[default: {DEMO_PROMPT}]")
@click.option("-o", "--output", default="weryai-demo.mp4", show_default=True, help="File or folder to write.")
def demo(image: str | None, prompt: str | None, output: str) -> None:
    """Show the whole way from a picture to a video against the emulator: no account, no key, no network."""
    from weryai.emulator import Emulator

    photograph = Path(weryai.__file__).parent / "emulator" / "data" / "astronaut.jpg"
    # The demo needs nothing of its surroundings, so nothing of them can break it.
    for name in list(os.environ):
        if name.startswith("WERYAI_") or name.lower() in PROXIES:
            del os.environ[name]
    with Emulator(video="render") as emulator, Progress() as progress:

        def accepted(submission: Submission) -> None:
            progress.say(f"picture  {image or f'{photograph.name} (NASA, public domain)'}")
            progress.say(f"prompt   {prompt or DEMO_PROMPT}")
            progress.say(f"emulator {emulator.url}")
            progress.submitted(submission)

        with weryai.WeryAI(emulator.key, base_url=emulator.url) as client:
            video = client.image_to_video.generate(
                image or photograph,
                prompt=prompt or DEMO_PROMPT,
                output=output,
                interval=0.25,
                on_submit=accepted,
                on_update=progress.updated,
            )
    click.echo(video.path.resolve())


class Progress:
    """Says on standard error how the work goes: a living line on a terminal, a line per state elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._state = "submitting"
        self._started = monotonic()
        self._stop = Event()
        self._ticker = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        if self._is_terminal:
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._is_terminal:
            self._ticker.join()
            click.echo("\r\x1b[K", nl=False, err=True)

    def submitted(self, submission: Submission) -> None:
        """Print the task id the moment it is known."""
        self.say(f"task     {submission.task_ids[0]}")
        self._state = "waiting"

    def updated(self, task: Task) -> None:
        """Show the state of the task."""
        state = "downloading" if task.ended else task.state.value
        if state != self._state:
            self.say(f"{self._state:<12} until {monotonic() - self._started:.1f} s")
        self._state = state

    def say(self, line: str) -> None:
        """Print a line above the living one."""
        click.echo(f"\r\x1b[K{line}" if self._is_terminal else line, err=True)

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if "utf" in (sys.stderr.encoding or "").lower() else "|/-\\"
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            seconds = monotonic() - self._started
            click.echo(f"\r\x1b[K{frames[count % len(frames)]} {self._state} {seconds:.0f} s", nl=False, err=True)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever happens is told in words, never as a traceback."""
    warnings.showwarning = _show_warning
    # What the library logs about an interrupted submission is told below.
    logging.getLogger("weryai").addHandler(logging.NullHandler())
    try:
        cli.main(list(arguments), prog_name="weryai", standalone_mode=False)
        return 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        return _report(error.__cause__ or error, "Interrupted.", 130)
    except (errors.ConfigurationError, errors.InvalidInputError) as error:
        return _report(error, str(error), 2)
    except errors.WeryAIError as error:
        return _report(error, str(error), _exit_code(error))
    except ImportError as error:
        return _report(error, str(error), 2)
    except BrokenPipeError:
        return 1
    except Exception as error:
        return _report(error, f"{type(error).__name__}: {error}. This is a mistake in weryai; please report it.", 1)


def _exit_code(error: errors.WeryAIError) -> int:
    match error:
        case errors.OutcomeUnknownError() | errors.ContractError(may_have_been_billed=True):
            return 3
        case errors.TaskTimeoutError():
            return 4
        case errors.DownloadError():
            return 5
        case _:
            return 1


def _report(error: BaseException, message: str, code: int) -> int:
    """Say what happened, and what the library noted about it, such as the task id to resume with."""
    for line in (message, *getattr(error, "__notes__", ())):
        click.echo(line if line == "Interrupted." else f"weryai: {_with_command(line)}", err=True)
    return code


def _with_command(line: str) -> str:
    """Name the command where the library names the method."""
    return re.sub(r"tasks\.wait\('([^']*)'\)", r"`weryai wait \1`", line)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    click.echo(f"weryai: {message}", err=True)

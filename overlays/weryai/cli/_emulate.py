"""The commands that need no account: `emulate` and `demo`."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import weryai

from ._connection import FilePath, Progress, check_output, look_at, opening, overwriting, require
from ._output import check_shown, put, say
from ._words import examples, option_of

if TYPE_CHECKING:
    from weryai import Upload

DEMO_PROMPT = "Make the person wave their hand"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@click.command(
    help="Until Ctrl-C. It prints its URL, which a browser shows, and the key to use.",
    epilog=examples(
        "weryai emulate",
        "weryai emulate --port 0 --state emulator.db",
        "weryai emulate --scenario rate-limit:2 --scenario fail-copyright:1/5",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--allow-host", "names", multiple=True, metavar="NAME", help="Answer to this name too; may be given again."
)
@click.option(
    "--video", type=click.Choice(["render", "fixed"]), default="render", show_default=True,
    help="Make each video of its image, or send the same short one.",
)  # fmt: skip
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME[@STAGE][:TIMES|:1/N]",
    help="Let something happen to the next requests or tasks that it suits, or to one in N; may be given again.",
)
@click.option("--list-scenarios", is_flag=True, help="Print every scenario and end.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="60 makes a minute pass in each second.")
@click.option(
    "--state",
    type=FilePath(),
    metavar="FILE",
    help="Remember tasks, images and credits in this file; what scenarios are left is not kept.",
)
@click.option("--concurrency", type=click.IntRange(0), default=20, show_default=True,
              help="Unfinished tasks at most; 0 for no limit.")  # fmt: skip
@click.option(
    "--submit-interval",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Refuse a submission that comes sooner after the last one, with 1001.",
)
@click.option(
    "--balance",
    default="1000",
    show_default=True,
    metavar="CREDITS",
    callback=lambda _context, _option, text: _credits(text),
    help="Credits to begin with, or unlimited.",
)
@click.option(
    "--model-rules", type=click.Choice(["known", "strict", "off"]), default="known", show_default=True,
    help="Refuse what a known model does not take, unknown models as well, or nothing of the kind.",
)  # fmt: skip
@click.option(
    "--webhook-words", type=click.Choice(["succeed", "SUCCESS"]), default="succeed", show_default=True,
    help="The word for a success in webhooks.",
)  # fmt: skip
@click.option(
    "--dialect",
    type=click.Choice(["page", "seen"]),
    default="page",
    show_default=True,
    help="Answer as the documentation prints it, or as public clients report it from production.",
)
@click.option("--refund-failed", is_flag=True, help="Give the credits of failed tasks back.")
@click.option(
    "--allow-webhooks-to", "hosts", multiple=True, metavar="HOST", help="Send webhooks to another machine, too."
)
def emulate(
    port: int,
    host: str,
    names: tuple[str, ...],
    scenarios: tuple[str, ...],
    list_scenarios: bool,
    concurrency: int,
    balance: int | None,
    hosts: tuple[str, ...],
    **more: Any,
) -> None:
    require("emulate", "emulator", without="av" if list_scenarios or more["video"] == "fixed" else None)
    from weryai.emulator import serve

    if list_scenarios:
        for line in _listed():
            put(False, line)
        check_shown()
        return
    try:
        serve(
            port=port,
            host=host,
            hosts=names,
            scenarios=scenarios,
            concurrency=concurrency,
            balance=balance,
            webhook_hosts=hosts,
            **more,
        )
    except OSError as error:
        raise weryai.ConfigurationError(error.strerror or str(error)) from error
    except ValueError as error:
        # It names its settings, such as speed=-1.
        option = re.sub(r"(?:^|(?<= and ))([a-z_]+)=", lambda found: f"{option_of(found[1])} ", str(error))
        raise click.UsageError(option) from error


def _credits(text: str) -> int | None:
    """Read how many credits there are; None is as many as anybody wants."""
    if text == "unlimited":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise click.BadParameter(f"{text[:40]!r} is neither a whole number from 0 on nor unlimited")
    return int(text)


def _listed() -> list[str]:
    """Return a line for each scenario, by the stage it acts at."""
    from weryai.emulator import scenarios

    known = scenarios()
    width = max(len(one.name) for one in known)
    lines: list[str] = []
    for stage in dict.fromkeys(one.stage for one in known):
        lines += ["", f"{stage}:", *(f"  {one.name:{width}}  {one.sentence}" for one in known if one.stage == stage)]
    return lines[1:]


@click.command(
    help="The emulator takes the place of the service, from the upload to the MP4.",
    epilog=examples("weryai demo", 'weryai demo photo.jpg -p "The sea begins to move" --open'),
)
@click.argument("image", required=False, type=FilePath())
@click.option("-p", "--prompt", help=f"[default: {DEMO_PROMPT}]")
@click.option("-o", "--output", type=FilePath(), help="File or folder to write. [default: weryai-demo.mp4]")
@overwriting
@opening
def demo(image: str | None, prompt: str | None, output: str | None, overwrite: bool, is_opened: bool) -> None:
    require("demo", "emulator")
    check_output(output, overwrite=overwrite)
    path = _demonstrate(image, prompt, output or "weryai-demo.mp4", is_replaced=overwrite or output is None)
    put(False, path.resolve())
    if is_opened:
        look_at(path)


def _demonstrate(image: str | None, prompt: str | None, output: str, *, is_replaced: bool) -> Path:
    """Make the video of the demo; nothing that is met on the way is about money."""
    from weryai.emulator import Emulator

    photograph = Path(weryai.__file__).parent / "emulator" / "data" / "astronaut.jpg"
    # The demo needs nothing of its surroundings, so nothing of them can break it.
    for name in list(os.environ):
        if name.startswith("WERYAI_") or name.lower() in PROXIES:
            del os.environ[name]
    with _free(), Emulator(video="render") as emulator, Progress("uploading") as progress:

        def uploaded(upload: Upload) -> None:
            say(f"image     {image or f'{photograph.name} (NASA, public domain)'}")
            say(f"prompt    {prompt or DEMO_PROMPT}")
            say(f"emulator  {emulator.url}")
            progress.uploaded(upload)

        with weryai.WeryAI(emulator.key, base_url=emulator.url) as client:
            video = client.image_to_video.generate(
                image or photograph,
                prompt=prompt or DEMO_PROMPT,
                output=output,
                if_exists="replace" if is_replaced else "refuse",
                interval=0.25,
                on_upload=uploaded,
                on_submit=progress.submitted,
                on_update=progress.updated,
            )
        progress.stored(video.path)
    return video.path


@contextlib.contextmanager
def _free() -> Iterator[None]:
    """Say that nothing was paid, where the library would say how to go on with what was."""
    try:
        yield
    except KeyboardInterrupt as error:
        error.__notes__ = ["The demo was stopped; nothing was paid."]
        raise
    except weryai.WeryAIError as error:
        if error.outcome is weryai.Outcome.ACCEPTED:
            error.__notes__ = ["This was the demo; nothing was paid, and its service is gone."]
        raise

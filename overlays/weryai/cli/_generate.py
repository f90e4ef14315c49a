"""The commands around one image: `generate`, `submit`, `wait`, `download`, `upload`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ._connection import connect
from ._download import check_output, fetch, is_folder, target_of
from ._journal import in_journal, noting_client, paying, paying_client
from ._output import as_json, put, put_submission, put_task, say
from ._progress import Progress

if TYPE_CHECKING:
    from weryai import Submission, Task

F = TypeVar("F", bound=Callable[..., Any])
OUTPUT = "File or folder to write. [default: <task id>.mp4]"
overwriting = click.option("--overwrite", is_flag=True, help="Replace the file that --output names, if it is there.")

converting = click.option("--convert", is_flag=True, help="Make a JPEG of HEIC, TIFF, GIF, BMP, AVIF or over 10 MB.")


def _ordering(command: F) -> F:
    """Add what `generate` and `submit` have in common."""
    for option in reversed(
        (
            click.argument("image"),
            click.option("-p", "--prompt", required=True, help="Motion prompt, 1 to 2000 characters."),
            click.option("-m", "--model", help="Model key, see `weryai models`. [default: WERYAI_VIDEO_1_0]"),
            click.option("-d", "--duration", type=int, help="Seconds. [default: 5]"),
            click.option("-r", "--aspect-ratio", help='Width to height; "none" leaves it out. [default: 16:9]'),
            click.option("--negative-prompt", help="Things to avoid, up to 1000 characters."),
            click.option("--resolution", help="Such as 720p, if the model lists any."),
            click.option("--audio/--no-audio", "generate_audio", default=None, help="Whether to make sound as well."),
            click.option("--webhook-url", help="Where the service posts when the task ends."),
            converting,
            click.option("--live", is_flag=True, help="Check against the live models registry before paying."),
            click.option("--strict", is_flag=True, help="Refuse what the models registry does not list."),
            paying,
            as_json,
        )
    ):
        command = option(command)
    return command


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given."""
    live = options.pop("live")
    chosen = {name: value for name, value in options.items() if value is not None}
    if chosen.get("aspect_ratio") == "none":
        chosen["aspect_ratio"] = None
    return {**chosen, "validate": "live" if live else True}


@click.command()
@_ordering
@click.option("-o", "--output", help="File or folder to write. [default: IMG_01.mp4 for IMG_01.jpg]")
@overwriting
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
def generate(
    image: str, prompt: str, output: str | None, overwrite: bool, timeout: float, json_lines: bool, **options: Any
) -> None:
    """Make a video from IMAGE, a local file or a URL. The last line printed is the video's path."""
    check_output(output, overwrite=overwrite)
    with paying_client(options) as client, Progress() as progress:

        def submitted(submission: Submission) -> None:
            if json_lines:
                put_submission(submission)
            progress.submitted(submission)

        video = client.image_to_video.generate(
            image,
            prompt=prompt,
            output=output,
            if_exists="replace" if overwrite else "refuse",
            timeout=timeout,
            on_submit=submitted,
            on_update=progress.updated,
            **_chosen(options),
        )
    put(json_lines, video.path, event="done", task_id=video.task.id, path=video.path, url=video.url)


@click.command()
@_ordering
@click.option("-n", "--video-number", type=int, help="How many videos, 1 to 4; each is paid for. [default: 1]")
def submit(image: str, prompt: str, json_lines: bool, **options: Any) -> None:
    """Submit a video of IMAGE and print its task ids, one per line, without waiting."""
    with paying_client(options) as client:
        submission = client.image_to_video.submit(image, prompt=prompt, **_chosen(options))
    if json_lines:
        put_submission(submission)
        return
    for task_id in submission.task_ids:
        put(False, task_id)
    say(f"weryai: fetch with `weryai wait {' '.join(submission.task_ids)}`")


@click.command()
@click.argument("task_ids", metavar="TASK_ID...", nargs=-1, required=True)
@click.option("-o", "--output", help=f"{OUTPUT} For several tasks a folder.")
@overwriting
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
@in_journal
@as_json
def wait(
    task_ids: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    timeout: float,
    journal: str | None,
    json_lines: bool,
) -> None:
    """Wait for tasks that were submitted before, and fetch their videos. Costs nothing."""
    if len(task_ids) > 1 and output and not is_folder(output):
        raise click.UsageError("several tasks need a folder as --output")
    if_exists = check_output(output, overwrite=overwrite)
    with noting_client(journal) as client, Progress("waiting") as progress:
        note = put_task if json_lines else progress.updated if len(task_ids) == 1 else None
        fetch(client, dict.fromkeys(task_ids, output), timeout, note, json_lines=json_lines, if_exists=if_exists)


@click.command()
@click.argument("source", metavar="TASK_ID|URL")
@click.option("-o", "--output", help=OUTPUT)
@overwriting
@in_journal
@as_json
def download(source: str, output: str | None, overwrite: bool, journal: str | None, json_lines: bool) -> None:
    """Fetch the video of a finished task, or of a URL. Costs nothing."""
    if_exists = check_output(output, overwrite=overwrite)
    with noting_client(journal) as client:
        wanted: str | Task = source if "://" in source else client.tasks.get(source)
        # The library finds a name for a URL, and one that is free.
        target = output or "./" if isinstance(wanted, str) else target_of(output, wanted.id)
        path = client.files.download(wanted, target, if_exists=if_exists)
    put(json_lines, path, event="done", path=path, source=source)


@click.command()
@click.argument("image")
@converting
@as_json
def upload(image: str, convert: bool, json_lines: bool) -> None:
    """Put a local IMAGE where the service can fetch it, and print its URL."""
    with connect() as client:
        url = client.files.upload(image, convert=convert)
    put(json_lines, url, event="uploaded", url=url)

"""The commands around one video: `generate`, `submit`, `wait`, `download`, `upload`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ._choosing import check_prompt, chosen
from ._connection import connect
from ._download import apart, check_output, fetch, is_folder, meant_for, overwriting, target_of
from ._help import examples
from ._hints import quote
from ._journal import expected, in_journal, known_orders, noting_client, paying, paying_client, usual
from ._looking import look_at, opening, shown_at_the_end
from ._output import as_json, put, put_submission, put_task, say
from ._progress import Progress
from ._signals import before_paying

if TYPE_CHECKING:
    from weryai import Submission, Task, Video, WeryAI

F = TypeVar("F", bound=Callable[..., Any])
OUTPUT = "File or folder to write. [default: <task id>.mp4]"
converting = click.option("--convert", is_flag=True, help="Make a JPEG of HEIC, TIFF, GIF, BMP, AVIF or over 10 MB.")


def _ordering(command: F) -> F:
    """Add what `generate` and `submit` have in common."""
    for option in reversed(
        (
            click.argument("images", metavar="[IMAGE]...", nargs=-1),
            click.option("-p", "--prompt", required=True, help="Motion prompt, 1 to 2000 characters."),
            click.option(
                "--last", metavar="IMAGE", help="The last frame; IMAGE is then the first one. [default model: VEO_3_1]"
            ),
            click.option("-m", "--model", help="Model key. [default: WERYAI_VIDEO_1_0, for more images VEO_3_1]"),
            click.option("-d", "--duration", type=int, help="Seconds. [default: 5, for more images 8]"),
            click.option("-r", "--aspect-ratio", help='Width to height; "none" leaves it out. [default: 16:9]'),
            click.option("--negative-prompt", help="Things to avoid, up to 1000 characters."),
            click.option("--resolution", help="Such as 720p, if the model lists any."),
            click.option("--audio/--no-audio", "generate_audio", default=None, help="Whether to make sound as well."),
            click.option("--webhook-url", help="Where the service posts when the task ends."),
            converting,
            click.option("--caller-id", type=int, help="Your number at the service, if it gave you one."),
            click.option(
                "--extra", "extra_body", metavar="NAME=JSON", multiple=True, help="A field without an option."
            ),
            click.option("--any-model", is_flag=True, help="Send a model that neither snapshot nor registry lists."),
            click.option("--live", is_flag=True, help="Check against the live models registry before paying."),
            click.option("--strict", is_flag=True, help="Refuse what the models registry does not list."),
            click.option("--dry-run", is_flag=True, help="Show what would be sent and what was checked; send nothing."),
            paying,
            as_json,
        )
    ):
        command = option(command)
    return command


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given."""
    live, extra = options.pop("live"), _extra_fields(options.pop("extra_body"))
    chosen = {name: value for name, value in options.items() if value is not None}
    if chosen.get("aspect_ratio") == "none":
        chosen["aspect_ratio"] = None
    return {**chosen, "extra_body": extra or None, "validate": "live" if live else True}


def _extra_fields(given: tuple[str, ...]) -> dict[str, Any]:
    """Read fields such as seed=7 or style="film"."""
    fields: dict[str, Any] = {}
    for one in given:
        name, mark, text = one.partition("=")
        if not name or not mark:
            raise click.UsageError(f"--extra is NAME=JSON, such as seed=7, not {one!r:.200}")
        if name in fields:
            raise click.UsageError(f"--extra names {name} twice")
        try:
            fields[name] = json.loads(text)
        except ValueError:
            quotes = quote(f"{name}={json.dumps(text)}")
            raise click.UsageError(f"--extra {name}: {text!r:.200} is no JSON; a text is written {quotes}") from None
    return fields


@contextlib.contextmanager
def _ordering_client(options: dict[str, Any], *, is_dry: bool) -> Iterator[WeryAI]:
    """Make the client of a paid command; one that sends nothing needs no key, and reads a journal that is there."""
    if not is_dry:
        with paying_client(options) as client:
            yield client
        return
    place, without, _ = (options.pop(name) for name in ("journal", "no_journal", "window"))
    with connect(needs_key=False) if without else noting_client(place, needs_key=False) as client:
        yield client


def _show(prepared: Any, *, json_lines: bool) -> None:
    """Show a request that was checked and is not sent."""
    uploads = [dataclasses.asdict(upload) for upload in prepared.uploads]
    if json_lines:
        put(
            True, "", event="prepared", request=prepared.request, body=prepared.body, uploads=uploads,
            checks=prepared.checks, estimate=prepared.estimate and dataclasses.asdict(prepared.estimate),
        )  # fmt: skip
    else:
        put(False, prepared.request)
        for line in json.dumps(prepared.body, ensure_ascii=False, indent=2).splitlines():
            put(False, line)
        for upload in prepared.uploads:
            put(False, f"upload   {upload.field}: {upload.name}, {upload.media_type}, {upload.size:,} bytes")
        for check in prepared.checks:
            put(False, f"checked  {check}")
        if prepared.estimate is not None:
            put(False, f"cost     {prepared.estimate}")
    say("weryai: nothing was sent, and nothing is paid for")


@click.command(
    help="""Make a video, and print its path as the last line.

    Without an IMAGE it is made from the prompt alone, from one IMAGE by moving it, from several in their order, and
    with --last from the first frame to the last. An IMAGE is a local file or a URL.
    """,
    epilog=examples(
        'weryai generate photo.jpg -p "She waves" -o wave.mp4',
        'weryai generate first.jpg --last last.jpg -p "Day turns to night"',
        'weryai generate -p "A fox runs through fresh snow" --dry-run',
    ),
)
@_ordering
@click.option("-o", "--output", help="File or folder to write. [default: IMG_01.mp4 for IMG_01.jpg]")
@overwriting
@opening
@click.option("--sidecar", is_flag=True, help="Write a JSON beside the MP4: request, ids, times, credits, SHA-256.")
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
def generate(
    images: tuple[str, ...], prompt: str, last: str | None, output: str | None, overwrite: bool, is_opened: bool,
    sidecar: bool, timeout: float, dry_run: bool, json_lines: bool, **options: Any,
) -> None:  # fmt: skip
    check_output(output, overwrite=overwrite)
    check_prompt(images, prompt)
    has_journal = not options["no_journal"]
    with (
        before_paying() as begin, _ordering_client(options, is_dry=dry_run) as client, contextlib.ExitStack() as stack
    ):  # fmt: skip
        choice = chosen(client, images, last, options)
        if dry_run:
            prepared = choice.of(client).prepare(*choice.arguments, prompt=prompt, **_chosen(options))
            _show(prepared, json_lines=json_lines)
            return
        model = options.get("model") or choice.model
        state = "uploading" if choice.has_upload else "submitting"
        progress = stack.enter_context(Progress(state, usual=usual(client, model)))

        def submitted(submission: Submission) -> None:
            if json_lines:
                put_submission(submission)
            progress.submitted(submission)

        begin()
        video = choice.of(client).generate(
            *choice.arguments,
            prompt=prompt,
            output=output,
            if_exists="replace" if overwrite else "refuse",
            timeout=timeout,
            on_prepared=_say_estimate,
            on_upload=progress.uploaded,
            on_submit=submitted,
            on_update=progress.updated,
            measure_cost=has_journal,
            **_chosen(options),
        )
        progress.stored(video.path)
    if sidecar:
        _write_sidecar(video)
    put(json_lines, video.path, event="done", task_id=video.task.id, path=video.path, url=video.url)
    if is_opened:
        look_at(video.path)


def _say_estimate(prepared: Any) -> None:
    """Say what the last such video cost, as far as a journal knows."""
    if prepared.estimate is not None:
        say(f"weryai: {prepared.estimate}")


def _write_sidecar(video: Video) -> None:
    """Write what is known beside a video; that it cannot be written is only said, for the video is there."""
    try:
        video.write_sidecar()
    except OSError as error:
        say(f"weryai: {video.path}.json cannot be written: {error.strerror}")


@click.command(
    help="""Submit as `generate` does, and print the task ids at once.

    One per line, without waiting; `weryai wait TASK_ID` fetches the video.
    """,
    epilog=examples(
        'weryai submit photo.jpg -p "She waves" --duration 10',
        'weryai submit photo.jpg -p "She waves" --json | tee task.json',
    ),
)
@_ordering
@click.option("-n", "--video-number", type=int, help="How many videos, 1 to 4; each is paid for. [default: 1]")
def submit(
    images: tuple[str, ...], prompt: str, last: str | None, dry_run: bool, json_lines: bool, **options: Any
) -> None:
    check_prompt(images, prompt)
    with before_paying() as begin, _ordering_client(options, is_dry=dry_run) as client:
        choice = chosen(client, images, last, options)
        resource = choice.of(client)
        if dry_run:
            prepared = resource.prepare(*choice.arguments, prompt=prompt, **_chosen(options))
            _show(prepared, json_lines=json_lines)
            return
        begin()
        submission = resource.submit(*choice.arguments, prompt=prompt, **_chosen(options))
    if json_lines:
        put_submission(submission)
        return
    for task_id in submission.task_ids:
        put(False, task_id)
    say(f"weryai: fetch with `weryai wait {' '.join(map(quote, submission.task_ids))}`")


@click.command(
    help="""Wait for submitted tasks, and fetch their videos. Costs nothing.

    Without --output a video goes where its order meant it, if the journal knows.
    """,
    epilog=examples("weryai wait 8f2ab0c4 --open", "weryai wait 8f2ab0c4 91d3e7aa --output videos/"),
)
@click.argument("task_ids", metavar="TASK_ID...", nargs=-1, required=True)
@click.option("-o", "--output", help=f"{OUTPUT} For several tasks a folder.")
@overwriting
@opening
@click.option("--timeout", type=float, default=1800.0, show_default=True, help="Seconds to wait at most.")
@in_journal
@as_json
def wait(
    task_ids: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    is_opened: bool,
    timeout: float,
    journal: str | None,
    json_lines: bool,
) -> None:
    if len(task_ids) > 1 and output and not is_folder(output):
        raise click.UsageError("several tasks need a folder as --output")
    if_exists = check_output(output, overwrite=overwrite)
    with (
        shown_at_the_end(is_opened=is_opened) as paths,
        noting_client(journal) as client,
        Progress("waiting") as progress,
    ):
        orders = known_orders(client)
        targets = apart({task_id: output or meant_for(orders.get(task_id)) for task_id in task_ids})
        times = expected(client, {task_id: order for task_id, order in orders.items() if task_id in targets})
        progress.awaits({task_id: times.get(task_id) for task_id in targets})

        def seen(task: Task) -> None:
            if json_lines:
                put_task(task)
            progress.updated(task)

        def stored(path: Path) -> None:
            progress.stored(path)
            paths.append(path)

        fetch(client, targets, timeout, seen, json_lines=json_lines, stored=stored, if_exists=if_exists)


@click.command(
    help="Fetch the video of a finished task, or of a URL. Costs nothing.",
    epilog=examples("weryai download 8f2ab0c4 --output wave.mp4 --open"),
)
@click.argument("source", metavar="TASK_ID|URL")
@click.option("-o", "--output", help=OUTPUT)
@overwriting
@opening
@in_journal
@as_json
def download(
    source: str, output: str | None, overwrite: bool, is_opened: bool, journal: str | None, json_lines: bool
) -> None:
    if_exists = check_output(output, overwrite=overwrite)
    with noting_client(journal) as client:
        wanted: str | Task = source if "://" in source else client.tasks.get(source)
        # The library finds a name for a URL, and one that is free.
        if isinstance(wanted, str):
            target = output or "./"
        else:
            target = target_of(output or meant_for(known_orders(client).get(wanted.id)), wanted.id)
        path = client.files.download(wanted, target, if_exists=if_exists)
    put(json_lines, path, event="done", path=path, source=source)
    if is_opened:
        look_at(path)


@click.command(
    help="Put an IMAGE where the service can fetch it: print its URL.", epilog=examples("weryai upload photo.jpg")
)
@click.argument("image")
@converting
@as_json
def upload(image: str, convert: bool, json_lines: bool) -> None:
    with connect() as client:
        url = client.files.upload(image, convert=convert)
    put(json_lines, url, event="uploaded", url=url)

"""The commands that make a video: `generate` and `submit`, and `upload`; and which operation they submit."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

import weryai

from ._connection import (
    FilePath,
    Progress,
    check_output,
    connect,
    look_at,
    noting_client,
    opening,
    overwriting,
    paying,
    paying_client,
    usual,
    waiting,
)
from ._output import as_json, put, put_submission, say
from ._signals import before_paying
from ._words import examples, quote, together

if TYPE_CHECKING:
    from weryai import Model, Submission, Video, WeryAI


converting = click.option("--convert", is_flag=True, help="Make a JPEG of HEIC, TIFF, GIF, BMP, AVIF or over 10 MB.")


# What `generate` and `submit` have in common.
_ordering = together(
    click.argument("images", metavar="[IMAGE]...", nargs=-1, type=FilePath()),
    click.option("-p", "--prompt", required=True, help="Motion prompt, 1 to 2000 characters."),
    click.option(
        "--last",
        metavar="IMAGE",
        type=FilePath(),
        help="The last frame; IMAGE is then the first one. [default model: VEO_3_1]",
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
    click.option("--extra", "extra_body", metavar="NAME=JSON", multiple=True, help="A field without an option."),
    click.option("--any-model", is_flag=True, help="Send a model that neither snapshot nor registry lists."),
    click.option("--live", is_flag=True, help="Check against the live models registry before paying."),
    click.option("--strict", is_flag=True, help="Refuse what the models registry does not list."),
    click.option("--dry-run", is_flag=True, help="Show what would be sent and what was checked; send nothing."),
    paying,
    as_json,
)


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
        except (ValueError, RecursionError):
            quotes = quote(f"{name}={json.dumps(text[:80])}")
            raise click.UsageError(f"--extra {name}: {text!r:.80} is no JSON; a text is written {quotes}") from None
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
    help="""
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
@click.option("-o", "--output", type=FilePath(), help="File or folder to write. [default: IMG_01.mp4 for IMG_01.jpg]")
@overwriting
@opening
@click.option("--sidecar", is_flag=True, help="Write a JSON beside the MP4: request, ids, times, credits, SHA-256.")
@waiting
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
    help="One per line, without waiting; `weryai wait TASK_ID` fetches the video.",
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


@click.command(epilog=examples("weryai upload photo.jpg"))
@click.argument("image", type=FilePath())
@converting
@as_json
def upload(image: str, convert: bool, json_lines: bool) -> None:
    with connect() as client:
        url = client.files.upload(image, convert=convert)
    put(json_lines, url, event="uploaded", url=url)


Kind: TypeAlias = Literal["image_to_video", "text_to_video", "multi_image_to_video", "first_last_image_to_video"]
_WORDS: dict[Kind, str] = {
    "text_to_video": "text to video, without an image",
    "image_to_video": "image to video",
    "multi_image_to_video": "multi-image to video, with {count} in order",
    "first_last_image_to_video": "first and last frame",
}


#: The model of an operation for which nobody names one; the library has the same.
_DEFAULT_MODEL = {"multi_image_to_video": "VEO_3_1", "first_last_image_to_video": "VEO_3_1"}


@dataclass(frozen=True)
class Choice:
    """An operation: the registry's word for it, the client's resource, and the images it is given."""

    kind: Kind
    resource: str
    arguments: tuple[Any, ...]

    def of(self, client: WeryAI) -> Any:
        """The resource of a client."""
        return getattr(client, self.resource)

    @property
    def model(self) -> str:
        """The model it is made by, unless somebody names one."""
        return _DEFAULT_MODEL.get(self.kind, "WERYAI_VIDEO_1_0")

    @property
    def has_upload(self) -> bool:
        """Whether an image is local, so that it is uploaded first."""
        images = self.arguments[0] if self.kind == "multi_image_to_video" else self.arguments
        return any("://" not in image for image in images)

    @property
    def words(self) -> str:
        """What it is, in words."""
        count = len(self.arguments[0]) if self.kind == "multi_image_to_video" else 0
        return _WORDS[self.kind].format(count="one image" if count == 1 else f"{count} images")


def chosen(client: WeryAI, images: Sequence[str], last: str | None, options: dict[str, Any]) -> Choice:
    """Choose the operation, say which it is, and refuse a model that nobody lists; nothing is paid for yet."""
    any_model, model = options.pop("any_model"), options.get("model")
    if last is not None and len(images) != 1:
        raise click.UsageError("--last IMAGE needs one IMAGE, the first frame")
    choice = _by_images(client, images, last, model)
    # One image alone is what it always was.
    if choice.kind != "image_to_video":
        say(f"weryai: {choice.words}")
    if model is not None and not any_model:
        _check_model(client, choice.kind, model)
    return choice


def check_prompt(images: Sequence[str], prompt: str) -> None:
    """Refuse an image in the place of the prompt, which nobody can have meant, before anything is sent."""
    if not re.search(r"\.(?:jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$", prompt, re.IGNORECASE):
        return
    if os.path.isfile(prompt):
        words = quote(images[0]) if images and not os.path.exists(images[0]) else '"She waves"'
        raise click.UsageError(
            f"-p names the file {prompt}: the image stands alone, and the prompt is words: "
            f"`weryai generate {quote(prompt)} -p {words}`"
        )


def _by_images(client: WeryAI, images: Sequence[str], last: str | None, model: str | None) -> Choice:
    if last is not None:
        return Choice("first_last_image_to_video", "first_last_frame", (images[0], last))
    if not images:
        return Choice("text_to_video", "text_to_video", ())
    if len(images) == 1 and not _is_for_several_alone(client, model):
        return Choice("image_to_video", "image_to_video", (images[0],))
    return Choice("multi_image_to_video", "multi_image_to_video", (list(images),))


def _is_for_several_alone(client: WeryAI, model: str | None) -> bool:
    """Whether a model takes images in a list alone; one that the snapshot knows for one image is not asked about."""
    if model is None or _is_listed(weryai.bundled_models(), model):
        return False
    try:
        single, several = client.models.list(), client.models.list(kind="multi_image_to_video")
    except weryai.WeryAIError:
        single, several = (), weryai.bundled_models("multi_image_to_video")
    return _is_listed(several, model) and not _is_listed(single, model)


def _check_model(client: WeryAI, kind: Kind, model: str) -> None:
    """Refuse a model that neither the snapshot nor the live registry lists for this kind of work.

    Of a kind for which they list none, whatever they list for any kind is taken.
    """
    snapshot = weryai.bundled_models(kind)
    if _is_listed(snapshot, model):
        return
    try:
        live = client.models.list(kind=kind)
        if _is_listed(live, model):
            return
        if not live and not snapshot and _is_listed_at_all(lambda one: client.models.list(kind=one), model):
            return
        client.models.get(model, kind=kind)
    except weryai.ModelUnavailableError as error:
        reason = error.message
    except weryai.AuthenticationError:
        raise
    except weryai.WeryAIError as error:
        if not snapshot and _is_listed_at_all(weryai.bundled_models, model):
            return
        reason = f"the bundled snapshot has no model {model!r:.200}, and the registry cannot be asked: {error}"
    else:
        return
    raise weryai.InvalidInputError(f"{reason}; --any-model sends it all the same")


def _is_listed_at_all(listed: Callable[[Kind], Sequence[Model]], model: str) -> bool:
    return any(_is_listed(listed(kind), model) for kind in _WORDS)


def _is_listed(models: Sequence[Model], model: str) -> bool:
    return any(one.key == model for one in models)

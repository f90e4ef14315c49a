"""Files: put an image where the service can fetch it, and fetch the video."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from weryai_api.api.files import upload_file
from weryai_api.types import File

from .._flow.effects import Fetch, Flow, Now, RunBlocking, Sleep, note
from .._flow.logs import log
from .._flow.retry import FREE_TRIES, RetryPolicy, parse_retry_after
from .._media.download import Destination, IfExists, Target, prepare
from .._media.image import Image, ImageSource, is_address, load_image
from .._media.names import name_of
from .._protocol.endpoint import call
from .._protocol.envelope import Envelope
from .._protocol.task_reader import has_host
from .._task import Task
from ..errors import ContractError, DownloadError, InvalidInputError, TransportError, WeryAIError
from .base import Mode, Resource, operation
from .tasks import check_task_id, poll_once

T = TypeVar("T")

_WORTH_ANOTHER_TRY = (404, 408, 425, 429)
_EXPIRED = (401, 403, 404, 410)
# Who sends the same bytes so often has nothing else to send.
SAME_TIMES = 3
# A try that brings this many bytes does not count as one, so that a long video comes over a bad line.
PROGRESS = 256 * 1024


class Files(Resource[Mode]):
    """Uploads and downloads; both are free and repeated when they fail."""

    @operation
    def upload(self, source: ImageSource, *, validate: bool = True, convert: bool = False) -> Flow[str]:
        """Upload a jpg, png or webp image of less than 10 MB and return its URL.

        `source` is a path, bytes, or a binary file object, read from where it stands to its end; AsyncWeryAI also
        awaits a file such as Starlette's UploadFile. The type is told by the content, which must be a whole image by
        its structure, unless `validate=False`. How long the URL lives is not documented.

        `convert` makes a JPEG of a HEIC, TIFF, GIF, BMP or AVIF image, or of one that is larger: upright, in sRGB,
        without its place (extra "images"). A warning says so before the upload; what was given stays as it is.

        Raises InvalidInputError before anything is sent.
        """
        picture = yield from load_image(source, validate=validate, convert=convert)
        return (yield from upload_image(picture, self._retry))

    @operation
    def download(
        self,
        url: str | Task,
        path: str | os.PathLike[str],
        *,
        task_id: str | None = None,
        if_exists: IfExists = "replace",
        validate: bool = True,
    ) -> Flow[Path]:
        """Download a video and return the path of the complete file.

        `url` is its URL, or a Task that has one; `path` is the file to write, or a folder. A file that is there already
        is replaced, or with `if_exists` "refuse" an InvalidInputError before anything is fetched; with "rename", and
        always in a folder, the video gets a number beside it, unless you named a file that has the same bytes already.

        A connection that breaks is taken up where it broke. Only a whole MP4, QuickTime or WebM file counts as the
        video, told by its structure. What is none, or a link that has expired, is fetched again, from a fresh link if
        `task_id` (or the Task) says of which task; `validate=False` takes whatever comes. The key is never sent along.
        The final name appears in one step, when every byte is on disk; a WebM gets its own suffix, with a warning.

        Raises DownloadError, with what came in `.partial_path`; never submit again because of it: what failed can be
        downloaded again.
        """
        address, task_id = _named(url, task_id)
        place = yield from RunBlocking(lambda: prepare(path, name_of(address), if_exists))
        return (yield from download_to(self, address, place, task_id, validate=validate))


def download_to(
    resource: Resource[Mode], address: str, place: Destination, task_id: str | None, *, validate: bool = True
) -> Flow[Path]:
    """Download to a place that was prepared, and note where the video of a task is."""
    target = Target(place.path, address, if_exists=place.if_exists, may_be_same=place.may_be_same, validate=validate)
    stored: Path = yield from store(resource, target, task_id, Target.finish)
    if task_id is not None:
        yield from note(lambda record: record.finish_task(task_id, os.path.abspath(stored)))
    return stored


def store(resource: Resource[Mode], target: Target, task_id: str | None, finish: Callable[[Target], T]) -> Flow[T]:
    """Download into a target, and finish the file, which may take its time."""
    try:
        return (yield from _fetch_whole(resource._retry, target, task_id, finish))
    finally:
        target.close()


def upload_image(picture: Image, retry: RetryPolicy) -> Flow[str]:
    """Upload an image that was read before."""
    # The service compares content and suffix; the rest of the name is nobody's business.
    name = f"picture{picture.suffix}"
    # Loaded here, with attrs, for who uploads.
    from weryai_api.models import UploadFileRequest

    body = UploadFileRequest(file=File(BytesIO(picture.content), name, picture.media_type))
    return call(upload_file, _read_address, retry, body=body)


def _named(source: str | Task, task_id: str | None) -> tuple[str, str | None]:
    """The URL of a video, and the id of its task where that is known."""
    if task_id is not None:
        check_task_id(task_id)
    if isinstance(source, Task):
        if not source.videos:
            raise InvalidInputError(f"task {source.id} has no video to download; its state is {source.state.value}")
        return source.videos[0].url, task_id or source.id
    if not is_address(source):
        raise InvalidInputError(f"a video's URL starts with http:// or https://, not {str(source)[:60]!r}")
    return source, task_id


@dataclass(frozen=True, slots=True)
class _Missed:
    """What went wrong with one try of a download; `content` is the hash of what came whole and is no video."""

    event: str
    is_repeatable: bool
    http_status: int | None = None
    retry_after: float | None = None
    cause: TransportError | None = None
    content: str = ""


def _fetch_whole(policy: RetryPolicy, target: Target, task_id: str | None, finish: Callable[[Target], T]) -> Flow[T]:
    """Fetch into the target until it is complete, and finish it; a CDN may need a moment before it knows a new file."""
    started, attempt, most, asked = (yield from Now()), 0, 0, task_id is None
    seen = Counter[str]()
    while True:
        attempt += 1
        missed = yield from _fetch_once(target, attempt, finish)
        if not isinstance(missed, _Missed):
            return missed[0]
        seen[missed.content] += 1
        if not target.problem and target.received >= most + PROGRESS:
            # A bad line is no reason to give up while it brings something.
            most, attempt, started = target.received, 1, (yield from Now())
        elapsed = (yield from Now()) - started
        pause = policy.pause(attempt, random.random()) if missed.retry_after is None else missed.retry_after
        is_worth = missed.is_repeatable and attempt < min(policy.tries, FREE_TRIES) and elapsed + pause <= policy.budget
        if is_worth and not (missed.content and seen[missed.content] >= SAME_TIMES):
            if target.problem:
                link = None if task_id is None else (yield from _fresh_link(policy, target.url, task_id))
                target.restart(link or target.url)
                most = 0
            yield from Sleep(pause)
            continue
        fresh = None
        if task_id is not None and not asked and missed.http_status in _EXPIRED:
            asked, fresh = True, (yield from _fresh_link(policy, target.url, task_id))
        if fresh is None:
            raise (yield from _given_up(target, missed.event, task_id)) from missed.cause
        target.restart(fresh)
        attempt, most, started = 0, 0, (yield from Now())


def _fetch_once(target: Target, attempt: int, finish: Callable[[Target], T]) -> Flow[_Missed | tuple[T]]:
    """Fetch what is missing, and when all of it is there finish it, in one step: each is a change of threads."""
    headers = target.resume_headers()
    try:
        reply = yield from Fetch(target.url, target, headers, attempt)
    except TransportError as error:
        return _Missed(target.problem or str(error), is_repeatable=True, cause=error)
    status = reply.http_status
    if status == 200 or (status == 206 and headers):
        done = yield from RunBlocking(lambda: (finish(target),) if target.is_complete() else None)
        if done is not None:
            return done
        content = (yield from RunBlocking(target.content_hash)) if target.problem else ""
        return _Missed(target.problem or "the file came incomplete", is_repeatable=True, content=content)
    is_repeatable = status in _WORTH_ANOTHER_TRY or status >= 500 or (status == 416 and bool(headers))
    return _Missed(f"HTTP {status} came", is_repeatable, status, parse_retry_after(reply.headers))


def _fresh_link(policy: RetryPolicy, url: str, task_id: str) -> Flow[str | None]:
    """Ask the status for another link to the same video; None if there is none."""
    try:
        task = yield from poll_once(task_id, policy)
    except WeryAIError as error:
        log.info("task %s: no fresh link: %s", task_id, error)
        return None
    links: list[str] = [link.url for link in task.videos]
    same: list[str] = [link for link in links if link.partition("?")[0] == url.partition("?")[0]]
    fresh = next(iter([*same, *links]), None)
    return fresh if fresh != url else None


def _given_up(target: Target, event: str, task_id: str | None) -> Flow[DownloadError]:
    partial = yield from RunBlocking(target.keep)
    kept = f". What came is kept in {partial}" if partial else ""
    hint = "" if task_id else "; if the link has expired, tasks.get has a fresh one"
    message = f"{target.url} could not be downloaded: {event}{hint}{kept}"
    return DownloadError(message, url=target.url, partial_path=partial, task_id=task_id)


def _read_address(envelope: Envelope) -> str:
    data = envelope.data
    listed = data.get("object_url_list") if isinstance(data, dict) else None
    for candidate in listed if isinstance(listed, list) else []:
        if has_host(candidate):
            return str(candidate).strip()
    raise ContractError(
        "the upload was accepted, but the response holds no URL", raw=envelope.raw, http_status=envelope.http_status
    )

"""The body of a job, the same for every dispatcher: upload, place, wait, download, write down; one file per job."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import re
import string
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from weryai_api.api.account import get_balance

from ..._client import AsyncWeryAI
from ..._flow.clock import sleep_for
from ..._flow.effects import Flow
from ..._flow.logs import log
from ..._flow.order import Intent
from ..._flow.retry import RetryPolicy, is_repeatable
from ..._media.download import Target, sidecar_of, write_sidecar
from ..._media.image import is_address, read_image
from ..._media.names import NAME_BYTES, alternatives, name_of, part_beside, safe_part, shortened
from ..._protocol.contract import check_request
from ..._protocol.endpoint import Submission, call, paid_request, read_submission
from ..._protocol.envelope import accept_paid
from ..._resources.files import store, upload_image
from ..._resources.paid_request import unreachable
from ..._resources.tasks import NOT_FOUND_GRACE, check_waiting, poll_once, wait_for
from ..._task import Task
from ...errors import (
    ConfigurationError,
    DownloadError,
    InvalidInputError,
    JournalError,
    NotSentError,
    RateLimitError,
    TaskFailedError,
    TaskTimeoutError,
    TransportError,
    WeryAIError,
)
from .._ledger import queries as reading
from .._ledger import transitions as steps
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import Job, JobState, MovedError
from .gate import CROWDED, CrowdedError, Event, Gate, Stopping, is_page, is_unknown, kind_of, why_stop, why_unanswered
from .throttle import ASK, Limits, Throttle

NAME = "{key}.mp4"
FIELDS = ("key", "row", "task_id", "model", "image")
# A name without any of these would be that of many jobs.
TELLING = ("key", "row", "task_id")
# What a template adds has room beside a field, and no path gets too long for a system.
FIELD_BYTES = 140
MOST_BYTES = 600
# What Linux takes, and more than others do without saying so; there the first video says it.
_PATH_BYTES = 4000
_IMAGE_SUFFIX = re.compile(r"\.(jpe?g|jpe|jfif|png|webp)$", re.IGNORECASE)


class Naming:
    """Names files; raises InvalidInputError for a template that would not."""

    def __init__(self, folder: Path | str, template: str = NAME, *, sidecar: bool = False) -> None:
        """Check the template; nothing is made yet. `sidecar` wants a JSON beside each video."""
        self.sidecar = sidecar
        try:
            self._folder = Path(os.path.expanduser(folder)).resolve()
        except OSError as error:
            raise InvalidInputError(f"the working folder cannot be used: {error}") from error
        self._template = template
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            raise InvalidInputError(f"the name {template!r:.200} cannot be read: {error}") from None
        if unknown := [name for name in fields if name not in FIELDS]:
            raise InvalidInputError(f"a name knows {', '.join(FIELDS)}, not {', '.join(map(repr, unknown))}")
        if not set(fields) & set(TELLING):
            raise InvalidInputError(
                f"the name {template!r:.200} is the same for many jobs: use {{key}}, {{row}} or {{task_id}}"
            )

    def prepare(self) -> None:
        """Make the folder, and raise ConfigurationError, before anything is paid for, if it cannot take every name."""
        try:
            str(self._folder).encode()
            longest = Path("n" * (MOST_BYTES - NAME_BYTES - 1), "n" * NAME_BYTES)
            if len(os.fsencode(self._folder / longest)) > _PATH_BYTES:
                raise ValueError("its path is too long")
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
            with contextlib.suppress(FileNotFoundError):
                os.lstat(part_beside(self._folder / longest.name, "0" * 8))
        except UnicodeEncodeError:
            raise ConfigurationError(f"the folder {str(self._folder)!a} is no UTF-8, as a ledger needs it") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"the folder {self._folder} cannot take videos: {reason}") from None

    def path_of(self, job: Job, task_id: str) -> Path:
        """The file of a job. A key that had to be changed gets ~ and its row, which no other key ends in as it is."""
        key, changed = clean(_IMAGE_SUFFIX.sub("", job.key) or job.key)
        image = name_of(job.image, "") if is_address(job.image) else Path(job.image).name
        named = self._template.format(
            key=f"{key}~{job.row}" if changed or "~" in key else key,
            row=job.row,
            task_id=clean(task_id)[0],
            model=clean(str(job.parameters.get("model", "")))[0],
            image=clean(Path(image).stem)[0],
        )
        return self._folder / _clean(named, NAME_BYTES)

    def others(self, path: Path, row: int) -> Iterator[Path]:
        """Names for a job whose own is taken, in the same folder."""
        return alternatives(path.with_name(shortened(f"{path.stem}~{row}") + path.suffix))

    def flat(self, path: Path, row: int) -> Path:
        """A name in the folder itself, for a job whose own folder would have the name of a file."""
        return self._folder / f"{shortened('_'.join(path.relative_to(self._folder).parts[:-1]))}~{row}{path.suffix}"


def clean(name: str) -> tuple[str, bool]:
    """A relative path that every system takes and that stays inside, and whether it differs from what was given."""
    kept = _clean(name, FIELD_BYTES)
    return kept, kept != name


def _clean(name: str, most: int) -> str:
    parts = [part for part in (safe_part(part, ".-+=@,()~ ", most) for part in re.split(r"[/\\]", name)) if part]
    while len("/".join(parts).encode()) > MOST_BYTES:
        del parts[0]
    return "/".join(parts) or "_"


T = TypeVar("T")
# How many jobs are read at a time.
PAGE = 500
# How long the address of an upload is used again, in seconds. A guess: how long it lives is not documented.
UPLOAD_AGE = 6 * 3600.0
# How often a job is refused for the moment before it has failed.
TRIES = 50
# How often a video is fetched whose connection breaks, although no outage was noticed.
FETCHES = 3
TIMEOUT = 3600.0
# How often a page of something else in place of an answer leaves a job queued, although the service is reached.
PAGES = 3
# Too many are in flight: 1007 queue full, 6010 concurrent tasks.
_FULL = (1007, 6010)
_REQUEST = "POST /v1/generation/image-to-video"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take: `interval` seconds between two polls (None as `tasks.wait`), `timeout` for a task."""

    interval: float | None = None
    timeout: float = TIMEOUT
    upload_age: float = UPLOAD_AGE
    tries: int = TRIES

    def __post_init__(self) -> None:
        """Refuse what no task could be waited for by, before any is paid for; raises InvalidInputError."""
        check_waiting(self.timeout, self.interval)


class JobRunner:
    """Performs jobs with one client and one ledger."""

    def __init__(
        self,
        client: AsyncWeryAI,
        ledger: OpenLedger,
        naming: Naming,
        throttle: Throttle,
        limits: Limits,
        tell: Callable[[Event], None],
        patience: Patience | None = None,
    ) -> None:
        self.gate = Gate(
            ledger, limits.open_posts, limits.outage, ask=partial(ask, client), pause=self._told_pause,
            resume=lambda words: self._say(Event("resumed", reason=words)), end=self.stop,
        )  # fmt: skip
        self._client, self.ledger, self._naming, self._throttle, self._tell = (
            client,
            ledger,
            naming,
            throttle,
            tell,
        )
        #: Lets go of every job; set by who dispatches them.
        self.let_go: Callable[[], None] = lambda: None
        self._is_heard = True
        self._patience = patience or Patience()
        self._folders = set[Path]()
        self._uploading: dict[str, asyncio.Future[str]] = {}
        self._urls: dict[str, str] = {}
        self.stopping: Stopping | None = None
        self.posting = 0
        self.unfetched = 0

    async def perform(self, job: Job) -> None:
        """Bring a job from where it stands as far as it goes; raises nothing that is the job's own trouble."""
        try:
            await self._perform(job)
        except MovedError as error:
            # Another worker has it.
            self._say(Event("unfinished", job.key, job.task_id, reason=str(error), kind="moved"))

    async def _perform(self, job: Job) -> None:
        is_paid = job.state is JobState.SUBMITTED
        if is_paid and await self._is_stored(job):
            return
        async with self._throttle.place(at_once=is_paid):
            task_id = job.task_id if is_paid else await self._order(job)
            task = None if task_id is None else await self._wait(job, task_id)
        # From here on nothing is in flight at the service any more.
        if task is not None and task_id is not None:
            await self._fetch(job, task, task_id)

    async def _order(self, job: Job) -> str | None:
        """Place a job and return its task; None if that was not to be."""
        tries = unsent = 0
        while self.stopping is None:
            await self.gate.invited()
            met: WeryAIError
            try:
                address = await self._address(job)
            except WeryAIError as error:
                met, is_paid = error, False
                await self.gate.met(error)
            else:
                try:
                    return await self._placed(job, address)
                except WeryAIError as error:
                    met, is_paid = error, True
            if isinstance(met, CrowdedError):
                await asyncio.sleep(sleep_for(CROWDED))
            elif isinstance(met, NotSentError) or is_page(met):
                # Nothing that came says anything about this job: it waits at the gate until the service is reached.
                unsent += 1
                if not await self._stays_queued(job, met, unsent):
                    return None
            else:
                tries += not self.gate.is_away
                if not await self._goes_on(job, met, tries, paid=is_paid):
                    return None
        return None

    async def _stays_queued(self, job: Job, error: WeryAIError, unsent: int) -> bool:
        """Keep a job that was not sent, for any number of outages; not for ever where everything else is answered."""
        if is_page(error) and unsent > PAGES:
            await self._fail(job, str(error), kind_of(error))
            return False
        if unsent > TRIES:
            self.stop(Stopping(f"the service is reached, and submissions are not sent: {error}", "unanswered"))
            return False
        return True

    async def _placed(self, job: Job, address: str) -> str | None:
        async with self.gate.post(self._throttle) as admitted:
            if admitted is None or self.stopping is not None:
                return None
            self.posting += 1
            try:
                submission, problem = await self._client._perform(place(job, address))
            except WeryAIError as error:
                await self.gate.met(error, admitted)
                raise
            finally:
                self.posting -= 1
            await self.gate.accepted()
        if problem is not None:
            self.stop(Stopping(problem))
        self._throttle.accepted(admitted.span)
        self._say(Event("submitted", job.key, submission.task_ids[0]))
        return submission.task_ids[0]

    async def _goes_on(self, job: Job, error: WeryAIError, tries: int, *, paid: bool) -> bool:
        """Decide what a failed try means: whether the job is tried again."""
        if isinstance(error, MovedError):
            raise error
        kind = kind_of(error)
        if is_unknown(error):
            self._say(Event("ambiguous", job.key, reason=str(error), kind=kind))
            return False
        if (stopping := why_stop(error)) is not None:
            self.stop(stopping)
            return False
        if is_repeatable(error, paid=paid) and tries < self._patience.tries:
            code = getattr(error, "code", None)
            is_full = code in _FULL
            is_rate = isinstance(error, RateLimitError) and not is_full
            self._throttle.refused(getattr(error, "retry_after", None), is_rate=is_rate, is_full=is_full)
            self._say(Event("refused", job.key, reason=str(error), kind=kind))
            return True
        await self._fail(job, str(error), kind)
        return False

    def stop(self, stopping: Stopping) -> None:
        """Take no further jobs; the first reason counts, unless nothing can be waited for any more."""
        if self.stopping is None or (stopping.is_unreached and not self.stopping.is_unreached):
            self.stopping = stopping
            self.gate.stop_posts()
            self._say(Event("stopping", reason=stopping.reason))
        if stopping.is_unreached:
            self.let_go()

    async def _told_pause(self, words: str) -> None:
        """Tell that everything waits, and how much that is."""
        counts = await self.ledger.note(reading.counts)
        many = counts[JobState.QUEUED] + counts[JobState.SUBMITTED]
        self._say(Event("paused", reason=f"{words}; {many:,} jobs wait and none fails"))

    def _say(self, event: Event) -> None:
        """Tell what happened; if nobody can hear it any more, no further jobs are taken."""
        if not self._is_heard:
            return
        try:
            self._tell(event)
        except Exception as error:
            self._is_heard = False
            self.stop(Stopping(f"what happens cannot be told any more: {type(error).__name__}: {error}"))

    async def _address(self, job: Job) -> str:
        """Where the service finds the image: uploaded once for all jobs that have the same."""
        if is_address(job.image):
            if (wrong := unreachable(job.image, self._client.base_url)) is not None:
                raise InvalidInputError(f"image {wrong}")
            return job.image
        # What is not to be converted was refused when the manifest was loaded.
        picture = await asyncio.to_thread(read_image, job.image, convert=True)
        size, name = await asyncio.to_thread(picture.origin)

        def noted(db: Any) -> str | None:
            steps.note_image(db, job.row, size, name)
            return steps.address_of(db, name, self._patience.upload_age)

        known = await self.ledger.note(noted)
        if known is not None:
            return known
        if (running := self._uploading.get(name)) is not None:
            return await asyncio.shield(running)
        uploading = self._uploading[name] = asyncio.ensure_future(
            self._client._perform(self.gate.free(upload_image(picture, self._client._retry)))
        )
        try:
            address = await uploading
            await self.ledger.note(lambda db: steps.keep_upload(db, name, address))
            return address
        finally:
            self._uploading.pop(name, None)

    async def _wait(self, job: Job, task_id: str) -> Task | None:
        """Wait for a task that is paid for; None if it brings no video, or none yet."""
        while True:
            flow = wait_for(
                task_id,
                timeout=self._patience.timeout,
                interval=self._patience.interval,
                not_found_grace=NOT_FOUND_GRACE,
            )
            pauses = self.gate.pauses
            try:
                return await self._client._perform(self.gate.free(flow))
            except TaskFailedError as error:
                reason = error.reason or "the task failed without a reason"
                await self._fail(job, reason, "task failed", task_id)
            except TaskTimeoutError as error:
                if self.gate.pauses != pauses or self.gate.is_away:
                    # The service was away meanwhile, and so is not late.
                    continue
                await self._leave(job, task_id, error)
            except WeryAIError as error:
                await self._leave(job, task_id, error)
            return None

    async def _fetch(self, job: Job, task: Task, task_id: str) -> None:
        """Store the video of a task; what an outage has cut off is fetched again when the service is back."""
        tries = 0
        while True:
            pauses, tries = self.gate.pauses, tries + 1
            try:
                if self._naming.sidecar:
                    self._urls[task_id] = task.videos[0].url
                target = Target(self._path_of(job, task_id), task.videos[0].url, hashed=True)
                flow = store(self._client.files, target, task_id, partial(self._finish, job, task_id))
                await self._done(job, task_id, *await self._client._perform(flow))
            except WeryAIError as error:
                is_cut = isinstance(error.__cause__, TransportError)
                # An outage may be over before anybody has noticed it.
                if is_cut and (await self._was_away(task_id, pauses) or tries < FETCHES):
                    continue
                await self._leave(job, task_id, error)
            return

    async def _was_away(self, task_id: str, pauses: int) -> bool:
        """Whether the service has been away since there were so many pauses; comes back when it is reached."""
        with contextlib.suppress(WeryAIError):
            await self._client._perform(self.gate.free(poll_once(task_id, RetryPolicy(tries=1), ASK)))
        if self.gate.pauses == pauses and not self.gate.is_away:
            return False
        await self.gate.passed()
        return True

    def _path_of(self, job: Job, task_id: str) -> Path:
        """Where the video of a job goes, if that is free; makes the folder."""
        path = self._naming.path_of(job, task_id)
        if path.parent not in self._folders:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                return self._naming.flat(path, job.row)
            except OSError as error:
                raise DownloadError(f"the folder {path.parent} cannot be made: {error.strerror or error}") from error
            self._folders.add(path.parent)
        return path

    def _finish(self, job: Job, task_id: str, target: Target) -> tuple[str, str, int]:
        """Give a download a name that is free, noted before it appears, so that a crash in between loses nothing."""
        wanted, size = target.seal(), target.received
        for path in itertools.chain([wanted], self._naming.others(wanted, job.row)):
            claim = partial(
                steps.claim_file, row=job.row, task_id=task_id, path=str(path), sha256=target.sha256, size=size
            )
            if not os.path.lexists(path) and self.ledger.write(claim).result():
                with contextlib.suppress(FileExistsError):
                    return str(target.take_name(path)), target.sha256, size
        raise AssertionError("there are endlessly many names")

    async def _is_stored(self, job: Job) -> bool:
        """Whether a run that died had stored the video already, and only the note of it was missing."""
        if job.task_id is None or job.path is None or job.sha256 is None or job.size is None:
            return False
        if not await asyncio.to_thread(_is_file, job.path, job.sha256, job.size):
            return False
        try:
            await self._done(job, job.task_id, job.path, job.sha256, job.size)
        except WeryAIError as error:
            await self._leave(job, job.task_id, error)
        return True

    async def _done(self, job: Job, task_id: str, path: str, sha256: str, size: int) -> None:
        if self._naming.sidecar:
            # First, so that a run that dies in between writes it again.
            await self._write_sidecar(job.row, url=self._urls.pop(task_id, None))
        await self.ledger.note(lambda db: steps.finish(db, job.row, task_id, path, sha256, size))
        self._say(Event("done", job.key, task_id, path=path))

    @contextlib.asynccontextmanager
    async def adding_sidecars(self) -> AsyncIterator[None]:
        """Meanwhile write what is known beside the videos of earlier runs, if it is wanted; the block waits for it."""
        adding = asyncio.create_task(self._add_sidecars())
        try:
            yield
            await adding
        finally:
            adding.cancel()
            await asyncio.gather(adding, return_exceptions=True)

    async def _add_sidecars(self) -> None:
        after = 0
        try:
            while self._naming.sidecar:
                jobs = await self.ledger.note(partial(reading.page, states=(JobState.DONE,), after=after, most=PAGE))
                if not jobs:
                    return
                for job in await asyncio.to_thread(_without_sidecar, jobs):
                    if await asyncio.to_thread(_is_file, str(job.path), str(job.sha256), job.size):
                        await self._write_sidecar(job.row, stored=job.ended)
                after = jobs[-1].row
        except WeryAIError as error:
            log.warning("no JSON beside videos of earlier runs: %s", error)

    async def _write_sidecar(self, row: int, *, url: str | None = None, stored: float | None = None) -> None:
        """Write what is known beside a video; that it cannot be written is only told, for the video is there."""
        done, sent = await self.ledger.note(lambda db: (reading.of_row(db, row), steps.sent_address(db, row)))
        if done is None or done.path is None or done.task_id is None:
            return
        write = partial(
            write_sidecar, Path(done.path), request=_REQUEST, body={**done.parameters, "image": sent},
            task_id=done.task_id, batch_id=done.batch_id, url=url, submitted=done.submitted, stored=stored,
            credits=done.price, credits_by="the table of prices", sha256=done.sha256, key=done.key, image=done.image,
        )  # fmt: skip
        try:
            await asyncio.to_thread(write)
        except OSError as error:
            log.warning("no JSON beside %s: %s", done.path, error.strerror or error)

    async def _fail(self, job: Job, reason: str, kind: str, task_id: str | None = None) -> None:
        await self.ledger.note(lambda db: steps.fail(db, job.row, reason[:1000], kind, task_id))
        self._say(Event("failed", job.key, task_id, reason=reason, kind=kind))

    async def _leave(self, job: Job, task_id: str, error: WeryAIError) -> None:
        """Leave a job that is paid for as it stands; the next start goes on with it."""
        if isinstance(error, MovedError):
            raise error
        kind = kind_of(error)
        error.paid_task_ids = (task_id,)
        if isinstance(error, JournalError):
            self.stop(Stopping(error.message))
        else:
            self.unfetched += isinstance(error, DownloadError)
            await self.ledger.note(lambda db: steps.remark(db, job.row, task_id, str(error)[:1000], kind))
        self._say(Event("unfinished", job.key, task_id, reason=str(error), kind=kind))


def place(job: Job, address: str) -> Flow[tuple[Submission, str | None]]:
    """Submit the video of a job whose image is at this URL; also return what could not be written down, if so.

    Raises what `image_to_video.submit` raises. The ledger has it all: a refusal that started nothing has put the job
    back among the queued, an unknown outcome has made it ambiguous.
    """
    body = {**job.parameters, "image": address}
    check_request("ImageToVideoRequest", body)
    intent = Intent(_REQUEST, body, row=job.row)
    effect = paid_request(intent)
    submission = read_submission(*accept_paid((yield from effect), effect.name))
    return submission, intent.problem


async def ask(client: AsyncWeryAI) -> str | None:
    """Ask something free, once; return why the service has not answered, or None."""
    try:
        await client._perform(call(get_balance, lambda _: None, RetryPolicy(tries=1), timeout=ASK))
    except WeryAIError as error:
        return why_unanswered(error)
    return None


def _without_sidecar(jobs: Iterable[Job]) -> list[Job]:
    """Those with a video beside which nothing lies."""
    return [job for job in jobs if job.path is not None and not os.path.lexists(sidecar_of(Path(job.path)))]


def _is_file(path: str, sha256: str, size: int | None) -> bool:
    """Whether a file is there and has these bytes."""
    try:
        if os.path.getsize(path) != size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (OSError, ValueError):
        return False

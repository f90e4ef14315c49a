"""Uploaded files, kept in memory and served back; finished videos, rendered when they are first asked for."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import weakref
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from weryai.emulator._protocol import broken_rule, refusal, wrong_parameter
from weryai.emulator._state.settings import VideoMode
from weryai.emulator._state.tasks import Work
from weryai.emulator._video import MEDIA_TYPES, SUFFIXES, PictureError, harmless, kind_of_upload

#: The service speaks of 10mb; that it means 10 MiB is our reading.
LARGEST_PICTURE = 10 * 1024 * 1024
LARGEST_OTHER = 50 * 1024 * 1024
FOLDER = "/files/"
#: What a generation takes as an image, by the service's own message.
ANIMATED_KINDS = ("jpg", "png", "webp")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded file, mostly an image; `digest` says which are the same."""

    data: bytes
    kind: str
    digest: str

    @property
    def media_type(self) -> str:
        """The type it is served with."""
        return MEDIA_TYPES[self.kind]

    @property
    def can_be_animated(self) -> bool:
        """Whether its format is one that the generation operations take as an image."""
        return self.kind in ANIMATED_KINDS


class Uploads:
    """Every image that was uploaded; the same bytes are kept once."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Picture] = {}
        self._by_name: dict[str, Picture] = {}

    def add(self, data: bytes, file_name: str = "", *, fixed: bool = False) -> tuple[str, Picture]:
        """Keep an image and return it with its name; a fixed name is the same for the same bytes."""
        kind = accepted_kind(data, file_name)
        digest = hashlib.sha256(data).hexdigest()
        name = f"weryai_{digest[:16] if fixed else secrets.token_hex(8)}.{kind}"
        self.keep(name, Picture(data, kind, digest))
        return name, self._by_name[name]

    def keep(self, name: str, picture: Picture) -> None:
        """Know an image by this name from now on."""
        self._by_name[name] = self._by_digest.setdefault(picture.digest, picture)

    def named(self, name: str) -> Picture | None:
        """Return the image of this name."""
        return self._by_name.get(name)

    def clear(self) -> None:
        """Forget every image."""
        self._by_digest.clear()
        self._by_name.clear()

    def at(self, url: str) -> Picture | None:
        """Return the image that a URL of this emulator names, whatever the host is called."""
        try:
            path = urlsplit(url).path
        except ValueError:
            return None
        return self._by_name.get(path.removeprefix(FOLDER)) if path.startswith(FOLDER) else None


def accepted_kind(data: bytes, file_name: str) -> str:
    """Return the file's format, or refuse it in the service's words."""
    if not data:
        raise wrong_parameter("file empty")
    kind = kind_of_upload(data)
    if kind is None:
        raise wrong_parameter("only image, video and audio files are supported")
    is_image = MEDIA_TYPES[kind].startswith("image/")
    if is_image and len(data) > LARGEST_PICTURE:
        raise broken_rule("image file size must be less than 10mb", 1014)
    if len(data) > LARGEST_OTHER:
        raise broken_rule("video or audio file size must be less than 50mb", 1014)
    suffix = PurePosixPath(file_name.replace("\\", "/")).suffix.lower().removeprefix(".")
    if suffix and suffix not in SUFFIXES[kind]:
        raise wrong_parameter("file content does not match the extension or is unsupported")
    return kind


DATA = Path(__file__).parent.parent / "data"
FIXED_VIDEO = DATA / "fixed.mp4"
#: What is rendered where there is no picture of the caller's.
STANDARD_PICTURE = DATA / "astronaut.jpg"

#: What the worker is given as a ratio; for anything else it takes the picture's own.
RATIO = re.compile(r"[0-9.]{1,8}:[0-9.]{1,8}")
LONGEST_VIDEO = 60
#: Sixty seconds of video take about a quarter of this on a slow machine.
WORKER_TIMEOUT = 120.0
#: Decoding the largest image takes about a tenth of this.
CHECK_TIMEOUT = 30.0
HOPELESS = "the image cannot be animated"


def seen_at_once(picture: Picture) -> str | None:
    """Return why an image cannot be animated, as far as it shows without a decoder; None otherwise."""
    try:
        harmless(picture.data)
    except PictureError as error:
        return f"{HOPELESS}: {error}"
    return None


class Videos:
    """The videos of one emulator, made one at a time."""

    def __init__(self, mode: VideoMode, uploads: Uploads) -> None:
        if mode == "render" and getattr(sys, "frozen", False) and not hasattr(sys, "_MEIPASS"):
            raise ImportError('only PyInstaller\'s frozen programs render videos; choose video="fixed"')
        if mode == "render" and find_spec("av") is None:
            raise ImportError('rendering videos needs av: pip install av, or choose video="fixed"')
        if mode == "render":
            _refuse_without_temporary_folder()
        self._mode = mode
        self._uploads = uploads
        self._folder: Path | None = None
        self._turn = asyncio.Lock()
        self._worker: asyncio.subprocess.Process | None = None
        self._running: set[asyncio.subprocess.Process] = set()
        self._checks: dict[str, asyncio.Task[str | None]] = {}
        self._closed = False

    def note(self, work: Work) -> str | None:
        """Say in what the video will differ from the order, or None."""
        notes: list[str] = []
        if self._mode == "fixed":
            notes.append("every task ends in the same short video")
        elif work.image is None:
            notes.append("there is no image, so the standard image is rendered")
        elif self._uploads.at(work.image) is None:
            notes.append("the image was not uploaded here; the standard image is rendered")
        if self._mode == "render" and work.seconds > LONGEST_VIDEO:
            notes.append(f"at most {LONGEST_VIDEO} seconds are rendered")
        return "; ".join(notes) or None

    async def trouble_with(self, url: str) -> str | None:
        """Return why the image of a URL cannot be animated, found out once for each image; None if it can."""
        picture = self._uploads.at(url)
        if picture is None:
            return None
        if self._mode == "fixed":
            return seen_at_once(picture)
        check = self._checks.get(picture.digest)
        if check is None:
            check = self._checks[picture.digest] = asyncio.create_task(self._check(picture))
        return await asyncio.shield(check)

    async def file_for(self, work: Work) -> Path:
        """Return the MP4 of a piece of work, rendered now unless it was before."""
        if self._mode == "fixed":
            return FIXED_VIDEO
        picture = self._uploads.at(work.image) if work.image else None
        if picture is not None and (not picture.can_be_animated or await self.trouble_with(work.image or "")):
            picture = None  # Somebody let the task succeed all the same.
        seconds = min(work.seconds, LONGEST_VIDEO)
        ratio = work.ratio if work.ratio and RATIO.fullmatch(work.ratio) else None
        key = f"{picture.digest if picture else 'standard'} {ratio} {seconds}"
        video = self._private_folder() / f"{sha256(key.encode()).hexdigest()}.mp4"
        async with self._turn:
            if not video.exists():
                source = STANDARD_PICTURE if picture is None else await self._written(picture)
                await self._render(source, video, ratio, seconds)
        return video

    def close(self) -> None:
        """End a running worker and remove every video."""
        self._closed = True
        for worker in self._running:
            if worker.returncode is None:
                worker.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _check(self, picture: Picture) -> str | None:
        """Return why an image cannot be decoded, or None."""
        if self._closed:
            return None
        path = await self._written(picture)
        reason = await self._run([str(path)], CHECK_TIMEOUT)
        if self._closed or reason is None:
            return None
        return f"{HOPELESS}: {reason.removeprefix(f'{path.name}: ')}"

    async def _written(self, picture: Picture) -> Path:
        """Return the file of an image, for a worker."""
        path = self._private_folder() / f"{picture.digest}.{picture.kind}"
        if not path.exists():
            await asyncio.to_thread(path.write_bytes, picture.data)
        return path

    async def _render(self, source: Path, video: Path, ratio: str | None, seconds: int) -> None:
        unfinished = video.with_suffix(".part")
        arguments = [str(source), str(unfinished), "--seconds", str(seconds)]
        if ratio:
            arguments.append(f"--ratio={ratio}")
        reason = None if self._closed else await self._run_worker(arguments)
        if self._closed:
            raise refusal(500, "the emulator stops", 500)
        if reason is not None:
            sys.stderr.write(f"emulator: no video could be rendered: {reason}\n")
            raise refusal(500, f"no video could be rendered: {reason}", 500)
        unfinished.replace(video)

    async def _run_worker(self, arguments: list[str]) -> str | None:
        """Run a worker that renders."""
        return await self._run(arguments, WORKER_TIMEOUT, renders=True)

    async def _run(self, arguments: list[str], timeout: float, *, renders: bool = False) -> str | None:
        """Run a worker to its end; return None, or why it did not do its work."""
        worker = await asyncio.create_subprocess_exec(
            *_worker(),
            *arguments,
            env={name: value for name, value in os.environ.items() if not name.startswith("WERYAI_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._running.add(worker)
        if renders:
            self._worker = worker
        try:
            _, told = await asyncio.wait_for(worker.communicate(), timeout)
        except TimeoutError:
            return f"it took longer than {timeout:.0f} s"
        finally:
            self._running.discard(worker)
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
        if worker.returncode == 0:
            return None
        lines = told.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"the worker ended with exit code {worker.returncode}"

    def _private_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="weryai-emulator-"))
            # An emulator that nobody stopped leaves nothing behind either.
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def _refuse_without_temporary_folder() -> None:
    """Raise OSError where no file can be written, as on a read-only root: better now than at the first upload."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        told = "no folder for temporary files can be written; name one in TMPDIR"
        raise FileNotFoundError(errno.ENOENT, told, "the emulator") from None


def _worker() -> tuple[str, ...]:
    """What starts the worker. A frozen program has no other Python than itself; see rthooks in weryai/_pyinstaller."""
    if getattr(sys, "frozen", False):
        return sys.executable, "--weryai-emulator-renders"
    # -P: no module of the folder that the caller happens to stand in.
    return sys.executable, "-P", "-m", "weryai.emulator._video.render"

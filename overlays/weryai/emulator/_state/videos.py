"""Finished videos: rendered by a worker process when they are first asked for, and kept until the emulator stops."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from weryai.emulator._protocol import refusal
from weryai.emulator._state.settings import VideoMode
from weryai.emulator._state.tasks import Work
from weryai.emulator._state.uploads import Picture, Uploads
from weryai.emulator._video.image_files import PictureError, harmless

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

"""Images and videos of the report: small ones inside the page, the others from where they lie."""

from __future__ import annotations

import base64
import io
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ..._media.convert import MOST_SOURCE, upright
from ..._media.image import is_address
from .._ledger.job import Job, JobState

NEEDS_BULK = 'images need the extra "bulk": pip install pillow'
_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card shows: data or relative URLs, or in a few words why there is no image, or no video."""

    picture: str | None = None
    no_picture: str | None = None
    video: str | None = None
    link: str | None = None
    no_video: str | None = None


class Media:
    """Looks at files for one page; `left` is how many bytes of videos may still go into it."""

    def __init__(self, folder: Path, left: int) -> None:
        """Remember where the page will lie."""
        self._folder = folder
        self.left = left
        self.thumbnail = cache(_thumbnail)

    def of(self, job: Job) -> Shown:
        """What the card of a job shows."""
        picture, why = (None, "image at a URL") if is_address(job.image) else self.thumbnail(job.image)
        if job.state is not JobState.DONE or job.path is None:
            return Shown(picture, why)
        video, link, no_video = self._video(Path(job.path))
        return Shown(picture, why, video, link, no_video)

    def _video(self, path: Path) -> tuple[str | None, str | None, str | None]:
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return None, None, "is no file any more"
            link = _relative(path, self._folder)
            # Other files than MP4 are kept under the suffix they deserve, and no browser is asked to play them.
            if path.suffix.lower() != ".mp4":
                return None, link, f"is no MP4, but {path.suffix}"
            if found.st_size > self.left:
                return link, link, None
            content = path.read_bytes()
        except (OSError, ValueError):
            return None, None, "the video is not where it was stored"
        self.left -= len(content)
        return f"data:video/mp4;base64,{base64.b64encode(content).decode()}", link, None


def _relative(path: Path, folder: Path) -> str | None:
    """The URL of a file for a page in this folder; none from one drive to another."""
    try:
        way = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return None
    # A first part with a colon would be read as the scheme of an address.
    return quote(way if way.startswith("../") else f"./{way}", safe="/.", errors="surrogateescape")


def _thumbnail(place: str) -> tuple[str | None, str | None]:
    """An image in small as a data URL, without what a camera wrote into it; or why there is none."""
    if not _has_pillow():
        return None, NEEDS_BULK
    try:
        found = os.stat(place)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_SOURCE:
            return None, "no image"
        return _drawn(place), None
    except OSError:
        return None, "the image cannot be read"
    except Exception:
        # Whatever a strange file makes the decoders say, the page is written.
        return None, "the image cannot be opened"


def _drawn(place: str) -> str:
    small = upright(Path(place).read_bytes(), size=_WIDTH, alpha=True)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=72)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _has_pillow() -> bool:
    try:
        import PIL.Image
    except ImportError:
        return False
    return PIL.Image is not None

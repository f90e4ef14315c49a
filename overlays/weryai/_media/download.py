"""Where a video is stored: a temporary name beside the target, checked, flushed, and renamed in one step."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from .._flow.effects import Reply
from .._flow.logs import warn
from ..errors import DownloadError, InvalidInputError

_HEAD_BYTES = 512


class Target:
    """Receives a download; the final name appears only when every announced byte is on disk."""

    def __init__(self, path: Path, url: str) -> None:
        """Prepare to store `url` as `path`; nothing is written yet."""
        self.path = path
        self.url = url
        self._file: BinaryIO | None = None
        self._partial: Path | None = None
        self._announced: int | None = None
        self._has_known_end = False
        self._received = 0
        self._head = b""
        self._validator = ""
        self._is_over = False

    @property
    def received(self) -> int:
        """How many bytes are there."""
        return self._received if self._file is not None else 0

    def resume_headers(self) -> dict[str, str]:
        """Ask for the missing bytes alone, if some are there and the file can be recognised; else for all of it."""
        if self.received == 0 or not self._validator:
            return {}
        return {"Range": f"bytes={self.received}-", "If-Range": self._validator}

    def begin(self, reply: Reply) -> bool:
        """Get ready for the bytes of an answer: those that are missing, or all of them, in a fresh temporary file."""
        if reply.http_status == 206 and self._fits(reply):
            return True
        if reply.http_status in (200, 206, 416):
            self.discard()
        if reply.http_status != 200:
            return False
        self._validator = _validator(reply)
        length = reply.headers.get("content-length", "")
        is_encoded = reply.headers.get("content-encoding", "identity") != "identity"
        self._announced = int(length) if length.isdigit() and not is_encoded else None
        # Chunks say themselves where the end is, and a missing one is an error of the transport.
        self._has_known_end = self._announced is not None or "transfer-encoding" in reply.headers or is_encoded
        self._received, self._head = 0, b""
        with self._storing():
            self._partial = self.path.with_name(f".{self.path.name[:100]}.{secrets.token_hex(4)}.part")
            self._file = self._partial.open("xb")
        if self._is_over:
            # The caller was cancelled while this was opened in another thread.
            self.discard()
            return False
        return True

    def write(self, chunk: bytes) -> None:
        """Store a piece."""
        with self._storing():
            if self._file is not None:
                self._file.write(chunk)
        self._received += len(chunk)
        if len(self._head) < _HEAD_BYTES:
            self._head = (self._head + chunk)[:_HEAD_BYTES]

    def is_complete(self) -> bool:
        """Whether as many bytes came as were announced, or, if none were, an MP4 is whole; never an empty file."""
        if not self._has_known_end and self._file is not None and self._partial is not None:
            self._file.flush()
            return self._received > 0 and (sniff_suffix(self._head) != ".mp4" or is_whole_mp4(self._partial))
        return self._received > 0 and self._announced in (None, self._received)

    def finish(self) -> Path:
        """Flush to the disk, rename to the final name, and return it; not an MP4 gets the suffix it deserves."""
        path = self._deserved_path()
        with self._storing():
            assert self._file is not None and self._partial is not None
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._partial, path)
            self._file = self._partial = None
            _sync_folder(path.parent)
        return path

    def restart(self, url: str) -> None:
        """Begin anew with another address of the same video."""
        self.discard()
        self.url = url

    def keep(self) -> Path | None:
        """Leave what came, if anything did, on the disk, and return where."""
        path, self._partial = self._partial if self.received else None, self._partial if not self.received else None
        self.discard()
        return path

    def close(self) -> None:
        """Remove what is left, now and later."""
        self._is_over = True
        self.discard()

    def discard(self) -> None:
        """Remove the temporary file."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)
        self._file = self._partial = None

    def _fits(self, reply: Reply) -> bool:
        """Whether a part begins where ours ends and belongs to a file of the same length."""
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("content-range", "").strip())
        if found is None or self._file is None or int(found[1]) != self._received:
            return False
        total = None if found[2] == "*" else int(found[2])
        if self._announced is None:
            self._announced, self._has_known_end = total, self._has_known_end or total is not None
        return total in (None, self._announced)

    def _deserved_path(self) -> Path:
        suffix = self.path.suffix.lower()
        found = sniff_suffix(self._head)
        if suffix not in (".mp4", ".m4v", ".mov") or found in (".mp4", ".mov"):
            return self.path
        path = self.path.with_suffix(found)
        number = 1
        while path.exists():
            path, number = self.path.with_name(f"{self.path.stem}-{number}{found}"), number + 1
        warn(f"{self.url} is not an MP4; it is kept as {path}")
        return path

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DownloadError(
                f"the video cannot be stored as {self.path}: {error.strerror or error}. It is still at {self.url}",
                url=self.url,
            ) from error


def prepare_path(output: str | os.PathLike[str] | None, name: str) -> Path:
    """Turn what the user named into a path that can be written, before anything is paid for.

    None is `name` in the working folder; an existing folder gets `name` inside; missing folders are made.
    """
    try:
        path = Path(name) if output is None else Path(output)
        path = path.resolve() if path.is_symlink() else path
        if path.is_dir() or (isinstance(output, str) and output.endswith(("/", os.sep))):
            path = path / name
        # Also the longest name that the file may deserve in the end must be possible.
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path.with_name(f"{path.name}-1.webm"))
        if path.exists() and not path.is_file():
            raise ValueError("it is there already and is no ordinary file")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInputError(f"{output!r} cannot be written: {error}. Nothing was sent.") from error


def absolute_path(output: str | os.PathLike[str] | None) -> str:
    """What the user named, as it reads from any folder; whoever means a folder is still seen to."""
    named = os.fspath(output) if output is not None else "./"
    folder = "/" if isinstance(named, str) and named.endswith(("/", os.sep)) else ""
    return os.path.abspath(named) + folder


def name_of(url: str, default: str = "video.mp4") -> str:
    """A file name for an address: its last part, without anything that could leave the folder."""
    path = url.partition("?")[0].partition("#")[0]
    name = re.sub(r"[^\w.\-]+", "_", unquote(path).rpartition("/")[2]).strip("._") if path.count("/") > 2 else ""
    return name[-100:] or default


def sniff_suffix(head: bytes) -> str:
    """The suffix that a file's first bytes deserve."""
    if head[4:8] == b"ftyp":
        return ".mov" if head[8:12] == b"qt  " else ".mp4"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, suffix in _SIGNATURES:
        if head.startswith(start):
            return suffix
    if text.startswith((b"<!doctype html", b"<html")):
        return ".html"
    if text.startswith((b"<?xml", b"<")):
        return ".xml"
    if text.startswith((b"{", b"[")):
        return ".json"
    return ".webp" if head[8:12] == b"WEBP" else ".bin"


def is_whole_mp4(path: Path) -> bool:
    """Whether the boxes of an MP4 add up to its length, so that its end is not missing."""
    size, position = path.stat().st_size, 0
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                return length == 0 and len(head) >= 8
            position += length
    return position == size


_SIGNATURES = (
    (b"\x1a\x45\xdf\xa3", ".webm"),
    (b"GIF8", ".gif"),
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"PK\x03\x04", ".zip"),
)


def _validator(reply: Reply) -> str:
    """What recognises the file in If-Range: a strong ETag, else the date of its last change."""
    etag = reply.headers.get("etag", "")
    if reply.headers.get("accept-ranges") == "none":
        return ""
    return etag if etag.startswith('"') else reply.headers.get("last-modified", "")


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

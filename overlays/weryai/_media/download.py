"""Where a video is stored: a temporary name beside the target, checked, flushed, and given its name in one step.

What is known of it lies as JSON in a file beside it.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import os
import platform
import re
import secrets
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from .._flow.effects import Reply
from .._flow.logs import log, warn
from .._version import __version__
from ..errors import DownloadError, InvalidInputError, WeryAIWarning
from .names import give_name, part_beside, quoted, rename_new
from .structure import may_be_video, video_suffix

IfExists: TypeAlias = Literal["replace", "refuse", "rename"]

_HEAD_BYTES = 512
# Bytes that are read of what starts as no video; and how often larger a packed video becomes, at most.
MOST_OTHER_BYTES = 16 * 1024 * 1024
MOST_GROWTH = 8
_PIECE = 256 * 1024


class Target:
    """Receives a download; the final name appears only when every byte of a whole video is on disk.

    `if_exists` says what becomes of a file that has the name already: it is replaced, or the video gets a number, with
    `may_be_same` unless it has the same bytes. With `validate=False` anything is taken that is as long as it was
    announced. With `hashed` it makes the SHA-256. Nothing is written before `begin`.
    """

    def __init__(
        self,
        path: Path,
        url: str,
        *,
        if_exists: IfExists = "replace",
        may_be_same: bool = False,
        validate: bool = True,
        hashed: bool = False,
    ) -> None:
        self.path = path
        self.url = url
        self.problem = ""
        self._if_exists, self._may_be_same = if_exists, may_be_same
        self._validates = validate
        self._hashed = hashed
        self._file: BinaryIO | None = None
        self._partial: Path | None = None
        self._is_over = False
        self._start(Reply(200, {}))

    def _start(self, reply: Reply) -> None:
        length, encoding = reply.headers.get("content-length", ""), reply.headers.get("content-encoding", "").lower()
        self._validator = _validator(reply)
        self._announced = int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
        # Chunks say themselves where the end is, and a missing one is an error of the transport.
        self._has_known_end = self._announced is not None or "transfer-encoding" in reply.headers
        self._unpacking = zlib.decompressobj(47) if encoding in ("gzip", "x-gzip", "deflate") else None
        self._has_known_end |= self._unpacking is not None
        self.problem = (
            "" if self._unpacking or encoding in ("", "identity") else f"it came in the encoding {encoding!r}"
        )
        self._raw, self._received, self._head, self._suffix = 0, 0, b"", ""
        self._digest = hashlib.sha256()

    @property
    def received(self) -> int:
        """How many bytes are there."""
        return self._received if self._file is not None else 0

    def resume_headers(self) -> dict[str, str]:
        """Ask for the missing bytes alone, if some are there and the file can be recognised."""
        if self.received == 0 or not self._validator or self._unpacking is not None:
            return {}
        return {"Range": f"bytes={self.received}-", "If-Range": self._validator}

    def begin(self, reply: Reply) -> bool:
        """Get ready for the bytes of a response: the missing ones, or all, in a fresh temporary file."""
        if reply.http_status == 206 and self._fits(reply):
            return True
        if reply.http_status in (200, 206, 416):
            self.discard()
        if reply.http_status != 200:
            return False
        self._start(reply)
        if self.problem:
            return False
        with self._storing():
            self._partial = part_beside(self.path, secrets.token_hex(4))
            self._file = self._partial.open("xb")
        if self._is_over:
            # The caller was cancelled while this was opened in another thread.
            self.discard()
            return False
        return True

    def write(self, chunk: bytes) -> None:
        """Store a piece as it came over the line; raises ValueError where no video would go on."""
        self._raw += len(chunk)
        if self._unpacking is None:
            self._store(chunk)
            return
        while chunk:
            try:
                piece = self._unpacking.decompress(chunk, _PIECE)
            except zlib.error as error:
                self.problem = f"its encoding is broken: {error}"
                raise ValueError(self.problem) from None
            chunk = self._unpacking.unconsumed_tail
            if self._unpacking.eof and self._unpacking.unused_data:
                chunk, self._unpacking = self._unpacking.unused_data, zlib.decompressobj(47)
            self._store(piece)

    def _store(self, piece: bytes) -> None:
        with self._storing():
            if self._file is not None:
                self._file.write(piece)
        if self._hashed:
            self._digest.update(piece)
        self._received += len(piece)
        if len(self._head) < _HEAD_BYTES:
            self._head = (self._head + piece)[:_HEAD_BYTES]
        may_grow = may_be_video(self._head) if self._unpacking is None else self._received < MOST_GROWTH * self._raw
        if self._received > MOST_OTHER_BYTES and self._validates and not may_grow:
            self.problem = f"it is no video, and longer than {MOST_OTHER_BYTES:,} bytes"
            raise ValueError(self.problem)

    def is_complete(self) -> bool:
        """Whether every byte came, as far as the response or the video itself tells.

        Sets `problem` when all came, and is no whole video.
        """
        if self._received == 0 or self._file is None or self._partial is None:
            return False
        if self._announced not in (None, self._raw) or (self._unpacking is not None and not self._unpacking.eof):
            return False
        with self._storing():
            self._file.flush()
            self._suffix = video_suffix(self._partial) or ""
        if self._suffix:
            return True
        is_cut = not self._has_known_end and may_be_video(self._head)
        if self._validates and not is_cut:
            self.problem = "it is a video that is not whole" if may_be_video(self._head) else "it is no video"
        return not self._validates and not is_cut

    def content_hash(self) -> str:
        """One word for the bytes that are there."""
        if self._file is None or self._partial is None:
            return ""
        with self._storing(), self._partial.open("rb") as file:
            self._file.flush()
            return hashlib.file_digest(file, "sha256").hexdigest()

    def seal(self) -> Path:
        """Flush to the disk, and return the path that the file deserves: what is no MP4 gets its own suffix."""
        with self._storing():
            assert self._file is not None
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._deserved_path()

    @property
    def sha256(self) -> str:
        """That of the bytes that came, with `hashed`."""
        return self._digest.hexdigest()

    def take_name(self, path: Path, *, may_replace: bool = False) -> Path:
        """Give a sealed file its name, and warn of another suffix; raises FileExistsError if not free."""
        assert self._partial is not None
        try:
            if may_replace:
                os.replace(self._partial, path)
            else:
                rename_new(self._partial, path)
        except FileExistsError:
            raise
        except OSError as error:
            raise self._unstored(error) from error
        self._file = self._partial = None
        sync_folder(path.parent)
        if path.suffix != self.path.suffix:
            try:
                warn(f"{self.url} is not an MP4; it is kept as {path}")
            except WeryAIWarning as warning:
                # A filter that makes errors of warnings shall not cost a video that is on disk.
                log.warning("%s", warning)
        return path

    def finish(self) -> Path:
        """Flush to the disk, give the final name, and return it."""
        wanted = self.seal()
        if self._if_exists == "replace" and wanted == self.path:
            return self.take_name(wanted, may_replace=True)
        assert self._partial is not None
        path = give_name(self._partial, wanted, may_be_same=self._may_be_same, rename=lambda _, to: self.take_name(to))
        self._file = self._partial = None
        return path

    def restart(self, url: str) -> None:
        """Begin anew, maybe with another URL of the same video."""
        self.discard()
        self.url = url

    def keep(self) -> Path | None:
        """Leave what came, if anything did, and return where; what is no video gets its own suffix."""
        path = self._partial if self.received else None
        if path is None or self._file is None:
            self.discard()
            return None
        with self._storing():
            self._file.close()
        if self.problem:
            suffix = ".mp4.broken" if may_be_video(self._head) else sniff_suffix(self._head)
            with contextlib.suppress(OSError):
                path = give_name(path, self.path.with_name(self.path.stem + suffix), may_be_same=True)
        self._file = self._partial = None
        return path

    def close(self) -> None:
        """Remove what is left, now and later."""
        self._is_over = True
        self.discard()

    def discard(self) -> None:
        """Remove the temporary file."""
        # On a full disk closing fails, because it writes what is left; that shall not keep the file there.
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)
        self._file = self._partial = None

    def _fits(self, reply: Reply) -> bool:
        """Whether a part begins where ours ends, and belongs to the same file."""
        found = re.fullmatch(
            r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)", reply.headers.get("content-range", "").strip()
        )
        if found is None or self._file is None or int(found[1]) != self._received:
            return False
        if reply.headers.get("content-encoding", "identity") != "identity" or not self._is_same(reply):
            return False
        total = None if found[2] == "*" else int(found[2])
        if self._announced is None:
            self._announced, self._has_known_end = total, self._has_known_end or total is not None
        return total in (None, self._announced)

    def _is_same(self, reply: Reply) -> bool:
        name = "etag" if self._validator.startswith('"') else "last-modified"
        return reply.headers.get(name, self._validator) == self._validator

    def _deserved_path(self) -> Path:
        suffix = self.path.suffix.lower()
        found = self._suffix or sniff_suffix(self._head)
        if suffix not in (".mp4", ".m4v", ".mov") or found in (".mp4", ".mov"):
            return self.path
        return self.path.with_suffix(found)

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unstored(error) from error

    def _unstored(self, error: OSError) -> DownloadError:
        reason = error.strerror or error
        return DownloadError(
            f"the video cannot be stored as {self.path}: {reason}. It is still at {self.url}", url=self.url
        )


@dataclass(frozen=True, slots=True)
class Destination:
    """The file that a video goes to, and what becomes of one that is there already."""

    path: Path
    if_exists: IfExists = "replace"
    # Whether a file of the same bytes that has the name is the video that is there already.
    may_be_same: bool = False


def prepare(output: str | os.PathLike[str] | None, name: str, if_exists: IfExists = "replace") -> Destination:
    """Turn what the user named into a path that can be written, before anything is paid for.

    None is `name` in the working folder; an existing folder gets `name` inside; missing folders are made. A name that
    the user did not choose never replaces a file.
    """
    if if_exists not in get_args(IfExists):
        raise InvalidInputError(f"if_exists is replace, refuse or rename, not {str(if_exists)[:60]!r}")
    try:
        path = Path(name) if output is None else Path(_expanded(output))
        path = path.resolve() if path.is_symlink() else path
        is_folder = path.is_dir() or (isinstance(output, str) and output.endswith(("/", os.sep)))
        path = path / name if is_folder else path
        if output is None or is_folder:
            if_exists = "rename"
        _try(path, if_exists)
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or quoted(error)
        if isinstance(error, UnicodeEncodeError):
            reason = "its name is no UTF-8"
        place, remedy = quoted(output), ""
        if output is None:
            place, remedy = "the working folder", "; name another place for the video as output"
        raise InvalidInputError(f"{place} cannot be written: {reason}{remedy}") from error
    return Destination(path, if_exists, may_be_same=if_exists == "rename" and output is not None and not is_folder)


def _try(path: Path, if_exists: IfExists) -> None:
    """Raise what would keep a video from being stored; leaves nothing but the folders."""
    os.path.abspath(path).encode()
    # Also the longest name that the file may get on the way must be possible.
    for longest in (part_beside(path, "0" * 8), path.with_name(f"{path.name}-1.webm")):
        with contextlib.suppress(FileNotFoundError):
            os.lstat(longest)
    if if_exists != "rename" and os.path.lexists(path) and not path.is_file():
        raise ValueError("it is there already and is no ordinary file")
    if if_exists == "refuse" and path.exists():
        raise ValueError("it is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass


def absolute_path(output: str | os.PathLike[str] | None) -> str:
    """What the user named, as it reads from any folder; who means a folder still does."""
    if not isinstance(output, str | os.PathLike | None):
        raise InvalidInputError(f"output is a path or None, not {type(output).__name__}")
    named = os.fspath(_expanded(output)) if output is not None else "./"
    folder = "/" if isinstance(named, str) and named.endswith(("/", os.sep)) else ""
    try:
        return os.path.abspath(named) + folder
    except OSError as error:
        raise InvalidInputError(f"the working folder cannot be used: {error}") from error


def _expanded(output: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """With the user's own folder for ~, which no shell has put in after `--output=`."""
    return os.path.expanduser(output) if isinstance(output, str) and output.startswith("~") else output


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


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sidecar_of(video: Path) -> Path:
    """The file beside a video: wave.mp4.json for wave.mp4."""
    return video.with_name(f"{video.name}.json")


def write_sidecar(
    video: Path, *, request: str, body: Mapping[str, Any], task_id: str, batch_id: object, url: str | None,
    submitted: float | None, stored: float | None = None, credits: float | None = None, credits_by: str | None = None,
    sha256: str | None = None, **more: Any,
) -> Path:  # fmt: skip
    """Write the file beside a video, in one step, and return its path; raises OSError, also where another file is.

    `submitted` and `stored`, which is now unless it is given, are seconds since 1970. `credits_by` says how the credits
    are known. The SHA-256 is that of the file, unless it is given.
    """
    if sha256 is None:
        with video.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {
        "video": video.name,
        "request": request,
        # A callback URL may hold a secret.
        "body": {name: value for name, value in body.items() if name != "webhook_url"},
        "model": body.get("model"),
        "task_id": task_id,
        "batch_id": batch_id,
        "url": url,
        "credits": credits,
        "credits_by": None if credits is None else credits_by,
        "times": {"submitted": _told(submitted), "stored": _told(time.time() if stored is None else stored)},
        "bytes": video.stat().st_size,
        "sha256": sha256,
        "versions": {"weryai": __version__, "python": platform.python_version()},
        **more,
    }
    target = sidecar_of(video)
    if os.path.lexists(target) and not _is_sidecar(target):
        raise FileExistsError(errno.EEXIST, "another file has that name", str(target))
    part = part_beside(target, secrets.token_hex(4))
    try:
        part.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", errors="replace")
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return target


def _is_sidecar(path: Path) -> bool:
    try:
        known = json.loads(path.read_bytes()) if path.is_file() else None
    except (ValueError, RecursionError):
        return False
    return isinstance(known, dict) and {"task_id", "versions"} <= known.keys()


def _told(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="seconds")

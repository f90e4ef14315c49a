"""Uploaded images, videos and sounds, kept in memory and served back."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from weryai.emulator._protocol import broken_rule, wrong_parameter
from weryai.emulator._video.image_files import MEDIA_TYPES, SUFFIXES, kind_of_upload

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

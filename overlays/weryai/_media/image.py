"""A local picture: what it is by its content, and whether the service will take it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

from .._flow.logs import warn_before_paying
from ..errors import InvalidInputError

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO

# The service says "image file size must be less than 10mb" without saying which megabyte it means.
SURE_BYTES = 10_000_000
MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of a picture, and the type that its content shows."""

    content: bytes = field(repr=False)
    suffix: str
    media_type: str


def is_address(source: object) -> bool:
    """Whether a source is the address of a picture: a string that starts with http:// or https://."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def read_image(source: ImageSource) -> Image:
    """Read a picture from a path, bytes or a binary file object, or raise InvalidInputError."""
    name, content = _read(source)
    if not content:
        raise InvalidInputError(f"{name} is empty. Nothing was sent.")
    kind = _sniff(content)
    if kind is None:
        raise InvalidInputError(f"{name} is not a jpg, png or webp picture, whatever it is called. Nothing was sent.")
    if len(content) > MOST_BYTES:
        raise InvalidInputError(f"{name} is larger than 10 MB, the most the service takes. Nothing was sent.")
    if len(content) > SURE_BYTES:
        warn_before_paying(f"{name} has {len(content):,} bytes; the service takes less than 10 MB and may refuse it")
    return Image(content, *kind)


def _read(source: ImageSource) -> tuple[str, bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        return "the picture", bytes(source)
    if isinstance(source, str | os.PathLike):
        return _read_path(source)
    if not hasattr(source, "read"):
        raise InvalidInputError(f"a picture is a path, an address, bytes or a file, not {type(source).__name__}")
    try:
        content = source.read(MOST_BYTES + 1)
    except Exception as error:
        raise InvalidInputError(f"the picture cannot be read: {error!r}. Nothing was sent.") from error
    if not isinstance(content, bytes):
        raise InvalidInputError('the picture\'s file is open as text; open it with mode "rb". Nothing was sent.')
    return "the picture", content


def _read_path(source: str | os.PathLike[str]) -> tuple[str, bytes]:
    if isinstance(source, str) and source.lower().startswith("data:"):
        raise InvalidInputError("a data: address is not accepted by this operation; pass the bytes. Nothing was sent.")
    if source == "":
        raise InvalidInputError("no picture was named. Nothing was sent.")
    try:
        path = Path(source)
        with path.open("rb") as file:
            return str(path), file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InvalidInputError(f"there is no picture at {source}. Nothing was sent.") from None
    except IsADirectoryError:
        raise InvalidInputError(f"{source} is a folder, not a picture. Nothing was sent.") from None
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInputError(f"{source!r} cannot be read: {error}. Nothing was sent.") from error


def _sniff(content: bytes) -> tuple[str, str] | None:
    """Suffix and media type of the three picture types that the contract lists, by their first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg", "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png", "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp", "image/webp"
    return None

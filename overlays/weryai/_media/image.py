"""A local image: what it is by its content, whether it is all there, and whether the service will take it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from .._flow.effects import Flow, Notify, RunBlocking
from .._flow.logs import warn_before_paying
from ..errors import ConfigurationError, InvalidInputError
from .convert import MOST_SOURCE, as_jpeg, convertible_kind, needed_extra, refuse_too_many_pixels
from .names import is_open_database, quoted
from .structure import depth_of_png, has_end, what_is_missing

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO

# The service says "image file size must be less than 10mb" without saying which megabyte it means.
SURE_BYTES = 10_000_000
MOST_BYTES = 10 * 1024 * 1024
GLANCE_BYTES = 64 * 1024
_THE_IMAGE = "the image"
# What somebody typed who meant a URL: //host/a.jpg, https:/host/a.jpg, www.host.com/a.jpg.
_LIKE_URL = re.compile(r"\s*(//|https?:|www\.)", re.IGNORECASE)
_AWAITED = (
    "the image's file is read by awaiting: use AsyncWeryAI, or pass its bytes, or its `.file` if it is an UploadFile"
)
_RESPONSE = "a response is no image: pass response.content"
# What these are is told by the module of their class, so that no library is imported.
_REMEDIES = {
    "PIL": "a PIL image is not encoded yet: buffer = io.BytesIO(); image.save(buffer, 'PNG'); pass buffer.getvalue()",
    "numpy": "an array is not encoded yet: pass cv2.imencode('.png', array)[1].tobytes(), or save it with PIL",
    "httpx": _RESPONSE,
    "requests": _RESPONSE,
}


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of an image, and the type that its content shows.

    Of one that was converted `made_of` says from what, and `source` is the size and the SHA-256 of that.
    """

    content: bytes = field(repr=False)
    suffix: str
    media_type: str
    made_of: str | None = None
    source: tuple[int, str] | None = None

    def origin(self) -> tuple[int, str]:
        """The size and the SHA-256 of the image as it was given."""
        return self.source or (len(self.content), hashlib.sha256(self.content).hexdigest())


def is_address(source: object) -> bool:
    """Whether a source is the URL of an image: a string that starts with http:// or https://."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def load_image(source: Any, *, validate: bool = True, convert: bool = False) -> Flow[Image]:
    """Read an image as `read_image` does, on an asyncio loop also by awaiting; say what is made of a converted one."""
    read = getattr(source, "read", None)
    given = (yield from _awaited(read, _most(convert=convert))) if inspect.iscoroutinefunction(read) else source
    image = yield from RunBlocking(lambda: read_image(given, validate=validate, convert=convert))
    if image.made_of is not None:
        warn_before_paying(f"{image.made_of} becomes a JPEG of {len(image.content):,} bytes, which is uploaded")
    return image


def _awaited(read: Any, most: int) -> Flow[bytes]:
    content = bytearray()
    try:
        while len(content) <= most:
            piece: Any = yield Notify(read, most + 1 - len(content))
            if not piece:
                break
            content += _as_bytes(piece)
    except InvalidInputError:
        raise
    except ConfigurationError:
        raise InvalidInputError(_AWAITED) from None
    except Exception as error:
        raise _unread(error) from error
    return bytes(content)


def _unread(error: Exception) -> InvalidInputError:
    return InvalidInputError(f"the image cannot be read: {quoted(error).rstrip('.')}")


def _most(*, convert: bool) -> int:
    return MOST_SOURCE if convert else MOST_BYTES


def read_image(source: ImageSource, *, validate: bool = True, convert: bool = False) -> Image:
    """Read an image from a path, bytes or a binary file object, or raise InvalidInputError.

    It must be whole by its structure, unless `validate=False`. With `convert` a JPEG is made of one that the service
    does not take (extra "images"); what was given stays as it is.
    """
    name, content = _read(source, _most(convert=convert))
    if not content:
        raise InvalidInputError(f"{name} is empty{_where(source)}")
    kind = _sniff(content)
    other = convertible_kind(content[:64]) if kind is None else None
    if kind is None and other is None and (told := is_no_path(content[:100].decode("latin-1"))) is not None:
        raise InvalidInputError(f"{name} holds no image: {told}")
    made_of = _converted(kind, other, content, len(content), convert=convert)
    _check(name, kind, other, len(content), made_of, convert=convert)
    if kind is not None and validate and (missing := what_is_missing(content, kind[0])) is not None:
        raise InvalidInputError(f"{name} is not whole: {missing}; validate=False sends it all the same")
    if kind is None or made_of is not None:
        source_is = len(content), hashlib.sha256(content).hexdigest()
        made, told = as_jpeg(content, name, SURE_BYTES)
        return Image(made, ".jpg", "image/jpeg", f"{name}, {made_of}, {told}".rstrip(), source_is)
    if len(content) > SURE_BYTES:
        warn_before_paying(f"{name} has {len(content):,} bytes; the service takes less than 10 MB and may refuse it")
    return Image(content, *kind)


def _converted(kind: object, other: str | None, head: bytes, size: int, *, convert: bool) -> str | None:
    """What an image is that becomes a JPEG; None for one that is sent as it is."""
    if not convert or kind is None:
        return other
    if size >= SURE_BYTES:
        return "larger than 10 MB"
    # What its values mean differs from program to program, and so does how bright it looks.
    return "a PNG in grey of 16 bits" if depth_of_png(head) == (16, 0) else None


def _check(name: str, kind: object, other: str | None, size: int, made_of: str | None, *, convert: bool) -> None:
    """Refuse what the service does not take, unless it is to be converted and can be."""
    if kind is None and other is None:
        raise InvalidInputError(f"{name} is not a jpg, png or webp image, whatever it is called")
    if size > _most(convert=convert) and (convert or other is None):
        told = f"{MOST_SOURCE // 1_000_000} MB" if convert else f"10 MB, the most the service takes; {_remedy(None)}"
        raise InvalidInputError(f"{name} is larger than {told}")
    if other is not None and not convert:
        raise InvalidInputError(f"{name} is {other}, not a jpg, png or webp image; {_remedy(other)}")
    if convert and made_of is not None and (missing := needed_extra(other)) is not None:
        raise InvalidInputError(f"{name} is {made_of}; {missing}")


def _remedy(other: str | None) -> str:
    missing = needed_extra(other)
    return "convert=True, or --convert, makes a JPEG of it" + (f"; {missing}" if missing else "")


def glance_at(path: str, *, convert: bool = False) -> str | None:
    """Raise InvalidInputError for a file that is surely no image to be sent, by its size, its start and its end.

    With `convert` return what an image is that is to be converted; it is not decoded. Only one whose end lies before
    the last 64 KB, as before a film of a phone, is read as a whole.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(GLANCE_BYTES)
            file.seek(max(size - GLANCE_BYTES, len(head)))
            tail = file.read(GLANCE_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or quoted(error)
        raise InvalidInputError(f"{quoted(path)} cannot be read: {reason}") from error
    kind = _sniff(head)
    other = convertible_kind(head[:64]) if kind is None else None
    made_of = _converted(kind, other, head, size, convert=convert)
    if convert and head and (kind is None or made_of is not None):
        _check(quoted(path), kind, other, size, made_of, convert=True)
        refuse_too_many_pixels(head, quoted(path))
        return made_of
    if not head or kind is None or size > MOST_BYTES or not has_end(head + tail, size, kind[0]):
        read_image(path)
    return None


def _read(source: Any, most: int) -> tuple[str, bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        return _THE_IMAGE, bytes(source)
    if isinstance(source, str | os.PathLike):
        return _read_path(source, most)
    remedy = _REMEDIES.get(type(source).__module__.partition(".")[0])
    if remedy is not None:
        raise InvalidInputError(remedy)
    if not hasattr(source, "read"):
        raise InvalidInputError(f"an image is a path, a URL, bytes or a file, not {type(source).__name__}")
    try:
        content = b"".join(_pieces(source, most))
    except InvalidInputError:
        raise
    except Exception as error:
        raise _unread(error) from error
    return _THE_IMAGE, content


def _pieces(file: BinaryIO, most: int) -> Iterator[bytes]:
    """What a file has, to its end: a pipe or a remote file gives less at a time than is asked for."""
    left = most + 1
    while left > 0:
        piece: Any = file.read(left)
        if piece is None:
            raise InvalidInputError("the image's file has nothing to read yet: it does not block")
        if not piece:
            return
        yield _as_bytes(piece)
        left -= len(piece)


def _as_bytes(piece: Any) -> bytes:
    if inspect.iscoroutine(piece):
        # The `read` behind a wrapper that does not say that it is to be awaited.
        piece.close()
        raise InvalidInputError(_AWAITED)
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise InvalidInputError('the image\'s file is open as text; open it with mode "rb"')
    return bytes(piece)


def _where(source: Any) -> str:
    """What to do about a file that is read from its end."""
    try:
        return " from where it stands; seek(0) goes to its start" if source.tell() > 0 else ""
    except (AttributeError, OSError, TypeError, ValueError):
        return ""


def _place(source: object) -> str:
    """A path, in quotes where it could be taken for words."""
    shown = quoted(source)
    return repr(shown) if re.search(r"\s", shown) else shown


def _read_path(source: str | os.PathLike[str], most: int) -> tuple[str, bytes]:
    if isinstance(source, str) and (wrong := is_no_path(source)) is not None:
        raise InvalidInputError(wrong)
    if is_open_database(source):
        raise InvalidInputError(f"{quoted(source)} is a journal or a ledger that is in use")
    try:
        path = Path(source)
        with path.open("rb") as file:
            return quoted(path), b"".join(_pieces(file, most))
    except FileNotFoundError:
        hint = "; a URL starts with https://" if _LIKE_URL.match(os.fsdecode(source)) else ""
        raise InvalidInputError(f"there is no image at {_place(source)}{hint}") from None
    except IsADirectoryError:
        raise InvalidInputError(f"{quoted(source)} is a folder, not an image") from None
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or quoted(error)
        raise InvalidInputError(f"{quoted(source)} cannot be read: {reason}") from error


def is_no_path(text: str) -> str | None:
    """What is wrong with a text that stands for a path or a URL; None for a path."""
    if text == "":
        return "no image was named"
    text = text.lstrip(" \t\r\n\"'")
    if (other := re.match(r"([a-z][a-z0-9+.-]+)(?:://|(?<=file):)", text, re.IGNORECASE)) and not is_address(text):
        remedy = f"leave {other[0].lower()} out" if other[1].lower() == "file" else "fetch it first"
        return f"the image is a {other[1]:.20}: URL, where a path or an http(s) URL is read; {remedy}"
    if text.lower().startswith("data:"):
        return "the image came as a data: URL, where a path or a URL is read; pass the bytes, or name a file"
    if _is_base64(text):
        return (
            "the image came as base64 text, where a path or a URL is read; pass base64.b64decode(text), or name a file"
        )
    return None


def _is_base64(text: str) -> bool:
    # There are two alphabets of it.
    head = "".join(text[:64].split())[:24].replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(head, validate=True)
        return len(text) >= 24 and (_sniff(content) is not None or convertible_kind(content) is not None)
    except (binascii.Error, ValueError):
        return False


def _sniff(content: bytes) -> tuple[str, str] | None:
    """Suffix and media type of the three types of images that the contract lists, by their first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg", "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png", "image/png"
    return (".webp", "image/webp") if content.startswith(b"RIFF") and content[8:12] == b"WEBP" else None

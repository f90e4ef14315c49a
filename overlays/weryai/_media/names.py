"""File names: safe, short enough for every file system, given without replacing anything."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import itertools
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

# File systems take 255 bytes per part of a path; the rest is for a number, a suffix and what hides a part.
NAME_BYTES = 200
# No message quotes more characters of what was given.
QUOTED = 200
#: Device and inode of each database that this process has open; nothing but SQLite may open them, see
#: `_journal.database_file`.
OPEN: set[tuple[int, int]] = set()
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def made_safe(text: str, allowed: str, instead: str = "_") -> str:
    """Replace what is no letter, digit or `allowed`; combining marks are part of their letters."""
    return "".join(sign if _is_plain(sign) or sign in allowed else instead for sign in text)


def safe_id(text: str) -> str:
    """The part of a file name that an id becomes."""
    return shortened(re.sub("\0+", "_", made_safe(text, "-", "\0")), 100)


def unreserved(name: str) -> str:
    """A name that is no device's on Windows."""
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def safe_part(text: str, allowed: str, most: int) -> str:
    """A part of a path that every system takes."""
    return unreserved(shortened(made_safe(text, allowed).strip(" ."), most)).strip(" .")


def shortened(name: str, most: int = NAME_BYTES) -> str:
    """Cut a name to a number of bytes, at a letter; its suffix stays."""
    suffix = Path(name).suffix if len(Path(name).suffix.encode(errors="replace")) <= 16 else ""
    stem = name.removesuffix(suffix)
    room = most - len(suffix.encode(errors="replace"))
    if len(stem.encode(errors="surrogateescape")) <= room:
        return name
    return stem.encode(errors="surrogateescape")[:room].decode(errors="ignore") + suffix


def name_of(url: str, default: str = "video.mp4") -> str:
    """A file name for a URL: its last part, without anything that could leave the folder."""
    path = url.partition("?")[0].partition("#")[0]
    last = unquote(path).rpartition("/")[2] if path.count("/") > 2 else ""
    safe = re.sub("\0+", "_", made_safe(last, ".-", "\0")).strip("._")
    return unreserved(shortened(safe, 100)) or default


def video_name(source: object, default: str) -> str:
    """The name of the video of an image: IMG_01.mp4 for IMG_01.jpg, and `default` for an image without a name."""
    if not isinstance(source, str | os.PathLike):
        source = getattr(source, "name", "")
    named = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    if not isinstance(named, str):
        named = os.fsdecode(named)
    is_url = named.lower().startswith(("http://", "https://"))
    stem = Path(name_of(named, "") if is_url else Path(named).name).stem
    safe = made_safe(stem, ".-+=@,()~ ").strip(" .")
    return unreserved(f"{shortened(safe, NAME_BYTES - 4)}.mp4") if safe else default


def quoted(value: object) -> str:
    """What was given, for a message: short, and as a terminal can show it."""
    text = str(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= QUOTED else f"{text[: QUOTED - 3]}..."


def part_beside(path: Path, word: str) -> Path:
    """A hidden name beside a file, for what is not whole yet."""
    return path.with_name(f".{shortened(path.name, 100)}.{word}.part")


def alternatives(wanted: Path) -> Iterator[Path]:
    """The name that is wanted, then the same with a number."""
    yield wanted
    for number in itertools.count(1):
        ending = f"-{number}{wanted.suffix}"
        yield wanted.with_name(shortened(wanted.stem, 255 - len(ending.encode())) + ending)


def rename_new(source: Path, target: Path) -> None:
    """Rename a file in one step; raises FileExistsError, and changes nothing, where the name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        # No hard links here, as on exFAT or on Android.
        _rename_claimed(source, target)
    else:
        source.unlink()


def give_name(
    part: Path, wanted: Path, *, may_be_same: bool = False, rename: Callable[[Path, Path], object] = rename_new
) -> Path:
    """Give a file the wanted name, or the first free one like it, and return it; nothing that is there is replaced.

    With `may_be_same` a file of the same bytes that has such a name already takes its place.
    """
    for path in alternatives(wanted):
        try:
            rename(part, path)
        except FileExistsError:
            if may_be_same and _has_same_bytes(part, path):
                with contextlib.suppress(OSError):
                    part.unlink()
                return path
        else:
            return path
    raise AssertionError("there are endlessly many names")


def is_open_database(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to one of `OPEN`, by any name."""
    try:
        found = os.stat(path)
    except (OSError, ValueError, TypeError):
        return False
    return (found.st_dev, found.st_ino) in OPEN


def _has_same_bytes(one: Path, other: Path) -> bool:
    try:
        return other.is_file() and filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _rename_claimed(source: Path, target: Path) -> None:
    """Rename where there are no hard links: a hidden file, which only one can make, keeps others away."""
    name = unicodedata.normalize("NFC", target.name).casefold()
    word = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]
    claim = target.with_name(f".{word}.claim")
    claim.open("xb").close()
    try:
        if os.path.lexists(target):
            raise FileExistsError(f"{target} is there already")
        # On Windows this alone refuses a name that is taken.
        source.rename(target)
    finally:
        with contextlib.suppress(OSError):
            claim.unlink()


def _is_plain(sign: str) -> bool:
    return sign.isalnum() or sign == "_" or unicodedata.category(sign).startswith("M")

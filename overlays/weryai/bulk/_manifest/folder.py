"""A folder of images as a person means it: what is hidden or the system's is left out and told."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._media.names import quoted
from ...errors import InvalidInputError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp")
CONVERTIBLE = (".heic", ".heif", ".hif", ".tif", ".tiff", ".gif", ".bmp", ".avif")
# Names that begin with "." are hidden already; these are what systems and network drives leave beside photos.
_SYSTEM = frozenset(
    {
        "@eadir", "#recycle", "@recycle", "#snapshot", "@recently-snapshot", "@tmp", "@sharebin", "~snapshot",
        "$recycle.bin", "system volume information", "__macosx", "lost+found", "network trash folder",
        "temporary items", "recycler", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r",
    }
)  # fmt: skip
# Photo programs keep each image there several times, in sizes of their own.
_LIBRARIES = (".photoslibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata", ".lrlibrary")


@dataclass(frozen=True, slots=True)
class Folder:
    """The images of a folder by their paths in it, and what is left out, counted by kind."""

    images: tuple[str, ...]
    left_out: Mapping[str, int]


def read_folder(folder: Path, *, convert: bool = False, allow_duplicates: bool = False) -> Folder:
    """Find the images of a folder and of those in it, by name; the same content twice is one image.

    Raises InvalidInputError for a folder that cannot be read.
    """
    suffixes = SUFFIXES + CONVERTIBLE if convert else SUFFIXES
    left_out: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    for entry in _files(folder, left_out):
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix in suffixes:
            name = Path(entry.path).relative_to(folder).as_posix()
            sizes[name] = entry.stat().st_size
        elif suffix in CONVERTIBLE:
            left_out[f"{suffix} (--convert, in Python convert=True, makes JPEGs of them)"] += 1
        else:
            left_out[quoted(suffix[:20]) if suffix else "without an ending"] += 1
    names = sorted(sizes, key=lambda name: Path(name).parts)
    if not allow_duplicates:
        names = _without_copies(folder, names, sizes, left_out)
    return Folder(tuple(names), dict(left_out))


def _files(folder: Path, left_out: Counter[str]) -> Iterator[os.DirEntry[str]]:
    waiting = [os.fspath(folder)]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            raise InvalidInputError(f"the folder {place} cannot be read: {error.strerror or error}") from error
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _SYSTEM:
                left_out["hidden, or the system's"] += 1
            elif entry.name.lower().endswith(_LIBRARIES):
                left_out["the library of a photo program (export the images from it)"] += 1
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif _is_file(entry):
                yield entry
            else:
                left_out["neither file nor folder"] += 1


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _without_copies(folder: Path, names: list[str], sizes: Mapping[str, int], left_out: Counter[str]) -> list[str]:
    """The names without those whose content another one before them has; only files of one size are read."""
    alike = Counter(sizes.values())
    seen: defaultdict[int, set[str]] = defaultdict(set)
    kept = []
    for name in names:
        size = sizes[name]
        # What cannot be read is told when its image is looked at.
        content = sha256_of(folder / name) if alike[size] > 1 and size else None
        if content is not None and content in seen[size]:
            left_out["copies of images that are in it (bought once; --allow-duplicates takes them)"] += 1
            continue
        seen[size].add(content or "")
        kept.append(name)
    return kept


def sha256_of(path: str | Path) -> str | None:
    """The SHA-256 of a file; None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None

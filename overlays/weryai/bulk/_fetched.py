"""A video that was fetched: brought under its name, and known again by its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .._download import Target


def finish(target: Target) -> tuple[Path, str, int]:
    """Bring a download under its name, and know it again; both in one go, because each costs a change of threads."""
    path = target.finish()
    return path, *digest(path)


def digest(path: Path) -> tuple[str, int]:
    """The SHA-256 and the size of a file."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        return found, file.tell()

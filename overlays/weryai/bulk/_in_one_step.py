"""A file for the user appears in one step, whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from ..errors import InvalidInputError


@contextlib.contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Yield the name to write under; it becomes `path` in the end. Raises InvalidInputError where that cannot be."""
    if path.is_dir():
        raise InvalidInputError(f"{path} cannot be written: it is a folder")
    partial = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)

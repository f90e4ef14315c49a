"""A file that appears in one step, when all of it is on disk, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..._media.names import part_beside, quoted
from ...errors import ConfigurationError
from .._ledger.opening import Place, address_of, path_of


@contextlib.contextmanager
def appearing(target: Path, ledger: Place) -> Iterator[BinaryIO]:
    """Open a file that takes its name when all is well, in place of what has that name; never that of the ledger."""
    if os.path.isdir(target):
        raise ConfigurationError(f"{target} cannot be written: it is a folder")
    with contextlib.suppress(OSError):
        if address_of(ledger) is None and os.path.samefile(target, path_of(ledger)):
            raise ConfigurationError(f"{target} is the ledger itself; name another file")
    part = part_beside(target, secrets.token_hex(4))
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{quoted(target)} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()

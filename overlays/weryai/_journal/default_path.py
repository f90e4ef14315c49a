"""Where a user's journal lies unless another place is named."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ..errors import JournalError


def default_path(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Return WERYAI_JOURNAL, else a file in the folder where the system keeps a user's data; raises JournalError."""
    if named := environment.get("WERYAI_JOURNAL"):
        return Path(os.path.expanduser(named))
    try:
        home = home or Path.home()
    except RuntimeError as error:
        raise JournalError("nothing tells where this user's home is, which the journal lies in") from error
    if platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        # By the XDG rules a relative path there is to be ignored.
        folder = Path(environment.get("XDG_DATA_HOME", ""))
        folder = folder if folder.is_absolute() else home / ".local" / "share"
    return folder / "weryai" / "journal.db"

"""What is known of a video, as JSON in a file beside it."""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import os
import platform
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._version import __version__
from .names import part_beside


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

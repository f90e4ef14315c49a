"""What is known of a video, as JSON in a file beside it."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import weryai

from ._output import say

if TYPE_CHECKING:
    from weryai import Video


def now() -> str:
    """The time, in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def write_sidecar(video: Video, times: Mapping[str, str]) -> None:
    """Write wave.mp4.json beside wave.mp4; that it cannot be written is only said, for the video is there."""
    submission = video.submission
    # A callback URL may hold a secret.
    body = {name: value for name, value in video.body.items() if name != "webhook_url"}
    facts: dict[str, Any] = {
        "video": video.path.name,
        "request": video.request,
        "body": body,
        "model": body.get("model"),
        "task_id": video.task.id,
        "batch_id": submission.batch_id if submission else None,
        "url": video.url,
        "credits": None,
        "times": {**times, "stored": now()},
        "bytes": video.path.stat().st_size,
        "versions": {"weryai": weryai.__version__, "python": platform.python_version()},
    }
    target = Path(f"{video.path}.json")
    part = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        with video.path.open("rb") as file:
            facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        part.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        say(f"weryai: {target} cannot be written: {error.strerror}")

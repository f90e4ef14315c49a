"""WeryAI image to video: a picture and a prompt in, an MP4 out.

Everything a user types lives here; it is imported when it is first used, so `import weryai` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import errors
from .errors import *  # noqa: F403

if TYPE_CHECKING:
    from ._client import AsyncWeryAI, WeryAI
    from ._image_to_video import Submission, Video, VideoOptions
    from ._retry import RetryPolicy
    from ._task import Task, TaskState, VideoLink

__version__ = "0.1.0"
__all__ = [
    "AsyncWeryAI",
    "RetryPolicy",
    "Submission",
    "Task",
    "TaskState",
    "Video",
    "VideoLink",
    "VideoOptions",
    "WeryAI",
]
__all__ += errors.__all__

_HOMES = {
    "AsyncWeryAI": "_client", "RetryPolicy": "_retry", "Submission": "_image_to_video", "Task": "_task",
    "TaskState": "_task", "Video": "_image_to_video", "VideoLink": "_task", "VideoOptions": "_image_to_video",
    "WeryAI": "_client",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

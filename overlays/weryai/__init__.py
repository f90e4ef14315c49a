"""WeryAI image to video: an image and a prompt in, an MP4 out.

Everything a user types lives here; it is imported when it is first used, so `import weryai` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import errors
from ._version import __version__ as __version__
from .errors import *  # noqa: F403

if TYPE_CHECKING:
    from ._client import AsyncWeryAI, WeryAI
    from ._flow.order import Cost, Order, OrderState
    from ._flow.retry import RetryPolicy
    from ._journal.journal import Journal
    from ._protocol.drift import Drift
    from ._protocol.endpoint import Submission
    from ._protocol.model_registry import BUNDLED_MODELS_DATE, Model, bundled_models
    from ._resources.batches import Batch
    from ._resources.tasks import WaitResult
    from ._resources.videos import GenerateOptions, Prepared, Upload, Video, VideoOptions
    from ._task import Task, TaskState, VideoLink

__all__ = [
    "BUNDLED_MODELS_DATE",
    "AsyncWeryAI",
    "Batch",
    "Cost",
    "Drift",
    "GenerateOptions",
    "Journal",
    "Model",
    "Order",
    "OrderState",
    "Prepared",
    "RetryPolicy",
    "Submission",
    "Task",
    "TaskState",
    "Upload",
    "Video",
    "VideoLink",
    "VideoOptions",
    "WaitResult",
    "WeryAI",
    "bundled_models",
]
__all__ += errors.__all__

_HOMES = {
    "AsyncWeryAI": "_client", "BUNDLED_MODELS_DATE": "_protocol.model_registry", "Batch": "_resources.batches",
    "Cost": "_flow.order", "Drift": "_protocol.drift", "Journal": "_journal.journal",
    "Model": "_protocol.model_registry",
    "Order": "_flow.order", "OrderState": "_flow.order", "RetryPolicy": "_flow.retry",
    "Submission": "_protocol.endpoint", "Task": "_task", "TaskState": "_task",
    "Video": "_resources.videos", "VideoLink": "_task", "VideoOptions": "_resources.videos",
    "GenerateOptions": "_resources.videos", "Prepared": "_resources.videos", "Upload": "_resources.videos",
    "WaitResult": "_resources.tasks", "WeryAI": "_client", "bundled_models": "_protocol.model_registry",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

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
    name: module
    for module, names in (
        ("_client", "AsyncWeryAI WeryAI"),
        ("_flow.order", "Cost Order OrderState"),
        ("_flow.retry", "RetryPolicy"),
        ("_journal.journal", "Journal"),
        ("_protocol.drift", "Drift"),
        ("_protocol.model_registry", "BUNDLED_MODELS_DATE Model bundled_models"),
        ("_protocol.endpoint", "Submission"),
        ("_resources.batches", "Batch"),
        ("_resources.tasks", "WaitResult"),
        ("_resources.videos", "GenerateOptions Prepared Upload Video VideoOptions"),
        ("_task", "Task TaskState VideoLink"),
    )
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

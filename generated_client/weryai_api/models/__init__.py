"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .almighty_reference_to_video_request import AlmightyReferenceToVideoRequest
    from .balance_data import BalanceData
    from .balance_reply import BalanceReply
    from .batch_status_reply import BatchStatusReply
    from .error_reply import ErrorReply
    from .first_last_image_to_video_request import FirstLastImageToVideoRequest
    from .image_to_video_request import ImageToVideoRequest
    from .known_aspect_ratio import KnownAspectRatio
    from .known_model import KnownModel
    from .known_resolution import KnownResolution
    from .known_task_status import KnownTaskStatus
    from .media_item import MediaItem
    from .model_entry import ModelEntry
    from .models_data import ModelsData
    from .models_reply import ModelsReply
    from .multi_image_to_video_request import MultiImageToVideoRequest
    from .submit_data import SubmitData
    from .submit_reply import SubmitReply
    from .task_data import TaskData
    from .task_output import TaskOutput
    from .task_result import TaskResult
    from .task_status_reply import TaskStatusReply
    from .text_to_video_request import TextToVideoRequest
    from .upload_data import UploadData
    from .upload_file_reply import UploadFileReply
    from .upload_file_request import UploadFileRequest
    from .webhook_delivery import WebhookDelivery

__all__ = (
    "AlmightyReferenceToVideoRequest",
    "BalanceData",
    "BalanceReply",
    "BatchStatusReply",
    "ErrorReply",
    "FirstLastImageToVideoRequest",
    "ImageToVideoRequest",
    "KnownAspectRatio",
    "KnownModel",
    "KnownResolution",
    "KnownTaskStatus",
    "MediaItem",
    "ModelEntry",
    "ModelsData",
    "ModelsReply",
    "MultiImageToVideoRequest",
    "SubmitData",
    "SubmitReply",
    "TaskData",
    "TaskOutput",
    "TaskResult",
    "TaskStatusReply",
    "TextToVideoRequest",
    "UploadData",
    "UploadFileReply",
    "UploadFileRequest",
    "WebhookDelivery",
)

_MODULES = {
    "AlmightyReferenceToVideoRequest": ".almighty_reference_to_video_request",
    "BalanceData": ".balance_data",
    "BalanceReply": ".balance_reply",
    "BatchStatusReply": ".batch_status_reply",
    "ErrorReply": ".error_reply",
    "FirstLastImageToVideoRequest": ".first_last_image_to_video_request",
    "ImageToVideoRequest": ".image_to_video_request",
    "KnownAspectRatio": ".known_aspect_ratio",
    "KnownModel": ".known_model",
    "KnownResolution": ".known_resolution",
    "KnownTaskStatus": ".known_task_status",
    "MediaItem": ".media_item",
    "ModelEntry": ".model_entry",
    "ModelsData": ".models_data",
    "ModelsReply": ".models_reply",
    "MultiImageToVideoRequest": ".multi_image_to_video_request",
    "SubmitData": ".submit_data",
    "SubmitReply": ".submit_reply",
    "TaskData": ".task_data",
    "TaskOutput": ".task_output",
    "TaskResult": ".task_result",
    "TaskStatusReply": ".task_status_reply",
    "TextToVideoRequest": ".text_to_video_request",
    "UploadData": ".upload_data",
    "UploadFileReply": ".upload_file_reply",
    "UploadFileRequest": ".upload_file_request",
    "WebhookDelivery": ".webhook_delivery",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value

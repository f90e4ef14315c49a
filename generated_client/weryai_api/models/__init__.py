"""Contains all the data models used in inputs/outputs"""

from .balance_data import BalanceData
from .balance_reply import BalanceReply
from .batch_status_reply import BatchStatusReply
from .error_reply import ErrorReply
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
    "BalanceData",
    "BalanceReply",
    "BatchStatusReply",
    "ErrorReply",
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

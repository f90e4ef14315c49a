"""What the endpoint's page says, and a few facts on its siblings, typed by hand and never read from the contract.

Where newer documentation contradicts the page, the contract holds both; DIFFERENCES says where and why.
"""

from typing import Any

METHOD = "POST"
URL = "https://api.weryai.com/v1/generation/image-to-video"
SUMMARY = "Submit Image-to-Video Task"
AUTHORIZATION = "Bearer sk-xxxxxxxxxxxxxxxx"
IMAGE_FORMATS = ["jpg", "jpeg", "png", "webp"]

REQUIRED = ["model", "prompt", "image", "aspect_ratio", "duration"]
OPTIONAL = ["negative_prompt", "video_number", "resolution", "generate_audio", "webhook_url", "caller_id"]
TYPES = {
    "model": "string",
    "prompt": "string",
    "image": "string",
    "aspect_ratio": "string",
    "duration": "integer",
    "negative_prompt": "string",
    "video_number": "integer",
    "resolution": "string",
    "generate_audio": "boolean",
    "webhook_url": "string",
    "caller_id": "integer",
}
FORMATS = {"image": "uri", "webhook_url": "uri", "caller_id": "int64"}
LENGTHS: dict[str, dict[str, int]] = {
    "prompt": {"minLength": 1, "maxLength": 2000},
    "negative_prompt": {"maxLength": 1000},
}
DEFAULTS: dict[str, Any] = {"video_number": 1, "generate_audio": False}
VIDEO_NUMBER_MAXIMUM = 1
FIELD_EXAMPLES: dict[str, Any] = {
    "model": "WERYAI_VIDEO_1_0",
    "prompt": "Make the person wave their hand",
    "image": "https://example.com/reference.jpg",
    "aspect_ratio": "16:9",
    "duration": 5,
}

MODELS = [
    ("WeryAI Video 1.0", "WERYAI_VIDEO_1_0"),
    ("Veo 3.1", "VEO_3_1"),
    ("Veo 3.1 Fast", "CHATBOT_VEO_3_1_FAST"),
    ("Sora 2", "SORA_2"),
    ("Sora 2 Pro", "SORA_2_PRO"),
    ("Seedance 1.5 Pro", "DOUBAO_1_5_PRO"),
    ("Kling 2.6 Pro", "KLING_V2_6_PRO"),
    ("Kling O1", "KLING_O1"),
    ("Wan2.6", "WAN_2_6"),
    ("Runway Gen 4.5", "RUNWAY_4_5"),
    ("Veo 3", "VEO_3"),
    ("Veo 3 Fast", "VEO_3_FAST"),
    ("Pika 2.2", "PIKA_2_2"),
    ("Hailuo 2.3 Standard Fast", "HAILUO_2_3_STA_FAST"),
    ("Hailuo 2.3 Pro Fast", "HAILUO_2_3_PRO_FAST"),
    ("Hailuo 2.3 Standard", "HAILUO_2_3_STA"),
    ("Hailuo 2.3 Pro", "HAILUO_2_3_PRO"),
    ("Seedance 1.0 Lite", "DOUBAO_1_LITE"),
    ("Seedance 1.0 Pro", "DOUBAO"),
    ("Seedance 1.0 Pro Fast", "DOUBAO_1_PRO_FAST"),
    ("Runway Gen 4", "RUNWAY"),
    ("Kling 2.5 Turbo", "KLING_V2_5_TURBO"),
    ("Wan2.5", "WAN_2_5"),
    ("Dreamina 3.0 Pro", "DREAMINA_3_PRO"),
    ("Dreamina 3.0", "DREAMINA_3"),
    ("Kling V2.1 Standard", "KLING_V2_1"),
    ("Kling V2.1 Master", "KLING_V2_1_MASTER"),
    ("Kling V2.1 Pro", "KLING_V2_1_PRO"),
]

REQUEST = {
    "model": "WERYAI_VIDEO_1_0",
    "prompt": "Make the person wave their hand",
    "image": "https://example.com/reference.jpg",
    "video_number": 1,
    "aspect_ratio": "16:9",
    "duration": 5,
    "generate_audio": False,
}
REPLY = {
    "status": 0,
    "desc": "success",
    "message": "success",
    "data": {"batch_id": 123456789, "task_ids": ["task_abc123"]},
}
ENVELOPE = {"status": "integer", "desc": "string", "message": "string"}

WEB_ADDRESS = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"
# Where the contract deliberately differs from the page: the field, what the contract says instead, and why.
DIFFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "video_number": ({"minimum": 1, "maximum": 4}, "the page's newer revision sends 4, sibling operations take 1 to 4"),
    "duration": ({"minimum": 1}, "the page gives no limit; no source has a video of less than a second"),
    "image": (
        {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"},
        "the service fetches it, so only http and https can work",
    ),
    "webhook_url": ({"pattern": WEB_ADDRESS}, "only http and https can be posted to"),
    "caller_id": ({"minimum": -(2**63), "maximum": 2**63 - 1}, "int64 spelt out, because validators ignore the format"),
}
OPTIONAL_DESPITE_THE_PAGE = {"aspect_ratio": "newer documentation has models that list no ratio"}
EMPTY_REFUSED = {"model", "aspect_ratio", "resolution"}  # an empty word names nothing, so minLength is 1

# Not on the page: what is known of the operations beside it.
MODELS_SERVER = "https://api-growth-agent.weryai.com"
MULTI_IMAGE_ITEMS = {"minItems": 1, "maxItems": 3}
# field of the almighty request: what its page says, where its siblings say something else.
ALMIGHTY: dict[str, dict[str, Any]] = {
    "prompt": {"type": "string", "maxLength": 500},
    "images": {"type": "array", "maxItems": 9},
    "videos": {"type": "array", "maxItems": 3},
    "audios": {"type": "array", "maxItems": 3},
    "duration": {"type": "integer", "minimum": 5, "maximum": 15},
    "generate_audio": {"type": "string"},
}
REQUIRED_ON_PAGE = {
    "submitMultiImageToVideo": ["model", "prompt", "images", "aspect_ratio", "duration"],
    "submitFirstLastImageToVideo": ["model", "prompt", "first_pic_url", "end_pic_url", "aspect_ratio", "duration"],
    "submitAlmightyReferenceToVideo": ["model", "duration"],
}
FORMATS_OF_SIBLINGS = {
    "submitMultiImageToVideo": ["images"],
    "submitFirstLastImageToVideo": ["first_pic_url", "end_pic_url"],
}
MODELS_OF_SIBLINGS = {
    "submitMultiImageToVideo": "VEO_3_1 WERYDANCE_2_0 WERYDANCE_2_0_FAST KLING_O1 PIKA_2_2 DOUBAO_1_LITE",
    "submitFirstLastImageToVideo": (
        "VEO_3_1 VEO_3_1_FAST WERYDANCE_2_0 WERYDANCE_2_0_FAST DOUBAO_1_5_PRO KLING_V3_0_STA KLING_V3_0_PRO"
        " KLING_V2_5_TURBO KLING_V2_1_PRO"
    ),
}
NEWER_TITLES = {
    "WERYDANCE_2_0": "Werydance 2.0",
    "WERYDANCE_2_0_FAST": "Werydance 2.0 Fast",
    "KLING_V3_0_STA": "Kling 3.0 Standard",
    "KLING_V3_0_PRO": "Kling 3.0 Pro",
    "VIDU_Q3": "Vidu Q3",
    "PIXVERSE_V6": "Pixverse V6",
}
CALL_HISTORY = "https://weryai.com/api/history"
UPLOAD_LIMITS = [
    ("image size", "< 10 MB", "image file size must be less than 10mb"),
    ("video or audio size", "< 50 MB", "video or audio file size must be less than 50mb"),
]
API = "https://api.weryai.com"
_CALLER = "webhook_url caller_id"
_OPTIONS = f"negative_prompt video_number resolution generate_audio {_CALLER}"
# operation: method, address, and which fields its request has; a `*` marks the required ones.
OPERATIONS: dict[str, tuple[str, str, str]] = {
    "submitImageToVideo": (
        "POST",
        f"{API}/v1/generation/image-to-video",
        f"*model *prompt *image aspect_ratio *duration {_OPTIONS}",
    ),
    "submitMultiImageToVideo": (
        "POST",
        f"{API}/v1/generation/multi-image-to-video",
        f"*model *prompt *images aspect_ratio *duration {_OPTIONS}",
    ),
    "submitTextToVideo": (
        "POST",
        f"{API}/v1/generation/text-to-video",
        f"*model *prompt aspect_ratio *duration {_OPTIONS}",
    ),
    "submitFirstLastImageToVideo": (
        "POST",
        f"{API}/v1/generation/first-last-image-to-video",
        f"*model *prompt *first_pic_url *end_pic_url aspect_ratio *duration {_OPTIONS}",
    ),
    "submitAlmightyReferenceToVideo": (
        "POST",
        f"{API}/v1/generation/almighty-reference-to-video",
        f"*model prompt images videos audios aspect_ratio *duration resolution generate_audio video_number {_CALLER}",
    ),
    "getTaskStatus": ("GET", f"{API}/v1/generation/{{taskId}}/status", ""),
    "getBatchStatus": ("GET", f"{API}/v1/generation/batch/{{batchId}}/status", ""),
    "uploadFile": ("POST", f"{API}/v1/generation/upload-file", "*file batch_no fixed"),
    "getBalance": ("GET", f"{API}/v1/generation/balance", ""),
    "listVideoModels": ("GET", f"{MODELS_SERVER}/growthai/v1/video/models", ""),
}
SIBLING_DEFAULTS = {
    "uploadFile": {"fixed": False},
    "submitAlmightyReferenceToVideo": {},
}  # the submissions share DEFAULTS
MEDIA_TYPES = {"uploadFile": "multipart/form-data"}  # all others: application/json
PROMPT_OF_SIBLINGS = {"minLength": 1, "maxLength": 2000}

# What the parts of an answer are called, as the union of what documents and clients read.
ENVELOPE_FIELDS = {"status", "desc", "message", "msg", "success", "data"}
ANSWER_FIELDS: dict[str, set[str]] = {
    "SubmitData": {"batch_id", "task_ids", "task_id", "task_status"},
    "TaskData": {
        "task_id", "task_status", "msg", "videos", "images", "cover_url", "content_status", "output", "task_result",
        "video_url", "video", "video_urls",
    },
    "TaskOutput": {"videos", "cover_url"},  # sources also read pictures, sound and lyrics of other products here
    "TaskResult": {"videos", "video_url", "video", "message"},
    "MediaItem": {"url", "video_url", "src", "cover_url", "cover_image_url"},
    "UploadData": {"object_url_list"},
    "BalanceData": {"balance"},
    "ModelsData": {"text_to_video", "image_to_video", "multi_image_to_video"},
    "ModelEntry": {
        "model_key", "title", "durations", "aspect_ratios", "resolutions", "has_generate_audio", "has_negative_prompt",
        "prompt_length_limit", "support_multiple_images", "support_first_last_frame", "upload_image_limit",
    },
}  # fmt: skip

# Every spelling of a task's state that a source has, as it is written there.
STATES: dict[str, set[str]] = {
    "waiting": {"waiting", "WAITING", "PENDING", "pending"},
    "processing": {"processing", "PROCESSING", "running", "RUNNING"},
    "succeeded": {"succeed", "SUCCEED", "SUCCESS", "success", "completed", "complete"},
    "failed": {"failed", "FAILED", "fail", "canceled", "error"},
}
SUCCESS_CODES = {0, 200}

# code: its name in the server's own enum, and its meaning in the docs guide, which contradicts it.
CODES: dict[int, tuple[str, str]] = {
    1001: ("REQUEST_RATE_LIMIT_EXCEEDED", "parameter error"),
    1002: ("PARAMETER_ERROR", "authentication failed"),
    1003: ("RESOURCE_NOT_EXISTS", "not found"),
    1004: ("", "insufficient credits"),
    1005: ("", "content moderation"),
    1006: ("NOT_MODEL", ""),
    1007: ("QUEUE_FULL", ""),
    1009: ("PERMISSION_DENIED", ""),
    1010: ("DATA_NOT_FOUND", ""),
    1011: ("INSUFFICIENT_CREDITS", ""),
    1014: ("UPLOAD_IMG_EXCEED_MAX_LIMIT", ""),
    1015: ("UPLOAD_IMG_EXCEED_DAILY_LIMIT", ""),
    1017: ("VIP_PERMISSION_DENIED", ""),
    1102: ("upload failed", ""),
    2001: ("IMG_RECOGNITION_LIMIT", ""),
    2003: ("IMG_TEXT_CHECK_FAILED", ""),
    2004: ("IMAGE_FORMAT_NOT_SUPPORT", ""),
    5000: ("server issue", ""),
    6001: ("WORKFLOW_SYSTEM_ERROR", ""),
    6002: ("WORKFLOW_RATE_LIMIT_EXCEEDED", ""),
    6003: ("WORKFLOW_CREDIT_DEDUCT_FAILED", ""),
    6004: ("WORKFLOW_GENERATE_FAILED", ""),
    6010: ("WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED (20 tasks at once)", ""),
    6101: ("OPEN_API_DAILY_LIMIT_EXCEEDED", ""),
}
SECOND_MEANINGS = {1014: "upload limit reached"}
# What a published source says of trying again: official code's lists, and what a production user saw.
RETRYABLE_IN_OFFICIAL_CODE = {1001, 1014, 1102, 5000, 6001, 6002, 6003, 6004}
NO_TASK_WAS_CREATED = {6001, 6002}
HTTP_CODES = {400, 401, 403, 404, 429, 500}  # what may stand in `status` because official code puts HTTP's there
# A refusal after which the same order may be sent again: by the service's words nothing was started.
REPEATABLE = {1001, 1007, 6001, 6002, 6010}
NEVER_REPEATED = {1004, 1011, 1015, 6101}  # not even with HTTP 429: waiting does not help
POLLING = [(0, 6.0), (29, 6.0), (30, 10.0), (119, 10.0), (120, 15.0), (1799, 15.0)]  # age, seconds to the next look
CONCURRENT_TASKS = 20

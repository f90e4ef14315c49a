"""What answers, limits and examples mean, typed by hand like facts.py and never read from the contract.

Types are as JSON Schema spells them: a trailing `?` allows null, `[x]` is a list of x, `a|b` one of both, `*` anything.
"""

from contract import facts

_TEXTS = dict.fromkeys(("desc", "message", "msg"), "string?")
_ENVELOPE = {"status": "integer|string?", **_TEXTS, "success": "boolean?"}
# schema: each field with its type.
TYPES: dict[str, dict[str, str]] = {
    "SubmitReply": {**_ENVELOPE, "data": "SubmitData|*"},
    "TaskStatusReply": {**_ENVELOPE, "data": "TaskData|[TaskData]|*"},
    "BatchStatusReply": {**_ENVELOPE, "data": "[TaskData]|TaskData|*"},
    "UploadFileReply": {**_ENVELOPE, "data": "UploadData|*"},
    "BalanceReply": {**_ENVELOPE, "data": "number|BalanceData|*"},
    "ModelsReply": {**_ENVELOPE, "data": "ModelsData|*"},
    "ErrorReply": _ENVELOPE,
    "WebhookDelivery": {"status": "integer|string?", **_TEXTS, "data": "TaskData|*"},
    "SubmitData": {
        "batch_id": "integer|string?", "task_ids": "[string]?", "task_id": "string?",
        "task_status": "KnownTaskStatus|string?",
    },
    "TaskData": {
        "task_id": "string?", "task_status": "KnownTaskStatus|string?", "msg": "string?",
        "videos": "[string|MediaItem|*]?", "images": "[string|MediaItem|*]?", "cover_url": "string?",
        "content_status": "string?", "output": "TaskOutput|*", "task_result": "TaskResult|*", "video_url": "string?",
        "video": "string|MediaItem|*", "video_urls": "[string|MediaItem|*]?",
    },
    "TaskOutput": {"videos": "[string|MediaItem|*]?", "cover_url": "string?"},
    "TaskResult": {
        "videos": "[string|MediaItem|*]?", "video_url": "string?", "video": "string|MediaItem|*", "message": "string?",
    },
    "MediaItem": dict.fromkeys(("url", "video_url", "src", "cover_url", "cover_image_url"), "string?"),
    "UploadData": {"object_url_list": "[string]?"},
    "BalanceData": {"balance": "number|string?"},
    "ModelsData": dict.fromkeys(("text_to_video", "image_to_video", "multi_image_to_video"), "[ModelEntry]?"),
    "ModelEntry": {
        "model_key": "string?", "title": "string?", "durations": "[integer]?", "aspect_ratios": "[string]?",
        "resolutions": "[string]?", "has_generate_audio": "boolean?", "has_negative_prompt": "boolean?",
        "prompt_length_limit": "integer?", "support_multiple_images": "boolean?",
        "support_first_last_frame": "boolean?",
        "upload_image_limit": "integer?",
    },
}  # fmt: skip

# operation: the statuses that it documents beside 200, with the part of the contract that each is.
_REFUSALS = {
    "400": "BadRequest", "401": "Unauthorized", "403": "Forbidden", "404": "NotFound", "429": "TooManyRequests",
    "500": "ServerError", "504": "GatewayTimeout", "default": "AnyOther",
}  # fmt: skip
_LOOKS = {"getTaskStatus", "getBatchStatus"}
_BARE = {"getBalance", "listVideoModels"}
REPLIES = {
    "submitImageToVideo": "SubmitReply", "submitMultiImageToVideo": "SubmitReply", "submitTextToVideo": "SubmitReply",
    "submitFirstLastImageToVideo": "SubmitReply", "submitAlmightyReferenceToVideo": "SubmitReply",
    "getTaskStatus": "TaskStatusReply", "getBatchStatus": "BatchStatusReply", "uploadFile": "UploadFileReply",
    "getBalance": "BalanceReply", "listVideoModels": "ModelsReply",
}  # fmt: skip
STATUSES: dict[str, dict[str, str]] = {
    name: {
        code: part
        for code, part in _REFUSALS.items()
        if not (code == "404" and name not in _LOOKS) and not (code == "400" and name in _BARE)
    }
    for name in REPLIES
}

WEB = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"
_LIMITS: dict[str, dict[str, object]] = {
    "model": {}, "prompt": {"minLength": 1, "maxLength": 2000}, "aspect_ratio": {}, "duration": {"minimum": 1},
    "negative_prompt": {"maxLength": 1000}, "video_number": {"minimum": 1, "maximum": 4}, "resolution": {},
    "generate_audio": {}, "webhook_url": {"format": "uri", "pattern": WEB},
    "caller_id": {"format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
}  # fmt: skip
_FOUR = ("ImageToVideoRequest", "MultiImageToVideoRequest", "TextToVideoRequest", "FirstLastImageToVideoRequest")
_ALMIGHTY = "/components/schemas/AlmightyReferenceToVideoRequest/properties"
_IMAGE: dict[str, object] = {"format": "uri", "pattern": WEB}
_ID: dict[str, object] = {"minLength": 1, "pattern": "[^.]"}
# pointer: every limit that stands there, and no other.
LIMITS: dict[str, dict[str, object]] = {
    **{
        f"/components/schemas/{schema}/properties/{field}": limits
        for schema in _FOUR
        for field, limits in _LIMITS.items()
    },
    **{
        f"/components/schemas/{schema}/properties/{field}/anyOf/1": {"minLength": 1}
        for schema in (*_FOUR, "AlmightyReferenceToVideoRequest")
        for field in ("model", "aspect_ratio", "resolution")
    },
    "/components/schemas/ImageToVideoRequest/properties/image": _IMAGE,
    "/components/schemas/FirstLastImageToVideoRequest/properties/first_pic_url": _IMAGE,
    "/components/schemas/FirstLastImageToVideoRequest/properties/end_pic_url": _IMAGE,
    f"{_ALMIGHTY}/prompt": {"maxLength": 500},
    f"{_ALMIGHTY}/duration": {"minimum": 5, "maximum": 15},
    **{f"{_ALMIGHTY}/{field}": _LIMITS[field] for field in ("video_number", "webhook_url", "caller_id")},
    **{f"{_ALMIGHTY}/{field}": {"maxItems": most} for field, most in (("images", 9), ("videos", 3), ("audios", 3))},
    **{f"{_ALMIGHTY}/{field}/items": _IMAGE for field in ("images", "videos", "audios")},
    "/components/schemas/MultiImageToVideoRequest/properties/images": {"minItems": 1, "maxItems": 3},
    "/components/schemas/MultiImageToVideoRequest/properties/images/items": _IMAGE,
    "/components/schemas/UploadFileRequest/properties/file": {"format": "binary"},
    "/components/parameters/TaskId/schema": _ID,
    "/components/parameters/BatchId/schema": _ID,
}
# schema: what it requires; every other requires nothing.
REQUIRED = {
    "ImageToVideoRequest": ["model", "prompt", "image", "duration"],
    "MultiImageToVideoRequest": ["model", "prompt", "images", "duration"],
    "TextToVideoRequest": ["model", "prompt", "duration"],
    "FirstLastImageToVideoRequest": ["model", "prompt", "first_pic_url", "end_pic_url", "duration"],
    "AlmightyReferenceToVideoRequest": ["model", "duration"],
    "UploadFileRequest": ["file"],
}
REQUEST_TYPES = {
    "model": "KnownModel|string", "prompt": "string", "image": "string", "images": "[string]",
    "aspect_ratio": "KnownAspectRatio|string", "duration": "integer", "negative_prompt": "string",
    "video_number": "integer", "resolution": "KnownResolution|string", "generate_audio": "boolean",
    "webhook_url": "string", "caller_id": "integer", "file": "string", "batch_no": "string", "fixed": "boolean",
    "first_pic_url": "string", "end_pic_url": "string",
}  # fmt: skip
OTHER_TYPES = {
    "AlmightyReferenceToVideoRequest": {"generate_audio": "string", "videos": "[string]", "audios": "[string]"},
}
WITHOUT_DEFAULTS = {"AlmightyReferenceToVideoRequest"}
DEFAULTS = {"video_number": 1, "generate_audio": False, "fixed": False}
WORDS = {
    "KnownAspectRatio": {
        "16:9": "LANDSCAPE_16_9", "9:16": "PORTRAIT_9_16", "1:1": "SQUARE_1_1", "4:3": "LANDSCAPE_4_3",
        "3:4": "PORTRAIT_3_4", "21:9": "WIDE_21_9",
    },
    "KnownResolution": {
        "360p": "P360", "480p": "P480", "540p": "P540", "720p": "P720", "1080p": "P1080", "4k": "UHD_4K",
    },
}  # fmt: skip

# operation, status and name of an example of an answer: the envelope's `status`, and what `data` means.
_OK = "one task"
MEANINGS: dict[str, tuple[int, str]] = {
    "submitImageToVideo 200 page": (0, _OK),
    "submitImageToVideo 200 single_task": (0, "one task, waiting"),
    "submitImageToVideo 200 status_200": (200, _OK),
    "submitImageToVideo 200 refused": (1002, ""),
    "submitMultiImageToVideo 200 accepted": (0, _OK),
    "submitMultiImageToVideo 200 refused": (1002, ""),
    "submitTextToVideo 200 accepted": (0, _OK),
    "submitTextToVideo 200 single_task": (0, "one task, waiting"),
    "submitFirstLastImageToVideo 200 accepted": (0, _OK),
    "submitFirstLastImageToVideo 200 single_task": (0, "one task, waiting"),
    "submitAlmightyReferenceToVideo 200 accepted": (0, "one task, waiting"),
    "getTaskStatus 200 waiting": (0, "one task, waiting"),
    "getTaskStatus 200 processing": (0, "one task, processing"),
    "getTaskStatus 200 succeed": (0, "one task, succeeded, a video"),
    "getTaskStatus 200 failed": (0, "one task, failed, Content moderation"),
    "getTaskStatus 200 nested": (200, "one task, succeeded, a video"),
    "getTaskStatus 200 unknown_task": (1003, ""),
    "getBatchStatus 200 half_done": (0, "one task, succeeded, a video; one task, processing"),
    "getBatchStatus 200 unknown_batch": (1003, ""),
    "uploadFile 200 page": (0, "1 address"),
    "uploadFile 200 refused": (1014, ""),
    "getBalance 200 number": (0, "1000 credits"),
    "getBalance 200 object": (0, "1000 credits"),
    "getBalance 200 wrong_key": (1002, ""),
    "listVideoModels 200 one_model": (200, "1 model"),
}
REFUSAL_CODES = {
    "400": 1002, "401": 1002, "403": 403, "404": 1003, "429": 1001, "500": 500, "504": 504, "default": 1009,
}  # fmt: skip
# An example printed on a page that contradicts the registry: the seconds that it says.
LIKE_ITS_PAGE = {"two_frames": 5}
SECONDS_OF_VEO = 8
# operation: the models that its page or its users name, where they are not those of the registry.
MODELS = {
    name: set(words.split())
    for name, words in {
        **facts.MODELS_OF_SIBLINGS,
        "submitAlmightyReferenceToVideo": (
            "WERYDANCE WERYDANCE_2_0 WERYDANCE_2_0_FAST WERYDANCE_2_0_MINI SEEDANCE_2_0_OS SEEDANCE_2_0_FAST_OS"
            " SEEDANCE_2_0_MINI_OS"
        ),
    }.items()
}
BATCH = 123456789  # in every example that tells a batch
# The names of the examples of requests and of refusals.
REQUEST_EXAMPLES = {
    "submitImageToVideo": ["page", "every_field", "no_ratio"], "submitMultiImageToVideo": ["first_and_last"],
    "submitTextToVideo": ["plain"], "submitFirstLastImageToVideo": ["two_frames"],
    "submitAlmightyReferenceToVideo": ["references"], "uploadFile": ["picture"],
}  # fmt: skip
REFUSAL_EXAMPLES = {
    "BadRequest": "parameter", "Unauthorized": "account", "Forbidden": "invalid_key", "NotFound": "task",
    "TooManyRequests": "rate", "ServerError": "server", "GatewayTimeout": "gateway", "AnyOther": "other",
}  # fmt: skip
DELIVERIES: dict[str, tuple[int, str]] = {
    "receiveTaskFinished image": (0, "one task, succeeded"),
    "receiveTaskFinished video": (0, "one task, succeeded, a video"),
    "receiveTaskFinished failed": (0, "one task, failed, Image asset audit"),
}

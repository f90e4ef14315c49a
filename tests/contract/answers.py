"""What answers, limits and examples mean, typed by hand like facts.py and never read from the contract.

Types are as JSON Schema spells them: a trailing `?` allows null, `[x]` is a list of x, `a|b` one of both, `*` anything.
"""

from contract import facts

_TEXTS = dict.fromkeys(("desc", "message", "msg"), "string?")
_ENVELOPE = {"status": "integer|string?", **_TEXTS, "success": "boolean?"}
# schema: each field with its type.
TYPES: dict[str, dict[str, str]] = {
    "SubmitReply": {**_ENVELOPE, "data": "SubmitData?"},
    "TaskStatusReply": {**_ENVELOPE, "data": "TaskData|[TaskData]?"},
    "BatchStatusReply": {**_ENVELOPE, "data": "[TaskData]|TaskData?"},
    "UploadFileReply": {**_ENVELOPE, "data": "UploadData?"},
    "BalanceReply": {**_ENVELOPE, "data": "number|BalanceData?"},
    "ModelsReply": {**_ENVELOPE, "data": "ModelsData?"},
    "ErrorReply": _ENVELOPE,
    "WebhookDelivery": {"status": "integer|string?", **_TEXTS, "data": "TaskData?"},
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

# operation: the parameters of its path by the part of the contract that each is; the schema of its body.
PARAMETERS = {"getTaskStatus": ["TaskId"], "getBatchStatus": ["BatchId"]}
NAMED = {"TaskId": ("taskId", "path"), "BatchId": ("batchId", "path")}
BODIES = {
    "submitImageToVideo": "ImageToVideoRequest", "submitMultiImageToVideo": "MultiImageToVideoRequest",
    "submitTextToVideo": "TextToVideoRequest", "submitFirstLastImageToVideo": "FirstLastImageToVideoRequest",
    "submitAlmightyReferenceToVideo": "AlmightyReferenceToVideoRequest", "uploadFile": "UploadFileRequest",
}  # fmt: skip
TAGS = {
    "submitImageToVideo": "image_to_video", "submitMultiImageToVideo": "multi_image_to_video",
    "submitTextToVideo": "text_to_video", "submitFirstLastImageToVideo": "first_last_image_to_video",
    "submitAlmightyReferenceToVideo": "almighty_reference_to_video", "getTaskStatus": "tasks",
    "getBatchStatus": "tasks", "uploadFile": "files", "getBalance": "account", "listVideoModels": "models",
}  # fmt: skip
# operation: what may be asked next with an answer's ids.
_NEXT = {"getTaskStatus": {"taskId": "$response.body#/data/task_ids/0"}}
_BOTH = {**_NEXT, "getBatchStatus": {"batchId": "$response.body#/data/batch_id"}}
LINKS = {
    **dict.fromkeys((name for name in BODIES if name.startswith("submit")), _BOTH),
    "submitAlmightyReferenceToVideo": {"getTaskStatus": {"taskId": "$response.body#/data/task_id"}},
}
# The one webhook, beside its body; it has no parameter that anybody has seen, a signature neither.
DELIVERY: dict[str, object] = {"operationId": "receiveTaskFinished", "tags": ["webhooks"], "parameters": None}
SNAPSHOT_DATE = "2026-03-23"
# Models of which sources say different things.
DIFFERING = {"WERYAI_VIDEO_1_0", "WERYDANCE_2_0"}
SECTIONS = ("securitySchemes", "parameters", "responses", "schemas")
ENTRIES = {"examples": "summary value", "links": "operationId description parameters"}
# The words of the language that the contract may use, by what they are said of; any other changes what it means.
KEYWORDS = {
    "document": "openapi info servers tags paths webhooks components",
    "path": "get post servers",
    "operation": "operationId tags summary description security parameters requestBody responses",
    "body": "required content description",
    "media": "schema examples",
    "response": "description content links",
    "parameter": "name in required description schema example",
    "schema": (
        "$ref additionalProperties anyOf default description enum examples format items maxItems maxLength maximum"
        " minItems minLength minimum pattern properties required type"
    ),
}
# field: the service's own words when it refuses one, from the patterns that official code knows them by.
MESSAGES = {
    "model": ["model cannot be empty", "model is not exist", "model not supported"],
    "prompt": ["prompt cannot be empty"],
    "image": [
        "image cannot be empty", "image url cannot be empty", "image url error",
        "only support jpg|jpeg|png|webp image type",
    ],
    "images": ["images cannot be empty", "images exceeds the limit", "does not support multiple images"],
    "aspect_ratio": ["aspect ratio cannot be empty", "aspect ratio {} is not supported"],
    "resolution": ["resolution cannot be empty", "resolution {} is not supported"],
    "duration": ["duration should not be empty", "duration {} is not supported"],
    "video_number": ["video number {} is not supported"],
    "caller_id": ["callerid not exist"],
    "file": [
        "file empty", "image file size must be less than 10mb", "video or audio file size must be less than 50mb",
        "only image, video and audio files are supported",
        "file content does not match the extension or is unsupported",
    ],
    "taskId": ["task id error", "task not exist"],
    "batchId": ["batch id cannot be empty", "batch not exist", "no tasks found"],
}  # fmt: skip
# The models that the bundled registry has rows of, kind by kind.
ROWS = {
    "image_to_video": {key for _, key in facts.MODELS}
    | {"WERYDANCE_2_0", "WERYDANCE_2_0_FAST", "KLING_V3_0_STA", "KLING_V3_0_PRO", "VIDU_Q3", "PIXVERSE_V6"},
    "multi_image_to_video": set(facts.MODELS_OF_SIBLINGS["submitMultiImageToVideo"].split()),
}
ROW_FIELDS = {"model_key", "title", "durations", "aspect_ratios", "resolutions", "has_generate_audio",
              "has_negative_prompt", "prompt_length_limit", "upload_image_limit"}  # fmt: skip
# An example of a field that the page shows in its request alone.
MORE_EXAMPLES = {"generate_audio": False}
# HTTP's own codes in the envelope, as the official library's table names them.
HTTP_MEANINGS = {
    400: "BAD_REQUEST", 401: "a wrong or missing key", 403: "INVALID_API_KEY or address denied", 404: "not found",
    429: "rate limited", 500: "SERVER_ERR",
}  # fmt: skip

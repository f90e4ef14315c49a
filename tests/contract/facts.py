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
UPLOAD_LIMITS = [
    ("image size", "< 10 MB", "image file size must be less than 10mb"),
    ("video or audio size", "< 50 MB", "video or audio file size must be less than 50mb"),
]

"""Scenarios that refuse: the codes of the service, the statuses of HTTP, and pages of gateways."""

from __future__ import annotations

from http import HTTPStatus

from weryai.emulator._scenarios.effects import Instead, Scenario, Stage

_NO_KEY = {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"}


def no(code: int, desc: str, message: str, http_status: int = 200, **headers: str) -> Instead:
    """Return a refusal in the envelope."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(http_status, {"status": code, "desc": desc, "message": message}, named)


#: Name: code, its name in the service's enumeration, what it says. HTTP 200, as most were seen.
_AT_SUBMIT = {
    "rate-limit": (1001, "REQUEST_RATE_LIMIT_EXCEEDED", "request rate limit exceeded"),
    "rate-limit-chinese": (1001, "REQUEST_RATE_LIMIT_EXCEEDED", "请求频率超限"),
    "parameter-1001": (1001, "Parameter error", "duration 3 is not supported"),
    "parameter-1002": (1002, "PARAMETER_ERROR", "duration 3 is not supported"),
    "ratio-missing": (1002, "PARAMETER_ERROR", "aspect ratio cannot be empty"),
    "caller-unknown": (1002, "PARAMETER_ERROR", "callerid not exist"),
    "no-credits-1004": (1004, "Insufficient credits", "insufficient credits"),
    "moderation-1002": (1002, "PARAMETER_ERROR", "content moderation failed"),
    "moderation-1005": (1005, "Content moderation", "content moderation"),
    "model-gone": (1006, "NOT_MODEL", "not model"),
    "queue-full": (1007, "QUEUE_FULL", "queue full"),
    "permission-denied": (1009, "PERMISSION_DENIED", "permission denied"),
    "no-credits": (1011, "INSUFFICIENT_CREDITS", "insufficient credits"),
    "subscription-needed": (1017, "VIP_PERMISSION_DENIED", "subscription needed"),
    "image-moderated": (2001, "IMG_RECOGNITION_LIMIT", "the image was flagged"),
    "prompt-moderated": (2003, "IMG_TEXT_CHECK_FAILED", "the prompt or the image was flagged"),
    "image-format": (2004, "IMAGE_FORMAT_NOT_SUPPORT", "only support jpg|jpeg|png|webp image type"),
    "service-issue": (5000, "SERVER_ISSUE", "server issue"),
    "workflow-error": (6001, "WORKFLOW_SYSTEM_ERROR", "工作流系统异常"),
    "workflow-rate-limit": (6002, "WORKFLOW_RATE_LIMIT_EXCEEDED", "workflow rate limit exceeded"),
    "credits-not-deducted": (6003, "WORKFLOW_CREDIT_DEDUCT_FAILED", "credit deduct failed"),
    "generation-refused": (6004, "WORKFLOW_GENERATE_FAILED", "generate failed"),
    "concurrency-limit": (6010, "WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED", "max 20 concurrent tasks"),
    "daily-cap": (6101, "OPEN_API_DAILY_LIMIT_EXCEEDED", "daily limit exceeded"),
}
_AT_UPLOAD = {
    "upload-too-large": (1014, "UPLOAD_IMG_EXCEED_MAX_LIMIT", "image file size must be less than 10mb"),
    "upload-limit": (1014, "UPLOAD_IMG_EXCEED_MAX_LIMIT", "upload limit reached"),
    "upload-daily-limit": (1015, "UPLOAD_IMG_EXCEED_DAILY_LIMIT", "daily upload limit reached"),
    "upload-failed": (1102, "UPLOAD_FAILED", "upload failed"),
}
_AT_STATUS = {
    "task-not-found": (1003, "RESOURCE_NOT_EXISTS", "task not exist"),
    "data-not-found": (1010, "DATA_NOT_FOUND", "no tasks found"),
}
_TABLES: tuple[tuple[Stage, dict[str, tuple[int, str, str]]], ...] = (
    ("submit", _AT_SUBMIT),
    ("upload", _AT_UPLOAD),
    ("status", _AT_STATUS),
)
#: What a gateway or the service itself may answer to anything; the body is a page.
_STATUSES = (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)


def _page(status: int) -> str:
    title = f"{status} {HTTPStatus(status).phrase}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


#: What a content network says of a link that has had its time.
EXPIRED = Instead(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")


def _sentence(code: int, desc: str, message: str) -> str:
    return f"Refused with {code} {desc}: {message}."


REFUSALS = (
    *(Scenario(name, _sentence(*row), stage, no(*row)) for stage, table in _TABLES for name, row in table.items()),
    *(
        Scenario(f"http-{status}", f"HTTP {status} with a page for people.", "any", Instead(status, _page(status)))
        for status in _STATUSES
    ),
    Scenario(
        "rate-limit-retry-after",
        "Refused with 1001, HTTP 429 and Retry-After: 1.",
        "submit",
        no(*_AT_SUBMIT["rate-limit"], http_status=429, Retry_After="1"),
    ),
    Scenario(
        "http-429-retry-after", "HTTP 429 and Retry-After: 1.", "any", Instead(429, _page(429), {"Retry-After": "1"})
    ),
    Scenario("key-1002", "The key is refused with 1002 and HTTP 200.", "any", Instead(200, _NO_KEY)),
    Scenario("key-401", "The key is refused with 1002 and HTTP 401.", "any", Instead(401, _NO_KEY)),
    Scenario(
        "key-403",
        "The key, or the IP address it comes from, is refused with HTTP 403.",
        "any",
        Instead(403, {"status": 403, "msg": "INVALID_API_KEY"}),
    ),
    Scenario(
        "refusal-in-msg",
        "Refused; the words stand in msg.",
        "submit",
        Instead(200, {"status": 1002, "msg": "duration 3 is not supported"}),
    ),
    Scenario(
        "refusal-in-desc",
        "Refused; the words stand in desc.",
        "submit",
        Instead(200, {"status": 1002, "desc": "duration 3 is not supported"}),
    ),
    Scenario(
        "refusal-success-false",
        "Refused with success: false and the code as a text.",
        "submit",
        Instead(200, {"success": False, "status": "1002", "message": "duration 3 is not supported"}),
    ),
    Scenario("server-error", "HTTP 500 in the envelope.", "any", no(500, "SERVER_ERR", "server error", 500)),
    Scenario(
        "html-page", "HTTP 200 with a page for people, as a captive gateway gives.", "any", Instead(200, _page(200))
    ),
    Scenario("link-expired", "The link to the video has expired.", "download", EXPIRED),
    Scenario("link-gone", "The video is gone from the content network.", "download", Instead(410, _page(410))),
    Scenario("link-asks-for-key", "The content network wants to know who asks.", "download", Instead(401, _page(401))),
    Scenario("cold-cdn", "The content network does not have the video yet: 404.", "download", Instead(404, _page(404))),
)

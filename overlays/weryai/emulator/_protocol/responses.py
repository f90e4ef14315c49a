"""The API's envelope, and the refusals in it."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

#: The names of the codes, from the service's own enumeration.
NAMES = {
    1001: "REQUEST_RATE_LIMIT_EXCEEDED",
    1002: "PARAMETER_ERROR",
    1003: "RESOURCE_NOT_EXISTS",
    1006: "NOT_MODEL",
    2004: "IMAGE_FORMAT_NOT_SUPPORT",
    1011: "INSUFFICIENT_CREDITS",
    1014: "UPLOAD_IMG_EXCEED_MAX_LIMIT",
    6010: "WORKFLOW_COMMIT_CONCURRENT_TASK_LIMIT_EXCEEDED",
    6101: "OPEN_API_DAILY_LIMIT_EXCEEDED",
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    500: "SERVER_ERR",
    501: "NOT_MODELLED",
}


class RefusalError(Exception):
    """The response is no; `http_status` and `body` are what is sent."""

    def __init__(self, http_status: int, body: dict[str, Any]) -> None:
        super().__init__(http_status, body)
        self.http_status = http_status
        self.body = body


def success(data: Any, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with data."""
    return JSONResponse({"status": 0, "desc": "success", "message": "success", "data": data}, headers=headers)


def refusal(code: int, message: str, http_status: int) -> RefusalError:
    """Return a refusal with one of the service's codes."""
    return RefusalError(http_status, {"status": code, "desc": NAMES[code], "message": message})


def wrong_parameter(message: str) -> RefusalError:
    """Return the refusal of what breaks the contract, in the message's words; it comes with HTTP 400."""
    return refusal(1002, message, 400)


def broken_rule(message: str, code: int = 1002) -> RefusalError:
    """Return the refusal of what keeps the contract and breaks a rule of business; it comes with HTTP 200.

    A client in production reads such codes only from 2xx responses, so that is the likelier carrier (inference).
    """
    return refusal(code, message, 200)


def unknown(message: str) -> RefusalError:
    """Return the refusal of an id that nobody knows; the service says it with HTTP 200."""
    return refusal(1003, message, 200)


def bad_request(message: str) -> RefusalError:
    """Return the refusal of what is no request of this API at all."""
    return refusal(400, message, 400)


def no_key() -> RefusalError:
    """Return the refusal of a request without a key, in the shape of the account reference."""
    return RefusalError(401, {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"})


def wrong_key() -> RefusalError:
    """Return the refusal of a key that is not the emulator's, in the shape of the error-code reference."""
    return RefusalError(403, {"status": 403, "msg": "INVALID_API_KEY"})

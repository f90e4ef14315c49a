"""A service in the process that remembers what reached it, and answers like the real one, or carelessly."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from weryai.contract._live import WRONG_KEY

KEY = "sk-real-'0123456789\"&abcdef"
"""A key with every sign that some format has to escape."""

Answer = tuple[int, Any]
NO_KEY = 401, {"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"}
WRONG = 403, {"status": 403, "msg": "INVALID_API_KEY"}
NOT_FOUND = 200, {"status": 1003, "desc": "RESOURCE_NOT_EXISTS", "message": "task not exist"}
MODELS = {"status": 200, "data": {"image_to_video": [{"model_key": "SORA_2", "durations": [4]}]}}
DATA: Mapping[str, Any] = {"/balance": {"status": 0, "data": 1000}, "/models": MODELS}


def well_behaved(request: httpx.Request) -> Answer:
    """Answer as the contract has it."""
    bearer = request.headers.get("authorization")
    if bearer is None:
        return NO_KEY
    if bearer == f"Bearer {WRONG_KEY}":
        return WRONG
    return next(((200, body) for end, body in DATA.items() if request.url.path.endswith(end)), NOT_FOUND)


class RecordingService(httpx.BaseTransport):
    """Where a guard's requests end in a test."""

    def __init__(self, answer: Callable[[httpx.Request], Answer | httpx.Response] = well_behaved) -> None:
        self._answer = answer
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Remember a request and answer it."""
        request.read()
        self.requests.append(request)
        answer = self._answer(request)
        if isinstance(answer, httpx.Response):
            return answer
        status, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers={"Content-Type": "application/json"})

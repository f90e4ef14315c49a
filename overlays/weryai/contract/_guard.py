"""The one way out of the live set: no request leaves that was not declared, and none but a GET with the real key.

Of the refusals here none depends on how a request was made; each is decided on what would go over the wire.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Literal

import httpx

from weryai.contract._confinement import opened
from weryai.contract._exchange import ANSWER, VIDEO, Exchange, Record
from weryai.contract._reading import Operation
from weryai.contract._secrecy import Secret

Credential = Literal["real", "wrong", "missing"]
# Well-formed, and nobody's.
WRONG_KEY = "sk-wrong-0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class RefusedRequestError(Exception):
    """A request that the suite may not send; it was not sent."""


@dataclass(frozen=True)
class Planned:
    """A request of the live set: an operation with its simplest input, and what key goes with it."""

    operation: Operation
    credential: Credential
    url: str
    content: bytes = b""
    content_type: str = ""

    def __post_init__(self) -> None:
        if self.credential == "real" and self.method != "GET":
            raise RefusedRequestError(f"{self.operation.name}: the real key travels with GETs only")

    @property
    def method(self) -> str:
        """The method in capitals."""
        return self.operation.method.upper()

    def key(self, secret: Secret) -> str | None:
        """The key that goes along."""
        return {"real": secret.key, "wrong": WRONG_KEY, "missing": None}[self.credential]


@dataclass
class Guard(httpx.BaseTransport):
    """A transport that sends what was declared, records it, and refuses everything else before it is sent."""

    secret: Secret
    inner: httpx.BaseTransport
    record: Record
    who: str = "live set"
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.secret.key == WRONG_KEY:
            raise RefusedRequestError("the key is the one that the suite uses as a wrong key")
        self._declared: set[tuple[str, str, str | None, bytes]] = set()
        self._paid_url: str | None = None
        self._downloads = False

    def declare(self, planned: Planned) -> None:
        """Allow a request, as often as it comes."""
        key = planned.key(self.secret)
        bearer = None if key is None else f"Bearer {key}"
        self._declared.add((planned.method, str(httpx.URL(planned.url)), bearer, planned.content))

    def allow_one_paid_post(self, url: str) -> None:
        """Allow the only exception, once: whoever runs the suite has said that they pay for one task."""
        self._paid_url = str(httpx.URL(url))

    def allow_downloads(self) -> None:
        """Allow GETs of any address that carry no key."""
        self._downloads = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request that may be sent, and record what came."""
        content = request.read()
        self._refuse(request, content)
        with opened():
            response = self.inner.handle_request(request)
            passed = (VIDEO if self._downloads else ANSWER).reading()
            with contextlib.closing(response):
                answer = b"".join(map(passed, response.iter_bytes()))
        sent = request.method, str(request.url), request.headers.get("content-type", ""), content
        bearer = request.headers.get("authorization")
        credential = "missing" if bearer is None else WRONG_KEY if bearer.endswith(WRONG_KEY) else "$WERYAI_API_KEY"
        self.exchanges.append(
            self.record.note(self.who, sent, response.status_code, response.headers, answer, credential)
        )
        stale = _OF_THE_TRANSFER if "content-encoding" in response.headers else {"transfer-encoding"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in stale]
        return httpx.Response(response.status_code, headers=headers, content=answer, extensions=response.extensions)

    def _refuse(self, request: httpx.Request, content: bytes) -> None:
        problem = self._problem(request, content)
        if problem:
            name = self.secret.hide_text(f"{request.method} {request.url.path}")
            raise RefusedRequestError(f"{name}: {problem}; nothing was sent")

    def _problem(self, request: httpx.Request, content: bytes) -> str:
        """Why a request may not leave; the key's place is looked at before anything allows it to."""
        url, keys = str(request.url), request.headers.get_list("authorization")
        bearer = keys[0] if keys else None
        has_real_key = keys == [f"Bearer {self.secret.key}"]
        others = [
            part for name, value in request.headers.raw if name.lower() != b"authorization" for part in (name, value)
        ]
        places = [url.encode(), request.url.raw_path, content, *others]
        places += [] if has_real_key else [key.encode() for key in keys]
        if any(map(self.secret.is_in, places)):
            return "the real key stands outside the one bearer header"
        if len(keys) > 1:
            return "more than one key"
        if has_real_key and request.method != "GET":
            if request.method != "POST" or url != self._paid_url:
                return "the real key travels with GETs only"
            self._paid_url = None
            return ""
        is_download = request.method == "GET" and not keys and not content
        if self._downloads and is_download:
            return ""
        is_declared = (request.method, url, bearer, content) in self._declared
        return "" if is_declared else "not declared as part of the live set"


# The body is handed on decoded and whole, so what these say about it no longer holds.
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}

"""Where the suite goes, and what may leave: everything on this machine, the live set anywhere else.

Nothing is resolved: an address is on this machine only if it is written so, letter by letter. No request of the live
set leaves that was not declared, and none but a GET with the real key; that is decided on what would go over the wire.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from weryai.contract._exchange import ANSWER, KEY_BY_NAME, VIDEO, Record, Secret
from weryai.contract._reading import CONTRACT, Operation

_PATH = r"(?:/[A-Za-z0-9._~-]+)*/?"
_HERE = re.compile(rf"https?://(?:(127(?:\.[0-9]{{1,3}}){{3}})|\[::1\]|localhost)(?::([0-9]{{1,5}}))?{_PATH}")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ELSEWHERE = re.compile(rf"https?://({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}}))?{_PATH}")
LIVE_URL: str = CONTRACT["servers"][0]["url"]


class WrongUseError(Exception):
    """What was asked for makes no sense; nothing was sent."""


@dataclass(frozen=True)
class Place:
    """An address, without a slash at its end."""

    url: str
    is_here: bool

    def url_of(self, path: str) -> str:
        """The URL of an operation: at the real service, and nowhere else, the registry has a host of its own."""
        own = CONTRACT["paths"][path].get("servers")
        return (own[0]["url"] if own and self.url == LIVE_URL else self.url) + path

    @property
    def base_path(self) -> str:
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname)


def place_of(url: str, *, is_test_system: bool = False) -> Place:
    """Judge an address; whatever is ambiguous is not on this machine, or refused.

    A test system may have any name and may speak http: it gets the full suite, and no real key.
    """
    here, elsewhere = _HERE.fullmatch(url), _ELSEWHERE.fullmatch(url) if _is_spelt_right(url) else None
    port = (here or elsewhere or {2: None})[2]
    if port is not None and not 0 < int(port) < 65_536:
        raise WrongUseError(f"URL={url!r} has no port that exists")
    if re.search(r"/\.{1,2}(?:/|$)", url):
        raise WrongUseError(f"URL={url!r}: dots may not stand for a folder there")
    if here and (here[1] is None or _is_loopback(here[1])):
        return Place(url.rstrip("/"), is_here=True)
    is_weryai = elsewhere is not None and f".{elsewhere[1]}".endswith(".weryai.com")
    if elsewhere and is_test_system:
        if is_weryai:
            raise WrongUseError(f"URL={url!r} is WeryAI itself, and no test system")
        return Place(url.rstrip("/"), is_here=True)
    if elsewhere and url.startswith("https:") and not (is_weryai and urlsplit(url).path.strip("/")):
        return Place(url.rstrip("/"), is_here=False)
    raise WrongUseError(
        f"URL={url!r} is neither http(s)://127.x.x.x, [::1] or localhost, nor https:// and a host in lower case, each "
        "with a port and a path at most; no user or query may stand there, and http:// elsewhere needs --test-system"
    )


def _is_spelt_right(url: str) -> bool:
    """Whether the host, if it is a name in Punycode, stands for one."""
    try:
        return bool(httpx.URL(url).host)
    except (UnicodeError, httpx.InvalidURL):
        return False


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


_GATE = threading.local()


def confine(*, to_this_machine: bool, others: frozenset[str] = frozenset()) -> None:
    """From now on connect to this machine only (and to others by address), or else only while the guard is sending."""

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect":
            return
        one, address = arguments
        is_network = one.family in (socket.AF_INET, socket.AF_INET6)
        if is_network and address[0] not in others and not may_connect(str(address[0]), to_this_machine):
            raise PermissionError(f"the contract suite may not connect to {address[0]}")

    sys.addaudithook(audit)


def may_connect(address: str, to_this_machine: bool) -> bool:
    return _is_loopback(address) if to_this_machine else getattr(_GATE, "is_open", False)


@contextmanager
def opened() -> Iterator[None]:
    """Let this thread connect while it sends one request that was checked."""
    _GATE.is_open = True
    try:
        yield
    finally:
        _GATE.is_open = False


Credential = Literal["real", "wrong", "missing"]
# Well-formed, and nobody's.
WRONG_KEY = "sk-wrong-0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class RefusedRequestError(Exception):
    """The suite may not send this request, and did not."""


@dataclass(frozen=True)
class Planned:
    """A request of the live set: an operation with its simplest input and a key."""

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
        return self.operation.method.upper()

    def key(self, secret: Secret) -> str | None:
        return {"real": secret.key, "wrong": WRONG_KEY, "missing": None}[self.credential]


@dataclass
class Guard(httpx.BaseTransport):
    """Sends what was declared, records it, and refuses everything else before it is sent."""

    secret: Secret
    inner: httpx.BaseTransport
    record: Record

    def __post_init__(self) -> None:
        if self.secret.key == WRONG_KEY:
            raise RefusedRequestError("the key is the one that the suite uses as a wrong key")
        self._declared: set[tuple[str, str, str | None, bytes]] = set()
        self._paid_url: str | None = None
        self._downloads = False

    def declare(self, planned: Planned) -> None:
        key = planned.key(self.secret)
        bearer = None if key is None else f"Bearer {key}"
        self._declared.add((planned.method, str(httpx.URL(planned.url)), bearer, planned.content))

    def allow_one_paid_post(self, url: str) -> None:
        """Allow the only exception, once: whoever runs the suite pays for one task."""
        self._paid_url = str(httpx.URL(url))

    def allow_downloads(self) -> None:
        """Allow GETs of any address that carry no key."""
        self._downloads = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        self._refuse(request, content)
        with opened():
            response = self.inner.handle_request(request)
            passed = (VIDEO if self._downloads else ANSWER).reading()
            with contextlib.closing(response):
                answer = b"".join(map(passed, response.iter_bytes()))
        bearer = request.headers.get("authorization")
        credential = "missing" if bearer is None else WRONG_KEY if bearer.endswith(WRONG_KEY) else KEY_BY_NAME
        return self.record.note_and_pass("live set", request, response, answer, credential)

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

"""Where the suite goes, what may leave, and the live set: what a service is asked without spending a credit.

Nothing is resolved: an address is on this machine only if it is written so, letter by letter. No request of the live
set leaves that was not declared, and none but a GET with the real key; that is decided on what would go over the wire.
The set is made from the contract: every operation with a wrong key and with none, GETs with the real key as well. On
an explicit word one task is paid for, and followed to its video.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import httpx

from weryai import RetryPolicy, WeryAI
from weryai.contract._reading import (
    CONTRACT,
    Operation,
    Refusals,
    broken_at,
    code_of,
    has_task_id,
    is_refusal,
    operation,
    operations,
    resolve,
    says,
)
from weryai.contract._record import (
    ANSWER,
    KEY_BY_NAME,
    VIDEO,
    Checks,
    EndlessAnswerError,
    Exchange,
    Problem,
    Record,
    Secret,
    WrongUseError,
)

_PATH = r"(?:/[A-Za-z0-9._~-]+)*/?"
_HERE = re.compile(rf"https?://(?:(127(?:\.[0-9]{{1,3}}){{3}})|\[::1\]|localhost)(?::([0-9]{{1,5}}))?{_PATH}")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ELSEWHERE = re.compile(rf"https?://({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}}))?{_PATH}")
LIVE_URL: str = CONTRACT["servers"][0]["url"]


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


def png(width: int = 64, height: int = 48) -> bytes:
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 96)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


UNKNOWN_ID = "weryai-contract-suite-000000000000"
NOT_FOUND = {404, 1003, 1010}
TIMEOUT = 30.0
# So many requests without an answer end a run.
MOST_SILENT = 3
GROUP = "live set"
_BOUNDARY = "weryai-contract-suite"
# The keys that an operation is asked with, by whether it is a GET.
_KEYS: dict[bool, tuple[Credential, ...]] = {True: ("real", "wrong", "missing"), False: ("wrong", "missing")}


@dataclass(frozen=True)
class Expected:
    """What a run expects of a service beyond the contract: as the options of the command line say.

    `only` names the operations that are asked; none means all. A known fault does not end a sweep.
    """

    refusals: Refusals = "any"
    is_stateless: bool = False
    only: frozenset[str] = frozenset()
    has_safe_integers: bool = False
    is_for_well_formed: bool = False
    has_known_faults: bool = False

    def asked(self) -> list[Operation]:
        return [one for one in operations() if not self.only or one.name in self.only]


ANYTHING = Expected()


def live_set(place: Place, expected: Expected = ANYTHING) -> list[Planned]:
    return [
        planned_request(place, one, credential)
        for one in expected.asked()
        for credential in _KEYS[one.method == "get"]
        if not (expected.is_stateless and credential == "wrong")
    ]


def planned_request(place: Place, one: Operation, credential: Credential) -> Planned:
    """Make a request of the contract's first example; ids are unknown ones."""
    path = one.path
    for parameter in map(resolve, one.spec.get("parameters", [])):
        path = path.replace("{" + parameter["name"] + "}", quote(UNKNOWN_ID, safe=""))
    content, content_type = _body(one)
    url = place.url_of(one.path).removesuffix(one.path) + path
    return Planned(one, credential, url, content, content_type)


def run_live_set(place: Place, guard: Guard, checks: Checks, expected: Expected = ANYTHING) -> bool:
    """Send every request of the live set once, and judge what comes; return whether more may be asked.

    It ends if nobody answers the first, or several, or if an answer does not end: each costs its whole timeout.
    """
    silent = 0
    with httpx.Client(transport=guard, timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
        for planned in live_set(place, expected):
            guard.declare(planned)
            try:
                silence = _ask(client, planned, guard, checks, expected)
            except EndlessAnswerError as endless:
                checks.add(GROUP, _name(planned), f"no answer came: {endless}; nothing else was asked")
                return False
            if not silence:
                continue
            silent += 1
            is_end = silent == MOST_SILENT or not guard.record.all()
            name = _name(planned) if guard.record.all() else "the service answers"
            checks.add(GROUP, name, f"{silence}; nothing else was asked" if is_end else silence)
            if is_end:
                return False
    return True


def _name(planned: Planned) -> str:
    return f"{planned.operation.name}, {planned.credential} key"


def _ask(client: httpx.Client, planned: Planned, guard: Guard, checks: Checks, expected: Expected) -> str:
    """Send one and note what is wrong with its answer; return why none came."""
    key = planned.key(guard.secret)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    if planned.content:
        headers["Content-Type"] = planned.content_type
    started, sent_before = time.monotonic(), len(guard.record.all())
    try:
        client.request(planned.method, planned.url, headers=headers, content=planned.content or None)
    except EndlessAnswerError:
        raise
    except (httpx.HTTPError, OSError) as error:
        host = httpx.URL(planned.url).host
        return f"no answer came from {host}: {type(error).__name__}: {error}"
    (exchange,) = guard.record.all()[sent_before:]
    checks.add(GROUP, _name(planned), *judge(planned, exchange, expected), seconds=time.monotonic() - started)
    return ""


def judge(planned: Planned, exchange: Exchange, expected: Expected = ANYTHING) -> list[Problem]:
    status, body = exchange.http_status, exchange.said
    said = f": HTTP {status} with {exchange.answer[:200].decode(errors='replace')!r}"
    if 300 <= status < 400:
        return [Problem(f"a redirect to {exchange.answer_headers.get('location')}, which is not followed", exchange)]
    if status >= 500:
        return [Problem(f"the service failed{said}", exchange, f"the service failed with HTTP {status}")]
    wrong = []
    is_yes = 200 <= status < 300 and says(body) is not False and isinstance(body, dict)
    if planned.credential != "real":
        if has_task_id(body):
            wrong.append("work was accepted without a good key")
        elif is_yes:
            wrong.append(f"a request with a {planned.credential} key was not refused")
        elif not is_refusal(status, body, expected.refusals):
            wrong.append(f"refused otherwise than asked for (refusals: {expected.refusals})")
    elif "{" in planned.operation.path:
        is_missing = bool({status, code_of(body)} & NOT_FOUND) and is_refusal(status, body, expected.refusals)
        if not is_missing and not (expected.is_stateless and is_yes):
            wrong.append(f"an unknown id is not 'not found' (refusals: {expected.refusals})")
    elif not is_yes:
        wrong.append("a good request was refused")
    return [
        *(
            Problem(f"the contract does not allow it: {place or 'body'}: {message[:200]}", exchange, broken_at(place))
            for place, message in exchange.breaches
        ),
        *(Problem(problem + said, exchange, problem) for problem in wrong),
    ]


def _body(one: Operation) -> tuple[bytes, str]:
    if "requestBody" not in one.spec:
        return b"", ""
    ((media_type, form),) = one.spec["requestBody"]["content"].items()
    value = resolve(next(iter(form["examples"].values())))["value"]
    if media_type == "application/json":
        return json.dumps(value).encode(), media_type
    if media_type != "multipart/form-data":
        raise RefusedRequestError(f"{one.name}: the suite cannot write {media_type}")
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="picture.png"\r\n'
    form = head.encode() + b"Content-Type: image/png\r\n\r\n" + png() + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return form, f"{media_type}; boundary={_BOUNDARY}"


PAID = "paid smoke test"
PROMPT = "Make the person wave their hand"
ORDER = operation("submitImageToVideo")
LOOK = operation("getTaskStatus")


def run_paid(
    place: Place, guard: Guard, checks: Checks, image: str, folder: Path, *, interval: float | None = None
) -> None:
    """Order one task without any retry, say its id at once, wait for it, and store the video in a folder."""
    guard.allow_one_paid_post(place.url_of(ORDER.path))
    client = WeryAI(
        guard.secret.key,
        base_url=place.url,
        models_base_url=place.url,
        retry=RetryPolicy(tries=1),
        transport=guard,
    )
    with checks.checking(PAID, "one task, from the order to the video"), client:
        submission = client.image_to_video.submit(image, prompt=PROMPT)
        print(f"paid for: task {', '.join(submission.task_ids)}", flush=True)
        for task_id in submission.task_ids:
            guard.declare(Planned(LOOK, "real", place.url_of(LOOK.path).replace("{taskId}", task_id)))
        task = client.tasks.wait(submission.task_ids[0], interval=interval)
        guard.allow_downloads()
        folder.mkdir(parents=True, exist_ok=True)
        path = client.files.download(task, folder)
        print(f"the video of task {task.id} is {path}", flush=True)

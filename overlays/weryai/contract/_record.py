"""What went over the wire, without the key in any spelling; what was found right and wrong; and which faults are known.

Known faults are TOML. Each `[[known]]` has `check` (the group and the name, where `*` stands for anything), `problem`
(a text that stands in the problem) and `why`.
"""

from __future__ import annotations

import base64
import functools
import html
import re
import shlex
import threading
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import httpx

from weryai._transport.http import _hide
from weryai.contract._reading import Operation, breaches, described_json, json_of, operations

MASK = "***"
SHORTEST_KEY = 8


class Secret:
    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def hide(self, content: bytes) -> bytes:
        """Take the key out: plain, escaped as in JSON, in wide characters, in a URL or a page."""
        content = _hide(content, self.key)
        for spelling in self._spellings():
            content = content.replace(spelling, MASK.encode())
        return content

    def hide_text(self, text: str) -> str:
        return self.hide(text.encode(errors="replace")).decode(errors="replace")

    def is_in(self, content: bytes) -> bool:
        return any(self.hide(layer) != layer for layer in (content, unquote_to_bytes(content)))

    def _spellings(self) -> set[bytes]:
        """Other ways to write it; of base64 the part that does not depend on its neighbours."""
        key = self.key.encode()
        shifted = (
            base64.b64encode(bytes(shift) + key)[-(-8 * shift // 6) : 8 * (shift + len(key)) // 6] for shift in range(3)
        )
        percent = "".join(f"%{byte:02x}" for byte in key)
        entities = "".join(f"&#{byte};" for byte in key)
        escaped = html.escape(self.key)
        pages = {
            escaped,
            html.escape(self.key, quote=False).replace('"', "&quot;"),
            html.escape(self.key, quote=False),
            escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        }
        texts = pages | {quote(self.key, safe=""), percent, percent.upper(), entities}
        return {text.encode() for text in texts} | {part for part in shifted if len(part) >= SHORTEST_KEY}


MIB = 1024**2
KEY_BY_NAME = "$WERYAI_API_KEY"


@dataclass(frozen=True)
class Bounds:
    """How large an answer may be, in bytes once it is unpacked, and how many seconds its body may take."""

    size: int = 8 * MIB
    seconds: float = 60.0

    def reading(self) -> Callable[[bytes], bytes]:
        """Return what each piece of one answer has to pass: it raises EndlessAnswerError for the piece too many."""
        began, size = time.monotonic(), 0

        def passed(piece: bytes) -> bytes:
            nonlocal size
            size += len(piece)
            if size > self.size:
                raise EndlessAnswerError(f"its answer is larger than {self.size // MIB} MiB")
            if time.monotonic() - began > self.seconds:
                raise EndlessAnswerError(f"its answer had not ended after {self.seconds:.0f} s")
            return piece

        return passed


class EndlessAnswerError(httpx.ReadError):
    """An answer is larger, or takes longer, than any of the contract; its rest was not read."""


ANSWER, VIDEO = Bounds(), Bounds(1024 * MIB, 600.0)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `who` is the part of the suite that sent it."""

    who: str
    method: str
    url: str
    content_type: str
    body: bytes
    http_status: int
    answer_headers: Mapping[str, str]
    answer: bytes
    base_path: str = ""
    credential: str = KEY_BY_NAME

    @property
    def operation(self) -> Operation | None:
        return _match(self.method, self.path)[0]

    @functools.cached_property
    def said(self) -> Any:
        """The body of the answer as JSON; text if it is none."""
        return json_of(self.answer)

    @functools.cached_property
    def breaches(self) -> list[tuple[str, str]]:
        """What the contract refuses in the body of the answer, if it has JSON there: places and messages."""
        described = described_json(self.operation, self.http_status) if self.operation else {}
        return breaches(described["schema"], self.said) if described else []

    @property
    def path_parameters(self) -> dict[str, str]:
        return _match(self.method, self.path)[1]

    @property
    def path(self) -> str:
        """The path as it was sent, without the service's base path."""
        return urlsplit(self.url).path.removeprefix(self.base_path)

    @property
    def curl(self) -> str:
        """A command that sends the same again, with the key of WERYAI_API_KEY."""
        words = ["curl", "-i", "-X", self.method, shlex.quote(self.url)]
        if self.credential != "missing":
            words += ["-H", f'"Authorization: Bearer {self.credential}"']
        if self.content_type:
            words += ["-H", shlex.quote(f"Content-Type: {self.content_type}")]
        if not self.body:
            return " ".join(words)
        text = self.body.decode(errors="replace")
        if text.isprintable() and not text.startswith("@"):
            return " ".join([*words, "--data-raw", shlex.quote(text)])
        encoded = base64.b64encode(self.body).decode()
        return f"printf %s {encoded} | base64 -d | " + " ".join([*words, "--data-binary", "@-"])


def _match(method: str, path: str) -> tuple[Operation | None, dict[str, str]]:
    for one, template in _TEMPLATES:
        found = template.fullmatch(path)
        if found and one.method == method.lower():
            return one, {name: unquote(value) for name, value in found.groupdict().items()}
    return None, {}


_TEMPLATES = [
    (one, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(one.path)))) for one in operations()
]


class Record:
    """Every exchange of a run, in order, from any thread."""

    def __init__(self, secret: Secret, base_path: str = "") -> None:
        self._secret = secret
        self._base_path = base_path
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def note(
        self,
        who: str,
        request: tuple[str, str, str, bytes],
        http_status: int,
        headers: Mapping[str, str],
        answer: bytes,
        credential: str = KEY_BY_NAME,
    ) -> Exchange:
        """Keep one; its request is method, URL, content type and body."""
        method, url, content_type, body = request
        hide = self._secret.hide_text
        seen = {hide(name.lower()): hide(value) for name, value in headers.items()}
        kept, told = self._secret.hide(body), self._secret.hide(answer)
        exchange = Exchange(
            who, method, hide(url), content_type, kept, http_status, seen, told, self._base_path, credential
        )
        with self._lock:
            self._exchanges.append(exchange)
        return exchange

    def note_and_pass(
        self, who: str, request: httpx.Request, response: httpx.Response, answer: bytes, credential: str = KEY_BY_NAME
    ) -> httpx.Response:
        """Keep one, and return its response with the whole body, unpacked."""
        sent = request.method, str(request.url), request.headers.get("content-type", ""), request.content
        self.note(who, sent, response.status_code, response.headers, answer, credential)
        # What these say of the transfer no longer holds.
        stale = {b"content-encoding", b"content-length", b"transfer-encoding"}
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in stale]
        return httpx.Response(response.status_code, headers=headers, content=answer, extensions=response.extensions)

    def all(self) -> list[Exchange]:
        with self._lock:
            return list(self._exchanges)


LONGEST_PROBLEM = 4_000
KNOWN = "known faults"


class WrongUseError(Exception):
    """What was asked for makes no sense; nothing was sent."""


class MismatchError(Exception):
    """What came is wrong; the message says how."""


def expect(holds: object, problem: str) -> None:
    """Raise MismatchError unless something holds."""
    if not holds:
        raise MismatchError(problem)


@dataclass(frozen=True)
class Problem:
    """What is wrong, with the exchange that shows it; problems of the same `cause` are told once."""

    text: str
    exchange: Exchange | None = None
    cause: str = ""

    @property
    def key(self) -> str:
        """What all problems of one cause have."""
        return self.cause or self.text

    def __str__(self) -> str:
        return self.text if self.exchange is None else f"{self.text}\n{self.exchange.curl}"


@dataclass
class Check:
    """One thing that must hold; it does if `problems` is empty. `known` has faults that are known, and why."""

    group: str
    name: str
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    known: list[tuple[Problem, str]] = field(default_factory=list)


@dataclass
class Cause:
    """What is wrong, told once, with all checks that it fails."""

    problem: Problem
    checks: list[Check]


class Checks:
    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self.all: list[Check] = []

    def add(self, group: str, name: str, *problems: str | Problem, seconds: float = 0.0) -> Check:
        """Note an outcome; the key is taken out before anything may cut it into pieces."""
        hide = self._secret.hide_text
        hidden = [
            replace(one, text=hide(one.text)[:LONGEST_PROBLEM], cause=hide(one.cause))
            for one in (Problem(told) if isinstance(told, str) else told for told in problems)
            if one.text
        ]
        check = Check(group, hide(name), hidden, seconds)
        self.all.append(check)
        return check

    @contextmanager
    def checking(self, group: str, name: str, record: Record | None = None) -> Iterator[None]:
        """Check in a block: what it raises is wrong, and told with its last request."""
        problems: list[Problem] = []
        before = len(record.all()) if record else 0
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            sent = record.all()[before:] if record else []
            problems.append(Problem(_told(error), sent[-1] if sent else None))
        self.add(group, name, *problems, seconds=time.monotonic() - started)

    @property
    def causes(self) -> list[Cause]:
        """What is wrong, each cause once."""
        found: dict[str, Cause] = {}
        for check in self.failed:
            for problem in check.problems:
                cause = found.setdefault(problem.key, Cause(problem, []))
                if check not in cause.checks:
                    cause.checks.append(check)
        return list(found.values())

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.all if check.problems]


def _told(error: Exception) -> str:
    if isinstance(error, MismatchError):
        return str(error)
    if str(error):
        return f"{type(error).__name__}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}: {place.line}"


@dataclass(frozen=True)
class Known:
    """One fault: the check and the problem where it shows, and why it is none of the contract's."""

    check: str
    problem: str
    why: str

    def explains(self, check: Check, problem: str) -> bool:
        return fnmatchcase(f"{check.group}: {check.name}", self.check) and self.problem in problem


def read_known(path: Path) -> tuple[Known, ...]:
    """Read a file of known faults; raise WrongUseError if it is none, or a fault has no reason."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise WrongUseError(f"--known {path}: {error}") from error
    rows = told.get("known")
    if set(told) != {"known"} or not isinstance(rows, list) or not rows:
        raise WrongUseError(f"--known {path}: it has nothing but [[known]], once or more")
    for number, row in enumerate(rows, start=1):
        good = isinstance(row, dict) and set(row) == {"check", "problem", "why"}
        if not good or not all(isinstance(text, str) and text.strip() for text in row.values()):
            raise WrongUseError(f"--known {path}: [[known]] {number} has check, problem and why, each a text")
    return tuple(Known(**row) for row in rows)


def excuse(checks: Checks, known: Sequence[Known]) -> None:
    """Take what is known out of what fails; what is known and no longer shows fails by itself."""
    unused = set(known)
    for check in checks.failed:
        for problem in list(check.problems):
            reason = next((one for one in known if one.explains(check, problem.text)), None)
            if reason is not None:
                check.problems.remove(problem)
                check.known.append((problem, reason.why))
                unused.discard(reason)
    for one in known:
        stale = f"{one.check} no longer says {one.problem!r}: take it out" if one in unused else ""
        checks.add(KNOWN, f"still shows: {one.check}: {one.problem}", stale)

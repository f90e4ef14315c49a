"""How effects become httpx requests and httpx's responses become ours; shared by both runners, performs nothing.

What httpcore tells of each thing it does, the `trace` extension of a request, shows how far a paid request got. Its
first word is where a request is refused that may not leave this machine, for a test or for WERYAI_LOOPBACK_ONLY: so
what a mock answers is let alone, and what would leave is not, through kept connections and proxies neither.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import platform
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

import httpx

from .._flow.clock import real_now
from .._flow.effects import Fetch, Reply, Send
from .._flow.logs import log
from .._protocol.envelope import find_task_ids, read_envelope, request_id_of, text_of, unknown_outcome
from .._settings import Settings, is_loopback
from .._version import __version__
from ..errors import NotSentError, OutcomeUnknownError, TransportError, WeryAIError, before_sending
from .surroundings import routes


class StoppedError(RuntimeError):
    """The request was stopped before its first byte."""


class Evidence:
    """Watches one attempt at a paid request, and can stop it until its first byte leaves.

    Transports that are not httpcore's tell nothing, and then nothing is proved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_events = False
        self._has_left = False
        self._is_stopped = False
        #: Where the HTTP library finds `trace`, which is taken out once it has nothing more to tell.
        self.extensions: dict[str, Any] = {}

    @property
    def proves_not_sent(self) -> bool:
        """Whether it is sure that nothing of the request has left so far."""
        return self._has_events and not self._has_left

    @property
    def proves_sent(self) -> bool:
        """Whether some of the request has left, or was about to."""
        return self._has_left

    def stop(self) -> bool:
        """Let nothing leave that has not left yet; return whether it is sure that nothing has."""
        with self._lock:
            self._is_stopped = True
            return self.proves_not_sent

    def check(self) -> None:
        """Raise StoppedError if nothing may be sent any more."""
        with self._lock:
            if self._is_stopped and not self._has_left:
                raise StoppedError("it was interrupted before it was sent")

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of a blocking transport; raises StoppedError in the place of the first byte."""
        if self._has_left:
            return
        with self._lock:
            self._has_events = True
            if not _is_ours(event, info):
                return
            if self._is_stopped and not self._has_left:
                raise StoppedError("it was interrupted before it was sent")
            self._has_left = True
            self.extensions.pop("trace", None)

    async def atrace(self, event: str, info: dict[str, Any]) -> None:
        """As `trace`, for asyncio."""
        self.trace(event, info)


def _is_ours(event: str, info: dict[str, Any]) -> bool:
    """Whether our own request begins to leave; a proxy's CONNECT is sent by the same events."""
    if ".send_request_" not in event or not event.endswith(".started"):
        return False
    method = getattr(info.get("request"), "method", b"")
    return method not in (b"CONNECT", "CONNECT")


#: Returns why a request is refused, or nothing.
Check = Callable[[httpx.Request], str]

_checks: list[Check] = []


@contextlib.contextmanager
def checking(check: Check) -> Iterator[None]:
    """Ask `check` about each request of every client until the block ends, in any thread."""
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


def guard(request: httpx.Request, *, awaits: bool) -> httpx.Request:
    """Let a request fail, as for a host that nobody can reach, before it leaves a machine that it may not leave."""
    checks = tuple(_checks)
    is_kept = os.environ.get("WERYAI_LOOPBACK_ONLY", "") not in ("", "0")
    if not checks and not is_kept:
        return request
    inner = request.extensions.get("trace")

    def refuse(reason: str) -> NoReturn:
        raise httpx.ConnectError(reason, request=request)

    def check() -> None:
        for one in checks:
            if reason := one(request):
                refuse(reason)
        if is_kept and not is_loopback(request.url.host):
            refuse(f"WERYAI_LOOPBACK_ONLY lets nothing leave this machine for {request.url.host}")

    def trace(event: str, info: dict[str, Any]) -> None:
        check()
        if inner is not None:
            inner(event, info)

    async def atrace(event: str, info: dict[str, Any]) -> None:
        check()
        if inner is not None:
            await inner(event, info)

    request.extensions = {**request.extensions, "trace": atrace if awaits else trace}
    return request


Client = TypeVar("Client", httpx.Client, httpx.AsyncClient)
CHUNK = 256 * 1024
MOST_BYTES = 32 * 1024 * 1024
MOST_REDIRECTS = 20
FETCH_OPTIONS: Mapping[str, Any] = {"stream": True, "auth": None, "follow_redirects": False}
# No URL of ours holds a user and a password, so none are looked for.
SEND_OPTIONS: Mapping[str, Any] = {"stream": True, "auth": httpx.Auth()}
# The last two are what transports and host names raise beside httpx's own errors.
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, RuntimeError)
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
# A request with only these is put together here; all else goes the longer way of httpx.
_PREPARED = {"method", "url", "headers", "content"}
_USER_AGENT = f"weryai-python/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"


def make_client(
    kind: Callable[..., Client], settings: Settings, transport: Any, *, keeps_connections: bool = True
) -> Client:
    """Make an httpx client; its connections to this machine never go through a proxy."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20 if keeps_connections else 0)
    proxied: Any = httpx.AsyncHTTPTransport if kind is httpx.AsyncClient else httpx.HTTPTransport
    context, mounts = routes(settings, None if transport else functools.partial(proxied, limits=limits))
    client = kind(
        headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip, deflate"},
        timeout=_timeout(settings.timeout),
        verify=context,
        transport=transport,
        limits=limits,
        mounts=mounts,
        trust_env=False,
    )
    client._cookies = _Cookies()
    return client


class _Cookies(httpx.Cookies):
    """Cookies as httpx keeps them; of a response that sets none nothing is read, which httpx does at some cost."""

    def extract_cookies(self, response: httpx.Response) -> None:
        if "set-cookie" in response.headers:
            super().extract_cookies(response)


def build(
    client: httpx.Client | httpx.AsyncClient, settings: Settings, effect: Send, trace: Callable[..., Any] | None = None
) -> httpx.Request:
    """Make the request of an effect, with its URL and the key; `trace` hears of all that happens on the wire."""
    url = settings.url(effect.service, effect.request["url"])
    timeout = client.timeout if effect.timeout is None else _timeout(min(effect.timeout, settings.timeout))
    extensions: dict[str, Any] = {"timeout": timeout.as_dict()}
    if trace is not None:
        extensions["trace"] = trace
    try:
        if effect.request.keys() <= _PREPARED:
            request = _prepare(client, effect.request, _parsed(url), extensions)
        else:
            request = client.build_request(**{**effect.request, "url": url, "extensions": extensions})
    except httpx.InvalidURL as error:
        raise NotSentError(f"{url} is not a URL: {error}", request=effect.name) from error
    add_bearer(request, settings, effect.api_key)
    return guard(request, awaits=isinstance(client, httpx.AsyncClient))


def add_bearer(request: httpx.Request, settings: Settings, api_key: str | None = None) -> None:
    """Add the key to a request to the API or the models registry, and to no other.

    The key is asked for each time, so that a function given as `api_key` can rotate it, unless it was asked for.
    """
    url = request.url
    if (url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)) in settings.origins:
        request.headers["Authorization"] = f"Bearer {api_key or settings.key()}"


def _prepare(
    client: httpx.Client | httpx.AsyncClient, given: Mapping[str, Any], url: httpx.URL, extensions: dict[str, Any]
) -> httpx.Request:
    """Make the request that `client.build_request` makes, at a fifth of its cost: without merging URL and cookies.

    It goes through `client.send`, so event hooks and tools that patch httpx see it.
    """
    method, content, own = str(given["method"]).upper(), given.get("content", b""), given.get("headers") or {}
    headers = _headers(url.netloc, tuple(client.headers.raw), tuple(own.items()))
    request = httpx.Request(method, url, headers=headers, stream=httpx.ByteStream(content), extensions=extensions)
    # Said, so that httpx does not find it out by decoding each field again and again; ASCII is a part of it.
    request.headers.encoding = "utf-8"
    if content or method in ("POST", "PUT", "PATCH"):
        request.headers["Content-Length"] = str(len(content))
    request.read()
    if client.cookies:
        client.cookies.set_cookie_header(request)
    return request


@functools.lru_cache(maxsize=64)
def _headers(host: bytes, common: tuple[tuple[bytes, bytes], ...], own: tuple[tuple[str, str], ...]) -> httpx.Headers:
    """The fields of a request before its length and the key, which each request adds to a copy; own ones replace."""
    names = {name.lower().encode("ascii") for name, _ in own}
    fields = [field for field in ((b"Host", host), *common) if field[0].lower() not in names]
    return httpx.Headers(fields + [(name.encode("ascii"), value.encode("ascii")) for name, value in own])


@functools.lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    """A URL read once, because a task is polled at the same one again and again."""
    return httpx.URL(url)


def build_download(client: httpx.Client | httpx.AsyncClient, effect: Fetch) -> httpx.Request:
    """Make the request of a download: never compressed, so that lengths can be compared, and without the key."""
    request = client.build_request("GET", effect.url, headers={"Accept-Encoding": "identity", **effect.headers})
    return guard(request, awaits=isinstance(client, httpx.AsyncClient))


def redirected(client: httpx.Client | httpx.AsyncClient, response: httpx.Response, redirects: int) -> httpx.Request:
    """The request that a redirect leads to, to other origins as well, because no key is sent along."""
    if response.next_request is None or redirects > MOST_REDIRECTS:
        raise httpx.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects came", request=response.request)
    request = response.next_request
    # Of the request before it, whose check is not this one's.
    request.extensions.pop("trace", None)
    return guard(request, awaits=isinstance(client, httpx.AsyncClient))


def failure(
    error: Exception,
    effect: Send | Fetch,
    started: float,
    request: httpx.Request | None = None,
    partial: bytes | bytearray = b"",
    evidence: Evidence | None = None,
) -> WeryAIError:
    """Turn what httpx raised into how certain we are that nothing happened, and write the request's one line.

    Of a paid request the evidence of the wire decides. Where there is none, because the transport tells nothing, the
    class of the error does.
    """
    seconds, kind = real_now() - started, type(error).__name__
    log.debug("%s, attempt %d: %s after %.3f s", effect.name, effect.attempt, kind, seconds)
    key = _key_of(request)
    _hide_in_chain(error, key)
    event = f"{kind} ({error})" if str(error) else kind
    if _was_not_sent(error, evidence):
        unreached = NotSentError(f"the service was not reached: {event}", request=effect.name)
        # A poll or a download sends nothing that anybody minds.
        is_post = isinstance(effect, Send) and effect.name.startswith("POST ")
        return before_sending(unreached) if is_post else unreached
    if isinstance(effect, Send) and effect.paid:
        text = text_of(_hide(bytes(partial), key))
        ids = find_task_ids(text)
        message = unknown_outcome(event, ids)
        return OutcomeUnknownError(message, request=effect.name, raw=text or None, task_ids=ids)
    return TransportError(f"no response came: {event}", request=effect.name)


def _was_not_sent(error: Exception, evidence: Evidence | None) -> bool:
    if evidence is None or not (evidence.proves_sent or evidence.proves_not_sent):
        return isinstance(error, (*_NEVER_SENT, StoppedError))
    return evidence.proves_not_sent


def stream(response: httpx.Response) -> Any:
    """The body as it comes over the line, not unpacked; unlike `iter_raw` also of a response that was made whole."""
    return response.stream


class Body:
    """A response's body as it comes in: bounded in size, unpacked too, and in time from its first byte on."""

    def __init__(self, response: httpx.Response, content: bytearray) -> None:
        self._request = response.request
        self._content = content
        self.headers = dict(response.headers.items())
        #: What came over the line, packed as it was; 0 of a response that was read before.
        self.received = 0
        self._is_new = not response.is_stream_consumed
        self._deadline = real_now() + float(response.request.extensions["timeout"]["read"])
        # Unpacked here and not by httpx, which has no bound: 3 kB may become 2 GB. What was read before is unpacked.
        packed = self.headers.get("content-encoding", "").lower() if self._is_new else ""
        names = [name.strip() for name in reversed(packed.split(","))] if packed else []
        self._unpackers = [_unpacker(name, self._request) for name in names if name]

    def add(self, chunk: bytes) -> None:
        """Take a piece as it came; raises what httpx raises for a server that never comes to an end."""
        if self._is_new:
            self.received += len(chunk)
        for unpacker in self._unpackers:
            if unpacker is None:
                continue
            try:
                chunk = unpacker.decompress(chunk, MOST_BYTES + 1)
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=self._request) from error
            if len(chunk) > MOST_BYTES:
                raise self._too_long()
        self._content += chunk
        if len(self._content) > MOST_BYTES:
            raise self._too_long()
        if real_now() > self._deadline:
            raise httpx.ReadTimeout("the response comes too slowly", request=self._request)

    def _too_long(self) -> httpx.ReadError:
        return httpx.ReadError(f"the response is longer than {MOST_BYTES:,} bytes", request=self._request)


class _Deflate:
    """Unpacks `deflate`, which some servers send with the wrapper of zlib and some without."""

    def __init__(self) -> None:
        self._unpacker: Any = None

    def decompress(self, chunk: bytes, most: int) -> bytes:
        if self._unpacker is None:
            try:
                return self._first(chunk, most, zlib.MAX_WBITS)
            except zlib.error:
                return self._first(chunk, most, -zlib.MAX_WBITS)
        return bytes(self._unpacker.decompress(chunk, most))

    def _first(self, chunk: bytes, most: int, wbits: int) -> bytes:
        unpacker = zlib.decompressobj(wbits)
        first = unpacker.decompress(chunk, most)
        self._unpacker = unpacker if chunk else None
        return first


def _unpacker(name: str, request: httpx.Request) -> Any:
    match name:
        case "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case "deflate":
            return _Deflate()
        case _:
            raise httpx.DecodingError(
                f"the response is packed as {name[:40]}, which was not asked for", request=request
            )


def unread_connection(response: httpx.Response) -> Any:
    """The connection of a response that holds bytes which nobody asked for, so that it is never used again.

    httpcore finds such bytes in the socket by itself, but not those that came along with the response: the next request
    would take them for its own response.
    """
    part: Any = response.stream
    for _ in range(8):
        connection = getattr(part, "_connection", None)
        state = getattr(connection, "_h11_state", None)
        if state is not None:
            return connection if state.trailing_data[0] else None
        part = getattr(part, "_stream", None) or getattr(part, "_httpcore_stream", None)
    return None


def open_sockets(client: httpx.AsyncClient) -> Iterator[Any]:
    """The sockets of every connection of a client whose event loop is closed, so that it cannot close them itself."""
    for transport in (client._transport, *client._mounts.values()):
        for connection in getattr(getattr(transport, "_pool", None), "connections", ()):
            part: Any = connection
            while part is not None and not hasattr(part, "_network_stream"):
                part = getattr(part, "_connection", None)
            sock = part._network_stream.get_extra_info("socket") if part is not None else None
            # asyncio shows its sockets through a wrapper that cannot close them.
            if hasattr(sock := getattr(sock, "_sock", sock), "close"):
                yield sock


def reply(response: httpx.Response, effect: Send, body: Body, content: bytearray, started: float) -> Reply:
    """Take a response over; a body shorter than it was announced counts as none."""
    taken = head(response, bytes(content), body.headers)
    announced = body.headers.get("content-length", "")
    is_encoded = "content-encoding" in body.headers
    received = response.num_bytes_downloaded or body.received
    received = received or (int(announced or 0) if is_encoded else len(content))
    if announced.isdigit() and received < int(announced):
        cut = httpx.RemoteProtocolError(f"{received} of {announced} bytes came", request=response.request)
        raise failure(cut, effect, started, response.request, content) from cut
    log_answer(taken, effect, started)
    return taken


def log_answer(reply: Reply, effect: Send | Fetch, started: float) -> None:
    if log.isEnabledFor(logging.DEBUG):
        request_id = request_id_of(read_envelope(reply))
        suffix = f", request id {request_id}" if request_id else ""
        status, seconds = reply.http_status, real_now() - started
        log.debug("%s, attempt %d: HTTP %d in %.3f s%s", effect.name, effect.attempt, status, seconds, suffix)


def head(response: httpx.Response, content: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
    """Take status, headers and content over, without the key, should the service echo it: errors carry responses."""
    key = _key_of(response.request)
    headers = dict(response.headers.items()) if headers is None else headers
    if key and key in "\n".join(headers.values()):
        headers = {name: value.replace(key, "***") for name, value in headers.items()}
    return Reply(response.status_code, headers, _hide(content, key))


def note_on_interruption(effect: Send, outcome: Reply | BaseException | None) -> str:
    """What to tell a caller whose submission was interrupted while it was open."""
    if isinstance(outcome, NotSentError):
        return f"{effect.name}: interrupted; nothing was sent."
    ids: tuple[str, ...] = getattr(outcome, "task_ids", ())
    if isinstance(outcome, Reply):
        ids = find_task_ids(text_of(outcome.content))
        if not ids and 400 <= outcome.http_status < 500:
            return f"{effect.name}: interrupted; the service refused the submission (HTTP {outcome.http_status})."
    if ids:
        names = ", ".join(ids)
        return (
            f"{effect.name}: interrupted, but the submission was accepted as task {names}. It is paid for; resume with "
            f"tasks.wait({ids[0]!r})."
        )
    return f"{effect.name}: {unknown_outcome('an interruption')}"


def _timeout(seconds: float) -> httpx.Timeout:
    # Requests wait at the client's own gate, never for the pool.
    return httpx.Timeout(seconds, connect=min(seconds, 10.0), pool=None)


def _key_of(request: httpx.Request | None) -> str:
    key = request.headers.get("authorization", "").removeprefix("Bearer ") if request is not None else ""
    # Anything shorter is no real key, and may be a word of the answer itself.
    return key if len(key) >= 8 else ""


def _hide(content: bytes, key: str) -> bytes:
    """A response without the key, even where JSON escapes parts of it."""
    if key and (key.encode() in content or b"\\" in content):
        content = _spellings(key).sub(b"***", content)
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be") if b"\0" in content and key else ():
        content = content.replace(key.encode(encoding), "***".encode(encoding))
    return content


@functools.lru_cache(maxsize=8)
def _spellings(key: str) -> re.Pattern[bytes]:
    return re.compile("".join(rf"(?:\\?{re.escape(sign)}|\\u00(?i:{ord(sign):02x}))" for sign in key).encode())


def _hide_in_chain(error: BaseException | None, key: str) -> None:
    """Take the key out of what httpx and its layers quote of a response, because tracebacks show the whole chain."""
    while error is not None and key:
        error.args = tuple("***" if key in str(part) else part for part in error.args)
        error = error.__cause__ or error.__context__

"""What an operation wants done, as effects, and Flow, the generator that yields them.

A flow says what to do, as in `reply = yield from Send(...)`, and is sent the replies; `_transport` performs them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from ..errors import WeryAIError
from .logs import warn

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .clock import Bell
    from .order import Intent, OrderLog

T = TypeVar("T")


class Effect(Generic[T]):
    """Something to be done by the runner; `yield from` it to get its result."""

    def __iter__(self) -> Flow[T]:
        result: T = yield self
        return result


Flow: TypeAlias = Generator[Effect[Any], Any, T]


@dataclass(frozen=True)
class Reply:
    """An HTTP response as it came; header names in lower case."""

    http_status: int
    headers: Mapping[str, str]
    content: bytes = b""
    #: What one reader has found in it, for the next.
    found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @functools.cached_property
    def parsed(self) -> Any:
        """The body as JSON, read once for all who ask; its text where it is none."""
        # JSON is UTF-8; a message in another charset may be garbled, but the rest of the response is not lost.
        try:
            # Not "utf-8-sig": Python loads that from a file, which fails where no more files can be opened.
            value = json.loads(self.content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace"))
            if b"\\ud" in self.content.lower():
                # Half a surrogate pair is no text: no file, no database and no terminal takes it.
                value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
            return value
        except (ValueError, RecursionError):
            return self.content.decode("utf-8", errors="replace")


class Sink(Protocol):
    """Where a download goes: `begin` sees the head and says whether to go on, `write` gets the pieces."""

    def begin(self, reply: Reply) -> bool: ...
    def write(self, chunk: bytes) -> None: ...


class Evidence(Protocol):
    """What is known of how far a paid request got; the transport has the one that watches."""

    @property
    def proves_not_sent(self) -> bool: ...


@dataclass(frozen=True)
class Send(Effect[Reply]):
    """Send a request to the API and reply with its response, or raise a TransportError.

    `request` is what `httpx.Client.request` takes; `paid` marks the requests that must never be sent twice, `intent`
    says what they order; `timeout` is the seconds to wait for a sign of life, if that is less than the client's own;
    `attempt` counts the tries; `endpoint` is the name of the generated module that the request is made by.
    """

    request: Mapping[str, Any] = field(repr=False)
    service: Literal["api", "models"] = "api"
    paid: bool = False
    timeout: float | None = None
    attempt: int = 1
    endpoint: str = ""
    intent: Intent | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The call in words, such as "GET /v1/generation/t1/status"."""
        return f"{str(self.request['method']).upper()} {self.request['url']}"


class Transmit(Effect[Reply]):
    """Put a paid request on the wire, once; `evidence` watches how far it gets. The last of its steps."""

    def __init__(self, send: Send, evidence: Evidence) -> None:
        self.send, self.evidence = send, evidence


@dataclass(frozen=True)
class Fetch(Effect[Reply]):
    """Stream a public URL into a sink, without the key; reply with the response's head."""

    url: str
    sink: Sink
    headers: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1

    @property
    def name(self) -> str:
        """The call in words, without a query, which may hold a signature."""
        return f"GET {self.url.partition('?')[0]}"


class PollPermit(Effect[bool]):
    """Wait for a permit to poll, at most so many seconds; reply whether one came."""

    def __init__(self, most: float) -> None:
        self.most = most


class Sleep(Effect[None]):
    """Let time pass."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Listen(Effect[bool]):
    """Let time pass until a bell is rung, at most so many seconds; reply whether it was."""

    def __init__(self, seconds: float, bell: Bell) -> None:
        self.seconds, self.bell = seconds, bell


class Now(Effect[float]):
    """Reply with the monotonic time in seconds."""


class RunBlocking(Effect[T]):
    """Call a function that may block; reply with its result."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.function = function


class Note(Effect[T]):
    """Note something in the client's journal and reply when it is on the disk; at once where there is no journal."""

    def __init__(self, change: Callable[[OrderLog], Future[T]]) -> None:
        self.change = change


class OnDisk(Effect[T]):
    """Begin a change of a file and reply with its result when it is on the disk."""

    def __init__(self, change: Callable[[], Future[T]]) -> None:
        self.change = change


class Notify(Effect[None]):
    """Call the user's callback, if there is one; an awaiting client also awaits what it returns."""

    def __init__(self, callback: Callable[[Any], Any] | None, value: Any) -> None:
        self.callback, self.value = callback, value


def note(change: Callable[[OrderLog], Future[None]]) -> Flow[None]:
    """Note how free work ended; a journal that cannot be written is no reason to lose its result."""
    try:
        yield from Note(change)
    except WeryAIError as error:
        warn(f"{error}; `weryai resume` may do again what was done")

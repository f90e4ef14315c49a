"""Every request with its response, in bounded memory; what each job has cost, and what a test asserts of it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from weryai.emulator._clock import Changes
from weryai.emulator._state.media import Uploads
from weryai.emulator._state.tasks import Task, TaskStore

#: How much is remembered: exchanges, bytes of each body, bytes of all bodies together.
MOST_EXCHANGES = 10_000
MOST_BYTES_NOTED = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024

#: Headers whose value is nobody's business.
SECRET = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"})


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it arrived: header names in lower case, the key masked, the body's first 64 KiB."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A broken rule: a JSON pointer to the field, and what is wrong with it."""

    pointer: str
    message: str


@dataclass(eq=False, slots=True)
class Exchange:
    """A request and what was answered; `webhook` is one that the emulator itself sent.

    `at` is the emulator's clock when it began, `seconds` the real time it took; `status` is None while there is no
    answer, or where there was none, and then `trouble` says why.
    """

    id: int
    request: SeenRequest
    at: float
    kind: Literal["request", "webhook"] = "request"
    operation: str | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float | None = None
    scenarios: list[str] = field(default_factory=list)
    task_ids: list[str] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    trouble: str | None = None
    revision: int = 0
    _began: float = field(default_factory=time.monotonic, repr=False)

    def answered(self, status: int, headers: dict[str, str]) -> None:
        """Note the head of the response."""
        self.status = status
        self.headers = masked(headers)

    def add(self, chunk: bytes) -> None:
        """Note a piece of the response, as far as there is room."""
        if len(self.body) < MOST_BYTES_NOTED:
            self.body += chunk[: MOST_BYTES_NOTED - len(self.body)]

    def end(self) -> None:
        """Note how long it took."""
        self.seconds = time.monotonic() - self._began

    @property
    def size(self) -> int:
        """How many bytes of bodies it holds."""
        return len(self.request.body) + len(self.body)


class Exchanges:
    """The last exchanges, oldest first; safe to use from any thread."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque()
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._count = 0

    def begin(self, request: SeenRequest, at: float, kind: Literal["request", "webhook"] = "request") -> Exchange:
        """Note a request."""
        with self._lock:
            self._count += 1
            exchange = Exchange(self._count, request, at, kind)
            self._kept.append(exchange)
        self.touch(exchange)
        return exchange

    def go_on_after(self, number: int) -> None:
        """Give no number up to this one."""
        self._count = max(self._count, number)

    def touch(self, exchange: Exchange) -> None:
        """Tell that an exchange has changed, and forget the oldest if memory is full."""
        exchange.revision = self._changes.bump()
        with self._lock:
            self._bytes += exchange.size - self._sizes.get(exchange.id, 0)
            self._sizes[exchange.id] = exchange.size
            while len(self._kept) > MOST_EXCHANGES or (self._bytes > MOST_BYTES and len(self._kept) > 1):
                self._bytes -= self._sizes.pop(self._kept.popleft().id, 0)

    def all(self) -> list[Exchange]:
        """Return every exchange that is remembered."""
        with self._lock:
            return list(self._kept)

    def since(self, revision: int) -> list[Exchange]:
        """Return those that are new or have changed after a count of changes."""
        return [one for one in self.all() if one.revision > revision]

    def numbered(self, number: int) -> Exchange | None:
        """Return the exchange with this number, if it is remembered."""
        return next((one for one in self.all() if one.id == number), None)

    def clear(self) -> None:
        """Forget every exchange; numbers go on."""
        with self._lock:
            self._kept.clear()
            self._sizes.clear()
            self._bytes = 0
        self._changes.bump()


def masked(headers: dict[str, str]) -> dict[str, str]:
    """Return headers without what is secret in them; of a bearer key the scheme stays."""
    shown = dict(headers)
    for name in SECRET & shown.keys():
        scheme, space, _ = shown[name].partition(" ")
        shown[name] = f"{scheme} [masked]" if space and name.endswith("authorization") else "[masked]"
    return shown


#: Fields that do not change what is made, so that they do not make another job.
ASIDE = ("webhook_url", "caller_id")
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Post:
    """One submission that arrived: the number of its exchange, and what came of it."""

    exchange: int
    at: float
    job: str
    model: str
    prompt: str
    task_ids: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A job: the same image with the same parameters, however often it was submitted.

    `posts` counts the submissions that arrived, `orders` those of them that made tasks: more than one is a second bill,
    and `extra_credits` is what the later ones cost, less what was refunded of that. `states` are those of the tasks,
    `state` is the one they share, else "mixed", or "refused" without a task.
    """

    job: str
    model: str
    prompt: str
    posts: int
    orders: int
    refusals: tuple[str, ...]
    task_ids: tuple[str, ...]
    states: tuple[str, ...]
    credits: int
    refunded: int
    exchanges: tuple[int, ...]
    extra_credits: int = 0

    @property
    def state(self) -> str:
        """The state of the job as a whole."""
        states = set(self.states) or {REFUSED}
        return states.pop() if len(states) == 1 else "mixed"

    @property
    def is_double(self) -> bool:
        """Whether the same work was submitted, and paid for, more than once."""
        return self.orders > 1


class Ledger:
    """Every submission that arrived, by job; safe to use from any thread."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks
        self._lock = threading.Lock()
        self._posts: dict[str, list[Post]] = {}

    def note(self, post: Post) -> None:
        """Note a submission and what came of it."""
        with self._lock:
            self._posts.setdefault(post.job, []).append(post)

    def rows(self) -> list[LedgerRow]:
        """Return every job, in the order in which they first arrived."""
        with self._lock:
            posts = [tuple(one) for one in self._posts.values()]
        return [self._row(one) for one in posts]

    def clear(self) -> None:
        """Forget every submission."""
        with self._lock:
            self._posts.clear()

    def _row(self, posts: tuple[Post, ...]) -> LedgerRow:
        found = (self._tasks.task(task_id) for post in posts for task_id in post.task_ids)
        tasks: list[Task] = [task for task in found if task is not None]
        first = next((post.task_ids for post in posts if post.task_ids), ())
        later = [task for task in tasks if task.id not in first]
        return LedgerRow(
            job=posts[0].job,
            model=posts[0].model,
            prompt=posts[0].prompt,
            posts=len(posts),
            orders=sum(bool(post.task_ids) for post in posts),
            refusals=tuple(post.refusal for post in posts if post.refusal is not None),
            task_ids=tuple(task.id for task in tasks),
            states=tuple(self._tasks.state(task) for task in tasks),
            credits=sum(task.credits for task in tasks),
            refunded=sum(self._tasks.refunded(task) for task in tasks),
            exchanges=tuple(post.exchange for post in posts),
            extra_credits=sum(task.credits - self._tasks.refunded(task) for task in later),
        )


def job_of(operation: str, sent: dict[str, Any], uploads: Uploads) -> str:
    """Return what is the same for the same work: a digest of the images' contents and of every other parameter."""
    work = {name: value for name, value in sent.items() if name not in ASIDE}
    for name in ("image", "images"):
        if name in work:
            work[name] = [content_of(one, uploads) for one in listed(work[name])]
    written = json.dumps([operation, work], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:16]


def content_of(image: object, uploads: Uploads) -> object:
    """Return the digest of an image that was uploaded here, or the URL as it is."""
    picture = uploads.at(image) if isinstance(image, str) else None
    return image if picture is None else picture.digest


def listed(value: Any) -> Iterable[object]:
    """Return a value as a list of values."""
    return value if isinstance(value, list) else [value]


FIRST_SERVER_ERROR = 500


def submitted_once(ledger: list[LedgerRow], exchanges: Iterable[Exchange]) -> None:
    """Raise AssertionError, with the POSTs seen, unless something was submitted, and each job exactly once.

    A POST that was plainly refused started nothing and may be repeated. One that was accepted counts, and so does one
    whose response left that open (none, a broken one, 5xx): whoever repeats it risks a second bill.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test.
    if not ledger:
        raise AssertionError("nothing was submitted")
    known = {exchange.id: exchange for exchange in exchanges}
    wrong: list[str] = []
    for row in ledger:
        posts = [(number, known.get(number)) for number in row.exchanges]
        count = sum(exchange is None or counts(exchange) for _, exchange in posts)
        if count != 1:
            wrong.append(f"{row.model}, {row.prompt[:60]!r}: submitted {count} times, {row.credits} credits")
            wrong += [f"  POST {number}: {what_came(exchange)}" for number, exchange in posts]
    if wrong:
        raise AssertionError("\n".join(["not every job was submitted once:", *wrong]))


def counts(exchange: Exchange) -> bool:
    """Whether the caller may have to pay for a submission, as far as it can know."""
    if exchange.task_ids or exchange.status is None or exchange.trouble is not None:
        return True
    return exchange.status >= FIRST_SERVER_ERROR or (exchange.status < 400 and not is_object(exchange.body))


def is_object(body: bytes) -> bool:
    """Whether a body is a JSON object, as every readable answer of the API is."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def what_came(exchange: Exchange | None) -> str:
    """Say what came of a submission."""
    if exchange is None:
        return "no longer remembered"
    answer = "no response" if exchange.status is None else f"HTTP {exchange.status}"
    tasks = f"accepted as {', '.join(exchange.task_ids)}" if exchange.task_ids else "no task was made"
    scenarios = f" (scenario {', '.join(exchange.scenarios)})" if exchange.scenarios else ""
    return f"{answer}, {tasks}{scenarios}"

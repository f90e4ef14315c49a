"""The ledger: what every job has cost, how often it was submitted, and what a test asserts of that."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from weryai.emulator._state.exchanges import Exchange
from weryai.emulator._state.media import Uploads
from weryai.emulator._state.tasks import Task, TaskStore

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

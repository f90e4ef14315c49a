"""The receiver of webhook deliveries: knows ours, reads them in any spelling, drops repeats, and wakes who waits.

Nothing in a delivery is signed as far as known, so whatever it says is a hint until the status was asked for. Ours are
known by a secret in the query of the callback URL. Access logs of web servers hold the URL of each request: a filter
takes the secret out.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import quote, unquote_plus

from ._flow.clock import Bell
from ._flow.effects import Reply
from ._protocol.contract import field_problems
from ._protocol.envelope import read_envelope
from ._protocol.task_reader import read_part, task_parts
from ._task import Task, TaskState
from .errors import ConfigurationError, WebhookError

Body = bytes | bytearray | memoryview | str | Mapping[str, Any]
# Far above any id that was seen; what is remembered of a delivery must have a size.
LONGEST_ID = 256
# How many tasks are remembered, so that a repeated delivery is known.
MEMORY = 10_000
# A task goes from the left to the right. An unknown word comes late: the service posts when a task has ended.
_ORDER = (TaskState.WAITING, TaskState.PROCESSING, TaskState.UNKNOWN)
FIELD = "weryai_secret"
SHORTEST_SECRET = 16
LONGEST_SECRET = 256


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a delivery says of one task: a hint, to be confirmed with `tasks.get` or `tasks.wait`.

    `task` is read as `tasks.get` reads it, `raw` is the whole delivery.
    """

    task: Task
    raw: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def task_id(self) -> str:
        """The id of the task, to ask for it."""
        return self.task.id


def read_delivery(body: Body) -> tuple[WebhookEvent, ...]:
    """Read the body of a delivery, whatever its content type: one event for each task that it tells of.

    Every delivery described so far tells of one task, but `data` may be an array, as in a status response. Raises
    WebhookError for a body that is no JSON object or names no task.
    """
    raw = _object(body)
    # A body without the envelope is read as the task itself.
    parts = task_parts(raw.get("data")) or [raw]
    around = read_part(raw, "").id
    tasks = [task for part in parts if _is_id((task := read_part(part, around)).id)]
    if not tasks:
        raise WebhookError("this is no webhook delivery: it names no task")
    return tuple(WebhookEvent(task, raw) for task in tasks)


def _object(body: Any) -> dict[str, Any]:
    if isinstance(body, Mapping):
        return dict(body)
    if isinstance(body, str):
        body = body.encode("utf-8", errors="replace")
    if not isinstance(body, bytes | bytearray | memoryview):
        raise WebhookError(f"a delivery is bytes, a text or a mapping, not {type(body).__name__}")
    raw = read_envelope(Reply(200, {}, bytes(body))).raw
    if not isinstance(raw, dict):
        raise WebhookError("this is no webhook delivery: its body is no JSON object")
    return raw


def _is_id(text: str) -> bool:
    return bool(text.strip(".")) and text.isprintable() and len(text) <= LONGEST_ID


class Receiver:
    """Receives what the service posts when a task ends. Safe to share between threads and event loops.

    `url` is where your application can be reached from the internet, `secret` a text of at least 16 characters that is
    put into that URL's query; processes that receive each other's deliveries must share it, None makes a new one.
    The last `memory` tasks are remembered, so that repeats are known. The access logs of uvicorn, gunicorn and other
    servers in this process get asterisks for the secret.

    Deliveries are not signed as far as known. So one counts only with the secret, and even then it is a hint: confirm
    it with `tasks.get` or `tasks.wait`. A wait that is given the receiver does so by itself.
    """

    def __init__(self, url: str, *, secret: str | None = None, memory: int = MEMORY) -> None:
        if isinstance(memory, bool) or not isinstance(memory, int) or memory < 1:
            raise ConfigurationError("memory must be a whole number of tasks, at least 1")
        checked = check_secret(secret)
        with_secret(url, checked)
        # A function, so that no listing of the fields shows it.
        self._secret: Callable[[], str] = lambda: checked
        self._url, self._memory = url, memory
        self._seen = OrderedDict[str, frozenset[TaskState]]()
        self._bells: dict[str, tuple[Bell, ...]] = {}
        self._lock = threading.Lock()
        keep_secrets_out()

    @property
    def callback_url(self) -> str:
        """The `webhook_url` to submit with. It holds the secret, and so may a proxy's access log."""
        return with_secret(self._url, self._secret())

    def receive(self, body: Body, address: object) -> tuple[WebhookEvent, ...]:
        """Take a delivery and return what is new in it; nothing for a repeat or one that comes late.

        `address` is the URL that was posted to, or its query alone: text, bytes, what a framework has for a URL, or a
        mapping of the query's fields. Quick, never blocks, sends nothing. Raises WebhookError for a delivery without
        the secret or that cannot be read: answer that with a 400.
        """
        if not self.knows(address):
            raise WebhookError("this delivery does not hold the secret of the callback URL")
        return tuple(event for event in read_delivery(body) if self._note(event.task))

    def knows(self, address: object) -> bool:
        """Whether a URL, or its query alone, holds the secret; takes the same time for every wrong one."""
        return knows_secret(address, self._secret())

    def forget(self, task_id: str) -> None:
        """Let the next delivery for a task be new again, because the service did not confirm the last one."""
        with self._lock:
            self._seen.pop(task_id, None)

    @contextlib.contextmanager
    def bell(self, task_id: str) -> Iterator[Bell]:
        """Hang up a bell for one wait; a task that is said to have ended already has rung it."""
        with self._lock:
            bell = Bell(rung=any(map(_may_have_ended, self._seen.get(task_id, ()))))
            self._bells[task_id] = (*self._bells.get(task_id, ()), bell)
        try:
            yield bell
        finally:
            with self._lock:
                left = tuple(one for one in self._bells[task_id] if one is not bell)
                if left:
                    self._bells[task_id] = left
                else:
                    del self._bells[task_id]

    def _note(self, task: Task) -> bool:
        """Remember what is said of a task, and ring for those who wait for it; return whether it is new."""
        with self._lock:
            seen = self._seen.pop(task.id, frozenset())
            is_new = task.state not in seen and all(_rank(task.state) >= _rank(state) for state in seen)
            self._seen[task.id] = seen | {task.state} if is_new else seen
            if len(self._seen) > self._memory:
                self._seen.popitem(last=False)
            bells = self._bells.get(task.id, ()) if _may_have_ended(task.state) else ()
        # A repeat rings as well: what it repeats may have come before the service itself knew.
        for bell in bells:
            bell.ring()
        return is_new

    def __repr__(self) -> str:
        return f"Receiver({self._url.partition('?')[0]!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Receiver wakes the waits of its own process and is not pickled; make one per process")


def _rank(state: TaskState) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def _may_have_ended(state: TaskState) -> bool:
    """Whether a word is a reason to poll: any but those that say plainly that the work goes on."""
    return state not in (TaskState.WAITING, TaskState.PROCESSING)


def check_secret(secret: str | None) -> str:
    """Make a secret if none is given; refuse one that could be guessed."""
    if secret is None:
        return secrets.token_urlsafe(32)
    if not isinstance(secret, str) or not secret.isprintable() or secret != secret.strip():
        raise ConfigurationError("the secret of a webhook must be a printable text without spaces around it")
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise ConfigurationError(
            f"the secret of a webhook must have {SHORTEST_SECRET} to {LONGEST_SECRET} characters; "
            "secrets.token_urlsafe() makes a good one"
        )
    return secret


def with_secret(url: str, secret: str) -> str:
    """Put the secret into a URL's query, behind what stands there already."""
    problems = field_problems("ImageToVideoRequest", "webhook_url", url)
    if problems:
        raise ConfigurationError(f"the URL of a webhook {'; '.join(problems)}")
    if "#" in url:
        raise ConfigurationError("the URL of a webhook must not hold a fragment (#): nobody would be sent it")
    if _secrets_in(url):
        raise ConfigurationError(f"the URL of a webhook must not hold {FIELD} already: it is put there")
    base, mark, query = url.partition("?")
    return f"{base}?{query}{'&' if mark and query else ''}{FIELD}={quote(secret, safe='')}"


def knows_secret(address: object, secret: str) -> bool:
    """Whether a URL, or its query alone, holds the secret; the time taken does not tell how much was right."""
    given = _secrets_in(address)
    guess = given[0] if len(given) == 1 else ""
    return secrets.compare_digest(guess.encode(errors="replace"), secret.encode())


def _secrets_in(address: object) -> list[str]:
    if isinstance(address, Mapping):
        found = address.get(FIELD, [])
        return [str(one) for one in (found if isinstance(found, list) else [found])]
    text = address.decode("latin-1") if isinstance(address, bytes) else str(address)
    fields = (part.partition("=") for part in re.split("[?&#]", text))
    return [unquote_plus(value) for name, _, value in fields if unquote_plus(name) == FIELD]


#: Where servers and frameworks write what was asked of them.
LOGGERS = (
    "uvicorn.access",
    "uvicorn.asgi",
    "gunicorn.access",
    "hypercorn.access",
    "aiohttp.access",
    "tornado.access",
    "werkzeug",
    "django.server",
    "django.request",
    "django.channels.server",
    "granian.access",
    "sanic.access",
)
# The name may be percent-encoded, letter by letter, and once more where a URL stands in another one's query.
_NAME = "".join(f"(?:{re.escape(sign)}|%(?:25)*{ord(sign):02x})" for sign in FIELD)
_SECRET = re.compile(rf"({_NAME}(?:=|%(?:25)*3d|[\"']\s*:\s*b?[\"']))[^&#\s\"'\\]*", re.IGNORECASE)


class SecretFilter(logging.Filter):
    """Writes asterisks for the secret of a callback URL in every line of a log; drops no line.

    For a logger or a handler, also by its name in a `logging.config`: `{"()": "weryai.webhooks.SecretFilter"}`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the secret out of a line and of what it is made of, and let it pass."""
        if isinstance(record.args, tuple):
            # uvicorn's own formatter wants them, as many as they are.
            record.args = tuple(_hidden(one) if isinstance(one, str) else one for one in record.args)
        # A line that cannot be made is for logging itself to tell.
        with contextlib.suppress(Exception):
            text = record.getMessage()
            if (hidden := _hidden(text)) != text:
                record.msg, record.args = hidden, None
        for name, value in vars(record).items():
            # Such as those of an `extra`, which logs in JSON write.
            if name != "msg" and isinstance(value, str):
                vars(record)[name] = _hidden(value)
        return True


def keep_secrets_out() -> None:
    """Put the filter on the loggers of the known servers, once."""
    for logger in map(logging.getLogger, LOGGERS):
        if not any(isinstance(one, SecretFilter) for one in logger.filters):
            logger.addFilter(SecretFilter())


def _hidden(text: str) -> str:
    return _SECRET.sub(r"\1***", text)

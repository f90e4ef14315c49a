"""Seam 2: Blocking performs the effects of a flow, one after the other in the calling thread.

Its counterpart is `awaiting`. The two are the only input and output in the package, and this one loads no asyncio.
Here is also what both share: the turns of polls, and who is told about drift.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import httpx

from .._flow.clock import now, real_now, sleep_for
from .._flow.effects import (
    Effect,
    Fetch,
    Flow,
    Listen,
    Note,
    Notify,
    Now,
    OnDisk,
    PollPermit,
    Reply,
    RunBlocking,
    Send,
    Sleep,
    Transmit,
)
from .._flow.logs import log
from .._settings import Settings
from ..errors import ConfigurationError
from . import http, shield
from .http import Evidence
from .shield import OpenAttempts, send_shielded

if TYPE_CHECKING:
    from .._protocol.drift import Drift, OnDrift

T = TypeVar("T")

LONGEST_SLEEP = 86_400.0
# Downloads last long and go to other hosts, so they have places of their own.
DOWNLOADS = 16
MOST_KINDS = 1_000


class Blocking:
    """Performs flows one effect after the other in the calling thread; shared by all threads."""

    awaits: ClassVar[bool] = False

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._drift_reporter = DriftReporter(settings.on_drift)
        self._is_closed = False
        self._connect()

    def _connect(self) -> None:
        self._process = os.getpid()
        self._client = http.make_client(httpx.Client, self._settings, self._transport)
        self._paid_client: httpx.Client | None = self._client if self._transport else None
        self._paid = OpenAttempts()
        self._limiter = BlockingLimiter(self._settings.max_requests, Turns(self._settings.polls_per_second))

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow to its end and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    reply = self.perform(effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(reply)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def run_many(self, flows: list[Flow[T]], around: AbstractContextManager[None]) -> Iterator[T]:
        """Perform flows side by side, inside `around`, and return their results as they come."""
        from .concurrent import run_concurrently

        _, limiter = self._opened()

        def results() -> Iterator[T]:
            with around:
                yield from run_concurrently(flows, self.perform, self._settings.max_requests, limiter.turns.take)

        return results()

    def close(self) -> None:
        """Refuse further work, wait for open paid requests within the grace, and close connections and journal."""
        self._is_closed = True
        try:
            if self._process == os.getpid():
                self._paid.wait(shield.GRACE)
        finally:
            self._client.close()
            if self._paid_client is not None:
                self._paid_client.close()
            self._settings.close()

    def perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                with self._opened()[1].slots:
                    reply = self._send_paid(effect) if effect.paid else self._send(effect, self._opened()[0])
                return self._drift_reporter.pass_on(effect, reply)
            case Transmit(send=send, evidence=Evidence() as evidence):
                return self._send(send, self._fresh_connections(), evidence)
            case Fetch():
                return self._fetch(effect)
            case PollPermit(most=most):
                return self._opened()[1].wait(most)
            case Sleep():
                return time.sleep(sleep_for(min(effect.seconds, LONGEST_SLEEP)))
            case Listen():
                return effect.bell.listen(sleep_for(min(effect.seconds, LONGEST_SLEEP)))
            case Now():
                return now()
            case RunBlocking():
                return effect.function()
            case Note() if self._settings.journal:
                return effect.change(self._settings.order_log()).result()
            case OnDisk():
                return effect.change().result()
            case Notify(callback=callback) if callback is not None:
                return _refuse_awaitable(callback(effect.value))

    def _opened(self) -> tuple[httpx.Client, BlockingLimiter]:
        """Connections and gate; a forked child gets its own, because answers on shared ones would be mixed up."""
        if self._is_closed:
            raise closed()
        if self._process != os.getpid():
            self._connect()
        return self._client, self._limiter

    def _fresh_connections(self) -> httpx.Client:
        """Connections that are used once: a kept one may hold another request's response, or be closed already."""
        if self._is_closed:
            raise closed()
        if self._paid_client is None:
            self._paid_client = http.make_client(httpx.Client, self._settings, None, keeps_connections=False)
        return self._paid_client

    def _send_paid(self, effect: Send) -> Reply:
        """Go through the life of a paid request: see `paid`."""
        from .paid import PaidAttempt

        attempt = PaidAttempt(effect, self._settings)

        def live() -> Reply:
            with self._paid.holding(attempt):
                return self.run(attempt.life())

        return send_shielded(live, attempt)

    def _send(self, effect: Send, client: httpx.Client, evidence: Evidence | None = None) -> Reply:
        started, content = real_now(), bytearray()
        request = http.build(client, self._settings, effect, evidence.trace if evidence else None)
        try:
            if evidence is not None:
                evidence.extensions = request.extensions
                evidence.check()
            response = client.send(request, **http.SEND_OPTIONS)
            try:
                body = http.Body(response, content)
                for chunk in [response.content] if response.is_stream_consumed else http.stream(response):
                    body.add(chunk)
            finally:
                response.close()
            if (unread := http.unread_connection(response)) is not None:
                unread.close()
        except http.FAILURES as error:
            raise http.failure(error, effect, started, request, content, evidence) from error
        return http.reply(response, effect, body, content, started)

    def _fetch(self, effect: Fetch) -> Reply:
        client, limiter = self._opened()
        started = real_now()
        try:
            with limiter.downloads, contextlib.closing(_follow(client, effect)) as response:
                head = http.head(response)
                if effect.sink.begin(head):
                    for chunk in http.stream(response):
                        effect.sink.write(chunk)
        except http.FAILURES as error:
            raise http.failure(error, effect, started) from error
        http.log_answer(head, effect, started)
        return head


def _follow(client: httpx.Client, effect: Fetch) -> httpx.Response:
    """Open a download; the bodies of redirects, which may be endless, are never read."""
    request, redirects = http.build_download(client, effect), 0
    while True:
        response = client.send(request, **http.FETCH_OPTIONS)
        if response.next_request is None:
            return response
        response.close()
        redirects += 1
        request = http.redirected(client, response, redirects)


def closed() -> ConfigurationError:
    """Refuse work for a client that was closed."""
    return ConfigurationError("this client is closed; make a new one")


def _refuse_awaitable(result: object) -> None:
    if isinstance(result, Coroutine):
        result.close()
    if inspect.isawaitable(result):
        raise ConfigurationError("WeryAI calls plain functions; an async callback needs AsyncWeryAI")


@dataclass
class Turns:
    """Evenly spaced turns, `rate` per second; who comes late catches up on one of them."""

    rate: float
    next_turn: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def take(self, moment: float) -> float:
        """Take a turn and return 0.0, or return the seconds until the next one."""
        with self._lock:
            if moment < self.next_turn:
                return self.next_turn - moment
            # Nobody is late for the first one.
            earliest = moment - 1 / self.rate if self.next_turn else moment
            self.next_turn = max(self.next_turn, earliest) + 1 / self.rate
            return 0.0


class BlockingLimiter:
    """The gate of one blocking client, for all its threads."""

    def __init__(self, requests: int, turns: Turns) -> None:
        self.turns = turns
        self.slots = threading.BoundedSemaphore(requests)
        self.downloads = threading.BoundedSemaphore(DOWNLOADS)
        self._queue = threading.Lock()

    def wait(self, most: float) -> bool:
        """Wait for a turn, at most so many seconds; whether one was taken."""
        deadline = now() + most
        if not self._queue.acquire(timeout=min(most, threading.TIMEOUT_MAX)):
            return False
        try:
            while (pause := self.turns.take(now())) > 0:
                if now() + pause > deadline:
                    return False
                time.sleep(sleep_for(pause))
            return True
        finally:
            self._queue.release()


class DriftReporter:
    """Compares every answer of one client with the contract, if there is somebody to tell."""

    def __init__(self, on_drift: OnDrift | None) -> None:
        self._on_drift = on_drift
        if on_drift is not None:
            from .._protocol.drift import find_drifts

            self._find_drifts = find_drifts
        self._told: dict[tuple[str, ...], Drift] = {}

    def pass_on(self, effect: Send, reply: Reply) -> Reply:
        """Return the response as it came, after telling what is new in it.

        Nothing may come between a paid response and its caller: a failing callback is logged, and an interruption takes
        the task ids along.
        """
        if self._on_drift is None:
            return reply
        try:
            for drift in self._new(self._find_drifts(effect.endpoint, reply)):
                self._tell(drift)
        except Exception as error:
            log.warning("on_drift failed with %s; the response is not affected", type(error).__name__)
        except BaseException as interruption:
            if effect.paid:
                note = http.note_on_interruption(effect, reply)
                interruption.add_note(note)
                log.warning("%s", note)
            raise
        return reply

    def _new(self, found: list[Drift]) -> list[Drift]:
        """Those that were not told before; so many kinds are enough to know that the contract is another one."""
        # Without a lock, which a fork could leave locked: of threads that set the same key, one does.
        return [
            drift
            for drift in found
            if len(self._told) < MOST_KINDS and self._told.setdefault(drift.identity, drift) is drift
        ]

    def _tell(self, drift: Drift) -> None:
        if not callable(self._on_drift):
            log.warning("drift: %s", drift)
            return
        try:
            result = self._on_drift(drift)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("on_drift must be a plain function")
        except Exception as error:
            log.warning("on_drift failed with %s; the response is not affected", type(error).__name__)

"""Seam 2 for asyncio: Awaiting performs the effects of a flow on the running loop. See `runner`."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import httpx

from .._flow.clock import is_replaced, now, real_now, sleep_for
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
from .._settings import Settings
from ..errors import ConfigurationError
from . import http, shield
from .http import Evidence
from .runner import DOWNLOADS, LONGEST_SLEEP, DriftReporter, Turns, closed
from .shield import OpenAttempts, note

if TYPE_CHECKING:
    from .paid import PaidAttempt

T = TypeVar("T")


class AwaitingLimiter:
    """The gate of one client on one event loop."""

    def __init__(self, requests: int, turns: Turns) -> None:
        self.turns = turns
        self.slots = asyncio.Semaphore(requests)
        self.downloads = asyncio.Semaphore(DOWNLOADS)
        self._queue = asyncio.Lock()

    async def wait(self, most: float) -> bool:
        """Wait for a turn, at most so many seconds; whether one was taken."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most), self._queue:
                while (pause := self.turns.take(now())) > 0:
                    await sleep_on_loop(sleep_for(pause))
                return True
        return False


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running loop; raise ConfigurationError where there is none, as under trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(
            "AsyncWeryAI needs a running event loop of asyncio. Under trio, call WeryAI by trio.to_thread.run_sync"
        ) from None


async def sleep_on_loop(seconds: float) -> None:
    """Let time pass, also where the time of the event loop stands still."""
    await (asyncio.to_thread(time.sleep, seconds) if seconds and is_replaced() else asyncio.sleep(seconds))


@dataclass(slots=True)
class _LoopConnections:
    """What an awaiting client has on one event loop."""

    client: httpx.AsyncClient
    limiter: AwaitingLimiter
    paid_client: httpx.AsyncClient | None
    paid: set[asyncio.Task[Any]] = field(default_factory=set)
    # Its end closes the connections.
    keeper: AsyncGenerator[None] | None = None

    def drop(self) -> None:
        """Close the sockets of a loop that was closed without a word, and can do nothing any more."""
        for client in (self.client, self.paid_client):
            for sock in http.open_sockets(client) if client else ():
                sock.close()


class Awaiting:
    """Performs flows on the running asyncio loop; each loop has its own connections."""

    awaits: ClassVar[bool] = True

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._drift_reporter = DriftReporter(settings.on_drift)
        self._is_closed = False
        self._opened_by: dict[asyncio.AbstractEventLoop, _LoopConnections] = {}
        self._opening = threading.Lock()
        self._turns = Turns(settings.polls_per_second)
        self._paid = OpenAttempts()

    async def run(self, flow: Flow[T]) -> T:
        """Perform a flow to its end and return its result."""
        running_loop()
        try:
            effect = next(flow)
            while True:
                try:
                    reply = await self._perform(effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(reply)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def run_many(self, flows: list[Flow[T]], around: AbstractContextManager[None]) -> AsyncIterator[T]:
        """Perform flows side by side, inside `around`, and return their results as they come."""
        running_loop()
        with around:
            tasks = [asyncio.create_task(self.run(flow)) for flow in flows]
            try:
                for ended in asyncio.as_completed(tasks):
                    yield await ended
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Refuse further work, wait for open paid requests within the grace, and close connections and journal.

        Of other loops only those that have ended are closed.
        """
        self._is_closed = True
        self._forget_closed_loops()
        with self._opening:
            opened = self._opened_by.pop(running_loop(), None)
        if opened is not None:
            if opened.paid:
                await outlast(asyncio.gather(*opened.paid, return_exceptions=True), shield.GRACE)
            self._paid.wait(0.0)
            if opened.keeper is not None:
                await opened.keeper.aclose()
        if self._settings.journal is not None:
            await asyncio.to_thread(self._settings.close)

    async def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                # The slot is waited for outside the shield: who is cancelled here has sent nothing.
                async with self._opened().limiter.slots:
                    sending = self._send_paid(effect) if effect.paid else self._send(effect, self._opened().client)
                    reply = await sending
                return self._drift_reporter.pass_on(effect, reply)
            case Transmit(send=send, evidence=Evidence() as evidence):
                return await self._send(send, self._fresh_connections(), evidence)
            case Fetch():
                return await self._fetch(effect)
            case PollPermit(most=most):
                return await self._opened().limiter.wait(most)
            case Sleep():
                return await sleep_on_loop(sleep_for(min(effect.seconds, LONGEST_SLEEP)))
            case Listen():
                seconds = sleep_for(min(effect.seconds, LONGEST_SLEEP))
                if is_replaced():
                    return await asyncio.to_thread(effect.bell.listen, seconds)
                return await effect.bell.alisten(seconds)
            case Now():
                return now()
            case RunBlocking():
                return await asyncio.to_thread(effect.function)
            case Note() if self._settings.journal:
                return await _settled(effect.change(self._settings.order_log()))
            case OnDisk():
                return await _settled(effect.change())
            case Notify(callback=callback) if callback is not None:
                result = callback(effect.value)
                return await result if inspect.isawaitable(result) else None

    def _opened(self) -> _LoopConnections:
        """Connections and limiter of the running loop."""
        if self._is_closed:
            raise closed()
        loop = running_loop()
        opened = self._opened_by.get(loop)
        if opened is None:
            self._forget_closed_loops()
            client = http.make_client(httpx.AsyncClient, self._settings, self._transport)
            limiter = AwaitingLimiter(self._settings.max_requests, self._turns)
            opened = _LoopConnections(client, limiter, client if self._transport else None)
            # A loop ends the generators that it knows before it is closed: so do asyncio.run and its like. The first
            # step of this one takes no time, and makes it known.
            opened.keeper = self._keep(loop, opened)
            with contextlib.suppress(StopIteration):
                opened.keeper.__anext__().send(None)
            with self._opening:
                self._opened_by[loop] = opened
        return opened

    async def _keep(self, loop: asyncio.AbstractEventLoop, opened: _LoopConnections) -> AsyncGenerator[None]:
        """Close a loop's connections when it ends, or earlier."""
        try:
            yield
        finally:
            with self._opening:
                self._opened_by.pop(loop, None)
                # A transport that was given serves all loops, so the last one closes it.
                is_needed = self._transport is not None and bool(self._opened_by) and not self._is_closed
            if not is_needed:
                await opened.client.aclose()
            if opened.paid_client not in (None, opened.client):
                await opened.paid_client.aclose()

    def _forget_closed_loops(self) -> None:
        """Close what loops left open that were closed without ending their generators."""
        with self._opening:
            left = [self._opened_by.pop(loop) for loop in tuple(self._opened_by) if loop.is_closed()]
        for opened in left:
            opened.drop()

    def _fresh_connections(self) -> httpx.AsyncClient:
        """Connections that are used once: a kept one may hold another request's response, or be closed already."""
        opened = self._opened()
        if opened.paid_client is None:
            opened.paid_client = http.make_client(httpx.AsyncClient, self._settings, None, keeps_connections=False)
        return opened.paid_client

    async def _send_paid(self, effect: Send) -> Reply:
        """Go through the life of a paid request: see `paid`."""
        from .paid import PaidAttempt

        attempt, opened = PaidAttempt(effect, self._settings), self._opened()

        async def live() -> Reply:
            sending = asyncio.current_task()
            assert sending is not None
            opened.paid.add(sending)
            sending.add_done_callback(opened.paid.discard)
            with self._paid.holding(attempt):
                return await self.run(attempt.life())

        return await await_shielded(live(), attempt)

    async def _send(self, effect: Send, client: httpx.AsyncClient, evidence: Evidence | None = None) -> Reply:
        started, content = real_now(), bytearray()
        request = http.build(client, self._settings, effect, evidence.atrace if evidence else None)
        try:
            if evidence is not None:
                evidence.extensions = request.extensions
                evidence.check()
            response = await client.send(request, **http.SEND_OPTIONS)
            try:
                body = http.Body(response, content)
                if response.is_stream_consumed:
                    body.add(response.content)
                else:
                    async for chunk in http.stream(response):
                        body.add(chunk)
            finally:
                await response.aclose()
            if (unread := http.unread_connection(response)) is not None:
                await unread.aclose()
        except http.FAILURES as error:
            raise http.failure(error, effect, started, request, content, evidence) from error
        return http.reply(response, effect, body, content, started)

    async def _fetch(self, effect: Fetch) -> Reply:
        client, limiter = self._opened().client, self._opened().limiter
        started = real_now()
        try:
            async with limiter.downloads, contextlib.aclosing(await _follow_async(client, effect)) as response:
                head = http.head(response)
                if await asyncio.to_thread(effect.sink.begin, head):
                    await _pour(response, effect)
        except http.FAILURES as error:
            raise http.failure(error, effect, started) from error
        http.log_answer(head, effect, started)
        return head


async def _follow_async(client: httpx.AsyncClient, effect: Fetch) -> httpx.Response:
    """As `_follow`."""
    request, redirects = http.build_download(client, effect), 0
    while True:
        response = await client.send(request, **http.FETCH_OPTIONS)
        if response.next_request is None:
            return response
        await response.aclose()
        redirects += 1
        request = http.redirected(client, response, redirects)


async def _pour(response: httpx.Response, effect: Fetch) -> None:
    """Write in large pieces, because each costs a change of threads, but lose nothing that came before a cut."""
    piece = bytearray()
    try:
        async for chunk in http.stream(response):
            piece += chunk
            if len(piece) >= http.CHUNK:
                await asyncio.to_thread(effect.sink.write, bytes(piece))
                piece.clear()
    finally:
        effect.sink.write(bytes(piece))


async def _settled(change: Future[T]) -> T:
    """The result of a change of a file, which goes on when nobody waits for it any more."""
    if change.done():
        # As those in the memory of the process are: no turn of the loop is needed.
        return change.result()
    waiting = asyncio.wrap_future(change)
    waiting.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return await asyncio.shield(waiting)


async def await_shielded(send: Coroutine[Any, Any, Reply], attempt: PaidAttempt) -> Reply:
    """Send a paid request so that cancelling the caller cannot lose the response, however often it is cancelled."""
    sending = _Stubborn(send, loop=asyncio.get_running_loop())
    sending.add_done_callback(_retrieve)
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError as cancelled:
        if not sending.done() and attempt.evidence.stop():
            sending.abandon()
            if (noted := attempt.stopped()) is not None:
                await outlast(asyncio.wrap_future(noted), shield.GRACE)
        else:
            await outlast(sending, shield.GRACE)
        note(cancelled, attempt, sending)
        sending.abandon()
        raise
    except GeneratorExit as closed:
        note(closed, attempt, sending)
        raise


async def outlast(future: asyncio.Future[Any], seconds: float) -> None:
    """Wait for something at most so long, whoever cancels the waiting, and how often.

    anyio's scopes cancel at every turn of the loop until they are heard; its own shield makes them wait.
    """
    # Loaded by httpx where it is needed, and only for who is interrupted.
    import anyio

    future.add_done_callback(_retrieve)
    deadline = real_now() + seconds
    with anyio.CancelScope(shield=True):
        while not future.done() and (left := deadline - real_now()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future], timeout=left)


def _retrieve(future: asyncio.Future[Any]) -> None:
    # asyncio complains where nobody did.
    if not future.cancelled():
        future.exception()


class _Stubborn(asyncio.Task[T]):
    """A task that a closing loop cannot cancel along with its caller, so that the response may still come."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Heed only cancellations that say why: those of the HTTP library's own time limits."""
        return super().cancel(msg) if msg is not None else False

    def abandon(self) -> None:
        super().cancel()

"""Seam 2: Blocking and Awaiting perform the effects of a flow. The only input and output in the package."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import inspect
import threading
import time
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx

from . import _wire
from ._flow import Effect, Fetch, Flow, Now, Perform, Reply, Send, Sleep, Tell, log
from ._settings import Settings
from .errors import ConfigurationError, NotSentError

T = TypeVar("T")

# How long a cancelled submission is waited for, so that the task id it has paid for is not lost, in seconds.
GRACE = 5.0
LONGEST_SLEEP = 86_400.0


class Blocking:
    """Performs flows one effect after the other in the calling thread; shared by all threads."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None) -> None:
        self._settings = settings
        self._client = _wire.make_client(httpx.Client, settings, transport)

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow to its end and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    reply = self._perform(effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(reply)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                return self._send_shielded(effect) if effect.paid else self._send(effect)
            case Fetch():
                return self._fetch(effect)
            case Sleep():
                return time.sleep(min(effect.seconds, LONGEST_SLEEP))
            case Now():
                return time.monotonic()
            case Perform():
                return effect.function()
            case Tell(callback=callback) if callback is not None:
                return _refuse_awaitable(callback(effect.value))

    def _send(self, effect: Send) -> Reply:
        _refuse_closed(self._client.is_closed)
        started, content = time.monotonic(), bytearray()
        request = _wire.build(self._client, self._settings, effect)
        try:
            response = self._client.send(request, stream=True)
            with contextlib.closing(response):
                body = _wire.Body(response, content)
                for chunk in response.iter_bytes():
                    body.add(chunk)
        except _wire.FAILURES as error:
            raise _wire.failure(error, effect, request, content) from error
        return _wire.reply(response, effect, content, started)

    def _send_shielded(self, effect: Send) -> Reply:
        """Send a paid request so that Ctrl-C cannot lose the answer: in the main thread, through a helper thread."""
        if threading.current_thread() is not threading.main_thread():
            return self._send(effect)
        outcome: concurrent.futures.Future[Reply] = concurrent.futures.Future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                outcome.set_result(context.run(self._send, effect))
            except BaseException as error:
                outcome.set_exception(error)

        try:
            _start(threading.Thread(target=work, name="weryai-submit", daemon=True), outcome)
            concurrent.futures.wait([outcome])
        except BaseException as interruption:
            # A second Ctrl-C ends the waiting, not the note.
            with contextlib.suppress(BaseException):
                concurrent.futures.wait([outcome], timeout=GRACE)
            _note(interruption, effect, outcome)
            raise
        return outcome.result()

    def _fetch(self, effect: Fetch) -> Reply:
        _refuse_closed(self._client.is_closed)
        started = time.monotonic()
        try:
            with self._client.stream("GET", effect.url, **_wire.FETCH_OPTIONS) as response:
                head = _wire.head(response, effect, started)
                if effect.sink.begin(head):
                    for chunk in response.iter_bytes(_wire.CHUNK):
                        effect.sink.write(chunk)
        except _wire.FAILURES as error:
            raise _wire.failure(error, effect) from error
        return head


class Awaiting:
    """Performs flows on the running asyncio loop; each loop has its own connections."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._is_closed = False
        self._clients = weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]()

    async def run(self, flow: Flow[T]) -> T:
        """Perform a flow to its end and return its result."""
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

    async def aclose(self) -> None:
        """Close the running loop's connections and refuse further work."""
        self._is_closed = True
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                return await (self._send_shielded(effect) if effect.paid else self._send(effect))
            case Fetch():
                return await self._fetch(effect)
            case Sleep():
                return await asyncio.sleep(min(effect.seconds, LONGEST_SLEEP))
            case Now():
                return time.monotonic()
            case Perform():
                return await asyncio.to_thread(effect.function)
            case Tell(callback=callback) if callback is not None:
                result = callback(effect.value)
                return await result if inspect.isawaitable(result) else None

    def _client(self) -> httpx.AsyncClient:
        _refuse_closed(self._is_closed)
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = _wire.make_client(httpx.AsyncClient, self._settings, self._transport)
        return self._clients[loop]

    async def _send(self, effect: Send) -> Reply:
        client = self._client()
        started, content = time.monotonic(), bytearray()
        request = _wire.build(client, self._settings, effect)
        try:
            response = await client.send(request, stream=True)
            async with contextlib.aclosing(response):
                body = _wire.Body(response, content)
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
        except _wire.FAILURES as error:
            raise _wire.failure(error, effect, request, content) from error
        return _wire.reply(response, effect, content, started)

    async def _send_shielded(self, effect: Send) -> Reply:
        """Send a paid request so that cancelling the caller cannot lose the answer."""
        sending = _Stubborn(self._send(effect), loop=asyncio.get_running_loop())
        sending.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError as cancelled:
            # A second cancellation ends the waiting, not the note.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([sending], timeout=GRACE)
            _note(cancelled, effect, sending)
            sending.abandon()
            raise
        except GeneratorExit as closed:
            _note(closed, effect, sending)
            raise

    async def _fetch(self, effect: Fetch) -> Reply:
        client = self._client()
        started = time.monotonic()
        try:
            async with client.stream("GET", effect.url, **_wire.FETCH_OPTIONS) as response:
                head = _wire.head(response, effect, started)
                if await asyncio.to_thread(effect.sink.begin, head):
                    async for chunk in response.aiter_bytes(_wire.CHUNK):
                        await asyncio.to_thread(effect.sink.write, chunk)
        except _wire.FAILURES as error:
            raise _wire.failure(error, effect) from error
        return head


class _Stubborn(asyncio.Task[T]):
    """A task that a closing loop cannot cancel along with its caller, so that the answer may still come."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Heed only cancellations that say why: those of the HTTP library's own time limits."""
        return super().cancel(msg) if msg is not None else False

    def abandon(self) -> None:
        """Give the answer up."""
        super().cancel()


def _refuse_closed(is_closed: bool) -> None:
    if is_closed:
        raise ConfigurationError("this client is closed; make a new one")


def _refuse_awaitable(result: object) -> None:
    if isinstance(result, Coroutine):
        result.close()
    if inspect.isawaitable(result):
        raise ConfigurationError("WeryAI calls plain functions; an async callback needs AsyncWeryAI")


def _start(worker: threading.Thread, outcome: concurrent.futures.Future[Reply]) -> None:
    try:
        worker.start()
    except RuntimeError as error:
        outcome.set_exception(NotSentError(f"no thread could be started: {error}"))


def _note(
    interruption: BaseException, effect: Send, outcome: concurrent.futures.Future[Reply] | asyncio.Future[Reply]
) -> None:
    """Tell the interrupted caller, and the log, what became of the submission."""
    is_open = not outcome.done() or outcome.cancelled()
    note = _wire.note_on_interruption(effect, None if is_open else outcome.exception() or outcome.result())
    interruption.add_note(note)
    log.warning("%s", note)

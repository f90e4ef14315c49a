"""Seam 2: Blocking and Awaiting perform the effects of a flow. The only input and output in the package."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import time
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import httpx

from .._flow.clock import now, sleep_for
from .._flow.effects import (
    Effect,
    Fetch,
    Flow,
    Listen,
    Note,
    Notify,
    Now,
    PollPermit,
    Reply,
    RunBlocking,
    Send,
    SendNow,
    Sleep,
)
from .._journal.recording import noted
from .._settings import Settings
from ..errors import ConfigurationError
from . import http
from .concurrent import run_concurrently
from .drift_reporter import DriftReporter
from .limiter import AwaitingLimiter, BlockingLimiter, Turns
from .shield import await_shielded, send_shielded

T = TypeVar("T")

LONGEST_SLEEP = 86_400.0


class Blocking:
    """Performs flows one effect after the other in the calling thread; shared by all threads."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._drift_reporter = DriftReporter(settings.on_drift)
        self._is_closed = False
        self._connect()

    def _connect(self) -> None:
        self._process = os.getpid()
        self._client = http.make_client(httpx.Client, self._settings, self._transport)
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
        _, limiter = self._opened()

        def results() -> Iterator[T]:
            with around:
                yield from run_concurrently(flows, self.perform, self._settings.max_requests, limiter.turns)

        return results()

    def close(self) -> None:
        """Close every connection and refuse further work."""
        self._is_closed = True
        self._client.close()
        self._settings.close()

    def perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                with self._opened()[1].slots:
                    paid = effect.paid
                    reply = send_shielded(self._send_paid, effect, self._settings) if paid else self._send(effect)
                return self._drift_reporter.pass_on(effect, reply)
            case SendNow(send=send):
                return self._send(send)
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
            case Notify(callback=callback) if callback is not None:
                return _refuse_awaitable(callback(effect.value))

    def _opened(self) -> tuple[httpx.Client, BlockingLimiter]:
        """Connections and gate; a forked child gets its own, because answers on shared ones would be mixed up."""
        _refuse_closed(self._is_closed)
        if self._process != os.getpid():
            self._connect()
        return self._client, self._limiter

    def _send_paid(self, effect: Send) -> Reply:
        flow = noted(effect, self._settings)
        return self._send(effect) if flow is None else self.run(flow)

    def _send(self, effect: Send) -> Reply:
        client, _ = self._opened()
        started, content = time.monotonic(), bytearray()
        request = http.build(client, self._settings, effect)
        try:
            response = client.send(request, stream=True)
            with contextlib.closing(response):
                body = http.Body(response, content)
                for chunk in response.iter_bytes():
                    body.add(chunk)
        except http.FAILURES as error:
            raise http.failure(error, effect, started, request, content) from error
        return http.reply(response, effect, content, started)

    def _fetch(self, effect: Fetch) -> Reply:
        client, limiter = self._opened()
        started = time.monotonic()
        try:
            with limiter.downloads, client.stream("GET", effect.url, **http.fetch_options(effect)) as response:
                head = http.head(response)
                if effect.sink.begin(head):
                    for chunk in response.iter_bytes():
                        effect.sink.write(chunk)
        except http.FAILURES as error:
            raise http.failure(error, effect, started) from error
        http.log_answer(head, effect, started)
        return head


class Awaiting:
    """Performs flows on the running asyncio loop; each loop has its own connections."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._drift_reporter = DriftReporter(settings.on_drift)
        self._is_closed = False
        self._opened_by = weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AwaitingLimiter]
        ]()
        self._turns = Turns(settings.polls_per_second)

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

    async def run_many(self, flows: list[Flow[T]], around: AbstractContextManager[None]) -> AsyncIterator[T]:
        """Perform flows side by side, inside `around`, and return their results as they come."""
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
        """Close the running loop's connections and refuse further work."""
        self._is_closed = True
        client, _ = self._opened_by.pop(asyncio.get_running_loop(), (None, None))
        if client is not None:
            await client.aclose()
        if self._settings.journal is not None:
            await asyncio.to_thread(self._settings.close)

    async def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Send():
                # The place is waited for outside the shield: who is cancelled here has sent nothing.
                async with self._opened()[1].slots:
                    if effect.paid:
                        sending = await_shielded(self._send_paid(effect), effect, self._settings)
                    else:
                        sending = self._send(effect)
                    reply = await sending
                return self._drift_reporter.pass_on(effect, reply)
            case SendNow(send=send):
                return await self._send(send)
            case Fetch():
                return await self._fetch(effect)
            case PollPermit(most=most):
                return await self._opened()[1].wait(most)
            case Sleep():
                return await asyncio.sleep(sleep_for(min(effect.seconds, LONGEST_SLEEP)))
            case Listen():
                return await effect.bell.alisten(sleep_for(min(effect.seconds, LONGEST_SLEEP)))
            case Now():
                return now()
            case RunBlocking():
                return await asyncio.to_thread(effect.function)
            case Note() if self._settings.journal:
                return await asyncio.wrap_future(effect.change(self._settings.order_log()))
            case Notify(callback=callback) if callback is not None:
                result = callback(effect.value)
                return await result if inspect.isawaitable(result) else None

    def _opened(self) -> tuple[httpx.AsyncClient, AwaitingLimiter]:
        """Connections and gate of the running loop."""
        _refuse_closed(self._is_closed)
        loop = asyncio.get_running_loop()
        opened = self._opened_by.get(loop)
        if opened is None:
            client = http.make_client(httpx.AsyncClient, self._settings, self._transport)
            opened = self._opened_by[loop] = client, AwaitingLimiter(self._settings.max_requests, self._turns)
        return opened

    async def _send_paid(self, effect: Send) -> Reply:
        flow = noted(effect, self._settings)
        return await (self._send(effect) if flow is None else self.run(flow))

    async def _send(self, effect: Send) -> Reply:
        client, _ = self._opened()
        started, content = time.monotonic(), bytearray()
        request = http.build(client, self._settings, effect)
        try:
            response = await client.send(request, stream=True)
            async with contextlib.aclosing(response):
                body = http.Body(response, content)
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
        except http.FAILURES as error:
            raise http.failure(error, effect, started, request, content) from error
        return http.reply(response, effect, content, started)

    async def _fetch(self, effect: Fetch) -> Reply:
        client, limiter = self._opened()
        started = time.monotonic()
        try:
            async with limiter.downloads, client.stream("GET", effect.url, **http.fetch_options(effect)) as response:
                head = http.head(response)
                if await asyncio.to_thread(effect.sink.begin, head):
                    await _pour(response, effect)
        except http.FAILURES as error:
            raise http.failure(error, effect, started) from error
        http.log_answer(head, effect, started)
        return head


async def _pour(response: httpx.Response, effect: Fetch) -> None:
    """Write in large pieces, because each costs a change of threads, but lose nothing that came before a cut."""
    piece = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            piece += chunk
            if len(piece) >= http.CHUNK:
                await asyncio.to_thread(effect.sink.write, bytes(piece))
                piece.clear()
    finally:
        effect.sink.write(bytes(piece))


def _refuse_closed(is_closed: bool) -> None:
    if is_closed:
        raise ConfigurationError("this client is closed; make a new one")


def _refuse_awaitable(result: object) -> None:
    if isinstance(result, Coroutine):
        result.close()
    if inspect.isawaitable(result):
        raise ConfigurationError("WeryAI calls plain functions; an async callback needs AsyncWeryAI")

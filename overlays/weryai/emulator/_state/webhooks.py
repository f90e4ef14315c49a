"""Webhooks: the end of a task told to its `webhook_url`, really sent, tried again, and noted as exchanges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpx

from weryai.emulator._clock import Clock, Scheduler
from weryai.emulator._faults import Faults
from weryai.emulator._scenarios import Delivered
from weryai.emulator._state.exchanges import MOST_BYTES_NOTED, Exchange, Exchanges, SeenRequest
from weryai.emulator._state.tasks import PROCESSING, Task

#: After how many seconds of the clock a delivery that failed is tried again; invented, as nothing is known of it.
PAUSES = (1.0, 5.0, 25.0)
#: How long a receiver may take, in real seconds, and how many deliveries are under way at once.
TIMEOUT = 5.0
MOST_AT_ONCE = 16
LAST_PORT = 65_535

Told = dict[str, Any]


@dataclass(slots=True)
class Delivery:
    """What is still to be told of one task: `bodies` in order, the first of them tried `tries` times so far."""

    task: Task
    bodies: list[Told]
    scenarios: list[str]
    tries: int = 0


class Webhooks:
    """The deliveries of one emulator."""

    def __init__(
        self,
        clock: Clock,
        exchanges: Exchanges,
        faults: Faults,
        timekeeper: Scheduler,
        hosts: frozenset[str],
        changed: Callable[[Task], None],
        is_known: Callable[[Task], bool],
    ) -> None:
        self._clock = clock
        self._exchanges = exchanges
        self._faults = faults
        self._timekeeper = timekeeper
        self._hosts = hosts
        self._changed = changed
        self._is_known = is_known
        self._running: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)
        self._opening = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    def tell(self, task: Task, data: Told) -> None:
        """Tell the end of a task, as the faults that suit have it."""
        met = self._faults.take_own(task.faults, "webhook")
        ordered = None if met else self._faults.take("webhook")
        met += [ordered] if ordered is not None else []
        bodies = [enveloped(data)]
        for effect in (fault.scenario.effect for fault in met):
            assert isinstance(effect, Delivered)
            word = effect.words.get(data["task_status"], data["task_status"])
            bodies = [enveloped({**data, "task_status": word})] * effect.copies
            bodies += [enveloped({"task_id": task.id, "task_status": PROCESSING})] if effect.stale else []
        for fault in met:
            fault.task_ids += [task.id] if task.id not in fault.task_ids else []
        if bodies:
            self._start(Delivery(task, bodies, [fault.name for fault in met]))
        else:
            self._mark(task, "withheld")

    def tell_again(self, task: Task, data: Told) -> None:
        """Tell the end of a task once more, whatever was injected."""
        self._start(Delivery(task, [enveloped(data)], []))

    async def close(self) -> None:
        """Give up what is under way."""
        for one in self._running:
            one.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _start(self, delivery: Delivery) -> None:
        self._mark(delivery.task, "pending")
        running = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        """Send what is to be told, in order; what fails is tried again later."""
        url = delivery.task.work.webhook_url or ""
        while delivery.bodies and self._is_known(delivery.task):
            exchange = self._noted(delivery, url)
            if not self.is_allowed(url):
                exchange.trouble = "not sent: webhooks go to this machine alone, unless another host is allowed"
                self._exchanges.touch(exchange)
                return self._mark(delivery.task, "refused")
            async with self._turn:
                is_told = await self._send(exchange, url)
            if not is_told:
                return self._try_later(delivery) if self._is_known(delivery.task) else None
            delivery.bodies, delivery.tries = delivery.bodies[1:], 0
        return self._mark(delivery.task, "delivered")

    def _try_later(self, delivery: Delivery) -> None:
        if delivery.tries == len(PAUSES):
            return self._mark(delivery.task, "failed")
        pause = PAUSES[delivery.tries]
        delivery.tries += 1
        return self._timekeeper.at(self._clock.now() + pause, lambda: self._start(delivery))

    def _noted(self, delivery: Delivery, url: str) -> Exchange:
        body = json.dumps(delivery.bodies[0], ensure_ascii=False).encode()
        request = SeenRequest("POST", url, {"content-type": "application/json", "user-agent": "weryai-emulator"}, body)
        exchange = self._exchanges.begin(request, self._clock.now(), "webhook")
        exchange.operation, exchange.task_ids = "webhook", [delivery.task.id]
        exchange.scenarios = list(delivery.scenarios)
        return exchange

    async def _send(self, exchange: Exchange, url: str) -> bool:
        """Send one body, note the response, and say whether it was taken."""
        client = await self._opened()
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                client.stream("POST", url, content=exchange.request.body, headers=exchange.request.headers) as reply,
            ):
                exchange.answered(reply.status_code, dict(reply.headers))
                async for chunk in reply.aiter_raw():
                    exchange.add(chunk)
                    if len(exchange.body) >= MOST_BYTES_NOTED:
                        break
                return reply.is_success
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            exchange.trouble = f"{type(error).__name__}: {error}".removesuffix(": ")
            return False
        finally:
            exchange.end()
            self._exchanges.touch(exchange)

    async def _opened(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                # Reading the certificates takes a moment, and the loop has others to serve.
                self._client = await asyncio.to_thread(httpx.AsyncClient, trust_env=False, timeout=TIMEOUT)
            return self._client

    def is_allowed(self, url: str) -> bool:
        """Whether a webhook may go there: to this machine, or to a host that was allowed by name."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        host = address.host.lower()
        if address.scheme not in ("http", "https") or not host or (address.port or 0) > LAST_PORT:
            return False
        if host == "localhost" or host in self._hosts:
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False

    def _mark(self, task: Task, how: str) -> None:
        task.webhook = how
        self._changed(task)


def enveloped(data: Told) -> Told:
    """Return what a delivery says, in the envelope."""
    return {"status": 0, "desc": "success", "message": "success", "data": data}

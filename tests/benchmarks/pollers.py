"""Many callers of an emulator at once, as cheap as can be: raw requests over kept connections, each one timed."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

KEY = "sk-emulator"
ORDER = {"model": "A_MODEL", "prompt": "x", "image": "https://example.com/p.jpg", "duration": 5, "aspect_ratio": "16:9"}


@dataclass
class Tally:
    """What a number of requests took, and what was wrong with some of them."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    took: float = 0.0

    @property
    def per_second(self) -> float:
        """How many requests were answered in a second."""
        return len(self.seconds) / self.took

    def share(self, part: float) -> float:
        """Return the milliseconds within which this part of the requests was answered."""
        return sorted(self.seconds)[int(part * (len(self.seconds) - 1))] * 1000


class Line:
    """One kept connection."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self._tally = tally

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=2**20)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the data of an answer; whatever else comes is an error."""
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        began = time.perf_counter()
        self._writer.write(head.encode() + content)
        told = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line[15:] for line in told.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answer = await self._reader.readexactly(int(length))
        self._tally.seconds.append(time.perf_counter() - began)
        if not told.startswith(b"HTTP/1.1 200") or json.loads(answer)["status"] != 0:
            self._tally.errors.append(answer.decode()[:200])
            return None
        return json.loads(answer)["data"]

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@asynccontextmanager
async def lines(url: str, count: int) -> AsyncIterator[tuple[list[Line], Tally]]:
    """Open so many connections, and count what goes over them until the block ends."""
    tally = Tally()
    opened = [Line(url, tally) for _ in range(count)]
    await asyncio.gather(*(line.open() for line in opened))
    tally.began = time.perf_counter()
    try:
        yield opened, tally
    finally:
        tally.took = time.perf_counter() - tally.began
        for line in opened:
            line.close()


def times(count: int) -> Callable[[], bool]:
    """Return what is true so many times."""
    left = iter(range(count))
    return lambda: next(left, None) is not None


def orders(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Return orders, each of a job of its own."""
    return [{**ORDER, "prompt": f"x {number}", **changes} for number in range(count)]


async def submit_all(url: str, callers: int, orders: Iterable[Any]) -> tuple[list[str], Tally]:
    """Submit orders from so many callers at once, and return the task ids."""
    left, ids = iter(orders), list[str]()

    async def work(line: Line) -> None:
        for order in left:
            data = await line.ask("POST", "/v1/generation/image-to-video", order)
            ids.extend(data["task_ids"] if data else [])

    async with lines(url, callers) as (opened, tally):
        await asyncio.gather(*map(work, opened))
    return ids, tally


async def poll_while(
    url: str, callers: int, ids: list[str], is_going_on: Callable[[], bool], pause: float = 0.0
) -> tuple[set[str], Tally]:
    """Look at tasks in turn, from so many callers at once; return which were seen to have succeeded.

    `is_going_on` is asked before each look.
    """
    done = set[str]()

    async def work(line: Line, number: int) -> None:
        for task_id in itertools.cycle(ids[number::callers]):
            if not is_going_on():
                return
            data = await line.ask("GET", f"/v1/generation/{task_id}/status")
            if data and data["task_status"] == "succeed":
                done.add(task_id)
            if pause:
                await asyncio.sleep(pause)

    async with lines(url, callers) as (opened, tally):
        await asyncio.gather(*(work(line, number) for number, line in enumerate(opened)))
    return done, tally

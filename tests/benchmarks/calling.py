"""What a call costs in processor time, against raw httpx in the same process."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from weryai import AsyncWeryAI, WeryAI

from .server import Server
from .table import Row, cpu, ratio

CALLS = 300
KEY = "sk-bench-key"
BODY = {"model": "WERYAI_VIDEO_1_0", "prompt": "x", "image": "https://example.com/p.jpg", "duration": 5}
ORDER = {**BODY, "aspect_ratio": "16:9"}
IMAGE = "https://example.com/p.jpg"


def rows(server: Server) -> list[Row]:
    """Measure submits and polls, blocking and awaited."""
    warnings.simplefilter("ignore")
    posted, looked = f"{server.url}/v1/generation/image-to-video", f"{server.url}/v1/generation/t1/status"
    ours = WeryAI(KEY, base_url=server.url)
    raw = httpx.Client(headers={"Authorization": f"Bearer {KEY}"})
    fresh = httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, limits=httpx.Limits(max_keepalive_connections=0))

    def submit() -> object:
        return ours.image_to_video.submit(IMAGE, prompt="x")

    return [
        _compared("submit", submit, lambda: raw.post(posted, json=ORDER).json(), 1.25),
        _compared(
            "submit (httpx on fresh connections too)", submit, lambda: fresh.post(posted, json=ORDER).json(), 1.25
        ),
        _compared("poll", lambda: ours.tasks.get("t1"), lambda: raw.get(looked).json(), 1.05),
        *_awaited(server, posted, looked),
    ]


def _compared(what: str, ours: Callable[[], object], raw: Callable[[], object], most: float) -> Row:
    def many(call: Callable[[], object]) -> Callable[[], float]:
        return lambda: cpu(lambda: [call() for _ in range(CALLS)])

    return ratio(f"CPU of {CALLS} x {what} / raw httpx", many(ours), many(raw), most)


def _awaited(server: Server, posted: str, looked: str) -> list[Row]:
    with asyncio.Runner() as runner:
        ours = AsyncWeryAI(KEY, base_url=server.url)
        raw = httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"})
        limits = httpx.Limits(max_keepalive_connections=0)
        fresh = httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, limits=limits)

        async def repeat(call: Callable[[], Awaitable[Any]]) -> None:
            for _ in range(CALLS):
                await call()

        def many(call: Callable[[], Awaitable[Any]]) -> Callable[[], float]:
            return lambda: cpu(lambda: runner.run(repeat(call)))

        async def post() -> Any:
            return (await raw.post(posted, json=ORDER)).json()

        async def anew() -> Any:
            return (await fresh.post(posted, json=ORDER)).json()

        async def get() -> Any:
            return (await raw.get(looked)).json()

        submits = many(lambda: ours.image_to_video.submit(IMAGE, prompt="x"))
        rows = [
            ratio(f"CPU of {CALLS} x async submit / raw httpx", submits, many(post), 1.15),
            ratio(
                f"CPU of {CALLS} x async submit (httpx on fresh connections too) / raw httpx", submits, many(anew), 1.15
            ),
            ratio(f"CPU of {CALLS} x async poll / raw httpx", many(lambda: ours.tasks.get("t1")), many(get), 1.05),
        ]
        runner.run(ours.aclose())
        runner.run(raw.aclose())
        runner.run(fresh.aclose())
    return rows

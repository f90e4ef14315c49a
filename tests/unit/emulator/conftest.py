"""An emulator without a socket: the ASGI application, its clock, and a client of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from weryai.emulator import ManualClock, create_app

AUTHORIZED = {"Authorization": "Bearer sk-emulator"}


def order(**changes: Any) -> dict[str, Any]:
    """Return the page's request with changes, for a model without rules; a field changed to ... is left out."""
    body: dict[str, Any] = {
        "model": "A_MODEL_OF_TOMORROW",
        "prompt": "Make the person wave their hand",
        "image": "https://example.com/reference.jpg",
        "aspect_ratio": "16:9",
        "duration": 5,
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


class Visitor(httpx.AsyncClient):
    """A client of one emulator; `clock` is that emulator's, `app` the application."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.app = create_app(clock=self.clock, **settings)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url="http://testserver", headers=AUTHORIZED, timeout=60)

    async def submit(self, **changes: Any) -> dict[str, Any]:
        """Order videos and return the reply's data."""
        reply = await self.post("/v1/generation/image-to-video", json=order(**changes))
        assert reply.json()["status"] == 0, reply.text
        data: dict[str, Any] = reply.json()["data"]
        return data

    async def upload(self, data: bytes, name: str = "picture", **texts: str) -> httpx.Response:
        """Upload a file."""
        return await self.post("/v1/generation/upload-file", files={"file": (name, data)}, data=texts)

    async def finished_video(self, **changes: Any) -> str:
        """Order a video, let its time pass, and return the video's address."""
        (task_id,) = (await self.submit(**changes))["task_ids"]
        self.clock.advance(3.0)
        reply = await self.get(f"/v1/generation/{task_id}/status")
        (url,) = reply.json()["data"]["videos"]
        return str(url)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    """A client of an emulator that serves the fixed video."""
    async with Visitor(video="fixed") as client:
        yield client


@pytest.fixture
async def rendering_visitor() -> AsyncIterator[Visitor]:
    """A client of an emulator that renders."""
    async with Visitor(video="render") as client:
        yield client
        client.app.state.world.close()

"""The generated client and the overlay put the page's request on the wire alike, sync and async."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract import facts
from weryai import AsyncWeryAI, WeryAI
from weryai_api import AuthenticatedClient
from weryai_api.api.image_to_video import submit_image_to_video
from weryai_api.models import ImageToVideoRequest

URL = "http://127.0.0.1:1"
KEY = "sk-wire"
BODY = ImageToVideoRequest.from_dict(dict(facts.REQUEST))
OPTIONS: dict[str, Any] = {name: value for name, value in facts.REQUEST.items() if name != "image"}


class Wire:
    """Takes requests down and answers them as the page does."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json=facts.REPLY)


def generated() -> httpx.Request:
    """Submit with the generated client."""
    wire = Wire()
    with AuthenticatedClient(base_url=URL, token=KEY, httpx_args={"transport": wire.transport}) as client:
        submit_image_to_video.sync_detailed(client=client, body=BODY)
    return wire.requests[0]


async def generated_async() -> httpx.Request:
    """Submit with the generated client's asyncio face."""
    wire = Wire()
    async with AuthenticatedClient(base_url=URL, token=KEY, httpx_args={"transport": wire.transport}) as client:
        await submit_image_to_video.asyncio_detailed(client=client, body=BODY)
    return wire.requests[0]


def overlay() -> httpx.Request:
    """Submit with WeryAI."""
    wire = Wire()
    with WeryAI(KEY, base_url=URL, transport=wire.transport) as client:
        assert client.image_to_video.submit(facts.REQUEST["image"], **OPTIONS).raw == facts.REPLY  # type: ignore[arg-type]
    return wire.requests[0]


async def overlay_async() -> httpx.Request:
    """Submit with AsyncWeryAI."""
    wire = Wire()
    async with AsyncWeryAI(KEY, base_url=URL, transport=wire.transport) as client:
        await client.image_to_video.submit(facts.REQUEST["image"], **OPTIONS)  # type: ignore[arg-type]
    return wire.requests[0]


async def test_all_four_send_the_page_example() -> None:
    """Four ways to submit give one request: method, path, key, media type and body; each face pair byte by byte."""
    requests = [generated(), await generated_async(), overlay(), await overlay_async()]
    assert {(one.method, one.url.path) for one in requests} == {(facts.METHOD, "/v1/generation/image-to-video")}
    assert {one.headers["Authorization"] for one in requests} == {f"Bearer {KEY}"}
    assert {one.headers["Content-Type"] for one in requests} == {"application/json"}
    assert [json.loads(one.content) for one in requests] == [facts.REQUEST] * 4
    assert requests[0].content == requests[1].content
    assert requests[2].content == requests[3].content


async def test_the_four_bodies_are_equal_bytes() -> None:
    """Generated client and overlay, sync and async, send the very same bytes for the page's example."""
    bodies = {one.content for one in (generated(), await generated_async(), overlay(), await overlay_async())}
    assert len(bodies) == 1, bodies


@pytest.mark.parametrize("send", [generated, overlay])
def test_the_key_is_only_in_its_header(send: Callable[[], httpx.Request]) -> None:
    """The key travels in the Authorization header and nowhere else."""
    request = send()
    others = {name: value for name, value in request.headers.items() if name != "authorization"}
    assert KEY not in str(request.url) + request.content.decode() + repr(others)

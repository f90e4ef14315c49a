"""Warnings point at the caller's own line, whatever layers and awaits lie between."""

import inspect
import warnings
from typing import Any

import httpx
import pytest

from weryai import AsyncWeryAI, WeryAI, errors
from weryai._flow.effects import Fetch, Send

BASE_URL = "http://127.0.0.1:1"
REPLY = {"status": 0, "data": {"task_ids": ["t1"]}}
NOWHERE: Any = None
PICTURE = "https://example.com/reference.jpg"


def answer(_: httpx.Request) -> httpx.Response:
    """Accept every submission."""
    return httpx.Response(200, json=REPLY)


def here() -> int:
    """The line of the caller."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_a_warning_names_the_callers_line() -> None:
    """With the blocking client a warning carries file and line of the call in the user's code."""
    client = WeryAI("sk-x", base_url=BASE_URL, transport=httpx.MockTransport(answer))
    with client, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.image_to_video.submit(PICTURE, prompt="wave", video_number=2)
        line = here() - 1
    assert [(one.filename, one.lineno, one.category) for one in caught] == [(__file__, line, errors.WeryAIWarning)]


async def test_a_warning_names_the_awaiting_line() -> None:
    """With the asyncio client a warning carries file and line of the await in the user's code."""
    async with AsyncWeryAI("sk-x", base_url=BASE_URL, transport=httpx.MockTransport(answer)) as client:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await client.image_to_video.submit(PICTURE, prompt="wave", video_number=2)
            line = here() - 1
    assert [(one.filename, one.lineno, one.category) for one in caught] == [(__file__, line, errors.WeryAIWarning)]


def test_an_effect_names_its_call_without_secrets() -> None:
    """A call is named by method and path; a query, which may hold a signature, and a body are left out."""
    send = Send({"method": "post", "url": "/v1/x", "content": b"a private prompt"})
    assert send.name == "POST /v1/x"
    assert "private" not in repr(send)
    assert Fetch("https://cdn.example.com/v.mp4?sig=secret", sink=NOWHERE).name == "GET https://cdn.example.com/v.mp4"


def test_warnings_are_user_warnings() -> None:
    """Python shows UserWarnings by default, so ours are of that kind."""
    assert issubclass(errors.WeryAIWarning, UserWarning)
    with pytest.warns(UserWarning, match="odd"):
        warnings.warn("odd", errors.WeryAIWarning, stacklevel=1)

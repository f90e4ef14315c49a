"""Refusals of parameters: in the service's own words, naming the field."""

from typing import Any

import pytest

from .conftest import Visitor, order

IMAGE = "/v1/generation/image-to-video"
IMAGES = "/v1/generation/multi-image-to-video"
TEXT = "/v1/generation/text-to-video"

REFUSED = [
    ({"model": ...}, "model cannot be empty"),
    ({"model": ""}, "model cannot be empty"),
    ({"model": 3}, "model not supported"),
    ({"prompt": ...}, "prompt cannot be empty"),
    ({"prompt": ""}, "prompt cannot be empty"),
    ({"prompt": None}, "prompt cannot be empty"),
    ({"prompt": "x" * 2001}, "prompt: longer than 2000 characters"),
    ({"negative_prompt": "x" * 1001}, "negative_prompt: longer than 1000 characters"),
    ({"image": ...}, "image cannot be empty"),
    ({"image": "not a URL"}, "image url error"),
    ({"image": "data:image/png;base64,AAAA"}, "image url error"),
    ({"image": ["https://example.com/a.jpg"]}, "image url error"),
    ({"duration": ...}, "duration should not be empty"),
    ({"duration": "5"}, "duration 5 is not supported"),
    ({"duration": 0}, "duration 0 is not supported"),
    ({"duration": 5.5}, "duration 5.5 is not supported"),
    ({"duration": True}, "duration true is not supported"),
    ({"video_number": 9}, "video number 9 is not supported"),
    ({"aspect_ratio": ""}, "aspect ratio cannot be empty"),
    ({"aspect_ratio": 1.5}, "aspect ratio 1.5 is not supported"),
    ({"resolution": ""}, "resolution cannot be empty"),
    ({"resolution": 720}, "resolution 720 is not supported"),
    ({"generate_audio": "false"}, 'generate_audio: "false" is not of type "boolean"'),
    ({"webhook_url": "ftp://example.com"}, "webhook_url: "),
    ({"caller_id": 2**63}, "caller_id: "),
    ({"aspectRatio": "16:9"}, "aspectRatio: unknown field"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=str)
async def test_a_broken_limit_is_told(visitor: Visitor, changes: dict[str, Any], message: str) -> None:
    """Each limit of the contract that a request breaks is refused with 1002, nothing is made and nothing paid."""
    reply = await visitor.post(IMAGE, json=order(**changes))
    assert reply.status_code == 400
    told = reply.json()
    assert (told["status"], told["desc"]) == (1002, "PARAMETER_ERROR")
    assert told["message"].startswith(message)
    assert len(told["message"]) < 250
    assert (await visitor.get("/v1/generation/balance")).json()["data"] == 1000


@pytest.mark.parametrize(
    ("path", "changes", "message"),
    [
        (IMAGES, {"image": ...}, "images cannot be empty"),
        (IMAGES, {"image": ..., "images": []}, "images cannot be empty"),
        (IMAGES, {"image": ..., "images": ["https://example.com/a.jpg"] * 4}, "images exceeds the limit"),
        (IMAGES, {"image": ..., "images": ["a.jpg"]}, "image url error"),
        (TEXT, {}, "image: unknown field"),
    ],
    ids=str,
)
async def test_siblings_have_their_own_limits(
    visitor: Visitor, path: str, changes: dict[str, Any], message: str
) -> None:
    """The operations beside image-to-video are checked against their own schemas."""
    reply = await visitor.post(path, json=order(**changes))
    assert (reply.status_code, reply.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "ANOTHER_MODEL"},
        {"aspect_ratio": "5:4"},
        {"aspect_ratio": ...},
        {"duration": 5.0},
        {"prompt": "x" * 2000},
        {"prompt": "挥手 👋"},
        {"video_number": 4, "caller_id": -1, "resolution": "8k", "generate_audio": True},
    ],
    ids=str,
)
async def test_what_the_contract_allows_is_taken(visitor: Visitor, changes: dict[str, Any]) -> None:
    """Open word lists are open: of a model that no registry lists the emulator invents no refusals."""
    data = await visitor.submit(**changes)
    assert len(data["task_ids"]) == changes.get("video_number", 1)

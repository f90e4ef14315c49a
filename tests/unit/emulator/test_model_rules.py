"""What a model takes: the registry's word, in the service's own words."""

from typing import Any

import pytest

from .conftest import Visitor, order

IMAGE = "/v1/generation/image-to-video"
IMAGES = "/v1/generation/multi-image-to-video"
TEXT = "/v1/generation/text-to-video"
PICTURES = ["https://example.com/a.jpg", "https://example.com/b.jpg", "https://example.com/c.jpg"]

REFUSED = [
    (IMAGE, {"model": "WERYAI_VIDEO_1_0", "duration": 3}, "/duration", "duration 3 is not supported"),
    (IMAGE, {"model": "SORA_2", "duration": 5}, "/duration", "duration 5 is not supported"),
    (
        IMAGE,
        {"model": "SORA_2", "duration": 8, "aspect_ratio": "1:1"},
        "/aspect_ratio",
        "aspect ratio 1:1 is not supported",
    ),
    (IMAGE, {"model": "SORA_2", "duration": 8, "aspect_ratio": ...}, "/aspect_ratio", "aspect ratio cannot be empty"),
    (IMAGE, {"model": "KLING_V2_6_PRO"}, "/aspect_ratio", "aspect ratio 16:9 is not supported"),
    (IMAGE, {"model": "WERYAI_VIDEO_1_0", "resolution": "4k"}, "/resolution", "resolution 4k is not supported"),
    (IMAGE, {"model": "VIDU_Q3", "negative_prompt": "x"}, "/negative_prompt", "negative prompt is not supported"),
    (
        IMAGE,
        {"model": "WERYAI_VIDEO_1_0", "generate_audio": True},
        "/generate_audio",
        "generate audio is not supported",
    ),
    (
        IMAGES,
        {"model": "WERYAI_VIDEO_1_0", "image": ..., "images": PICTURES[:2]},
        "/images",
        "does not support multiple images",
    ),
]


@pytest.mark.parametrize(("path", "changes", "pointer", "message"), REFUSED, ids=lambda value: str(value)[:60])
async def test_what_a_model_does_not_take_is_refused(
    visitor: Visitor, path: str, changes: dict[str, Any], pointer: str, message: str
) -> None:
    """Each rule of the registry is 1002 in the service's words, points at the field, and costs nothing."""
    reply = await visitor.post(path, json=order(**changes))
    assert (reply.status_code, reply.json()["status"], reply.json()["message"]) == (200, 1002, message)
    (complaint,) = visitor.app.state.world.exchanges.all()[-1].complaints
    assert (complaint.pointer, complaint.message) == (pointer, message)
    assert (await visitor.get("/v1/generation/balance")).json()["data"] == 1000


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (IMAGE, {"model": "WERYAI_VIDEO_1_0", "negative_prompt": "x", "resolution": "720p", "generate_audio": False}),
        (IMAGE, {"model": "KLING_V2_6_PRO", "aspect_ratio": ..., "generate_audio": True}),
        (IMAGE, {"model": "RUNWAY", "duration": 7, "aspect_ratio": "5:4", "resolution": "8k"}),
        (IMAGES, {"model": "VEO_3_1", "image": ..., "images": PICTURES, "duration": 8}),
        (TEXT, {"model": "ANY", "image": ...}),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_a_model_takes_is_taken(visitor: Visitor, path: str, changes: dict[str, Any]) -> None:
    """What the registry lists, or says nothing of, is accepted, and there is nothing to note about the model."""
    reply = await visitor.post(path, json=order(**changes))
    assert reply.json()["status"] == 0, reply.text
    assert "registry" not in reply.headers["X-Emulator-Note"]


async def test_a_model_the_registry_does_not_list_is_taken_with_a_note(visitor: Visitor) -> None:
    """Models come and go, so another one is accepted as it is; a header says that nothing was checked."""
    reply = await visitor.post(IMAGE, json=order(model="K\u00e9y\n\u0100", duration=99))
    assert reply.json()["status"] == 0
    assert "the registry does not list this model" in reply.headers["X-Emulator-Note"]


async def test_strict_rules_refuse_other_models() -> None:
    """On request a model that the registry does not list is gone: 1006."""
    async with Visitor(video="fixed", model_rules="strict") as client:
        reply = (await client.post(IMAGE, json=order(model="SEEDANCE_2_0"))).json()
        assert (reply["status"], reply["desc"], reply["message"]) == (1006, "NOT_MODEL", "not model")
        assert (await client.post(IMAGE, json=order(model="WERYAI_VIDEO_1_0"))).json()["status"] == 0
        assert (await client.post(TEXT, json=order(image=...))).json()["status"] == 0  # The registry lists none.


async def test_without_rules_every_model_takes_everything() -> None:
    """Rules can be switched off: then the contract alone counts."""
    async with Visitor(video="fixed", model_rules="off") as client:
        reply = await client.post(IMAGE, json=order(model="WERYAI_VIDEO_1_0", duration=3, aspect_ratio="5:4"))
        assert reply.json()["status"] == 0
        assert "registry" not in reply.headers["X-Emulator-Note"]


PATHS = ("/v1/generation/image-to-video", "/v1/generation/multi-image-to-video", "/v1/generation/text-to-video")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("model", "code"), [("WERYAI_VIDEO_1_0", 1002), ("A_MODEL_OF_TOMORROW", 0)])
async def test_a_missing_ratio_is_the_same_for_every_operation(
    visitor: Visitor, path: str, model: str, code: int
) -> None:
    """A model that is known to list ratios needs one, whatever it makes a video of; any other is left alone."""
    images: dict[str, dict[str, Any]] = {
        PATHS[0]: {},
        PATHS[1]: {"image": ..., "images": ["https://example.com/a.jpg"]},
        PATHS[2]: {"image": ...},
    }
    reply = await visitor.post(path, json=order(model=model, aspect_ratio=..., **images[path]))
    assert (reply.status_code, reply.json()["status"]) == (200, code)
    assert code == 0 or reply.json()["message"] == "aspect ratio cannot be empty"


FRAMES = "/v1/generation/first-last-image-to-video"
FIRST_AND_LAST = {"image": ..., "first_pic_url": PICTURES[0], "end_pic_url": PICTURES[1]}


@pytest.mark.parametrize(
    ("path", "changes", "note"),
    [
        (TEXT, {"image": ..., "model": "WERYAI_VIDEO_1_0"}, "no source lists what a model takes in this operation"),
        (FRAMES, {**FIRST_AND_LAST, "model": "VEO_3_1"}, "no source lists what a model takes in this operation"),
        (FRAMES, {**FIRST_AND_LAST, "model": "CHATBOT_VEO_3_1_FAST"}, "the page of this operation does not name"),
    ],
    ids=["text", "on the page", "not on the page"],
)
async def test_what_was_not_checked_is_noted(visitor: Visitor, path: str, changes: dict[str, Any], note: str) -> None:
    """Where the registry has no list for an operation, a header says so, and whether the page names the model."""
    reply = await visitor.post(path, json=order(**changes))
    assert reply.json()["status"] == 0, reply.text
    assert note in reply.headers["X-Emulator-Note"]


async def test_strict_rules_go_by_the_page_where_the_registry_has_no_list() -> None:
    """Of two frames the page names the models, under keys of its own: strict rules refuse any other key."""
    async with Visitor(video="fixed", model_rules="strict") as client:
        told = [
            (await client.post(FRAMES, json=order(**FIRST_AND_LAST, model=model))).json()["status"]
            for model in ("VEO_3_1_FAST", "CHATBOT_VEO_3_1_FAST", "WERYAI_VIDEO_1_0")
        ]
    assert told == [0, 1006, 1006]

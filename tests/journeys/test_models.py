"""What a model takes: the live registry refuses, the bundled copy warns, and nobody is asked unasked."""

import warnings
from typing import Any

import pytest

from fakes.answers import SUBMIT, accepted, envelope
from fakes.faces import Face, submit
from fakes.faults import html_reply, json_reply
from fakes.faulty_server import FaultyServer
from weryai import (
    BUNDLED_MODELS_DATE,
    ContractError,
    InvalidInputError,
    ModelUnavailableError,
    ServerError,
    WeryAIWarning,
    bundled_models,
)

MODELS = "/growthai/v1/video/models"
ENTRY: dict[str, Any] = {
    "model_key": "NEW_MODEL",
    "title": "New model",
    "durations": [4, 8],
    "aspect_ratios": ["9:16"],
    "resolutions": [],
    "has_generate_audio": False,
    "has_negative_prompt": False,
    "prompt_length_limit": 100,
}
WRONG: dict[str, dict[str, Any]] = {
    "duration": {"duration": 5},
    "ratio": {"aspect_ratio": "16:9"},
    "resolution": {"resolution": "720p"},
    "sound": {"generate_audio": True},
    "negative prompt": {"negative_prompt": "blur"},
    "prompt": {"prompt": "p" * 101},
}
RIGHT = {"duration": 4, "model": "NEW_MODEL"}


def registry(*entries: Any) -> Any:
    """Answer as the registry does."""
    return json_reply({"status": 200, "data": {"image_to_video": list(entries), "text_to_video": []}})


def order(client: Any, **options: Any) -> Any:
    """Submit a picture by its address."""
    chosen = {"prompt": "wave", **options}
    return client.image_to_video.submit("https://example.com/p.jpg", **chosen)


def order_live(**options: Any) -> Any:
    """Submit, checked against the live registry."""
    return lambda client: order(client, **{**RIGHT, "validate": "live", **options})


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_a_live_registry_refuses(face: Face, faulty_server: FaultyServer, wrong: dict[str, Any]) -> None:
    """What the live registry says the model does not take is refused, by name, before anything is sent."""
    faulty_server.script("GET", MODELS, registry(ENTRY))
    with pytest.raises(InvalidInputError, match=f"{next(iter(wrong))}.*live registry.*Nothing was sent"):
        face.run(order_live(**wrong), faulty_server.url)
    assert faulty_server.posts() == []


def test_the_live_registry_is_asked_once(face: Face, faulty_server: FaultyServer) -> None:
    """Its answer is kept, for `models.list` and `models.get` too, unless `max_age` asks for a younger one."""
    faulty_server.script("GET", MODELS, registry(ENTRY), registry(ENTRY))
    faulty_server.default("POST", SUBMIT, accepted())
    _, _, listed, model, _ = face.run_in_turn(
        [
            order_live(),
            order_live(),
            lambda client: client.models.list(),
            lambda client: client.models.get("NEW_MODEL"),
            lambda client: client.models.list(max_age=0.0),
        ],
        faulty_server.url,
    )
    assert [one.key for one in listed] == ["NEW_MODEL"]
    assert (model.durations, model.aspect_ratios, model.resolutions) == ((4, 8), ("9:16",), ())
    assert [request.json()["aspect_ratio"] for request in faulty_server.posts()] == ["9:16", "9:16"]
    faulty_server.assert_met()


def test_a_listed_registry_is_used_from_then_on(face: Face, faulty_server: FaultyServer) -> None:
    """After `models.list` a plain `submit` refuses what the model does not take."""
    faulty_server.script("GET", MODELS, registry(ENTRY))
    with pytest.raises(InvalidInputError, match="live registry"):
        face.run_in_turn(
            [lambda client: client.models.list(), lambda client: order(client, model="NEW_MODEL", duration=5)],
            faulty_server.url,
        )
    assert faulty_server.posts() == []


def test_a_plain_submit_never_asks_the_registry(face: Face, faulty_server: FaultyServer) -> None:
    """`submit` by itself sends one request, the order."""
    faulty_server.script("POST", SUBMIT, accepted())
    face.run(submit, faulty_server.url)
    assert [request.path for request in faulty_server.requests] == [SUBMIT]


def test_the_bundled_copy_only_warns(face: Face, faulty_server: FaultyServer) -> None:
    """What the dated copy does not list is sent with a warning that names the date; `strict=True` refuses it."""
    faulty_server.script("POST", SUBMIT, accepted())
    with pytest.warns(WeryAIWarning, match=f"duration 5: SORA_2 takes 4, 8, 12.*{BUNDLED_MODELS_DATE}"):
        face.run(lambda client: order(client, model="SORA_2"), faulty_server.url)
    with pytest.raises(InvalidInputError, match="SORA_2 takes 4, 8, 12"):
        face.run(lambda client: order(client, model="SORA_2", strict=True), faulty_server.url)
    assert len(faulty_server.posts()) == 1


def test_an_unknown_model_is_a_warning_that_helps(face: Face, faulty_server: FaultyServer) -> None:
    """A key that the registry lacks is sent all the same, with a warning that names the nearest keys."""
    faulty_server.script("POST", SUBMIT, accepted())
    with pytest.warns(WeryAIWarning, match="no model 'SORA2' for images; did you mean SORA_2"):
        face.run(lambda client: order(client, model="SORA2"), faulty_server.url)
    assert faulty_server.posts()[0].json()["model"] == "SORA2"


def test_a_dead_registry_degrades(face: Face, faulty_server: FaultyServer) -> None:
    """When the registry fails, `validate="live"` warns and goes on with the copy; with `strict=True` it raises."""
    faulty_server.default("GET", MODELS, html_reply(503))
    faulty_server.script("POST", SUBMIT, accepted())
    with pytest.warns(WeryAIWarning, match="bundled snapshot is used"):
        face.run(order_live(model="SORA_2"), faulty_server.url)
    with pytest.raises(ServerError):
        face.run(order_live(model="SORA_2", strict=True), faulty_server.url)
    assert len(faulty_server.posts()) == 1


RATIOS: dict[str, tuple[dict[str, Any], str | None]] = {
    "none listed": ({"model": "KLING_V2_6_PRO"}, None),
    "16:9 listed": ({"model": "VEO_3_1", "duration": 8}, "16:9"),
    "unknown to the copy": ({"model": "RUNWAY"}, "16:9"),
    "left out": ({"model": "VEO_3_1", "duration": 8, "aspect_ratio": None}, None),
    "asked for": ({"model": "KLING_V2_6_PRO", "aspect_ratio": "1:1"}, "1:1"),
    "asked for as the default": ({"model": "KLING_V2_6_PRO", "aspect_ratio": "16:9"}, "16:9"),
    "unchecked": ({"model": "KLING_V2_6_PRO", "validate": False}, None),
}


@pytest.mark.parametrize(("options", "sent"), RATIOS.values(), ids=list(RATIOS))
def test_a_ratio_nobody_asked_for_gives_way(
    face: Face, faulty_server: FaultyServer, options: dict[str, Any], sent: str | None
) -> None:
    """A ratio that is not given is left out where the model lists none; one that is given is sent."""
    faulty_server.script("POST", SUBMIT, accepted())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeryAIWarning)
        face.run(lambda client: order(client, **options), faulty_server.url)
    assert faulty_server.posts()[0].json().get("aspect_ratio") == sent


ODD = [
    {"modelKey": "A", "label": "a"},
    {"id": "B", "name": "b", "durations": [5, "x", True]},
    "no entry",
    {"title": "no key"},
]


def test_odd_entries_are_read(face: Face, faulty_server: FaultyServer) -> None:
    """Other spellings of key and title are known; what is no entry or no number is passed over."""
    faulty_server.script("GET", MODELS, registry(*ODD))
    listed = face.run(lambda client: client.models.list(), faulty_server.url)
    assert [(one.key, one.title, one.durations) for one in listed] == [("A", "a", ()), ("B", "b", (5,))]


@pytest.mark.parametrize("told", [{"aspect_ratios": "16:9,9:16"}, {"aspect_ratios": [{"value": "9:16"}]}], ids=repr)
def test_what_is_told_in_another_shape_refuses_nothing(face: Face, faulty_server: FaultyServer, told: Any) -> None:
    """A list that nobody can read is no list of nothing: the ratio that was asked for is sent."""
    faulty_server.script("GET", MODELS, registry({**ENTRY, **told}))
    faulty_server.script("POST", SUBMIT, accepted())
    face.run(order_live(aspect_ratio="9:16"), faulty_server.url)
    assert faulty_server.posts()[0].json()["aspect_ratio"] == "9:16"


def test_more_images_than_the_model_takes_are_refused(face: Face, faulty_server: FaultyServer) -> None:
    """The registry's `upload_image_limit` is held, before anything is uploaded or sent."""
    listed = {"multi_image_to_video": [{**ENTRY, "upload_image_limit": 1}]}
    faulty_server.script("GET", MODELS, json_reply({"status": 200, "data": listed}))
    images = ["https://example.com/a.jpg", "https://example.com/b.jpg"]
    with pytest.raises(InvalidInputError, match=r"images: NEW_MODEL takes at most 1.*Nothing was sent"):
        face.run(
            lambda client: client.multi_image_to_video.submit(images, prompt="wave", validate="live", **RIGHT),
            faulty_server.url,
        )
    assert faulty_server.posts() == []


@pytest.mark.parametrize("data", [None, [], {}, "models", {"image_to_video": None}], ids=repr)
def test_an_answer_without_models_is_no_registry(face: Face, faulty_server: FaultyServer, data: Any) -> None:
    """A success that lists nothing at all cannot be the registry's answer."""
    faulty_server.default("GET", MODELS, json_reply(envelope(data)))
    with pytest.raises(ContractError):
        face.run(lambda client: client.models.list(), faulty_server.url)


def test_an_unlisted_model_is_told_with_near_names(face: Face, faulty_server: FaultyServer) -> None:
    """`models.get` of a key that the registry lacks raises ModelUnavailableError and names the nearest."""
    faulty_server.script("GET", MODELS, registry(ENTRY))
    with pytest.raises(ModelUnavailableError, match="did you mean NEW_MODEL"):
        face.run(lambda client: client.models.get("NEW_MODLE"), faulty_server.url)


def test_the_bundled_copy_is_whole() -> None:
    """The copy has every model of the contract, the union where sources differ, and says so in the entry."""
    listed = {model.key: model for model in bundled_models()}
    assert len(listed) == 34
    first = listed["WERYAI_VIDEO_1_0"]
    assert first.durations == tuple(range(4, 16)) and "21:9" in (first.aspect_ratios or ())
    assert "TABLES" in first.raw["x-differs"]
    assert (listed["KLING_V2_6_PRO"].aspect_ratios, listed["RUNWAY"].aspect_ratios) == ((), None)
    assert {model.key for model in bundled_models("multi_image_to_video")} < set(listed)

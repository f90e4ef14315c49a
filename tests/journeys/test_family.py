"""The family: text, one image, several images, first and last frame; one way to submit, prepare and generate."""

import inspect
import json
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.answers import SUBMIT, UPLOAD, accepted, refused, serve_story, uploaded
from fakes.faces import Face
from fakes.faults import Reset
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from weryai import DuplicateRequestError, InsufficientCreditsError, InvalidInputError, OutcomeUnknownError, WeryAI

pytestmark = pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")
BASE = SUBMIT.rpartition("/")[0]
URL = "https://example.com/a.jpg"
#: By resource: the path, the arguments that are local images or URLs, and the fields where they go.
FAMILY: dict[str, tuple[str, Any, Any]] = {
    "text_to_video": ("text-to-video", lambda a, b: (), lambda a, b: {}),
    "image_to_video": ("image-to-video", lambda a, b: (a,), lambda a, b: {"image": a}),
    "multi_image_to_video": ("multi-image-to-video", lambda a, b: ([a, URL, b],), lambda a, b: {"images": [a, URL, b]}),
    "first_last_frame": (
        "first-last-image-to-video", lambda a, b: (a, b), lambda a, b: {"first_pic_url": a, "end_pic_url": b},
    ),
}  # fmt: skip
#: The model and the duration that are taken where none is named.
DEFAULTS = {"multi_image_to_video": ("VEO_3_1", 8), "first_last_frame": ("VEO_3_1", 8)}
each = pytest.mark.parametrize("name", FAMILY)
with_images = pytest.mark.parametrize("name", [name for name in FAMILY if name != "text_to_video"])


def picture(folder: Path, name: str, side: int = 8) -> Path:
    """Write a small image."""
    path = folder / name
    path.write_bytes(png(side, side))
    return path


def served(server: FaultyServer, name: str, *answers: Any) -> str:
    """Serve a whole story for this operation, and return its path."""
    path = f"{BASE}/{FAMILY[name][0]}"
    serve_story(server)
    server.script("POST", path, *answers)
    server.default("POST", path, accepted())
    return path


def call(client: Any, name: str, verb: str, *images: Any, **options: Any) -> Any:
    """Call one verb of one resource."""
    arguments = FAMILY[name][1](*images)
    return getattr(getattr(client, name), verb)(*arguments, **{"prompt": "wave", **options})


def kept(seen: list[Any], made: Any) -> Any:
    """Keep what a call of either face makes."""
    if not inspect.isawaitable(made):
        seen.append(made)
        return made

    async def later() -> Any:
        seen.append(await made)
        return seen[0]

    return later()


@each
def test_each_makes_a_video_of_what_it_is_given(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, name: str
) -> None:
    """Local images are uploaded and their URLs stand in the operation's own fields; the video is stored."""
    path = served(faulty_server, name)
    first, last = picture(tmp_path, "one.png"), picture(tmp_path, "two.png", 9)
    urls = ["https://static.example.com/1.png", "https://static.example.com/2.png"]
    faulty_server.script("POST", UPLOAD, *map(uploaded, urls))
    video = face.run(
        lambda client: call(client, name, "generate", first, last, output=tmp_path / "v.mp4", interval=0.01),
        faulty_server.url,
    )
    assert video.path.read_bytes()
    (post,) = faulty_server.posts(path)
    model, duration = DEFAULTS.get(name, ("WERYAI_VIDEO_1_0", 5))
    assert post.json() == {
        "model": model, "prompt": "wave", "duration": duration, "aspect_ratio": "16:9", **FAMILY[name][2](*urls),
    }  # fmt: skip


@each
def test_each_verb_sends_the_images_in_their_places(face: Face, faulty_server: FaultyServer, name: str) -> None:
    """The first is the first, by `submit` as well as by `prepare`."""
    path = served(faulty_server, name)
    images = URL, "https://example.com/last.jpg"
    face.run(lambda client: call(client, name, "submit", *images), faulty_server.url)
    (post,) = faulty_server.posts(path)
    wanted = FAMILY[name][2](*images)
    assert {field: post.json()[field] for field in wanted} == wanted
    seen: list[Any] = []
    face.run(lambda client: kept(seen, call(client, name, "prepare", *images)), faulty_server.url)
    assert {field: seen[0].body[field] for field in wanted} == wanted


@with_images
def test_the_same_order_is_known_by_the_content_of_each_image(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, name: str
) -> None:
    """The same images under other names and URLs are the same order; one other image makes another order."""
    path = served(faulty_server, name)
    faulty_server.default("POST", UPLOAD, uploaded("https://static.example.com/one.png"))
    one, other = picture(tmp_path, "one.png"), picture(tmp_path, "other.png", 9)
    copy = picture(tmp_path, "copy.png")
    journal = tmp_path / "j.db"

    def submit(*images: Path) -> Any:
        return face.run(lambda client: call(client, name, "submit", *images), faulty_server.url, journal=journal)

    submit(one, one)
    faulty_server.default("POST", UPLOAD, uploaded("https://static.example.com/again.png"))
    with pytest.raises(DuplicateRequestError):
        submit(copy, copy)
    submit(other, one)
    if name != "image_to_video":
        submit(one, other)
    assert len(faulty_server.posts(path)) == (2 if name == "image_to_video" else 3)


@each
def test_a_lost_response_is_never_repeated(face: Face, faulty_server: FaultyServer, tmp_path: Path, name: str) -> None:
    """A submission whose response was lost may have been billed: it is sent once, and the same again is refused."""
    path = served(faulty_server, name, Reset())
    for _ in range(2):
        with pytest.raises((OutcomeUnknownError, DuplicateRequestError)):
            face.run(
                lambda client: call(client, name, "submit", URL, URL), faulty_server.url, journal=tmp_path / "j.db"
            )
    assert len(faulty_server.posts(path)) == 1


@each
def test_what_is_prepared_is_sent_as_it_is(face: Face, faulty_server: FaultyServer, tmp_path: Path, name: str) -> None:
    """`prepare` sends nothing; its body is what `submit` sends, and each upload says where its URL goes."""
    path = served(faulty_server, name)
    first, last = picture(tmp_path, "one.png"), picture(tmp_path, "two.png", 9)
    seen: list[Any] = []

    def prepare(client: Any) -> Any:
        return call(client, name, "prepare", first, last, extra_body={"seed": 7})

    if face.kind == "sync":
        face.run(lambda client: seen.extend([prepare(client), len(faulty_server.requests)]), faulty_server.url)
        prepared, sent = seen
        face.run(lambda client: prepare(client).submit(), faulty_server.url)
    else:

        async def both(client: Any) -> Any:
            seen.extend([await prepare(client), len(faulty_server.requests)])
            return await seen[0].submit()

        face.run(both, faulty_server.url)
        prepared, sent = seen
    assert sent == 0
    assert prepared.request == f"POST {path}"
    fields = {upload.field: upload.name for upload in prepared.uploads}
    assert len(fields) == {"text_to_video": 0, "image_to_video": 1}.get(name, 2)
    (post,) = faulty_server.posts(path)
    assert {**post.json(), **FAMILY[name][2]("", "")} == {**prepared.body, **FAMILY[name][2]("", "")}
    assert post.json()["seed"] == 7
    assert [check for check in prepared.checks if "contract" in check] != []


def test_what_is_prepared_is_ordered_once(faulty_server: FaultyServer) -> None:
    """After a refusal the same Prepared may be sent again; after an acceptance or a lost response it may not."""
    from weryai import RetryPolicy, WeryAI

    path = served(faulty_server, "text_to_video", refused(1011), accepted())
    with WeryAI("sk-x", base_url=faulty_server.url, retry=RetryPolicy(tries=1)) as client:
        prepared = client.text_to_video.prepare("A fox")
        with pytest.raises(InsufficientCreditsError):
            prepared.submit()
        assert prepared.submit().task_ids
        with pytest.raises(InvalidInputError, match="submitted already"):
            prepared.submit()
        faulty_server.script("POST", path, Reset())
        lost = client.text_to_video.prepare("A fox", force=True)
        with pytest.raises(OutcomeUnknownError):
            lost.submit()
        with pytest.raises(InvalidInputError, match="submitted already"):
            lost.submit()
    assert len(faulty_server.posts(path)) == 3


@each
@pytest.mark.parametrize("option", [{"video_number": 2}, {"timeout": -1}, {"if_exists": "refuse"}])
def test_what_a_run_cannot_bring_home_is_not_ordered(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, name: str, option: dict[str, Any]
) -> None:
    """More videos than it stores, no time to wait, a file that is there: refused before anything is sent."""
    (tmp_path / "v.mp4").write_bytes(b"mine")
    served(faulty_server, name)
    with pytest.raises(InvalidInputError, match="Nothing was sent"):
        face.run(
            lambda client: call(client, name, "generate", URL, URL, output=tmp_path / "v.mp4", **option),
            faulty_server.url,
        )
    assert not faulty_server.requests


@pytest.mark.parametrize("wrong", ["one.png", b"x", [], [URL] * 4, 7])
def test_a_list_of_images_has_one_to_three(face: Face, faulty_server: FaultyServer, wrong: Any) -> None:
    """A single image in place of the list, none, or four of them are refused before anything is sent."""
    with pytest.raises(InvalidInputError, match="images"):
        face.run(lambda client: client.multi_image_to_video.submit(wrong, prompt="wave"), faulty_server.url)
    assert not faulty_server.requests


def test_a_kind_that_the_registry_tells_nothing_of_is_no_reason_to_warn(faulty_server: FaultyServer) -> None:
    """The snapshot lists no models for text: that is no word against any of them."""
    served(faulty_server, "text_to_video")
    with WeryAI("sk-x", base_url=faulty_server.url) as client, warnings.catch_warnings():
        warnings.simplefilter("error")
        client.text_to_video.submit("A fox", model="BRAND_NEW")


def test_a_misspelt_parameter_is_told_its_name(faulty_server: FaultyServer) -> None:
    """A keyword that is nearly a parameter gets its name; any other one hears of `extra_body`. Nothing is sent."""
    with WeryAI("sk-x", base_url=faulty_server.url) as client:
        for wrong, told in {"aspect": "did you mean aspect_ratio", "colour": "extra_body takes fields"}.items():
            with pytest.raises(TypeError, match=told):
                client.text_to_video.submit("A fox", **{wrong: "9:16"})
    assert faulty_server.posts("/v1/generation/text-to-video") == []


def checked(options: dict[str, Any], registry: Any = None) -> tuple[list[str], tuple[str, ...]]:
    """Prepare two frames, and return the warnings and what was checked; the registry may be live."""
    with WeryAI("sk-x", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=registry))) as client:
        if registry is not None:
            client.models.list()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            prepared = client.first_last_frame.prepare(URL, URL, prompt="x", **options)
    return [str(one.message) for one in told], prepared.checks


def test_two_frames_are_checked_by_what_their_model_is_listed_for() -> None:
    """No registry lists models for two frames: what a model takes of images is a warning, and the check says so."""
    assert checked({})[0] == checked({"model": "VEO_3_1"})[0] == []
    assert "which lists it for several images" in checked({})[1][1]
    told, checks = checked({"model": "KLING_V3_0_PRO", "duration": 8})
    assert len(told) == 1 and "duration 8: KLING_V3_0_PRO takes 5, 10, 15" in told[0] and "may differ here" in told[0]
    assert "which lists it for images" in checks[1]
    with pytest.raises(InvalidInputError, match="duration 5: VEO_3_1 takes 8"):
        checked({"duration": 5, "strict": True})
    live = {
        "status": 200,
        "data": {"image_to_video": [{"model_key": "VEO_3_1", "durations": [4], "aspect_ratios": ["16:9"]}]},
    }
    assert "duration 8: VEO_3_1 takes 4 (by the live registry, which lists it for images" in checked({}, live)[0][0]
    assert checked({"model": "NEW"})[0] == [] and "nothing of NEW" in checked({"model": "NEW"})[1][1]


def test_a_key_that_differs_in_this_operation_is_suggested() -> None:
    """Where no registry lists models, the contract's other key of the same product is named before paying."""
    told = checked({"model": "CHATBOT_VEO_3_1_FAST", "duration": 8})[0]
    assert [one.partition(",")[0] for one in told] == [
        "model: CHATBOT_VEO_3_1_FAST is a key for images; here the same model is VEO_3_1_FAST"
    ]
    assert checked({"model": "VEO_3_1_FAST"})[0] == []
    with pytest.raises(InvalidInputError, match="here the same model is VEO_3_1_FAST"):
        checked({"model": "CHATBOT_VEO_3_1_FAST", "duration": 8, "strict": True})
    # A registry that lists models of this kind decides instead.
    listed = {"model_key": "CHATBOT_VEO_3_1_FAST", "durations": [8], "aspect_ratios": ["16:9"]}
    live = {"status": 200, "data": {"first_last_image_to_video": [listed]}}
    assert checked({"model": "CHATBOT_VEO_3_1_FAST", "duration": 8}, live)[0] == []


ORDERLESS = [{URL, URL + "2"}, frozenset([URL]), {URL: 1}, {URL: 1}.keys()]


@pytest.mark.parametrize("images", ORDERLESS, ids=lambda one: type(one).__name__)
def test_images_without_an_order_are_refused(images: Any) -> None:
    """The order of images is the video's: a set or a mapping would buy one that nobody chose."""
    with WeryAI("sk-x", transport=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
        for verb in ("prepare", "submit", "generate"):
            with pytest.raises(InvalidInputError, match="images is a list, since their order is the video's"):
                getattr(client.multi_image_to_video, verb)(images, prompt="x")


@each
def test_what_is_prepared_is_sent_byte_by_byte(name: str) -> None:
    """The body that `prepare` shows is the one that is sent, in the order of its fields; so is the one afterwards."""
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json={"status": 0, "data": {"task_ids": ["t1"]}})

    options = {
        "caller_id": -4,
        "generate_audio": True,
        "prompt": "W\u00ebve \U0001f98a\n",
        "negative_prompt": "x",
        "webhook_url": "https://example.com/h?a=1&b=2",
        "extra_body": {"z": [1, None], "a": {"b": 1.5}},
    }
    with WeryAI("sk-x", transport=httpx.MockTransport(answer)) as client:
        prepared = call(client, name, "prepare", URL, f"{URL}?2", **options)
        shown = json.dumps(prepared.body, ensure_ascii=False, separators=(",", ":")).encode()
        prepared.submit()
    assert sent == [shown]
    assert list(prepared.body) == list(json.loads(shown))

"""`weryai generate` chooses the operation by what it is given, shows it before paying, and refuses unlisted models."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import MP4, SUBMIT, accepted, refused, serve_story
from fakes.commands import weryai_here
from fakes.faults import json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY

pytestmark = pytest.mark.timeout(120)
BASE = SUBMIT.rpartition("/")[0]
MODELS = "/growthai/v1/video/models"
URL, LAST = "https://example.com/a.jpg", "https://example.com/b.jpg"
REGISTRY = {
    "image_to_video": [{"model_key": "NEW_ONE"}, {"model_key": "CHATBOT_VEO_3_1_FAST"}],
    "text_to_video": [{"model_key": "VEO_3_1_FAST"}],
    "multi_image_to_video": [{"model_key": "NEW_MANY"}],
}


def run(server: FaultyServer, folder: Path, *arguments: str, key: str | None = JOURNEY_KEY) -> Any:
    """Run one command against the server, which serves a whole story for every operation."""
    serve_story(server)
    for kind in ("text-to-video", "multi-image-to-video", "first-last-image-to-video"):
        server.default("POST", f"{BASE}/{kind}", accepted())
    server.default("GET", MODELS, json_reply({"status": 200, "data": REGISTRY}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WERYAI_MODELS_BASE_URL", server.url)
        return weryai_here(*arguments, base_url=server.url, key=key, folder=folder)


CHOICES: list[tuple[tuple[str, ...], str, dict[str, Any], str]] = [
    ((), "text-to-video", {}, "text to video"),
    ((URL,), "image-to-video", {"image": URL}, ""),
    ((URL, "--last", LAST), "first-last-image-to-video", {"first_pic_url": URL, "end_pic_url": LAST}, "last frame"),
    ((URL, LAST, URL), "multi-image-to-video", {"images": [URL, LAST, URL]}, "3 images"),
    ((URL, "-m", "NEW_MANY"), "multi-image-to-video", {"images": [URL]}, "one image"),
    ((URL, "-m", "NEW_ONE"), "image-to-video", {"image": URL}, ""),
]


@pytest.mark.parametrize(("given", "path", "fields", "words"), CHOICES, ids=lambda value: str(value)[:30])
def test_what_is_given_decides(
    faulty_server: FaultyServer, tmp_path: Path, given: tuple[str, ...], path: str, fields: dict[str, Any], words: str
) -> None:
    """No image, one, several, a last frame, and a model for several images alone: each goes to its own operation."""
    ended = run(faulty_server, tmp_path, "generate", *given, "-p", "Wave")
    assert ended.code == 0, ended.errors
    (post,) = faulty_server.posts(BASE)
    assert post.path == f"{BASE}/{path}"
    body = post.json()
    assert {
        name: body.get(name) for name in ("image", "images", "first_pic_url", "end_pic_url") if name in body
    } == fields
    told = ended.errors.partition("task ")[0]
    assert words in told


@pytest.mark.parametrize("given", [("--last", URL), (URL, URL, "--last", URL)])
def test_a_last_frame_needs_one_first(faulty_server: FaultyServer, tmp_path: Path, given: tuple[str, ...]) -> None:
    """--last without an image, or beside several, is refused before anything is sent."""
    ended = run(faulty_server, tmp_path, "generate", *given, "-p", "Wave")
    assert ended.code == 2 and "--last" in ended.errors
    assert not faulty_server.posts(BASE)


@pytest.mark.parametrize("command", ["generate", "submit"])
def test_a_dry_run_sends_nothing(faulty_server: FaultyServer, tmp_path: Path, command: str) -> None:
    """The exact request, the upload and the checks are shown; nothing is sent or written, and no key is needed."""
    image = tmp_path / "p.png"
    image.write_bytes(png(8, 8))
    ended = run(faulty_server, tmp_path, command, "p.png", URL, "-p", "Wave", "--dry-run", "--json", key=None)
    assert ended.code == 0, ended.errors
    shown = json.loads(ended.last_line)
    assert shown["request"] == f"POST {BASE}/multi-image-to-video"
    assert shown["body"]["images"][1] == URL and "p.png" in shown["body"]["images"][0]
    assert [upload["field"] for upload in shown["uploads"]] == ["images.0"]
    assert [check for check in shown["checks"] if "contract" in check] != []
    plain = run(faulty_server, tmp_path, command, "p.png", "-p", "Wave", "--dry-run", key=None)
    assert "image-to-video" in plain.output and "upload " in plain.output and "nothing was sent" in plain.errors
    assert not faulty_server.requests
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_a_dry_run_refuses_what_a_run_would(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """What is not sent because it is wrong is wrong in a dry run as well."""
    ended = run(faulty_server, tmp_path, "generate", "-p", "x" * 2001, "--dry-run")
    assert ended.code == 2 and "prompt" in ended.errors
    assert not faulty_server.requests


@pytest.mark.parametrize(
    ("given", "suggested"),
    [
        ((URL, "-m", "VEO_3_1_FAST"), "CHATBOT_VEO_3_1_FAST"),
        (("-m", "CHATBOT_VEO_3_1_FAST"), "VEO_3_1_FAST"),
        ((URL, "-m", "NEW_OEN"), "NEW_ONE"),
    ],
)
def test_a_model_that_nobody_lists_is_refused(
    faulty_server: FaultyServer, tmp_path: Path, given: tuple[str, ...], suggested: str
) -> None:
    """Neither the snapshot nor the live registry lists it for this: refused, unless --any-model."""
    ended = run(faulty_server, tmp_path, "generate", *given, "-p", "Wave")
    assert ended.code == 2, ended.errors
    assert f"did you mean {suggested}" in ended.errors and "--any-model" in ended.errors
    assert not faulty_server.posts(BASE)
    ended = run(faulty_server, tmp_path, "generate", *given, "-p", "Wave", "--any-model")
    assert ended.code == 0, ended.errors
    assert faulty_server.posts(BASE)[0].json()["model"] == given[-1]


def test_a_registry_that_is_away_lets_no_unknown_model_pass(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """If the registry cannot be asked, a model that the snapshot lacks is refused, and the message says why."""
    faulty_server.script("GET", MODELS, refused(1002, "no"), refused(1002, "no"))
    ended = run(faulty_server, tmp_path, "submit", URL, "-p", "Wave", "-m", "NEW_ONE")
    assert ended.code == 2 and "cannot be asked" in ended.errors
    assert not faulty_server.posts(BASE)


@pytest.mark.parametrize("wrong", ["seed", "=7", "style=film", "prompt=1"])
def test_an_extra_field_is_json(faulty_server: FaultyServer, tmp_path: Path, wrong: str) -> None:
    """What is no NAME=JSON, and what has an option of its own, is refused before anything is sent."""
    ended = run(faulty_server, tmp_path, "submit", URL, "-p", "Wave", "--extra", wrong)
    assert ended.code == 2, ended.errors
    assert not faulty_server.requests


def test_a_sidecar_tells_of_the_video(faulty_server: FaultyServer, tmp_path: Path) -> None:
    """Request, model, ids, times, SHA-256 and versions lie beside the MP4; a callback URL does not."""
    ended = run(
        faulty_server, tmp_path, "generate", URL, "-p", "Wave", "-o", "v.mp4", "--sidecar", "--webhook-url",
        "https://example.com/hook?secret=s3cret",
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    text = (tmp_path / "v.mp4.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert facts["sha256"] == hashlib.sha256(MP4).hexdigest() and facts["bytes"] == len(MP4)
    assert facts["body"]["image"] == URL and facts["model"] == "WERYAI_VIDEO_1_0"
    assert facts["task_id"] == "task_abc123" and facts["batch_id"] == 123456789
    # The server tells no balance, so nothing is known of what it cost.
    assert (facts["credits"], facts["credits_by"]) == (None, None)
    assert set(facts["times"]) == {"submitted", "stored"} and "weryai" in facts["versions"]
    assert "s3cret" not in text and JOURNEY_KEY not in text

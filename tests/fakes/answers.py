"""The API's own answers, as its documentation and its clients show them, and a whole story of them."""

from collections.abc import Sequence
from typing import Any

from fakes.faults import Answer, Reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.videos import mp4

SUBMIT = "/v1/generation/image-to-video"
UPLOAD = "/v1/generation/upload-file"
RESULT = "/result/"
TASK = "task_abc123"
STATUS = f"/v1/generation/{TASK}/status"

MP4 = mp4(bytes(range(256)) * 16)
"""An MP4 by its structure; enough wherever nobody plays the video."""


def envelope(data: Any, **fields: Any) -> dict[str, Any]:
    """Wrap `data` as the API does; fields replace or join the envelope's own."""
    return {"status": 0, "desc": "success", "message": "success", "data": data, **fields}


def accepted(*task_ids: str, delay: float = 0.0, **fields: Any) -> Reply:
    """Answer a submit with task ids."""
    return json_reply(envelope({"batch_id": 123456789, "task_ids": list(task_ids or (TASK,))}, **fields), delay=delay)


def refused(code: int, message: str = "no", http_status: int = 200, **headers: str) -> Reply:
    """Answer with a business code; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_reply({"status": code, "desc": message, "message": message}, http_status, named)


def looked(word: str, **data: Any) -> Reply:
    """Answer a status request with a raw status word."""
    return json_reply(envelope({"task_id": TASK, "task_status": word, **data}))


def video_url(server: FaultyServer) -> str:
    """Return the address of the result that `serve_story` serves."""
    return f"{server.url}{RESULT}video.mp4"


def serve_story(
    server: FaultyServer, *, submit: Sequence[Answer] = (), looks: Sequence[Answer] = (), video: bytes = MP4
) -> None:
    """Script the given answers to the submit and to the looks; after them everything simply works."""
    server.script("POST", SUBMIT, *submit)
    server.default("POST", SUBMIT, accepted())
    server.script("GET", STATUS, *looks)
    server.default("GET", STATUS, looked("succeed", videos=[video_url(server)]))
    server.default("GET", RESULT, Reply(video, headers={"Content-Type": "video/mp4"}))
    server.default("POST", UPLOAD, uploaded("https://static.example.com/picture.jpg"))


def uploaded(url: str) -> Reply:
    """Answer an upload with the address of the stored file."""
    return json_reply(envelope({"object_url_list": [url]}))

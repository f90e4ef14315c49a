"""The real clients against a service on this machine, and requests by hand that no client would make."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib
import io
import json
import re
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import httpx

from weryai import AsyncWeryAI, WeryAI, WeryAIWarning
from weryai.contract._live import TIMEOUT, Place, png
from weryai.contract._reading import Refusals, is_refusal, json_of, operation
from weryai.contract._record import ANSWER, VIDEO, Bounds, Checks, Record, Secret, expect
from weryai_api import AuthenticatedClient
from weryai_api.models import (
    ImageToVideoRequest,
    MultiImageToVideoRequest,
    SubmitData,
    TaskData,
    TextToVideoRequest,
    UploadData,
    UploadFileRequest,
)
from weryai_api.types import File

# A client is either of two classes with one text, so its type here is Any.
Work = Callable[[Any], Any]
Kind = Literal["sync", "async"]
GROUP = "real clients"
PROMPT = "Make the person wave their hand"
PICTURE = "https://example.com/reference.jpg"
LONGEST = 60.0
PAUSE = 0.05


def _in_turn(kind: Kind, url: str, options: dict[str, Any], *works: Work) -> list[Any]:
    """Run one after the other with one client of a kind, awaiting what needs to be awaited."""
    if kind == "sync":
        with WeryAI(base_url=url, models_base_url=url, **options) as client:
            return [work(client) for work in works]

    async def story() -> list[Any]:
        async with AsyncWeryAI(base_url=url, models_base_url=url, **options) as client:
            return [await work(client) for work in works]

    return asyncio.run(story())


class Recording(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends what a client wants to send, blocking or awaited, and records it."""

    def __init__(self, record: Record, who: str) -> None:
        self._record = record
        self._who = who
        # As everywhere in the suite: no proxy of the environment, but its certificates.
        self._tls = httpx.create_ssl_context()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with httpx.HTTPTransport(verify=self._tls, trust_env=False) as inner:
            response = inner.handle_request(request)
            passed = self._bounds(request).reading()
            with contextlib.closing(response):
                answer = b"".join(map(passed, response.iter_bytes()))
        return self._record.note_and_pass(self._who, request, response, answer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and keep what came; a loop of its own needs connections of its own."""
        await request.aread()
        async with httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False) as inner:
            response = await inner.handle_async_request(request)
            passed = self._bounds(request).reading()
            async with contextlib.aclosing(response):
                answer = b"".join([passed(piece) async for piece in response.aiter_bytes()])
        return self._record.note_and_pass(self._who, request, response, answer)

    def _bounds(self, request: httpx.Request) -> Bounds:
        """Allow a download more than the answer of an operation; it is a GET without a key."""
        return VIDEO if request.method == "GET" and "authorization" not in request.headers else ANSWER


def run_stories(place: Place, secret: Secret, record: Record, checks: Checks) -> None:
    transport = Recording(record, GROUP)
    options = {"api_key": secret.key, "transport": transport}
    for kind in get_args(Kind):
        with checks.checking(GROUP, f"weryai, {kind}: a local image becomes a video on disk", record):
            _from_picture_to_video(kind, place.url, options)
        with checks.checking(GROUP, f"weryai, {kind}: every other operation", record):
            _everything_else(kind, place.url, options)
        with checks.checking(GROUP, f"weryai_api, {kind}: upload, submit, look, download", record):
            _generated(kind, place.url, secret, transport)


def _from_picture_to_video(kind: Kind, url: str, options: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "photo.png")
        picture.write_bytes(png())
        told: list[Any] = []
        (video,) = _in_turn(
            kind,
            url,
            options,
            lambda client: client.image_to_video.generate(
                picture, prompt=PROMPT, output=Path(folder, "wave.mp4"), interval=PAUSE, timeout=LONGEST,
                on_submit=told.append,
            ),
        )  # fmt: skip
        expect(told[0].task_ids == (video.task.id,), "the video is of another task")
        _expect_video(video.path.read_bytes())


def _everything_else(kind: Kind, url: str, options: dict[str, Any]) -> None:
    text = TextToVideoRequest(model="SORA_2", prompt="A fox runs through snow", duration=8, aspect_ratio="16:9")
    several = MultiImageToVideoRequest(
        model="VEO_3_1", prompt="The flower opens", images=[PICTURE] * 2, duration=8, aspect_ratio="16:9"
    )
    works = [
        lambda client: client.account.balance(),
        lambda client: client.models.list(),
        lambda client: client.image_to_video.submit(PICTURE, prompt=PROMPT, video_number=2),
        lambda client: client.call(_module("submitTextToVideo"), body=text),
        lambda client: client.call(_module("submitMultiImageToVideo"), body=several),
    ]
    with warnings.catch_warnings():
        # It warns that two videos are two paid tasks.
        warnings.simplefilter("ignore", WeryAIWarning)
        credits, models, submission, by_text, by_pictures = _in_turn(kind, url, options, *works)
    expect(credits > 0 and models, f"{credits} credits and {len(models)} models; some of each should be there")
    for what, wanted, got in (("two videos", 2, submission), ("a text", 1, by_text), ("two images", 1, by_pictures)):
        expect(len(got.task_ids) == wanted, f"a request for {what} brought {len(got.task_ids)} tasks, not {wanted}")

    def waiting(client: Any) -> Any:
        return client.batches.wait(submission, interval=PAUSE, timeout=LONGEST)

    (batch,) = _in_turn(kind, url, options, waiting)
    expect(len(batch.succeeded) == 2, f"{batch} should be two videos")


def _generated(kind: Kind, url: str, secret: Secret, transport: Recording) -> None:
    client = AuthenticatedClient(
        base_url=url, token=secret.key, httpx_args={"transport": transport}, timeout=httpx.Timeout(LONGEST)
    )

    def call(name: str, *arguments: Any, **named: Any) -> Any:
        if kind == "sync":
            return _module(name).sync(*arguments, client=client, **named)
        return runner.run(_module(name).asyncio(*arguments, client=client, **named))

    with asyncio.Runner() as runner:
        file = File(payload=io.BytesIO(png()), file_name="photo.png", mime_type="image/png")
        (address,) = _data(call("uploadFile", body=UploadFileRequest(file=file)), UploadData).object_url_list
        order = ImageToVideoRequest(
            model="WERYAI_VIDEO_1_0", prompt=PROMPT, image=address, duration=5, aspect_ratio="16:9"
        )
        accepted = _data(call("submitImageToVideo", body=order), SubmitData)
        task_id = accepted.task_ids[0] if accepted.task_ids else accepted.task_id
        give_up = time.monotonic() + LONGEST
        while not (videos := _data(call("getTaskStatus", task_id), TaskData).videos):
            expect(time.monotonic() < give_up, f"no video of task {task_id} after {LONGEST:.0f} s")
            time.sleep(PAUSE)
        with httpx.Client(transport=transport) as downloads:
            _expect_video(downloads.get(videos[0]).content)
        client.get_httpx_client().close()
        runner.run(client.get_async_httpx_client().aclose())


def _data(reply: Any, model: type[Any]) -> Any:
    """Return the `data` of a reply that the generated client has read, of the class that the contract says."""
    data = getattr(reply, "data", None)
    said = json.dumps(reply.to_dict())[:300] if hasattr(reply, "to_dict") else repr(reply)
    expect(isinstance(data, model), f"no {model.__name__} in what came: {said}")
    return data


def _module(name: str) -> Any:
    return importlib.import_module(operation(name).module)


def _expect_video(content: bytes) -> None:
    expect(content[4:8] == b"ftyp", f"what was downloaded is no MP4: {content[:40]!r}")


BY_HAND = "by hand"
ODD_FORMS: dict[str, dict[str, Any]] = {
    "a form without its file": {"files": {"batch_no": (None, "b1")}},
    "a form with a part too many": {"files": {"file": ("photo.png", png(), "image/png")}, "data": {"folder": "mine"}},
}


def run_raw(place: Place, secret: Secret, record: Record, checks: Checks, how: Refusals = "any") -> None:
    url = place.url_of(operation("uploadFile").path)
    headers = {"Authorization": f"Bearer {secret.key}"}
    with httpx.Client(transport=Recording(record, BY_HAND), headers=headers, timeout=TIMEOUT) as client:
        for what, form in ODD_FORMS.items():
            with checks.checking(BY_HAND, f"{what} is refused", record):
                response = client.post(url, **form)
                _expect_refusal(response.status_code, response.content, how)
    for name in ("getTaskStatus", "getBatchStatus"):
        with checks.checking(BY_HAND, f"{name}: an id of dots is refused, and reaches no other operation", record):
            status, answer = _get_as_told(place, re.sub(r"{\w+}", "%2e%2e", operation(name).path), headers, record)
            _expect_refusal(status, answer, how)


def _expect_refusal(http_status: int, answer: bytes, how: Refusals) -> None:
    said = f"HTTP {http_status} with {answer[:200].decode(errors='replace')!r}"
    expect(is_refusal(http_status, json_of(answer), how), f"it was not refused ({how}): {said}")


def _get_as_told(place: Place, path: str, headers: dict[str, str], record: Record) -> tuple[int, bytes]:
    """Send a path that every other library folds."""
    address = urlsplit(place.url)
    host = str(address.hostname)
    connecting = (
        http.client.HTTPSConnection(host, address.port, timeout=TIMEOUT, context=httpx.create_ssl_context())
        if address.scheme == "https"
        else http.client.HTTPConnection(host, address.port, timeout=TIMEOUT)
    )
    with contextlib.closing(connecting) as connection:
        connection.request("GET", place.base_path + path, headers=headers)
        response = connection.getresponse()
        answer = b"".join(map(ANSWER.reading(), iter(lambda: response.read1(65_536), b"")))
    record.note(BY_HAND, ("GET", place.url + path, "", b""), response.status, dict(response.getheaders()), answer)
    return response.status, answer

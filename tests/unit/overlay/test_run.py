"""The two runners: memory stays flat, time is monotonic, redirects of a download carry no key."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.videos import mp4
from weryai import AsyncWeryAI, DownloadError, RetryPolicy, WeryAI
from weryai._media import download

HASTY = RetryPolicy(first_delay=0.001)
PIECE = 64 * 1024
PIECES = 64
STATUS = {"status": 0, "data": {"task_id": "t", "task_status": "processing"}}
DONE = {"status": 0, "data": {"task_id": "t", "task_status": "succeed", "videos": ["https://a.b/v.mp4"]}}


class Long(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces, as from a socket."""

    def __iter__(self) -> Iterator[bytes]:
        content = mp4(bytes(PIECE), size=PIECE * PIECES)
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in iter(self):
            yield piece


def perform(handler: Callable[[httpx.Request], httpx.Response], work: Callable[[Any], Any], *, awaiting: bool) -> Any:
    """Run the work with one of the two clients."""
    transport = httpx.MockTransport(handler)
    if not awaiting:
        with WeryAI("sk-key", base_url="http://127.0.0.1:1", transport=transport, retry=HASTY) as client:
            return work(client)

    async def story() -> Any:
        async with AsyncWeryAI("sk-key", base_url="http://127.0.0.1:1", transport=transport, retry=HASTY) as client:
            return await work(client)

    return asyncio.run(story())


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_download_is_written_piece_by_piece(awaiting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the video is, only a small piece of it is held in memory."""
    sizes: list[int] = []
    write = download.Target.write
    monkeypatch.setattr(download.Target, "write", lambda self, chunk: (sizes.append(len(chunk)), write(self, chunk)))
    path = perform(
        lambda _: httpx.Response(200, stream=Long()),
        lambda client: client.files.download("https://a.b/v.mp4", tmp_path / "v.mp4"),
        awaiting=awaiting,
    )
    assert path.stat().st_size == sum(sizes) == PIECE * PIECES
    assert max(sizes) <= 256 * 1024


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_redirected_download_arrives_without_the_key(awaiting: bool, tmp_path: Path) -> None:
    """A CDN may send a download elsewhere; the key goes to neither place."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "a.b":
            return httpx.Response(302, headers={"Location": "https://c.d/v.mp4"})
        return httpx.Response(200, content=mp4())

    perform(handler, lambda c: c.files.download("https://a.b/v.mp4", tmp_path / "v.mp4"), awaiting=awaiting)
    assert [request.url.host for request in seen] == ["a.b", "c.d"]
    assert [request for request in seen if "authorization" in request.headers] == []


@pytest.mark.parametrize("awaiting", [False, True])
def test_waiting_runs_on_a_monotonic_clock(awaiting: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock that jumps by a day per look ends no wait."""
    day = iter(range(0, 10**9, 86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(day)))
    answers = iter([STATUS, STATUS, DONE])
    task = perform(
        lambda _: httpx.Response(200, json=next(answers)),
        lambda client: client.tasks.wait("t", timeout=60, interval=0.001),
        awaiting=awaiting,
    )
    assert task.videos[0].url == "https://a.b/v.mp4"


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without an end, which nobody may read."""

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("the body of a redirect is read")

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("the body of a redirect is read")


@pytest.mark.parametrize("awaiting", [False, True])
def test_the_body_of_a_redirect_is_never_read(awaiting: bool, tmp_path: Path) -> None:
    """It may be endless, or grow without bound when it is unpacked; twenty redirects at most are followed."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v.mp4" or request.url.host == "loop.ed":
            return httpx.Response(307, headers={"Location": "/w.mp4", "Content-Encoding": "gzip"}, stream=Endless())
        return httpx.Response(200, content=mp4())

    path = perform(handler, lambda c: c.files.download("https://a.b/v.mp4", tmp_path / "v.mp4"), awaiting=awaiting)
    assert path.read_bytes() == mp4()
    with pytest.raises(DownloadError, match="20 redirects"):
        perform(
            handler,
            lambda client: client.files.download("https://loop.ed/v.mp4", tmp_path / "v.mp4"),
            awaiting=awaiting,
        )

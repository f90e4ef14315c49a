"""Downloads: not before the task has succeeded, in parts too, rendered once and beside everything else."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from fakes.pictures import JPEG, jpeg_of, png
from weryai.emulator._state.media import FIXED_VIDEO

from .conftest import Visitor


def jpeg_as_large_as(width: int, height: int) -> bytes:
    """Return a JPEG whose header says this size."""
    place = JPEG.index(b"\xff\xc0" if b"\xff\xc0" in JPEG else b"\xff\xc1" if b"\xff\xc1" in JPEG else b"\xff\xc2")
    return JPEG[: place + 5] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + JPEG[place + 9 :]


async def test_a_video_is_there_when_its_task_has_succeeded(visitor: Visitor) -> None:
    """Until then, and for ids nobody gave, the download is 404; afterwards it needs no key."""
    (task_id,) = (await visitor.submit())["task_ids"]
    url = f"/result/{task_id}.mp4"
    for seconds in (0, 1):
        visitor.clock.advance(seconds)
        early = await visitor.get(url)
        assert (early.status_code, early.json()["desc"]) == (404, "NOT_FOUND")
    visitor.clock.advance(2)
    video = await visitor.get(url, headers={"Authorization": ""})
    assert video.status_code == 200
    assert video.headers["content-type"] == "video/mp4"
    assert video.headers["content-length"] == str(len(video.content))
    assert video.content == FIXED_VIDEO.read_bytes()
    assert (await visitor.get("/result/task_nobody.mp4")).status_code == 404


async def test_a_part_of_a_video_can_be_had(visitor: Visitor) -> None:
    """A Range with the right ETag continues a download; with another ETag it starts anew."""
    url = await visitor.finished_video()
    whole = await visitor.get(url)
    etag = whole.headers["etag"]
    part = await visitor.get(url, headers={"Range": "bytes=100-199", "If-Range": etag})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    rest = await visitor.get(url, headers={"Range": "bytes=1000-"})
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])
    anew = await visitor.get(url, headers={"Range": "bytes=100-199", "If-Range": '"other"'})
    assert (anew.status_code, anew.content) == (200, whole.content)
    beyond = await visitor.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416


async def test_the_emulator_answers_while_it_renders(rendering_visitor: Visitor) -> None:
    """A video is rendered by a worker process, so that status requests are answered meanwhile."""
    (image,) = (await rendering_visitor.upload(png(640, 480))).json()["data"]["object_url_list"]
    url = await rendering_visitor.finished_video(image=image, duration=2)
    download = asyncio.create_task(rendering_visitor.get(url))
    answered = 0
    while not download.done():
        assert (await rendering_visitor.get("/v1/generation/balance")).status_code == 200
        answered += 1
        await asyncio.sleep(0.001)
    assert (await download).headers["content-type"] == "video/mp4"
    # A render takes far longer than ten answers; a blocked loop would allow one or two.
    assert answered > 10


async def test_a_video_is_rendered_once(rendering_visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tasks of the same order, asked for at once and again later, cost one worker; another order costs another."""
    videos, orders = rendering_visitor.app.state.world.videos, []
    run_worker = videos._run_worker

    async def counted(arguments: list[str]) -> str | None:
        orders.append(arguments)
        result: str | None = await run_worker(arguments)
        return result

    monkeypatch.setattr(videos, "_run_worker", counted)
    first = await rendering_visitor.finished_video(duration=1)
    second = await rendering_visitor.finished_video(duration=1)
    both = await asyncio.gather(*(rendering_visitor.get(url) for url in (first, second)))
    again = await rendering_visitor.get(first)
    assert both[0].content == both[1].content == again.content
    assert both[0].headers["etag"] == again.headers["etag"]
    assert len(orders) == 1
    await rendering_visitor.get(await rendering_visitor.finished_video(duration=1, aspect_ratio="1:1"))
    assert len(orders) == 2


#: What no renderer makes a video of, and why.
HOPELESS = {
    "broken": (b"\xff\xd8\xff broken", "the image is broken"),
    "animated WebP": (b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02" + bytes(9), "the WebP is an animation already"),
    "108 megapixels": (jpeg_as_large_as(12_000, 9_000), "more than 64 megapixels"),
    "800 scans": (JPEG[:-2] + b"\xff\xda\0\x08\1\1\0\0\0\0" * 800, "more than 100 scans"),
}


@pytest.mark.parametrize(("data", "reason"), HOPELESS.values(), ids=list(HOPELESS))
async def test_an_image_that_cannot_be_animated_fails_its_task(
    rendering_visitor: Visitor, data: bytes, reason: str
) -> None:
    """The task fails with the reason, at its time; who lets it succeed all the same gets the standard video."""
    (image,) = (await rendering_visitor.upload(data)).json()["data"]["object_url_list"]
    first, second = (await rendering_visitor.submit(image=image, video_number=2, duration=1))["task_ids"]
    world = rendering_visitor.app.state.world
    world.end(world.tasks.task(second), "succeed")
    early = await rendering_visitor.get(f"/v1/generation/{first}/status")
    assert early.json()["data"]["task_status"] == "waiting"
    rendering_visitor.clock.advance(3)
    told = (await rendering_visitor.get(f"/v1/generation/{first}/status")).json()["data"]
    assert told["task_status"] == "failed"
    assert told["msg"].startswith("the image cannot be animated: the ")
    assert reason in told["msg"]
    if reason == "the image is broken":
        assert (await rendering_visitor.get(f"/result/{second}.mp4")).status_code == 200


@pytest.mark.parametrize("name", ["animated WebP", "800 scans"])
async def test_what_shows_without_a_decoder_fails_with_the_fixed_video_too(visitor: Visitor, name: str) -> None:
    """An application that is tested with the fixed video does not take an animated WebP for an image."""
    data, reason = HOPELESS[name]
    (image,) = (await visitor.upload(data)).json()["data"]["object_url_list"]
    (task_id,) = (await visitor.submit(image=image))["task_ids"]
    visitor.clock.advance(3)
    told = (await visitor.get(f"/v1/generation/{task_id}/status")).json()["data"]
    assert (told["task_status"], reason in told["msg"]) == ("failed", True)


async def test_a_scenario_decides_before_the_image(rendering_visitor: Visitor) -> None:
    """Who chose what becomes of a task gets that."""
    (image,) = (await rendering_visitor.upload(HOPELESS["broken"][0])).json()["data"]["object_url_list"]
    (task_id,) = (await rendering_visitor.submit(image=image, prompt="Wave [emulator: fail-copyright]"))["task_ids"]
    rendering_visitor.clock.advance(3)
    told = (await rendering_visitor.get(f"/v1/generation/{task_id}/status")).json()["data"]
    assert told["msg"] == "Copyright restrictions"


@pytest.mark.parametrize("ratio", ["auto", "0:0", "--help", "16:9\0"])
async def test_a_ratio_that_is_none_gives_the_pictures_own(rendering_visitor: Visitor, ratio: str) -> None:
    """Whatever a caller writes as a ratio, the video is rendered."""
    url = await rendering_visitor.finished_video(aspect_ratio=ratio, duration=1)
    assert (await rendering_visitor.get(url)).status_code == 200


async def test_rendered_videos_are_removed(rendering_visitor: Visitor) -> None:
    """The folder of rendered videos is nobody else's, and goes when the emulator stops."""
    videos = rendering_visitor.app.state.world.videos
    await rendering_visitor.get(await rendering_visitor.finished_video(duration=1))
    folder: Path = videos._folder
    assert list(folder.glob("*.mp4"))
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    videos.close()
    assert not folder.exists()


async def test_a_running_worker_ends_with_the_emulator(rendering_visitor: Visitor) -> None:
    """Stopping does not wait for a video: the worker is ended, the download refused, nothing left behind."""
    (image,) = (await rendering_visitor.upload(jpeg_of(1000))).json()["data"]["object_url_list"]
    url = await rendering_visitor.finished_video(image=image, duration=60)
    videos = rendering_visitor.app.state.world.videos
    download = asyncio.create_task(rendering_visitor.get(url))
    while videos._worker is None:
        await asyncio.sleep(0.001)
    videos.close()
    reply = await download
    assert (reply.status_code, reply.json()["message"]) == (500, "the emulator stops")
    if os.name == "posix":
        assert videos._worker.returncode == -signal.SIGKILL
    assert not videos._folder.exists()


async def test_the_worker_is_told_no_key(rendering_visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's environment is the emulator's without anything that is a client's business."""
    monkeypatch.setenv("WERYAI_API_KEY", "sk-secret")
    environments: list[dict[str, str]] = []
    start = asyncio.create_subprocess_exec

    async def noted(*command: str, **settings: Any) -> asyncio.subprocess.Process:
        environments.append(settings["env"])
        return await start(*command, **settings)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    await rendering_visitor.get(await rendering_visitor.finished_video(duration=1))
    (environment,) = environments
    assert "PATH" in environment
    assert not [name for name in environment if name.startswith("WERYAI_")]

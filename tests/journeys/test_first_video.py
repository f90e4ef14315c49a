"""The whole story: a picture goes in, a video comes out, and it is paid for once."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from fakes.answers import SUBMIT, UPLOAD
from fakes.faces import Face
from fakes.multipart import parts
from fakes.pictures import png
from fakes.surroundings import PLANTED_KEY
from weryai import TaskState

pytestmark = pytest.mark.timeout(120)
PROMPT = "Make the person wave their hand"


def advancing(emulator: Any, seen: list[TaskState]) -> Any:
    """Return an `on_update` that turns the emulator's clock with every look."""

    def on_update(task: Any) -> None:
        seen.append(task.state)
        emulator.clock.advance(1.0)

    return on_update


def count(emulator: Any, method: str, path: str) -> int:
    """Count the emulator's requests of one method whose path starts with `path`."""
    return sum(one.method == method and one.path.startswith(path) for one in emulator.requests)


def test_a_local_picture_becomes_a_video(face: Face, emulator: Any, tmp_path: Path) -> None:
    """One upload, one POST, looks, one download: `generate` ends in a file with the story behind it."""
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(png())
    seen: list[TaskState] = []
    submitted: list[Any] = []
    video = face.run(
        lambda client: client.image_to_video.generate(
            str(picture),
            prompt=PROMPT,
            output=tmp_path / "wave.mp4",
            interval=0.01,
            on_submit=submitted.append,
            on_update=advancing(emulator, seen),
        ),
        emulator.url,
        api_key=emulator.key,
    )
    assert video.path == tmp_path / "wave.mp4"
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert video.task.state is TaskState.SUCCEEDED and video.url == video.task.videos[0].url
    assert submitted[0].task_ids == (video.task.id,)
    assert list(dict.fromkeys(seen)) == [TaskState.WAITING, TaskState.PROCESSING, TaskState.SUCCEEDED]
    assert (count(emulator, "POST", UPLOAD), count(emulator, "POST", SUBMIT)) == (1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg", "wave.mp4"]


def test_the_picture_that_arrives_is_the_one_that_was_given(face: Face, emulator: Any) -> None:
    """The emulator has the picture byte for byte, and no request of the story holds the planted key."""
    submission = face.run(
        lambda client: client.image_to_video.submit(png(), prompt=PROMPT), emulator.url, api_key=emulator.key
    )
    assert submission.task_ids
    (upload,) = (one for one in emulator.requests if one.path == UPLOAD)
    assert parts(upload)["file"].content == png()
    assert PLANTED_KEY not in repr(list(emulator.requests))


def test_the_steps_can_be_taken_one_by_one(face: Face, emulator: Any, tmp_path: Path) -> None:
    """Upload, submit, wait and download by hand lead to the same file as `generate`."""
    clock: Any = advancing(emulator, [])

    def run(work: Any) -> Any:
        return face.run(work, emulator.url, api_key=emulator.key)

    address = run(lambda client: client.files.upload(png()))
    submission = run(lambda client: client.image_to_video.submit(address, prompt=PROMPT))
    task = run(lambda client: client.tasks.wait(submission.task_ids[0], interval=0.01, on_update=clock))
    path = run(lambda client: client.files.download(task.videos[0].url, tmp_path / "v.mp4"))
    assert path.read_bytes()[4:8] == b"ftyp"
    assert count(emulator, "POST", SUBMIT) == 1


def test_the_video_is_what_was_asked_for(tmp_path: Path) -> None:
    """A rendered video decodes with the asked duration and ratio, moves, and starts as the picture."""
    av = pytest.importorskip("av")
    from weryai import WeryAI
    from weryai.emulator import Emulator, ManualClock

    with (
        Emulator(port=0, clock=ManualClock(), video="render", key="sk-emulator") as emulator,
        WeryAI(emulator.key, base_url=emulator.url) as client,
    ):
        video = client.image_to_video.generate(
            png(240, 320),
            prompt=PROMPT,
            output=tmp_path / "v.mp4",
            duration=4,
            aspect_ratio="9:16",
            interval=0.01,
            on_update=advancing(emulator, []),
        )
    with av.open(str(video.path)) as container:
        stream = container.streams.video[0]
        frames = [frame.reformat(8, 8, "gray").to_rgb() for frame in container.decode(stream)]
        ratio = Fraction(stream.codec_context.width, stream.codec_context.height)
        duration = container.duration / av.time_base
    assert abs(duration - 4) < 0.25
    assert abs(ratio - Fraction(9, 16)) < Fraction(2, 100)
    first, last = bytes(frames[0].planes[0]), bytes(frames[-1].planes[0])
    assert len(frames) > 20 and first != last
    # The picture is a gradient that grows to the right and to the bottom.
    assert sum(first[: len(first) // 2]) < sum(first[len(first) // 2 :])

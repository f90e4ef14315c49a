"""`--sidecar`: a JSON beside each video of a run, the same as `generate` writes, whatever dies in between."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import AT_ONCE, PROMPT, filled, go, picture, rows
from fakes.commands import weryai_here
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai.bulk._running.job_runner import JobRunner
from weryai.emulator import Emulator


@pytest.fixture
def emulator() -> Any:
    """An emulator whose tasks end at once."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0, key=JOURNEY_KEY) as running:
        yield running


def test_each_video_has_its_facts(emulator: Emulator, tmp_path: Path) -> None:
    """Request, image, ids, times, price by the table, SHA-256 and versions; a local image has the URL of its upload."""
    (tmp_path / "a.png").write_bytes(png(8, 8))
    (tmp_path / "jobs.csv").write_text(f"key,image,prompt\nfar,{picture(1)},{PROMPT}\nnear,a.png,{PROMPT}\n")
    (tmp_path / "prices.csv").write_text("model,credits\nWERYAI_VIDEO_1_0,7\n")
    ended = weryai_here(
        "bulk", "run", "jobs.csv", "--sidecar", "--prices", "prices.csv", *AT_ONCE, base_url=emulator.url,
        key=JOURNEY_KEY, folder=tmp_path,
    )  # fmt: skip
    assert ended.code == 0, ended.errors
    videos = tmp_path / "jobs.csv.videos"
    far, near = (json.loads((videos / f"{key}.mp4.json").read_text()) for key in ("far", "near"))
    assert far["body"]["image"] == far["image"] == picture(1)
    assert near["body"]["image"].startswith(emulator.url) and near["image"] == str(tmp_path / "a.png")
    assert (far["key"], far["video"], far["model"]) == ("far", "far.mp4", "WERYAI_VIDEO_1_0")
    assert far["request"] == "POST /v1/generation/image-to-video" and far["body"]["prompt"] == PROMPT
    assert (far["credits"], far["credits_by"]) == (7, "the table of prices")
    assert far["sha256"] == hashlib.sha256((videos / "far.mp4").read_bytes()).hexdigest()
    assert far["task_id"] == rows(tmp_path / "jobs.csv.ledger.db", "task_id")[0] and far["url"].startswith("http")
    assert None not in far["times"].values() and "weryai" in far["versions"]
    assert JOURNEY_KEY not in json.dumps([far, near])


def test_a_run_that_dies_leaves_no_video_without(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the process ends between the video and its note, the next start writes what is missing."""
    with filled(tmp_path, 2) as ledger:
        with monkeypatch.context() as patched:

            async def dies(*_: Any, **__: Any) -> None:
                raise KeyboardInterrupt

            patched.setattr(JobRunner, "_write_sidecar", dies)
            with pytest.raises(KeyboardInterrupt):
                go(ledger, emulator.url, tmp_path, sidecar=True)
        assert not list((tmp_path / "videos").glob("*.json"))
        assert go(ledger, emulator.url, tmp_path, sidecar=True).is_complete
    assert sorted(path.name for path in (tmp_path / "videos").glob("*.json")) == ["job-0.mp4.json", "job-1.mp4.json"]
    assert [row.orders for row in emulator.ledger] == [1, 1]


def test_videos_of_earlier_runs_get_theirs(emulator: Emulator, tmp_path: Path) -> None:
    """A run with `sidecar` writes what is missing of runs without: of videos that are as they were stored.

    Nothing is bought or fetched for it, a file that is there stays, and the time is when the video was stored.
    """
    videos = tmp_path / "videos"
    with filled(tmp_path, 5) as ledger:
        assert go(ledger, emulator.url, tmp_path).counts[bulk.JobState.DONE] == 5
        assert not list(videos.glob("*.json"))
        (videos / "job-1.mp4").write_bytes(b"cut by somebody else")
        (videos / "job-2.mp4").unlink()
        (videos / "job-3.mp4.json").write_text("mine")
        assert go(ledger, emulator.url, tmp_path, sidecar=True).is_complete
    assert sorted(path.name for path in videos.glob("*.json")) == [f"job-{n}.mp4.json" for n in (0, 3, 4)]
    assert (videos / "job-3.mp4.json").read_text() == "mine"
    facts = json.loads((videos / "job-4.mp4.json").read_text())
    task_id, sha256, ended = rows(tmp_path / "run.db", "task_id, sha256, ended")[4]
    assert (facts["task_id"], facts["sha256"], facts["url"]) == (task_id, sha256, None)
    assert datetime.fromisoformat(facts["times"]["stored"]).timestamp() == int(ended)
    assert facts["body"] == {"image": picture(4), "prompt": PROMPT} | facts["body"] and facts["key"] == "job-4"
    assert [row.orders for row in emulator.ledger] == [1] * 5


def test_another_file_stays_and_costs_no_video(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A JSON of somebody else is not replaced, which is told; one of ours is; the job is done all the same."""
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "job-0.mp4.json").write_text('{"mine": 1}')
    (videos / "job-1.mp4.json").write_text('{"task_id": "old", "versions": {}}')
    with filled(tmp_path, 2) as ledger:
        assert go(ledger, emulator.url, tmp_path, sidecar=True).counts[bulk.JobState.DONE] == 2
    assert (videos / "job-0.mp4.json").read_text() == '{"mine": 1}'
    assert json.loads((videos / "job-1.mp4.json").read_text())["key"] == "job-1"
    assert "no JSON beside" in caplog.text and "another file has that name" in caplog.text
    assert not list(videos.glob(".*"))

"""What a notebook shows of a result, and what `json.dumps` takes of it."""

import dataclasses
import json
from pathlib import Path

import pytest

from weryai import Batch, Order, OrderState, Submission, Task, TaskState, Video, VideoLink, bundled_models
from weryai._flow.process import Owner


def test_a_result_becomes_json() -> None:
    """`to_dict` of a task and of a submission is JSON, with the ids and links and without the raw response."""
    task = Task("t1", TaskState.SUCCEEDED, "succeed", (VideoLink("https://x.example/v.mp4"),), raw={"a": object()})
    assert json.loads(json.dumps(task.to_dict())) == {
        "id": "t1",
        "state": "succeeded",
        "status": "succeed",
        "videos": [{"url": "https://x.example/v.mp4", "cover_url": None}],
        "reason": None,
    }
    assert json.loads(json.dumps(Submission(("t1", "t2"), 7, {"a": object()}).to_dict())) == {
        "task_ids": ["t1", "t2"],
        "batch_id": 7,
    }


def test_a_batch_an_order_and_a_model_become_json() -> None:
    """So do the other results: with every public field but what is raw."""
    order = Order(
        3, OrderState.DONE, ("t1",), (), ("wave.mp4",), body={"prompt": "wave"}, owner=Owner(7, "now", "here")
    )
    for result in (Batch(7, (Task("t1", TaskState.SUCCEEDED),)), order, bundled_models()[0]):
        told = json.loads(json.dumps(result.to_dict()))
        assert list(told) == [one.name for one in dataclasses.fields(result) if one.name != "raw"]
    assert (order.to_dict()["state"], order.to_dict()["owner"]) == ("done", {"pid": 7, "host": "here"})


def test_a_card_shows_what_the_service_said_as_text() -> None:
    """Markup in a reason, an id or a link is shown, never obeyed; what is not known has no row."""
    task = Task("<b>1</b>", TaskState.FAILED, reason="<script>alert(1)</script>")
    shown = task._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;b&gt;1&lt;/b&gt;" in shown
    assert "videos" not in shown
    assert "t1, t2" in Submission(("t1", "t2"))._repr_html_()
    assert "batch" not in Submission(("t1",))._repr_html_()


def test_a_video_plays_from_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card names the file by its path from the working folder, quoted, and holds nothing of the video."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'a "wave" & <more>.mp4'
    path.write_bytes(b"x" * 1000)
    video = Video(path, "https://x.example/v.mp4", Task("t1", TaskState.SUCCEEDED))
    shown = video._repr_html_()
    assert 'src="a%20%22wave%22%20%26%20%3Cmore%3E.mp4"' in shown
    assert "<more>" not in shown
    assert len(shown) < 1000
    assert json.loads(json.dumps(video.to_dict()))["path"] == str(path)

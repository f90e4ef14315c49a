"""What a download may write over, when it counts as whole, and what is said when it cannot be stored."""

import os
from pathlib import Path

import pytest

from fakes.playing import generate, play, reply
from fakes.videos import mp4
from weryai import DownloadError, InvalidInputError
from weryai._flow.effects import Reply
from weryai._media.download import Target, prepare, write_sidecar

WHOLE = mp4()
ACCEPTED = reply({"status": 0, "data": {"task_ids": ["t1"]}})
DONE = reply({"status": 0, "data": {"task_id": "t1", "task_status": "succeed", "videos": ["https://a.b/v.mp4"]}})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_only_ordinary_files_are_replaced(tmp_path: Path) -> None:
    """A named pipe (or a device) is never replaced by a video: refused before anything is paid for."""
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(InvalidInputError, match="no ordinary file"):
        prepare(tmp_path / "pipe.mp4", "v.mp4")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """A symbolic link is followed: the file it names gets the video."""
    (tmp_path / "real.mp4").write_bytes(b"old")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "real.mp4")
    assert prepare(tmp_path / "link.mp4", "v.mp4").path == (tmp_path / "real.mp4").resolve()


@pytest.mark.parametrize(("content", "complete"), [(WHOLE, True), (WHOLE[:-3], False)])
def test_a_file_without_a_known_end_is_checked_by_its_boxes(tmp_path: Path, content: bytes, complete: bool) -> None:
    """An answer that ends with its connection may have been cut, so the video itself is looked at."""
    target = Target(tmp_path / "v.mp4", "https://a.b/v.mp4")
    target.begin(Reply(200, {}))
    target.write(content)
    assert target.is_complete() is complete
    target.close()


def test_a_target_that_is_over_leaves_nothing(tmp_path: Path) -> None:
    """Opened by a thread after its caller was cancelled, a target removes what it has just made."""
    target = Target(tmp_path / "v.mp4", "https://a.b/v.mp4")
    target.close()
    assert target.begin(Reply(200, {})) is False
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_breaks_after_paying_is_a_download_error(tmp_path: Path) -> None:
    """Once the task is paid for, nothing says that nothing was sent: the error has the video's address and the id."""
    folder = tmp_path / "out"

    def spoil(_: object) -> None:
        folder.rmdir()
        folder.write_bytes(b"in the way")

    flow = generate("https://a.b/c.jpg", prompt="x", output=folder / "v.mp4", on_submit=spoil)
    error = play(flow, ACCEPTED, DONE).error
    assert isinstance(error, DownloadError)
    assert (error.url, error.task_id) == ("https://a.b/v.mp4", "t1")
    assert "othing was sent" not in str(error)


def test_a_bad_output_is_refused_before_paying(tmp_path: Path) -> None:
    """An output that cannot be written is found before the order, not after it."""
    (tmp_path / "file").write_bytes(b"")
    played = play(generate("https://a.b/c.jpg", prompt="x", output=tmp_path / "file" / "v.mp4"))
    assert isinstance(played.error, InvalidInputError)
    assert played.sent == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
@pytest.mark.parametrize("there", ["deep", "pipe", "link"])
def test_whatever_lies_beside_a_video_is_no_sidecar(tmp_path: Path, there: str) -> None:
    """JSON of endless depth, a named pipe or a link to nothing in that place is another file, and is not waited for."""
    video, beside = tmp_path / "v.mp4", tmp_path / "v.mp4.json"
    video.write_bytes(WHOLE)
    if there == "deep":
        beside.write_text("[" * 100_000)
    elif there == "pipe":
        os.mkfifo(beside)
    else:
        beside.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="another file has that name"):
        write_sidecar(video, request="POST /x", body={}, task_id="t", batch_id=None, url=None, submitted=None)


@pytest.mark.parametrize("end", ["close", "keep"])
def test_a_full_disk_keeps_no_part(tmp_path: Path, end: str) -> None:
    """Closing a file writes what is left of it, which fails on a full disk: that is told, and the part is removed."""
    target = Target(tmp_path / "v.mp4", "https://a.b/v.mp4")
    target.begin(Reply(200, {}))
    target.write(WHOLE[:9])
    assert target._file is not None
    os.close(target._file.fileno())
    if end == "keep":
        with pytest.raises(DownloadError, match="cannot be stored"):
            target.keep()
    target.close()
    assert list(tmp_path.iterdir()) == []

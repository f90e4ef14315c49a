"""`weryai demo`, the first thing a stranger runs: whatever the surroundings, a video at the end, or one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from fakes.documents import PICTURES, picture_script
from fakes.pictures import JPEG, png

pytestmark = pytest.mark.timeout(120)


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo in an environment that would mislead any other command."""
    surroundings = {
        **os.environ,
        "WERYAI_API_KEY": "sk-planted-0123456789abcdef",
        "SSL_CERT_FILE": "/nonexistent/certificates.pem",
        "NO_PROXY": "nothing",
    }
    command = [sys.executable, "-m", "weryai", "demo", *arguments]
    return subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False, timeout=100
    )


def test_the_demo_ends_with_a_video(tmp_path: Path) -> None:
    """The last line is the path of an MP4 below the working folder: five seconds, 16:9, moving."""
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.splitlines()[-1])
    assert path.parent.samefile(tmp_path)
    assert_as_pictured(done.stderr + done.stdout)
    with av.open(str(path)) as video:
        frames = list(video.decode(video=0))
    assert len(frames) == 5 * 24
    assert frames[0].width * 9 == frames[0].height * 16
    first, last = (bytes(frame.reformat(64, 36, "gray").planes[0]) for frame in (frames[0], frames[-1]))
    assert first != last


def test_the_demo_takes_a_picture_and_a_prompt(tmp_path: Path) -> None:
    """A picture of one's own is what the video shows."""
    (tmp_path / "my picture.png").write_bytes(png())
    done = demo(tmp_path, "--prompt", 'It\'s "moving" $HOME', "--output", "mine.mp4", "--", "my picture.png")
    assert done.returncode == 0, done.stderr
    assert "my picture.png" in done.stderr
    assert 'It\'s "moving" $HOME' in done.stderr
    assert Path(done.stdout.splitlines()[-1]).samefile(tmp_path / "mine.mp4")


def assert_as_pictured(printed: str) -> None:
    """The moving picture of README shows these lines, apart from numbers; a short state may have been missed."""
    make = picture_script()
    first, *shown = make.texts((PICTURES / "demo.svg").read_text(encoding="utf-8"))
    assert first == "$ weryai demo"
    told, now = (
        [make.words(line) for line in lines if "processing" not in line] for lines in (shown, printed.splitlines())
    )
    assert told == now


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.jpg", None, "no image at missing.jpg"),
        ("notes.jpg", b"only words", "notes.jpg is not a jpg"),
        ("empty.jpg", b"", "empty.jpg is empty"),
        ("big.jpg", JPEG + bytes(12_000_000), "big.jpg is larger than 10 MB"),
    ],
)
def test_a_bad_picture_is_one_clear_line(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    """One line of ours, a code that says no, and no task: nothing was submitted."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = demo(tmp_path, name)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr
    assert "task" not in done.stderr and done.stdout == ""

"""Where videos go: inside the folder, one file per job, with names that every system takes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weryai import ConfigurationError, InvalidInputError
from weryai._media.names import NAME_BYTES
from weryai.bulk import Job, JobState
from weryai.bulk._running.job_runner import Naming, clean

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)

HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "..",
        "../..",
        "/etc/passwd",
        "a/../../b",
        "..\\..\\b",
        "C:\\x",
        "con",
        "nul.mp4",
        "a\0b",
        " . ",
        "",
        "é",
        "กำ",
        "e\u0301",
        "a" * 400,
        "猫" * 400,
        "d/" * 400,
    ]
)


def job(key: str, row: int = 1) -> Job:
    """A job of this key."""
    return Job(row, key, JobState.SUBMITTED, "https://pictures.example/p.jpg", {"model": "M"})


@DETERMINISTIC
@given(HOSTILE, st.sampled_from(["{key}.mp4", "x/{key}/{row}.mp4", "{task_id}-{image}.mp4", "{model}{row}"]))
def test_a_video_stays_inside_the_folder(key: str, template: str) -> None:
    """Whatever a key is called, its file lies below the folder, under a name that can be a file."""
    folder = Path("/videos")
    path = Naming(folder, template).path_of(job(key), "task_1")
    assert path.is_relative_to(folder) and path != folder
    assert ".." not in path.parts
    assert [
        part
        for part in path.parts[1:]
        if not (len(part.encode()) <= NAME_BYTES and "\0" not in part and part.strip(" ."))
    ] == []


@DETERMINISTIC
@given(st.lists(HOSTILE, unique=True, min_size=2, max_size=6))
def test_two_jobs_never_share_a_file(keys: list[str]) -> None:
    """Keys that look the same once they are cleaned get the numbers of their rows."""
    # Nobody may choose a key that is another one's changed name.
    keys = list(dict.fromkeys([*keys, *(clean(key)[0] for key in keys), "a?", "a_~1", "a_-1", "a_"]))
    naming = Naming(Path("/videos"))
    paths = [naming.path_of(job(key, row), f"task_{row}") for row, key in enumerate(keys, 1)]
    assert len(set(paths)) == len(paths)


def test_a_plain_key_stays_as_it_is() -> None:
    """A key that is a good name is not changed, folders included."""
    assert Naming(Path("/videos")).path_of(job("shoes/red 1"), "t") == Path("/videos/shoes/red 1.mp4")
    assert clean("shoes/red 1.jpg") == ("shoes/red 1.jpg", False)


@pytest.mark.parametrize(
    ("template", "told"),
    [("video.mp4", "same for many jobs"), ("{prompt}-{key}", "'prompt'"), ("{key", "cannot be read"), ("{}", "''")],
)
def test_a_template_that_names_nothing_is_refused(template: str, told: str) -> None:
    """A template without a word that tells jobs apart, or with one that is not known, is refused before anything."""
    with pytest.raises(InvalidInputError, match=told):
        Naming(Path("/videos"), template)


def test_the_video_of_an_image_is_called_as_the_image() -> None:
    """A key that is a file's name loses the image's suffix; letters keep their marks; a URL gives its last part."""
    for key, name in (
        ("a/IMG_01.JPG", "a/IMG_01.mp4"),
        ("กำลัง.webp", "กำลัง.mp4"),
        (".jpg", "jpg~1.mp4"),
        ("v.1", "v.1.mp4"),
    ):
        assert Naming("/videos").path_of(job(key), "t") == Path("/videos", name)
    assert Naming("/videos", "{image}-{row}.mp4").path_of(job("k", 7), "t") == Path("/videos/p-7.mp4")


def test_a_name_that_is_taken_gets_the_row() -> None:
    """The second choice says whose it is, and stays short enough."""
    others = Naming("/videos").others(Path("/videos/a.mp4"), 7)
    assert [next(others).name for _ in range(3)] == ["a~7.mp4", "a~7-1.mp4", "a~7-2.mp4"]
    assert len(next(Naming("/videos").others(Path("/videos", "猫" * 66 + ".mp4"), 7)).name.encode()) <= NAME_BYTES + 4


@pytest.mark.parametrize(
    ("folder", "told"), [("file/x", "cannot take videos"), ("bad\udcff", "no UTF-8"), ("d/" * 2000, "too long")]
)
def test_a_folder_that_takes_no_video_is_refused_before_paying(tmp_path: Path, folder: str, told: str) -> None:
    """What would keep videos from the disk is found before the first order."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=told):
        Naming(tmp_path / folder).prepare()

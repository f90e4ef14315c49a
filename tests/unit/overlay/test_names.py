"""Names of files: safe, short enough, and never taken from a file that has them."""

import os
from pathlib import Path
from typing import Any

import pytest

from fakes.playing import download, generate, play, reply
from fakes.videos import mp4
from weryai._media import names
from weryai._media.download import prepare
from weryai._media.names import give_name, name_of, rename_new, safe_id, shortened, video_name
from weryai.errors import DownloadError, InvalidInputError

ACCEPTED = reply({"status": 0, "data": {"task_ids": ["t1"]}})
DONE = reply({"status": 0, "data": {"task_id": "t1", "task_status": "succeed", "videos": ["https://a.b/v.mp4"]}})


def content(text: str) -> Any:
    """Answer a download with a video of this content."""
    video = mp4(text.encode())
    return reply(video, content_length=str(len(video)))


def listed(folder: Path) -> dict[str, bytes]:
    """What is in a folder: names and contents."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


IMAGES = [
    ("photos/IMG_01.jpg", "IMG_01.mp4"),
    (Path("a/b.c.webp"), "b.c.mp4"),
    ("https://e.com/p/cat.png?sig=a/b.jpg", "cat.mp4"),
    ("https://e.com/", "t.mp4"),
    (b"bytes", "t.mp4"),
    ("กำลัง.jpg", "กำลัง.mp4"),
    ("cafe\u0301.jpg", "cafe\u0301.mp4"),
    ("con.jpg", "_con.mp4"),
    ("a:b?.jpg", "a_b_.mp4"),
    ("...", "t.mp4"),
    ("bad\udcff.jpg", "bad_.mp4"),
    ("猫" * 78 + ".jpg", "猫" * 65 + ".mp4"),
]


@pytest.mark.parametrize(("image", "name"), IMAGES)
def test_a_video_is_called_as_its_image(image: Any, name: str) -> None:
    """IMG_01.jpg becomes IMG_01.mp4, with its letters and their marks, at most 200 bytes long."""
    assert video_name(image, "t.mp4") == name


def test_an_open_file_has_a_name_too(tmp_path: Path) -> None:
    """The video of a file that the caller opened is called as that file; one without a name has none."""
    (tmp_path / "cat.png").touch()
    with (tmp_path / "cat.png").open("rb") as file:
        assert video_name(file, "t.mp4") == "cat.mp4"
    with os.fdopen(os.open(tmp_path / "cat.png", os.O_RDONLY), "rb") as file:
        assert video_name(file, "t.mp4") == "t.mp4"


def test_names_are_cut_at_a_letter_and_keep_their_suffix() -> None:
    """Lengths are counted in bytes, as file systems count them."""
    assert shortened("ä" * 200 + ".mp4") == "ä" * 98 + ".mp4"
    assert shortened("a.b" + "x" * 300, 10) == "a.bxxxxxxx"
    assert safe_id("a/..\\b" + "é" * 90) == "a_b" + "é" * 48


@pytest.mark.parametrize("has_links", [True, False])
def test_a_name_is_never_taken_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool) -> None:
    """With hard links and without, what is there keeps its name, a dangling link as well; nothing is left behind."""
    if not has_links:
        monkeypatch.setattr(names.os, "link", lambda *_: (_ for _ in ()).throw(PermissionError("no links here")))
    (tmp_path / "v.mp4").write_bytes(b"mine")
    (tmp_path / "v-1.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "part").write_bytes(b"new")
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "part", tmp_path / "v.mp4")
    assert give_name(tmp_path / "part", tmp_path / "v.mp4") == tmp_path / "v-2.mp4"
    (tmp_path / "v-1.mp4").unlink()
    assert listed(tmp_path) == {"v.mp4": b"mine", "v-2.mp4": b"new"}


def test_a_name_appears_between_claim_and_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links two of us keep off each other by a hidden file, in upper and lower case alike."""
    monkeypatch.delattr(names.os, "link")
    (tmp_path / "part").write_bytes(b"new")
    rename = Path.rename

    def meanwhile(self: Path, target: Path) -> Path:
        (tmp_path / "other").write_bytes(b"other")
        with pytest.raises(FileExistsError):
            rename_new(tmp_path / "other", target.with_name(target.name.upper()))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", meanwhile)
    rename_new(tmp_path / "part", tmp_path / "v.mp4")
    assert listed(tmp_path) == {"v.mp4": b"new", "other": b"other"}


def test_two_urls_that_end_alike_give_two_files(tmp_path: Path) -> None:
    """In a folder a name is the program's choice, so it is made different when it is taken."""
    for number, host in enumerate(("a.b", "c.d", "e.f")):
        play(download(f"https://{host}/v.mp4", f"{tmp_path}/videos/"), content(f"{number}"))
    assert listed(tmp_path / "videos") == {"v.mp4": mp4(b"0"), "v-1.mp4": mp4(b"1"), "v-2.mp4": mp4(b"2")}


def test_two_images_of_one_name_give_two_videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an output the video is called as its image, and never replaces another one's."""
    monkeypatch.chdir(tmp_path)
    for name in ("wave.mp4", "wave-1.mp4"):
        video = play(generate("https://a.b/wave.jpg", prompt="x"), ACCEPTED, DONE, content(name)).result
        assert video.path == Path(name)
    assert listed(tmp_path) == {"wave.mp4": mp4(b"wave.mp4"), "wave-1.mp4": mp4(b"wave-1.mp4")}


@pytest.mark.parametrize(("if_exists", "left"), [("replace", ["v.mp4"]), ("rename", ["v-1.mp4", "v.mp4"])])
def test_a_file_that_was_named_is_replaced_unless_told_otherwise(
    tmp_path: Path, if_exists: Any, left: list[str]
) -> None:
    """What the user named is replaced, as it always was; with "rename" it gets a number."""
    (tmp_path / "v.mp4").write_bytes(b"old")
    played = play(download("https://a.b/v.mp4", tmp_path / "v.mp4", if_exists=if_exists), content("new"))
    assert (sorted(listed(tmp_path)), played.result.name) == (left, left[0])


def test_a_file_that_is_there_is_refused_before_paying(tmp_path: Path) -> None:
    """With "refuse" nothing is sent; who comes in between afterwards is not replaced either."""
    path = tmp_path / "v.mp4"
    path.write_bytes(b"old")
    for flow in (
        generate("https://a.b/p.jpg", prompt="x", output=path, if_exists="refuse"),
        download("https://a.b/v.mp4", path, if_exists="refuse"),
        download("https://a.b/v.mp4", path, if_exists="whatever"),
    ):
        played = play(flow)
        assert isinstance(played.error, InvalidInputError) and not played.sent
    path.unlink()
    flow = generate(
        "https://a.b/p.jpg", prompt="x", output=path, if_exists="refuse", on_submit=lambda _: path.write_bytes(b"mine")
    )
    assert play(flow, ACCEPTED, DONE, content("new")).result.path == tmp_path / "v-1.mp4"
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("length", [78, 84])
def test_names_that_no_disk_takes_are_refused_before_paying(tmp_path: Path, length: int) -> None:
    """A name is stored, or refused before anything is sent: what is hidden until the end counts as well."""
    output = tmp_path / ("猫" * length + ".mp4")
    played = play(
        generate("https://a.b/p.jpg", prompt="x", output=output), *[ACCEPTED, DONE, content("v")][: 3 * (length < 80)]
    )
    assert isinstance(played.error, InvalidInputError) if length > 80 else played.result.path == output


@pytest.mark.skipif(os.name != "posix", reason="only there names are bytes")
def test_a_name_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    """A path that is no UTF-8 could not be kept in a journal: refused before anything is sent, in our own words."""
    played = play(generate("https://a.b/p.jpg", prompt="x", output=tmp_path / "bad\udcff.mp4"))
    assert isinstance(played.error, InvalidInputError) and "no UTF-8" in str(played.error)
    assert played.sent == []


def test_a_working_folder_that_is_no_utf_8_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody named an output, the working folder is what cannot be used."""
    folder = tmp_path / "d\udcff"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(InvalidInputError, match="the working folder cannot be written: its name is no UTF-8"):
        prepare(None, "v.mp4")


def test_home_is_found_without_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell expands ~ behind --output=, so we do; a file of that name can still be named as ./~."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert play(download("https://a.b/v.mp4", "~/x/y.mp4"), content("v")).result == tmp_path / "x" / "y.mp4"


def test_a_removed_working_folder_is_told_before_paying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands in a folder that is gone hears so, and nothing is sent."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for output in (None, "v.mp4", "x/"):
        played = play(generate("https://a.b/p.jpg", prompt="x", output=output))
        assert isinstance(played.error, InvalidInputError) and not played.sent
    monkeypatch.chdir(tmp_path)


def test_urls_keep_the_marks_of_letters() -> None:
    """The last part of a URL keeps its letters, marks included, and no more than 100 bytes."""
    assert name_of("https://e.com/e%CC%81t%C3%A9.mp4") == "e\u0301té.mp4"
    assert len(name_of("https://e.com/" + "%E7%8C%AB" * 200 + ".mp4").encode()) == 100


def test_what_cannot_be_renamed_is_a_download_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails at the last step is told with the video's URL, and not taken for a name that is in use."""

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(names.os, "link", fails)
    monkeypatch.setattr(Path, "rename", fails)
    played = play(download("https://a.b/v.mp4", f"{tmp_path}/"), content("v"))
    assert isinstance(played.error, DownloadError) and "still at https://a.b/v.mp4" in str(played.error)
    assert listed(tmp_path) == {}

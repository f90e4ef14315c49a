"""A video appears under its final name complete or not at all, and never outside the folder that was named."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.playing import download, play, reply
from weryai._flow.effects import Fetch, Reply
from weryai._media.download import Target, name_of, prepare_path, sniff_suffix
from weryai.errors import DownloadError, InvalidInputError, TransportError, WeryAIWarning

URL = "https://cdn.weryai.com/result/v.mp4"
MP4 = b"\x00\x00\x00\x18ftypisom" + b"v" * 1000
DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)


def video(content: bytes = MP4, http_status: int = 200, length: int | None = None, **headers: str) -> Reply:
    """Answer a download with a length, its own unless told otherwise."""
    return reply(content, http_status, content_length=str(len(content) if length is None else length), **headers)


def listed(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_complete_file_gets_its_final_name(tmp_path: Path) -> None:
    """A download that is complete leaves exactly the file that was named, with every byte."""
    played = play(download(URL, tmp_path / "wave.mp4"), video())
    assert played.result == tmp_path / "wave.mp4"
    assert (listed(tmp_path), played.result.read_bytes()) == (["wave.mp4"], MP4)


def test_the_final_name_is_not_there_before_the_end(tmp_path: Path) -> None:
    """While pieces arrive only a hidden temporary file exists, beside the target; discard removes it."""
    target = Target(tmp_path / "wave.mp4", URL)
    assert target.begin(video())
    target.write(MP4)
    (name,) = listed(tmp_path)
    assert name.startswith(".wave.mp4.")
    assert name.endswith(".part")
    target.discard()
    assert listed(tmp_path) == []
    target.discard()


@pytest.mark.parametrize("length", [len(MP4) + 1, len(MP4) - 1, 0])
def test_a_wrong_length_never_finishes(tmp_path: Path, length: int) -> None:
    """A file with more or fewer bytes than announced is tried again, then a DownloadError that keeps what came."""
    played = play(download(URL, tmp_path / "wave.mp4"), *[video(length=length)] * 4)
    assert isinstance(played.error, DownloadError)
    partial = played.error.partial_path
    assert partial is not None and partial.read_bytes() == MP4
    assert (played.error.url, len(played.slept), listed(tmp_path)) == (URL, 3, [partial.name])
    assert "incomplete" in str(played.error)


def test_an_empty_file_is_never_complete(tmp_path: Path) -> None:
    """Zero bytes are no video, announced or not."""
    for answer in (video(b""), reply(b"")):
        assert isinstance(play(download(URL, tmp_path / "v.mp4"), *[answer] * 4).error, DownloadError)
    assert listed(tmp_path) == []


def test_an_unannounced_length_is_believed(tmp_path: Path) -> None:
    """Chunks without Content-Length, or an encoded body, end where the transport says."""
    for answer in (reply(MP4, transfer_encoding="chunked"), video(length=3, content_encoding="gzip")):
        assert play(download(URL, tmp_path / "v.mp4"), answer).result.read_bytes() == MP4


def test_a_later_try_starts_from_nothing(tmp_path: Path) -> None:
    """After a cut the next try replaces the first one's bytes instead of adding to them."""
    target = Target(tmp_path / "v.mp4", URL)
    for content in (b"old" * 100, MP4):
        target.begin(video(content))
        target.write(content)
    assert target.is_complete()
    assert target.finish().read_bytes() == MP4
    assert listed(tmp_path) == ["v.mp4"]


AGAIN = [404, 408, 425, 429, 500, 502, 503, 504, 520]


@pytest.mark.parametrize("status", AGAIN)
def test_a_cdn_gets_another_chance(tmp_path: Path, status: int) -> None:
    """Statuses of a cold or busy CDN, and resets, are tried again, 4 times in all."""
    path = tmp_path / "v.mp4"
    assert play(download(URL, path), video(b"no", status), TransportError("reset"), video()).result == path
    played = play(download(URL, path), *[video(b"no", status)] * 4)
    assert isinstance(played.error, DownloadError)
    assert f"HTTP {status}" in str(played.error)


@pytest.mark.parametrize("status", [204, 206, 301, 400, 401, 403, 410])
def test_other_answers_end_the_download_at_once(tmp_path: Path, status: int) -> None:
    """What another try cannot mend is a DownloadError after one request, and an error page is never stored."""
    played = play(download(URL, tmp_path / "v.mp4"), video(MP4, status))
    assert isinstance(played.error, DownloadError)
    assert (len(played.sent), listed(tmp_path)) == (1, [])


def test_a_failed_download_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    """An earlier file under the final name survives until a complete one replaces it."""
    path = tmp_path / "v.mp4"
    path.write_bytes(b"old")
    play(download(URL, path), *[video(length=5)] * 4)
    assert path.read_bytes() == b"old"
    play(download(URL, path), video())
    assert path.read_bytes() == MP4


def test_an_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle removes the temporary file."""
    flow = download(URL, tmp_path / "v.mp4")
    effect = next(flow)
    while not isinstance(effect, Fetch):
        effect = flow.send(effect.function() if hasattr(effect, "function") else 0.0)
    effect.sink.begin(video())
    effect.sink.write(MP4[:10])
    with pytest.raises(KeyboardInterrupt):
        flow.throw(KeyboardInterrupt())
    assert listed(tmp_path) == []


SUFFIXES = [
    (b"\x1a\x45\xdf\xa3" + b"0" * 20, ".webm"),
    (b"GIF89a" + b"0" * 20, ".gif"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff\xe0", ".jpg"),
    (b"RIFF0000WEBPVP8 ", ".webp"),
    (b"PK\x03\x04", ".zip"),
    (b"<!DOCTYPE html><html>", ".html"),
    (b"\xef\xbb\xbf  <HTML>", ".html"),
    (b"<?xml version='1.0'?><Error/>", ".xml"),
    (b'{"error": 1}', ".json"),
    (b"garbage", ".bin"),
]


@pytest.mark.parametrize(("content", "suffix"), SUFFIXES)
def test_a_file_that_is_no_mp4_is_kept_under_the_right_suffix(tmp_path: Path, content: bytes, suffix: str) -> None:
    """A complete file is never thrown away: it gets the suffix its content deserves, and a warning says so."""
    with pytest.warns(WeryAIWarning, match="is not an MP4"):
        played = play(download(URL, tmp_path / "wave.mp4"), video(content))
    assert played.result == tmp_path / f"wave{suffix}"
    assert played.result.read_bytes() == content
    assert sniff_suffix(content) == suffix


def test_mp4_and_quicktime_keep_the_name(tmp_path: Path) -> None:
    """Both members of the family may stand under .mp4, .m4v or .mov; another suffix of the user's is respected."""
    quicktime = b"\x00\x00\x00\x14ftypqt  " + b"0" * 50
    for name, content in (("a.mp4", MP4), ("b.MOV", MP4), ("c.mp4", quicktime), ("d.bin", b"{}"), ("e", b"<html>")):
        assert play(download(URL, tmp_path / name), video(content)).result == tmp_path / name


def test_a_deserved_suffix_never_overwrites_a_neighbour(tmp_path: Path) -> None:
    """If the better name is taken, a number is added; the neighbour keeps its bytes."""
    (tmp_path / "wave.json").write_bytes(b"mine")
    for expected in ("wave-1.json", "wave-2.json"):
        with pytest.warns(WeryAIWarning):
            assert play(download(URL, tmp_path / "wave.mp4"), video(b"{}")).result.name == expected
    assert (tmp_path / "wave.json").read_bytes() == b"mine"


NAMES = [
    ("https://e.com/a/v.mp4", "v.mp4"),
    ("https://e.com/a/v.mp4?sig=../../x", "v.mp4"),
    ("https://e.com/..%2F..%2Fetc%2Fpasswd", "passwd"),
    ("https://e.com/..%5C..%5Cboot.ini", "boot.ini"),
    ("https://e.com/..", "video.mp4"),
    ("https://e.com/%2e%2e", "video.mp4"),
    ("https://e.com/", "video.mp4"),
    ("https://e.com", "video.mp4"),
    ("https://e.com/.bashrc", "bashrc"),
    ("https://e.com/a%00b.mp4", "a_b.mp4"),
    ("https://e.com/" + "n" * 500 + ".mp4", "n" * 96 + ".mp4"),
]


@pytest.mark.parametrize(("url", "name"), NAMES)
def test_names_from_hostile_addresses(url: str, name: str) -> None:
    """The name of a file is the address's last part, without anything that could leave the folder or hide the file."""
    assert name_of(url) == name


@DETERMINISTIC
@given(st.text(max_size=80))
def test_no_address_leaves_the_folder(tail: str) -> None:
    """Whatever stands in an address's path, the name is one plain part of a path."""
    path = "/" + tail.replace("[", "").replace("]", "")
    name = name_of("https://e.com" + path)
    assert name
    assert not name.startswith(".")
    assert Path("folder", name).resolve().parent == Path("folder").resolve()
    assert len(name) <= 100


def test_a_folder_gets_the_name_of_the_address(tmp_path: Path) -> None:
    """A folder as target, existing or written with a slash, gets the file inside; missing folders are made."""
    assert play(download(URL, tmp_path), video()).result == tmp_path / "v.mp4"
    assert play(download(URL, f"{tmp_path}/new/deep/"), video()).result == tmp_path / "new" / "deep" / "v.mp4"


def test_what_cannot_be_written_is_refused_unsent(tmp_path: Path) -> None:
    """A file as folder, a NUL, a name too long or of a wrong type: InvalidInputError, nothing fetched."""
    blocker = tmp_path / "file"
    blocker.touch()
    cases: list[Any] = [
        blocker / "v.mp4",
        "a\0b.mp4",
        5,
        b"v.mp4",
        tmp_path / ("d" * 300),
        tmp_path / ("d" * 300) / "v.mp4",
    ]
    for output in cases:
        played = play(download(URL, output))
        assert type(played.error) is InvalidInputError
        assert played.sent == []


def test_preparing_leaves_no_trace(tmp_path: Path) -> None:
    """Trying whether a folder can be written leaves nothing in it."""
    assert prepare_path(tmp_path / "v.mp4", "x") == tmp_path / "v.mp4"
    assert listed(tmp_path) == []


@pytest.mark.parametrize("url", ["ftp://e.com/v.mp4", "v.mp4", "", None, 5, "data:video/mp4;base64,AA"])
def test_only_web_addresses_are_downloaded(url: Any, tmp_path: Path) -> None:
    """An address that is not http or https is an InvalidInputError, and nothing is fetched."""
    played = play(download(url, tmp_path / "v.mp4"))
    assert type(played.error) is InvalidInputError
    assert played.sent == []


def test_bytes_reach_the_disk_before_the_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is flushed to the disk before it gets its name, and the folder afterwards."""
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (order.append("replace"), replace(*names)))
    target = Target(tmp_path / "v.mp4", "https://a.b/v.mp4")
    target.begin(Reply(200, {}))
    target.write(MP4)
    target.finish()
    assert order == ["fsync", "replace", "fsync"]

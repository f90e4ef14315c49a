"""A video appears under its final name complete or not at all, and never outside the folder that was named."""

import gzip
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.playing import download, play, reply
from fakes.videos import mp4, webm
from weryai._flow.effects import Fetch, Reply
from weryai._media import download as download_module
from weryai._media.download import Target, prepare, sniff_suffix
from weryai._media.names import name_of
from weryai.errors import DownloadError, InvalidInputError, TransportError, WeryAIWarning

URL = "https://cdn.weryai.com/result/v.mp4"
MP4 = mp4(b"v" * 1000)
DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)


def video(content: bytes = MP4, http_status: int = 200, length: int | None = None, **headers: str) -> Reply:
    """Answer a download with a length, its own unless told otherwise."""
    return reply(content, http_status, content_length=str(len(content) if length is None else length), **headers)


def pour(target: Target, content: bytes) -> None:
    """Write in pieces."""
    for start in range(0, len(content), 100_000):
        target.write(content[start : start + 100_000])


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
    for answer in (reply(MP4, transfer_encoding="chunked"), video(gzip.compress(MP4), content_encoding="gzip")):
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
def test_what_is_no_video_is_never_the_video(tmp_path: Path, content: bytes, suffix: str) -> None:
    """A page or an image is fetched three times; the same each time, it is kept beside under the suffix it deserves."""
    played = play(download(URL, tmp_path / "wave.mp4"), *[video(content)] * 3)
    assert isinstance(played.error, DownloadError)
    assert sniff_suffix(content) == suffix
    kept = tmp_path / f"wave{'.mp4.broken' if suffix == '.webm' else suffix}"
    assert (played.error.partial_path, listed(tmp_path), kept.read_bytes()) == (kept, [kept.name], content)


def test_what_is_no_video_is_taken_on_request(tmp_path: Path) -> None:
    """With validate=False whatever comes whole is taken, under the suffix it deserves, with a warning."""
    with pytest.warns(WeryAIWarning, match="is not an MP4"):
        played = play(download(URL, tmp_path / "wave.mp4", validate=False), video(b"<html>"))
    assert (played.result, listed(tmp_path)) == (tmp_path / "wave.html", ["wave.html"])


def test_a_page_that_gives_way_to_the_video_is_forgotten(tmp_path: Path) -> None:
    """A portal's page once or twice, then the video: that alone is stored."""
    played = play(download(URL, tmp_path / "v.mp4"), video(b"<html>"), video(b"<html>"), video())
    assert (played.result.read_bytes(), listed(tmp_path)) == (MP4, ["v.mp4"])


def test_pages_that_differ_each_time_come_to_an_end_too(tmp_path: Path) -> None:
    """A page with a clock in it is another one each time, and is not asked for without end."""
    played = play(download(URL, tmp_path / "v.mp4"), *[video(b"<html>%d" % number) for number in range(4)])
    assert isinstance(played.error, DownloadError) and played.error.partial_path == tmp_path / "v.html"


def test_mp4_and_quicktime_keep_the_name(tmp_path: Path) -> None:
    """Both members of the family may stand under .mp4, .m4v or .mov; another suffix of the user's is respected."""
    quicktime = mp4(brand=b"qt  ")
    for name, content in (("a.mp4", MP4), ("b.MOV", MP4), ("c.mp4", quicktime), ("d.bin", MP4), ("e", webm())):
        assert play(download(URL, tmp_path / name), video(content)).result == tmp_path / name


def test_a_deserved_suffix_never_overwrites_a_neighbour(tmp_path: Path) -> None:
    """If the better name is taken, a number is added; the neighbour keeps its bytes."""
    (tmp_path / "wave.webm").write_bytes(b"mine")
    for expected in ("wave-1.webm", "wave-2.webm"):
        with pytest.warns(WeryAIWarning, match="is not an MP4"):
            assert play(download(URL, tmp_path / "wave.mp4"), video(webm())).result.name == expected
    assert (tmp_path / "wave.webm").read_bytes() == b"mine"


def test_the_same_page_is_kept_once(tmp_path: Path) -> None:
    """A download that is tried again and again does not fill the folder with the same page."""
    for content in (b"<html>", b"<html>", b"<html>other"):
        play(download(URL, tmp_path / "wave.mp4"), *[video(content)] * 3)
    assert listed(tmp_path) == ["wave-1.html", "wave.html"]


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
    assert prepare(tmp_path / "v.mp4", "x").path == tmp_path / "v.mp4"
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


PACKED = gzip.compress(MP4)


@pytest.mark.parametrize("length", [None, len(PACKED) // 2], ids=["without a length", "with one that fits"])
def test_half_a_gzip_is_never_whole(tmp_path: Path, length: int | None) -> None:
    """An encoded body that was not asked for is unpacked to its own end, which must be there."""
    head = {"content_encoding": "gzip"} | ({} if length is None else {"content_length": str(length)})
    half = reply(PACKED[: len(PACKED) // 2], **head)
    assert isinstance(play(download(URL, tmp_path / "v.mp4"), *[half] * 4).error, DownloadError)
    assert not (tmp_path / "v.mp4").exists()
    assert play(download(URL, tmp_path / "v.mp4"), half, reply(PACKED, content_encoding="gzip")).error is None


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,identity"])
def test_other_encodings_are_not_unpacked(tmp_path: Path, encoding: str) -> None:
    """What is packed twice, or in a way that we did not ask for, is not read at all."""
    played = play(download(URL, tmp_path / "v.mp4"), *[video(PACKED, content_encoding=encoding)] * 4)
    assert isinstance(played.error, DownloadError) and repr(encoding) in str(played.error)
    assert listed(tmp_path) == []


def test_a_bomb_is_bounded_in_memory_and_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking goes piece by piece and ends when it has grown as no video grows; a page ends as well."""
    monkeypatch.setattr(download_module, "MOST_OTHER_BYTES", 1_000_000)
    pieces: list[int] = []
    store = Target._store
    monkeypatch.setattr(Target, "_store", lambda self, piece: (pieces.append(len(piece)), store(self, piece))[1])
    for content, head in (
        (gzip.compress(MP4 + bytes(20_000_000)), {"content_encoding": "gzip"}),
        (b"<html>" + bytes(2_000_000), {}),
    ):
        target = Target(tmp_path / "v.mp4", URL)
        assert target.begin(reply(b"", **head))
        with pytest.raises(ValueError, match="no video"):
            pour(target, content)
        target.close()
    assert max(pieces) <= 256 * 1024 and sum(pieces) < 3_000_000


@pytest.mark.parametrize("other", [{"etag": '"b"'}, {"last_modified": "Tue, 24 Nov 2026 12:00:01 GMT"}], ids=str)
def test_a_part_of_another_file_is_not_glued_on(tmp_path: Path, other: dict[str, str]) -> None:
    """A 206 whose ETag or date is another one restarts the download from zero."""
    name = next(iter(other))
    first = {"etag": '"a"', "last_modified": "Tue, 24 Nov 2026 12:00:00 GMT"}
    half = Reply(200, {"content-length": str(len(MP4)), name.replace("_", "-"): first[name]}, MP4[:500])
    rest = reply(MP4[500:], 206, content_range=f"bytes 500-{len(MP4) - 1}/{len(MP4)}", **other)
    played = play(download(URL, tmp_path / "v.mp4"), half, rest, video())
    assert played.result.read_bytes() == MP4
    assert [bool(one.headers) for one in played.sent] == [False, True, False]


def test_what_is_no_video_is_fetched_from_a_fresh_link(tmp_path: Path) -> None:
    """A page in the place of a video may come from a link that is over: the status is asked, which is free."""
    status = {"status": 0, "data": {"task_id": "t1", "task_status": "succeed", "videos": ["https://a.b/new.mp4"]}}
    played = play(download(URL, tmp_path / "v.mp4", task_id="t1"), video(b"<html>"), reply(status), video())
    assert [one.name for one in played.sent][-1] == "GET https://a.b/new.mp4"
    assert played.result.read_bytes() == MP4


def test_a_warning_that_is_an_error_costs_no_video(tmp_path: Path) -> None:
    """Under -W error the video is stored all the same, and its path returned."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert play(download(URL, tmp_path / "v.mp4"), video(webm())).result == tmp_path / "v.webm"


def test_numbers_of_any_length_are_no_lengths(tmp_path: Path) -> None:
    """A length or a place of 5,000 digits, which Python does not read, is taken for none."""
    digits = "9" * 5_000
    target = Target(tmp_path / "v.mp4", URL)
    target.begin(Reply(200, {"content-length": digits, "etag": '"a"'}))
    target.write(mp4()[:9])
    for told in (f"bytes {digits}-9/99", f"bytes 9-99/{digits}"):
        assert not target.begin(Reply(206, {"content-range": told, "etag": '"a"'}))

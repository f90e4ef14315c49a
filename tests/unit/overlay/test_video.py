"""What counts as a whole video, by its structure; nothing is decoded, and only headers are read."""

import io
from pathlib import Path
from typing import Any

import pytest

from fakes.videos import box, element, fragmented, mp4, track, webm
from weryai._media import structure
from weryai._media.structure import video_suffix

FIXED = Path(structure.__file__).parents[1] / "emulator" / "data" / "fixed.mp4"
FTYP, MOOV, MDAT = box(b"ftyp", b"isom", bytes(4)), box(b"moov", track()), box(b"mdat", b"video")


def stsz(*sizes: int) -> bytes:
    """Make the table of the sizes of samples."""
    return box(b"stsz", bytes(8), len(sizes).to_bytes(4, "big"), *(size.to_bytes(4, "big") for size in sizes))


def sidx(*sizes: int) -> bytes:
    """Make the index of pieces of these sizes."""
    references = [size.to_bytes(4, "big") + bytes(8) for size in sizes]
    return box(b"sidx", bytes(12), bytes(8), bytes(2), len(sizes).to_bytes(2, "big"), *references)


PIECES = box(b"moof", bytes(8)) + box(b"mdat", b"piece")
WHOLE = {
    "mp4": (mp4(), ".mp4"),
    "index at the end": (FTYP + MDAT + MOOV, ".mp4"),
    "quicktime": (mp4(brand=b"qt  "), ".mov"),
    "quicktime without ftyp": (box(b"wide") + MDAT + MOOV, ".mov"),
    "long length": (FTYP + MOOV + b"\0\0\0\1mdat" + (17).to_bytes(8, "big") + b"X", ".mp4"),
    "to the end": (FTYP + MOOV + b"\0\0\0\0mdat and so on", ".mp4"),
    "unknown boxes": (FTYP + box(b"free", b"x") + MOOV + MDAT + box(b"\xa9xyz") + box(b"uuid", bytes(16)), ".mp4"),
    "sound and images": (mp4(movie=box(b"moov", box(b"mvhd"), track(b"soun"), track())), ".mp4"),
    "table": (mp4(b"12345", movie=box(b"moov", track(b"vide", stsz(2, 3)))), ".mp4"),
    "even table": (
        mp4(b"1234", movie=box(b"moov", track(b"vide", box(b"stsz", bytes(4), b"\0\0\0\2\0\0\0\2")))),
        ".mp4",
    ),
    "fragmented": (fragmented(), ".mp4"),
    "indexed": (FTYP + MOOV + sidx(len(PIECES), len(PIECES)) + PIECES * 2, ".mp4"),
    "webm": (webm(), ".webm"),
    "live webm": (webm(is_live=True), ".webm"),
    "matroska": (webm(doctype=b"matroska"), ".mkv"),
}
NONE: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html>" + b"x" * 100,
    "json": b'{"error": "expired"}',
    "no index": FTYP + MDAT,
    "no content": FTYP + MOOV,
    "empty content": FTYP + MOOV + box(b"mdat"),
    "an index of nothing": FTYP + box(b"moov") + MDAT,
    "an index of zeros": FTYP + box(b"moov", bytes(200)) + MDAT,
    "sound alone": mp4(movie=box(b"moov", track(b"soun"))),
    "an animated image": mp4(brand=b"avis", movie=box(b"moov", track(b"pict"))),
    "an image": box(b"ftyp", b"heic", bytes(4)) + box(b"meta", bytes(20)) + MDAT,
    "a byte more": mp4() + b"\0",
    "a length of two": FTYP + MOOV + b"\0\0\0\2mdat",
    "samples that are not there": mp4(b"1234", movie=box(b"moov", track(b"vide", stsz(2, 3)))),
    "content to an end that was cut": FTYP + box(b"moov", track(b"vide", stsz(9, 9))) + b"\0\0\0\0mdat and so on",
    "a table that is cut": mp4(movie=box(b"moov", track(b"vide", box(b"stsz", bytes(8), b"\0\0\0\xff")))),
    "half a fragment": fragmented() + box(b"moof", bytes(8)),
    "a fragment of an index is missing": FTYP + MOOV + sidx(len(PIECES), len(PIECES)) + PIECES,
    "pages of a webm": element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"webm")),
    "a webm without tracks": webm()[:18] + element(b"\x18\x53\x80\x67", element(b"\x1f\x43\xb6\x75", b"")),
    "a webm of another kind": webm(doctype=b"other"),
}


@pytest.mark.parametrize(("content", "suffix"), WHOLE.values(), ids=list(WHOLE))
def test_a_whole_video_is_known_by_its_structure(tmp_path: Path, content: bytes, suffix: str) -> None:
    """MP4, fragmented MP4, QuickTime and WebM whose parts add up are videos."""
    (tmp_path / "v").write_bytes(content)
    assert video_suffix(tmp_path / "v") == suffix


@pytest.mark.parametrize("content", NONE.values(), ids=list(NONE))
def test_what_is_no_whole_video_is_none(tmp_path: Path, content: bytes) -> None:
    """Pages, images, sound, and files whose parts do not add up are no videos."""
    (tmp_path / "v").write_bytes(content)
    assert video_suffix(tmp_path / "v") is None


# Behind a fragment, a piece of a live stream, or a box that nothing needs, the video could end as well.
SEAMS = {"fragmented": 1, "live webm": 2, "to the end": 13, "unknown boxes": 2}


@pytest.mark.parametrize("name", [*WHOLE, "real"])
def test_a_cut_anywhere_is_seen(tmp_path: Path, name: str) -> None:
    """Whatever number of bytes is missing at the end, the rest is no video, but for seams of what has no known end."""
    content = FIXED.read_bytes() if name == "real" else WHOLE[name][0]
    whole = []
    for length in range(0, len(content), 97 if name == "real" else 1):
        (tmp_path / "v").write_bytes(content[:length])
        whole += [length] if video_suffix(tmp_path / "v") else []
    assert len(whole) <= SEAMS.get(name, 0)


def test_a_real_video_is_whole() -> None:
    """The emulator's own video, made by FFmpeg, is one."""
    assert video_suffix(FIXED) == ".mp4"


def test_a_big_video_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a gigabyte a few headers are read."""
    with (tmp_path / "v").open("wb") as file:
        file.write(FTYP + MOOV + (2**30 + 8).to_bytes(4, "big") + b"mdat")
        file.truncate(len(FTYP + MOOV) + 2**30 + 8)
    read = list[int]()
    plain = structure._read

    def counted(file: Any, position: int, count: int) -> bytes:
        read.append(count)
        return plain(file, position, count)

    monkeypatch.setattr(structure, "_read", counted)
    assert video_suffix(tmp_path / "v") == ".mp4"
    assert sum(read) < 2_000


def test_a_long_table_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of sizes or an index that is as long as the file needs no such memory; each size counts."""
    movie = box(b"moov", track(b"vide", stsz(*[1] * 40_000)))
    index = box(b"sidx", bytes(22), b"\0\1", len(PIECES).to_bytes(4, "big"), bytes(1_000_000))
    cases = [
        (mp4(bytes(40_000), movie=movie), ".mp4", 70_000),
        (mp4(bytes(39_999), movie=movie), None, 70_000),
        (FTYP + MOOV + box(b"moof", bytes(8)) + index + PIECES, ".mp4", 800_000),
    ]
    read = list[int]()
    plain = structure._read

    def counted(file: Any, position: int, count: int) -> bytes:
        read.append(count)
        return plain(file, position, count)

    monkeypatch.setattr(structure, "_read", counted)
    for content, suffix, most in cases:
        read.clear()
        (tmp_path / "v").write_bytes(content)
        assert video_suffix(tmp_path / "v") == suffix and max(read) < most


def test_endless_boxes_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of nothing but empty boxes is given up before it costs time."""
    monkeypatch.setattr(structure, "MOST_STEPS", 100)
    content = FTYP + box(b"free") * 200
    seen = list[Any]()
    with pytest.raises(structure._Broken):
        seen.extend(structure._boxes(io.BytesIO(content), 0, len(content)))
    assert len(seen) <= 100

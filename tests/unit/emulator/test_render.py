"""The worker: a real MP4 of the picture, as long and as wide as asked."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from fakes.pictures import JPEG, WEBP, png
from weryai.emulator._state.media import FIXED_VIDEO, STANDARD_PICTURE
from weryai.emulator._video import PictureError, harmless
from weryai.emulator._video.render import main

Rendered = tuple[Path, list[VideoFrame]]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Rendered]:
    """A function that renders in this process and decodes the result."""

    def rendered(picture: Path | bytes, *options: str) -> Rendered:
        folder = tmp_path_factory.mktemp("render")
        if isinstance(picture, bytes):
            source = folder / "picture"
            source.write_bytes(picture)
        else:
            source = picture
        assert main([str(source), str(folder / "out.mp4"), *options]) == 0
        return folder / "out.mp4", decoded(folder / "out.mp4")

    return rendered


@pytest.fixture(scope="module")
def standard(render: Callable[..., Rendered]) -> Rendered:
    """The standard picture, two seconds, 16:9."""
    return render(STANDARD_PICTURE, "--ratio", "16:9", "--seconds", "2")


def test_a_decoder_is_given_no_texts_of_a_png() -> None:
    """One compressed text of a few bytes unpacks to gigabytes; the image itself stays as it is."""
    plain = png()
    text = b"a\0\0" + zlib.compress(bytes(100_000))
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    assert harmless(plain[:33] + chunk + plain[33:]) == plain
    assert harmless(plain) == plain
    assert harmless(plain[:60]) == plain[:60]
    with pytest.raises(PictureError, match="more than 100 scans"):
        harmless(JPEG + b"\xff\xda" * 200)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of ended processes")
def test_a_worker_stays_small_whatever_it_is_given(tmp_path: Path) -> None:
    """A PNG of 1 MB whose text unpacks to 1 GB costs the worker no more than any other image."""
    text = b"a\0\0" + zlib.compress(bytes(1 << 30), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    plain = png()
    (tmp_path / "bomb.png").write_bytes(plain[:33] + chunk + plain[33:])
    measured = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'weryai.emulator._video.render', sys.argv[1]], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", measured, str(tmp_path / "bomb.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 400_000


def decoded(path: Path) -> list[VideoFrame]:
    """Return every frame of a video."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def brightness(frame: VideoFrame, width: int, height: int) -> list[int]:
    """Return the brightness of a frame's squares, row by row: each the mean of the pixels it covers."""
    small = frame.reformat(width, height, "rgb24", interpolation="AREA")
    plane = small.planes[0]
    rows = (bytes(plane)[row * plane.line_size :][: 3 * width] for row in range(height))
    return [sum(row[3 * x : 3 * x + 3]) // 3 for row in rows for x in range(width)]


def difference(first: list[int], second: list[int]) -> float:
    """Return the mean absolute difference, in steps of 255."""
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)


def test_length_and_size_are_as_asked(standard: Rendered) -> None:
    """Two seconds at 16:9 are 48 frames of 640x360, at 24 a second, from time zero on."""
    path, frames = standard
    assert [(frame.width, frame.height) for frame in frames] == [(640, 360)] * 48
    assert [round(frame.time * 24) for frame in frames] == list(range(48))
    with av.open(str(path)) as container:
        assert container.duration == 2_000_000
        assert container.streams.video[0].average_rate == 24


@pytest.mark.parametrize("path", ["rendered", "shipped"])
def test_a_browser_plays_it_while_it_loads(standard: Rendered, path: str) -> None:
    """H.264, 4:2:0, the index before the pictures, square pixels; that is what every browser plays."""
    video = standard[0] if path == "rendered" else FIXED_VIDEO
    data = video.read_bytes()
    assert data[4:8] == b"ftyp"
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.sample_aspect_ratio in (None, 0, 1)
        assert len(container.streams) == 1


def test_key_frames_come_every_two_seconds(render: Callable[..., Rendered]) -> None:
    """A player can jump: no key frame is further than 48 frames from the next."""
    _, frames = render(JPEG, "--ratio", "1:1", "--seconds", "5")
    keys = [number for number, frame in enumerate(frames) if frame.key_frame]
    assert keys[0] == 0
    assert [
        (before, after) for before, after in zip(keys, [*keys[1:], len(frames)], strict=True) if after - before > 48
    ] == []


def test_the_first_frame_is_the_picture(standard: Rendered) -> None:
    """Frame 0 is the top of the square picture, not its middle, and not zoomed: within 5 of 255 on average."""
    picture = brightness(next(iter(decoded(STANDARD_PICTURE))), 32, 32)
    first = brightness(standard[1][0], 32, 18)
    assert difference(first, picture[: 18 * 32]) < 5
    assert difference(first, picture[7 * 32 : 25 * 32]) > 15
    last = brightness(standard[1][-1], 32, 18)
    assert difference(last, picture[: 18 * 32]) > 5


def test_the_picture_moves_all_the_time(standard: Rendered) -> None:
    """Each frame differs from the one before, and none jumps."""
    frames = [brightness(frame, 160, 90) for frame in standard[1]]
    steps = [difference(before, after) for before, after in pairwise(frames)]
    assert min(steps) > 0.01
    assert max(steps) < 5
    assert difference(frames[0], frames[-1]) > 3 * max(steps)


def test_no_bars(render: Callable[..., Rendered]) -> None:
    """The picture covers the whole frame, so that nowhere is a black edge."""
    _, frames = render(png(90, 160), "--ratio", "21:9", "--seconds", "1")
    squares = brightness(frames[0], 42, 18)
    assert (frames[0].width, frames[0].height) == (840, 360)
    # The gradient's blue keeps every square above 32; a bar would be 0.
    assert min(squares) >= 30


def test_transparency_becomes_white(render: Callable[..., Rendered]) -> None:
    """A video has no transparency: black pixels that nobody can see are laid on white paper."""
    _, frames = render(invisible(64, 64), "--seconds", "1")
    assert min(brightness(frames[0], 16, 16)) > 250


def invisible(width: int, height: int) -> bytes:
    """Draw a PNG of black pixels that are transparent altogether."""
    return written_png(width, height, (8, 6), (b"\0" + bytes(4 * width)) * height)


def enormous() -> bytes:
    """Draw a PNG of 81 megapixels in ten kilobytes."""
    return written_png(9000, 9000, (1, 0), (b"\0" + bytes(9000 // 8)) * 9000)


def written_png(width: int, height: int, depth_and_colours: tuple[int, int], rows: bytes) -> bytes:
    """Write a PNG of raw rows."""
    header = struct.pack(">IIBBBBB", width, height, *depth_and_colours, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    written = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        written += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return written


@pytest.mark.parametrize(
    "picture", [png(1, 1), png(3, 1), png(33, 77), JPEG, WEBP], ids=["1x1", "3x1", "odd", "grey", "webp"]
)
def test_small_and_odd_pictures(render: Callable[..., Rendered], picture: bytes) -> None:
    """Any size of picture gives an even size of video, in the picture's own ratio, at most 4:1."""
    _, frames = render(picture, "--seconds", "1")
    assert len(frames) == 24
    assert frames[0].width % 2 == frames[0].height % 2 == 0


def turned(orientation: int) -> bytes:
    """Return the standard picture with a camera's note that it was held another way."""
    data = STANDARD_PICTURE.read_bytes()
    notes = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes([0, orientation, 0, 0])
    segment = b"Exif\0\0" + notes
    return data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]


#: Which square (row, column) of the picture as stored is seen at the first row and column, and along the first row.
SEEN_AT = {
    1: lambda row, column: (row, column),
    2: lambda row, column: (row, 31 - column),
    3: lambda row, column: (31 - row, 31 - column),
    4: lambda row, column: (31 - row, column),
    5: lambda row, column: (column, row),
    6: lambda row, column: (31 - column, row),
    7: lambda row, column: (31 - column, 31 - row),
    8: lambda row, column: (column, 31 - row),
}


@pytest.mark.parametrize("orientation", SEEN_AT)
def test_pictures_are_shown_upright(render: Callable[..., Rendered], orientation: int) -> None:
    """All eight ways to hold a camera are turned back, as the EXIF standard has them."""
    stored = brightness(decoded(STANDARD_PICTURE)[0], 32, 32)
    places = (SEEN_AT[orientation](row, column) for row in range(32) for column in range(32))
    expected = [stored[32 * row + column] for row, column in places]
    _, frames = render(turned(orientation), "--seconds", "1", "--short-side", "90")
    assert difference(brightness(frames[0], 32, 32), expected) < 6


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "file empty"),
        (b"#EXTM3U\nfile:///etc/hostname\n", "neither jpg, png nor webp"),
        (b"\xff\xd8\xff nothing", "the image is broken, or has more than 64 megapixels"),
        (png()[:60], "the image is broken, or has more than 64 megapixels"),
        (enormous(), "the image is broken, or has more than 64 megapixels"),
    ],
    ids=["empty", "playlist", "jpeg head", "cut png", "81 megapixels"],
)
def test_a_broken_picture_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], data: bytes, reason: str
) -> None:
    """What is no picture ends with exit code 2 and one line on stderr."""
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(data)
    assert main([str(picture), str(tmp_path / "out.mp4")]) == 2
    assert capfd.readouterr().err == f"picture.jpg: {reason}\n"
    assert not (tmp_path / "out.mp4").exists()


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    """`python -m weryai.emulator._video.render` is what the emulator calls; no picture: exit code 2, one line."""
    command = [
        sys.executable,
        "-m",
        "weryai.emulator._video.render",
        str(tmp_path / "no.jpg"),
        str(tmp_path / "o.mp4"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("no.jpg: ")
    assert done.stderr.count("\n") == 1


def test_the_shipped_video_is_small() -> None:
    """The fixed video is for tests and load: at most 6.5 kB, two seconds."""
    assert FIXED_VIDEO.stat().st_size <= 6_500
    assert len(decoded(FIXED_VIDEO)) == 48

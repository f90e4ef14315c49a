"""The worker that makes a video of an image.

`python -m weryai.emulator._video.render PICTURE OUT --ratio 16:9 --seconds 5`; without OUT it only decodes the image.
"""

# PyAV's own annotations of packets are incomplete.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import av
from av.error import FFmpegError
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from weryai.emulator._video import PictureError, harmless, kind_of, orientation

FRAMES_PER_SECOND = 24
LONGEST = 60
SHORT_SIDE = 360
LONG_SIDE = 848
#: A square of 480 has about as many pixels as 640x360.
SQUARE_SIDE = 480
#: Ratios beyond 4:1 are banners, not videos.
WIDEST = 4.0

#: The camera moves in by a thousandth a frame for six seconds, then out again: never more than 14.4 %, and never so
#: slowly that two successive frames are the same.
ZOOM_STEP = 0.001
ZOOM_FRAMES = 144
#: The picture is enlarged this many times before it is cut, because the cutter knows whole pixels only; smaller
#: steps would be seen as trembling.
ENLARGEMENT = 6
#: Where the camera moves to, as a part of the height: people's faces are above the middle.
FOCUS_HEIGHT = 0.4

#: The decoders are named, not guessed: a guess could take a text file for a playlist and open what it names.
DECODERS = {"jpg": "mjpeg", "png": "png", "webp": "webp"}
#: A picture of a few kilobytes can unpack to gigabytes.
MOST_PIXELS = 64_000_000
#: 64 megapixels of 16 bits and four channels are 512 MB, and are there twice for a moment.
MOST_MEMORY = 2 * 1024**3

#: What turns a picture upright, by its EXIF orientation; from the fifth on, width and height change places.
TURNS = {
    2: ("hflip",),
    3: ("hflip", "vflip"),
    4: ("vflip",),
    5: ("transpose=cclock_flip",),
    6: ("transpose=clock",),
    7: ("transpose=clock_flip",),
    8: ("transpose=cclock",),
}
FIRST_ON_ITS_SIDE = 5

#: In numbers of ITU-T H.273: BT.709 and the limited range.
BT709 = 1
LIMITED_RANGE = 1

UNREADABLE = 2


def main(arguments: list[str] | None = None) -> int:
    """Render as the command line says; return 0, or 2 if the image cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m weryai.emulator._video.render", description="Make a video of an image."
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("out", type=Path, nargs="?", help="without it, only say whether the image can be decoded")
    parser.add_argument("--ratio", default=None, help="such as 16:9; without it, the image's own")
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, LONGEST + 1), metavar="1..60")
    parser.add_argument("--short-side", type=int, default=SHORT_SIDE, help="of the video, in pixels")
    options = parser.parse_args(arguments)
    try:
        if options.out is None:
            decoded(options.picture.read_bytes())
            return 0
        render(options.picture, options.out, options.ratio, options.seconds, options.short_side)
    except (PictureError, OSError, MemoryError) as error:
        reason = "the image needs too much memory" if isinstance(error, MemoryError) else str(error)
        sys.stderr.write(f"{options.picture.name}: {reason}\n")
        return UNREADABLE
    return 0


def render(picture: Path, out: Path, ratio: str | None = None, seconds: int = 5, short_side: int = SHORT_SIDE) -> None:
    """Write an MP4 of `seconds` * 24 frames: the image, cut to the ratio, with a slow zoom."""
    data = picture.read_bytes()
    frame, held = decoded(data), orientation(data)
    across, down = (frame.height, frame.width) if held >= FIRST_ON_ITS_SIDE else (frame.width, frame.height)
    width, height = video_size(wanted_ratio(ratio) or across / down, short_side)
    part = visible_part(across, down, width / height)
    still = Still(frame, TURNS.get(held, ()), part)
    write_video(moving_frames(still, width, height, seconds * FRAMES_PER_SECOND), out, width, height)


def wanted_ratio(text: str | None) -> float | None:
    """Return 16:9 as a number, or None for what is no ratio a video could have."""
    try:
        across, down = (float(part) for part in (text or "").split(":"))
        ratio = across / down
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if across > 0 and 1 / WIDEST <= ratio <= WIDEST else None


def video_size(ratio: float, short_side: int = SHORT_SIDE) -> tuple[int, int]:
    """Return width and height, both even, for a ratio of width to height."""
    longer = min(max(ratio, 1 / ratio), WIDEST)
    short = short_side if longer > 1.05 else short_side * SQUARE_SIDE / SHORT_SIDE
    short = min(short, short_side * LONG_SIDE / SHORT_SIDE / longer)
    sides = even(short * longer), even(short)
    return sides if ratio >= 1 else (sides[1], sides[0])


def even(length: float) -> int:
    """Round to an even number: H.264 with halved colour has no odd sizes."""
    return max(2, 2 * round(length / 2))


def visible_part(width: int, height: int, ratio: float) -> tuple[int, int, int, int]:
    """Return width, height, left and top of the part of an image that fills a frame of this ratio.

    What is too wide loses both sides; what is too tall is cut around the middle of its upper half, where faces are.
    """
    if width / height >= ratio:
        part = max(1, min(width, round(height * ratio)))
        return part, height, (width - part) // 2, 0
    part = max(1, min(height, round(width / ratio)))
    return width, part, 0, max(0, round(height / 4 - part / 2))


def decoded(data: bytes) -> VideoFrame:
    """Decode a JPEG, PNG or WebP image of bounded size."""
    if not data:
        raise PictureError("file empty")
    kind = kind_of(data)
    if kind is None:
        raise PictureError("neither jpg, png nor webp")
    decoder = VideoCodecContext.create(DECODERS[kind], "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    try:
        frames = decoder.decode(av.Packet(harmless(data))) or decoder.decode(None)
    except FFmpegError as error:
        raise PictureError(f"the image is broken, or has more than {MOST_PIXELS // 1_000_000} megapixels") from error
    if not frames:
        raise PictureError("the image is broken")
    return frames[0]


class Still(NamedTuple):
    """A decoded image, what turns it upright, and its visible part then."""

    frame: VideoFrame
    turns: tuple[str, ...]
    part: tuple[int, int, int, int]


def moving_frames(still: Still, width: int, height: int, count: int) -> Iterator[VideoFrame]:
    """Yield the image `count` times at this size, nearer each time; the first is the whole visible part."""
    graph, frame = Graph(), still.frame
    size = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
    last = graph.add("buffer", f"{size}:time_base=1/{FRAMES_PER_SECOND}:pixel_aspect=1/1")
    for turn in still.turns:
        last = append(graph, last, turn)
    last = append(graph, last, "crop={}:{}:{}:{}:exact=1".format(*still.part))
    large = (width * ENLARGEMENT, height * ENLARGEMENT)
    last = append(graph, last, "scale={}:{}:flags=bicubic:out_range=tv:out_color_matrix=bt709".format(*large))
    if may_be_transparent(frame):
        last = on_white(graph, last, large)
    last = append(graph, last, "format=yuv420p")
    last = append(graph, last, f"zoompan={camera(width, height, count)}")
    append(graph, last, "buffersink")
    graph.configure()
    frame.pts = 0
    graph.vpush(frame)
    graph.vpush(None)
    for number in range(count):
        moved = graph.vpull()
        moved.pts = number
        yield moved


def camera(width: int, height: int, count: int) -> str:
    """Return the movement as the zoompan filter wants it; `on` is the number of the frame."""
    nearness = f"{ZOOM_STEP}*({ZOOM_FRAMES}-abs(mod(on\\,{2 * ZOOM_FRAMES})-{ZOOM_FRAMES}))"
    # An even width of the cut keeps its middle on the same pixel from frame to frame.
    zoom = f"z=iw/(2*round(iw/(1+{nearness})/2)+0.01)"
    place = f"x=iw/2-floor(iw/zoom)/2:y=(ih-floor(ih/zoom))*{FOCUS_HEIGHT}"
    return f"{zoom}:{place}:d={count}:s={width}x{height}:fps={FRAMES_PER_SECOND}"


def may_be_transparent(frame: VideoFrame) -> bool:
    """Whether the image's format has room for transparency."""
    return frame.format.name == "pal8" or any(part.is_alpha for part in frame.format.components)


def on_white(graph: Graph, last: FilterContext, size: tuple[int, int]) -> FilterContext:
    """Lay a transparent image on white paper; a video has no transparency."""
    paper = graph.add("color", "white:size={}x{}:rate=24".format(*size))
    overlay = graph.add("overlay", "format=yuv420:shortest=1")
    append(graph, paper, "format=yuv420p").link_to(overlay, 0, 0)
    append(graph, last, "format=yuva420p").link_to(overlay, 0, 1)
    return overlay


def append(graph: Graph, last: FilterContext, filter_text: str) -> FilterContext:
    """Add a filter, written as name=arguments, behind another and return it."""
    name, _, arguments = filter_text.partition("=")
    added = graph.add(name, arguments or None)
    last.link_to(added)
    return added


def write_video(frames: Iterator[VideoFrame], out: Path, width: int, height: int) -> None:
    """Encode frames as H.264 that browsers play while it loads: 4:2:0, the index in front, a key frame every 2 s."""
    with av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23", "g": str(2 * FRAMES_PER_SECOND), "bf": "0"}
        context = stream.codec_context
        context.color_range = LIMITED_RANGE
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.thread_count = 2
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def bound_memory() -> None:
    """Let this process have no more memory than a large image needs, where the system can do that."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    bound_memory()
    sys.exit(main())

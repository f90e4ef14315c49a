"""Whether an image or a video is all there, told by its structure alone; nothing is decoded.

Of a video only headers are read (MP4, fragmented MP4, QuickTime and WebM): the walk seeks from box to box.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

# In the coded part of a JPEG a marker is FF and neither 00 (a byte FF), D0 to D7 (a restart) nor FF (filling).
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_MOST_PROFILE = 1_000_000
_CHECKED = (b"IHDR", b"PLTE", b"IDAT")
# Bytes of a table that are read at once, and the most of an index, whose pieces are counted in 16 bit.
_PIECE, _MOST_INDEX = 64 * 1024, 32 + 12 * 65_535
# A hostile file can consist of empty boxes; a day of fragments of one second has fewer than these.
MOST_STEPS = 200_000
# The first boxes of a QuickTime file from before there was `ftyp`, beside the usual ones.
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"})

# EBML ids, as Matroska's specification has them.
_EBML, _DOCTYPE, _SEGMENT, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x4282, 0x18538067, 0x1654AE6B, 0x1F43B675


def what_is_missing(content: bytes, suffix: str) -> str | None:
    """What an image of this kind lacks, in a few words; None for one that is whole.

    What follows its end is no matter: phones put trailers and whole films there.
    """
    return {".jpg": _of_jpeg, ".png": _of_png, ".webp": _of_webp}[suffix](content)


def has_end(ends: bytes, size: int, suffix: str) -> bool:
    """Whether the first and last bytes of a file of this size show that its end is there; False if they do not tell."""
    if len(ends) == size:
        return what_is_missing(ends, suffix) is None
    half = len(ends) // 2
    if suffix == ".webp":
        return 8 + int.from_bytes(ends[4:8], "little") <= size
    return (b"\xff\xd9" if suffix == ".jpg" else b"IEND\xaeB`\x82") in ends[half:]


def scans_of(content: bytes) -> int:
    """How many scans a JPEG has, 0 for any other image: each costs a decoder the time of the whole image."""
    if not content.startswith(b"\xff\xd8\xff"):
        return 0
    position, scans = 2, 0
    while (found := _MARKER.search(content, position)) is not None:
        kind, position = content[found.end() - 1], found.end()
        if kind == 0xD9:
            break
        if kind not in _ALONE:
            scans += kind == 0xDA
            position += max(2, int.from_bytes(content[position : position + 2], "big"))
    return scans


def pixels_of(head: bytes) -> tuple[int, bool]:
    """How many pixels an image says to have, 0 if its first bytes do not tell; whether it can be decoded in small."""
    try:
        if head.startswith(b"\xff\xd8\xff"):
            return _frame_of(head)
        return _width_by_height(head), False
    except (struct.error, IndexError):
        return 0, False


def _frame_of(head: bytes) -> tuple[int, bool]:
    position = 2
    while (found := _MARKER.search(head, position)) is not None:
        kind, position = head[found.end() - 1], found.end()
        if kind in _FRAMES:
            high, wide = struct.unpack_from(">HH", head, position + 3)
            return high * wide, kind in (0xC0, 0xC1)
        if kind not in _ALONE:
            position += max(2, int.from_bytes(head[position : position + 2], "big"))
    return 0, False


def _width_by_height(head: bytes) -> int:
    if head.startswith(b"\x89PNG"):
        wide, high = struct.unpack_from(">II", head, 16)
    elif head.startswith(b"GIF8"):
        wide, high = struct.unpack_from("<HH", head, 6)
    elif head.startswith(b"BM"):
        wide, high = struct.unpack_from("<ii", head, 18)
    elif head[4:8] == b"ftyp":
        # The whole and its tiles each say how large they are.
        sizes = re.finditer(rb"ispe\0{4}(.{4})(.{4})", head, re.DOTALL)
        return max((int.from_bytes(one[1], "big") * int.from_bytes(one[2], "big") for one in sizes), default=0)
    elif head[:2] in (b"II", b"MM") and b"*" in head[2:4]:
        wide, high = _size_in_tiff(head, "<" if head[:2] == b"II" else ">")
    elif head[12:16] == b"VP8X":
        wide, high = (int.from_bytes(head[start : start + 3], "little") + 1 for start in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        wide, high = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif head[12:16] == b"VP8 ":
        wide, high = (side & 0x3FFF for side in struct.unpack_from("<HH", head, 26))
    else:
        return 0
    return abs(int(wide) * int(high))


def _size_in_tiff(head: bytes, order: str) -> tuple[int, int]:
    (start,) = struct.unpack_from(f"{order}I", head, 4)
    (many,) = struct.unpack_from(f"{order}H", head, start)
    sizes = {256: 0, 257: 0}
    for place in range(start + 2, start + 2 + min(many, 500) * 12, 12):
        tag, kind = struct.unpack_from(f"{order}HH", head, place)
        if tag in sizes:
            (sizes[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", head, place + 8)
    return sizes[256], sizes[257]


def depth_of_png(content: bytes) -> tuple[int, int]:
    """The bits of each value of a PNG, and its type of colours, 0 for grey; zeros for any other image."""
    return (content[24], content[25]) if content.startswith(b"\x89PNG") and len(content) > 25 else (0, 0)


def significant_bits(content: bytes) -> int | None:
    """How many bits of the first channel of a PNG in 16 bit count (sBIT)."""
    position = 8
    while depth_of_png(content)[0] == 16 and position + 12 <= len(content):
        size, kind = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 8]
        if kind == b"sBIT":
            bits = content[position + 8]
            return bits if size and 0 < bits <= 16 else None
        if kind == b"IDAT":
            break
        position += 12 + size
    return None


def without_texts(content: bytes) -> bytes:
    """A PNG without texts and without a large profile: a few bytes of either may unpack to gigabytes."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    kept, position = [content[:8]], 8
    while position + 12 <= len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8]
        if kind not in (b"tEXt", b"zTXt", b"iTXt") and not (
            kind == b"iCCP" and _is_too_large(content[position + 8 : end - 4])
        ):
            kept.append(content[position:end])
        position = end
    return b"".join(kept)


def _is_too_large(profile: bytes) -> bool:
    unpacking = zlib.decompressobj()
    try:
        return len(unpacking.decompress(profile.partition(b"\0")[2][1:], _MOST_PROFILE)) >= _MOST_PROFILE
    except zlib.error:
        return True


def _of_jpeg(content: bytes) -> str | None:
    """Walk from marker to marker: a thumbnail lies inside a segment, so its end is not taken for the image's."""
    position, has_frame, has_scan = 2, False, False
    while (found := _MARKER.search(content, position)) is not None:
        kind, position = content[found.end() - 1], found.end()
        if kind == 0xD9:
            return None if has_frame and has_scan else "it has no image data"
        if kind in _ALONE:
            continue
        length = int.from_bytes(content[position : position + 2], "big")
        if length < 2 or position + length > len(content):
            break
        has_frame |= kind in _FRAMES and length > 8
        has_scan |= kind == 0xDA
        position += length
    return "its end is missing"


def _of_png(content: bytes) -> str | None:
    position, has_data, needs_palette = 8, False, depth_of_png(content)[1] == 3
    while position + 12 <= len(content):
        length, kind = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(content):
            break
        if kind in _CHECKED and zlib.crc32(memoryview(content)[position + 4 : end - 4]) != int.from_bytes(
            content[end - 4 : end], "big"
        ):
            return "it is damaged"
        if (position == 8) != (kind == b"IHDR"):
            return "it does not start as a PNG does"
        if position == 8 and pixels_of(content)[0] == 0:
            return "it has no pixels"
        needs_palette = needs_palette and kind != b"PLTE"
        if kind == b"IEND":
            return "it has no palette" if needs_palette else None if has_data else "it has no image data"
        has_data |= kind == b"IDAT" and length > 0
        position = end
    return "its end is missing"


def _of_webp(content: bytes) -> str | None:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content) + 1:
        return "its end is missing"
    position, has_data = 12, False
    while position + 8 <= min(end, len(content)):
        kind, length = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        position += 8 + length
        if position > len(content):
            return "its end is missing"
        has_data |= kind in (b"VP8 ", b"VP8L", b"ANMF") and length > 0
        position += length % 2
    return None if has_data else "it has no image data"


class _Box(NamedTuple):
    """A box of an MP4, or an element of a WebM: what it is, and where its content lies."""

    kind: bytes
    start: int
    end: int


class _Broken(Exception):
    """The structure of a video does not add up."""


def video_suffix(path: Path) -> str | None:
    """The suffix of a whole video (.mp4, .mov, .webm or .mkv); None for anything else."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        try:
            return _matroska_suffix(file, size) if head.startswith(b"\x1a\x45\xdf\xa3") else _mp4_suffix(file, size)
        except _Broken:
            return None


def may_be_video(head: bytes) -> bool:
    """Whether a file that starts so can be a video at all."""
    return head[4:8] in _FIRST_BOXES or head.startswith(b"\x1a\x45\xdf\xa3")


def _mp4_suffix(file: BinaryIO, size: int) -> str | None:
    boxes = list(_boxes(file, 0, size))
    kinds = [box.kind for box in boxes]
    if not kinds or kinds[0] not in _FIRST_BOXES or b"moov" not in kinds or b"mdat" not in kinds:
        return None
    if not any(box.kind == b"mdat" and box.end > box.start for box in boxes):
        return None
    movie = boxes[kinds.index(b"moov")]
    inside = {box.kind for box in _boxes(file, movie.start, movie.end)}
    tracks = [box for box in _boxes(file, movie.start, movie.end) if box.kind == b"trak"]
    handlers = {handler for track in tracks if (handler := _handler(file, track)) is not None}
    if not tracks or (handlers and b"vide" not in handlers):
        return None
    if b"mvex" in inside or b"moof" in kinds:
        # Of every fragment both halves; and all fragments that an index names.
        fragments = [kind for kind in kinds if kind in (b"moof", b"mdat")]
        if fragments[-1] == b"moof" or any(_indexed_end(file, box) > size for box in boxes if box.kind == b"sidx"):
            return None
    elif _sample_bytes(file, tracks) > sum(box.end - box.start for box in boxes if box.kind == b"mdat"):
        return None
    return ".mov" if kinds[0] != b"ftyp" or _read(file, boxes[0].start, 4) == b"qt  " else ".mp4"


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """The boxes between two places of an MP4, which they fill exactly."""
    steps = 0
    while start < end:
        head = _read(file, start, 16)
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - start
        steps += 1
        if len(head) < header or length < header or start + length > end or steps > MOST_STEPS or min(kind) < 0x20:
            raise _Broken
        yield _Box(kind, start + header, start + length)
        start += length


def _find(file: BinaryIO, box: _Box, *path: bytes) -> _Box | None:
    found: _Box | None = box
    for kind in path:
        found = found and next((one for one in _boxes(file, found.start, found.end) if one.kind == kind), None)
    return found


def _handler(file: BinaryIO, track: _Box) -> bytes | None:
    """What a track is for: `vide`, `soun`, `pict` and so on."""
    found = _find(file, track, b"mdia", b"hdlr")
    return None if found is None else _read(file, found.start + 8, 4)


def _sample_bytes(file: BinaryIO, tracks: list[_Box]) -> int:
    """The bytes of all samples, as far as the tables of the tracks say."""
    total = 0
    for track in tracks:
        table = _find(file, track, b"mdia", b"minf", b"stbl", b"stsz")
        if table is None:
            continue
        head = _read(file, table.start, 12)
        each, count = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
        if each:
            total += each * count
            continue
        if 4 * count > table.end - table.start - 12:
            raise _Broken
        # In pieces, because a hostile table can be as long as the file.
        for start in range(0, 4 * count, _PIECE):
            piece = _read(file, table.start + 12 + start, min(_PIECE, 4 * count - start))
            total += sum(struct.unpack(f">{len(piece) // 4}I", piece))
    return total


def _indexed_end(file: BinaryIO, index: _Box) -> int:
    """Where the last piece ends that an index of segments (`sidx`) names."""
    content = _read(file, index.start, min(index.end - index.start, _MOST_INDEX))
    width = 8 if content[:1] == b"\x01" else 4
    after = 12 + width
    first = int.from_bytes(content[after : after + width], "big")
    references = content[after + width + 4 :]
    sizes = [int.from_bytes(references[at : at + 4], "big") & 0x7FFFFFFF for at in range(0, len(references), 12)]
    return index.end + first + sum(sizes)


def _matroska_suffix(file: BinaryIO, size: int) -> str | None:
    """Walk a WebM; masters of unknown size, as a live encoder writes them, are entered."""
    position, steps, kinds, suffix = 0, 0, set[int](), None
    while position < size:
        kind, start, length = _element(file, position)
        steps += 1
        if steps > MOST_STEPS or (position == 0 and kind != _EBML):
            raise _Broken
        kinds.add(kind)
        if kind == _EBML:
            suffix = {b"webm": ".webm", b"matroska": ".mkv"}.get(_doctype(file, start, start + (length or 0)))
        if kind == _SEGMENT or (kind == _CLUSTER and length is None):
            if length is not None and start + length > size:
                raise _Broken
            position = start
        elif length is None or start + length > size:
            raise _Broken
        else:
            position = start + length
    return suffix if {_SEGMENT, _TRACKS, _CLUSTER} <= kinds else None


def _doctype(file: BinaryIO, start: int, end: int) -> bytes:
    while start < end:
        kind, content, length = _element(file, start)
        if length is None:
            raise _Broken
        if kind == _DOCTYPE:
            return _read(file, content, min(length, 16)).rstrip(b"\0")
        start = content + length
    return b""


def _element(file: BinaryIO, position: int) -> tuple[int, int, int | None]:
    """Id, start and length of an element of EBML; a length of None is unknown."""
    head = _read(file, position, 12)
    id_length = 9 - head[0].bit_length() if head else 9
    if id_length > 4 or len(head) <= id_length:
        raise _Broken
    width = 9 - head[id_length].bit_length()
    if width > 8 or len(head) < id_length + width:
        raise _Broken
    length = int.from_bytes(head[id_length : id_length + width], "big") & ((1 << 7 * width) - 1)
    is_unknown = length == (1 << 7 * width) - 1
    return int.from_bytes(head[:id_length], "big"), position + id_length + width, None if is_unknown else length


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)

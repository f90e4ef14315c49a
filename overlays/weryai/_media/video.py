"""Whether a file is a whole video, told by its structure alone: MP4, fragmented MP4, QuickTime and WebM.

Nothing is decoded, and only headers are read: the walk seeks from box to box.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

# A hostile file can consist of empty boxes; a day of fragments of one second has fewer than these.
MOST_STEPS = 200_000
# The first boxes of a QuickTime file from before there was `ftyp`, beside the usual ones.
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"})

# EBML ids, as Matroska's specification has them.
_EBML, _DOCTYPE, _SEGMENT, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x4282, 0x18538067, 0x1654AE6B, 0x1F43B675


class _Box(NamedTuple):
    """A box of an MP4, or an element of a WebM: what it is, and where its content lies."""

    kind: bytes
    start: int
    end: int


class _Broken(Exception):
    """The structure does not add up."""


def video_suffix(path: Path) -> str | None:
    """The suffix of a whole video (.mp4, .mov, .webm or .mkv); None for a part of one, and for anything else."""
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
    """The first box of that path inside a box."""
    found: _Box | None = box
    for kind in path:
        found = found and next((one for one in _boxes(file, found.start, found.end) if one.kind == kind), None)
    return found


def _handler(file: BinaryIO, track: _Box) -> bytes | None:
    """What a track is for: `vide`, `soun`, `pict` and so on."""
    found = _find(file, track, b"mdia", b"hdlr")
    return None if found is None else _read(file, found.start + 8, 4)


def _sample_bytes(file: BinaryIO, tracks: list[_Box]) -> int:
    """How many bytes the samples of all tracks have together, as far as their tables say."""
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
        total += sum(struct.unpack(f">{count}I", _read(file, table.start + 12, 4 * count)))
    return total


def _indexed_end(file: BinaryIO, index: _Box) -> int:
    """Where the last of the pieces ends that an index of segments (`sidx`) names."""
    content = _read(file, index.start, index.end - index.start)
    width = 8 if content[:1] == b"\x01" else 4
    after = 12 + width
    first = int.from_bytes(content[after : after + width], "big")
    references = content[after + width + 4 :]
    sizes = [int.from_bytes(references[at : at + 4], "big") & 0x7FFFFFFF for at in range(0, len(references), 12)]
    return index.end + first + sum(sizes)


def _matroska_suffix(file: BinaryIO, size: int) -> str | None:
    """Walk a WebM from element to element; masters of unknown size, as a live encoder writes them, are entered."""
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

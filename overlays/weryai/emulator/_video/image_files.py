"""Images as bytes: which format they are, and which way up they were taken."""

from __future__ import annotations

import struct

#: Which suffixes fit which content.
SUFFIXES = {"jpg": ("jpg", "jpeg"), "png": ("png",), "webp": ("webp",)}
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

#: Where a camera's notes start, and the number of the note that says how it was held.
EXIF_START = b"Exif\0\0"
ORIENTATION = 0x0112
UPRIGHT = 1


def kind_of(data: bytes) -> str | None:
    """Return jpg, png or webp as the first bytes have it, or None."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return None


def orientation(data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) if the image has none that can be read."""
    start = data.find(EXIF_START, 0, 1 << 16) + len(EXIF_START)
    if start < len(EXIF_START):
        return UPRIGHT
    notes = data[start : start + (1 << 16)]
    order = {b"II": "<", b"MM": ">"}.get(notes[:2])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", notes, 4)
        (count,) = struct.unpack_from(f"{order}H", notes, directory)
        for index in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", notes, directory + 2 + 12 * index)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT

"""Files as bytes: which format they are; of images, which way up they were taken and what a decoder may be given."""

from __future__ import annotations

import struct

#: Which suffixes fit which content.
SUFFIXES = {
    "jpg": ("jpg", "jpeg"),
    "png": ("png",),
    "webp": ("webp",),
    "gif": ("gif",),
    "mp4": ("mp4", "m4v", "m4a"),
    "mov": ("mov",),
    "webm": ("webm",),
    "wav": ("wav",),
    "mp3": ("mp3",),
}
MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
}
#: Brands of the container of MP4 that hold an image.
IMAGE_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
#: What a PNG may hold besides its image: a few bytes of it unpack to gigabytes, and no video shows any of it.
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
PNG_START = b"\x89PNG\r\n\x1a\n"
START_OF_SCAN = b"\xff\xda"
#: Encoders write 1 to 15 scans; each costs as much as the whole image.
MOST_SCANS = 100
ANIMATION_FLAG = 0x02


class PictureError(Exception):
    """The image cannot be animated; the message says why."""


#: Where a camera's notes start, and the number of the note that says how it was held.
EXIF_START = b"Exif\0\0"
ORIENTATION = 0x0112
UPRIGHT = 1


def kind_of(data: bytes) -> str | None:
    """Return jpg, png or webp as the first bytes have it, or None."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith(PNG_START):
        return "png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return None


def kind_of_upload(data: bytes) -> str | None:
    """Return the format of an image, a video or a sound as the first bytes have it, or None."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand and brand not in IMAGE_BRANDS:
        return "mov" if brand == b"qt  " else "mp4"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "webm"
    if data.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "mp3"
    return kind_of(data)


def harmless(data: bytes) -> bytes:
    """Return an image as a decoder may have it; refuse one that would take it beyond all bounds."""
    kind = kind_of(data)
    if kind == "png":
        return without_texts(data)
    if kind == "jpg" and data.count(START_OF_SCAN) > MOST_SCANS:
        raise PictureError(f"the JPEG has more than {MOST_SCANS} scans")
    if kind == "webp" and data[12:16] == b"VP8X" and data[20:21] and data[20] & ANIMATION_FLAG:
        raise PictureError("the WebP is an animation already")
    return data


def without_texts(data: bytes) -> bytes:
    """Return a PNG without its texts and its colour profile."""
    kept, place = [PNG_START], len(PNG_START)
    while place + 8 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in TEXT_CHUNKS:
            kept.append(data[place:end])
        place = end
    return b"".join(kept)


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

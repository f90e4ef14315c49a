"""Photos as phones and cameras make them, made by Pillow: half blue, half red, held sideways, with a place in them."""

import io
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import Image

BLUE, RED = (0, 0, 255), (255, 0, 0)
MAKER = "My Phone 5000"


def halves(width: int = 400, height: int = 200) -> Image.Image:
    """An image whose left half is blue, and whose right half is red."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, 0, width // 2, height))
    return image


def held(orientation: int = 6) -> Image.Exif:
    """What a phone notes: how it was held, its name, and where it was."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, MAKER
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (59.0, 56.0, 3.0)
    return exif


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of an image."""
    file = io.BytesIO()
    if kind == "HEIC":
        exif = options.pop("exif", None)
        pillow_heif.from_pillow(image).save(file, exif=exif.tobytes() if exif else None, quality=90, **options)
    else:
        image.save(file, kind, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    """An image, decoded."""
    return Image.open(io.BytesIO(content))


def tiff(values: list[float], kind: str = "H", order: str = "<", **tags: int | float) -> bytes:
    """A TIFF of one line of grey, each tag (as `t281`) as given; `kind` is the letter of struct for a value."""
    data = struct.pack(f"{order}{len(values)}{kind}", *values)
    entries = {256: len(values), 257: 1, 258: 8 * struct.calcsize(kind), 259: 1, 262: 1, 277: 1, 278: 1, 279: len(data)}
    entries |= {339: 3 if kind == "f" else 2 if kind.islower() else 1}
    entries |= {int(name[1:]): value for name, value in tags.items()}
    entries[273] = 8 + 2 + 12 * (len(entries) + (273 not in entries)) + 4
    parts = [struct.pack(f"{order}H", len(entries))]
    for tag, value in sorted(entries.items()):
        letter, code = ("f", 11) if isinstance(value, float) else ("I", 4)
        parts.append(struct.pack(f"{order}HHI{letter}", tag, code, 1, value))
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return head + b"".join(parts) + struct.pack(f"{order}I", 0) + data


def png_of(values: list[int], significant: int | None = None, *, colours: int = 0) -> bytes:
    """A PNG of 64 equal lines in 16 bits, grey or in colours (2); `significant` is what its sBIT says."""
    channels = 3 if colours else 1
    line = b"\0" + b"".join(struct.pack(">H", value) * channels for value in values)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", len(values), 64, 16, colours, 0, 0, 0))]
    parts += [] if significant is None else [(b"sBIT", bytes([significant] * channels))]
    parts += [(b"IDAT", zlib.compress(line * 64)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )

"""Photos as phones and cameras make them, made by Pillow: half blue, half red, held sideways, with a place in them."""

import io
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

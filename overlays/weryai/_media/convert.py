"""What the service does not take becomes a JPEG under 10 MB: upright, in sRGB, without place.

Pillow and pillow-heif do it (extra "images"); the first image that needs them imports them.
"""

from __future__ import annotations

import array
import contextlib
import importlib.util
import io
import math
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError
from .structure import depth_of_png, pixels_of, scans_of, significant_bits, without_texts

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.Image import Image as Picture

NEEDS_IMAGES = 'converting it needs the extra "images": pip install pillow pillow-heif'
# Bytes that are read to be converted; only a raw 100 megapixels in 16 bit has more, which no camera writes.
MOST_SOURCE = 400_000_000
MOST_PIXELS = 178_000_000
# A phone has 200 megapixels. Only a JPEG that is not progressive is decoded in small.
MOST_JPEG_PIXELS = 500_000_000
# The worst progressive JPEG of a browser has some dozen; each takes as long as the whole image.
MOST_SCANS = 100
_LONGEST_SIDE = 8_192
# What has more is made half as large at once; a JPEG is decoded so, to no less than this side.
_MANY_PIXELS = 50_000_000
_DRAFT_SIDE = 4_096
_QUALITIES = (92, 85, 75)
_STRIP = 256
# The bits that cameras, scanners and microscopes measure grey with, and then store in 16.
_DEPTHS = (8, 10, 12, 14, 16)
_FULL = 65_535
_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF")
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"heif"})
# By the values of EXIF's orientation, from 2 on.
_TURNS = ("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
# Filters of warnings belong to the whole process.
_filters = threading.Lock()


def convertible_kind(head: bytes) -> str | None:
    """The kind of an image that can be converted, by its first 64 bytes; None for anything else."""
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in (8, *range(16, len(head), 4))}
        return "AVIF" if brands & {b"avif", b"avis"} else "HEIC" if brands & _HEIF else None
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    return "BMP" if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" else None


def needed_extra(kind: str | None) -> str | None:
    """What to install before this kind (None: jpg, png, webp) can be converted; None if nothing is missing."""
    needed = ("PIL", "pillow_heif") if kind == "HEIC" else ("PIL",)
    return None if all(map(_is_there, needed)) else NEEDS_IMAGES


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def refuse_too_many_pixels(head: bytes, name: str) -> None:
    """Raise InvalidInputError for too many pixels to be converted, as far as an image's first bytes tell."""
    pixels, is_in_small = pixels_of(head)
    if pixels > (MOST_JPEG_PIXELS if is_in_small else MOST_PIXELS):
        raise InvalidInputError(f"{name} cannot be converted: {_too_many(pixels)}")


def _too_many(pixels: int) -> str:
    most = f"{MOST_PIXELS // 1_000_000}, of a JPEG that is not progressive {MOST_JPEG_PIXELS // 1_000_000}"
    return f"it has {pixels // 1_000_000:,} megapixels, and {most} can be; make a smaller one in an image editor"


def as_jpeg(content: bytes, name: str, most: int) -> tuple[bytes, str]:
    """Make a JPEG of less than so many bytes out of an image, or raise InvalidInputError that names it.

    Also return what was decided about its brightness, in a few words, or "".
    """
    try:
        image, told = _decoded(content, None, alpha=False)
    except ImportError:
        raise InvalidInputError(f"{name} is not converted; {NEEDS_IMAGES}") from None
    except Exception as error:
        # Whatever a strange file makes the decoders say, nothing was sent.
        reason = str(error) or type(error).__name__
        reason = "it is damaged, or of a kind that Pillow does not read" if "identify" in reason else reason
        raise InvalidInputError(f"{name} cannot be converted: {reason:.150}") from error
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality, optimize=image.width * image.height < 20_000_000)
            if file.tell() < most:
                return file.getvalue(), told
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))


def upright(content: bytes, *, size: int | None = None, alpha: bool = False) -> Image:
    """Decode an image as a person sees it: upright, in 8 bit and sRGB, without anything that a camera wrote.

    `size` is its longest side, in pixels. What is transparent becomes white, unless `alpha`. Raises what the decoders
    raise, and ValueError for what would take too much memory or time.
    """
    return _decoded(content, size, alpha=alpha)[0]


def _decoded(content: bytes, size: int | None, *, alpha: bool) -> tuple[Image, str]:
    """What `upright` returns, and what `as_jpeg` tells of it."""
    from PIL import Image

    if scans_of(content) > MOST_SCANS:
        raise ValueError(f"it has more than {MOST_SCANS} scans")
    if convertible_kind(content[:64]) == "HEIC":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    most = size or _LONGEST_SIDE
    with _quiet(), _opened(content) as image:
        _refuse_raw(image)
        # Only a JPEG can be decoded in small.
        image.draft(None, (size * 2, size * 2) if size else (_DRAFT_SIDE, _DRAFT_SIDE))
        image.load()
        turn, profile = _orientation(image), image.info.get("icc_profile")
        told = ""
        if image.mode.startswith(("I", "F")):
            image, told = _squeezed(image, content)
        _refuse_lost_colours(image, content)
        if image.width * image.height > _MANY_PIXELS:
            small = _reduced(image, max(2, max(image.size) // (2 * size)) if size else 2)
        else:
            small = _in_8_bit(image)
        # Early, because each step makes another copy.
        small.thumbnail((most, most))
        small = _in_srgb(small, profile)
        if 2 <= turn <= 8:
            small = small.transpose(Image.Transpose[_TURNS[turn - 2]])
    if small.mode == "RGBA" and not alpha:
        white = Image.new("RGB", small.size, "white")
        white.paste(small, mask=small.getchannel("A"))
        small = white
    small.info.clear()
    return small, told


def _opened(content: bytes) -> Image:
    """Read the head of an image; raises ValueError for too many pixels."""
    from PIL import Image, JpegImagePlugin

    file = io.BytesIO(without_texts(content))
    if content.startswith(b"\xff\xd8\xff"):
        # Image.open refuses what is large without asking whether it is decoded in small.
        image: Picture = JpegImagePlugin.jpeg_factory(file)
    else:
        try:
            image = Image.open(file, formats=_available(Image))
        except Image.DecompressionBombError:
            raise ValueError(_too_many(pixels_of(content)[0] or MOST_PIXELS)) from None
    pixels = image.width * image.height
    is_in_small = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    if pixels > (MOST_JPEG_PIXELS if is_in_small else MOST_PIXELS):
        raise ValueError(_too_many(pixels))
    return image


def _refuse_raw(image: Image) -> None:
    """Refuse the raw photo of a camera, which is a TIFF whose first image is a small preview."""
    tags: Any = getattr(image, "tag_v2", {})
    if 0xC612 in tags or tags.get(254, 0) == 1:
        raise ValueError("it is a raw photo of a camera; export it as a JPEG")


def _available(pillow: Any) -> tuple[str, ...]:
    pillow.init()
    return tuple(name for name in _FORMATS if name in pillow.OPEN)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let what Pillow warns of pass; warnings of others are warnings."""
    with _filters, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)(\.|$)")
        yield


def _orientation(image: Image) -> int:
    """How the image is held, by its EXIF, which may be damaged."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:
        return 1


def _in_8_bit(image: Image) -> Image:
    """An image of any mode as L, RGB, RGBA or CMYK."""
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if "transparency" in image.info else image.palette.mode if image.palette else "RGB")
    if image.mode in ("PA", "LA", "La", "RGBa"):
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK", "LAB") else image.convert("RGB")


def _reduced(image: Image, factor: int) -> Image:
    """An image in 8 bit, so many times smaller; by strips, so that no second copy of it is made."""
    from PIL import Image

    size = (-(-image.width // factor), -(-image.height // factor))
    small: Picture | None = None
    for top in range(0, size[1], _STRIP):
        box = (0, top * factor, image.width, min((top + _STRIP) * factor, image.height))
        strip = _in_8_bit(image.crop(box)).reduce(factor)
        small = small or Image.new(strip.mode, size)
        small.paste(strip, (0, top))
    assert small is not None
    return small


def _squeezed(image: Image, content: bytes) -> tuple[Image, str]:
    """Grey of 16 or 32 bit, or in fractions, in 8 bit, and what was decided about its brightness."""
    tags: Any = getattr(image, "tag_v2", {})
    found: list[Any] = [strip.getextrema() for _, strip in _strips(image)]
    low, high = min(one[0] for one in found), max(one[1] for one in found)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("some of its values are no numbers")
    if image.mode == "I" and low < 0 and _first(tags.get(339), 1) == 1:
        # Pillow reads 32 bit without a sign as if there were one; the upper 8 are all that is needed.
        upper = 3 if sys.byteorder == "little" else 0
        return _by_strip(image, lambda strip: _bytes_of(strip).getchannel(upper), tags), ""
    black, white, told = _range_of(image, content, tags, low, high)
    scale = 255 / (white - black) if white > black else 1.0

    def shades(strip: Image) -> Image:
        return strip.convert("F").point(lambda value: value * scale + (0.5 - black * scale)).convert("L")

    return _by_strip(image, shades, tags), told


def _strips(image: Image) -> Iterator[tuple[int, Image]]:
    """The strips of an image, by the line at which each begins."""
    for top in range(0, image.height, _STRIP):
        strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
        yield top, strip if image.mode == "F" else strip.convert("I")


def _by_strip(image: Image, shades: Callable[[Image], Image], tags: Any) -> Image:
    """An image in 8 bit; where a TIFF says that white is 0, turned round."""
    from PIL import Image, ImageChops

    grey = Image.new("L", image.size)
    for top, strip in _strips(image):
        part = shades(strip)
        grey.paste(ImageChops.invert(part) if _first(tags.get(262), 1) == 0 else part, (0, top))
    return grey


def _bytes_of(strip: Image) -> Image:
    from PIL import Image

    return Image.frombytes("RGBA", strip.size, strip.tobytes())


def _range_of(image: Image, content: bytes, tags: Any, low: float, high: float) -> tuple[float, float, str]:
    """Which values are black and white, by what the file says, else by its values; and that in words."""
    first, last = _first(tags.get(340, tags.get(280)), None), _first(tags.get(341, tags.get(281)), None)
    if image.mode == "F" or low < 0:
        if first is not None and last is not None and first < last and first <= low and high <= last:
            return first, last, f"its values from {first:,g} to {last:,g} shown from black to white, as it says,"
        if low >= 0 and 0.25 < high <= 1:
            return 0, 1, ""
        return low, high, f"its values from {low:,g} to {high:,g} shown from black to white,"
    if high > _FULL:
        return 0, high, f"its greatest value {high:,} shown as white,"
    bits = _bits_said(content, tags, last, high)
    told = ", as it says,"
    if bits is None:
        bits = 16 if _is_spread(image, 257, 0) else _depth_of(high)
        told = f" (its greatest value is {high:,}),"
    elif depth_of_png(content)[0] == 16 and (high >= 2**bits or _is_spread(image, 2 ** (16 - bits), 1)):
        # As the standard of PNG has it, the bits that count are the upper ones.
        bits = 16
    return 0, 2**bits - 1, f"read as grey of {bits} bits{told}" if bits < 16 else ""


def _bits_said(content: bytes, tags: Any, last: Any, high: float) -> int | None:
    """How many bits of 16 a file says to use; None if it says nothing, or what cannot be."""
    if (bits := _first(tags.get(258), 16)) < 16:
        return int(bits)
    if last is not None and max(high, 1) <= last <= _FULL:
        return _depth_of(last)
    return significant_bits(content)


def _depth_of(value: float) -> int:
    return next(bits for bits in _DEPTHS if value < 2**bits)


def _is_spread(image: Image, step: int, most: int) -> bool:
    """Whether all values are multiples of a step, or at most so much more: fewer bits, spread over 16."""
    return all(value % step <= most for _, strip in _strips(image) for value in {*array.array("i", strip.tobytes())})


def _first(value: Any, otherwise: Any) -> Any:
    """The first number of a tag, which has one for each channel."""
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return otherwise
    return number if math.isfinite(number) else otherwise


def _refuse_lost_colours(image: Image, content: bytes) -> None:
    """Refuse colours of 12 bits or fewer at the lower end of 16: the decoder drops the lower 8."""
    bits, colours = depth_of_png(content)
    tags: Any = getattr(image, "tag_v2", {})
    if not (bits == 16 and colours) and not (len(said := tags.get(258, ())) > 2 and said[0] == 16):
        return
    found: Any = image.getextrema()
    values = found[: len(image.getbands()) - (image.mode in ("RGBA", "LA"))]
    if max(high for _, high in values) < 16:
        raise ValueError("its colours use the lower 12 of 16 bits at most; save it with 8 bits per colour")


def _in_srgb(image: Image, profile: object) -> Image:
    """The colours as sRGB has them; a damaged profile is of no matter."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if isinstance(profile, bytes) and image.mode != "L":
        with contextlib.suppress(Exception):
            from PIL import ImageCms

            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            source = image.convert("RGB") if alpha else image
            changed = ImageCms.profileToProfile(source, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if changed is not None:
                image = changed
    if alpha is not None and image.mode == "RGB":
        image.putalpha(alpha)
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")

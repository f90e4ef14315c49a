"""Images that the service does not take become ones that it takes, on request, and look as they did."""

import array
import io
import os
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from fakes.photos import BLUE, MAKER, RED, encoded, halves, held, opened, png_of, tiff
from fakes.pictures import JPEG, jpeg_of
from fakes.playing import generate, play
from weryai import InvalidInputError, WeryAIWarning
from weryai._media.convert import as_jpeg, upright
from weryai._media.image import MOST_BYTES, SURE_BYTES, glance_at, read_image

PHOTOS: dict[str, Callable[[], bytes]] = {
    "HEIC": lambda: encoded(halves(), "HEIC", exif=held()),
    "AVIF": lambda: encoded(halves(), "AVIF", exif=held()),
    "TIFF": lambda: encoded(halves(), "TIFF", exif=held()),
}
FLAT: dict[str, Callable[[], bytes]] = {
    "GIF": lambda: encoded(halves().convert("P"), "GIF"),
    "BMP": lambda: encoded(halves(), "BMP"),
    "CMYK": lambda: encoded(halves().convert("CMYK"), "TIFF"),
    "LAB": lambda: encoded(as_lab(), "TIFF"),
    "animation": lambda: encoded(halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (400, 200), "green")]),
}


def as_lab() -> Image.Image:
    """The same in another space of colours."""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    changed = ImageCms.profileToProfile(halves(), srgb, lab, outputMode="LAB")
    assert changed is not None
    return changed


def is_near(one: object, other: tuple[int, int, int]) -> bool:
    """Whether two colours look alike."""
    assert isinstance(one, tuple)
    return all(abs(a - b) < 40 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_becomes_an_upright_jpeg_without_its_place(kind: str) -> None:
    """What was held sideways stands upright once, and neither place nor name of the phone goes along."""
    image = read_image(PHOTOS[kind](), convert=True)
    assert (image.suffix, image.media_type) == (".jpg", "image/jpeg")
    assert kind in str(image.made_of)
    small = opened(image.content)
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (200, 400))
    assert is_near(small.getpixel((100, 10)), BLUE)
    assert is_near(small.getpixel((100, 390)), RED)
    assert not dict(small.getexif())
    assert MAKER.encode() not in image.content


@pytest.mark.parametrize("kind", FLAT)
def test_other_kinds_keep_their_colours(kind: str) -> None:
    """Palettes, four inks and other spaces of colours come out as they look; of an animation it is the first image."""
    small = opened(read_image(FLAT[kind](), convert=True).content)
    assert small.size == (400, 200)
    assert is_near(small.getpixel((10, 100)), BLUE)
    assert is_near(small.getpixel((390, 100)), RED)


def ramp() -> Image.Image:
    """Grey of 16 bit from black to white."""
    line = array.array("H", (x * 65_535 // 399 for x in range(400)))
    return Image.frombytes("I;16", (400, 200), line.tobytes() * 200)


@pytest.mark.parametrize("grey", [ramp, lambda: ramp().convert("I"), lambda: ramp().convert("F")])
def test_grey_of_many_bits_is_not_white(grey: Callable[[], Image.Image]) -> None:
    """16 bit, 32 bit and fractions are squeezed into 8 bit, not cut off."""
    small = opened(read_image(encoded(grey(), "TIFF"), convert=True).content)
    shades = [small.convert("L").getpixel((x, 100)) for x in (5, 100, 200, 300, 395)]
    wanted = (3, 64, 128, 191, 252)
    assert [pair for pair in zip(shades, wanted, strict=True) if abs(pair[0] - pair[1]) >= 8] == []  # type: ignore[operator]


def up_to(most: int, width: int = 65) -> list[int]:
    """Values from 0 to the greatest one."""
    return [most * x // (width - 1) for x in range(width)]


EIGHT = [value * 257 for value in up_to(15)]
# What is given, the brightness of its brightest pixel from 0 to 255, and what the printed line says of it.
DEEP = {
    "12 bit": (png_of(up_to(4_095)), 255, "read as grey of 12 bits (its greatest value is 4,095)"),
    "12 bit, not bright": (png_of(up_to(2_000)), 124, "read as grey of 12 bits (its greatest value is 2,000)"),
    "10 bit": (png_of(up_to(1_023)), 255, "read as grey of 10 bits"),
    "14 bit": (png_of(up_to(16_383)), 255, "read as grey of 14 bits"),
    "8 bit": (png_of(up_to(255)), 255, "read as grey of 8 bits"),
    "16 bit": (png_of(up_to(20_000)), 78, ""),
    "black": (png_of([0] * 65), 0, ""),
    "8 bit spread over 16": (png_of(EIGHT), 15, ""),
    "sBIT 16, dark": (png_of(up_to(4_095), 16), 16, ""),
    "sBIT 12, upper bits": (png_of([value << 4 for value in up_to(4_095)], 12), 255, ""),
    "sBIT 12, upper bits, dark": (png_of([value << 4 for value in up_to(250)], 12), 15, ""),
    "sBIT 12, lower bits": (png_of(up_to(2_000), 12), 124, "read as grey of 12 bits, as it says"),
    "TIFF": (tiff(up_to(4_095)), 255, "read as grey of 12 bits (its greatest value is 4,095)"),
    "big endian": (tiff(up_to(4_095), order=">"), 255, "read as grey of 12 bits"),
    "signed": (tiff(up_to(4_095), "h"), 255, "read as grey of 12 bits"),
    "32 bit": (tiff(up_to(4_095), "i"), 255, "read as grey of 12 bits"),
    "32 bit without a sign": (tiff(up_to(2**32 - 1), "I"), 255, ""),
    "32 bit, all of it": (tiff(up_to(2**31 - 1), "I"), 255, "its greatest value 2,147,483,647 shown as white"),
    "as it says": (tiff(up_to(2_000), t281=4_095), 124, "read as grey of 12 bits, as it says"),
    "as it counts": (tiff(up_to(1_000), t281=3_900), 62, "read as grey of 12 bits, as it says"),
    "dark, as it says": (tiff(up_to(4_095), t281=65_535), 16, ""),
    "what it says is wrong": (tiff(up_to(4_095), t281=255), 255, "read as grey of 12 bits (its"),
    "negative": (tiff([value - 1_000 for value in up_to(4_000)], "h"), 255, "its values from -1,000 to 3,000 shown"),
    "fractions": (tiff([value / 100 for value in up_to(60)], "f"), 153, ""),
    "dark fractions": (tiff([value / 1_000 for value in up_to(60)], "f"), 255, "its values from 0 to 0.06 shown"),
    "fractions, as it says": (tiff([0.0, *up_to(60)], "f", t340=0.0, t341=120.0), 128, "from 0 to 120 shown"),
    "white is 0": (tiff([4_095 - value for value in up_to(4_095)], t262=0), 255, "read as grey of 12 bits"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "bright", "told"), DEEP.values(), ids=DEEP)
def test_grey_is_as_bright_as_what_measured_it_meant(content: bytes, bright: int, told: str) -> None:
    """White is what the file says, else what the fewest usual bits for its greatest value hold; JPEG and thumbnail.

    What is 8 bit spread over 16 stays as dark as it was. The line that is printed before paying says what was done.
    """
    image = read_image(content, convert=True)
    for small in (opened(image.content).convert("L"), upright(content, size=400, alpha=True).convert("L")):
        shades = [int(small.getpixel((x, 0))) for x in (0, 32, 64)]  # type: ignore[arg-type]
        wanted = (0, bright / 2, bright)
        assert [pair for pair in zip(shades, wanted, strict=True) if abs(pair[0] - pair[1]) > 6] == []
    assert told in str(image.made_of)
    assert told or "read as" not in str(image.made_of)


def test_colours_whose_bits_the_decoder_drops_are_refused() -> None:
    """Colours of 12 bits in 16 would come out black: nothing is bought, and whole ones come out."""
    with pytest.raises(InvalidInputError, match=r"lower 12 of 16 bits.*save it with 8 bits"):
        as_jpeg(png_of(up_to(4_095), colours=2), "a.png", SURE_BYTES)
    assert opened(as_jpeg(png_of(up_to(65_535), colours=2), "a.png", SURE_BYTES)[0]).size == (65, 64)


def test_a_png_in_grey_of_16_bits_is_told_before_it_is_converted(tmp_path: Path) -> None:
    """On request only; a bulk run tells it by its first bytes, and names what is missing."""
    content = png_of(up_to(4_095))
    (tmp_path / "a.png").write_bytes(content)
    assert glance_at(str(tmp_path / "a.png"), convert=True) == "a PNG in grey of 16 bits"
    assert glance_at(str(tmp_path / "a.png")) is None
    assert read_image(content).content == content


def test_what_is_transparent_becomes_white() -> None:
    """An alpha channel leaves white, as a page would, not the black or the colours that were hidden."""
    image = halves().convert("RGBA")
    image.putalpha(0)
    assert opened(read_image(encoded(image, "TIFF"), convert=True).content).getpixel((5, 5)) == (255, 255, 255)


def test_a_profile_is_heeded() -> None:
    """Colours of another space become those of sRGB; a damaged profile is passed over."""
    content = encoded(halves(), "TIFF", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for profile in (content, encoded(halves(), "TIFF", icc_profile=b"damaged")):
        small = opened(read_image(profile, convert=True).content)
        assert is_near(small.getpixel((10, 100)), BLUE)
        assert "icc_profile" not in small.info


def test_what_is_larger_than_10_mb_becomes_smaller() -> None:
    """A whole image above the limit is coded anew below it; without the request it is refused, and says what helps."""
    noise = Image.effect_noise((4_000, 4_000), 90)
    content = encoded(noise, "PNG")
    assert len(content) > MOST_BYTES
    with pytest.raises(InvalidInputError, match=r"larger than 10 MB.*convert=True, or --convert"):
        read_image(content)
    image = read_image(content, convert=True)
    assert len(image.content) < SURE_BYTES
    assert opened(image.content).format == "JPEG"
    # What the service takes as it is stays as it is.
    assert read_image(JPEG, convert=True).content == JPEG


def test_100_megapixels_come_out() -> None:
    """A large image is no bomb: it becomes one of the size that cameras have, whatever Pillow warns of."""
    image = read_image(encoded(Image.new("L", (12_000, 8_400), 128), "TIFF", compression="tiff_lzw"), convert=True)
    assert max(opened(image.content).size) == 6_000


@pytest.mark.parametrize("kind", [*PHOTOS, "BMP", "GIF"])
def test_it_is_on_request_and_the_message_says_how(kind: str, tmp_path: Path) -> None:
    """Nothing is converted unasked; what would do it is named, also where a bulk run glances."""
    (tmp_path / "a").write_bytes({**PHOTOS, **FLAT}[kind]())
    for look in (read_image, glance_at):
        with pytest.raises(
            InvalidInputError, match=rf"{kind}, not a jpg.*convert=True, or --convert, makes a JPEG of it"
        ):
            look(str(tmp_path / "a"))
    assert glance_at(str(tmp_path / "a"), convert=True) == kind


@pytest.mark.parametrize("module", ["PIL", "pillow_heif"])
def test_without_the_extra_the_message_says_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Asked for or not, a photo of a phone is answered with what to install, before anything is sent."""
    content = PHOTOS["HEIC"]()
    (tmp_path / "a.heic").write_bytes(content)
    monkeypatch.setitem(sys.modules, module, None)
    for convert in (True, False):
        with pytest.raises(InvalidInputError, match="pip install pillow pillow-heif"):
            read_image(content, convert=convert)
    with pytest.raises(InvalidInputError, match="pip install pillow pillow-heif"):
        glance_at(str(tmp_path / "a.heic"), convert=True)


def test_it_is_said_before_paying() -> None:
    """A warning that names the image and what becomes of it comes before anything is sent; as an error it stops all."""
    played = play(generate(PHOTOS["HEIC"](), prompt="x", convert=True))
    assert isinstance(played.error, WeryAIWarning)
    assert str(played.error).startswith("the image, HEIC, becomes a JPEG of ")


@pytest.mark.parametrize(
    "content",
    [
        PHOTOS["HEIC"]()[:400],
        PHOTOS["AVIF"]()[:200],
        FLAT["BMP"]()[:1000],
        b"II*\0" + b"\xff" * 100,
        encoded(halves(), "TIFF", tiffinfo={0xC612: b"\1\4\0\0"}),
    ],
)
def test_what_is_damaged_or_raw_is_not_bought(content: bytes) -> None:
    """A cut photo, a header alone, or the preview in a camera's raw photo is refused in a short sentence."""
    with pytest.raises(InvalidInputError, match=r"cannot be converted: .*Nothing was sent\.$") as caught:
        read_image(content, convert=True)
    assert len(str(caught.value)) < 200


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_text_that_unpacks_to_a_gigabyte_is_not_unpacked() -> None:
    """Texts and profiles of a PNG cost no memory, and the image comes out."""
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(bytes(10**7)) for _ in range(50)) + packing.flush()
    png = encoded(halves(), "PNG")
    content = png[:33] + chunk(b"zTXt", b"c\0\0" + packed) + chunk(b"iCCP", b"c\0\0" + packed) + png[33:]
    tracemalloc.start()
    try:
        assert is_near(upright(content, size=100).getpixel((5, 5)), BLUE)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_jpeg_of_800_scans_is_not_decoded() -> None:
    """Each scan costs the time of the whole image: what no camera and no browser makes is refused by its structure."""
    content = encoded(halves(), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    with pytest.raises(ValueError, match="scans"):
        upright(content[:-2] + content[last:-2] * 800 + content[-2:])
    assert upright(content).size == (400, 200)


def test_the_original_is_known_by_its_own_bytes() -> None:
    """Size and hash of what was given stay with it, so that a job is known again whatever codes its JPEG."""
    content = PHOTOS["HEIC"]()
    assert read_image(content, convert=True).origin()[0] == len(content)
    assert read_image(jpeg_of(5_000)).origin()[0] == 5_000
    assert io.BytesIO(content).getvalue() == content


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "PA", "1", "CMYK"])
def test_what_is_large_is_made_small_in_strips(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 50 megapixels an image of any mode is made half as large at once, and looks as it did, to its last line."""
    monkeypatch.setattr("weryai._media.convert._MANY_PIXELS", 50_000)
    image = halves(401, 1_203)
    content = encoded(image.convert(mode), "TIFF") if mode != "PA" else encoded(image.convert("P"), "GIF")
    found = upright(content)
    assert found.size == (201, 602)
    left, right = found.getpixel((20, 601)), found.getpixel((180, 601))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    if mode in ("RGB", "RGBA", "P", "PA", "CMYK"):
        assert is_near(left, BLUE) and is_near(right, RED)
    else:
        assert sum(left) < sum(right) or mode == "1"


SIZE = {
    "PNG": lambda wide, high: b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", wide, high),
    "GIF": lambda wide, high: b"GIF89a" + struct.pack("<HH", wide, high),
    "BMP": lambda wide, high: b"BM" + bytes(16) + struct.pack("<ii", wide, -high),
    "TIFF": lambda wide, high: struct.pack("<2sHIHHHIIHHII", b"II", 42, 8, 2, 256, 4, 1, wide, 257, 4, 1, high),
    "HEIC": lambda wide, high: (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1ispe\0\0\0\0\0\0\2\0\0\0\2\0ispe\0\0\0\0" + struct.pack(">II", wide, high)
    ),
    "JPEG": lambda wide, high: b"\xff\xd8\xff\xe0\0\4\0\0\xff\xc0\0\x11\x08" + struct.pack(">HH", high, wide),
    "progressive": lambda wide, high: b"\xff\xd8\xff\xe0\0\4\0\0\xff\xc2\0\x11\x08" + struct.pack(">HH", high, wide),
}


@pytest.mark.parametrize("kind", SIZE)
def test_too_many_pixels_are_told_before_anything_is_bought(tmp_path: Path, kind: str) -> None:
    """What cannot be decoded in memory is refused by its first bytes, where a plan glances; a JPEG may have more."""
    place = tmp_path / "a"
    for megapixels, is_taken in ((170, True), (200, kind == "JPEG"), (510, False)):
        place.write_bytes(SIZE[kind](20_000, megapixels * 50) + bytes(20) + b"\xff\xd9")
        # Only a file of 10 MB or more of these kinds is converted.
        os.truncate(place, 12_000_000)
        if is_taken:
            assert glance_at(str(place), convert=True)
        else:
            with pytest.raises(InvalidInputError, match=f"it has {megapixels} megapixels, and 178, .* editor"):
                glance_at(str(place), convert=True)


def test_a_photo_of_200_megapixels_is_decoded_in_small() -> None:
    """A phone makes them: such a JPEG is decoded at a fraction of its size, also where Pillow would not open it."""
    small = opened(read_image(huge_jpeg(), convert=True).content)
    assert small.size == (8_000, 6_250)
    assert is_near(small.getpixel((4_000, 3_000)), (128, 128, 128))


def huge_jpeg() -> bytes:
    """A grey JPEG of 200 megapixels in 10 MB: its one line of blocks, as often as is needed, made by hand."""
    line = encoded(Image.new("L", (16_000, 8), 128), "JPEG", restart_marker_rows=1)
    scan = line.index(b"\xff\xda")
    head, data = bytearray(line[: scan + 10]), line[scan + 10 : -2]
    frame = head.index(b"\xff\xc0")
    head[frame + 5 : frame + 7] = struct.pack(">H", 12_500)
    rows = -(-12_500 // 8)
    marked = b"".join(data + bytes([0xFF, 0xD0 + row % 8]) for row in range(rows - 1)) + data
    return bytes(head) + marked + b"\xff\xd9" + bytes(max(0, SURE_BYTES - len(marked)))


def test_values_that_are_no_numbers_are_told() -> None:
    """A picture of fractions, some of which are no numbers, would come out black: it is refused instead."""
    line = array.array("f", [float("nan")] + [0.5] * 399)
    image = Image.frombytes("F", (400, 2), line.tobytes() * 2)
    with pytest.raises(InvalidInputError, match="some of its values are no numbers"):
        read_image(encoded(image, "TIFF"), convert=True)

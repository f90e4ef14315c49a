"""Broken images are not bought: what is whole is told by structure, in a few milliseconds, and nothing is decoded."""

import io
import os
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from fakes.pictures import JPEG, WEBP, png
from fakes.playing import play, submit
from weryai._media import image
from weryai._media.image import glance_at, read_image
from weryai._media.structure import what_is_missing
from weryai.errors import InvalidInputError

FILM = b"\0\0\0\x18ftypmp42" + bytes(3000)


def drawn(form: str, mode: str = "RGB", **options: Any) -> bytes:
    """Draw noise, which no format makes small."""
    buffer = io.BytesIO()
    colours = Pillow.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3))
    image = Pillow.frombytes("I;16", (64, 64), os.urandom(64 * 64 * 2)) if mode == "I;16" else colours.convert(mode)
    if options.pop("moves", False):
        options |= {"save_all": True, "append_images": [colours.rotate(90), colours.rotate(180)]}
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_thumbnail(content: bytes) -> bytes:
    """Put a whole small JPEG into a segment at the start, as cameras do."""
    notes = b"Exif\0\0" + drawn("JPEG", quality=50)
    return content[:2] + b"\xff\xe1" + (len(notes) + 2).to_bytes(2, "big") + notes + content[2:]


PLAIN = drawn("JPEG", quality=95)
CORPUS = {
    "jpeg": PLAIN,
    "thumbnail": with_thumbnail(PLAIN),
    "progressive": drawn("JPEG", progressive=True),
    "restarts": drawn("JPEG", restart_marker_blocks=1),
    "cmyk": drawn("JPEG", "CMYK"),
    "grey": drawn("JPEG", "L"),
    "filling": PLAIN[:2] + b"\xff\xff\xff" + PLAIN[3:],
    "png": drawn("PNG"),
    "16 bit": drawn("PNG", "I;16"),
    "palette": drawn("PNG", "P"),
    "apng": drawn("PNG", moves=True),
    "webp": drawn("WEBP"),
    "lossless": drawn("WEBP", lossless=True),
    "alpha": drawn("WEBP", "RGBA", exif=b"Exif\0\0" + bytes(32)),
    "moving webp": drawn("WEBP", moves=True),
    "an odd remark": png()[:33] + b"\0\0\0\1tEXtA\0\0\0\0" + png()[33:],
    "small jpeg": JPEG,
    "small webp": WEBP,
    "small png": png(1, 1),
}


def suffix_of(content: bytes) -> str:
    """The suffix of a whole image."""
    return read_image(content).suffix


@pytest.mark.parametrize("content", CORPUS.values(), ids=list(CORPUS))
def test_a_whole_image_passes_with_whatever_follows(content: bytes) -> None:
    """Each kind passes as it is, with a trailer, a second image or a film behind its end."""
    for trailer in (b"", b"\0" * 100, b"SEFT", PLAIN, FILM):
        assert what_is_missing(content + trailer, suffix_of(content)) is None


@pytest.mark.parametrize("content", CORPUS.values(), ids=list(CORPUS))
def test_a_cut_image_is_refused(content: bytes) -> None:
    """Cut at every tenth, near its end and right behind its first bytes, an image is not whole."""
    suffix = suffix_of(content)
    whole = [cut for cut in [*(len(content) * n // 10 for n in range(1, 10)), len(content) - 2, 12]
             if what_is_missing(content[:cut], suffix) is None]  # fmt: skip
    assert whole == []


def chunk(kind: bytes, content: bytes) -> bytes:
    """Make a chunk of a PNG."""
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def png_of(width: int, height: int, colours: int) -> bytes:
    """Make a PNG of one chunk of data, with what its head says."""
    head = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return png()[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


NONE = {
    "a signature of a jpeg": b"\xff\xd8\xff",
    "a signature of a png": b"\x89PNG\r\n\x1a\n",
    "a jpeg without an image": b"\xff\xd8\xff\xe0\0\4ab\xff\xd9",
    "a png without an image": png()[:33] + png()[-12:],
    "a png whose middle is damaged": png()[:200] + b"\0" * 50 + png()[250:],
    "a png that starts in the middle": png()[:8] + png()[33:],
    "a png of no width": png_of(0, 8, 0),
    "a png of no height": png_of(8, 0, 2),
    "a png without its palette": png_of(8, 8, 3),
    "a webp without an image": b"RIFF\x0c\0\0\0WEBPEXIF\0\0\0\0",
}


@pytest.mark.parametrize("content", NONE.values(), ids=list(NONE))
def test_what_is_no_whole_image_is_not_bought(content: bytes) -> None:
    """It is refused before anything is sent; validate=False sends it."""
    played = play(submit(content, prompt="x"))
    assert isinstance(played.error, InvalidInputError) and played.sent == []
    assert "is not whole" in str(played.error)
    assert read_image(content, validate=False).content == content


@pytest.mark.parametrize("filling", [b"\xff\x00", b"\xff\xd0", b"\xff", None], ids=repr)
def test_the_walk_is_short(filling: bytes | None) -> None:
    """10 MB are walked in an instant, whatever they consist of: by processor time, with room for a slow machine."""
    body = os.urandom(10_000_000).replace(b"\xff", b"\xff\0") if filling is None else filling * (10**7 // len(filling))
    content = JPEG[:-2] + body + JPEG[-2:]
    before = time.process_time()
    assert what_is_missing(content, ".jpg") is None
    assert time.process_time() - before < 1.0


LARGE = drawn("JPEG", quality=95) + b"\0" * 200_000
BIG = png(600, 600)


GLANCES = {
    "small": (JPEG, None),
    "a trailer": (LARGE, None),
    "a film behind": (BIG + FILM, None),
    "empty": (b"", "empty"),
    "a signature": (b"\xff\xd8\xff", "not whole"),
    "cut": (PLAIN[:-2], "not whole"),
    "large and cut": (JPEG[:-2] + b"\0" * 300_000, "not whole"),
    "a cut webp": (drawn("WEBP", lossless=True)[:-400], "not whole"),
    "a gif": (b"GIF89a" + bytes(200_000), "not a jpg"),
    "too large": (JPEG + bytes(11_000_000), "larger than 10 MB"),
}


@pytest.mark.parametrize(("content", "told"), GLANCES.values(), ids=list(GLANCES))
def test_a_glance_finds_what_is_surely_no_image(tmp_path: Path, content: bytes, told: str | None) -> None:
    """Size, start and end are looked at before anything is bought, and the whole where they do not tell."""
    (tmp_path / "a.jpg").write_bytes(content)
    if told is None:
        glance_at(str(tmp_path / "a.jpg"))
        return
    with pytest.raises(InvalidInputError, match=told):
        glance_at(str(tmp_path / "a.jpg"))


def test_a_glance_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large image that ends as it should, two pieces are read."""
    (tmp_path / "a.jpg").write_bytes(JPEG[:-2] + bytes(9_000_000) + JPEG[-2:])
    monkeypatch.setattr(image, "read_image", lambda _: pytest.fail("the whole image is read"))
    glance_at(str(tmp_path / "a.jpg"))

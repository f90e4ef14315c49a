"""A local picture is judged by its content and its size before anything is sent."""

import asyncio
import base64
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Pillow

from fakes.pictures import JPEG, WEBP, jpeg_of, png
from fakes.playing import play, reply, submit, upload
from weryai import AsyncWeryAI, WeryAI
from weryai._media.image import MOST_BYTES, SURE_BYTES, is_address, read_image
from weryai.errors import ContractError, InvalidInputError, WeryAIWarning

STORED = "https://static.weryai.com/growth/picture.jpg"
UPLOADED = reply({"status": 0, "data": {"object_url_list": [STORED]}})
TYPES = [(JPEG, ".jpg", "image/jpeg"), (png(4, 4), ".png", "image/png"), (WEBP, ".webp", "image/webp")]


@pytest.mark.parametrize(("content", "suffix", "media_type"), TYPES)
def test_the_type_is_told_by_the_content(content: bytes, suffix: str, media_type: str, tmp_path: Path) -> None:
    """A path, bytes or a file give the same picture, whatever the file is called."""
    path = tmp_path / "named.txt"
    path.write_bytes(content)
    for source in (path, str(path), content, bytearray(content), memoryview(content), io.BytesIO(content)):
        picture = read_image(source)  # type: ignore[arg-type]
        assert (picture.content, picture.suffix, picture.media_type) == (content, suffix, media_type)


def test_a_file_is_read_from_where_it_stands() -> None:
    """A file object is read from its position and stays open."""
    file = io.BytesIO(b"head" + JPEG)
    file.seek(4)
    assert read_image(file).content == JPEG
    assert not file.closed


@pytest.mark.parametrize(
    "content", [b"GIF89a" + b"0" * 20, b"hello", b"RIFF0000WAVE", b"BM000000", b"<svg/>", b"\xff\xd8"]
)
def test_other_content_is_refused(content: bytes, tmp_path: Path) -> None:
    """What is no jpg, png or webp is refused and named, even if it is called .jpg."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"photo\.jpg is (GIF, )?not a jpg, png or webp"):
        read_image(path)


def test_an_empty_picture_is_refused(tmp_path: Path) -> None:
    """Zero bytes are refused as such, from a path and from bytes."""
    path = tmp_path / "photo.jpg"
    path.touch()
    for source in (path, b"", io.BytesIO()):
        with pytest.raises(InvalidInputError, match="empty"):
            read_image(source)


def test_the_largest_sizes() -> None:
    """10,000,000 bytes are silent, more warn, 10 MiB is the last that goes, one more is refused."""
    assert (SURE_BYTES, MOST_BYTES) == (10_000_000, 10 * 1024 * 1024)
    assert len(read_image(jpeg_of(SURE_BYTES)).content) == SURE_BYTES
    for size in (SURE_BYTES + 1, MOST_BYTES):
        with pytest.warns(WeryAIWarning, match=r"10 MB"):
            assert len(read_image(jpeg_of(size)).content) == size
    for source in (jpeg_of(MOST_BYTES + 1), io.BytesIO(jpeg_of(MOST_BYTES + 1))):
        with pytest.raises(InvalidInputError, match="larger than 10 MB"):
            read_image(source)


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    """A missing file, a folder, a data: address, text files and other objects are InvalidInputError each."""
    cases: list[tuple[Any, str]] = [
        (tmp_path / "none.jpg", "no image at"),
        (tmp_path, "folder"),
        ("data:image/png;base64,AAAA", "data:"),
        ("DATA:image/png;base64,AAAA", "data:"),
        ("a\0b", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        (io.StringIO("text"), "open as text"),
        (5, "not int"),
        (None, "not NoneType"),
        (["a"], "not list"),
    ]
    for source, words in cases:
        with pytest.raises(InvalidInputError, match=words):
            read_image(source)
    closed = io.BytesIO(JPEG)
    closed.close()
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_image(closed)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("http://e.com/a.jpg", True),
        ("https://e.com/a.jpg", True),
        ("HTTPS://e.com/a.jpg", True),
        ("ftp://e.com/a.jpg", False),
        ("https:/e.com", False),
        ("www.example.com/a.jpg", False),
        ("photo.jpg", False),
        ("", False),
        (b"https://e.com", False),
        (Path("https://e.com"), False),
        (None, False),
    ],
)
def test_a_text_is_an_address_only_with_http(source: Any, expected: bool) -> None:
    """A str is a URL if and only if it starts with http:// or https://; everything else is local."""
    assert is_address(source) is expected


def test_a_local_picture_is_uploaded_and_its_address_submitted() -> None:
    """Submit uploads a local picture by itself under a neutral name, then sends the address that came back."""
    played = play(submit(JPEG, prompt="wave"), UPLOADED, reply({"status": 0, "data": {"task_ids": ["t1"]}}))
    first, second = (one.request for one in played.sent if hasattr(one, "request"))
    assert (first["url"], second["url"]) == ("/v1/generation/upload-file", "/v1/generation/image-to-video")
    assert played.bodies[0]["image"] == STORED
    assert "picture.jpg" in repr(first["files"])


def test_an_upload_is_repeated_like_a_get() -> None:
    """An upload is free, so 5xx and resets are tried again, 4 times in all, from the first byte each time."""
    played = play(upload(JPEG), reply(b"", 503), reply(b"", 500), reply(b"", 502), UPLOADED)
    assert played.result == STORED
    assert len(played.slept) == 3
    assert len(play(upload(JPEG), *[reply(b"", 503)] * 4).sent) == 4


@pytest.mark.parametrize(
    "data", [None, {}, [], {"object_url_list": []}, {"object_url_list": ["ftp://x", 5]}, {"object_url_list": STORED}]
)
def test_an_upload_without_an_address_is_a_contract_error(data: Any) -> None:
    """An accepted upload that names no address is a ContractError; an upload is free, so nothing was billed."""
    error = play(upload(JPEG), reply({"status": 0, "data": data})).error
    assert isinstance(error, ContractError)
    assert not error.may_have_been_billed


class Trickling(io.RawIOBase):
    """A raw stream that gives a little at a time, as a pipe or a socket does."""

    def __init__(self, content: bytes, most: int = 1000) -> None:
        self._content, self._most = io.BytesIO(content), most

    def readable(self) -> bool:
        """Say that it is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give some bytes."""
        piece = self._content.read(min(len(buffer), self._most))
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_stream_is_read_to_its_end() -> None:
    """What gives less than was asked for is asked again, so that no cut image is uploaded; only so much is read."""
    content = png(200, 200)
    assert read_image(Trickling(content)).content == content  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="larger than 10 MB"):
        read_image(Trickling(jpeg_of(MOST_BYTES + 10**6), 10**6))  # type: ignore[arg-type]


class Uploaded:
    """A file as Starlette's UploadFile gives it: read by awaiting."""

    def __init__(self, content: bytes) -> None:
        self.file = io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        """Give some bytes."""
        return self.file.read(min(size, 1000))


def test_a_file_that_is_awaited() -> None:
    """The async client awaits such a file, to its end; the blocking one says what to pass instead."""
    content, bodies = png(200, 200), list[bytes]()

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(200, content=UPLOADED.content)

    transport = httpx.MockTransport(answer)

    async def story() -> str:
        async with AsyncWeryAI("sk-key", base_url="http://127.0.0.1:1", transport=transport) as client:
            return await client.files.upload(Uploaded(content))  # type: ignore[arg-type]

    assert asyncio.run(story()) == STORED and content in bodies[0]
    with (
        WeryAI("sk-key", base_url="http://127.0.0.1:1", transport=transport) as client,
        pytest.raises(InvalidInputError, match=r"AsyncWeryAI.*\.file"),
    ):
        client.files.upload(Uploaded(content))  # type: ignore[arg-type]
    assert len(bodies) == 1


@pytest.mark.parametrize("face", [WeryAI, AsyncWeryAI])
def test_a_file_that_cannot_be_read_is_told(face: Any) -> None:
    """A lost connection while an image is read is one of our errors by either client, and nothing was sent."""

    class Lost:
        def read(self, _size: int = -1) -> bytes:
            raise OSError("the connection is lost")

    class LostLater:
        async def read(self, _size: int = -1) -> bytes:
            raise OSError("the connection is lost")

    def upload() -> object:
        client = face("sk-key", base_url="http://127.0.0.1:1")
        return client.files.upload(Lost()) if face is WeryAI else asyncio.run(client.files.upload(LostLater()))

    with pytest.raises(InvalidInputError, match=r"cannot be read: the connection is lost\. Nothing was sent\.$"):
        upload()


class Wrapped:
    """A file that is read by awaiting, behind a function that does not say so."""

    async def _read(self, _: int) -> bytes:
        return JPEG

    def read(self, size: int) -> Any:
        """Begin to read."""
        return self._read(size)


def test_what_is_not_encoded_yet_gets_the_line_that_helps() -> None:
    """A PIL image, an array, a file at its end and base64 text are told with their remedy, in a short message."""
    array = type("ndarray", (), {"__module__": "numpy"})()
    read = io.BytesIO(JPEG)
    read.seek(0, io.SEEK_END)
    cases: list[tuple[Any, str]] = [
        (Pillow.new("RGB", (4, 4)), "image.save"),
        (array, "imencode"),
        (httpx.Response(200, content=JPEG), "response.content"),
        (Wrapped(), "is read by awaiting"),
        (read, r"seek\(0\)"),
        (base64.b64encode(jpeg_of(10**6)).decode(), "b64decode"),
        (base64.encodebytes(png()).decode(), "b64decode"),
        ("data:image/png;base64," + "A" * 10**6, "data:"),
        (base64.b64encode(b"\0\0\0\x18ftypheic" + bytes(10**5)).decode(), "b64decode"),
        (base64.b64encode(jpeg_of(10**6)), "b64decode"),
        (b"data:image/png;base64," + b"A" * 10**6, "data: URL"),
        (base64.urlsafe_b64encode(jpeg_of(10**6)).decode(), "b64decode"),
        (f'"{base64.b64encode(png()).decode()}"', "b64decode"),
        (" data:image/png;base64," + "A" * 10**6, "data:"),
        (" https://example.invalid/a.jpg", "a URL starts with https://"),
        ("s3://bucket/" + "x" * 10**6, "the image is a s3: URL.*fetch it first"),
        ("file:///home/me/a.jpg", "leave file:// out"),
        ("file:/home/me/a.jpg", "is a file: URL.*leave file: out"),
        ("FILE:a.jpg", "leave file: out"),
        ("//example.invalid/a.jpg", "no image at //example.invalid/a.jpg; a URL starts with https://"),
        ("https:/example.invalid/a.jpg", "a URL starts with https://"),
        ("www.example.invalid/a.jpg", "a URL starts with https://"),
        ("photos/" + "x" * 10**6 + ".jpg", "cannot be read"),
        (Path("x" * 10**6), "cannot be read"),
    ]
    for source, words in cases:
        with pytest.raises(InvalidInputError, match=words) as caught:
            read_image(source)
        assert len(str(caught.value)) < 400


def test_a_file_that_has_nothing_yet_is_told() -> None:
    """A stream that does not block, and has nothing, is no empty image."""
    stream = type("Stream", (), {"read": lambda _self, _size: None})()
    with pytest.raises(InvalidInputError, match="does not block"):
        read_image(stream)

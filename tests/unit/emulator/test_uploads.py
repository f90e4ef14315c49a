"""Uploads: judged by their content, kept, and served back."""

import io
import struct
import wave

import pytest

from fakes.pictures import JPEG, WEBP, jpeg_of, png
from weryai.emulator._state.media import FIXED_VIDEO
from weryai.emulator._video import kind_of, orientation

from .conftest import Visitor, order

MIB = 1024 * 1024


def mp4_of(size: int) -> bytes:
    """Return the shipped video padded to exactly `size` bytes."""
    data = FIXED_VIDEO.read_bytes()
    return data + b"\0" * (size - len(data))


def wav() -> bytes:
    """Return a tenth of a second of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return made.getvalue()


GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (JPEG, "a.jpg", "jpeg"),
        (JPEG, "A.JPEG", "jpeg"),
        (png(), "a.png", "png"),
        (WEBP, "a.webp", "webp"),
        (png(), "a", "png"),
    ],
    ids=["jpg", "JPEG", "png", "webp", "no suffix"],
)
async def test_a_picture_is_kept_and_served_back(visitor: Visitor, data: bytes, name: str, kind: str) -> None:
    """The address of an upload gives the same bytes, with the type of their content, without a key."""
    reply = await visitor.upload(data, name)
    (url,) = reply.json()["data"]["object_url_list"]
    assert url.startswith("http://testserver/files/")
    served = await visitor.get(url, headers={"Authorization": ""})
    assert served.content == data
    assert served.headers["content-type"] == f"image/{kind}"


@pytest.mark.parametrize(
    ("data", "name", "http_status", "code", "message"),
    [
        (b"", "a.jpg", 400, 1002, "file empty"),
        (b"hello", "a.jpg", 400, 1002, "only image, video and audio files are supported"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "a.heic", 400, 1002, "only image, video and audio files are supported"),
        (b"GIF89a....", "a.mp4", 400, 1002, "file content does not match the extension or is unsupported"),
        (b"GIF89a" + b"\0" * 10 * MIB, "a.gif", 200, 1014, "image file size must be less than 10mb"),
        (mp4_of(50 * MIB + 1), "a.mp4", 200, 1014, "video or audio file size must be less than 50mb"),
        (mp4_of(70 * MIB), "a.mp4", 200, 1014, "video or audio file size must be less than 50mb"),
        (png(), "a.jpg", 400, 1002, "file content does not match the extension or is unsupported"),
        (JPEG, "a.gif", 400, 1002, "file content does not match the extension or is unsupported"),
        (jpeg_of(10 * MIB + 1), "a.jpg", 200, 1014, "image file size must be less than 10mb"),
        (jpeg_of(17 * MIB), "a.jpg", 200, 1014, "image file size must be less than 10mb"),
    ],
    ids=[
        "empty",
        "text",
        "heic",
        "gif called mp4",
        "large gif",
        "50 MiB and a byte",
        "70 MiB",
        "png called jpg",
        "jpg called gif",
        "10 MiB and a byte",
        "17 MiB",
    ],
)
async def test_other_files_are_refused(
    visitor: Visitor, data: bytes, name: str, http_status: int, code: int, message: str
) -> None:
    """What the service does not take is refused in its words."""
    reply = await visitor.upload(data, name)
    assert reply.status_code == http_status
    assert (reply.json()["status"], reply.json()["message"]) == (code, message)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (mp4_of(50 * MIB), "a.mp4", "video/mp4"),
        (wav(), "a.wav", "audio/wav"),
        (GIF, "a.gif", "image/gif"),
        (b"ID3" + bytes(20), "a.mp3", "audio/mpeg"),
        (b"\x1aE\xdf\xa3" + bytes(20), "a.webm", "video/webm"),
        (b"\0\0\0\x14ftypqt  " + bytes(20), "a.MOV", "video/quicktime"),
    ],
    ids=["mp4 of 50 MiB", "wav", "gif", "mp3", "webm", "mov"],
)
async def test_videos_sounds_and_gifs_are_kept_but_not_animated(
    visitor: Visitor, data: bytes, name: str, kind: str
) -> None:
    """What the service says that it stores is stored; as the image of an order it is refused with 2004, unpaid."""
    (url,) = (await visitor.upload(data, name)).json()["data"]["object_url_list"]
    assert (await visitor.get(url)).headers["content-type"] == kind
    reply = await visitor.post("/v1/generation/image-to-video", json=order(image=url))
    assert (reply.status_code, reply.json()["status"]) == (200, 2004)
    assert (await visitor.get("/v1/generation/balance")).json()["data"] == 1000


async def test_a_result_can_be_uploaded_again_and_is_no_image(visitor: Visitor) -> None:
    """The emulator's own video is a file like any other, by its bytes and not by its URL."""
    result = await visitor.finished_video()
    uploaded = await visitor.upload((await visitor.get(result)).content, "result.mp4")
    assert uploaded.json()["status"] == 0
    reply = await visitor.post("/v1/generation/image-to-video", json=order(image=result))
    assert (reply.status_code, reply.json()["status"]) == (200, 2004)


async def test_ten_mib_are_taken(visitor: Visitor) -> None:
    """The largest picture has exactly 10 MiB."""
    assert (await visitor.upload(jpeg_of(10 * MIB), "a.jpg")).json()["status"] == 0


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"fixed": "True"}, "fixed: "),
        ({"fixed": "1"}, "fixed: "),
        ({"fixed": ""}, "fixed: "),
        ({"folder": "x"}, "folder: unknown field"),
    ],
    ids=str,
)
async def test_other_parts_are_refused(visitor: Visitor, texts: dict[str, str], message: str) -> None:
    """A boolean part is the text true or false and nothing else; a part the contract lacks is refused."""
    reply = await visitor.upload(JPEG, "a.jpg", **texts)
    assert (reply.status_code, reply.json()["status"]) == (400, 1002)
    assert reply.json()["message"].startswith(message)


async def test_documented_parts_are_taken(visitor: Visitor) -> None:
    """batch_no is free text; a fixed name is the same for the same bytes, any other name is new."""
    urls = [
        (await visitor.upload(JPEG, "a.jpg", batch_no="3", fixed=fixed)).json()["data"]["object_url_list"][0]
        for fixed in ("true", "true", "false", "false")
    ]
    assert urls[0] == urls[1]
    assert len(set(urls)) == 3


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"--x\r\n", "multipart/form-data"),
        (b"no form", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
    ],
    ids=["no boundary", "no form", "file as text", "no file"],
)
async def test_a_broken_form_is_refused(visitor: Visitor, content: bytes, content_type: str) -> None:
    """A form that cannot be read or has no file is refused with 400 and an envelope."""
    reply = await visitor.post("/v1/generation/upload-file", content=content, headers={"Content-Type": content_type})
    assert reply.status_code == 400
    assert reply.json()["status"] in (400, 1002)


async def test_a_part_comes_once(visitor: Visitor) -> None:
    """Two files in one form are refused instead of one of them being dropped."""
    files = [("file", ("a.jpg", JPEG)), ("file", ("b.jpg", JPEG))]
    reply = await visitor.post("/v1/generation/upload-file", files=files)
    assert (reply.status_code, reply.json()["message"]) == (400, "file: sent twice")


async def test_an_unknown_file_is_not_found(visitor: Visitor) -> None:
    """What was never uploaded is 404 in the envelope."""
    assert (await visitor.get("/files/weryai_0.jpg")).json()["status"] == 404


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (JPEG, "jpg"),
        (WEBP, "webp"),
        (png(), "png"),
        (b"RIFF1234WAVE", None),
        (b"", None),
        (b"\xff\xd8", None),
    ],
)
def test_formats_are_known_by_their_first_bytes(data: bytes, kind: str | None) -> None:
    """The name of a file does not count."""
    assert kind_of(data) == kind


def exif(order: str, tag: int, value: int) -> bytes:
    """Return a JPEG with one camera note."""
    sign = ">" if order == "MM" else "<"
    notes = order.encode() + struct.pack(f"{sign}HIHHHIHH", 42, 8, 1, tag, 3, 1, value, 0)
    segment = b"Exif\0\0" + notes
    return JPEG[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + JPEG[2:]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (exif("II", 0x0112, 6), 6),
        (exif("MM", 0x0112, 8), 8),
        (exif("MM", 0x0112, 9), 1),
        (exif("MM", 0x0110, 6), 1),
        (exif("MM", 0x0112, 6)[:30], 1),
        (JPEG, 1),
        (b"", 1),
    ],
    ids=["intel", "motorola", "no such orientation", "another note", "cut", "none", "empty"],
)
def test_orientation_is_read_where_it_can_be(data: bytes, expected: int) -> None:
    """A camera's note on how it was held is found; a broken one counts as upright."""
    assert orientation(data) == expected

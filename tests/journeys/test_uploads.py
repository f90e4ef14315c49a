"""A local picture reaches the service whole, or is refused before anything is sent."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, UPLOAD, refused, serve_story, uploaded
from fakes.faces import Face
from fakes.faults import Answer, Close, Half, Reset, html_reply
from fakes.faulty_server import FaultyServer
from fakes.multipart import parts
from fakes.pictures import JPEG, WEBP, jpeg_of, png

pytestmark = pytest.mark.timeout(60)
STORED = "https://static.example.com/growth/picture_1"
PNG = png()
KINDS = {"jpeg": (JPEG, "image/jpeg"), "png": (PNG, "image/png"), "webp": (WEBP, "image/webp")}

Source = Callable[[Path, bytes], Any]


def named(name: str) -> Source:
    """Return a maker of a file with this name."""

    def make(folder: Path, content: bytes) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


SOURCES: dict[str, Source] = {
    "path": named("photo.jpg"),
    "path as text": lambda folder, content: str(named("photo.webp")(folder, content)),
    "bytes": lambda _, content: content,
    "memory": lambda _, content: io.BytesIO(content),
    "name without suffix": named("photo"),
    "name of its own": named('фото "été" %0A; x=1.JPEG'),
}


def upload(source: Any) -> Any:
    """Upload one source."""
    return lambda client: client.files.upload(source)


@pytest.mark.parametrize("make", SOURCES.values(), ids=list(SOURCES))
@pytest.mark.parametrize(("content", "kind"), KINDS.values(), ids=list(KINDS))
def test_a_picture_arrives_whole_and_typed_by_content(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, make: Source, content: bytes, kind: str
) -> None:
    """Path, bytes or file object: the part holds exactly the picture, with the type its bytes have."""
    faulty_server.script("POST", UPLOAD, uploaded(STORED))
    assert face.run(upload(make(tmp_path, content)), faulty_server.url) == STORED
    part = parts(faulty_server.posts(UPLOAD)[0])["file"]
    assert part.content == content
    assert part.content_type == kind


def test_a_file_object_is_uploaded_and_left_open(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """An open file is read, not closed: it belongs to the caller."""
    faulty_server.script("POST", UPLOAD, uploaded(STORED))
    with named("photo.png")(tmp_path, PNG).open("rb") as file:
        assert face.run(upload(file), faulty_server.url) == STORED
        assert not file.closed
    assert parts(faulty_server.posts(UPLOAD)[0])["file"].content == PNG


def missing(folder: Path) -> Any:
    """Name a file that is not there."""
    return folder / "missing.jpg"


def sparse(size: int) -> Callable[[Path], Path]:
    """Return a maker of a JPEG of this size."""

    def make(folder: Path) -> Path:
        path = named("big.jpg")(folder, JPEG)
        os.truncate(path, size)
        return Path(path)

    return make


TOO_BIG = 10 * 1024 * 1024 + 1
UNUSABLE: dict[str, Callable[[Path], Any]] = {
    "text named .jpg": lambda folder: named("notes.jpg")(folder, b"these are only words\n" * 40),
    "empty file": lambda folder: named("empty.jpg")(folder, b""),
    "missing file": missing,
    "missing file as text": lambda folder: str(missing(folder)),
    "directory": lambda folder: folder,
    "too big": sparse(TOO_BIG),
    "12 MB": sparse(12_000_000),
    "data url": lambda _: "data:image/png;base64,iVBORw0KGgo=",
    "ftp url": lambda _: "ftp://example.com/photo.jpg",
    "gif": lambda folder: named("photo.jpg")(folder, b"GIF89a" + bytes(100)),
    "pdf": lambda folder: named("photo.png")(folder, b"%PDF-1.7\n" + bytes(100)),
    "bytes of text": lambda _: b"only words",
    "no bytes": lambda _: b"",
    "bytes too big": lambda _: jpeg_of(TOO_BIG),
    "file object of text": lambda _: io.BytesIO(b"only words"),
    "empty file object": lambda _: io.BytesIO(b""),
    "file object too big": lambda _: io.BytesIO(jpeg_of(TOO_BIG)),
    "empty text": lambda _: "",
    "name with a zero byte": lambda _: "photo\0.jpg",
}
VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "upload": lambda client, source: client.files.upload(source),
    "submit": lambda client, source: client.image_to_video.submit(source, prompt="Wave"),
    "generate": lambda client, source: client.image_to_video.generate(source, prompt="Wave"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
@pytest.mark.parametrize("make", UNUSABLE.values(), ids=list(UNUSABLE))
def test_an_unusable_picture_sends_nothing(
    face: Face,
    faulty_server: FaultyServer,
    tmp_path: Path,
    make: Callable[[Path], Any],
    verb: Callable[[Any, Any], Any],
) -> None:
    """What cannot be a picture is InvalidInputError, a ValueError, before a single request."""
    source = make(tmp_path)
    with pytest.raises(weryai.InvalidInputError) as caught:
        face.run(lambda client: verb(client, source), faulty_server.url)
    assert isinstance(caught.value, ValueError) and str(caught.value)
    assert faulty_server.requests == []


@pytest.mark.parametrize("size", [10_000_001, TOO_BIG - 1])
def test_a_nearly_too_big_picture_warns_and_goes(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, size: int
) -> None:
    """Between 10,000,000 bytes and 10 MiB sources disagree, so the picture is sent with a warning."""
    faulty_server.script("POST", UPLOAD, uploaded(STORED))
    with pytest.warns(UserWarning, match="(?i)bytes|MB"):
        assert face.run(upload(sparse(size)(tmp_path)), faulty_server.url) == STORED
    assert len(parts(faulty_server.posts(UPLOAD)[0])["file"].content) == size


def test_ten_million_bytes_need_no_warning(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """The limit itself is inside."""
    faulty_server.script("POST", UPLOAD, uploaded(STORED))
    assert face.run(upload(sparse(10_000_000)(tmp_path)), faulty_server.url) == STORED


PASSING: dict[str, Answer] = {
    "503": html_reply(503),
    "504": html_reply(504),
    "reset": Reset(),
    "close": Close(),
    "half": Half(b'{"status":0}'),
}


@pytest.mark.parametrize("make", [SOURCES["path"], SOURCES["bytes"], SOURCES["memory"]])
@pytest.mark.parametrize("fault", PASSING.values(), ids=list(PASSING))
def test_an_upload_is_repeated_whole(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, fault: Answer, make: Source
) -> None:
    """An upload costs nothing, so it is tried up to four times, each time with the whole picture."""
    faulty_server.script("POST", UPLOAD, fault, fault, fault, uploaded(STORED))
    assert face.run(upload(make(tmp_path, PNG)), faulty_server.url) == STORED
    assert [parts(one)["file"].content for one in faulty_server.posts(UPLOAD)] == [PNG] * 4


@pytest.mark.parametrize("fault", PASSING.values(), ids=list(PASSING))
def test_an_upload_is_given_up_after_four_tries(face: Face, faulty_server: FaultyServer, fault: Answer) -> None:
    """A service that stays broken sees four uploads, never a submit."""
    serve_story(faulty_server)
    faulty_server.default("POST", UPLOAD, fault)
    with pytest.raises(weryai.WeryAIError):
        face.run(lambda client: client.image_to_video.submit(PNG, prompt="Wave"), faulty_server.url)
    assert len(faulty_server.posts(UPLOAD)) == 4
    assert faulty_server.posts(SUBMIT) == []


@pytest.mark.parametrize("code", [1015, 2004])
def test_a_refused_upload_is_final(face: Face, faulty_server: FaultyServer, code: int) -> None:
    """A refusal that waiting cannot cure is raised after one upload, and nothing is submitted."""
    serve_story(faulty_server)
    faulty_server.script("POST", UPLOAD, refused(code, "no more images"))
    with pytest.raises(weryai.APIError, match="no more images") as caught:
        face.run(lambda client: client.image_to_video.submit(PNG, prompt="Wave"), faulty_server.url)
    assert caught.value.code == code
    assert len(faulty_server.requests) == 1


@pytest.mark.parametrize("make", SOURCES.values(), ids=list(SOURCES))
def test_a_local_picture_uploads_itself(face: Face, faulty_server: FaultyServer, tmp_path: Path, make: Source) -> None:
    """`submit` with a picture uploads it once and submits the address the service gave."""
    serve_story(faulty_server)
    faulty_server.script("POST", UPLOAD, uploaded(STORED))
    source = make(tmp_path, PNG)
    face.run(lambda client: client.image_to_video.submit(source, prompt="Wave"), faulty_server.url)
    assert [one.path for one in faulty_server.requests] == [UPLOAD, SUBMIT]
    assert faulty_server.posts(SUBMIT)[0].json()["image"] == STORED


@pytest.mark.parametrize("url", ["http://example.com/a.jpg", "https://example.com/a.jpg?x=1&y=%20"])
def test_a_url_is_sent_as_it_is(face: Face, faulty_server: FaultyServer, url: str) -> None:
    """A text that starts with http:// or https:// is an address: nothing is uploaded."""
    serve_story(faulty_server)
    face.run(lambda client: client.image_to_video.submit(url, prompt="Wave"), faulty_server.url)
    assert [one.path for one in faulty_server.requests] == [SUBMIT]
    assert faulty_server.posts(SUBMIT)[0].json()["image"] == url

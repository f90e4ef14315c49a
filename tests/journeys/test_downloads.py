"""A video arrives whole under its name, or its name stays free; the key never goes to a CDN."""

from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import MP4, RESULT, STATUS, SUBMIT, TASK, looked, serve_story, video_url
from fakes.faces import Face, generate
from fakes.faults import Answer, Chunks, Close, Half, Raw, Reply, Reset, html_reply
from fakes.faulty_server import FaultyServer
from fakes.videos import mp4, webm

pytestmark = pytest.mark.timeout(60)
BIG = mp4(bytes(300_000))


def download(url: str, path: Any) -> Any:
    """Download one address to one path."""
    return lambda client: client.files.download(url, path)


BROKEN: dict[str, Answer] = {
    "short": Half(BIG),
    "reset at half": Half(BIG, reset=True),
    "chunks cut": Chunks((MP4, MP4), cut=True),
    "reset": Reset(),
    "close": Close(),
    "cut status line": Raw(),
    "404": html_reply(404),
    "403": html_reply(403),
    "503": html_reply(503),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize("existing", [None, b"the video of yesterday"], ids=["new", "existing"])
def test_a_broken_download_leaves_the_name_alone(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, answer: Answer, existing: bytes | None
) -> None:
    """No truncated file under the final name, an older file untouched, nothing left but `.partial_path`."""
    target = tmp_path / "v.mp4"
    if existing is not None:
        target.write_bytes(existing)
    faulty_server.default("GET", RESULT, answer)
    with pytest.raises(weryai.DownloadError) as caught:
        face.run(download(video_url(faulty_server), target), faulty_server.url)
    assert caught.value.url == video_url(faulty_server)
    assert (target.read_bytes() if target.exists() else None) == existing
    left = {path for path in tmp_path.iterdir() if path != target}
    assert left <= {caught.value.partial_path}


WHOLE: dict[str, Answer] = {
    "plain": Reply(BIG, headers={"Content-Type": "video/mp4"}),
    "slow": Reply(BIG, pieces=6, pause=0.02),
    "chunked": Chunks((BIG[:1000], BIG[1000:])),
    "wrong type": Reply(BIG, headers={"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize("answer", WHOLE.values(), ids=list(WHOLE))
@pytest.mark.parametrize("as_text", [True, False])
def test_a_whole_video_gets_its_name(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, answer: Answer, as_text: bool
) -> None:
    """A complete answer is the file, byte for byte, with nothing beside it; the path comes back."""
    faulty_server.default("GET", RESULT, answer)
    target = tmp_path / "v.mp4"
    path = face.run(download(video_url(faulty_server), str(target) if as_text else target), faulty_server.url)
    assert Path(path) == target and isinstance(path, Path)
    assert target.read_bytes() == BIG
    assert list(tmp_path.iterdir()) == [target]


def test_an_existing_file_is_replaced_at_once(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """The new video takes the name by a rename: a reader of the old one keeps reading the old one."""
    target = tmp_path / "v.mp4"
    target.write_bytes(b"the video of yesterday")
    faulty_server.default("GET", RESULT, Reply(BIG))
    with target.open("rb") as old:
        face.run(download(video_url(faulty_server), target), faulty_server.url)
        assert old.read() == b"the video of yesterday"
    assert target.read_bytes() == BIG
    assert list(tmp_path.iterdir()) == [target]


def test_no_key_goes_to_a_cdn(face: Face, faulty_server: FaultyServer, elsewhere: FaultyServer, tmp_path: Path) -> None:
    """The result is fetched without the bearer key, by `download` and by `generate`."""
    serve_story(elsewhere)
    serve_story(faulty_server)
    faulty_server.default("GET", STATUS, looked("succeed", videos=[video_url(elsewhere)]))
    face.run_in_turn(
        [download(video_url(elsewhere), tmp_path / "a.mp4"), lambda client: generate(client, tmp_path / "b.mp4")],
        faulty_server.url,
    )
    assert [one.headers.get("authorization") for one in elsewhere.requests] == [None, None]
    assert [one for one in faulty_server.requests if not one.key] == []


def test_no_key_goes_to_a_cdn_that_asks_for_one(
    face: Face, faulty_server: FaultyServer, elsewhere: FaultyServer, tmp_path: Path
) -> None:
    """A CDN that answers 401 is not given the key on a second try either."""
    elsewhere.default("GET", RESULT, Reply(status=401, headers={"WWW-Authenticate": "Bearer"}))
    with pytest.raises(weryai.DownloadError):
        face.run(download(video_url(elsewhere), tmp_path / "a.mp4"), faulty_server.url)
    assert elsewhere.requests and [one for one in elsewhere.requests if one.key is not None] == []


def test_a_whole_video_of_another_kind_is_kept(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """What was paid for is never thrown away: not an MP4, it is kept with its own suffix and a warning."""
    faulty_server.default("GET", RESULT, Reply(webm(), headers={"Content-Type": "video/mp4"}))
    with pytest.warns(UserWarning, match="(?i)mp4"):
        path = face.run(download(video_url(faulty_server), tmp_path / "v.mp4"), faulty_server.url)
    assert (path.name, path.read_bytes(), list(tmp_path.iterdir())) == ("v.webm", webm(), [path])


def test_a_lost_download_never_submits_again(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """When the video exists but cannot be fetched, the error says where it is and which task it was."""
    serve_story(faulty_server)
    faulty_server.default("GET", RESULT, Half(BIG))
    with pytest.raises(weryai.DownloadError) as caught:
        face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert (caught.value.task_id, caught.value.url) == (TASK, video_url(faulty_server))
    assert len(faulty_server.posts(SUBMIT)) == 1
    assert not (tmp_path / "v.mp4").exists()


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.com/v.mp4", "not a url", "http://", ""])
def test_an_address_that_is_none_is_our_error(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, url: str
) -> None:
    """A result address that no client may follow ends in one of our errors, and in no file."""
    with pytest.raises(weryai.WeryAIError):
        face.run(download(url, tmp_path / "v.mp4"), faulty_server.url)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_our_error(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A target below something that is no folder ends in one of our errors, with that file untouched."""
    faulty_server.default("GET", RESULT, Reply(BIG))
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(weryai.WeryAIError):
        face.run(download(video_url(faulty_server), tmp_path / "notes" / "v.mp4"), faulty_server.url)
    assert (tmp_path / "notes").read_text() == "mine"

"""A download goes on where the line broke, with real sockets against the emulator."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import weryai
from fakes.cutting_proxy import CuttingProxy
from fakes.faces import Face, submit
from fakes.faults import Half, Reply
from fakes.faulty_server import FaultyServer
from fakes.videos import mp4
from weryai import DownloadError
from weryai.emulator import Emulator, ManualClock

pytestmark = pytest.mark.timeout(60)
VIDEO = (Path(weryai.__file__).parent / "emulator" / "data" / "fixed.mp4").read_bytes()
HALF = len(VIDEO) // 2


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Serve the API with a small fixed video and a clock that only the test turns."""
    with Emulator(clock=ManualClock(), video="fixed") as running:
        yield running


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[CuttingProxy]:
    """Stand between client and emulator."""
    with CuttingProxy(urlsplit(emulator.url).port or 0, "/result/") as running:
        yield running


def ordered(face: Face, emulator: Emulator, base_url: str) -> weryai.Task:
    """Order a video and let it be done."""
    submission = face.run(submit, base_url, api_key=emulator.key)
    emulator.clock.advance(60)  # type: ignore[attr-defined]
    task: weryai.Task = face.run(
        lambda client: client.tasks.get(submission.task_ids[0]), base_url, api_key=emulator.key
    )
    return task


def ranges(proxy: CuttingProxy) -> list[str | None]:
    """Return what each request for the video asked for."""
    found = [re.search(r"(?im)^range: (.*?)\r?$", head) for head in proxy.requests]
    return [one[1] if one else None for one in found]


def test_a_cut_download_goes_on_where_it_broke(
    face: Face, emulator: Emulator, proxy: CuttingProxy, tmp_path: Path
) -> None:
    """Cut at half, exactly the missing half is asked for, and the file is the original byte for byte."""
    task = ordered(face, emulator, proxy.url)
    proxy.cuts = [HALF]
    path = face.run(lambda client: client.files.download(task, tmp_path / "v.mp4"), proxy.url, api_key=emulator.key)
    assert path.read_bytes() == VIDEO
    assert ranges(proxy) == [None, f"bytes={HALF}-"]
    assert re.search(r'(?im)^if-range: "', proxy.requests[1])
    assert [one.name for one in tmp_path.iterdir()] == ["v.mp4"]
    assert proxy.cuts == []


def test_a_line_that_always_breaks_leaves_what_came(
    face: Face, emulator: Emulator, proxy: CuttingProxy, tmp_path: Path
) -> None:
    """Cut each time, the download ends with a DownloadError that names address, task and what came."""
    task = ordered(face, emulator, proxy.url)
    proxy.cuts = [HALF, 100, 0, 7, *[0] * 20]
    with pytest.raises(DownloadError) as caught:
        face.run(lambda client: client.files.download(task, tmp_path / "v.mp4"), proxy.url, api_key=emulator.key)
    assert (caught.value.url, caught.value.task_id) == (task.videos[0].url, task.id)
    assert caught.value.partial_path is not None
    assert caught.value.partial_path.read_bytes() == VIDEO[: HALF + 107]
    assert str(caught.value.partial_path) in str(caught.value)
    assert not (tmp_path / "v.mp4").exists()
    assert len(proxy.requests) < 10


CHANGED = {
    "another file": [({"ETag": '"b"'}, 200)],
    "a part of another length": [({"Content-Range": "bytes 500-1999/2000"}, 206), ({}, 200)],
    "another part": [({"Content-Range": "bytes 0-999/1000"}, 206), ({}, 200)],
    "a part of nothing known": [({}, 206), ({}, 200)],
    "no such part": [({"Content-Range": "bytes */1000"}, 416), ({}, 200)],
}


@pytest.mark.parametrize("answers", CHANGED.values(), ids=list(CHANGED))
def test_what_does_not_fit_is_fetched_from_the_start(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, answers: list[tuple[dict[str, str], int]]
) -> None:
    """When the file changed, or the part is not the one that is missing, all of it is fetched again."""
    old, new = b"o" * 1000, mp4(b"n", size=1000)
    faulty_server.script("GET", "/v.mp4", Half(old, headers={"ETag": '"a"'}))
    for headers, status in answers:
        faulty_server.script("GET", "/v.mp4", Reply(new, status, headers))
    path = face.run(
        lambda client: client.files.download(f"{faulty_server.url}/v.mp4", tmp_path / "v.mp4"), faulty_server.url
    )
    assert path.read_bytes() == new
    requests = faulty_server.gets("/v.mp4")
    assert (requests[1].headers["range"], requests[1].headers["if-range"]) == ("bytes=500-", '"a"')
    assert [one for one in requests[2:] if "range" in one.headers] == []
    faulty_server.assert_met()


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({}, None),
        ({"ETag": 'W/"a"'}, None),
        ({"ETag": '"a"', "Accept-Ranges": "none"}, None),
        ({"Last-Modified": "Tue, 24 Nov 2026 12:00:00 GMT"}, "Tue, 24 Nov 2026 12:00:00 GMT"),
        ({"ETag": 'W/"a"', "Last-Modified": "Tue, 24 Nov 2026 12:00:00 GMT"}, "Tue, 24 Nov 2026 12:00:00 GMT"),
    ],
)
def test_only_a_recognisable_file_is_resumed(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, headers: dict[str, str], validator: str | None
) -> None:
    """Without a strong ETag or a date the rest could be another file's, so the download starts again."""
    content = mp4(b"n", size=1000)
    rest = Reply(content[500:], 206, {"Content-Range": "bytes 500-999/1000"}) if validator else Reply(content)
    faulty_server.script("GET", "/v.mp4", Half(content, headers=headers), rest)
    path = face.run(
        lambda client: client.files.download(f"{faulty_server.url}/v.mp4", tmp_path / "v.mp4"), faulty_server.url
    )
    assert path.read_bytes() == content
    assert faulty_server.gets("/v.mp4")[1].headers.get("if-range") == validator
    faulty_server.assert_met()

"""Links that have expired are asked for anew, once; redirects never carry the key."""

from pathlib import Path
from typing import Any

import pytest

from fakes.answers import MP4, STATUS, SUBMIT, TASK, accepted, looked
from fakes.faces import Face, generate
from fakes.faults import Reply, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from weryai import DownloadError, InvalidInputError, Task, TaskState, VideoLink

pytestmark = pytest.mark.timeout(60)
VIDEO = Reply(MP4, headers={"Content-Type": "video/mp4"})


def download(url: Any, path: Path, **options: Any) -> Any:
    """Download with a client of either kind."""
    return lambda client: client.files.download(url, path, **options)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_asked_for_anew(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, status: int
) -> None:
    """When the link has expired `generate` looks at the status once more and takes the fresh one; one order is paid."""
    old, new = f"{faulty_server.url}/old.mp4?sign=1", f"{faulty_server.url}/new.mp4?sign=2"
    faulty_server.script("POST", SUBMIT, accepted())
    faulty_server.script("GET", STATUS, looked("succeed", videos=[old]), looked("succeed", videos=[new]))
    faulty_server.script("GET", "/old.mp4", *[html_reply(status)] * (4 if status == 404 else 1))
    faulty_server.script("GET", "/new.mp4", VIDEO)
    video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert video.path.read_bytes() == MP4
    faulty_server.assert_met()


@pytest.mark.parametrize(
    "look",
    [looked("succeed", videos=["{old}"]), looked("succeed"), looked("failed"), json_reply({"status": 1003}, 404)],
    ids=["the same link", "no link", "failed", "unknown"],
)
def test_without_a_fresh_link_the_first_reason_stands(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, look: Reply
) -> None:
    """The status is asked once; when it has nothing new the error says why the link failed and of which task."""
    old = f"{faulty_server.url}/old.mp4"
    faulty_server.script("GET", STATUS, Reply(look.body.replace(b"{old}", old.encode()), look.status, look.headers))
    faulty_server.script("GET", "/old.mp4", html_reply(403))
    with pytest.raises(DownloadError, match="HTTP 403") as caught:
        face.run(download(old, tmp_path / "v.mp4", task_id=TASK), faulty_server.url)
    assert (caught.value.url, caught.value.task_id, caught.value.partial_path) == (old, TASK, None)
    assert list(tmp_path.iterdir()) == []
    faulty_server.assert_met()


def test_a_link_that_expires_again_is_not_asked_for_again(
    face: Face, faulty_server: FaultyServer, tmp_path: Path
) -> None:
    """One look for a fresh link, not one for each failure; the error names the link that was tried last."""
    faulty_server.script("GET", STATUS, looked("succeed", videos=[f"{faulty_server.url}/new.mp4"]))
    faulty_server.default("GET", "/", html_reply(410))
    with pytest.raises(DownloadError) as caught:
        face.run(download(f"{faulty_server.url}/old.mp4", tmp_path, task_id=TASK), faulty_server.url)
    assert caught.value.url == f"{faulty_server.url}/new.mp4"
    assert len(faulty_server.gets(STATUS)) == 1


def test_without_a_task_nobody_is_asked(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A bare address that has expired fails at once and says where a fresh one is to be had."""
    faulty_server.script("GET", "/old.mp4", html_reply(403))
    with pytest.raises(DownloadError, match=r"tasks\.get has a fresh one") as caught:
        face.run(download(f"{faulty_server.url}/old.mp4", tmp_path / "v.mp4"), faulty_server.url)
    assert caught.value.task_id is None
    faulty_server.assert_met()


def test_a_task_is_downloaded_by_itself(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """`download(task, path)` takes the task's link and knows the task for a fresh one."""
    task = Task(TASK, TaskState.SUCCEEDED, videos=(VideoLink(f"{faulty_server.url}/old.mp4"),))
    faulty_server.script("GET", "/old.mp4", html_reply(403))
    faulty_server.script("GET", STATUS, looked("succeed", videos=[f"{faulty_server.url}/new.mp4"]))
    faulty_server.script("GET", "/new.mp4", VIDEO)
    assert face.run(download(task, tmp_path / "v.mp4"), faulty_server.url).read_bytes() == MP4
    faulty_server.assert_met()


def test_a_task_without_a_video_is_refused(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A task that has no link yet is a clear error and costs no request."""
    with pytest.raises(InvalidInputError, match="has no video"):
        face.run(download(Task(TASK, TaskState.PROCESSING), tmp_path / "v.mp4"), faulty_server.url)
    assert faulty_server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_elsewhere_never_carries_the_key(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, status: int
) -> None:
    """The API's own host sends the download to another origin: neither of them sees the key."""
    with FaultyServer() as elsewhere:
        elsewhere.script("GET", "/there.mp4", VIDEO)
        faulty_server.script("GET", "/here.mp4", Reply(b"", status, {"Location": f"{elsewhere.url}/there.mp4"}))
        path = face.run(download(f"{faulty_server.url}/here.mp4", tmp_path / "v.mp4"), faulty_server.url)
        assert path.read_bytes() == MP4
        for request in [*elsewhere.requests, *faulty_server.requests]:
            assert "authorization" not in request.headers
            assert not request.carries(JOURNEY_KEY)
        assert len(elsewhere.requests) == 1


def test_an_endless_redirect_ends(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A redirect to itself is a DownloadError."""
    faulty_server.default("GET", "/loop.mp4", Reply(b"", 302, {"Location": "/loop.mp4"}))
    with pytest.raises(DownloadError):
        face.run(download(f"{faulty_server.url}/loop.mp4", tmp_path / "v.mp4"), faulty_server.url)
    assert list(tmp_path.iterdir()) == []

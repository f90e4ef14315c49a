"""The page's files and what only the page asks for: headers, the door, and looking without leaving a trace."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from weryai.emulator import _page_api as inspector

from .conftest import Visitor, order

PAGE = Path(inspector.__file__).parent / "page"
NAMES = sorted(path.name for path in PAGE.iterdir())
ADDRESSES = ["/", *(f"/_emulator/page/{name}" for name in NAMES)]
LOOKS = ["/_emulator/tasks/{}/exchanges", "/_emulator/tasks/{}/picture", "/_emulator/tasks/{}/video"]
ACTIONS = [
    ("/_emulator/faults", {"name": "rate-limit"}),
    ("/_emulator/faults/1/cancel", {}),
    ("/_emulator/clock/advance", {"seconds": 1}),
    ("/_emulator/tasks/{}/finish", {}),
    ("/_emulator/tasks/{}/fail", {"reason": "why"}),
    ("/_emulator/tasks/{}/webhook", {}),
    ("/_emulator/reset", {}),
]
FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "evil.example:8765"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
]


async def uploaded(visitor: Visitor, picture: bytes) -> str:
    """Upload a picture and order a video of it; return the task's id."""
    (address,) = (await visitor.upload(picture)).json()["data"]["object_url_list"]
    return str((await visitor.submit(image=address))["task_ids"][0])


@pytest.fixture
def picture() -> bytes:
    """A photograph."""
    return (PAGE.parent / "data" / "astronaut.jpg").read_bytes()


def known(visitor: Visitor) -> str:
    """Return everything that is remembered, so that it can be compared."""
    world = visitor.app.state.world
    return repr([world.clock.now(), world.faults.all(), world.exchanges.all(), world.tasks.all(), world.tasks.balance])


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_file_is_served_safely(visitor: Visitor, address: str) -> None:
    """Nothing from elsewhere is loaded or run, no frame shows the page, and a file is what it is said to be."""
    reply = await visitor.get(address, headers={"Authorization": ""})
    assert reply.status_code == 200
    policy = dict(part.strip().partition(" ")[::2] for part in reply.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    allowed = {name: value for name, value in policy.items() if value == "'self'"}
    assert set(allowed) == {"script-src", "style-src", "img-src", "media-src", "connect-src"}
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cache-control"] == "no-store"
    suffix = Path(address).suffix or ".html"
    assert reply.headers["content-type"].partition(";")[0] == inspector.TYPES[suffix]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith((".html", ".js", ".css", ".svg"))])
def test_no_file_needs_what_the_policy_forbids(name: str) -> None:
    """No inline script or style, no handler in markup, nothing that reads markup, no other host."""
    text = (PAGE / name).read_text(encoding="utf-8")
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)
    if name.endswith(".html"):
        assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
    if name.endswith(".js"):
        assert not re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function", text
        )


def test_each_file_is_meant() -> None:
    """The folder holds the page and nothing that has no type to be served with."""
    assert {Path(name).suffix for name in NAMES} <= set(inspector.TYPES)
    assert {"index.html", "main.js", "look.css"} <= set(NAMES)


@pytest.mark.parametrize("name", ["..%2F_server.py", "%2e%2e/_server.py", "_server.py", "index", "index.html%00"])
async def test_only_the_pages_own_files_are_served(visitor: Visitor, name: str) -> None:
    """Whatever a name tries, it is one of the page's files or it is not found."""
    reply = await visitor.get(f"/_emulator/page/{name}")
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_host_or_page_is_turned_away(visitor: Visitor, picture: bytes, headers: dict[str, str]) -> None:
    """The page, its files, its events, what it looks at and each of its actions refuse foreign Host and Origin."""
    task_id = await uploaded(visitor, picture)
    visitor.app.state.world.faults.order("slow")
    before = known(visitor)
    for address in [*ADDRESSES, *LOOKS, "/_emulator/events", "/_emulator/exchanges/1/curl", "/_emulator/state"]:
        reply = await visitor.get(address.format(task_id), headers=headers)
        assert reply.status_code in (400, 403), address
    for address, told in ACTIONS:
        reply = await visitor.post(address.format(task_id), json=told, headers=headers)
        assert reply.status_code in (400, 403), address
    assert known(visitor) == before


async def test_the_page_itself_may_do_all_of_it(visitor: Visitor, picture: bytes) -> None:
    """With its own Origin each action is done or refused for what it says, not for where it comes from."""
    task_id = await uploaded(visitor, picture)
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    answers = {
        address: (await visitor.post(address.format(task_id), json=told, headers=own)).status_code
        for address, told in ACTIONS
    }
    assert list(answers.values()) == [201, 200, 200, 200, 409, 409, 200]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_no_form_of_a_page_can_act(visitor: Visitor, kind: str) -> None:
    """What a form can send without being asked for leave is refused."""
    for address, told in ACTIONS:
        content = json.dumps(told).encode()
        reply = await visitor.post(address.format("x"), content=content, headers={"Content-Type": kind})
        assert reply.status_code == 415, address


async def test_watching_meets_no_fault_and_makes_no_exchange(visitor: Visitor, picture: bytes) -> None:
    """Picture and video are shown although every download is to fail, and the fault waits for the real one."""
    task_id = await uploaded(visitor, picture)
    visitor.clock.advance(5)
    world = visitor.app.state.world
    fault = world.faults.order("http-500", at="download")
    count = len(world.exchanges.all())
    shown = await visitor.get(f"/_emulator/tasks/{task_id}/picture")
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/jpeg")
    video = await visitor.get(f"/_emulator/tasks/{task_id}/video", headers={"Range": "bytes=4-7"})
    assert (video.status_code, video.content, video.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert {one.headers["x-content-type-options"] for one in (shown, video)} == {"nosniff"}
    assert [fault.met, len(world.exchanges.all())] == [0, count]
    assert (await visitor.get(f"/result/{task_id}.mp4")).status_code == 500
    assert fault.met == 1


async def test_what_is_not_there_is_said(visitor: Visitor) -> None:
    """A picture from elsewhere, a video that is not made, a task or an exchange that is unknown: 404 and a sentence."""
    (task_id,) = (await visitor.submit())["task_ids"]
    paths = [f"tasks/{task_id}/picture", f"tasks/{task_id}/video", "tasks/x/exchanges", "exchanges/99/curl"]
    replies = [await visitor.get(f"/_emulator/{path}") for path in paths]
    assert [(one.status_code, one.json()["error"]) for one in replies] == [
        (404, "the image was not uploaded here"),
        (404, "there is no video, or not yet"),
        (404, "there is no such task"),
        (404, "there is no such exchange, or no longer"),
    ]


async def test_a_task_has_its_exchanges(visitor: Visitor, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upload of its picture, the order, each look and each download, oldest first; no other task's."""
    await visitor.submit(prompt="another")
    task_id = await uploaded(visitor, picture)
    await visitor.get(f"/v1/generation/{task_id}/status")
    visitor.clock.advance(5)
    await visitor.get(f"/result/{task_id}.mp4")
    told: dict[str, Any] = (await visitor.get(f"/_emulator/tasks/{task_id}/exchanges")).json()
    names = ["uploadFile", "submitImageToVideo", "getTaskStatus", "result"]
    assert ([one["operation"] for one in told["exchanges"]], told["earlier"]) == (names, 0)
    monkeypatch.setattr(inspector, "MOST_OF_A_TASK", 1)
    told = (await visitor.get(f"/_emulator/tasks/{task_id}/exchanges")).json()
    assert ([one["operation"] for one in told["exchanges"]], told["earlier"]) == (["result"], 3)


async def test_the_page_is_not_the_api(visitor: Visitor) -> None:
    """GET / is the page and no exchange; anything else at / is refused, and seen as what a client did."""
    await visitor.get("/")
    await visitor.head("/")
    assert visitor.app.state.world.exchanges.all() == []
    assert (await visitor.post("/", json=order())).status_code == 405
    assert [one.request.method for one in visitor.app.state.world.exchanges.all()] == ["POST"]

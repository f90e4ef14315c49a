"""The control API: everything an inspector needs to see and to do, and nobody else's business."""

from typing import Any

import pytest

from weryai.emulator import scenarios

from .conftest import Visitor, order

SUBMIT = "/v1/generation/image-to-video"
OWN = "/_emulator"
JSON = {"Content-Type": "application/json"}
ACTIONS = ("faults", "faults/1/cancel", "clock/advance", "tasks/x/finish", "tasks/x/fail", "tasks/x/webhook", "reset")


async def state(visitor: Visitor) -> Any:
    """Return what the control API tells of everything."""
    return (await visitor.get(f"{OWN}/state")).json()


async def act(visitor: Visitor, path: str, **told: Any) -> tuple[int, Any]:
    """Perform an action, and return the status and what was answered."""
    reply = await visitor.post(f"{OWN}/{path}", json=told)
    return reply.status_code, reply.json()


async def test_everything_is_told(visitor: Visitor) -> None:
    """Tasks with times, credits, picture and video; the ledger, the faults, the clock, the balance, the settings."""
    visitor.app.state.world.faults.order("slow", 2, at="upload")
    data = await visitor.submit(webhook_url="https://example.com/hook", prompt="Wave [emulator: video-url]")
    visitor.clock.advance(3)
    told = await state(visitor)
    (task,) = told["tasks"]
    assert task == {
        "id": data["task_ids"][0],
        "batch_id": data["batch_id"],
        "state": "succeed",
        "word": "succeed",
        "reason": None,
        "model": "A_MODEL_OF_TOMORROW",
        "prompt": "Wave [emulator: video-url]",
        "seconds": 5,
        "ratio": "16:9",
        "picture": "https://example.com/reference.jpg",
        "video": f"http://testserver/result/{data['task_ids'][0]}.mp4",
        "credits": 10,
        "refunded": 0,
        "job": told["ledger"][0]["job"],
        "scenario": None,
        "faults": [2],
        "webhook_url": "https://example.com/hook",
        "webhook": "pending",
        "submitted_at": 0,
        "starts_at": 1,
        "ends_at": 3,
    }
    assert told["ledger"][0]["posts"] == 1
    assert [(one["name"], one["stage"], one["source"], one["ordered"], one["met"]) for one in told["faults"]] == [
        ("slow", "upload", "code", 2, 0),
        ("video-url", "status", "prompt", None, 0),
    ]
    assert told["clock"] == {"kind": "manual", "now": 3, "speed": 0}
    assert (told["balance"], told["exchanges"]["count"]) == (990, 1)
    assert told["settings"]["concurrency"] == 20
    assert "key" not in told["settings"]


async def test_looking_is_no_exchange(visitor: Visitor) -> None:
    """Whoever watches does not fill the log with watching."""
    before = (await state(visitor))["change"]
    await act(visitor, "faults", name="nonsense")
    assert (await state(visitor))["change"] == before
    assert visitor.app.state.world.exchanges.all() == []


async def test_exchanges_are_told_from_a_cursor_on(visitor: Visitor) -> None:
    """`since` gives what is new or has changed, `limit` in portions, and no exchange is told twice or lost."""
    for _ in range(5):
        await visitor.get("/v1/generation/balance")
    seen: list[int] = []
    since, more = 0, True
    while more:
        told = (await visitor.get(f"{OWN}/exchanges?since={since}&limit=2")).json()
        seen += [one["id"] for one in told["exchanges"]]
        since, more = told["change"], told["more"]
    assert seen == [1, 2, 3, 4, 5]
    assert (await visitor.get(f"{OWN}/exchanges?since={since}")).json()["exchanges"] == []
    await visitor.post(SUBMIT, json=order(duration=0))
    (told,) = (await visitor.get(f"{OWN}/exchanges?since={since}")).json()["exchanges"]
    assert told["complaints"] == [{"pointer": "/duration", "message": "duration 0 is not supported"}]


async def test_one_exchange_is_told_in_full(visitor: Visitor) -> None:
    """Headers and bodies of both sides; what is no text comes in base 64."""
    await visitor.upload(b"\xff\xd8\xff" + bytes(10), "a.jpg")
    told = (await visitor.get(f"{OWN}/exchanges/1")).json()
    assert told["request"]["headers"]["authorization"] == "Bearer [masked]"
    assert set(told["request"]["body"]) == {"size", "base64"}
    assert "object_url_list" in told["answer"]["body"]["text"]
    assert (await visitor.get(f"{OWN}/exchanges/2")).status_code == 404


async def test_scenarios_are_told(visitor: Visitor) -> None:
    """All of them, with their sentence and stage."""
    told = (await visitor.get(f"{OWN}/scenarios")).json()
    assert [one["name"] for one in told["scenarios"]] == [one.name for one in scenarios()]
    assert told["stages"][0] == "any"
    assert set(told["scenarios"][0]) == {"name", "sentence", "stage", "lasts"}


async def test_a_scenario_is_ordered_and_taken_back(visitor: Visitor) -> None:
    """An order by the control API is one like any other, and a cancelled one happens no more."""
    status, fault = await act(visitor, "faults", name="http-502", times=2, at="balance")
    assert (status, fault["ordered"], fault["is_open"], fault["source"]) == (201, 2, True, "control")
    assert (await visitor.get("/v1/generation/balance")).status_code == 502
    status, fault = await act(visitor, f"faults/{fault['id']}/cancel")
    assert (status, fault["met"], fault["is_open"], fault["cancelled"]) == (200, 1, False, True)
    assert (await visitor.get("/v1/generation/balance")).status_code == 200
    assert await act(visitor, "faults/99/cancel") == (404, {"error": "there is no such fault"})


async def test_the_clock_is_turned(visitor: Visitor) -> None:
    """By seconds, forward."""
    assert await act(visitor, "clock/advance", seconds=2.5) == (200, {"kind": "manual", "now": 2.5, "speed": 0})
    for seconds in (-1, "1", None, True, 10**400):
        status, told = await act(visitor, "clock/advance", seconds=seconds)
        assert (status, set(told)) == (400, {"error"})
    assert visitor.clock.now() == 2.5


async def test_the_clock_ends_with_the_calendar(visitor: Visitor) -> None:
    """What would lead beyond the year 9999 is refused, however often it is asked for; the state can be told."""
    for seconds in (1e308, 1e308, 1e12):
        assert await act(visitor, "clock/advance", seconds=seconds) == (
            400,
            {"error": "a clock goes no further than the year 9999"},
        )
    assert (await visitor.get("/_emulator/state")).json()["clock"]["now"] == 0


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "x", "%C2%B2", "1e3"])
async def test_a_number_that_nothing_has_is_not_found(visitor: Visitor, number: str) -> None:
    """Whatever stands in the place of a number in a path, the control API says 404 in its own shape."""
    for path in (f"exchanges/{number}", f"exchanges/{number}/curl", f"exchanges/{number}/python"):
        reply = await visitor.get(f"/_emulator/{path}")
        assert (reply.status_code, set(reply.json())) == (404, {"error"}), path
    status, told = await act(visitor, f"faults/{number}/cancel")
    assert (status, set(told)) == (404, {"error"})


async def test_a_task_is_ended_by_hand(visitor: Visitor) -> None:
    """Finished or failed now, whatever was to become of it; once."""
    first, second = (await visitor.submit(video_number=2, prompt="Wave [emulator: stay-waiting]"))["task_ids"]
    status, told = await act(visitor, f"tasks/{first}/fail", reason="because")
    assert (status, told["state"], told["reason"], told["ends_at"]) == (200, "failed", "because", 0)
    status, told = await act(visitor, f"tasks/{second}/finish")
    assert (status, told["state"], told["starts_at"]) == (200, "succeed", None)
    assert told["video"].endswith(f"/result/{second}.mp4")
    assert await act(visitor, f"tasks/{first}/finish") == (409, {"error": "the task has ended already: failed"})
    assert await act(visitor, "tasks/x/fail") == (404, {"error": "there is no such task"})


async def test_a_webhook_is_sent_again_only_where_there_is_something_to_tell(visitor: Visitor) -> None:
    """Not before the end, and not without an address."""
    (silent,) = (await visitor.submit())["task_ids"]
    (waiting,) = (await visitor.submit(webhook_url="https://example.com/hook"))["task_ids"]
    assert (await act(visitor, f"tasks/{silent}/webhook"))[0] == 409
    assert (await act(visitor, f"tasks/{waiting}/webhook"))[0] == 409
    visitor.clock.advance(3)
    assert (await act(visitor, f"tasks/{waiting}/webhook"))[0] == 200


async def test_a_reset_forgets_what_happened(visitor: Visitor) -> None:
    """Tasks, ledger, exchanges, faults and spending are gone; the clock and the counter go on."""
    await visitor.submit()
    await act(visitor, "faults", name="slow")
    visitor.clock.advance(3)
    before = await state(visitor)
    assert (await act(visitor, "reset"))[0] == 200
    after = await state(visitor)
    assert [after[name] for name in ("tasks", "ledger", "faults", "balance")] == [[], [], [], 1000]
    assert (after["exchanges"]["count"], after["clock"]["now"]) == (0, 3)
    assert after["change"] > before["change"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "name is missing"),
        ({"name": 3}, "name is of another kind"),
        ({"name": "slow", "times": "2"}, "times is of another kind"),
        ({"name": "slow", "times": True}, "times is of another kind"),
        ({"name": "slow", "times": 0}, "slow: times=0 must be 1 to 1000000"),
        ({"name": "slwo"}, "there is no scenario 'slwo'; did you mean slow?"),
        ({"name": "slow", "at": "task"}, "slow acts at any, not at task"),
    ],
    ids=str,
)
async def test_a_wrong_order_is_told(visitor: Visitor, told: dict[str, Any], why: str) -> None:
    """What cannot be done is refused in a sentence."""
    assert await act(visitor, "faults", **told) == (400, {"error": why})


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000])
async def test_a_broken_body_is_told(visitor: Visitor, content: bytes) -> None:
    """A body that is no JSON object is refused."""
    reply = await visitor.post(f"{OWN}/faults", content=content, headers=JSON)
    assert (reply.status_code, set(reply.json())) == (400, {"error"})


@pytest.mark.parametrize("query", ["since=-1", "since=x", "limit=1e3", "since=99999999999999999999", "since=%C2%B2"])
async def test_a_wrong_cursor_is_told(visitor: Visitor, query: str) -> None:
    """A cursor is a number."""
    assert (await visitor.get(f"{OWN}/exchanges?{query}")).status_code == 400


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_form_of_a_page_can_act(visitor: Visitor, action: str) -> None:
    """Without the content type of JSON, which only a script of the same origin can send, nothing is done."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        reply = await visitor.post(f"{OWN}/{action}", content=b"{}", headers={"Content-Type": kind})
        assert (reply.status_code, reply.json()["error"]) == (415, "the content type must be application/json")
    assert (await visitor.get(f"{OWN}/{action}")).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:81"},
        {"Origin": "https://testserver"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
async def test_pages_of_other_origins_are_turned_away(visitor: Visitor, headers: dict[str, str]) -> None:
    """Neither the control API nor the API answers them, whatever they ask and whoever's key they have."""
    replies = [await visitor.get(f"{OWN}/{path}", headers=headers) for path in ("state", "exchanges", "scenarios")]
    replies += [await visitor.post(f"{OWN}/{path}", json={}, headers=headers) for path in ACTIONS]
    replies += [await visitor.post(SUBMIT, json=order(), headers=headers)]
    replies += [await visitor.get("/v1/generation/balance", headers=headers)]
    assert {reply.status_code for reply in replies} == {403}
    assert visitor.app.state.world.tasks.all() == []


async def test_a_page_of_its_own_is_answered(visitor: Visitor) -> None:
    """The same origin, a typed address and a program are let in."""
    for headers in ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        assert (await visitor.get(f"{OWN}/state", headers=headers)).status_code == 200
        assert (await visitor.post(f"{OWN}/reset", json={}, headers=headers)).status_code == 200


async def test_videos_may_be_embedded_by_any_page(visitor: Visitor) -> None:
    """A page that somebody develops may show the video it got; no script can read it without a CORS header."""
    url = await visitor.finished_video()
    reply = await visitor.get(url, headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3000"})
    assert reply.status_code == 200
    assert [name for name in reply.headers if name.startswith("access-control")] == []
    assert (await visitor.post(url, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


@pytest.mark.parametrize("path", ["state", "faults"])
async def test_other_hosts_are_turned_away(visitor: Visitor, path: str) -> None:
    """A page that resolves its own name to this machine sees and does nothing."""
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    reply = await visitor.request("GET" if path == "state" else "POST", f"{OWN}/{path}", json={}, headers=headers)
    assert reply.status_code == 400

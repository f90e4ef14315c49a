"""Exchanges: each request with its answer, as it was, without secrets."""

from typing import Any

from fakes.pictures import JPEG

from .conftest import Visitor, order

SUBMIT = "/v1/generation/image-to-video"


def last(visitor: Visitor) -> Any:
    """Return the latest exchange."""
    return visitor.app.state.world.exchanges.all()[-1]


async def test_an_exchange_has_both_sides(visitor: Visitor) -> None:
    """Method, path, query, headers and bodies of both, the operation, the time it took, and the tasks it is about."""
    visitor.clock.advance(5)
    reply = await visitor.post(f"{SUBMIT}?t=1", json=order(video_number=2))
    seen = last(visitor)
    assert (seen.kind, seen.request.method, seen.request.path, seen.request.query) == ("request", "POST", SUBMIT, "t=1")
    assert (seen.operation, seen.status, seen.at, seen.trouble) == ("submitImageToVideo", 200, 5.0, None)
    assert (seen.request.body, seen.body) == (reply.request.content, reply.content)
    assert seen.headers["x-emulator-note"] == reply.headers["X-Emulator-Note"]
    assert seen.seconds >= 0
    assert seen.task_ids == reply.json()["data"]["task_ids"]
    await visitor.get(f"/v1/generation/batch/{reply.json()['data']['batch_id']}/status")
    assert last(visitor).task_ids == seen.task_ids
    await visitor.get(f"/result/{seen.task_ids[0]}.mp4")
    assert (last(visitor).operation, last(visitor).status) == ("result", 404)


async def test_secrets_are_masked(visitor: Visitor) -> None:
    """No key and no cookie is remembered, wherever a caller puts it."""
    headers = {
        "Authorization": "Bearer sk-emulator",
        "X-Api-Key": "sk-emulator",
        "Cookie": "sk-emulator",
        "Proxy-Authorization": "Basic sk-emulator",
    }
    await visitor.get("/v1/generation/balance", headers=headers)
    assert "sk-emulator" not in repr(last(visitor))
    assert last(visitor).request.headers["authorization"] == "Bearer [masked]"
    assert last(visitor).request.headers["x-api-key"] == "[masked]"


async def test_every_broken_rule_is_pointed_at(visitor: Visitor) -> None:
    """The answer names the first broken limit of a request, its exchange all of them, each by a JSON pointer."""
    broken = order(prompt=..., duration=0, **{"a/b~": 1}, image="no URL")
    reply = await visitor.post(SUBMIT, json=broken)
    told = {one.pointer: one.message for one in last(visitor).complaints}
    assert told == {
        "/prompt": "prompt cannot be empty",
        "/duration": "duration 0 is not supported",
        "/image": "image url error",
        "/a~1b~0": "a/b~: unknown field",
    }
    assert reply.json()["message"] in told.values()


async def test_an_inner_field_is_pointed_at(visitor: Visitor) -> None:
    """A pointer leads into lists."""
    body = order(image=..., images=["https://example.com/a.jpg", "a.jpg"])
    await visitor.post("/v1/generation/multi-image-to-video", json=body)
    assert [one.pointer for one in last(visitor).complaints] == ["/images/1"]


async def test_a_wrong_parameter_is_pointed_at(visitor: Visitor) -> None:
    """What is wrong in the path is told by its place and name."""
    await visitor.get("/v1/generation/.../status")
    (complaint,) = last(visitor).complaints
    assert (complaint.pointer, complaint.message) == ("path/taskId", "taskId: ... is not allowed")


async def test_the_scenario_that_acted_is_named(visitor: Visitor) -> None:
    """An exchange says which scenarios acted on it; one that could not act is given back and named by none."""
    faults = visitor.app.state.world.faults
    faults.order("http-502")
    await visitor.get("/v1/generation/balance")
    assert last(visitor).scenarios == ["http-502"]
    shape = faults.order("status-200")
    await visitor.get("/v1/generation/task_nobody/status")
    assert (last(visitor).scenarios, shape.met) == ([], 0)
    assert (await visitor.get("/v1/generation/balance")).json()["status"] == 200
    assert (last(visitor).scenarios, shape.met) == (["status-200"], 1)


async def test_large_bodies_are_kept_in_part(visitor: Visitor) -> None:
    """64 KiB of each side are remembered."""
    (url,) = (await visitor.upload(JPEG + bytes(70_000))).json()["data"]["object_url_list"]
    assert len(last(visitor).request.body) == 65_536
    assert len((await visitor.get(url)).content) == len(last(visitor).body) + len(JPEG) + 70_000 - 65_536


async def test_what_is_served_is_what_it_is_said_to_be(visitor: Visitor) -> None:
    """A browser may not guess: pictures and videos come with their type and nosniff, and no page is ever among them."""
    hidden = JPEG + b"<html><script>alert(1)</script>"
    (url,) = (await visitor.upload(hidden)).json()["data"]["object_url_list"]
    video = await visitor.finished_video()
    for address, kind in ((url, "image/jpeg"), (video, "video/mp4")):
        reply = await visitor.get(address)
        assert (reply.headers["content-type"], reply.headers["x-content-type-options"]) == (kind, "nosniff")
    refused = await visitor.upload(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg")
    assert refused.json()["status"] == 1002


async def test_links_live_as_long_as_they_are_set_to() -> None:
    """With a lifetime an address works for so many seconds of the clock; another look gives a fresh one."""
    async with Visitor(video="fixed", link_lifetime=60) as client:
        first = await client.finished_video()
        client.clock.advance(59)
        assert (await client.get(first)).status_code == 200
        client.clock.advance(1)
        assert (await client.get(first)).status_code == 403
        assert (await client.get(first.partition("?")[0] + "?until=nan")).status_code == 403
        assert (await client.get(first.partition("?")[0])).status_code == 403
        task_id = first.rpartition("/")[2].partition(".")[0]
        (fresh,) = (await client.get(f"/v1/generation/{task_id}/status")).json()["data"]["videos"]
        assert (await client.get(fresh)).status_code == 200

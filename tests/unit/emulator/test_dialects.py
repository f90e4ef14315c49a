"""The two dialects: what differs, for what is found and for what is injected, and who says so."""

from typing import Any

import pytest

from weryai.emulator import Emulator
from weryai.emulator._dialects import DIALECTS, SEEN
from weryai.emulator._server import greeting

from .conftest import Visitor, order

SUBMIT = "/v1/generation/image-to-video"
BALANCE = "/v1/generation/balance"
KNOWN = {"model": "WERYAI_VIDEO_1_0"}


async def asked(visitor: Visitor, path: str = SUBMIT, **changes: Any) -> tuple[int, Any]:
    """Order, and return the HTTP status with the code."""
    reply = await visitor.post(path, json=order(**changes))
    return reply.status_code, reply.json()["status"]


#: What is refused, how it is found, the name under which it is injected, and how the page has it.
ALIKE: dict[str, tuple[dict[str, Any], dict[str, Any], str, tuple[int, int]]] = {
    "credits": ({"balance": 5}, {}, "no-credits", (200, 1011)),
    "concurrency": ({"concurrency": 1}, {"video_number": 2}, "concurrency-limit", (200, 6010)),
    "daily cap": ({"daily_cap": 1}, {"video_number": 2}, "daily-cap", (200, 6101)),
    "unknown model": ({"model_rules": "strict"}, {}, "model-gone", (200, 1006)),
    "the model's duration": ({}, {**KNOWN, "duration": 3}, "parameter-1002", (200, 1002)),
    "the model's ratio": ({}, {"model": "SORA_2", "duration": 8, "aspect_ratio": ...}, "ratio-missing", (200, 1002)),
}


@pytest.mark.parametrize("dialect", ["page", "seen"])
@pytest.mark.parametrize(("settings", "changes", "scenario", "told"), ALIKE.values(), ids=list(ALIKE))
async def test_a_rule_of_business_is_refused_alike(
    dialect: str, settings: dict[str, Any], changes: dict[str, Any], scenario: str, told: tuple[int, int]
) -> None:
    """A refusal that the emulator finds has the same HTTP status and code as the injected one, in both dialects."""
    async with Visitor(video="fixed", dialect=dialect, **settings) as visitor:
        assert await asked(visitor, **changes) == told
        visitor.app.state.world.faults.order(scenario)
        assert await asked(visitor, model="A_MODEL_OF_TOMORROW") == told


@pytest.mark.parametrize(
    ("dialect", "statuses"), [("page", [400, 400, 400, 401, 403, 200]), ("seen", [200, 200, 200, 200, 200, 200])]
)
async def test_the_http_status_tells_what_kind_of_refusal_it_is(dialect: str, statuses: list[int]) -> None:
    """Breaches of the contract are 400, keys 401 and 403 on the page; clients report HTTP 200 for every refusal."""
    async with Visitor(video="fixed", dialect=dialect) as visitor:
        replies = [
            await visitor.post(SUBMIT, json=order(prompt=...)),
            await visitor.post(SUBMIT, content=b"{", headers={"content-type": "application/json"}),
            await visitor.upload(b"hello", "a.jpg"),
            await visitor.get(BALANCE, headers={"authorization": ""}),
            await visitor.get(BALANCE, headers={"authorization": "Bearer sk-other"}),
            await visitor.get("/v1/generation/task_unknown/status"),
        ]
    assert [reply.status_code for reply in replies] == statuses
    assert [reply.text for reply in replies if reply.json()["status"] in (0, 200)] == []


async def test_the_seen_dialect_speaks_as_clients_report() -> None:
    """One submission is a task_id alone with success: true, text booleans are taken, messages are Chinese."""
    async with Visitor(video="fixed", dialect="seen", webhook_words="SUCCESS") as visitor:
        reply = (await visitor.post(SUBMIT, json=order(generate_audio="true"))).json()
        assert reply == {"status": 0, "desc": "success", "message": "成功", "success": True, "data": reply["data"]}
        assert list(reply["data"]) == ["task_id"]
        several = (await visitor.post(SUBMIT, json=order(video_number=2))).json()["data"]
        assert len(several["task_ids"]) == 2
        visitor.clock.advance(3)
        told = (await visitor.get(f"/v1/generation/{reply['data']['task_id']}/status")).json()["data"]
        assert told["task_status"] == "succeed"
        visitor.app.state.world.faults.order("rate-limit")
        refused = (await visitor.post(SUBMIT, json=order())).json()
        assert (refused["status"], refused["message"]) == (1001, "请求频率超限")
        assert await asked(visitor, generate_audio="yes") == (200, 1002)


async def test_the_page_takes_no_text_for_a_boolean(visitor: Visitor) -> None:
    """The page's generate_audio is a boolean."""
    assert await asked(visitor, generate_audio="true") == (400, 1002)


@pytest.mark.parametrize("dialect", ["page", "seen"])
async def test_shapes_combine_and_those_of_one_kind_take_turns(dialect: str) -> None:
    """Injected shapes of different kinds are seen in one response; two spellings of one thing come one by one."""
    async with Visitor(video="fixed", dialect=dialect) as visitor:
        reply = (await visitor.post(SUBMIT, json=order(video_number=2))).json()
        task_id = reply["data"]["task_ids"][0]
        visitor.clock.advance(3)
        inject = visitor.app.state.world.faults.order
        for name in ("status-200", "status-array", "status-text-0", "video-url", "status-camel-case"):
            inject(name)
        first, second = [(await visitor.get(f"/v1/generation/{task_id}/status")).json() for _ in range(2)]
        assert (first["status"], first["msg"]) == (200, "Success")
        (told,) = first["data"]
        assert (told["taskId"], told["taskStatus"], list(told["videos"][0])) == (
            task_id,
            "succeed",
            ["url", "cover_url"],
        )
        assert (second["status"], second["data"]["task_id"]) == ("0", task_id)
        assert visitor.app.state.world.faults.unmet() == []


async def test_an_injected_shape_goes_before_the_dialects_own() -> None:
    """Whoever injects a spelling sees that one, not the dialect's."""
    async with Visitor(video="fixed", dialect="seen") as visitor:
        visitor.app.state.world.faults.order("task-id-and-ids")
        data = (await visitor.post(SUBMIT, json=order())).json()["data"]
        assert set(data) == {"batch_id", "task_ids", "task_id"}


def test_each_difference_has_its_source_and_the_start_says_that_there_is_another() -> None:
    """What only clients report is never told as a fact, and nobody has to find the other dialect by chance."""
    assert DIALECTS["seen"].differences is SEEN
    assert [one for one in SEEN if "party" not in one.source and "inference" not in one.source] == []
    for here, other in (("page", "seen"), ("seen", "page")):
        with Emulator(video="fixed", dialect=here) as emulator:  # type: ignore[arg-type]
            assert f"--dialect {other}" in greeting(emulator)
    with pytest.raises(ValueError, match="dialect='prose' must be one of page, seen"):
        Emulator(dialect="prose")  # type: ignore[arg-type]


@pytest.mark.parametrize("none", [0, None])
async def test_no_limit_is_said_by_0_and_by_none(none: int | None) -> None:
    """concurrency=0 means in Python what it means on the command line; so does a daily cap of 0."""
    async with Visitor(video="fixed", concurrency=none, daily_cap=none, balance=None) as visitor:
        for _ in range(30):
            assert await asked(visitor, video_number=4) == (200, 0)
        assert (await visitor.get(BALANCE)).json()["data"] == 10**12 - 1200


def test_a_balance_is_a_number_from_0_on() -> None:
    """Fewer credits than none are refused when the emulator is made."""
    with pytest.raises(ValueError, match="balance=-1 must be"):
        Emulator(balance=-1)


@pytest.mark.parametrize(
    ("settings", "changes", "scenario", "told"),
    [
        ({}, {}, None, {"task_id", "task_status"}),
        ({}, {"video_number": 2}, None, {"batch_id", "task_ids"}),
        ({"dialect": "seen"}, {}, None, {"task_id"}),
        ({}, {}, "task-id-and-ids", {"batch_id", "task_ids", "task_id"}),
    ],
)
async def test_a_submission_is_told_as_its_own_page_prints_it(
    settings: dict[str, Any], changes: dict[str, Any], scenario: str | None, told: set[str]
) -> None:
    """Where the contract's example has one task_id, so has the reply; what is injected and what is seen goes first."""
    body = {"model": "WERYDANCE_2_0", "images": ["https://example.com/a.jpg"], "duration": 5, "aspect_ratio": "16:9"}
    async with Visitor(video="fixed", **settings) as visitor:
        if scenario:
            visitor.app.state.world.faults.order(scenario)
        reply = await visitor.post("/v1/generation/almighty-reference-to-video", json={**body, **changes})
        assert set(reply.json()["data"]) == told
        assert set((await visitor.post(SUBMIT, json=order())).json()["data"]) == (
            {"task_id"} if settings else {"batch_id", "task_ids"}
        )

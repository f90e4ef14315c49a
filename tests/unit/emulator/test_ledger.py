"""The ledger: what every job has cost, and how often it was submitted."""

from typing import Any

import pytest

from fakes.pictures import JPEG, png

from .conftest import Visitor, order

SUBMIT = "/v1/generation/image-to-video"


def rows(visitor: Visitor) -> list[Any]:
    """Return the ledger of an emulator."""
    return list(visitor.app.state.world.ledger.rows())


async def test_a_double_submission_is_seen_at_once(visitor: Visitor) -> None:
    """The same work ordered twice is one row with two submissions, two tasks and two prices."""
    for _ in range(2):
        await visitor.submit()
    (row,) = rows(visitor)
    assert (row.posts, row.orders, row.credits, row.is_double, len(row.task_ids)) == (2, 2, 20, True, 2)
    assert row.extra_credits == 10
    assert len(set(row.exchanges)) == 2


@pytest.mark.parametrize(
    "changes",
    [{"prompt": "Nod"}, {"duration": 10}, {"image": "https://example.com/b.jpg"}, {"video_number": 2}],
    ids=str,
)
async def test_other_work_is_another_job(visitor: Visitor, changes: dict[str, Any]) -> None:
    """Whatever changes the video makes another row."""
    await visitor.submit()
    await visitor.submit(**changes)
    assert [row.posts for row in rows(visitor)] == [1, 1]


async def test_where_the_end_is_told_makes_no_other_job(visitor: Visitor) -> None:
    """A webhook address or a caller id changes no video."""
    await visitor.submit()
    await visitor.submit(webhook_url="https://example.com/hook", caller_id=7)
    assert [row.posts for row in rows(visitor)] == [2]


async def test_the_same_picture_is_the_same_job(visitor: Visitor) -> None:
    """The content counts: a picture that was uploaded twice has two addresses and is one picture."""
    urls = [(await visitor.upload(data)).json()["data"]["object_url_list"][0] for data in (JPEG, JPEG, png())]
    for url in urls:
        await visitor.submit(image=url)
    assert [row.posts for row in rows(visitor)] == [2, 1]


async def test_refusals_are_shown(visitor: Visitor) -> None:
    """A submission that made no task has a row as well, with what refused it, whether that is a rule or a scenario."""
    visitor.app.state.world.faults.order("queue-full")
    for changes in ({}, {"duration": 0}, {"model": "WERYAI_VIDEO_1_0", "duration": 3}, {"prompt": ...}):
        await visitor.post(SUBMIT, json=order(**changes))
    await visitor.post(SUBMIT, content=b"no JSON", headers={"Content-Type": "application/json"})
    told = [(row.state, row.refusals, row.credits, row.task_ids) for row in rows(visitor)]
    assert told == [
        ("refused", (refusal,), 0, ())
        for refusal in (
            "queue-full",
            "1002: duration 0 is not supported",
            "1002: duration 3 is not supported",
            "1002: prompt cannot be empty",
            "400: the request body is not JSON",
        )
    ]


async def test_a_retried_refusal_is_no_double(visitor: Visitor) -> None:
    """A refusal and the order after it are two submissions of one job, and one price."""
    visitor.app.state.world.faults.order("rate-limit")
    for _ in range(2):
        await visitor.post(SUBMIT, json=order())
    (row,) = rows(visitor)
    assert (row.posts, row.orders, row.is_double, row.credits, row.state) == (2, 1, False, 10, "waiting")


async def test_the_state_of_a_job_is_its_tasks(visitor: Visitor) -> None:
    """One state if the tasks share it, else mixed."""
    visitor.app.state.world.faults.order("fail-copyright")
    await visitor.submit(video_number=2)
    assert rows(visitor)[0].state == "waiting"
    visitor.clock.advance(3)
    (row,) = rows(visitor)
    assert (row.states, row.state) == (("failed", "succeed"), "mixed")


@pytest.mark.parametrize(("refunds", "left"), [(False, 980), (True, 990)])
async def test_failed_tasks_are_refunded_if_so_set(refunds: bool, left: int) -> None:
    """Nobody knows whether the service gives credits of failed tasks back, so the emulator does it when told to."""
    async with Visitor(video="fixed", refund_failed=refunds) as client:
        client.app.state.world.faults.order("fail-copyright")
        await client.submit(video_number=2)
        assert (await client.get("/v1/generation/balance")).json()["data"] == 980
        client.clock.advance(3)
        assert (await client.get("/v1/generation/balance")).json()["data"] == left
        assert [row.refunded for row in rows(client)] == [left - 980]


async def test_the_twenty_first_task_is_refused() -> None:
    """Twenty may be unfinished, as the service has it; one that ends makes room; None is no limit."""
    async with Visitor(video="fixed", balance=10_000) as client:
        for _ in range(5):
            await client.submit(video_number=4)
        reply = (await client.post(SUBMIT, json=order())).json()
        assert (reply["status"], reply["message"]) == (6010, "max 20 concurrent tasks")
        client.clock.advance(3)
        await client.submit(video_number=4)
    async with Visitor(video="fixed", balance=10_000, concurrency=None) as client:
        for _ in range(6):
            await client.submit(video_number=4)


async def test_submissions_keep_their_distance() -> None:
    """With an interval, what comes sooner after an accepted one is refused with 1001, and costs nothing."""
    async with Visitor(video="fixed", submit_interval=2.5) as client:
        await client.submit()
        for pause, code in ((2.4, 1001), (0.1, 0), (1.0, 1001), (1.5, 0)):
            client.clock.advance(pause)
            reply = await client.post(SUBMIT, json=order())
            assert (reply.status_code, reply.json()["status"]) == (200, code)
        assert client.app.state.world.tasks.balance == 1000 - 3 * 10


async def test_a_daily_cap_counts_days_of_the_clock() -> None:
    """With a cap, the task beyond it is refused until the clock's next day."""
    async with Visitor(video="fixed", daily_cap=2) as client:
        await client.submit(video_number=2)
        reply = (await client.post(SUBMIT, json=order())).json()
        assert (reply["status"], reply["message"]) == (6101, "daily limit of 2 tasks exceeded")
        client.clock.advance(86_400)
        await client.submit()

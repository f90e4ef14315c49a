"""Webhooks: really sent when a task ends, tried again, noted, and never to strangers."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from fakes.faults import Close, Reply
from fakes.faulty_server import FaultyServer
from weryai.emulator import Emulator, Exchange, ManualClock
from weryai.emulator._state.settings import Settings
from weryai.emulator._state.tasks import Work
from weryai.emulator._state.webhooks import Delivery
from weryai.emulator._state.world import World

from .conftest import AUTHORIZED, order

TAKEN = Reply(b"thanks")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose clock the test turns."""
    with Emulator(clock=ManualClock(), video="fixed") as running:
        yield running


def submitted(emulator: Emulator, webhook_url: str, **changes: Any) -> str:
    """Order a video whose end is told to an address, and return the task's id."""
    url = f"{emulator.url}/v1/generation/image-to-video"
    reply = httpx.post(url, json=order(webhook_url=webhook_url, **changes), headers=AUTHORIZED, trust_env=False)
    return str(reply.json()["data"]["task_ids"][0])


def until(done: Callable[[], bool]) -> None:
    """Wait until something has come about in the emulator's thread."""
    give_up = time.monotonic() + 20
    while not done():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.001)


def task_of(emulator: Emulator, task_id: str) -> Any:
    """Return a task of an emulator."""
    return emulator._world.tasks.task(task_id)


def sent(emulator: Emulator) -> list[Any]:
    """Return the deliveries that were noted."""
    return [one for one in emulator.exchanges if one.kind == "webhook"]


async def test_a_reset_forgets_a_delivery_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails after a reset is not tried again, and what was still to be told is not: the next test sees neither."""
    world = World(Settings(video="fixed", waiting=0, processing=0), ManualClock())
    (task,) = world.tasks.submit(Work(None, None, 5, webhook_url="http://127.0.0.1:1/"), 1)

    async def refused(_exchange: Exchange, _url: str) -> bool:
        world.reset()
        return False

    monkeypatch.setattr(world.webhooks, "_send", refused)
    delivery = Delivery(task, [{"told": 1}], [])
    await world.webhooks._deliver(delivery)
    for _, _, call in world.timekeeper._due:
        call()
    await asyncio.gather(*world.webhooks._running)
    assert (world.exchanges.all(), len(world.timekeeper._due)) == ([], 0)


def is_to_be_tried_again(emulator: Emulator, tries: int) -> bool:
    """Whether so many deliveries have failed, and the next one has its time."""
    ended = [one for one in sent(emulator) if one.seconds is not None]
    return len(ended) == tries and bool(emulator._world.timekeeper._due)


@pytest.mark.parametrize(
    ("marker", "words", "told"),
    [
        ("", "succeed", {"task_status": "succeed"}),
        ("", "SUCCESS", {"task_status": "SUCCESS"}),
        ("[emulator: fail-copyright]", "succeed", {"task_status": "failed", "msg": "Copyright restrictions"}),
        ("[emulator: fail-copyright]", "SUCCESS", {"task_status": "FAILED", "msg": "Copyright restrictions"}),
    ],
)
def test_the_end_is_told(faulty_server: FaultyServer, marker: str, words: Any, told: dict[str, str]) -> None:
    """Turning the clock is enough: the envelope comes with the task, its videos or its reason, in the spelling set."""
    faulty_server.default("POST", "/hook", TAKEN)
    with Emulator(clock=ManualClock(), video="fixed", webhook_words=words) as emulator:
        task_id = submitted(emulator, f"{faulty_server.url}/hook?secret=1", prompt=f"Wave {marker}")
        emulator.clock.advance(2.9)
        emulator.clock.advance(0.1)
        faulty_server.wait_for("POST", "/hook")
        until(lambda: bool(task_of(emulator, task_id).webhook == "delivered"))
        (request,) = faulty_server.posts("/hook")
        videos = {} if "msg" in told else {"videos": [f"{emulator.url}/result/{task_id}.mp4"]}
        assert request.json() == {
            "status": 0,
            "desc": "success",
            "message": "success",
            "data": {"task_id": task_id, **told, **videos},
        }
        assert request.headers["content-type"] == "application/json"
        (exchange,) = sent(emulator)
        assert (exchange.status, exchange.body, exchange.task_ids) == (200, b"thanks", [task_id])
        assert exchange.request.path == f"{faulty_server.url}/hook?secret=1"


def test_a_delivery_that_fails_is_tried_again_by_the_clock(emulator: Emulator, faulty_server: FaultyServer) -> None:
    """After 1, 5 and 25 seconds of the clock; then it is given up, and each try is an exchange of its own."""
    faulty_server.script("POST", "/hook", Close(), Reply(status=500), Reply(status=302), Reply(status=404))
    task_id = submitted(emulator, f"{faulty_server.url}/hook")
    for number, seconds in enumerate((3, 1, 5), 1):
        emulator.clock.advance(seconds)
        until(lambda number=number: is_to_be_tried_again(emulator, number))
    emulator.clock.advance(25)
    until(lambda: bool(task_of(emulator, task_id).webhook == "failed"))
    assert [one.status for one in sent(emulator)] == [None, 500, 302, 404]
    assert "RemoteProtocolError" in sent(emulator)[0].trouble
    faulty_server.assert_met()


def test_a_delivery_that_is_taken_later_is_told_once(emulator: Emulator, faulty_server: FaultyServer) -> None:
    """A retry that is taken ends the tries."""
    faulty_server.script("POST", "/hook", Reply(status=503), TAKEN)
    task_id = submitted(emulator, f"{faulty_server.url}/hook")
    emulator.clock.advance(3)
    until(lambda: is_to_be_tried_again(emulator, 1))

    def is_taken() -> bool:
        emulator.clock.advance(1)  # Again and again: the retry may get its time only after the first turn.
        return bool(task_of(emulator, task_id).webhook == "delivered")

    until(is_taken)
    emulator.clock.advance(100)
    assert len(sent(emulator)) == 2


def test_a_webhook_can_be_sent_again(emulator: Emulator, faulty_server: FaultyServer) -> None:
    """On request the end is told once more, whatever was ordered for the first time."""
    faulty_server.default("POST", "/hook", TAKEN)
    fault = emulator.order("webhook-never")
    task_id = submitted(emulator, f"{faulty_server.url}/hook")
    emulator.clock.advance(3)
    until(lambda: bool(task_of(emulator, task_id).webhook == "withheld"))
    assert (fault.met, sent(emulator)) == (1, [])
    emulator.resend_webhook(task_id)
    faulty_server.wait_for("POST", "/hook")
    with pytest.raises(ValueError, match="there is no task 'x'"):
        emulator.resend_webhook("x")


@pytest.mark.parametrize("end", ["fail", "finish"])
def test_an_end_that_somebody_decides_is_told_at_once(
    emulator: Emulator, faulty_server: FaultyServer, end: str
) -> None:
    """Failing or finishing a task by hand is an end like any other, and is told once."""
    faulty_server.default("POST", "/hook", TAKEN)
    task_id = submitted(emulator, f"{faulty_server.url}/hook")
    if end == "fail":
        emulator.fail(task_id, "because")
    else:
        emulator.finish(task_id)
    faulty_server.wait_for("POST", "/hook")
    emulator.clock.advance(100)
    until(lambda: bool(task_of(emulator, task_id).webhook == "delivered"))
    (request,) = faulty_server.posts("/hook")
    assert request.json()["data"].get("msg") == ("because" if end == "fail" else None)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/hook",
        "http://example.com/hook",
        "https://localhost.example.com/hook",
        "http://127.0.0.1.example.com/hook",
        "http://127.0.0.1@example.com/hook",
        "http://[::2]/hook",
        "http://0.0.0.0/hook",
        "http://2130706433/hook",
    ],
)
def test_strangers_are_told_nothing(emulator: Emulator, url: str) -> None:
    """An address beyond this machine gets no request; the refusal stands among the exchanges."""
    task_id = submitted(emulator, url)
    emulator.clock.advance(3)
    until(lambda: bool(task_of(emulator, task_id).webhook == "refused"))
    (exchange,) = sent(emulator)
    assert (exchange.status, exchange.trouble) == (
        None,
        "not sent: webhooks go to this machine alone, unless another host is allowed",
    )


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:1/", True),
        ("http://127.9.9.9/", True),
        ("https://localhost/hook", True),
        ("http://[::1]:80/", True),
        ("http://Hooks.Example.com/", True),
        ("http://example.com/", False),
        ("ftp://127.0.0.1/", False),
        ("http:///hook", False),
        ("http://127.0.0.1:99999999/", False),
    ],
)
def test_where_webhooks_may_go(url: str, allowed: bool) -> None:
    """To any name of loopback, and to the hosts that were allowed by name."""
    world = World(Settings(webhook_hosts=("hooks.example.com",)), ManualClock())
    assert world.webhooks.is_allowed(url) is allowed


def test_a_slow_receiver_holds_up_nobody(emulator: Emulator, faulty_server: FaultyServer) -> None:
    """While one receiver takes its time, the emulator answers, and the next delivery goes out."""
    faulty_server.default("POST", "/slow", Reply(delay=30))
    faulty_server.default("POST", "/hook", TAKEN)
    submitted(emulator, f"{faulty_server.url}/slow")
    second = submitted(emulator, f"{faulty_server.url}/hook")
    emulator.clock.advance(3)
    faulty_server.wait_for("POST", "/slow")
    until(lambda: bool(task_of(emulator, second).webhook == "delivered"))
    assert httpx.get(f"{emulator.url}/v1/generation/balance", headers=AUTHORIZED, trust_env=False).status_code == 200

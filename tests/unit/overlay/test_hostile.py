"""Servers, surroundings and arguments that mean harm: only our errors come out, and soon."""

import asyncio
import gzip
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from weryai import AsyncWeryAI, ConfigurationError, InvalidInputError, RetryPolicy, TransportError, WeryAI
from weryai._transport.http import MOST_BYTES
from weryai.errors import WeryAIError

BASE = "http://127.0.0.1:1"
ONCE = RetryPolicy(tries=1)
ACCEPTED = {"status": 0, "data": {"task_ids": ["task_late"]}}


def client(handler: Any, **options: Any) -> WeryAI:
    """Make a client that talks to the handler."""
    return WeryAI("sk-key", base_url=BASE, retry=ONCE, transport=httpx.MockTransport(handler), **options)


def test_an_endless_answer_is_cut_off() -> None:
    """A small answer that unpacks to more than any honest one is given up before memory is gone."""
    bomb = gzip.compress(bytes(MOST_BYTES + 1))
    with pytest.raises(TransportError, match="longer than"):
        client(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=bomb)).tasks.get("t")


def test_a_packed_answer_is_compared_unpacked() -> None:
    """A compressed answer is complete although its text is longer or shorter than its Content-Length."""
    body = gzip.compress(b'{"status":0,"data":{"task_id":"t","task_status":"waiting"}}')
    task = client(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=body)).tasks.get("t")
    assert task.status == "waiting"


class Dripping(httpx.SyncByteStream):
    """A body that comes a byte at a time, for longer than anybody would wait."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(500):
            time.sleep(0.02)
            yield b" "


def test_a_dripping_answer_is_given_up() -> None:
    """Bytes that keep coming without an end do not hold a look for ever."""
    with pytest.raises(TransportError, match="too slowly"):
        client(lambda _: httpx.Response(200, stream=Dripping()), timeout=0.05).tasks.get("t")


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "foo://x"), ("HTTPS_PROXY", "socks5://127.0.0.1:1"), ("HTTPS_PROXY", ":::")],
)
def test_impossible_proxies_are_a_configuration_error(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy settings that httpx cannot take are named where they concern the service; this machine needs no proxy."""
    for spelling in (name, name.lower()):
        monkeypatch.setenv(spelling, value)
    for spelling in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(spelling, raising=False)
    WeryAI("sk-key", base_url=BASE).close()
    with pytest.raises(ConfigurationError, match=r"(?i)https_proxy cannot be used"):
        WeryAI("sk-key", base_url="https://service.example")


@pytest.mark.parametrize("url", ["https://[", "http://a..b/", f"http://{'a' * 64}.b/", "http://xn--/", "https://"])
def test_impossible_addresses_are_our_errors(url: str, tmp_path: Any) -> None:
    """An address that no client can use, given by a caller or by the service, is an error of ours."""
    with pytest.raises(WeryAIError), WeryAI("sk-key", base_url=BASE, retry=ONCE) as sleep_for:
        sleep_for.files.download(url, tmp_path / "v.mp4")


@pytest.mark.parametrize(
    "options",
    [{"tries": "x"}, {"tries": 0}, {"tries": True}, {"budget": None}, {"first_delay": -5}, {"max_delay": math.nan}],
)
def test_an_impossible_policy_is_refused(options: dict[str, Any]) -> None:
    """A RetryPolicy that makes no sense is refused when it is made, not after the first order."""
    with pytest.raises(ConfigurationError):
        RetryPolicy(**options)


@pytest.mark.parametrize("options", [{"timeout": 10**400}, {"timeout": -1}, {"interval": 0}, {"interval": math.nan}])
def test_impossible_waits_are_refused(options: dict[str, Any]) -> None:
    """Waiting times that no clock can measure are refused before the first look."""
    with pytest.raises(InvalidInputError):
        client(lambda _: httpx.Response(500)).tasks.wait("t", **options)


@pytest.mark.parametrize("field", ["prompt", "model", "duration"])
def test_a_required_field_of_none_is_named(field: str) -> None:
    """None for a required field is a limit broken, not a crash, with and without the checks."""
    options: dict[str, Any] = {"prompt": "x", field: None}
    with client(lambda _: httpx.Response(200, json=ACCEPTED)) as one:
        with pytest.raises(InvalidInputError, match=field):
            one.image_to_video.submit("https://a.b/c.jpg", **options)
        assert one.image_to_video.submit("https://a.b/c.jpg", validate=False, **options).task_ids == ("task_late",)


def test_a_short_key_leaves_answers_alone() -> None:
    """A key that is a word of the answer does not tear the answer apart."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ACCEPTED))
    with WeryAI("task", base_url=BASE, transport=transport) as one:
        assert one.image_to_video.submit("https://a.b/c.jpg", prompt="x").task_ids == ("task_late",)


class Late(httpx.AsyncBaseTransport):
    """A service that takes a moment to accept."""

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        """Answer after a while."""
        await asyncio.sleep(0.3)
        return httpx.Response(200, json=ACCEPTED)


def test_a_closing_loop_still_learns_the_task_id(caplog: pytest.LogCaptureFixture) -> None:
    """When a sibling fails and asyncio.run cancels everything, the paid answer is awaited and the id is logged."""

    async def fail() -> None:
        await asyncio.sleep(0.1)
        raise LookupError

    async def story() -> None:
        one = AsyncWeryAI("sk-key", base_url=BASE, transport=Late())
        await asyncio.gather(one.image_to_video.submit("https://a.b/c.jpg", prompt="x"), fail())

    with pytest.raises(LookupError):
        asyncio.run(story())
    assert "task_late" in caplog.text


async def test_a_closed_coroutine_says_that_money_may_be_gone(caplog: pytest.LogCaptureFixture) -> None:
    """Throwing an open submission away without awaiting it leaves a word in the log."""
    one = AsyncWeryAI("sk-key", base_url=BASE, transport=Late())
    submitting = one.image_to_video.submit("https://a.b/c.jpg", prompt="x")
    submitting.send(None)
    await asyncio.sleep(0.05)
    submitting.close()
    assert "may have been billed" in caplog.text
    await asyncio.sleep(0.4)


def test_half_a_surrogate_pair_costs_no_task_id(tmp_path: Path) -> None:
    """JSON may hold what is no text, in a batch id or a reason; the order and its end are noted all the same."""
    accepted = r'{"status": 0, "data": {"batch_id": "b-\uD83D", "task_ids": ["task_1"]}}'
    ended = r'{"status": 0, "data": {"task_id": "task_1", "task_status": "failed", "msg": "no \udc00 \ud83d\ude00"}}'
    replies = iter([accepted, ended])
    with client(lambda _: httpx.Response(200, text=next(replies)), journal=tmp_path / "journal.db") as made:
        submission = made.image_to_video.submit("https://example.com/a.jpg", prompt="x")
        assert (submission.task_ids, submission.batch_id) == (("task_1",), "b-?")
        with pytest.raises(WeryAIError, match="no \\? \U0001f600"):
            made.tasks.wait("task_1")
        (order,) = made.orders.list()
    assert (order.state, order.batch_id, order.task_ids) == ("failed", "b-?", ("task_1",))


def test_an_order_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Half a surrogate pair is no name for an order."""
    made = client(lambda _: httpx.Response(200, json=ACCEPTED), journal=tmp_path / "journal.db")
    with made, pytest.raises(InvalidInputError, match="order_key must be text"):
        made.image_to_video.submit("https://example.com/a.jpg", prompt="x", order_key="\ud800")

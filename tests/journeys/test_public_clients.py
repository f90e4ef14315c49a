"""Clients as strangers wrote them, ten lines each and from descriptions of what they do, against both dialects.

What a stranger's client cannot read is the finding: one that knows the page alone breaks in the other dialect.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from weryai.emulator import Emulator, ManualClock

SUBMIT = "/v1/generation/image-to-video"


class Caller:
    """A stranger's HTTP session, and the emulator that it talks to."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = httpx.Client(
            base_url=emulator.url, headers={"Authorization": f"Bearer {emulator.key}"}, trust_env=False, timeout=30
        )

    def order(self, **changes: Any) -> httpx.Response:
        """Order a video."""
        body = {"model": "WERYAI_VIDEO_1_0", "prompt": "She waves", "image": "https://example.com/a.jpg", "duration": 5}
        return self.http.post(SUBMIT, json={**body, "aspect_ratio": "16:9"} | changes)

    def looks(self, task_id: str) -> Iterator[Any]:
        """Poll, a second at a time."""
        while True:
            self.emulator.clock.advance(1)
            yield self.http.get(f"/v1/generation/{task_id}/status").json()


def published_schema(caller: Caller) -> str:
    """Read `task_ids` alone, as the schema has it; strings as booleans are not sent."""
    task_id = caller.order().json()["data"]["task_ids"][0]
    for reply in caller.looks(task_id):
        if reply["data"]["task_status"] == "succeed":
            return str(reply["data"]["videos"][0])
    raise AssertionError


def mended(caller: Caller) -> str:
    """Read `task_id`, and fall back to `task_ids`; send generate_audio as a text where that is taken."""
    audio: Any = "false" if caller.emulator.dialect == "seen" else False
    data = caller.order(generate_audio=audio).json()["data"]
    task_id = data.get("task_id") or data["task_ids"][0]
    for reply in caller.looks(task_id):
        if reply["data"]["task_status"] in ("succeed", "failed"):
            return str(reply["data"]["videos"][0])
    raise AssertionError


def truthy_success(caller: Caller) -> str:
    """Believe a truthy `success` and read `task_id` only, then loop until an exact word comes."""
    reply = caller.order().json()
    if not reply.get("success"):
        raise RuntimeError(reply["message"])
    for told in caller.looks(reply["data"]["task_id"]):
        if told["data"]["task_status"] == "succeed":
            return str(told["data"]["videos"][0])
    raise AssertionError


def raise_first(caller: Caller) -> str:
    """Raise for the HTTP status, then read the code; wait and order again after 1001 and 6001; read video_urls too."""
    for _ in range(4):
        reply = caller.order()
        reply.raise_for_status()
        if reply.json()["status"] not in (1001, 6001, 6002):
            break
        caller.emulator.clock.advance(30)
    data = reply.json()["data"]
    for told in caller.looks(data.get("task_id") or data["task_ids"][0]):
        task = told["data"]
        if task["task_status"] == "succeed":
            return str((task.get("videos") or task.get("video_urls"))[0])
    raise AssertionError


CLIENTS: dict[str, tuple[Callable[[Caller], str], type[Exception] | None, type[Exception] | None]] = {
    "task_ids alone": (published_schema, None, KeyError),
    "task_id first, text booleans": (mended, None, None),
    "success and task_id": (truthy_success, RuntimeError, None),
    "raise_for_status, then codes": (raise_first, None, None),
}


@pytest.mark.parametrize("dialect", ["page", "seen"])
@pytest.mark.parametrize(("run", "on_page", "as_seen"), CLIENTS.values(), ids=list(CLIENTS))
def test_a_strangers_client_succeeds_where_it_is_said_to(
    dialect: Any, run: Callable[[Caller], str], on_page: type[Exception] | None, as_seen: type[Exception] | None
) -> None:
    """A client finishes where its author says that it does, and breaks in the dialect that he has not met."""
    trouble = {"page": on_page, "seen": as_seen}[dialect]
    with Emulator(clock=ManualClock(), video="fixed", dialect=dialect) as emulator:
        caller = Caller(emulator)
        with caller.http:
            for scenario in ("rate-limit", "workflow-error") if run is raise_first else ():
                emulator.order(scenario)
            if trouble is not None:
                with pytest.raises(trouble):
                    run(caller)
                return
            assert caller.http.get(run(caller)).content[4:8] == b"ftyp"
        emulator.assert_faults_met()


def test_a_stranger_meets_business_refusals_after_raise_for_status() -> None:
    """A client that raises for the HTTP status first still reads the code of every rule of business, in both."""
    for dialect in ("page", "seen"):
        with Emulator(video="fixed", balance=0, dialect=dialect) as emulator:  # type: ignore[arg-type]
            caller = Caller(emulator)
            with caller.http:
                assert caller.order().raise_for_status().json()["status"] == 1011
                assert caller.order(duration=3).raise_for_status().json()["status"] == 1002

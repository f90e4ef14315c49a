"""What a call need not do: read cookies that nobody set, read an accepted response twice, hear of what is known."""

import asyncio
from concurrent.futures import Future

import httpx
import pytest

from weryai import InvalidInputError, WeryAI
from weryai._protocol import envelope
from weryai._protocol.contract import check_request
from weryai._transport.awaiting import _settled

KEY = "sk-test-key"
ACCEPTED = {"status": 0, "data": {"batch_id": 1, "task_ids": ["t1"]}}
ORDER = {"model": "WERYAI_VIDEO_1_0", "prompt": "x", "image": "https://example.com/p.jpg", "duration": 5}


class Service(httpx.BaseTransport):
    """Answers with these headers, as httpcore does: it tells of the first byte, and streams."""

    def __init__(self, **headers: str) -> None:
        """Remember what was asked."""
        self.headers = headers
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Tell that the request leaves, and accept it."""
        self.requests.append(request)
        if "trace" in request.extensions:
            request.extensions["trace"]("http11.send_request_headers.started", {"request": request})
        return httpx.Response(200, json=ACCEPTED, headers=self.headers)


def test_cookies_are_read_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie that the service sets comes along with the next request; without one httpx is not asked to look."""
    service = Service(**{"Set-Cookie": "a=b"})
    with WeryAI(KEY, transport=service) as client:
        client.tasks.get("t1")
        client.tasks.get("t1")
        assert [request.headers.get("cookie") for request in service.requests] == [None, "a=b"]
        service.headers = {}
        looked = list[httpx.Response]()
        monkeypatch.setattr(httpx.Cookies, "extract_cookies", lambda _, response: looked.append(response))
        client.tasks.get("t1")
        assert looked == []


def test_an_accepted_response_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The note of an order and its caller get the task ids of one reading."""
    read = list[object]()
    known = envelope.find_task_ids
    monkeypatch.setattr(envelope, "find_task_ids", lambda raw: (read.append(raw), known(raw))[1])
    with WeryAI(KEY, transport=Service()) as client:
        assert client.image_to_video.submit(ORDER["image"], prompt="x").task_ids == ("t1",)
    assert len(read) == 1


def test_nothing_more_is_told_once_a_byte_has_left() -> None:
    """The HTTP library finds nobody to tell after the first byte of an order."""
    service = Service()
    with WeryAI(KEY, transport=service) as client:
        client.image_to_video.submit(ORDER["image"], prompt="x")
    assert [sorted(request.extensions) for request in service.requests] == [["timeout"]]


def test_what_is_done_is_not_waited_for() -> None:
    """A change that is made already costs no turn of the event loop."""
    done: Future[int] = Future()
    done.set_result(3)
    with pytest.raises(StopIteration) as ended:
        _settled(done).send(None)
    assert ended.value.value == 3
    failed: Future[int] = Future()
    failed.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        asyncio.run(_settled(failed))


@pytest.mark.parametrize("wrong", [True, 5.0, 5.5, "5", 0, None])
def test_short_values_that_were_right_vouch_for_no_others(wrong: object) -> None:
    """That 5 was checked says nothing about what only equals or resembles it, and a wrong value stays wrong."""
    check_request("ImageToVideoRequest", ORDER)
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="duration"):
            check_request("ImageToVideoRequest", {**ORDER, "duration": wrong})

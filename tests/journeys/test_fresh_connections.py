"""A paid request never travels on a used connection, and a free one never on one that holds bytes nobody asked for."""

import functools
import gzip
from typing import Any

import pytest

import weryai
from fakes.answers import STATUS, SUBMIT, TASK, UPLOAD, accepted, looked, uploaded
from fakes.faces import Face, submit
from fakes.faults import Answer, Line, Raw, Reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from weryai import RetryPolicy

pytestmark = pytest.mark.timeout(60)
ONCE = RetryPolicy(tries=1)
PICTURE = png()


class ThenClose:
    """Answer in full, and close a moment later, as a server does whose keep-alive is over."""

    def __init__(self, answer: Reply, after: float) -> None:
        self.answer, self.after = answer, after

    def perform(self, line: Line) -> bool:
        """Answer; the next request on this connection meets the end."""
        self.answer.perform(line)
        line.pause(self.after)
        return False


class Twice:
    """Answer, and send another response in the same breath, which nobody has asked for."""

    def __init__(self, answer: Reply, other: Reply) -> None:
        self.answer, self.other = answer, other

    def perform(self, line: Line) -> bool:
        """Write both as one piece."""
        written: list[bytes] = []
        recorder: Any = type("Recorder", (), {"send": lambda _, data: written.append(data), "pause": lambda *_: None})()
        self.answer.perform(recorder)
        self.other.perform(recorder)
        line.send(b"".join(written))
        return True


@pytest.mark.parametrize("after", [0.0005, 0.001, 0.002, 0.005])
def test_a_server_that_closes_after_the_upload_makes_no_order_unknown(
    face: Face, faulty_server: FaultyServer, after: float
) -> None:
    """The upload's connection may end at any moment: the paid request has one of its own."""
    faulty_server.default("POST", UPLOAD, ThenClose(uploaded("https://static.example.com/a.png"), after))
    faulty_server.default("POST", SUBMIT, ThenClose(accepted(), after))
    works = [lambda client: client.image_to_video.submit(PICTURE, prompt="Wave", force=True)] * 12
    face.run_in_turn(works, faulty_server.url)
    assert len(faulty_server.posts(SUBMIT)) == 12


@pytest.mark.parametrize("first", ["paid", "free"])
def test_a_second_response_is_nobodys(face: Face, faulty_server: FaultyServer, first: str) -> None:
    """What a server sends unasked is never taken for the answer of the next paid request."""
    stray = json_reply({"status": 0, "data": {"task_ids": ["task_of_somebody_else"]}})
    answer = accepted("task_one") if first == "paid" else looked("waiting")
    faulty_server.script(*(("POST", SUBMIT) if first == "paid" else ("GET", STATUS)), Twice(answer, stray))
    faulty_server.default("POST", SUBMIT, accepted("task_two"))
    work = submit if first == "paid" else (lambda client: client.tasks.get(TASK))
    _, second = face.run_in_turn([work, submit], faulty_server.url, retry=ONCE)
    assert second.task_ids == ("task_two",)


def test_a_second_response_is_not_the_next_look(face: Face, faulty_server: FaultyServer) -> None:
    """Nor is it taken for the answer of the next free request: that one takes another connection."""
    faulty_server.script("GET", STATUS, Twice(looked("waiting"), looked("failed")))
    faulty_server.default("GET", STATUS, looked("processing"))
    looks = face.run_in_turn([lambda client: client.tasks.get(TASK)] * 2, faulty_server.url, retry=ONCE)
    assert [task.state for task in looks] == ["waiting", "processing"]
    assert len(faulty_server.gets(STATUS)) == 2


def test_free_requests_still_share_a_connection(face: Face, faulty_server: FaultyServer) -> None:
    """Where nothing is wrong a connection is used again."""
    faulty_server.default("GET", STATUS, looked("processing"))
    face.run_in_turn([lambda client: client.tasks.get(TASK)] * 5, faulty_server.url)
    assert len(faulty_server._connections) == 1


@functools.cache
def bomb() -> bytes:
    """A response of 300 MB in some hundred bytes."""
    return gzip.compress(gzip.compress(bytes(300_000_000), 9), 9)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,x-gzip"])
def test_a_bomb_in_a_bomb_is_bounded(face: Face, faulty_server: FaultyServer, encoding: str) -> None:
    """A response that is packed twice is given up before it has filled the memory."""
    import tracemalloc

    faulty_server.default("GET", STATUS, Reply(bomb(), headers={"Content-Encoding": encoding}))
    tracemalloc.start()
    try:
        with pytest.raises(weryai.TransportError, match="longer than"):
            face.run(lambda client: client.tasks.get(TASK), faulty_server.url, retry=ONCE)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 150_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", "gzip, gzip", "identity"])
def test_a_packed_response_is_read(face: Face, faulty_server: FaultyServer, encoding: str) -> None:
    """Each packing that was asked for is undone."""
    import zlib

    body = b'{"status":0,"data":{"task_id":"task_abc123","task_status":"processing"}}'
    packers = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "raw deflate": lambda data: zlib.compress(data)[2:-4],
        "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
        "identity": bytes,
    }
    headers = {"Content-Encoding": encoding.removeprefix("raw ")}
    faulty_server.default("GET", STATUS, Reply(packers[encoding](body), headers=headers))
    task = face.run(lambda client: client.tasks.get(TASK), faulty_server.url, retry=ONCE)
    assert task.state == "processing"


UNPACKABLE: dict[str, Answer] = {
    "no gzip": Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    "unasked": Reply(b"?", headers={"Content-Encoding": "br"}),
    "cut": Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\0\0"),
}


@pytest.mark.parametrize("answer", UNPACKABLE.values(), ids=list(UNPACKABLE))
def test_a_paid_response_that_cannot_be_unpacked_is_unknown(
    face: Face, faulty_server: FaultyServer, answer: Answer
) -> None:
    """The service has the order, whatever is wrong with the packing of what it says."""
    faulty_server.default("POST", SUBMIT, answer)
    with pytest.raises((weryai.OutcomeUnknownError, weryai.ContractError)) as caught:
        face.run(submit, faulty_server.url, retry=ONCE)
    assert caught.value.outcome == "unknown"
    assert len(faulty_server.posts(SUBMIT)) == 1

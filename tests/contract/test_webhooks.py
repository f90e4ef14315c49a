"""Deliveries: whatever the contract allows becomes typed events, and whatever else comes a WebhookError."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contract.cases import bodies_of, effort
from contract.reading import Example, request_examples
from contract.test_malformed import JSON, PAGES
from weryai import Task, TaskState, VideoLink, WebhookError, WeryAI
from weryai.webhooks import Receiver, WebhookEvent, read_delivery

DELIVERY = "#/components/schemas/WebhookDelivery"
URL, COVER = "https://cdn.weryai.com/result/v.mp4", "https://cdn.weryai.com/result/c.jpg"
# Typed by hand from the sources, and never read from the contract or the client.
WORDS = {
    TaskState.WAITING: ["waiting", "WAITING", "PENDING", "pending"],
    TaskState.PROCESSING: ["processing", "PROCESSING", "running", "RUNNING"],
    TaskState.SUCCEEDED: ["succeed", "SUCCEED", "SUCCESS", "success", "completed", "complete"],
    TaskState.FAILED: ["failed", "FAILED", "fail", "canceled", "error"],
    TaskState.UNKNOWN: ["queued_for_review", "", "success!", None],
}
STATES = {word.lower(): state for state, words in WORDS.items() for word in words if word}
VIDEOS: dict[str, tuple[dict[str, Any], tuple[VideoLink, ...]]] = {
    "videos": ({"videos": [URL]}, (VideoLink(URL),)),
    "objects": ({"videos": [{"url": URL, "cover_url": COVER}]}, (VideoLink(URL, COVER),)),
    "output": ({"output": {"videos": [{"video_url": URL}]}}, (VideoLink(URL),)),
    "task_result": (
        {"task_result": {"videos": [{"src": URL, "cover_image_url": COVER}]}},
        (VideoLink(URL, COVER),),
    ),
    "video_url": ({"video_url": URL}, (VideoLink(URL),)),
    "images": ({"images": ["https://cdn.weryai.com/result/image1.png"]}, ()),
    "none": ({"videos": None}, ()),
}
ENVELOPES: dict[str, Any] = {
    "object": lambda part: {"status": 0, "desc": "success", "message": "success", "data": part},
    "array": lambda part: {"status": "200", "msg": "Success", "data": [part]},
    "no status": lambda part: {"data": part},
    "null around": lambda part: {"status": None, "message": None, "data": [None, part, 5]},
    "bare": lambda part: part,
}


def written(body: Any) -> list[Any]:
    """A delivery in each form in which a framework hands it over."""
    text = json.dumps(body)
    return [body, MappingProxyType(body), text, text.encode(), bytearray(text.encode()), memoryview(text.encode()),
            b"\xef\xbb\xbf" + text.encode(), f" {text}\n"]  # fmt: skip


@pytest.mark.parametrize("around", ENVELOPES.values(), ids=list(ENVELOPES))
@pytest.mark.parametrize(("state", "word"), [(state, word) for state, words in WORDS.items() for word in words])
@pytest.mark.parametrize(("id_name", "word_name"), [("task_id", "task_status"), ("taskId", "taskStatus")])
def test_every_spelling(around: Any, state: TaskState, word: str | None, id_name: str, word_name: str) -> None:
    """Both names of id and status, each status word in each case, object or array, with or without an envelope."""
    body = around({id_name: "task_abc123", word_name: word, "msg": "Image asset audit"})
    for form in written(body):
        (event,) = read_delivery(form)
        assert (event.task_id, event.task.state, event.task.reason) == ("task_abc123", state, "Image asset audit")
        assert event.raw == body


def test_the_id_may_stand_around_the_task() -> None:
    """A task without an id of its own has that of the delivery."""
    events = read_delivery({"taskId": "t1", "data": [{"task_status": "failed"}, {"task_id": "t2"}]})
    assert [(event.task_id, event.task.state) for event in events] == [
        ("t1", TaskState.FAILED),
        ("t2", TaskState.UNKNOWN),
    ]


@pytest.mark.parametrize("around", ENVELOPES.values(), ids=list(ENVELOPES))
@pytest.mark.parametrize(("part", "videos"), VIDEOS.values(), ids=list(VIDEOS))
def test_every_place_of_the_results(around: Any, part: dict[str, Any], videos: tuple[VideoLink, ...]) -> None:
    """Videos are read from wherever a source has seen them; pictures stay in `raw`."""
    (event,) = read_delivery(around({"task_id": 7, "task_status": "SUCCESS", **part}))
    assert (event.task_id, event.task.videos, event.task.state) == ("7", videos, TaskState.SUCCEEDED)
    assert event.task.raw == {"task_id": 7, "task_status": "SUCCESS", **part}


EXAMPLES = [one for one in request_examples() if one.schema == DELIVERY]


def test_the_contract_has_examples() -> None:
    """The rule below is about something: a picture, a video and a failure."""
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.label)
def test_a_delivery_tells_what_a_look_would(example: Example) -> None:
    """An event carries the very Task that `tasks.get` reads from the same envelope."""
    (event,) = read_delivery(example.value)
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=example.value))
    with WeryAI("sk-x", base_url="http://127.0.0.1:9", transport=transport) as client:
        assert client.tasks.get(event.task_id) == event.task


def named(part: Any) -> list[str]:
    """The ids in an object, as the sources spell them."""
    ids = [part.get(name) for name in ("task_id", "taskId")]
    return [str(one) for one in ids if isinstance(one, str | int) and str(one).strip()]


def expected(body: Any) -> list[tuple[str, Any]]:
    """The ids and parts that a body tells of: in its data, an object or an array, else in itself."""
    if not isinstance(body, dict):
        return []
    data = body.get("data")
    parts = [one for one in (data if isinstance(data, list) else [data]) if isinstance(one, dict)] or [body]
    told = [((named(part) or named(body) or [""])[0], part) for part in parts]
    # What could not be asked for, or is longer than any id, is no id.
    return [(one, part) for one, part in told if one.strip(".") and one.isprintable() and len(one) <= 256]


def understood(body: Any) -> Any:
    """What a body means; None if it means nothing."""
    if isinstance(body, Mapping):
        return dict(body)
    content = body if isinstance(body, bytes) else str(body).encode(errors="replace")
    try:
        return json.loads(content.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def assert_read(body: Any) -> None:
    """Read a body, and compare with what it means."""
    wanted = expected(understood(body))
    if not wanted:
        with pytest.raises(WebhookError, match="this is no webhook delivery: "):
            read_delivery(body)
        return
    events = read_delivery(body)
    assert [(event.task_id, event.task.raw) for event in events] == wanted, f"{body!r} should tell of {wanted}"
    for event, (task_id, part) in zip(events, wanted, strict=True):
        assert type(event) is WebhookEvent and type(event.task) is Task
        assert (event.task.id, event.raw) == (task_id, understood(body))
        words = [part.get(name) for name in ("task_status", "taskStatus")]
        word = next((one.strip() for one in words if isinstance(one, str) and one.strip()), "")
        state = STATES.get(word.lower(), TaskState.SUCCEEDED if event.task.videos else TaskState.UNKNOWN)
        assert event.task.state is state


IDS = st.sampled_from(["task_abc123", "7", 7, "ü", "..", "", " ", "\n", "x" * 256, "x" * 257, None, True, ["t"], 1.5])
KEYS = st.sampled_from(["task_id", "taskId", "task_status", "taskStatus", "videos", "msg"])
PARTS = st.dictionaries(KEYS, IDS | st.sampled_from([word for words in WORDS.values() for word in words]) | JSON)


@effort(4)
@given(bodies_of(DELIVERY), IDS)
def test_whatever_the_contract_allows(body: Any, task_id: Any) -> None:
    """A delivery of the contract, with and without an id, gives its events, or the error that it names no task."""
    for form in (body, json.dumps(body), json.dumps(body).encode()):
        assert_read(form)
    data = body.get("data") if isinstance(body, dict) else None
    with_id = {**(data if isinstance(data, dict) else {}), "task_id": task_id}
    for variant in ({**body, "data": with_id}, {**body, "data": [data, with_id, with_id]}, {**body, "taskId": task_id}):
        assert_read(variant)
        assert_read(json.dumps(variant).encode())


@effort(4)
@given(bodies_of(DELIVERY, GenerationMode.NEGATIVE) | JSON | PARTS | PARTS.map(lambda part: {"data": [part]}))
def test_whatever_breaks_the_contract(body: Any) -> None:
    """A body that breaks the contract, or any JSON, gives events or a WebhookError, and nothing else."""
    assert_read(body if isinstance(body, bytes) else json.dumps(body).encode())


@effort(4)
@given(st.binary(max_size=60) | st.sampled_from(PAGES) | st.text(max_size=30))
def test_whatever_bytes_come(body: Any) -> None:
    """Bytes and texts that are no JSON give a WebhookError, and nothing else."""
    assert_read(body)


@effort(4)
@given(st.binary(max_size=40) | JSON | bodies_of(DELIVERY), st.text(max_size=20) | st.binary(max_size=20))
def test_no_address_opens_the_receiver(body: Any, address: Any) -> None:
    """Without the secret no delivery is received, whatever body and address are."""
    with pytest.raises(WebhookError, match="does not hold the secret"):
        Receiver("https://you.example/", secret="0123456789abcdef").receive(body, address)


@pytest.mark.parametrize("body", [None, 5, [], [{"task_id": "t"}], True, {"task_id": "t"}.items()])
def test_a_body_of_another_type_is_refused(body: Any) -> None:
    """What is neither bytes, text nor a mapping is a WebhookError that says so."""
    with pytest.raises(WebhookError, match="a delivery is bytes, a text or a mapping, not "):
        read_delivery(body)


def test_an_event_is_a_value() -> None:
    """Events are frozen, compare by what they say and can be kept in sets."""
    body = {"data": {"task_id": "t", "task_status": "succeed"}}
    one, other = read_delivery(body)[0], read_delivery(json.dumps(body))[0]
    assert one == other and len({one, other}) == 1
    with pytest.raises(AttributeError):
        one.task = other.task  # type: ignore[misc]
    assert "raw" not in repr(one)

"""Drift: what an answer has otherwise than the contract says, though it breaks nothing."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contract.core.strict import strict
from weryai.contract._findings import count_drift, gone_models
from weryai.contract._reading import CONTRACT, _strict, breaches, operation, operations, resolve, validator
from weryai.contract._record import Exchange

KINDS = ("image_to_video", "multi_image_to_video")
JSON = {"content-type": "application/json", "date": "today"}
Change = Callable[[dict[str, Any]], Any]


def answers(name: str, http_status: int = 200, change: Change = lambda _: None, **head: str) -> list[Exchange]:
    """The contract's own examples of an answer, as a service would send them, each changed."""
    one = operation(name)
    path = one.path.replace("{taskId}", "t1").replace("{batchId}", "b1")
    described = resolve(one.spec["responses"].get(str(http_status)) or one.spec["responses"]["200"])
    sent = []
    for example in described["content"]["application/json"]["examples"].values():
        body = copy.deepcopy(resolve(example)["value"])
        if http_status < 300 and body.get("status") not in (0, 200, None):
            continue
        change(body)
        headers = {**JSON, **{word.replace("_", "-"): value for word, value in head.items()}}
        url = f"https://api.weryai.com{path}"
        sent.append(Exchange("t", one.method.upper(), url, "", b"", http_status, headers, json.dumps(body).encode()))
    return sent


def told(exchanges: list[Exchange]) -> set[tuple[str, str]]:
    """What is told: kinds and places. The contract's examples are a mock's answers: their registry is nobody's."""
    return {(place.kind, place.pointer) for place in count_drift(exchanges, is_mock=True)}


def test_the_contracts_own_answers_drift_nowhere() -> None:
    """Every example of every success is as the contract says, so whatever is told below comes from one change."""
    assert {one.name: told(answers(one.name)) for one in operations()} == {one.name: set() for one in operations()}


def without(name: str) -> Change:
    """Take a field out of the first object that has it."""

    def change(body: Any) -> None:
        for part in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
            change(part)
        if isinstance(body, dict):
            body.pop(name, None)

    return change


def spelt_otherwise(body: dict[str, Any]) -> None:
    """Name the same as official code has met it."""
    without("message")(body)
    without("desc")(body)
    body["msg"] = "Success"
    body["data"]["task_id"] = body["data"].pop("task_ids", ["task_abc123"])[0]


def model_with(**fields: Any) -> Change:
    """Change a row of the registry."""
    return lambda body: body["data"]["image_to_video"][0].update(fields)


def no_videos(body: dict[str, Any]) -> None:
    """Put nonsense where the contract takes any kind of video."""
    for task in body["data"] if isinstance(body["data"], list) else [body["data"]]:
        task["videos"] = [[True]]


DRIFTING: dict[str, tuple[list[Exchange], set[tuple[str, str]]]] = {
    "a removed id of the batch": (
        answers("submitImageToVideo", change=without("batch_id")), {("missing field", "/data/batch_id")},
    ),
    "removed data": (answers("getBalance", change=without("data")), {("missing field", "/data")}),
    "a model without durations": (
        answers("listVideoModels", change=without("durations")),
        {("missing field", "/data/image_to_video/*/durations")},
    ),
    "another content type": (
        answers("getBalance", content_type="text/json"), {("content type", "content-type")},
    ),
    "a new status with the right schema": (answers("submitImageToVideo", 202), {("HTTP status", "")}),
    "a new model": (
        answers("listVideoModels", change=model_with(model_key="KLING_9")),
        {("word", "/data/image_to_video/*/model_key")},
    ),
    "a new resolution": (
        answers("listVideoModels", change=model_with(resolutions=["720p", "16k"])),
        {("word", "/data/image_to_video/*/resolutions")},
    ),
    "a new ratio": (
        answers("listVideoModels", change=model_with(aspect_ratios=["7:3"])),
        {("word", "/data/image_to_video/*/aspect_ratios")},
    ),
    "a header": (answers("getBalance", retry_after="7"), {("header", "retry-after")}),
    "videos that are none": (
        answers("getTaskStatus", change=no_videos), {("type", "/data/videos/*"), ("type", "/data/*/videos/*")},
    ),
    "what breaks the contract, which fails a check": (
        answers("getBalance", change=lambda body: body.update(desc=5)), set(),
    ),
    "models that are a text, which the contract does not allow": (
        answers("listVideoModels", change=lambda body: body["data"].update(image_to_video="none today")), set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DRIFTING)
def test_a_change_is_told_once_and_at_its_place(case: str) -> None:
    """One change, one line, whoever finds it first."""
    exchanges, expected = DRIFTING[case]
    assert exchanges
    assert told(exchanges) == expected


def test_models_that_the_registry_no_longer_lists_are_told() -> None:
    """Of each kind together, once; one that some answer lists is there, and a kind that is no list says nothing."""
    snapshot = operation("listVideoModels").spec["x-snapshot"]
    names = {kind: [row["model_key"] for row in snapshot[kind]] for kind in KINDS}

    def registry(*, without: str = "", **kinds: Any) -> list[Exchange]:
        rows = {kind: [{"model_key": name} for name in names[kind] if name != without] for kind in KINDS}
        return answers("listVideoModels", change=lambda body: body.update(data={**rows, **kinds}))

    assert list(gone_models(registry())) == []
    gone = [one for one in count_drift(registry(without="VEO_3_1") * 2) if one.kind == "model gone"]
    assert [(one.pointer, one.value) for one in gone] == [(f"/data/{kind}/*/model_key", "VEO_3_1") for kind in KINDS]
    assert list(gone_models([*registry(), *registry(without="VEO_3_1")])) == []
    emptied = [one.value for one in gone_models(registry(multi_image_to_video=[]))]
    assert emptied == [", ".join(names["multi_image_to_video"])]
    assert list(gone_models(registry(multi_image_to_video="none"))) == []
    assert "model gone" not in {kind for kind, _ in told(registry(without="VEO_3_1"))}


def test_data_of_a_refusal_is_told() -> None:
    """The contract leaves it open, so whoever keeps the contract hears of it; an empty one says nothing."""
    url = "https://api.weryai.com/v1/generation/balance"
    refused = [{"status": 1002, "message": "no", "data": one} for one in ({"field": "key"}, {}, None)]
    sent = [Exchange("t", "GET", url, "", b"", 200, JSON, json.dumps(body).encode()) for body in refused]
    assert [str(place) for place in count_drift(sent)] == [
        'data of a refusal /data: {"field": "key"} (1 times; HTTP 200: getBalance)'
    ]


def test_a_field_that_some_answer_has_is_not_removed() -> None:
    """What one answer leaves out and another has was not removed; what a task in work lacks is no field of it."""
    whole, cut = answers("submitImageToVideo"), answers("submitImageToVideo", change=without("task_ids"))
    assert told([*whole, *cut]) == set()
    waiting = {"status": 0, "desc": "s", "message": "s", "data": {"task_id": "t1", "task_status": "waiting"}}
    url = "https://api.weryai.com/v1/generation/t1/status"
    assert told([Exchange("t", "GET", url, "", b"", 200, JSON, json.dumps(waiting).encode())]) == set()
    assert told(answers("submitImageToVideo", change=spelt_otherwise)) == set()


def test_the_same_at_the_same_place_is_one_line() -> None:
    """A trace id, a header and a content type that every operation has are three lines, with all operations in them."""
    ids = iter(range(1000))

    def traced(body: dict[str, Any]) -> None:
        body["trace_id"] = next(ids)

    names = [one.name for one in operations()]
    met = [one for name in names for one in answers(name, change=traced, x_trace="1", content_type="text/json")]
    places = count_drift(met, is_mock=True)
    assert {(one.kind, one.pointer) for one in places} == {
        ("field", "/trace_id"), ("header", "x-trace"), ("content type", "content-type")
    }  # fmt: skip
    assert [one.count for one in places] == [len(met)] * 3
    assert {one.where for one in places} == {f"HTTP 200: {', '.join(sorted(names))}"}
    rows = [one.as_json() for one in places]
    assert [len(row["operations"]) for row in rows] == [len(names)] * 3  # type: ignore[arg-type]
    assert {row["pointer"]: row["count"] for row in rows} == {one.pointer: len(met) for one in places}


def test_the_strict_twin_is_the_one_that_the_examples_are_held_to() -> None:
    """The suite's own reading of it equals the core's, and it refuses what the open contract lets pass."""
    assert _strict(CONTRACT["components"]) == strict(CONTRACT)["components"]
    schema = {"$ref": "#/components/schemas/TaskStatusReply"}
    body = {"status": 0, "data": {"videos": ["https://e.com/v.mp4", [True]]}}
    assert validator(schema).is_valid(body)
    assert [place for place, _ in breaches(schema, body, strict=True)] == ["/data/videos/*"]

"""Every operation of the contract answers, and the modelled ones remember."""

import json
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from fakes.pictures import JPEG
from weryai.emulator._protocol import contract_path, load_operations

from .conftest import Visitor, order

CONTRACT: dict[str, Any] = json.loads(contract_path().read_text(encoding="utf-8"))
OPERATIONS = load_operations(contract_path())
FILE_PARTS = {"file": ("picture.jpg", JPEG)}


def written(operation_id: str) -> dict[str, Any]:
    """Return an operation as the contract has it."""
    operations = (item[method] for item in CONTRACT["paths"].values() for method in item)
    return next(one for one in operations if isinstance(one, dict) and one.get("operationId") == operation_id)


def request_examples(operation_id: str) -> dict[str, Any]:
    """Return the named requests of an operation; one without a body has one request."""
    body = written(operation_id).get("requestBody")
    if body is None:
        return {"nothing": None}
    (content,) = body["content"].values()
    return {name: example["value"] for name, example in content["examples"].items()}


ALL_REQUESTS = [(one, name) for one in OPERATIONS for name in request_examples(one.name)]


@pytest.mark.parametrize(("operation", "example"), ALL_REQUESTS, ids=lambda value: getattr(value, "name", value))
async def test_every_operation_answers_its_examples(visitor: Visitor, operation: Any, example: str) -> None:
    """Each request of the contract's examples gets HTTP 2xx, success, and a body that keeps the response schema."""
    data = await visitor.submit()
    names = {"taskId": data["task_ids"][0], "batchId": data["batch_id"]}
    reply = await send(visitor, operation, operation.path.format(**names), request_examples(operation.name)[example])
    assert reply.status_code == operation.answer.status
    assert reply.json()["status"] in (0, 200)
    schema = written(operation.name)["responses"][str(reply.status_code)]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({"allOf": [schema], "components": CONTRACT["components"]})
    assert [error.message for error in validator.iter_errors(reply.json())] == []


async def send(visitor: Visitor, operation: Any, path: str, body: Any) -> httpx.Response:
    """Send an example in the operation's content type."""
    if operation.body is None:
        return await visitor.request(operation.method, path)
    if operation.body.media_type == "application/json":
        return await visitor.request(operation.method, path, json=body)
    texts = {name: str(value).lower() for name, value in body.items() if name != "file"}
    return await visitor.request(operation.method, path, files=FILE_PARTS, data=texts)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_operation_asks_for_the_key(visitor: Visitor, operation: Any) -> None:
    """No operation of today's contract is open to strangers."""
    path = operation.path.format(taskId="x", batchId="x")
    reply = await visitor.request(operation.method, path, headers={"Authorization": ""})
    assert (reply.status_code, reply.json()["message"]) == (401, "Invalid API Key")


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.body], ids=lambda operation: operation.name)
async def test_every_body_is_closed(visitor: Visitor, operation: Any) -> None:
    """A field that the contract does not have is refused by name."""
    extra = {"definitely_not_a_field": "1"}
    if operation.body.media_type == "application/json":
        example = next(iter(request_examples(operation.name).values()))
        reply = await visitor.request(operation.method, operation.path, json=example | extra)
    else:
        reply = await visitor.request(operation.method, operation.path, files=FILE_PARTS, data=extra)
    assert (reply.status_code, reply.json()["message"]) == (400, "definitely_not_a_field: unknown field")


async def test_an_operation_nobody_modelled_answers_with_the_first_example() -> None:
    """A new operation of the contract is served the day it appears, behind key and schema."""
    body = {
        "type": "object",
        "additionalProperties": False,
        "required": ["size"],
        "properties": {"size": {"type": "integer"}},
    }
    contract = {
        "paths": {
            "/v2/new": {
                "post": {
                    "operationId": "somethingNew",
                    "security": [{"bearerAuth": []}],
                    "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                    "responses": {"201": {"$ref": "#/components/responses/Made"}},
                }
            },
            "/v2/silent": {"get": {"operationId": "silent", "responses": {"200": {"description": "nothing"}}}},
        },
        "components": {
            "responses": {
                "Made": {
                    "content": {
                        "application/json": {
                            "examples": {
                                "first": {"value": {"status": 0, "data": "first"}},
                                "second": {"value": {"status": 0, "data": "second"}},
                            }
                        }
                    }
                }
            }
        },
    }
    async with Visitor(video="fixed", contract=contract) as client:
        made = await client.post("/v2/new", json={"size": 1})
        assert (made.status_code, made.json()["data"]) == (201, "first")
        refused = await client.post("/v2/new", json={"size": "1"})
        assert (refused.status_code, refused.json()["status"]) == (400, 1002)
        stranger = await client.post("/v2/new", json={"size": 1}, headers={"Authorization": ""})
        assert stranger.status_code == 401
        assert (await client.get("/v2/silent")).status_code == 501


async def test_a_submission_becomes_videos(visitor: Visitor) -> None:
    """A batch of two waits, is processed, and succeeds with an address each; every task is paid for."""
    reply = await visitor.post("/v1/generation/image-to-video", json=order(video_number=2))
    assert {name: reply.json()[name] for name in ("status", "desc", "message")} == {
        "status": 0,
        "desc": "success",
        "message": "success",
    }
    data = reply.json()["data"]
    assert isinstance(data["batch_id"], int)
    seen = []
    for seconds in (0, 1, 2):
        visitor.clock.advance(seconds)
        batch = (await visitor.get(f"/v1/generation/batch/{data['batch_id']}/status")).json()["data"]
        one = (await visitor.get(f"/v1/generation/{data['task_ids'][1]}/status")).json()["data"]
        assert [task["task_id"] for task in batch] == data["task_ids"]
        assert one == batch[1]
        seen.append(one["task_status"])
    assert seen == ["waiting", "processing", "succeed"]
    assert [task["videos"] for task in batch] == [[f"http://testserver/result/{task}.mp4"] for task in data["task_ids"]]
    assert (await visitor.get("/v1/generation/balance")).json()["data"] == 980


async def test_too_few_credits() -> None:
    """An order that cannot be paid is refused with 1011, and nothing is made of it."""
    async with Visitor(video="fixed", balance=25) as client:
        reply = await client.post("/v1/generation/image-to-video", json=order(video_number=3))
        assert reply.json()["status"] == 1011
        assert reply.json()["desc"] == "INSUFFICIENT_CREDITS"
        assert "data" not in reply.json()
        assert (await client.get("/v1/generation/balance")).json()["data"] == 25


@pytest.mark.parametrize(
    ("path", "http_status", "code", "message"),
    [
        ("task_nobody/status", 200, 1003, "task not exist"),
        ("batch/1/status", 200, 1003, "batch not exist"),
        ("batch/x/status", 200, 1003, "batch not exist"),
        (".../status", 400, 1002, "task id error"),
    ],
)
async def test_unknown_ids(visitor: Visitor, path: str, http_status: int, code: int, message: str) -> None:
    """Ids that nobody gave are told in the service's words."""
    reply = await visitor.get(f"/v1/generation/{path}")
    assert (reply.status_code, reply.json()["status"], reply.json()["message"]) == (
        http_status,
        code,
        message,
    )


async def test_a_foreign_picture_is_noted(rendering_visitor: Visitor) -> None:
    """The emulator fetches nothing; that another picture will be rendered stands in a header of the submission."""
    (own,) = (await rendering_visitor.upload(JPEG)).json()["data"]["object_url_list"]
    notes = {}
    for image in (own, "https://example.com/reference.jpg", own.replace("testserver", "localhost:99")):
        reply = await rendering_visitor.post("/v1/generation/image-to-video", json=order(image=image))
        notes[image] = "standard image" in reply.headers.get("X-Emulator-Note", "")
    assert list(notes.values()) == [False, True, False]
    reply = await rendering_visitor.post("/v1/generation/text-to-video", json=order(image=..., duration=61))
    assert "there is no image" in reply.headers["X-Emulator-Note"]
    assert "at most 60 seconds" in reply.headers["X-Emulator-Note"]


def of_tomorrow(**properties: Any) -> dict[str, Any]:
    """The contract with one paid operation more, whose request has these fields, the first of them required."""
    contract = json.loads(json.dumps(CONTRACT))
    submit = contract["paths"]["/v1/generation/image-to-video"]["post"]
    schema = {"type": "object", "additionalProperties": False, "required": [*properties][:1], "properties": properties}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    new = {**submit, "operationId": "submitLipSync", "tags": ["lip_sync"], "requestBody": body}
    contract["paths"]["/v1/generation/lip-sync"] = {"post": new}
    return dict(contract)


@pytest.mark.parametrize("rules", ["strict", "known", "off"])
@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ({"video": "https://example.com/a.mp4"}, 990),
        ({"video": "v", "model": "A_MODEL_OF_TOMORROW", "duration": 9, "video_number": 2}, 980),
        ({"video": "v", "model": 7, "prompt": ["a"], "duration": "long", "images": "many", "video_number": "two"}, 990),
    ],
    ids=["other fields", "known fields", "other types"],
)
async def test_a_new_paid_operation_is_a_submission_at_once(rules: Any, sent: dict[str, Any], left: int) -> None:
    """What the contract marks as paid costs credits and makes tasks that exist, whatever its fields and the rules."""
    fields: dict[str, Any] = {name: {} for name in ("video", "model", "prompt", "duration", "images", "video_number")}
    async with Visitor(video="fixed", contract=of_tomorrow(**fields), model_rules=rules) as visitor:
        data = (await visitor.post("/v1/generation/lip-sync", json=sent)).json()["data"]
        assert (await visitor.get("/v1/generation/balance")).json()["data"] == left
        assert len(data["task_ids"]) == (1000 - left) // 10
        visitor.clock.advance(60.0)
        (url,) = (await visitor.get(f"/v1/generation/{data['task_ids'][0]}/status")).json()["data"]["videos"]
        assert (await visitor.get(url)).status_code == 200
        refused = await visitor.post("/v1/generation/lip-sync", json={"model": "m"})
        assert (refused.status_code, refused.json()["status"]) == (400, 1002)
        visitor.app.state.world.close()


async def test_scenarios_meet_a_new_paid_operation() -> None:
    """A scenario of submissions meets a new paid operation, and the ledger knows what it cost."""
    async with Visitor(video="fixed", contract=of_tomorrow(video={})) as visitor:
        reply = await visitor.post(
            "/v1/generation/lip-sync", json={"video": "v"}, headers={"X-Emulator-Scenario": "no-credits"}
        )
        assert reply.json()["status"] == 1011
        await visitor.post("/v1/generation/lip-sync", json={"video": "v"})
        assert [len(row.task_ids) for row in visitor.app.state.world.ledger.rows()] == [1]
        visitor.app.state.world.close()


REFERENCES = "/v1/generation/almighty-reference-to-video"
#: A sound and a video, as far as their first bytes tell.
SOUND, FILM = b"RIFF\x10\0\0\0WAVEfmt " + bytes(8), b"\0\0\0\x10ftypisom" + bytes(8)


async def test_a_reference_is_of_the_kind_of_its_field(visitor: Visitor) -> None:
    """An upload of another kind than its field is refused, and so are sounds alone; nothing is paid for."""
    sound, film = [
        (await visitor.upload(data, name)).json()["data"]["object_url_list"]
        for data, name in ((SOUND, "a.wav"), (FILM, "a.mp4"))
    ]
    body = {"model": "WERYDANCE_2_0", "prompt": "x", "duration": 10, "aspect_ratio": "9:16"}
    given: list[tuple[dict[str, Any], int]] = [
        ({"videos": sound}, 1002),
        ({"audios": film, "videos": film}, 1002),
        ({"images": film}, 2004),
        ({"audios": sound}, 1002),
        ({"audios": sound, "videos": film}, 0),
        ({"audios": sound, "images": ["https://example.com/a.jpg"]}, 0),
    ]
    replies = [await visitor.post(REFERENCES, json={**body, **more}) for more, _ in given]
    assert [(one.status_code, one.json()["status"]) for one in replies] == [(200, code) for _, code in given]
    assert len(visitor.app.state.world.tasks.all()) == 2

"""Every shape of a reply that anybody has met is valid, and survives the generated models; typed by hand."""

import copy
from typing import Any

import jsonschema_rs
import pytest

from contract.reading import CONTRACT
from weryai_api import models

ORDERED = {"batch_id": 123456789, "task_ids": ["task_abc123"]}
VIDEO = "https://cdn.weryai.com/result/video1.mp4"
OBJECT = {"url": VIDEO, "cover_image_url": "https://cdn.weryai.com/result/cover.jpg"}

ENVELOPES: list[dict[str, Any]] = [
    {},
    *({"status": status} for status in (0, 200, "0", "200", "success", "ok", None, 1002)),
    {"status": 200, "msg": "Success"},
    {"success": True, "status": 200, "message": "success"},
    {"success": False, "status": 1001, "desc": None, "message": "请求频率"},
]
SUBMITTED: list[Any] = [
    ORDERED,
    {"task_id": "task_abc123", "task_status": "waiting"},
    {**ORDERED, "task_id": "task_abc123"},
    {"batch_id": "123456789", "task_ids": None},
    *({}, [], [ORDERED], "task_abc123", 7, False, None),
]
STATUS_WORDS = [
    *("waiting", "WAITING", "PENDING", "processing", "RUNNING", "succeed", "SUCCESS", "completed"),
    *("failed", "fail", "canceled", "error", "QUEUED_NEW", "", None),
]
TASKS: list[Any] = [
    *({"task_id": "task_abc123", "task_status": word} for word in STATUS_WORDS),
    {"taskId": "task_abc123", "taskStatus": "succeed", "video_url": VIDEO},
    {"task_status": "succeed", "videos": [VIDEO, OBJECT, None]},
    {"task_status": "succeed", "videos": None, "output": {"videos": [OBJECT]}},
    {"task_status": "failed", "msg": "Content moderation"},
    [{"task_id": "task_abc123", "task_status": "QUEUED_NEW", "task_result": {"videos": [OBJECT], "video_url": VIDEO}}],
    *({}, [], "task not exist", 7, None),
]
REPLIES = [
    *(("SubmitReply", {**envelope, "data": ORDERED}) for envelope in ENVELOPES),
    *(("SubmitReply", envelope) for envelope in ENVELOPES),
    *(("SubmitReply", {"status": 0, "data": data}) for data in SUBMITTED),
    *(("TaskStatusReply", {**envelope, "data": {"task_status": "waiting"}}) for envelope in ENVELOPES),
    *(("TaskStatusReply", {"status": 0, "data": data}) for data in TASKS),
    # A reply may hold anything in `data`, so what it usually holds is looked at by itself too.
    *(("SubmitData", data) for data in SUBMITTED if isinstance(data, dict)),
    *(("SubmitData", {"task_id": "task_abc123", "task_status": word}) for word in STATUS_WORDS),
    *(("TaskData", data) for data in TASKS if isinstance(data, dict)),
]


@pytest.mark.parametrize(("schema", "reply"), REPLIES)
def test_every_variant_is_valid(schema: str, reply: dict[str, Any]) -> None:
    """The contract allows whatever a client in use has met: odd statuses, new status words, data of another shape."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(reply)


@pytest.mark.parametrize(("schema", "reply"), REPLIES)
def test_every_variant_survives_the_generated_model(schema: str, reply: dict[str, Any]) -> None:
    """Reading such a reply raises nothing, and writing it again changes nothing."""
    assert getattr(models, schema).from_dict(copy.deepcopy(reply)).to_dict() == reply

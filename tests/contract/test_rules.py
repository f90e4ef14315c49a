"""The contract says what is typed by hand in answers.py, and each rule names the place of what is wrong."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from contract.reading import CONTRACT
from contract.rules import RULES, Document, Rule, problems

I2V, STATUS = "/v1/generation/image-to-video", "/v1/generation/{taskId}/status"
MODELS = "/growthai/v1/video/models"
JSON = "application/json"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_contract_keeps_the_rule(rule: Rule) -> None:
    """The contract keeps each rule of rules.py; a rule's docstring states it."""
    assert list(rule(CONTRACT)) == []


def schema(document: Document, name: str) -> dict[str, Any]:
    """A named schema."""
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def field(document: Document, name: str, one: str) -> dict[str, Any]:
    """A field of a named schema."""
    found: dict[str, Any] = schema(document, name)["properties"][one]
    return found


def first_row(document: Document) -> dict[str, Any]:
    """The first row of the snapshot."""
    found: dict[str, Any] = document["paths"][MODELS]["get"]["x-snapshot"]["image_to_video"][0]
    return found


def response(document: Document, path: str, verb: str, code: str = "200") -> dict[str, Any]:
    """An answer of an operation."""
    found: dict[str, Any] = document["paths"][path][verb]["responses"][code]
    return found


def example(document: Document, path: str, verb: str, name: str) -> dict[str, Any]:
    """The value of an example of an answer."""
    found: dict[str, Any] = response(document, path, verb)["content"][JSON]["examples"][name]["value"]
    return found


# A wrong edit of the contract, and the place that must be named.
WRONG: list[tuple[str, Callable[[Document], object]]] = [
    ("KnownResolution/enum (4k)", lambda d: schema(d, "KnownResolution")["enum"].remove("4k")),
    ("KnownModel/enum: VIDU_Q3", lambda d: schema(d, "KnownModel")["enum"].remove("VIDU_Q3")),
    ("KnownAspectRatio/enum (21:9)", lambda d: schema(d, "KnownAspectRatio")["enum"].remove("21:9")),
    ("KnownTaskStatus/enum (PENDING)", lambda d: schema(d, "KnownTaskStatus")["enum"].remove("PENDING")),
    ("ModelEntry/properties/durations", lambda d: field(d, "ModelEntry", "durations")["items"].update(type="string")),
    ("ModelEntry/properties/title", lambda d: field(d, "ModelEntry", "title").update(type=["boolean", "null"])),
    ("MediaItem/required", lambda d: schema(d, "MediaItem").update(required=["url"])),
    ("TaskData/properties/msg", lambda d: field(d, "TaskData", "msg").update(type="string")),
    ("SubmitReply/properties/msg", lambda d: field(d, "SubmitReply", "msg").update(type="string")),
    ("BatchId/schema/pattern", lambda d: d["components"]["parameters"]["BatchId"]["schema"].pop("pattern")),
    ("TaskId/required", lambda d: d["components"]["parameters"]["TaskId"].pop("required")),
    ("images/items/pattern", lambda d: field(d, "MultiImageToVideoRequest", "images")["items"].pop("pattern")),
    ("examples/succeed", lambda d: example(d, STATUS, "get", "succeed")["data"].update(task_status="processing")),
    ("examples/failed", lambda d: example(d, STATUS, "get", "failed")["data"].update(msg="All is well")),
    ("examples/refused", lambda d: example(d, I2V, "post", "refused").update(status=0)),
    ("example waiting is gone", lambda d: response(d, STATUS, "get")["content"][JSON]["examples"].pop("waiting")),
    ("responses/404", lambda d: d["paths"][STATUS]["get"]["responses"].pop("404")),
    ("responses/429", lambda d: response(d, I2V, "post", "429").update({"$ref": "#/components/responses/NotFound"})),
    ("responses/402", lambda d: d["paths"][I2V]["post"]["responses"].update({"402": response(d, I2V, "post", "401")})),
    ("responses/200/content", lambda d: response(d, STATUS, "get")["content"][JSON].update(schema={"$ref": "#/x"})),
    ("BadRequest/content", lambda d: d["components"]["responses"]["BadRequest"]["content"][JSON].update(schema={})),
    ("BalanceReply/properties/data", lambda d: field(d, "BalanceReply", "data")["anyOf"].pop(0)),
    ("BalanceData/properties/balance", lambda d: field(d, "BalanceData", "balance").update(type="number")),
    ("x-display-names (SORA_2)", lambda d: schema(d, "KnownModel")["x-display-names"].__setitem__(3, "Sora II")),
    ("(WERYAI_VIDEO_1_0)/title", lambda d: first_row(d).update(title="Wery")),
    ("(WERYAI_VIDEO_1_0)/durations", lambda d: first_row(d)["durations"].append(99)),
    ("(WERYAI_VIDEO_1_0)/aspect_ratios", lambda d: first_row(d)["aspect_ratios"].pop()),
    ("(WERYAI_VIDEO_1_0)/resolutions", lambda d: first_row(d).pop("resolutions")),
    ("(WERYAI_VIDEO_1_0)/has_generate_audio", lambda d: first_row(d).update(has_generate_audio=True)),
    ("(WERYAI_VIDEO_1_0)/prompt_length_limit", lambda d: first_row(d).update(prompt_length_limit=200)),
    ("(WERYAI_VIDEO_1_0)/upload_image_limit", lambda d: first_row(d).update(upload_image_limit=9)),
    ("video_number/maximum", lambda d: field(d, "TextToVideoRequest", "video_number").update(maximum=9)),
    ("video_number/default", lambda d: field(d, "MultiImageToVideoRequest", "video_number").update(default=4)),
    ("generate_audio/default", lambda d: field(d, "TextToVideoRequest", "generate_audio").update(default=0)),
    ("caller_id/format", lambda d: field(d, "TextToVideoRequest", "caller_id").pop("format")),
    ("duration/type", lambda d: field(d, "ImageToVideoRequest", "duration").update(type="number")),
    ("TaskData/additionalProperties", lambda d: schema(d, "TaskData").update(additionalProperties=False)),
    ("get/security", lambda d: d["paths"][STATUS]["get"].update(security=[])),
    ("bearerAuth", lambda d: d["components"]["securitySchemes"]["bearerAuth"].update(scheme="basic")),
    ("requestBody/required", lambda d: d["paths"][I2V]["post"]["requestBody"].pop("required")),
    ("taskFinished", lambda d: d["webhooks"]["taskFinished"]["post"]["requestBody"]["content"][JSON]["examples"]
     ["video"]["value"]["data"].update(task_status="failed")),
]  # fmt: skip


@pytest.mark.parametrize(("place", "edit"), WRONG, ids=[place for place, _ in WRONG])
def test_a_wrong_contract_is_told_with_its_place(place: str, edit: Callable[[Document], object]) -> None:
    """Each wrong edit is seen by a rule whose message has the JSON pointer, and by nothing that is sound."""
    document = copy.deepcopy(CONTRACT)
    edit(document)
    found = problems(document)
    assert [problem for problem in found if place in problem] != [], found
    assert [problem for problem in found if not problem.startswith("/")] == []

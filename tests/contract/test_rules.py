"""The contract says what is typed by hand in answers.py, and each rule names the place of what is wrong."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from contract.reading import CONTRACT
from contract.rules import RULES, Rule, problems
from contract.shape import Document

I2V, STATUS = "/v1/generation/image-to-video", "/v1/generation/{taskId}/status"
MODELS, BALANCE = "/growthai/v1/video/models", "/v1/generation/balance"
UPLOAD, BATCH = "/v1/generation/upload-file", "/v1/generation/batch/{batchId}/status"
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


def hook(document: Document) -> dict[str, Any]:
    """The one webhook."""
    found: dict[str, Any] = document["webhooks"]["taskFinished"]["post"]
    return found


def rename(table: dict[str, Any], old: str, new: str) -> None:
    """Give an entry another name, in its place."""
    entries = [(new if name == old else name, value) for name, value in table.items()]
    table.clear()
    table.update(entries)


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
    # Where things stand: by somebody who did not write the rules above.
    ("image-to-videos/post: 'POST ", lambda d: rename(d["paths"], I2V, f"{I2V}s")),
    ("balance/post: 'POST ", lambda d: rename(d["paths"][BALANCE], "get", "post")),
    ("/servers: ['https://api.weryai.com/v1']", lambda d: d["servers"][0].update(url="https://api.weryai.com/v1")),
    ("models/get: 'GET https://api.weryai.com/growth", lambda d: d["paths"][MODELS].pop("servers")),
    ("/paths: the operation getBalance is gone", lambda d: d["paths"].pop(BALANCE)),
    ("/paths: the operation getTaskStatus is gone", lambda d: d["paths"][STATUS]["get"].update(operationId="getTask")),
    ("no source has an operation buyCredits", lambda d: d["paths"].update({"/buy": {"get": {"operationId": "buyCredits",
     "responses": {}}}})),
    ("status/get/tags", lambda d: d["paths"][STATUS]["get"].update(tags=["status"])),
    ("post/x-paid: None", lambda d: d["paths"][I2V]["post"].pop("x-paid")),
    ("get/x-paid: True", lambda d: d["paths"][BALANCE]["get"].update({"x-paid": True})),
    ("upload-file/post/requestBody/content", lambda d: rename(d["paths"][UPLOAD]["post"]["requestBody"]["content"],
     "multipart/form-data", JSON)),
    ("image-to-video/post/requestBody/content", lambda d: d["paths"][I2V]["post"]["requestBody"]["content"][JSON]
     .update(schema={"$ref": "#/components/schemas/TextToVideoRequest"})),
    ("multipart~1form-data/encoding", lambda d: d["paths"][UPLOAD]["post"]["requestBody"]["content"]
     ["multipart/form-data"].update(encoding={"file": {"contentType": "image/png"}})),
    ("parameters/TaskId/in", lambda d: d["components"]["parameters"]["TaskId"].update({"in": "query"})),
    ("parameters/BatchId/name", lambda d: d["components"]["parameters"]["BatchId"].update(name="batch")),
    ("status/get/parameters", lambda d: d["paths"][STATUS]["get"]["parameters"].append({"name": "verbose",
     "in": "query"})),
    ("{batchId}~1status/get/parameters", lambda d: d["paths"][BATCH]["get"].update(
     parameters=[{"$ref": "#/components/parameters/TaskId"}])),
    ("/webhooks: ['taskDone']", lambda d: rename(d["webhooks"], "taskFinished", "taskDone")),
    ("taskFinished/post/requestBody/content", lambda d: d["webhooks"]["taskFinished"]["post"]["requestBody"]["content"]
     [JSON].update(schema={"$ref": "#/components/schemas/ErrorReply"})),
    ("ImageToVideoRequest/properties/seed", lambda d: schema(d, "ImageToVideoRequest")["properties"].update(seed={})),
    ("TaskData/properties/progress", lambda d: schema(d, "TaskData")["properties"].update(progress={})),
    ("TaskData/properties/coverUrl", lambda d: rename(schema(d, "TaskData")["properties"], "cover_url", "coverUrl")),
    ("prompt/readOnly", lambda d: field(d, "ImageToVideoRequest", "prompt").update(readOnly=True)),
    ("videos/writeOnly", lambda d: field(d, "TaskData", "videos").update(writeOnly=True)),
    ("data/oneOf", lambda d: rename(field(d, "SubmitReply", "data"), "anyOf", "oneOf")),
    ("ImageToVideoRequest/dependentRequired", lambda d: schema(d, "ImageToVideoRequest").update(dependentRequired={})),
    ("TaskData/propertyNames", lambda d: schema(d, "TaskData").update(propertyNames={})),
    ("prompt/allOf", lambda d: field(d, "ImageToVideoRequest", "prompt").update(allOf=[{"maxLength": 5}])),
    ("msg/nullable", lambda d: field(d, "ErrorReply", "msg").update(type="string", nullable=True)),
    ("duration/example", lambda d: field(d, "ImageToVideoRequest", "duration").update(example=7)),
    ("duration/examples", lambda d: field(d, "ImageToVideoRequest", "duration").update(examples=[7])),
    ("post/deprecated", lambda d: d["paths"][I2V]["post"].update(deprecated=True)),
    ("post/responses/200/links", lambda d: response(d, I2V, "post")["links"]["taskStatus"].update(operationId="other")),
    ("post/responses/200/links", lambda d: response(d, I2V, "post")["links"]["taskStatus"]["parameters"].update(
     taskId="$response.body#/data/batch_id")),
    ("NotFound/content: ['application/json', 'text/html']", lambda d: d["components"]["responses"]["NotFound"]
     ["content"].update({"text/html": {}})),
    ("NotFound/content: ['text/html']", lambda d: rename(d["components"]["responses"]["NotFound"]["content"], JSON,
     "text/html")),
    ("TooManyRequests/headers", lambda d: d["components"]["responses"]["TooManyRequests"].update(headers={})),
    ("/components/securitySchemes", lambda d: d["components"]["securitySchemes"].update(apiKey={"type": "apiKey"})),
    ("/security", lambda d: d.update(security=[{}])),
    ("/openapi", lambda d: d.update(openapi="3.0.3")),
    ("x-states/waiting", lambda d: schema(d, "KnownTaskStatus")["x-states"]["waiting"].append("canceled")),
    ("ErrorReply/x-error-codes: ", lambda d: schema(d, "ErrorReply")["x-error-codes"].pop()),
    ("x-error-codes/0: 'OTHER'", lambda d: schema(d, "ErrorReply")["x-error-codes"][0].update(meaning="OTHER")),
    ("x-error-codes/7: ('OTHER'", lambda d: schema(d, "ErrorReply")["x-error-codes"][7].update(meaning="OTHER")),
    ("x-error-codes/6/again", lambda d: schema(d, "ErrorReply")["x-error-codes"][6].pop("again")),
    ("x-messages (model)", lambda d: schema(d, "ErrorReply")["x-messages"].pop(0)),
    ("post/x-limits", lambda d: d["paths"][UPLOAD]["post"]["x-limits"][0].update(limit="< 100 MB")),
    ("model/x-models", lambda d: field(d, "FirstLastImageToVideoRequest", "model")["x-models"].append("SORA_2")),
    ("image/x-formats", lambda d: field(d, "ImageToVideoRequest", "image")["x-formats"].append("gif")),
    ("video_number/x-page-maximum", lambda d: field(d, "ImageToVideoRequest", "video_number").pop("x-page-maximum")),
    ("MultiImageToVideoRequest/x-required-on-page", lambda d: schema(d, "MultiImageToVideoRequest")
     ["x-required-on-page"].pop()),
    ("(VEO_3_1): 0 rows", lambda d: d["paths"][MODELS]["get"]["x-snapshot"]["image_to_video"].pop(1)),
    ("(WERYAI_VIDEO_1_0): 2 rows", lambda d: d["paths"][MODELS]["get"]["x-snapshot"]["image_to_video"].append(
     dict(first_row(d)))),
    ("get/x-snapshot: ", lambda d: d["paths"][MODELS]["get"]["x-snapshot"].update(text_to_video=[])),
    ("image_to_video/0/price", lambda d: first_row(d).update(price=3)),
    # Survivors of a third list of 64: what stands beside schemas, and what closes an answer.
    ("taskFinished/post/operationId", lambda d: hook(d).update(operationId="onTask")),
    ("taskFinished/post/tags", lambda d: hook(d).update(tags=["tasks"])),
    ("taskFinished/post/parameters", lambda d: hook(d).update(parameters=[{"name": "X-Signature", "in": "header"}])),
    ("/tags: 'models' stands in /tags 0 times", lambda d: d["tags"].pop()),
    ("/tags/0/externalDocs", lambda d: d["tags"][0].update(externalDocs={})),
    ("/servers/0/variables", lambda d: d["servers"][0].update(variables={})),
    ("models/servers/0/variables", lambda d: d["paths"][MODELS]["servers"][0].update(variables={})),
    ("/components: ['headers'", lambda d: d["components"].update(headers={})),
    ("number/externalValue", lambda d: response(d, BALANCE, "get")["content"][JSON]["examples"]["number"].update(
     externalValue="https://e.com")),
    ("links/taskStatus/server", lambda d: response(d, I2V, "post")["links"]["taskStatus"].update(server={})),
    ("links/taskStatus/requestBody", lambda d: response(d, I2V, "post")["links"]["taskStatus"].update(requestBody=1)),
    ("TaskData/properties/task_id/enum", lambda d: field(d, "TaskData", "task_id").update(enum=["a"])),
    ("durations/items/enum", lambda d: field(d, "ModelEntry", "durations")["items"].update(enum=[5])),
    ("properties/duration/enum", lambda d: field(d, "ImageToVideoRequest", "duration").update(enum=[5, 10])),
    ("SubmitReply/properties/msg/default", lambda d: field(d, "SubmitReply", "msg").update(default="")),
    ("TaskData/type", lambda d: schema(d, "TaskData").pop("type")),
    ("ImageToVideoRequest/type", lambda d: schema(d, "ImageToVideoRequest").pop("type")),
    ("KnownModel/x-on-page", lambda d: schema(d, "KnownModel").update({"x-on-page": 27})),
    ("KnownModel/enum (the page's)", lambda d: [schema(d, "KnownModel")[it].insert(0, schema(d, "KnownModel")[it].pop())
     for it in ("enum", "x-display-names")]),
    ("x-snapshot/date", lambda d: d["paths"][MODELS]["get"]["x-snapshot"].update(date="2027-01-01")),
    ("(WERYAI_VIDEO_1_0)/x-differs", lambda d: first_row(d).pop("x-differs")),
    ("examples/succeed: (0, ", lambda d: example(d, STATUS, "get", "succeed")["data"].update(videos=["ftp://e.com"])),
    # Of a fourth list of 60: whatever is left over.
    ("/components/schemas/Unused: nothing", lambda d: d["components"]["schemas"].update(Unused={"type": "string"})),
    ("/components/responses/Gone: nothing", lambda d: d["components"]["responses"].update(
     Gone=d["components"]["responses"]["NotFound"])),
]  # fmt: skip


@pytest.mark.parametrize(("place", "edit"), WRONG, ids=[str(place) for place, _ in WRONG])
def test_a_wrong_contract_is_told_with_its_place(place: str, edit: Callable[[Document], object]) -> None:
    """Each wrong edit is seen by a rule whose message has the JSON pointer, and by nothing that is sound."""
    document = copy.deepcopy(CONTRACT)
    edit(document)
    found = problems(document)
    assert [problem for problem in found if place in problem] != [], found
    assert [problem for problem in found if not problem.startswith("/")] == []

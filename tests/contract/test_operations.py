"""Every operation of the contract is generated, linked soundly, and reached by a method or by `client.call`."""

import importlib
from typing import Any

import pytest

from contract import facts
from contract.reading import CONTRACT, SCHEMAS, Operation, module_name, operation, operations, resolve
from weryai import WeryAI

# Which method of the client stands for an operation. Typed by hand.
METHODS = {
    "submitImageToVideo": "image_to_video.submit",
    "getTaskStatus": "tasks.get",
    "getBatchStatus": "batches.get",
    "uploadFile": "files.upload",
    "getBalance": "account.balance",
    "listVideoModels": "models.list",
}
MODULES = {
    "submitImageToVideo": "weryai_api.api.image_to_video.submit_image_to_video",
    "submitMultiImageToVideo": "weryai_api.api.multi_image_to_video.submit_multi_image_to_video",
    "submitTextToVideo": "weryai_api.api.text_to_video.submit_text_to_video",
    "submitFirstLastImageToVideo": "weryai_api.api.first_last_image_to_video.submit_first_last_image_to_video",
    "submitAlmightyReferenceToVideo": "weryai_api.api.almighty_reference_to_video.submit_almighty_reference_to_video",
    "getTaskStatus": "weryai_api.api.tasks.get_task_status",
    "getBatchStatus": "weryai_api.api.tasks.get_batch_status",
    "uploadFile": "weryai_api.api.files.upload_file",
    "getBalance": "weryai_api.api.account.get_balance",
    "listVideoModels": "weryai_api.api.models.list_video_models",
}


def name(one: Operation) -> str:
    """Name a test after its operation."""
    return one.name


@pytest.mark.parametrize("one", operations(), ids=name)
def test_every_operation_is_generated(one: Operation) -> None:
    """An operation's endpoint module stands under its tag, named by its operationId, with the hinge we turn on."""
    module: Any = importlib.import_module(module_name(one))
    assert module_name(one) == MODULES.get(one.name, module_name(one))
    for function in ("_get_kwargs", "_parse_response", "sync_detailed", "asyncio_detailed"):
        assert callable(getattr(module, function))


def test_every_method_is_of_an_operation() -> None:
    """Each listed operation is in the contract, once; any other is reached by `client.call`."""
    names = [one.name for one in operations()]
    assert [name for name in names if names.count(name) > 1] == []
    assert set(METHODS) - set(names) == set()


def test_every_method_exists_and_no_other_resource_does() -> None:
    """Each listed method is callable, and a resource that is added to the client has to be entered here."""
    with WeryAI("sk-x", base_url="http://127.0.0.1:1") as client:
        for path in METHODS.values():
            resource, method = path.split(".")
            assert callable(getattr(getattr(client, resource), method))
        resources = {public for public in vars(client) if not public.startswith("_")}
    # `orders` asks the journal, not the service; what the others send is held by tests/journeys/test_family.py.
    elsewhere = {"orders", "text_to_video", "multi_image_to_video", "first_last_frame"}
    assert resources - elsewhere == {path.partition(".")[0] for path in METHODS.values()}


def test_links_point_to_operations_and_their_parameters() -> None:
    """Each link names an operation that exists, and parameters that it has."""
    known = {one.name: one for one in operations()}
    links = [
        link
        for one in operations()
        for answer in one.spec["responses"].values()
        for link in resolve(answer).get("links", {}).values()
    ]
    assert len(links) >= 6
    for link in links:
        parameters = [resolve(parameter)["name"] for parameter in known[link["operationId"]].spec["parameters"]]
        assert set(link["parameters"]) <= set(parameters)


def test_links_lead_somewhere() -> None:
    """Each parameter of a link is found in the first example of the reply that has the link."""
    for one in operations():
        for answer in map(resolve, one.spec["responses"].values()):
            first = next(iter(answer["content"]["application/json"]["examples"].values()))
            for link in answer.get("links", {}).values():
                for expression in link["parameters"].values():
                    start, *steps = expression.split("/")
                    assert start == "$response.body#"
                    found: Any = resolve(first)["value"]
                    for step in steps:
                        found = found[int(step) if isinstance(found, list) else step]


def test_only_the_models_registry_has_a_host_of_its_own() -> None:
    """The registry's operation names its own server; every other operation is on the API's."""
    items = CONTRACT["paths"]
    servers = {one.name: one.spec.get("servers", items[one.path].get("servers")) for one in operations()}
    own = {who: [server["url"] for server in named] for who, named in servers.items() if named}
    assert own["listVideoModels"] == [facts.MODELS_SERVER]
    assert own.keys() & facts.OPERATIONS.keys() == {"listVideoModels"}


def test_what_is_known_of_the_limits_beside_the_page() -> None:
    """An upload's limits in bytes with the service's own words, and how many pictures a storyboard may have."""
    limits = operation("uploadFile").spec["x-limits"]
    assert [(one["what"], one["limit"], one["message"]) for one in limits] == facts.UPLOAD_LIMITS
    images = SCHEMAS["MultiImageToVideoRequest"]["properties"]["images"]
    assert {word: images[word] for word in ("minItems", "maxItems")} == facts.MULTI_IMAGE_ITEMS


@pytest.mark.parametrize("one", operations(), ids=name)
def test_every_operation_is_described_whole(one: Operation) -> None:
    """Each operation has its own security, summary, sources, error responses, and an example of each answer."""
    spec = one.spec
    assert spec["security"] == [{"bearerAuth": []}]
    assert spec["summary"]
    assert spec["x-source"]
    assert {"200", "401", "403", "429", "500", "504", "default"} <= set(spec["responses"])
    for answer in spec["responses"].values():
        assert resolve(answer)["content"]["application/json"]["examples"]
    for content in spec.get("requestBody", {}).get("content", {}).values():
        assert content["examples"]


def test_exactly_the_submissions_are_marked_as_paid() -> None:
    """`x-paid` stands on every operation that answers with a submission, the three known ones among them."""
    paid = {one.name for one in operations() if one.spec.get("x-paid")}
    answered = {one.name for one in operations() if "SubmitReply" in str(one.spec["responses"]["200"])}
    assert paid == answered >= {name for name in facts.OPERATIONS if name.startswith("submit")}


def test_every_source_is_known() -> None:
    """Each `x-source` names a document of the list, with one of the known confidences."""
    found: list[dict[str, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            source = value.get("x-source", [])
            found.extend(source if isinstance(source, list) else [source])
            for item in value.values():
                collect(item)

    collect(CONTRACT)
    info = CONTRACT["info"]
    assert len(found) > 100
    assert {one["doc"] for one in found} <= set(info["x-sources"])
    assert {one["confidence"] for one in found} <= set(info["x-confidence"])

"""The contract is valid OpenAPI 3.1 and keeps to the rules that make it trustworthy."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from repository import contract_rules as rules
from repository.contract_rules import RULES, Contract, Rule
from repository.places import GENERATED


@pytest.fixture(scope="module")
def original() -> Contract:
    """The contract as it is shipped; the freshness test ties it to openapi/weryai.yaml."""
    contract: Contract = json.loads((GENERATED / "openapi.json").read_bytes())
    return contract


@pytest.fixture
def contract(original: Contract) -> Contract:
    """A copy of the contract that a test may break."""
    return copy.deepcopy(original)


def test_it_is_valid_openapi(contract: Contract) -> None:
    """The contract is valid OpenAPI 3.1."""
    assert contract["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(contract).iter_errors()] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_keeps_to_the_rule(rule: Rule, contract: Contract) -> None:
    """The contract keeps to each rule of contract_rules.py; a rule's docstring states it."""
    assert list(rule(contract)) == []


def submit(contract: Contract) -> dict[str, Any]:
    """The operation that most plants go into."""
    operation: dict[str, Any] = contract["paths"]["/v1/generation/image-to-video"]["post"]
    return operation


def schema(contract: Contract, name: str) -> dict[str, Any]:
    """A named schema."""
    found: dict[str, Any] = contract["components"]["schemas"][name]
    return found


def request_of(contract: Contract) -> dict[str, Any]:
    """The submission's request body."""
    media: dict[str, Any] = submit(contract)["requestBody"]["content"]["application/json"]
    return media


def properties(contract: Contract) -> dict[str, Any]:
    """The properties of the submission."""
    found: dict[str, Any] = schema(contract, "ImageToVideoRequest")["properties"]
    return found


PLANTS: list[tuple[Rule, Callable[[Contract], object]]] = [
    (rules.every_reference_resolves, lambda c: request_of(c).update(schema={"$ref": "#/components/schemas/Nobody"})),
    (rules.every_operation_is_complete, lambda c: submit(c).pop("security")),
    (rules.every_operation_is_complete, lambda c: submit(c).update(operationId="submit_image")),
    (rules.every_operation_is_complete, lambda c: submit(c).update(tags=["nowhere described"])),
    (rules.every_operation_is_complete, lambda c: submit(c).update(summary=" ")),
    (rules.every_operation_is_complete, lambda c: submit(c).pop("description")),
    (rules.operation_ids_are_unique, lambda c: submit(c).update(operationId="getTaskStatus")),
    (rules.every_call_needs_the_key, lambda c: submit(c).update(security=[])),
    (rules.every_call_needs_the_key, lambda c: submit(c).update(security=[{}, {"bearerAuth": []}])),
    (rules.every_operation_documents_failure, lambda c: submit(c)["responses"].pop("default")),
    (rules.every_operation_documents_failure, lambda c: submit(c).update(responses={"200": {}, "default": {}})),
    (rules.everything_has_an_example, lambda c: request_of(c).pop("examples")),
    (rules.everything_has_an_example, lambda c: json_of(c, "BadRequest").pop("examples")),
    (rules.every_example_is_valid, lambda c: first_example(c).update(duration="five")),
    (rules.every_example_is_valid, lambda c: first_example(c).update(image="not a URL")),
    (rules.every_example_is_valid, lambda c: first_example(c).update(webhook_url="http://[")),
    (rules.every_example_is_valid, lambda c: first_example(c).update(misspelt=1)),
    (rules.every_example_is_valid, lambda c: properties(c)["video_number"].update(default=9)),
    (rules.every_example_is_valid, lambda c: properties(c)["duration"].update(examples=["five"])),
    (rules.every_example_is_valid, lambda c: c["components"]["parameters"]["TaskId"].update(example="..")),
    (rules.every_fact_has_a_source, lambda c: submit(c).pop("x-source")),
    (rules.every_fact_has_a_source, lambda c: properties(c)["prompt"].pop("x-source")),
    (rules.every_fact_has_a_source, lambda c: properties(c)["prompt"].update({"x-source": []})),
    (rules.every_fact_has_a_source, lambda c: properties(c)["prompt"]["x-source"].update(doc="HEARSAY")),
    (rules.every_fact_has_a_source, lambda c: properties(c)["prompt"]["x-source"].update(confidence="sure")),
    (rules.every_fact_has_a_source, lambda c: c["components"]["parameters"]["TaskId"].pop("x-source")),
    (rules.requests_are_closed, lambda c: schema(c, "ImageToVideoRequest").pop("additionalProperties")),
    (rules.responses_are_open, lambda c: schema(c, "TaskData").update(additionalProperties=False)),
    (rules.responses_are_open, lambda c: schema(c, "WebhookDelivery").update(additionalProperties=False)),
    (rules.links_lead_somewhere, lambda c: first_link(c).update(operationId="getNothing")),
    (rules.links_lead_somewhere, lambda c: first_link(c).update(parameters={"task": "x"})),
    (rules.nothing_trips_the_generator, lambda c: schema(c, "TaskData")["properties"].update(d={"type": "string"})),
    (rules.nothing_trips_the_generator, lambda c: properties(c)["prompt"].update(format="date-time")),
]


def first_example(contract: Contract) -> dict[str, Any]:
    """The body of the first example of the submission."""
    value: dict[str, Any] = next(iter(request_of(contract)["examples"].values()))["value"]
    return value


def json_of(contract: Contract, response: str) -> dict[str, Any]:
    """The JSON body of a named response."""
    media: dict[str, Any] = contract["components"]["responses"][response]["content"]["application/json"]
    return media


def first_link(contract: Contract) -> dict[str, Any]:
    """The link from the submission to the task's status."""
    link: dict[str, Any] = submit(contract)["responses"]["200"]["links"]["taskStatus"]
    return link


@pytest.mark.parametrize(("rule", "plant"), PLANTS, ids=[f"{n} {rule.__name__}" for n, (rule, _) in enumerate(PLANTS)])
def test_the_rule_sees_a_planted_fault(rule: Rule, plant: Callable[[Contract], object], contract: Contract) -> None:
    """Each rule complains about a contract that breaks it."""
    plant(contract)
    assert list(rule(contract))


def test_no_rule_is_without_a_planted_fault() -> None:
    """Every rule was seen to fail."""
    assert {rule for rule, _ in PLANTS} == set(RULES)

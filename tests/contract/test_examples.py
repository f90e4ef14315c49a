"""Every example of the contract goes through the generated models unharmed, unknown fields included."""

import copy
import json
from typing import Any

import pytest

from contract.reading import CONTRACT, TWINS, Example, operation, request_examples, response_examples
from weryai_api import models

REQUESTS = [one for one in request_examples() if one.media_type == "application/json"]
RESPONSES = response_examples()


def label(example: Example) -> str:
    """Name a test after its example."""
    return example.label


def with_unknown_fields(value: Any) -> Any:
    """Add a field that no model knows to every object, at every level."""
    if isinstance(value, list):
        return [with_unknown_fields(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {**{name: with_unknown_fields(item) for name, item in value.items()}, "x_new": {"nested": [1, None]}}


@pytest.mark.parametrize("example", RESPONSES, ids=label)
def test_a_response_survives_the_generated_model(example: Example) -> None:
    """Reading a response and writing it again changes nothing."""
    model = getattr(models, example.model)
    assert model.from_dict(copy.deepcopy(example.value)).to_dict() == example.value


@pytest.mark.parametrize("example", RESPONSES, ids=label)
def test_unknown_fields_of_a_response_survive(example: Example) -> None:
    """A field that the contract does not know yet survives at every level."""
    model, value = getattr(models, example.model), with_unknown_fields(example.value)
    assert model.from_dict(copy.deepcopy(value)).to_dict() == value


@pytest.mark.parametrize("example", REQUESTS, ids=label)
def test_a_request_survives_the_generated_model(example: Example) -> None:
    """Reading a request example and writing it again loses nothing; only the contract's defaults may be added."""
    written = getattr(models, example.model).from_dict(copy.deepcopy(example.value)).to_dict()
    assert {name: written[name] for name in example.value} == example.value
    properties = CONTRACT["components"]["schemas"][example.model]["properties"]
    added = {name: value for name, value in written.items() if name not in example.value}
    assert added == {name: properties[name].get("default", "no default") for name in added}


@pytest.mark.parametrize("example", [one for one in REQUESTS if one.model != "WebhookDelivery"], ids=label)
def test_constructing_a_request_gives_the_examples_bytes(example: Example) -> None:
    """A request that is made from the example's fields is the example, field for field in one fixed spelling."""
    model: Any = getattr(models, example.model)
    properties = CONTRACT["components"]["schemas"][example.model]["properties"]
    left_out = {name: models_unset() for name, it in properties.items() if "default" in it}
    written = model(**{**left_out, **example.value}).to_dict()
    assert json.dumps(written, sort_keys=True).encode() == json.dumps(example.value, sort_keys=True).encode()


def models_unset() -> Any:
    """The value that leaves a field out."""
    from weryai_api.types import UNSET

    return UNSET


@pytest.mark.parametrize("example", [*REQUESTS, *RESPONSES], ids=label)
def test_every_example_is_valid(example: Example) -> None:
    """Each example keeps its own schema strictly, formats included: `data` is what the operation's own part says."""
    assert TWINS.failures(example.schema, example.value) == [], example.label
    assert TWINS.drift(example.schema, example.value) == [], example.label


def test_every_row_of_the_snapshot_is_a_model() -> None:
    """Each row of the shipped registry keeps the schema of a registry's entry, field by field."""
    rows = operation("listVideoModels").spec["x-snapshot"]
    for kind in ("image_to_video", "multi_image_to_video", "text_to_video"):
        for at, row in enumerate(rows.get(kind, ())):
            problems = TWINS.failures("#/components/schemas/ModelEntry", row)
            assert problems == [], f"/x-snapshot/{kind}/{at} ({row.get('model_key')}): {problems}"

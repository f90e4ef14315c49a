"""The contract says what the endpoint's page says; the facts are typed by hand in facts.py."""

from typing import Any

import pytest

from contract import facts
from contract.reading import CONTRACT, SCHEMAS, operation, resolve

SPEC = operation("submitImageToVideo")
SCHEMA = SCHEMAS["ImageToVideoRequest"]
PROPERTIES: dict[str, Any] = SCHEMA["properties"]


def options_of(name: str) -> list[dict[str, Any]]:
    """The schemas that a field may follow."""
    return [resolve(option) for option in PROPERTIES[name].get("anyOf", [PROPERTIES[name]])]


def test_method_and_address() -> None:
    """The operation is the page's method on the page's address, under the page's name."""
    (server,) = CONTRACT["servers"]
    assert (SPEC.method.upper(), server["url"] + SPEC.path) == (facts.METHOD, facts.URL)
    assert "servers" not in SPEC.spec
    assert SPEC.spec["summary"].replace("an image-to-video", "Image-to-Video").lower() == facts.SUMMARY.lower()


def test_authorization() -> None:
    """The key travels as a bearer token in the Authorization header."""
    scheme, _ = facts.AUTHORIZATION.split(" ")
    bearer = CONTRACT["components"]["securitySchemes"]["bearerAuth"]
    assert (bearer["type"], bearer["scheme"]) == ("http", scheme.lower())
    assert SPEC.spec["security"] == [{"bearerAuth": []}]


def test_the_eleven_fields() -> None:
    """The request has the page's eleven fields in its order; a field of another source is optional and names it."""
    assert len(facts.REQUIRED + facts.OPTIONAL) == 11
    on_page = [*facts.REQUIRED[:3], "aspect_ratio", "duration", *facts.OPTIONAL]
    assert [name for name in PROPERTIES if name in on_page] == on_page
    new = {name: field for name, field in PROPERTIES.items() if name not in on_page}
    assert [name for name, field in new.items() if name in SCHEMA["required"] or not field.get("x-source")] == []
    assert SCHEMA["additionalProperties"] is False


def test_required_fields() -> None:
    """What the page requires is kept word by word; what the contract relaxes is listed with its reason."""
    assert SCHEMA["x-required-on-page"] == facts.REQUIRED
    assert SCHEMA["required"] == [name for name in facts.REQUIRED if name not in facts.OPTIONAL_DESPITE_THE_PAGE]


@pytest.mark.parametrize("name", facts.TYPES)
def test_types(name: str) -> None:
    """Each field has the page's type."""
    types = {option["type"] for option in options_of(name)}
    assert types == {facts.TYPES[name]}, f"{name} is of type {types}, the page says {facts.TYPES[name]}"


def test_formats() -> None:
    """Formats stand exactly where the page has them."""
    formats = {name: field["format"] for name, field in PROPERTIES.items() if "format" in field}
    assert {name: it for name, it in formats.items() if name in facts.TYPES} == facts.FORMATS


@pytest.mark.parametrize("name", facts.TYPES)
def test_limits(name: str) -> None:
    """Each field has the page's limits, and beyond them only what DIFFERENCES lists with a reason."""
    words = ("minLength", "maxLength", "minimum", "maximum", "pattern", "exclusiveMinimum", "exclusiveMaximum", "enum")
    found = {word: PROPERTIES[name][word] for word in words if word in PROPERTIES[name]}
    assert found == {**facts.LENGTHS.get(name, {}), **facts.DIFFERENCES.get(name, ({}, ""))[0]}
    assert [name for name, (_, reason) in facts.DIFFERENCES.items() if not reason] == []


def test_the_pages_own_maximum_is_kept() -> None:
    """Where the contract allows more than the page, the page's number stands beside it."""
    assert PROPERTIES["video_number"]["x-page-maximum"] == facts.VIDEO_NUMBER_MAXIMUM


@pytest.mark.parametrize("name", ["model", "aspect_ratio", "resolution"])
def test_words_that_grow_are_open(name: str) -> None:
    """Known values are listed, and any other text that is not empty is valid as well."""
    known, any_text = options_of(name)
    assert known["enum"]
    assert any_text == {"type": "string", "minLength": 1}
    assert name in facts.EMPTY_REFUSED


def test_defaults() -> None:
    """Defaults stand exactly where the page has them."""
    defaults = {name: PROPERTIES[name]["default"] for name in facts.TYPES if "default" in PROPERTIES[name]}
    assert defaults == facts.DEFAULTS, f"ImageToVideoRequest has the defaults {defaults}, the page {facts.DEFAULTS}"


@pytest.mark.parametrize("name", facts.FIELD_EXAMPLES)
def test_examples_of_fields(name: str) -> None:
    """Each field has the page's example."""
    assert PROPERTIES[name]["examples"] == [facts.FIELD_EXAMPLES[name]]


def test_the_models_in_order() -> None:
    """The 28 models of the page come first, in its order, each with the name shown to people."""
    known = SCHEMAS["KnownModel"]
    assert len(facts.MODELS) == known["x-on-page"] == 28
    pairs = list(zip(known["x-display-names"], known["enum"], strict=True))
    assert pairs[:28] == facts.MODELS
    assert len(set(known["enum"])) == len(known["enum"])


def test_image_formats() -> None:
    """The picture types are the page's."""
    assert PROPERTIES["image"]["x-formats"] == facts.IMAGE_FORMATS
    assert [name for name in facts.IMAGE_FORMATS if name not in PROPERTIES["image"]["description"]] == []


def test_the_example_request_and_reply() -> None:
    """Both examples stand in the contract as they are printed, in the same order of fields."""
    request = SPEC.spec["requestBody"]["content"]["application/json"]["examples"]["page"]["value"]
    answer = SPEC.spec["responses"]["200"]["content"]["application/json"]["examples"]["page"]["value"]
    assert (request, list(request)) == (facts.REQUEST, list(facts.REQUEST))
    assert (answer, list(answer)) == (facts.REPLY, list(facts.REPLY))


def test_the_envelope() -> None:
    """The reply has the page's four fields; each type allows what the page says, and `data` is described."""
    reply = SCHEMAS["SubmitReply"]["properties"]
    assert {name: kind for name, kind in facts.ENVELOPE.items() if kind in reply[name]["type"]} == facts.ENVELOPE
    assert set(facts.REPLY) <= set(reply)
    assert [name for name in facts.REPLY if not reply[name]["description"]] == []
    assert "integer" in SCHEMAS["SubmitData"]["properties"]["batch_id"]["type"]
    assert SCHEMAS["SubmitData"]["properties"]["task_ids"]["items"] == {"type": "string"}

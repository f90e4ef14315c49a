"""The core knows no API: a made-up one with a query, a 204 and another kind of key is served by the same parts."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from contract.core import Twins, as_requests, at, mistakes, strict


def answer(schema: str) -> dict[str, Any]:
    """One answer with a body of a schema."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"200": {"description": "", "content": content}}


KEY = {"security": [{"apiKey": []}]}
BOOK = "#/components/schemas/Book"
LIBRARY: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Library", "version": "1"},
    "paths": {
        "/books": {
            "get": {
                "operationId": "findBooks",
                **KEY,
                "parameters": [{"name": "author", "in": "query", "required": True, "schema": {"type": "string"}}],
                "responses": answer("Shelf"),
            }
        },
        "/books/{id}": {
            "delete": {"operationId": "lendBook", **KEY, "responses": {"204": {"description": "lent"}}},
            "get": {
                "operationId": "getBook",
                **KEY,
                "responses": answer("Book"),
            },
        },
    },
    "components": {
        "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        "schemas": {
            "Shelf": {"type": "object", "properties": {"books": {"type": "array", "items": {"$ref": BOOK}}}},
            "Book": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string", "maxLength": 80},
                    "loan": {"anyOf": [{"$ref": "#/components/schemas/Loan"}, {}]},
                },
            },
            "Loan": {"type": "object", "required": ["days"], "properties": {"days": {"type": "integer", "minimum": 1}}},
        },
    },
}
TWINS = Twins(LIBRARY)
# What the librarian says, typed by hand: place and value.
FACTS = {
    "/paths/~1books/get/security": [{"apiKey": []}],
    "/paths/~1books~1{id}/get/security": [{"apiKey": []}],
    "/paths/~1books~1{id}/delete/security": [{"apiKey": []}],
    "/paths/~1books/get/parameters/0/required": True,
    "/paths/~1books/get/parameters/0/schema/type": "string",
    "/components/schemas/Shelf/properties/books/type": "array",
    "/components/schemas/Book/required": ["title"],
    "/components/schemas/Book/properties/title": {"type": "string", "maxLength": 80},
    "/components/schemas/Book/properties/loan/anyOf": [{"$ref": "#/components/schemas/Loan"}, {}],
    "/components/schemas/Loan/required": ["days"],
    "/components/schemas/Loan/properties/days": {"type": "integer", "minimum": 1},
}
STATUSES = {"/paths/~1books/get": ["200"], "/paths/~1books~1{id}/get": ["200"], "/paths/~1books~1{id}/delete": ["204"]}


def seen(document: dict[str, Any]) -> bool:
    """Whether the hand-typed facts see that a document is wrong."""
    try:
        wrong = [place for place, value in FACTS.items() if at(document, place) != value]
        codes = [place for place, value in STATUSES.items() if list(at(document, place)["responses"]) != value]
        shelf = at(document, "/components/schemas/Shelf").get("required", [])
    except (KeyError, IndexError):
        return True
    return bool(wrong or codes or shelf)


def test_its_mistakes_are_derived_and_seen() -> None:
    """Each mistake that the other API derives is seen by its own facts; query, 204 and key have theirs."""
    derived = list(mistakes(LIBRARY))
    assert [one.name for one in derived if not seen(one.applied(LIBRARY))] == []
    names = " ".join(one.name for one in derived)
    for part in ("parameters/0/required", "responses/204", "delete/security", "Loan/properties/days/minimum"):
        assert part in names


@pytest.mark.parametrize(
    ("body", "failures", "drift"),
    [
        ({"title": "Emma", "loan": {"days": 3}}, [], []),
        ({"title": "Emma", "loan": {"days": 0}}, [], ["/loan/days"]),
        ({"title": 7}, ["/title"], []),
    ],
)
def test_its_answers_are_judged(body: Any, failures: list[str], drift: list[str]) -> None:
    """An answer of the other API fails, drifts or is sound, at the place that is meant."""
    assert [one.partition(": ")[0] for one in TWINS.failures(BOOK, body)] == failures
    assert [one.partition(": ")[0] for one in TWINS.drift(BOOK, body)] == drift


def test_its_answers_are_made() -> None:
    """Answers of the other API, made as requests from the strict twin, have what the open one leaves out."""
    bodies: list[Any] = []
    document = as_requests({BOOK: "/book"}, strict(LIBRARY)["components"])
    config = schemathesis.Config.from_dict({"generation": {"database": "none"}})
    loaded = schemathesis.openapi.from_dict(document, config=config)

    @settings(max_examples=20, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(loaded["/book"]["POST"].as_strategy().map(lambda case: case.body))
    def gather(body: Any) -> None:
        bodies.append(body)

    gather()
    assert [body for body in bodies if "loan" in body] != []
    assert [body for body in bodies if TWINS.failures(BOOK, body) or TWINS.drift(BOOK, body)] == []

"""The oracle can say no: each single mistake in a sound request of the made-up API is named."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from contract.core import Nothing, Oracle, Secret, basic, bearer
from contract.core.test_lifted import FIND, KEY, LEND, ORACLE, REFUSALS, built, library

CASE: Any = SimpleNamespace(
    path_parameters={}, body=None, query={"author": "Jane", "shelf": [1, 2]}, headers={}, cookies={"session": "7"}
)
LOAN: Any = SimpleNamespace(query={}, headers={}, cookies={}, path_parameters={"id": 3}, body={"days": 2})
WRONG: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "query parameter author is missing": (FIND, CASE, {"params": {}}),
    "query parameter shelf.1: ": (FIND, CASE, {"params": {"author": "Jane", "shelf": "1,b"}}),
    "query 'title' is not documented": (FIND, CASE, {"params": {"author": "Jane", "title": "Emma"}}),
    "header parameter X-Branch: ": (FIND, CASE, {"headers": {"X-API-Key": KEY, "X-Branch": "west"}}),
    "header x-more is not documented": (FIND, CASE, {"headers": {"X-API-Key": KEY, "X-More": "1"}}),
    "cookie parameter session: ": (FIND, CASE, {"cookies": {"session": "seven"}}),
    "cookie other is not documented": (FIND, CASE, {"cookies": {"other": "7"}}),
    "X-API-Key is there 0 times": (FIND, CASE, {"headers": {"Authorization": f"Bearer {KEY}"}}),
    "body.days: ": (LEND, LOAN, {"json": {"days": 0}}),
    "Content-Type is 'text/plain'": (LEND, LOAN, {"json": None, "content": b"2", "headers": {"X-API-Key": KEY, "content-type": "text/plain"}}),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_its_wrong_requests_are_told(what: str) -> None:
    """Each single mistake in a sound request of the other API is named, and the API refuses it."""
    one, case, wrong = WRONG[what]
    assert ORACLE.judge(built(one, case))[1] == []
    request = built(one, case, **wrong)
    assert what in "; ".join(ORACLE.judge(request)[1])
    assert REFUSALS.problem(library(request).status_code, None, sound=False) == ""
    assert "was accepted" in REFUSALS.problem(204, None, sound=False)
    assert "was refused" in REFUSALS.problem(422, None, sound=True)


def parameter(**described: Any) -> dict[str, Any]:
    """A document with one parameter."""
    spec = {"name": "x", "in": "query", **described}
    return {"paths": {"/a": {"get": {"parameters": [spec], "responses": {"200": {}}}}}}


OBJECT = {"properties": {"a": {"type": "integer"}}}
LIST = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("described", "query", "value"),
    [
        ({"schema": LIST}, "x=1&x=2", [1, 2]),
        ({"schema": LIST, "explode": False}, "x=1,2", [1, 2]),
        ({"schema": LIST, "explode": False}, "x=1%2C2", [1, 2]),
        ({"schema": LIST, "explode": False, "style": "pipeDelimited"}, "x=1%7c2", [1, 2]),
        ({"schema": LIST, "explode": False, "style": "spaceDelimited"}, "x=1+2", [1, 2]),
        ({"schema": OBJECT, "style": "deepObject"}, "x[a]=1&x[b]=c", {"a": 1, "b": "c"}),
        ({"content": {"application/json": {"schema": {}}}}, "x=%7B%22a%22%3A1%7D", {"a": 1}),
        ({"schema": {"type": ["integer", "null"]}}, "x=null", None),
        ({"schema": {"type": "boolean"}}, "x=true", True),
        ({"schema": {"type": "string"}}, "x=true", "true"),
        ({"schema": {"type": "number"}}, "x=1.5", 1.5),
        ({"schema": {"type": "string"}}, "x=a%20b+c", "a b c"),
    ],
)  # fmt: skip
def test_a_parameter_is_read_by_its_style(described: dict[str, Any], query: str, value: Any) -> None:
    """Each style of the language is read back to the value that was meant, by the type that the schema wants."""
    oracle = Oracle(parameter(**described), lambda _: Nothing())
    request = httpx.Request("GET", f"https://x.example/a?{query}")
    one, problems = oracle.judge(request)
    assert problems == []
    assert one is not None
    assert oracle.parameters(request, one) == {("query", "x"): value}


def test_a_style_that_nobody_reads_is_told() -> None:
    """What the oracle cannot read is a problem with a name, never silently sound; a list that is none is one too."""
    for described, query, told in (
        ({"schema": {}, "style": "matrix"}, "x=1", "no reader for style matrix"),
        ({"schema": {"type": "integer"}}, "x=1&x=2", "more than once"),
        ({"schema": LIST, "explode": False}, "x=1&x=2", "more than once"),
    ):
        oracle = Oracle(parameter(**described), lambda _: Nothing())
        problems = oracle.judge(httpx.Request("GET", f"https://x.example/a?{query}"))[1]
        assert told in "; ".join(problems), described


def test_a_key_stands_in_its_place_alone() -> None:
    """Header, query, cookie, bearer and basic: the right one passes; twice, elsewhere or none is told, never shown."""
    url, secret = "https://x.example/a", "s-123"
    places: dict[str, tuple[Any, dict[str, Any]]] = {
        "header": (Secret("header", "X-Key", secret), {"headers": {"X-Key": secret}}),
        "query": (Secret("query", "key", secret), {"params": {"key": secret}}),
        "cookie": (Secret("cookie", "key", secret), {"cookies": {"key": secret}}),
        "bearer": (bearer(secret), {"headers": {"Authorization": f"Bearer {secret}"}}),
        "basic": (basic("me", "pw"), {"headers": {"Authorization": "Basic bWU6cHc="}}),
    }
    for place, (credential, right) in places.items():
        assert credential.problems(httpx.Request("GET", url, **right)) == [], place
        for wrong in ({}, {name: {key: f"{value}x" for key, value in it.items()} for name, it in right.items()}):
            told = credential.problems(httpx.Request("GET", url, **wrong))
            assert told != []
            assert secret not in "; ".join(told)
    asked = httpx.Request("POST", f"{url}?k={secret}", headers={"X-Key": secret}, content=secret.encode())
    assert places["header"][0].problems(asked) == ["the key stands in the URL", "the key stands in the body"]
    assert Nothing().problems(httpx.Request("GET", url, headers={"Authorization": "x"})) != []


UPLOAD = {
    "type": "object",
    "properties": {
        "pages": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "meta": {"type": "object", "required": ["n"]},
        "tags": {"type": "array", "items": {"type": "integer"}},
    },
}


def test_a_form_is_read_by_its_parts() -> None:
    """Several files under one name, a part that is JSON, a list of numbers; one name twice is no single value."""
    body = {"content": {"multipart/form-data": {"schema": UPLOAD}}, "required": True}
    raw = {"paths": {"/a": {"post": {"requestBody": body, "responses": {"200": {}}}}}}
    oracle = Oracle(raw, lambda _: Nothing())
    page = ("p.png", b"\x89", "image/png")
    parts: list[Any] = [("pages", page), ("pages", page), ("meta", (None, '{"n": 1}', "application/json"))]
    request = httpx.Request("POST", "https://x.example/a", files=[*parts, ("tags", (None, "1")), ("tags", (None, "2"))])
    request.read()
    one, problems = oracle.judge(request)
    assert problems == []
    assert one is not None
    wanted = {"pages": ["file", "file"], "meta": {"n": 1}, "tags": [1, 2]}
    assert oracle.read_body(request, one) == wanted
    twice = httpx.Request("POST", "https://x.example/a", files=[parts[2], parts[2]])
    twice.read()
    assert "twice" in "; ".join(oracle.judge(twice)[1])

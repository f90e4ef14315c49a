"""The core knows no API: a made-up one with a query, a 204, forms, another kind of key: served by the same parts."""

import asyncio
import functools
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import given, settings
from schemathesis import GenerationMode

from contract.core import Answers, Document, Oracle, Refusals, Secret, Sending, Wire, as_requests, at, mistakes, strict

LIBRARY: dict[str, Any] = yaml.safe_load("""
openapi: 3.1.0
info: {title: Library, version: "1"}
servers: [{url: "https://{branch}.example/v2", variables: {branch: {default: north}}}]
security: [{apiKey: []}]
paths:
  /books:
    get:
      operationId: findBooks
      parameters:
        - {name: author, in: query, required: true, schema: {type: string, maxLength: 9}}
        - {name: shelf, in: query, explode: false, schema: {type: array, minItems: 1, items: {type: integer}}}
        - {name: X-Branch, in: header, schema: {enum: [north, south]}}
        - {name: session, in: cookie, schema: {type: integer}}
      responses:
        "200":
          description: found
          content: {application/json: {schema: {properties: {books: {items: {$ref: "#/components/schemas/Book"}}}}}}
  /books/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}}]
    get:
      operationId: getBook
      responses: {2XX: {description: it, content: {text/plain: {}, application/json: {schema: {$ref: "#/components/schemas/Book"}}}}}
    post:
      operationId: lendBook
      requestBody:
        content:
          application/json: {schema: {$ref: "#/components/schemas/Loan"}}
          application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Loan"}}
      responses: {"204": {description: lent}, 4XX: {description: no}}
components:
  securitySchemes: {apiKey: {type: apiKey, in: header, name: X-API-Key}}
  schemas:
    Book: {type: object, required: [title], properties: {title: {type: string}, loan: {anyOf: [{$ref: "#/components/schemas/Loan"}, {}]}}}
    Loan: {type: object, additionalProperties: false, required: [days], properties: {days: {type: integer, minimum: 1}}}
""")  # noqa: E501
URL, KEY, DOCUMENT, ANSWERS = "https://north.example/v2", "k-1", Document(LIBRARY), Answers(LIBRARY)
FIND, GET, LEND = map(DOCUMENT.operation, ("findBooks", "getBook", "lendBook"))
ORACLE, REFUSALS = Oracle(LIBRARY, lambda _: Secret("header", "X-API-Key", KEY)), Refusals()
CONFIG = schemathesis.Config.from_dict({"generation": {"database": "none", "with-security-parameters": False}})
LOADED = schemathesis.openapi.from_dict(LIBRARY, config=CONFIG)
effort = settings(max_examples=20, derandomize=True, database=None, deadline=None)


def library(request: httpx.Request) -> httpx.Response:
    """A service of this API in three lines."""
    if ORACLE.judge(request)[1]:
        return httpx.Response(422)
    return httpx.Response(204) if request.method == "POST" else httpx.Response(200, json={"title": "Emma", "books": []})


def built(one: Any, case: Any, *, form: bool = False, **wrong: Any) -> httpx.Request:
    """The request of a client for this API, as somebody would write it by hand."""
    query = {name: ",".join(map(str, it)) if isinstance(it, list) else it for name, it in (case.query or {}).items()}
    headers = {"X-API-Key": KEY, **{name: str(it) for name, it in (case.headers or {}).items()}}
    cookies = {name: str(it) for name, it in (case.cookies or {}).items()}
    body: dict[str, Any] = {"data" if form else "json": case.body} if isinstance(case.body, dict) else {}
    url = URL + one.path.format_map(case.path_parameters or {})
    return httpx.Request(one.method, url, **{"params": query, "headers": headers, "cookies": cookies, **body, **wrong})


def blocking(one: Any, case: Any, *, form: bool = False) -> httpx.Response:
    """Send without asyncio."""
    with httpx.Client() as client:
        return client.send(built(one, case, form=form))


def awaited(one: Any, case: Any) -> httpx.Response:
    """Send with asyncio."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.send(built(one, case))

    return asyncio.run(send())


@pytest.mark.parametrize("one", DOCUMENT.operations, ids=lambda one: one.name)
def test_its_requests_go_out_as_they_are_meant_and_its_answers_are_judged(one: Any) -> None:
    """Query, header, cookie, path, JSON and form: each case keeps the document by three ways, and is taken."""
    wire = Wire(library)
    ways = {"blocking": blocking, "awaited": awaited, "form": functools.partial(blocking, form=True)}
    sending = Sending(wire, ORACLE, ways, faces=[("blocking", "awaited")])

    @effort
    @given(LOADED[one.path][one.method.upper()].as_strategy())
    def check(case: Any) -> None:
        for request in sending.check(one, case).values():
            answer = library(request)
            body = answer.json() if answer.content else None
            kind = answer.headers.get("content-type", "")
            assert ANSWERS.problems(one, answer.status_code, kind, body, strict=True) == []
            assert REFUSALS.problem(answer.status_code, body, sound=True) == ""

    with wire.router:
        check()


def test_its_wrong_answers_are_told() -> None:
    """Status, media type, a body where none is due, a broken field, and drift that the strict twin alone sees."""
    book = {"title": "Emma", "loan": {"days": 0}}
    assert ANSWERS.problems(LEND, 500, "", None) == ["HTTP 500 is not documented"]
    assert ANSWERS.problems(LEND, 204, "", {}) == ["HTTP 204 has a body, and none is documented"]
    assert "documented are" in ANSWERS.problems(GET, 200, "text/html", "")[0]
    assert ANSWERS.problems(GET, 200, "application/json", {"title": 7})[0].startswith("/title: ")
    assert ANSWERS.problems(GET, 200, "application/json", book) == []
    assert ANSWERS.problems(GET, 200, "application/json", book, strict=True)[0].startswith("/loan/days: ")


def test_its_answers_are_made_and_its_mistakes_derived() -> None:
    """Made answers have what the open document leaves out; each derived mistake changes its place and no other."""
    bodies: list[Any] = []
    made = as_requests({"/book": {"$ref": "#/components/schemas/Book"}}, strict(LIBRARY)["components"])
    strategy = schemathesis.openapi.from_dict(made, config=CONFIG)["/book"]["POST"].as_strategy(
        generation_mode=GenerationMode.POSITIVE
    )
    effort(given(strategy)(lambda case: bodies.append(case.body)))()
    assert [body for body in bodies if "loan" in body] != []
    derived = {one.name: one for one in mistakes(LIBRARY)}
    for name in ("minimum", "explode", "204", "maxLength", "in = ", "text/plain", "X-API-Key"):
        assert [one for one in derived if name in one] != [], name
    assert [name for name, one in derived.items() if one.applied(LIBRARY) == LIBRARY] == []
    assert at(LIBRARY, "/paths/~1books/get/operationId") == "findBooks"

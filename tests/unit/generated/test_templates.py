"""What the templates put right in the generated client itself, and that the generator alone still has it wrong."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import Any

import httpx
import pytest

TOKEN = "sk-never-show-me"
THING = {"name": "a thing"}
HOSTILE = b'head\r\n--+++\r\nContent-Disposition: form-data; name="keep"\r\n\r\nfalse\r\n--+++--\r\n'

Answer = Callable[[httpx.Request], httpx.Response]


def client_for(made: Any, answer: Answer, **options: Any) -> Any:
    """Build an authenticated client whose requests go to a function."""
    arguments = {"transport": httpx.MockTransport(answer)}
    return made["client"].AuthenticatedClient("http://localhost", token=TOKEN, httpx_args=arguments, **options)


def ask(made: Any, operation: str, answer: Answer, *arguments: Any, **options: Any) -> Any:
    """Call one operation and return its detailed answer."""
    body = {"body": options.pop("body")} if "body" in options else {}
    client = client_for(made, answer, **options)
    return made[f"api.things.{operation}"].sync_detailed(*arguments, client=client, **body)


def replying(status: int, content: object = THING) -> Answer:
    """Answer every request with one status and one body, JSON unless it is bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda _: httpx.Response(status, content=body)


def uploaded(made: Any, content: bytes) -> httpx.Request:
    """Upload a file and return the request as the server sees it."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(200, json=THING)

    file = made["types"].File(payload=BytesIO(content), file_name="a.jpg", mime_type="image/jpeg")
    body = made["models"].Upload(file=file, keep=True, also_keep=False)
    ask(made, "upload_thing", answer, body=body)
    return seen[0]


def check_a_file_cannot_end_its_part(made: Any) -> None:
    """A file that holds a known boundary arrives whole, in exactly the parts that were meant."""
    request = uploaded(made, HOSTILE)
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = request.content.split(b"--" + boundary)[1:-1]
    assert len(parts) == 3
    assert parts[0].endswith(HOSTILE + b"\r\n")


def check_every_upload_has_a_boundary_of_its_own(made: Any) -> None:
    """Nobody can put the boundary into a file beforehand, because it is another one each time."""
    first, second = (uploaded(made, b"x").headers["content-type"] for _ in range(2))
    assert first != second


def check_multipart_booleans_are_json_words(made: Any) -> None:
    """A boolean in a multipart body is true or false, not Python's True or False."""
    content = uploaded(made, b"x").content.split(b"\r\n")
    assert b"true" in content
    assert b"false" in content


def check_a_word_may_be_a_text(made: Any) -> None:
    """A word of an enumeration may be given as a text; a text that is none of its words is refused as such."""
    thing = made["models"].Thing
    assert thing(name="a", size="large").to_dict() == {"name": "a", "size": "large"}
    with pytest.raises(ValueError, match="huge"):
        thing(name="a", size="huge").to_dict()


def check_a_foreign_item_is_written_as_it_came(made: Any) -> None:
    """A list whose items are no models is kept when it is read, and can be written again."""
    for data in ([5], [THING, "b"], [None]):
        assert made["models"].Found.from_dict({"data": data}).to_dict() == {"data": data}


def check_repr_shows_no_secret(made: Any) -> None:
    """Neither the token nor what else may hold a secret shows in repr, before and after a request."""
    secrets = {"headers": {"X-Key": TOKEN}, "cookies": {"session": TOKEN}}
    client = client_for(made, replying(200), **secrets)
    before = repr(client)
    made["api.things.get_thing"].sync_detailed("1", client=client)
    assert TOKEN not in before + repr(client)
    assert TOKEN not in repr(made["client"].Client("http://localhost", httpx_args={"auth": ("me", TOKEN)}))


def check_the_callers_headers_are_left_alone(made: Any) -> None:
    """The headers that the caller passed never come to hold the token; the request does."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=THING)

    headers = {"X-Mine": "1"}
    ask(made, "get_thing", answer, "1", headers=headers)
    assert headers == {"X-Mine": "1"}
    assert seen == [f"Bearer {TOKEN}"]


def check_a_status_of_no_standard_goes_through(made: Any) -> None:
    """A 520 or 599, as proxies send them, is an answer with a status, not a ValueError."""
    for status in (520, 599):
        answer = ask(made, "get_thing_or_error", replying(status, {"reason": "proxy"}), "1")
        assert answer.status_code == status
        assert answer.parsed.reason == "proxy"


def check_an_undocumented_status_raises(made: Any) -> None:
    """An undocumented status is an UnexpectedStatus unless told otherwise, never a silent None."""
    for status in (418, 520):
        with pytest.raises(made["errors"].UnexpectedStatus) as caught:
            ask(made, "get_thing", replying(status), "1")
        assert caught.value.status_code == status


def check_an_unreadable_error_raises(made: Any) -> None:
    """An error page that is not JSON, under a documented default, is an UnexpectedStatus that holds it."""
    for content in (b"<html>", b"", b"[]", b"{}", b"null", b"\xff", b"[" * 200_000):
        with pytest.raises(made["errors"].UnexpectedStatus) as caught:
            ask(made, "get_thing_or_error", replying(502, content), "1")
        assert (caught.value.status_code, caught.value.content) == (502, content)


def check_waiting_ends(made: Any) -> None:
    """Without a word about it a request takes at most 60 seconds, 10 of them to connect."""
    for kind in ("Client", "AuthenticatedClient"):
        options = {"token": TOKEN} if kind == "AuthenticatedClient" else {}
        client = made["client"].__dict__[kind]("http://localhost", **options)
        for one in (client.get_httpx_client(), client.get_async_httpx_client()):
            assert one.timeout == httpx.Timeout(60.0, connect=10.0)


def check_dots_never_reach_another_operation(made: Any) -> None:
    """The path parameters "", "." and ".." are refused before anything is sent."""
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(200, json=THING)

    for dots in ("", ".", ".."):
        with pytest.raises(ValueError, match="thing_id"):
            ask(made, "get_thing", answer, dots)
    assert not sent


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_our_templates_put_it_right(check: Callable[[Any], None], ours: Any) -> None:
    """The generated client by itself does what the check's docstring says."""
    check(ours)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_generator_alone_has_it_wrong(check: Callable[[Any], None], stock: Any) -> None:
    """Every override is still needed; once this fails, the override can go."""
    with pytest.raises((AssertionError, ValueError, TypeError, KeyError, AttributeError, pytest.fail.Exception)):
        check(stock)


def test_a_status_still_equals_its_name(ours: Any) -> None:
    """A status compares equal to http.HTTPStatus, as it did when it was one."""
    assert ask(ours, "get_thing", replying(200), "1").status_code == HTTPStatus.OK


def test_who_wants_none_gets_none(ours: Any) -> None:
    """With raise_on_unexpected_status=False an undocumented or unreadable error is an answer without a result."""
    for operation in ("get_thing", "get_thing_or_error"):
        answer = ask(ours, operation, replying(520, b"<html>"), "1", raise_on_unexpected_status=False)
        assert (answer.status_code, answer.content, answer.parsed) == (520, b"<html>", None)


def test_an_unreadable_success_is_no_unexpected_status(ours: Any) -> None:
    """A documented success that cannot be read says so itself: its status was expected."""
    with pytest.raises(json.JSONDecodeError):
        ask(ours, "get_thing", replying(200, b"<html>"), "1")


def test_form_booleans_are_json_words(ours: Any) -> None:
    """A boolean in a form is true or false as well; httpx sees to that."""
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.read())
        return httpx.Response(200, json=THING)

    ask(ours, "send_form", answer, body=ours["models"].Form(keep=True, drop=False))
    assert seen == [b"keep=true&drop=false"]


def test_a_path_parameter_stays_one_segment(ours: Any) -> None:
    """A parameter with slashes, dots, a query or an escape of its own stays in its place in the path."""
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return httpx.Response(200, json=THING)

    for given in ("a/../b", "%2e%2e", "a?b#c", "...", "é"):
        ask(ours, "get_thing", answer, given)
    assert [path.count(b"/") for path in seen] == [3] * 5
    assert [path for path in seen if not (path.startswith(b"/things/") and path.endswith(b"/status"))] == []


def test_fields_have_their_own_names_in_json(ours: Any) -> None:
    """What is no name in Python is read from its own name and written under it; an unknown field stays what it is."""
    body = {"class": "x", "best-of": THING, "best_of": "another"}
    found = ours["models"].Found.from_dict(body)
    assert (found.class_, found.best_of.name, found["best_of"]) == ("x", "a thing", "another")
    assert found.to_dict() == body
    assert ours["models"].Found.from_dict({"best-of": {"size": 5}}).to_dict() == {"best-of": {"size": 5}}


def test_asyncio_has_the_same_cures(ours: Any) -> None:
    """The asyncio functions refuse dots, raise on undocumented statuses and pass on a 520 as the others do."""
    client = client_for(ours, replying(520, {"reason": "proxy"}))
    thing, either = ours["api.things.get_thing"], ours["api.things.get_thing_or_error"]
    with pytest.raises(ValueError, match="thing_id"):
        asyncio.run(thing.asyncio_detailed("..", client=client))
    with pytest.raises(ours["errors"].UnexpectedStatus):
        asyncio.run(thing.asyncio("1", client=client))
    assert asyncio.run(either.asyncio_detailed("1", client=client)).status_code == 520

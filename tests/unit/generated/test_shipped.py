"""The client as it is shipped: no key in sight, no redirect, one minute, the contract's words and fields."""

import io
from typing import Any

import httpx
import pytest

import weryai_api.models
from contract.reading import SCHEMAS
from weryai_api import AuthenticatedClient, Client
from weryai_api.api.image_to_video import submit_image_to_video
from weryai_api.models import ImageToVideoRequest, UploadFileRequest
from weryai_api.types import File

URL, TOKEN = "https://example.com", "sk-shipped-0123456789"
ORDER = ImageToVideoRequest(model="m", prompt="p", image="https://example.com/p.jpg", duration=5)
WORDS = [name for name, schema in SCHEMAS.items() if "enum" in schema]
OBJECTS = [name for name, schema in SCHEMAS.items() if schema.get("additionalProperties") is True]


OPEN = [
    (name, field)
    for name in OBJECTS
    for field, schema in SCHEMAS[name]["properties"].items()
    if any(option.get("$ref", "").rpartition("/")[2] in WORDS for option in schema.get("anyOf", []))
]


def moved(requests: list[httpx.Request]) -> dict[str, Any]:
    """Options of a client whose service sends everybody somewhere else, and takes the requests down."""

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(307, headers={"Location": "https://elsewhere.example.com/"}, json={})

    return {"httpx_args": {"transport": httpx.MockTransport(answer)}, "raise_on_unexpected_status": False}


def test_the_key_stands_in_no_repr() -> None:
    """Whoever prints the client, or meets it in a traceback, does not see the key."""
    assert TOKEN not in repr(AuthenticatedClient(URL, token=TOKEN))


async def test_an_order_follows_no_redirect() -> None:
    """A redirected order is not sent a second time, to an address that nobody has chosen, sync or async."""
    requests: list[httpx.Request] = []
    with AuthenticatedClient(URL, token=TOKEN, **moved(requests)) as client:
        assert submit_image_to_video.sync_detailed(client=client, body=ORDER).status_code == 307
    async with AuthenticatedClient(URL, token=TOKEN, **moved(requests)) as client:
        assert (await submit_image_to_video.asyncio_detailed(client=client, body=ORDER)).status_code == 307
    assert [request.url.host for request in requests] == ["example.com"] * 2


def test_a_minute_is_the_limit() -> None:
    """Nobody waits for ever: unless told otherwise a request has 60 seconds, 10 of them to connect."""
    for client in (Client(URL), AuthenticatedClient(URL, token=TOKEN)):
        with client:
            assert client.get_httpx_client().timeout == httpx.Timeout(60.0, connect=10.0)


def test_a_part_of_a_form_has_the_type_it_was_given() -> None:
    """A file's media type is the caller's, whatever its name looks like."""
    body = UploadFileRequest(file=File(io.BytesIO(b"RIFF"), "picture.bin", "image/webp"))
    request = httpx.Request("POST", URL, files=body.to_multipart())
    assert b'filename="picture.bin"\r\nContent-Type: image/webp\r\n' in request.read()


@pytest.mark.parametrize("name", WORDS)
def test_words_have_their_own_names(name: str) -> None:
    """Each list of known words is generated with the contract's names and values, one member for each."""
    schema = SCHEMAS[name]
    names = schema.get("x-enum-varnames", schema["enum"])
    members = getattr(weryai_api.models, name).__members__
    assert {member: word.value for member, word in members.items()} == dict(zip(names, schema["enum"], strict=True))
    assert len(set(members.values())) == len(schema["enum"]), "two names of one word"


@pytest.mark.parametrize("name", OBJECTS)
def test_every_field_of_an_answer_has_an_attribute(name: str) -> None:
    """A field that the contract knows is read into the attribute of its name, not put with the unknown ones."""
    fields = SCHEMAS[name]["properties"]
    read = getattr(weryai_api.models, name).from_dict(dict.fromkeys(fields))
    assert {field: getattr(read, field) for field in fields} == dict.fromkeys(fields)
    assert read.additional_properties == {}


@pytest.mark.parametrize(("name", "field"), OPEN)
def test_a_word_of_tomorrow_is_read_as_it_is(name: str, field: str) -> None:
    """A word that nobody knows yet makes no part of an answer unreadable: it stays a text in its own field."""
    read = getattr(weryai_api.models, name).from_dict({field: "SOMETHING_NEW"})
    assert getattr(read, field) == "SOMETHING_NEW"
    assert read.to_dict() == {field: "SOMETHING_NEW"}


def test_some_words_are_open() -> None:
    """The rule above is about something."""
    assert {("SubmitData", "task_status"), ("TaskData", "task_status")} <= set(OPEN)

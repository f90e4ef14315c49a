"""The door: key, host, content type, JSON, path and method."""

import json

import pytest

from weryai.emulator import create_app

from .conftest import AUTHORIZED, Visitor, order

BALANCE = "/v1/generation/balance"
SUBMIT = "/v1/generation/image-to-video"


@pytest.mark.parametrize(
    ("header", "http_status", "code"),
    [
        (None, 401, 1002),
        ("", 401, 1002),
        ("Bearer", 401, 1002),
        ("sk-emulator", 401, 1002),
        ("Basic sk-emulator", 401, 1002),
        ("Bearer sk-emulator twice", 401, 1002),
        ("Bearer sk-other", 403, 403),
        ("Bearer sk-emulato", 403, 403),
        ("Bearer SK-EMULATOR", 403, 403),
        ("Bearer sk-emulator", 200, 0),
        ("bearer sk-emulator", 200, 0),
    ],
)
async def test_the_key_is_checked(header: str | None, http_status: int, code: int) -> None:
    """Without a readable key it is 401, with another key 403 and INVALID_API_KEY, with the right one an answer."""
    async with Visitor(video="fixed") as client:
        del client.headers["Authorization"]
        reply = await client.get(BALANCE, headers={} if header is None else {"Authorization": header})
    assert (reply.status_code, reply.json()["status"]) == (http_status, code)
    if http_status == 403:
        assert reply.json() == {"status": 403, "msg": "INVALID_API_KEY"}


async def test_the_key_is_checked_before_the_body(visitor: Visitor) -> None:
    """A stranger learns nothing about parameters."""
    reply = await visitor.post(SUBMIT, json={}, headers={"Authorization": "Bearer sk-other"})
    assert reply.status_code == 403


async def test_another_key_can_be_chosen() -> None:
    """The accepted key is a parameter, and then the default one is refused."""
    async with Visitor(video="fixed", key="sk-mine") as client:
        assert (await client.get(BALANCE)).status_code == 403
        assert (await client.get(BALANCE, headers={"Authorization": "Bearer sk-mine"})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", ""],
)
async def test_other_hosts_are_turned_away(visitor: Visitor, host: str) -> None:
    """A page that resolves its own name to 127.0.0.1 gets nothing, not even a file that needs no key."""
    for path in (BALANCE, "/files/a.jpg"):
        reply = await visitor.get(path, headers={"Host": host})
        assert (reply.status_code, reply.json()["desc"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "127.0.0.1:", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8080"]
)
async def test_loopback_names_are_answered(visitor: Visitor, host: str) -> None:
    """Every name of loopback is the emulator's, with any port."""
    assert (await visitor.get(BALANCE, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"duration": NaN}', b'{"duration": 1e999}', b"1" * 5000],
    ids=lambda body: repr(body[:12]),
)
async def test_what_is_not_json_is_a_bad_request(visitor: Visitor, body: bytes) -> None:
    """Anything that is no JSON text is refused with 400, however it is wrong."""
    reply = await visitor.post(SUBMIT, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["message"]) == (400, "the request body is not JSON")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5"])
async def test_json_that_is_no_object_breaks_the_schema(visitor: Visitor, body: bytes) -> None:
    """A JSON value of another kind is a parameter error."""
    reply = await visitor.post(SUBMIT, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["status"]) == (400, 1002)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
async def test_another_content_type_is_a_bad_request(visitor: Visitor, media_type: str) -> None:
    """The contract names the content type."""
    reply = await visitor.post(SUBMIT, content=b"{}", headers={"Content-Type": media_type})
    assert (reply.status_code, reply.json()["desc"]) == (400, "BAD_REQUEST")
    assert "application/json" in reply.json()["message"]


async def test_a_charset_is_no_other_content_type(visitor: Visitor) -> None:
    """Parameters of the content type are not looked at."""
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    reply = await visitor.post(SUBMIT, content=b"{}", headers=headers)
    assert reply.json()["status"] == 1002


async def test_a_body_beyond_memory_is_refused(visitor: Visitor) -> None:
    """A JSON body of more than 16 MiB is no request of this API."""
    body = b'{"prompt": "' + b"x" * (16 * 1024 * 1024) + b'"}'
    reply = await visitor.post(SUBMIT, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["message"]) == (400, "the request body is too large")


@pytest.mark.parametrize(
    ("method", "path", "http_status", "name"),
    [
        ("GET", "/v1/nothing", 404, "NOT_FOUND"),
        ("GET", "/v1", 404, "NOT_FOUND"),
        ("GET", BALANCE + "/", 404, "NOT_FOUND"),
        ("POST", SUBMIT + "/", 404, "NOT_FOUND"),
        ("GET", SUBMIT, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", BALANCE, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_paths_and_methods_outside_the_contract(
    visitor: Visitor, method: str, path: str, http_status: int, name: str
) -> None:
    """What the contract does not have is refused in the envelope, and no slash is forgiven by a redirect."""
    reply = await visitor.request(method, path)
    assert reply.status_code == http_status
    assert (reply.json()["status"], reply.json()["desc"]) == (http_status, name)
    assert ("allow" in reply.headers) == (http_status == 405)


async def test_an_operation_without_security_needs_no_key() -> None:
    """`security: []` is believed, an operation without `security` takes the contract's, and the rest need the key."""
    answer = {"200": {"content": {"application/json": {"example": {"status": 0}}}}}
    contract = {
        "security": [{"bearerAuth": []}],
        "servers": [{"url": "https://example.com/prefix/"}],
        "paths": {
            "/open": {"get": {"operationId": "open", "security": [], "responses": answer}},
            "/closed": {"get": {"operationId": "closed", "responses": answer}},
        },
    }
    async with Visitor(video="fixed", contract=contract) as client:
        del client.headers["Authorization"]
        assert (await client.get("/prefix/open")).status_code == 200
        assert (await client.get("/prefix/closed")).status_code == 401
        assert (await client.get("/prefix/closed", headers=AUTHORIZED)).status_code == 200
        assert (await client.get("/open")).status_code == 404


async def test_parameters_are_checked_against_the_contract() -> None:
    """Path and query parameters of an operation that nobody modelled are held to their schemas."""
    parameters = [
        {"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}},
        {"name": "kind", "in": "path", "required": True, "schema": {"enum": ["a", "b"]}},
    ]
    answer = {"2XX": {"content": {"text/plain": {"examples": {"one": {"value": "hello"}}}}}}
    operation = {"operationId": "listThings", "responses": answer}
    contract = {"paths": {"/things/{kind}": {"parameters": parameters, "get": operation}}}
    async with Visitor(video="fixed", contract=contract) as client:
        told = {
            path: (reply.status_code, reply.text if reply.status_code == 200 else reply.json()["message"])
            for path in ("a?page=2", "a", "a?page=0", "a?page=x", "c?page=1")
            for reply in [await client.get(f"/things/{path}")]
        }
    assert told == {
        "a?page=2": (200, "hello"),
        "a": (400, "page: is missing"),
        "a?page=0": (400, "page: 0 is not allowed"),
        "a?page=x": (400, "page: x is not allowed"),
        "c?page=1": (400, "kind: c is not allowed"),
    }


async def test_a_mistake_of_the_emulator_is_an_envelope_too(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the emulator itself gets wrong is HTTP 500 in the envelope, never a bare text."""
    monkeypatch.setattr(visitor.app.state.world.videos, "note", None)
    reply = await visitor.post(SUBMIT, json=order())
    assert (reply.status_code, reply.json()["desc"]) == (500, "SERVER_ERR")


async def test_two_apps_share_nothing(visitor: Visitor) -> None:
    """Tasks, uploads and credits of one application are unknown to another."""
    (task_id,) = (await visitor.submit())["task_ids"]
    async with Visitor(video="fixed") as other:
        assert (await other.get(f"/v1/generation/{task_id}/status")).json()["message"] == "task not exist"
        assert (await other.get(BALANCE)).json()["data"] == 1000


def test_an_unknown_kind_of_video_is_refused() -> None:
    """A misspelt mode is found when the emulator is made, not at the first download."""
    with pytest.raises(ValueError, match="must be one of render, fixed"):
        create_app(video="rendered")  # type: ignore[arg-type]


HALF = "cut in the middle of an emoji \ud83d"


@pytest.mark.parametrize("field", ["prompt", "model", "aspect_ratio", "webhook_url", "image", HALF])
async def test_half_of_a_character_is_refused(visitor: Visitor, field: str) -> None:
    """A lone surrogate in a body, as JavaScript cuts an emoji, is HTTP 400; the inspector can still tell everything."""
    body = json.dumps(order(**{field: HALF}))
    reply = await visitor.post(SUBMIT, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, "half of a character" in reply.json()["message"]) == (400, True)
    assert (await visitor.get("/_emulator/state")).status_code == 200
    assert (await visitor.submit(prompt="\U0001f600"))["task_ids"]


async def test_a_file_that_is_sent_as_a_text_is_told_as_such(visitor: Visitor) -> None:
    """A part without a file name is a text, also one of 2 MB; the refusal says what is needed, not how long it was."""
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"\xff" * 2_000_000 + b"\r\n--b--\r\n"
    reply = await visitor.post("/v1/generation/upload-file", content=part, headers=kind)
    assert reply.json()["message"] == "file: a file part is needed, not a text"

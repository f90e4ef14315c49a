"""The key comes from one of three places and goes to the API's own origins, to nobody else."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, looked, refused, serve_story, video_url
from fakes.faces import Face, generate, submit
from fakes.faults import Answer, Reply, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.refusing import RefusingPort
from fakes.surroundings import JOURNEY_KEY, PLANTED_KEY, PROXIES
from weryai import AsyncWeryAI, WeryAI

pytestmark = pytest.mark.timeout(60)
OTHER_KEY = "sk-other-00112233445566778899"
STATUS = f"/v1/generation/{TASK}/status"


def get(client: Any) -> Any:
    """Look at the task."""
    return client.tasks.get(TASK)


def test_the_key_is_a_bearer_key(face: Face, faulty_server: FaultyServer) -> None:
    """Every request to the API carries the key that the client was given, and says who asks."""
    serve_story(faulty_server)
    face.run_in_turn([submit, get], faulty_server.url)
    assert [one.headers["authorization"] for one in faulty_server.requests] == [f"Bearer {JOURNEY_KEY}"] * 2
    assert [one for one in faulty_server.requests if weryai.__version__ not in one.headers["user-agent"]] == []


def test_the_key_of_the_environment(face: Face, faulty_server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument key and address come from the environment; an argument outranks it."""
    monkeypatch.setenv("WERYAI_API_KEY", OTHER_KEY)
    monkeypatch.setenv("WERYAI_BASE_URL", faulty_server.url)
    serve_story(faulty_server)
    face.run(get, None, api_key=None)
    face.run(get, None)
    assert [one.key for one in faulty_server.requests] == [OTHER_KEY, JOURNEY_KEY]


def test_a_callable_key_rotates(face: Face, faulty_server: FaultyServer) -> None:
    """A callable is asked for the key before each request, so a rotated key is used at once."""
    serve_story(faulty_server)
    keys = iter(["sk-first-key-000000", "sk-second-key-00000", "sk-third-key-000000"])
    face.run_in_turn([get, submit, get], faulty_server.url, api_key=lambda: next(keys))
    assert [one.key for one in faulty_server.requests] == [
        "sk-first-key-000000", "sk-second-key-00000", "sk-third-key-000000",
    ]  # fmt: skip


@pytest.mark.parametrize("environment", [None, ""], ids=["unset", "empty"])
def test_no_key_is_said_before_anything_is_sent(
    face: Face, faulty_server: FaultyServer, monkeypatch: pytest.MonkeyPatch, environment: str | None
) -> None:
    """Without a key the error names the variable to set, and nothing is sent."""
    monkeypatch.delenv("WERYAI_API_KEY")
    if environment is not None:
        monkeypatch.setenv("WERYAI_API_KEY", environment)
    with pytest.raises(weryai.ConfigurationError, match="WERYAI_API_KEY"):
        face.run(submit, faulty_server.url, api_key=None)
    assert faulty_server.requests == []


@pytest.mark.parametrize("key", ["sk-line\nbreak-0123456", "sk-ключ-0123456789", "sk-zero\0byte-012345"])
def test_a_key_that_no_header_can_carry_is_our_error(face: Face, faulty_server: FaultyServer, key: str) -> None:
    """A key pasted with a line break or other letters is our error, does not show it, and sends nothing."""
    with pytest.raises(weryai.WeryAIError) as caught:
        face.run(submit, faulty_server.url, api_key=key)
    assert key[:10] not in str(caught.value)
    assert faulty_server.requests == []


PLAIN = ["http://example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1:80",
         "http://127.0.0.1@example.com", "http://localhost:1@example.com"]  # fmt: skip


@pytest.mark.parametrize("url", [*PLAIN, "ftp://example.com", "example.com", "https://", "not a url"])
@pytest.mark.parametrize("option", ["base_url", "models_base_url"])
def test_plain_http_is_refused_beyond_loopback(face: Face, url: str, option: str) -> None:
    """A key never travels unencrypted: an http address that is not loopback is refused at once."""
    with pytest.raises(weryai.ConfigurationError):
        face.run(submit, **{"base_url": "http://127.0.0.1:9", option: url})


@pytest.mark.parametrize("name", ["WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL"])
def test_plain_http_is_refused_from_the_environment(face: Face, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The environment obeys the same rule as the arguments."""
    monkeypatch.setenv(name, "http://example.com")
    with pytest.raises(weryai.ConfigurationError):
        face.run(submit, None)


@pytest.mark.parametrize("make", [WeryAI, AsyncWeryAI])
@pytest.mark.parametrize("url", ["http://localhost:9", "http://127.0.0.1:9", "http://[::1]:9", "https://example.com"])
def test_loopback_and_https_are_fine(make: Callable[..., Any], url: str) -> None:
    """Loopback by any of its names and https to anywhere are accepted."""
    assert make(JOURNEY_KEY, base_url=url) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2", "127.1.2.3"])
def test_loopback_never_goes_through_a_proxy(
    face: Face, elsewhere: FaultyServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Plain http is allowed to this machine only, so no proxy gets to read it: by no name of loopback."""
    for name in PROXIES:
        monkeypatch.setenv(name, elsewhere.url)
    elsewhere.default("GET", "", looked("waiting"))
    with RefusingPort() as port, pytest.raises(weryai.NotSentError):
        face.run(get, f"http://{host}:{port.port}")
    assert elsewhere.requests == []


def test_a_result_on_this_machine_goes_through_no_proxy(
    face: Face, elsewhere: FaultyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A video on this machine is fetched directly, also under another name than that of the API."""
    for name in PROXIES:
        monkeypatch.setenv(name, elsewhere.url)
    with RefusingPort() as port, pytest.raises(weryai.DownloadError):
        face.run(
            lambda client: client.files.download(f"http://localhost:{port.port}/v.mp4", tmp_path / "v.mp4"),
            "http://127.0.0.1:9",
            retry=weryai.RetryPolicy(tries=1),
        )
    assert elsewhere.requests == []


@pytest.mark.parametrize("make", [WeryAI, AsyncWeryAI])
def test_models_live_where_the_api_was_put(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With `base_url` given `models_base_url` defaults to it: what the environment says is not even read."""
    monkeypatch.setenv("WERYAI_MODELS_BASE_URL", "http://example.com")
    assert make(JOURNEY_KEY, base_url="http://127.0.0.1:9") is not None
    with pytest.raises(weryai.ConfigurationError):
        make(JOURNEY_KEY)


def test_a_result_on_another_port_gets_no_key(
    face: Face, faulty_server: FaultyServer, elsewhere: FaultyServer, tmp_path: Path
) -> None:
    """Another port of the same machine is another origin: the key is not sent there."""
    serve_story(elsewhere)
    serve_story(faulty_server, looks=[looked("succeed", videos=[video_url(elsewhere)])])
    face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert elsewhere.requests and [one for one in elsewhere.requests if one.carries(JOURNEY_KEY)] == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_look_takes_no_key_along(
    face: Face, faulty_server: FaultyServer, elsewhere: FaultyServer, status: int
) -> None:
    """If a look is sent to another origin, the key stays behind."""
    elsewhere.default("GET", "/", looked("waiting"))
    faulty_server.default("GET", STATUS, Reply(status=status, headers={"Location": elsewhere.url + STATUS}))
    with contextlib.suppress(weryai.WeryAIError):
        face.run(get, faulty_server.url)
    assert faulty_server.requests
    assert [one for one in elsewhere.requests if one.carries(JOURNEY_KEY)] == []


REFUSED = {
    "401": refused(401, "unauthorized", 401),
    "401 page": html_reply(401),
    "401 with 1002": refused(1002, "Invalid API Key", 401),
    "403": json_reply({"status": 403, "msg": "INVALID_API_KEY"}, 403),
    "1002": json_reply({"status": 1002, "desc": "Authentication failed", "message": "Invalid API Key"}),
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=list(REFUSED))
@pytest.mark.parametrize("work", [submit, get], ids=["submit", "get"])
def test_a_refused_key_is_its_own_error(
    face: Face, faulty_server: FaultyServer, answer: Answer, work: Callable[[Any], Any]
) -> None:
    """401, 403 with the key's name and 1002 with such wording are AuthenticationError, asked once."""
    faulty_server.default("POST", SUBMIT, answer)
    faulty_server.default("GET", STATUS, answer)
    with pytest.raises(weryai.AuthenticationError):
        face.run(work, faulty_server.url)
    assert len(faulty_server.requests) == 1


def test_the_planted_key_stays_home(face: Face, faulty_server: FaultyServer, tmp_path: Path) -> None:
    """A client with a key of its own never uses the one in the environment, in no request of a story."""
    serve_story(faulty_server)
    face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert len(faulty_server.requests) >= 3
    assert [one for one in faulty_server.requests if one.carries(PLANTED_KEY)] == []

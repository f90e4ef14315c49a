"""What crosses the wire: lengths are compared, and the key is taken out of what comes back."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from weryai import AsyncWeryAI, DownloadError, NotSentError, OutcomeUnknownError, RetryPolicy, WeryAI
from weryai._flow.effects import Send
from weryai._settings import make_settings
from weryai._transport.http import _hide, add_bearer, failure

KEY = "sk-0123/45+6.7"
PAID = Send({"method": "post", "url": "/v1/generation/image-to-video"}, paid=True)
Handler = Callable[[httpx.Request], httpx.Response]


def short(_: httpx.Request) -> httpx.Response:
    """Answer with one byte less than announced, as a transport may that does not compare them."""
    body = b'{"status":0,"data":{"task_ids":["task_abc123"]}}'
    return httpx.Response(200, headers={"Content-Length": str(len(body) + 1)}, content=body)


def run(handler: Handler, work: Callable[[Any], Any], *, awaiting: bool) -> Any:
    """Run the work with a client that talks to the handler."""
    options: dict[str, Any] = {"base_url": "http://127.0.0.1:1", "retry": RetryPolicy(tries=1)}
    if not awaiting:
        with WeryAI(KEY, transport=httpx.MockTransport(handler), **options) as client:
            return work(client)

    async def story() -> Any:
        async with AsyncWeryAI(KEY, transport=httpx.MockTransport(handler), **options) as client:
            return await work(client)

    return asyncio.run(story())


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_short_answer_to_a_submission_is_no_answer(awaiting: bool) -> None:
    """A body shorter than its Content-Length is not believed, but the task id in it reaches the caller."""
    with pytest.raises(OutcomeUnknownError) as caught:
        run(short, lambda client: client.image_to_video.submit("https://a.b/c.jpg", prompt="x"), awaiting=awaiting)
    assert caught.value.task_ids == ("task_abc123",)


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_short_download_never_gets_the_final_name(tmp_path: Path, awaiting: bool) -> None:
    """A file shorter than its Content-Length is an error, and what came stays under another name."""
    with pytest.raises(DownloadError) as caught:
        run(short, lambda client: client.files.download("https://a.b/v.mp4", tmp_path / "v.mp4"), awaiting=awaiting)
    assert list(tmp_path.iterdir()) == [caught.value.partial_path]


@pytest.mark.parametrize(
    "spelling",
    [
        KEY,
        KEY.replace("/", "\\/"),
        KEY.replace("-", "\\u002d").replace("+", "\\u002B"),
        "".join(f"\\u{ord(sign):04x}" for sign in KEY),
    ],
)
def test_the_key_is_hidden_in_every_spelling_of_json(spelling: str) -> None:
    """An echoed key is taken out, also where JSON escapes its signs, and the rest stays as it was."""
    content = f'{{"message": "key {spelling} refused", "path": "a\\\\b \\u4e2d"}}'.encode()
    hidden = _hide(content, KEY)
    assert json.loads(hidden) == {"message": "key *** refused", "path": "a\\b 中"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_key_is_hidden_in_wide_encodings(encoding: str) -> None:
    """An answer in UTF-16 or UTF-32 shows the key no more than one in UTF-8."""
    assert KEY not in _hide(f"the key {KEY} is wrong".encode(encoding), KEY).decode(encoding)


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol]
)
def test_what_fails_before_sending_was_surely_not_sent(kind: type[httpx.TransportError]) -> None:
    """No connection, no place in the pool, no proxy: the order never left, so it may be repeated."""
    assert isinstance(failure(kind("x"), PAID, 0.0), NotSentError)


@pytest.mark.parametrize(
    "kind", [httpx.ReadTimeout, httpx.ReadError, httpx.WriteTimeout, httpx.WriteError, httpx.RemoteProtocolError]
)
def test_what_fails_after_sending_began_is_open(kind: type[httpx.TransportError]) -> None:
    """From the first byte on nobody knows, and what came of the answer is kept."""
    error = failure(kind("x"), PAID, 0.0, None, b'{"status":0,"data":{"task_ids":["a"')
    assert isinstance(error, OutcomeUnknownError)
    assert (error.raw, error.task_ids) == ('{"status":0,"data":{"task_ids":["a"', ("a",))


def test_only_our_own_origins_are_signed() -> None:
    """Scheme, host and port must all be the API's; anything else gets no key."""
    settings = make_settings("sk-key", base_url="https://api.example.com")
    signed = []
    for url in ("https://api.example.com/v1", "https://cdn.example.com/v1", "https://api.example.com:8443/v1"):
        request = httpx.Request("GET", url)
        add_bearer(request, settings)
        signed.append("authorization" in request.headers)
    assert signed == [True, False, False]

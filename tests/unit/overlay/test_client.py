"""The clients as objects: what they show, when they close, what they share."""

import asyncio
import pickle
import ssl
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import weryai
from weryai import AsyncWeryAI, WeryAI, errors
from weryai._transport import http

URL = "http://127.0.0.1:1"
KEY = "sk-very-secret-0123456789"
WAITING = {"status": 0, "data": {"task_id": "t1", "task_status": "waiting"}}


def transport(seen: list[httpx.Request] | None = None) -> httpx.MockTransport:
    """Answer every request with a waiting task."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(200, json=WAITING)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_a_client_never_shows_its_key(kind: type[Any]) -> None:
    """Neither repr nor str of a client, its resources or its settings hold the key."""
    client = kind(KEY, base_url=URL)
    assert repr(client) == f"{kind.__name__}(base_url='{URL}')"
    for one in (client, client.tasks, client.files, client.image_to_video, client._settings, client._runner):
        assert KEY not in f"{one!r} {one}"


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_a_client_is_not_pickled(kind: type[Any]) -> None:
    """Pickling a client is refused with a sentence that says what to do instead."""
    with pytest.raises(TypeError, match="holds connections and a key and is not pickled; make one per process"):
        pickle.dumps(kind(KEY, base_url=URL))


def test_only_the_key_is_positional() -> None:
    """Everything but the key is given by name."""
    for kind in (WeryAI, AsyncWeryAI):
        make: Any = kind
        with pytest.raises(TypeError):
            make(KEY, URL)


def test_closing_twice_is_fine_and_use_after_it_is_refused() -> None:
    """A closed blocking client refuses work as ConfigurationError, and closing again does nothing."""
    client = WeryAI(KEY, base_url=URL, transport=transport())
    client.close()
    client.close()
    for use in (
        lambda: client.tasks.get("t1"),
        lambda: client.image_to_video.submit("https://e.com/a.jpg", prompt="x"),
    ):
        with pytest.raises(errors.ConfigurationError, match="closed"):
            use()


async def test_closing_the_async_client_twice_is_fine_and_use_after_it_is_refused(tmp_path: Any) -> None:
    """The same for the asyncio client, for each kind of request."""
    client = AsyncWeryAI(KEY, base_url=URL, transport=transport())
    await client.tasks.get("t1")
    await client.aclose()
    await client.aclose()
    with pytest.raises(errors.ConfigurationError, match="closed"):
        await client.tasks.get("t1")
    with pytest.raises(errors.ConfigurationError, match="closed"):
        await client.image_to_video.submit("https://e.com/a.jpg", prompt="x")
    with pytest.raises(errors.ConfigurationError, match="closed"):
        await client.files.download("https://e.com/a.mp4", tmp_path)


def test_context_managers_close() -> None:
    """Leaving `with` closes the client."""
    with WeryAI(KEY, base_url=URL, transport=transport()) as client:
        assert client.tasks.get("t1").id == "t1"
    with pytest.raises(errors.ConfigurationError):
        client.tasks.get("t1")


def test_an_async_client_works_in_two_loops() -> None:
    """One asyncio client made outside any loop serves two loops in turn, each with connections of its own."""
    client = AsyncWeryAI(KEY, base_url=URL, transport=transport())

    async def story() -> tuple[str, httpx.AsyncClient]:
        return (await client.tasks.get("t1")).id, client._runner._opened().client

    with asyncio.Runner() as first, asyncio.Runner() as second:
        (one, connections), (other, others) = first.run(story()), second.run(story())
        assert (one, other) == ("t1", "t1")
        assert connections is not others
        assert first.run(story()) == ("t1", connections)
        second.run(client.aclose())
    assert others.is_closed


def test_clients_share_one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients use the same TLS context object, so that the second one costs next to nothing."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    contexts = [
        http.make_client(SimpleNamespace, client._settings, None).verify for client in (WeryAI(KEY), AsyncWeryAI(KEY))
    ]
    assert contexts[0] is contexts[1]


def test_a_context_of_ones_own_is_used() -> None:
    """A given ssl_context is the one that is used."""
    own = ssl.create_default_context()
    assert http.make_client(SimpleNamespace, WeryAI(KEY, ssl_context=own)._settings, None).verify is own


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_unreadable_certificates_are_a_configuration_error(
    kind: type[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A bad SSL_CERT_FILE says so as ConfigurationError, when the client is made or first used."""
    bad = tmp_path / "certificates.pem"
    bad.write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(bad))

    async def story() -> None:
        await kind(KEY, base_url="https://api.example.com").tasks.get("t1")

    with pytest.raises(errors.ConfigurationError, match="SSL_CERT_FILE"):
        asyncio.run(story())


def test_importing_weryai_imports_no_heavy_library() -> None:
    """`import weryai` alone loads neither httpx nor attrs nor the generated client."""
    script = "import sys, weryai; print(sorted({'httpx', 'attr', 'attrs', 'weryai_api', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    """All of `__all__` can be imported from the package, `dir` lists it, and an unknown name says what is missing."""
    for name in weryai.__all__:
        assert getattr(weryai, name) is not None
    assert set(weryai.__all__) <= set(dir(weryai))
    with pytest.raises(AttributeError, match="Wery"):
        weryai.Wery  # noqa: B018


def test_requests_carry_key_and_version() -> None:
    """Every API request has the bearer key and a User-Agent with our version."""
    seen: list[httpx.Request] = []
    WeryAI(KEY, base_url=URL, transport=transport(seen)).tasks.get("t1")
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert seen[0].headers["User-Agent"].startswith(f"weryai-python/{weryai.__version__} ")


def test_an_async_callback_is_refused_by_the_blocking_client() -> None:
    """WeryAI says that an async callback needs AsyncWeryAI, instead of dropping the coroutine."""

    async def update(_: Any) -> None: ...

    client = WeryAI(KEY, base_url=URL, transport=transport())
    with pytest.raises(errors.ConfigurationError, match="AsyncWeryAI"):
        client.tasks.wait("t1", on_update=update)


async def test_an_async_callback_is_awaited() -> None:
    """AsyncWeryAI awaits what a callback returns."""
    seen = []

    async def update(task: Any) -> None:
        seen.append(task.id)

    async with AsyncWeryAI(KEY, base_url=URL, transport=transport()) as client:
        with pytest.raises(errors.TaskTimeoutError):
            await client.tasks.wait("t1", timeout=0, on_update=update)
    assert seen == ["t1"]

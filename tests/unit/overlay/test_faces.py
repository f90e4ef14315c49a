"""What frameworks, editors and mocks see of a method: a real one, plain or a coroutine function, with its signature."""

import functools
import inspect
import pydoc
import typing
from collections.abc import Callable, Iterator
from typing import Any, get_args
from unittest import mock

import httpx
import pytest
import tenacity
from starlette.background import BackgroundTasks

from weryai import AsyncWeryAI, ConfigurationError, Task, WeryAI
from weryai._resources.base import Resource, operation

URL = "http://127.0.0.1:1"
PARTS = ("image_to_video", "tasks", "batches", "files", "models", "account", "orders")


def methods(client: WeryAI | AsyncWeryAI) -> Iterator[Callable[..., Any]]:
    """Every operation of a client."""
    for part in PARTS:
        resource: Resource[Any] = getattr(client, part)
        for name, kind in vars(type(resource)).items():
            if isinstance(kind, operation):
                yield getattr(resource, name)


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_every_method_is_what_a_framework_takes_it_for(kind: type[Any]) -> None:
    """A method is a coroutine function on AsyncWeryAI and none on WeryAI, never a generator, also below a partial."""
    found = list(methods(kind("sk", base_url=URL)))
    assert len(found) > 12
    for method in found:
        for one in (method, functools.partial(method), inspect.unwrap(method)):
            assert inspect.iscoroutinefunction(one) is (kind is AsyncWeryAI), method
            assert not inspect.isgeneratorfunction(one), method


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_a_signature_has_no_self_and_no_flow(kind: type[Any]) -> None:
    """Signature, annotations and help name the parameters and what comes back; every type is found."""
    for method in methods(kind("sk", base_url=URL)):
        signature, hints = inspect.signature(method), typing.get_type_hints(method)
        assert "self" not in signature.parameters
        assert "Flow" not in str(signature), method
        assert "Generator" not in repr(hints["return"]), method
        assert set(hints) >= set(signature.parameters), method
    client = kind("sk", base_url=URL)
    assert typing.get_type_hints(client.tasks.wait)["return"] is Task
    assert (client.tasks.wait.__name__, client.tasks.wait.__self__) == ("wait", client.tasks)
    for shown in (
        pydoc.render_doc(client.tasks.wait),
        pydoc.render_doc(client.tasks),
        pydoc.render_doc(type(client.tasks)),
    ):
        assert "Flow" not in shown
        assert "Wait until the task has succeeded" in shown
        assert "timeout: 'float' = 1800.0" in shown


def test_waiting_for_many_says_what_comes() -> None:
    """`wait_many` returns iterators of results, and says so."""
    result = typing.get_type_hints(AsyncWeryAI("sk", base_url=URL).tasks.wait_many)["return"]
    assert len(get_args(result)) == 2


@pytest.mark.parametrize("asked", ["client", "class", "what a class makes"])
async def test_a_mock_of_a_client_is_awaited_where_the_client_is(asked: str) -> None:
    """create_autospec makes awaitable methods of AsyncWeryAI and plain ones of WeryAI, with their parameters.

    It does so of a client and of the class, which is what patching an application's `WeryAI` with autospec does.
    """

    def mocked(kind: type[Any]) -> Any:
        match asked:
            case "client":
                return mock.create_autospec(kind("sk", base_url=URL))
            case "class":
                return mock.create_autospec(kind, instance=True)
            case _:
                return mock.create_autospec(kind)("sk")

    awaiting, blocking = mocked(AsyncWeryAI), mocked(WeryAI)
    awaiting.tasks.get.return_value = "seen"
    assert await awaiting.tasks.get("t1") == "seen"
    blocking.account.balance.return_value = 7
    assert blocking.account.balance() == 7
    with pytest.raises(TypeError):
        blocking.tasks.get("t1", colour="red")
    with pytest.raises(TypeError):
        awaiting.image_to_video.submit()


def test_a_class_without_brackets_is_told_so() -> None:
    """`WeryAI.tasks.get(...)` says that a client is missing."""
    with pytest.raises(ConfigurationError, match=r"make a client first: WeryAI\(\)"):
        WeryAI.tasks.get("t1")  # type: ignore[call-overload]


def test_another_loop_than_asyncios_is_named() -> None:
    """Where no loop of asyncio runs, as under trio, a call says so in a sentence and sends nothing."""
    client = AsyncWeryAI("sk", base_url=URL)
    for work in (client.account.balance(), client.aclose()):
        with pytest.raises(ConfigurationError, match="needs a running event loop of asyncio"):
            work.send(None)


async def test_background_tasks_and_tenacity_await() -> None:
    """BackgroundTasks of Starlette, so FastAPI's, order; and tenacity's retry makes an async function."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json={"status": 0, "data": {"task_id": "t1", "task_status": "waiting"}})

    client = AsyncWeryAI("sk", base_url=URL, transport=httpx.MockTransport(answer))
    background = BackgroundTasks()
    background.add_task(client.tasks.get, "t1")
    await background()
    assert len(seen) == 1
    retried = tenacity.retry(stop=tenacity.stop_after_attempt(2))(client.tasks.get)
    assert (await retried("t1")).id == "t1"
    await client.aclose()


def test_a_wrong_call_is_a_type_error_that_names_the_method() -> None:
    """A misspelt parameter is a TypeError that names the method."""
    untyped: Any = WeryAI("sk", base_url=URL)
    with pytest.raises(TypeError, match="get"):
        untyped.tasks.get(colour="red")

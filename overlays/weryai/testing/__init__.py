"""A pytest plugin: the emulator as a fixture, and clients of it.

pytest loads this module wherever weryai is installed, so it imports nothing but pytest until a fixture is asked for.
"""

from __future__ import annotations

import functools
import inspect
import threading
import unittest
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from weryai import AsyncWeryAI, WeryAI
    from weryai.emulator import Emulator

__all__ = ["async_weryai_client", "weryai_client", "weryai_emulator"]

MARKER = "weryai(scenarios=[...], **options): what weryai_emulator is to do; the options are weryai.emulator.Settings"
#: What suits a test: no video is rendered, a slow answer is not very slow, a loop of looks comes to an end, and nothing
#: stays open of a client that the application leaves to itself.
DEFAULTS = {"video": "fixed", "slow": 0.2, "seconds_per_look": 1.0, "keep_alive": False}
#: Where the emulator is, for plugins that keep tests from the network.
HERE = ["127.0.0.1", "localhost", "::1"]

_EMULATOR = pytest.StashKey[str]()
_CAME_TO_ITS_END = pytest.StashKey[bool]()
# Where the emulators of earlier tests were; a client that still goes there was made too early.
_gone: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests reach an emulator beside pytest-httpx, pytest-socket and pytest-recording; their own markers win."""
    plugins = config.pluginmanager
    has_sockets = plugins.hasplugin("socket") or plugins.hasplugin("pytest_socket")
    is_blocked = bool(config.getoption("--block-network", default=False))
    for item in items:
        if plugins.hasplugin("pytest_httpx"):
            # Also of tests that ask for an emulator by another fixture, or later.
            item.add_marker(pytest.mark.httpx_mock(should_mock=_is_mocked), append=False)
        if "weryai_emulator" in getattr(item, "fixturenames", ()):
            # What blocks a test by marker or fixture is meant.
            if has_sockets and not any(item.iter_markers("allow_hosts")):
                item.add_marker(pytest.mark.allow_hosts(HERE))
            if is_blocked and not any(item.iter_markers("block_network")):
                allowed = [*HERE, *_listed(config.getoption("--allowed-hosts", default=None))]
                item.add_marker(pytest.mark.block_network(allowed_hosts=allowed))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test whose marker nobody has read."""
    yield
    if _EMULATOR not in item.stash and any(mark.name == "weryai" for mark in item.own_markers):
        pytest.fail("@pytest.mark.weryai does nothing here: the test does not ask for weryai_emulator", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test came to its end: what one that failed or was skipped did not come to is no mistake."""
    report = yield
    if call.when == "call":
        item.stash[_CAME_TO_ITS_END] = report.passed
    return report


@pytest.fixture
def weryai_emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run an emulator for this test alone, and point WERYAI_API_KEY and the base URLs at it until the test ends.

    Its time stands still and passes when somebody waits: what a client would sleep is skipped, and each poll of a task
    takes a second. `weryai_emulator.clock.advance(seconds)` turns it by hand; the option `speed=1` asks for real time.
    Options come from `@pytest.mark.weryai(...)`. A fault that was injected and never triggered fails the test.
    """
    from weryai._journal.recording import MEMORY
    from weryai._transport.http import checking

    options, refused = _options_of(request.node), dict[str, str]()
    emulator = _emulator(options)
    # As if the test had never run: some plugins run one again.
    request.node.stash[_CAME_TO_ITS_END] = False
    with ExitStack() as stack:
        stack.enter_context(emulator)
        request.node.stash[_EMULATOR] = emulator.url
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("WERYAI_API_KEY", emulator.key)
        # An application's journal=True never means that of whoever runs the tests, and no test is another's memory.
        environment.setenv("WERYAI_JOURNAL", str(tmp_path_factory.mktemp("weryai") / "journal.db"))
        MEMORY.forget()
        for name in ("WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL"):
            environment.setenv(name, emulator.url)
        # For programs that the test starts; the clients of this one are told more.
        environment.setenv("WERYAI_LOOPBACK_ONLY", "1")
        stack.enter_context(checking(functools.partial(_why_refused, emulator.url, refused)))
        if "speed" not in options:
            from weryai._flow.clock import skipping

            stack.enter_context(skipping(emulator.clock.advance))
        yield emulator
    _gone.add(emulator.url)
    if not request.node.stash[_CAME_TO_ITS_END]:
        return
    if refused:
        pytest.fail("; ".join(refused.values()), pytrace=False)
    try:
        emulator.assert_faults_met()
    except AssertionError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def weryai_client(weryai_emulator: Emulator) -> Iterator[WeryAI]:
    """Give a client of the emulator."""
    from weryai import WeryAI

    with WeryAI(weryai_emulator.key, base_url=weryai_emulator.url) as client:
        yield client


@pytest.fixture
def async_weryai_client(request: pytest.FixtureRequest, weryai_emulator: Emulator) -> AsyncWeryAI:
    """Give an asyncio client of the emulator.

    It fits pytest-asyncio, anyio on asyncio, and a plain test that calls `asyncio.run`; it needs no closing.
    """
    from weryai import AsyncWeryAI

    _refuse_without_asyncio(request)
    return AsyncWeryAI(weryai_emulator.key, base_url=weryai_emulator.url)


def _why_refused(url: str, refused: dict[str, str], request: Any) -> str:
    """Say why a request may not be sent, if it goes elsewhere than to this test's emulator, and keep those with a key.

    A download goes where the application says, so it may fail without a mistake of the test.
    """
    place = f"{request.url.scheme}://{request.url.netloc.decode()}"
    is_api = "authorization" in request.headers
    if place == url or (request.url.host in HERE and not (is_api and place in _gone)):
        return ""
    if not is_api:
        return f"weryai_emulator lets nothing leave this machine for {request.url.host}"
    reason = (
        f"weryai_emulator refused a request to {place}: its client has a base_url of its own, or was made before "
        "the fixture. Let base_url come from the environment and make clients in functions, or use weryai_client"
    )
    # One that goes to the emulator of an earlier test may be a thread of that test, and leaves nothing.
    if request.url.host not in HERE:
        refused[place] = reason
    return reason


def _is_mocked(request: Any) -> bool:
    """Whether pytest-httpx answers a request: all but those to this machine while an emulator runs."""
    is_running = any(thread.name == "weryai-emulator" for thread in threading.enumerate())
    return not (is_running and request.url.host in HERE)


def _listed(hosts: str | list[str] | None) -> list[str]:
    return hosts.split(",") if isinstance(hosts, str) else list(hosts or ())


def _runs_its_own(cls: type) -> bool:
    """Whether a class of unittest runs its async tests by itself, as Django's do."""
    return issubclass(cls, unittest.IsolatedAsyncioTestCase) or any(
        base.__module__.startswith("django.") for base in cls.__mro__
    )


def _options_of(node: Any) -> dict[str, Any]:
    """Return the options of every marker on a test, its class and its module; the nearest one counts."""
    options: dict[str, Any] = dict(DEFAULTS)
    for marker in reversed(list(node.iter_markers("weryai"))):
        if marker.args:
            pytest.fail("@pytest.mark.weryai takes options by name, such as scenarios=['rate-limit']", pytrace=False)
        options.update(marker.kwargs)
    named = options.pop("scenarios", ())
    options["scenarios"] = (named,) if isinstance(named, str) else tuple(named)
    return options


def _emulator(options: dict[str, Any]) -> Emulator:
    try:
        from weryai.emulator import Emulator, ManualClock, Settings
    except ImportError as error:
        names = str(error.name)
        pytest.fail(f"this fixture needs {names}: pip install {names.replace(',', '')}", pytrace=False)
    unknown = options.keys() - {field.name for field in fields(Settings)}
    if unknown:
        names = ", ".join(sorted(unknown))
        pytest.fail(f"@pytest.mark.weryai: weryai.emulator.Settings has no option {names}", pytrace=False)
    try:
        return Emulator(clock=None if "speed" in options else ManualClock(), **options)
    except (ValueError, ImportError) as error:
        pytest.fail(f"@pytest.mark.weryai: {error}", pytrace=False)


def _refuse_without_asyncio(request: pytest.FixtureRequest) -> None:
    """Fail an async test that another loop than asyncio's would run, or that unittest would pass without running it."""
    if not inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        return
    backend = "asyncio"
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend_name")
    elif any(request.node.iter_markers("trio")):
        backend = "trio"
    if backend != "asyncio":
        pytest.fail(
            f'AsyncWeryAI needs asyncio, not {backend}: let anyio_backend return "asyncio", or call weryai_client in a '
            "thread",
            pytrace=False,
        )
    if request.cls is not None and issubclass(request.cls, unittest.TestCase) and not _runs_its_own(request.cls):
        pytest.fail("nothing runs this async test: make its class a unittest.IsolatedAsyncioTestCase", pytrace=False)

"""A pytest plugin: the emulator as a fixture, and clients of it.

pytest loads this module wherever weryai is installed, so it imports nothing but pytest until a fixture is asked for.
"""

from __future__ import annotations

import inspect
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
_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the tests that ask for the emulator reach it beside pytest-httpx and pytest-socket; their own markers win."""
    plugins = config.pluginmanager
    for item in items:
        if "weryai_emulator" in (names := getattr(item, "fixturenames", ())):
            if plugins.hasplugin("pytest_httpx") and "httpx_mock" in names:
                item.add_marker(pytest.mark.httpx_mock(should_mock=_is_elsewhere), append=False)
            # What blocks a test by marker or fixture is meant.
            is_guarded = plugins.hasplugin("socket") or plugins.hasplugin("pytest_socket")
            if is_guarded and not any(item.iter_markers("allow_hosts")):
                item.add_marker(pytest.mark.allow_hosts(HERE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test has failed: what it did not come to is then no mistake of its own."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture
def weryai_emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run an emulator for this test alone, and point WERYAI_API_KEY and the base URLs at it until the test ends.

    Its time stands still and passes when somebody waits: what a client would sleep is skipped, and each poll of a task
    takes a second. `weryai_emulator.clock.advance(seconds)` turns it by hand; the option `speed=1` asks for real time.
    Options come from `@pytest.mark.weryai(...)`. A fault that was injected and never triggered fails the test.
    """
    from weryai._journal.memory import MEMORY

    options = _options_of(request.node)
    emulator = _emulator(options)
    with ExitStack() as stack:
        stack.enter_context(emulator)
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("WERYAI_API_KEY", emulator.key)
        # An application's journal=True never means that of whoever runs the tests, and no test is another's memory.
        environment.setenv("WERYAI_JOURNAL", str(tmp_path_factory.mktemp("weryai") / "journal.db"))
        MEMORY.forget()
        for name in ("WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL"):
            environment.setenv(name, emulator.url)
        if "speed" not in options:
            from weryai._flow.clock import skipping

            stack.enter_context(skipping(emulator.clock.advance))
        yield emulator
    if request.node.stash.get(_FAILED, False):
        return
    try:
        emulator.assert_faults_met()
    except AssertionError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def weryai_client(weryai_emulator: Emulator) -> Iterator[WeryAI]:
    """Give a client of the emulator, which reaches nothing but this machine."""
    from weryai import WeryAI
    from weryai.testing._here import Here

    with WeryAI(weryai_emulator.key, base_url=weryai_emulator.url, transport=Here()) as client:
        yield client


@pytest.fixture
def async_weryai_client(request: pytest.FixtureRequest, weryai_emulator: Emulator) -> AsyncWeryAI:
    """Give an asyncio client of the emulator, which reaches nothing but this machine.

    It fits pytest-asyncio, anyio on asyncio, and a plain test that calls `asyncio.run`; it needs no closing.
    """
    from weryai import AsyncWeryAI
    from weryai.testing._here import AsyncHere

    _refuse_without_asyncio(request)
    return AsyncWeryAI(weryai_emulator.key, base_url=weryai_emulator.url, transport=AsyncHere())


def _is_elsewhere(request: Any) -> bool:
    """Whether a request of httpx goes anywhere but to this machine."""
    return request.url.host not in HERE


def _runs_its_own(cls: type | None) -> bool:
    """Whether a class runs its async tests by itself, as those of unittest and of Django do."""
    if cls is None or not issubclass(cls, unittest.TestCase):
        return False
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
    """Fail an async test that nothing would run, or that another loop than asyncio's would."""
    if not inspect.iscoroutinefunction(getattr(request.node, "obj", None)) or _runs_its_own(request.cls):
        return
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend_name")
        if backend != "asyncio":
            pytest.fail(f'AsyncWeryAI needs asyncio, not {backend}: let anyio_backend return "asyncio"', pytrace=False)
    elif not any("asyncio" in marker.name for marker in request.node.iter_markers()):
        pytest.fail(
            "nothing runs this async test: install pytest-asyncio and mark it with @pytest.mark.asyncio, "
            "mark it with @pytest.mark.anyio, or call asyncio.run in a plain test",
            pytrace=False,
        )

"""The plugin beside others: each has the one line in docs/testing.md that it needs, and nobody disturbs anybody."""

import os
from pathlib import Path

import pytest

from fakes.strangers import Run, run_python

pytestmark = pytest.mark.timeout(100)

STORY = """
    weryai_client.image_to_video.generate("https://example.com/a.jpg", prompt="Wave", output=str(tmp_path / "a.mp4"))
    assert weryai_client.account.balance() == 990
    assert WeryAI().account.balance() == 990
"""
NEIGHBOURS = {
    "pytest_httpx": f"""
import httpx, pytest
from weryai import WeryAI
def test_both(httpx_mock, weryai_client, weryai_emulator, tmp_path):
    httpx_mock.add_response(url="https://other.example/", text="mocked")
    assert httpx.get("https://other.example/").text == "mocked"
{STORY}

def test_asked_for_late(request, httpx_mock):
    assert request.getfixturevalue("weryai_client").account.balance() == 1000

def test_without_it_all_is_mocked(httpx_mock):
    httpx_mock.add_response(url="http://127.0.0.1:9/", text="mocked")
    assert httpx.get("http://127.0.0.1:9/").text == "mocked"

def test_an_emulator_of_ones_own(httpx_mock):
    from weryai.emulator import Emulator
    with Emulator(video="fixed", keep_alive=False) as emulator:
        assert WeryAI(emulator.key, base_url=emulator.url).account.balance() == 1000
""",
    "respx": f"""
import httpx, pytest, respx
from weryai import WeryAI

def test_both(weryai_client, weryai_emulator, tmp_path):
    with respx.mock(assert_all_called=True) as mocked:
        mocked.route(host="127.0.0.1").pass_through()
        mocked.get("https://other.example/").respond(text="mocked")
        assert httpx.get("https://other.example/").text == "mocked"
{STORY.replace(chr(10) + "    ", chr(10) + "        ")}
""",
    "vcr": f"""
import pytest, vcr
from weryai import WeryAI

def test_both(weryai_client, weryai_emulator, tmp_path):
    with vcr.use_cassette(str(tmp_path / "tape.yaml"), ignore_localhost=True) as tape:
{STORY.replace(chr(10) + "    ", chr(10) + "        ")}
        assert len(tape) == 0
""",
    "pytest_socket": f"""
import pytest, socket
from pytest_socket import SocketBlockedError
from weryai import WeryAI

def test_both(weryai_client, weryai_emulator, tmp_path):
{STORY}

def test_others_stay_blocked():
    with pytest.raises((SocketBlockedError, UserWarning)):
        socket.socket()
""",
    "hypothesis": """
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=st.text("abc", min_size=1, max_size=20))
def test_both(weryai_client, weryai_emulator, prompt):
    weryai_client.image_to_video.submit("https://example.com/a.jpg", prompt=prompt, force=True)
    assert weryai_emulator.ledger
""",
}
OPTIONS = {
    "pytest_httpx": ("-p", "pytest_httpx"),
    "respx": (),
    "vcr": (),
    "pytest_socket": ("-p", "pytest_socket", "--disable-socket"),
    "hypothesis": ("-p", "_hypothesis_pytestplugin"),
}


def run_beside(folder: Path, source: str, *options: str, **variables: str) -> Run:
    """Run a test file with the plugin and the named others alone."""
    surroundings = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
    return run_python(folder, source, "-m", "pytest", "-p", "weryai.testing", *options, surroundings=surroundings)


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_the_plugin_stands_beside(name: str, tmp_path: Path) -> None:
    """With the line that the docs give, if any, a test has both: what the other does, and the emulator."""
    done = run_beside(tmp_path, NEIGHBOURS[name], *OPTIONS[name])
    assert done.code == 0, done.output
    assert "passed" in done.output


DJANGO = """
import pytest
from django.test import AsyncClient, TestCase
from weryai import AsyncWeryAI, WeryAI

@pytest.mark.django_db
def test_plain(weryai_emulator):
    assert WeryAI().account.balance() == 1000

@pytest.mark.usefixtures("weryai_emulator")
class TestDjango(TestCase):
    def test_plain(self):
        assert WeryAI().account.balance() == 1000

    async def test_async(self):
        assert await AsyncWeryAI().account.balance() == 1000
"""
UNITTEST = """
import unittest
import pytest
from weryai import AsyncWeryAI

class Cases(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def _clients(self, weryai_emulator, async_weryai_client):
        self.emulator, self.client = weryai_emulator, async_weryai_client

    @pytest.mark.weryai(scenarios=["rate-limit"])
    async def test_one(self):
        await self.client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave")
        self.emulator.assert_submitted_once()

    async def test_two(self):
        self.assertEqual(await self.client.account.balance(), 1000)
        self.assertEqual(await AsyncWeryAI().account.balance(), 1000)
"""
SESSION = """
import pytest, weryai
from weryai.emulator import Emulator

@pytest.fixture(scope="session")
def weryai_session():
    with Emulator(video="fixed", keep_alive=False) as emulator, pytest.MonkeyPatch.context() as environment:
        environment.setenv("WERYAI_API_KEY", emulator.key)
        environment.setenv("WERYAI_BASE_URL", emulator.url)
        yield emulator

def test_one(weryai_session):
    assert weryai.WeryAI().account.balance() == 1000

def test_its_own(weryai_emulator, weryai_session):
    assert weryai_emulator.url != weryai_session.url
    assert weryai.WeryAI(base_url=weryai_session.url, api_key=weryai_session.key).account.balance() == 1000
"""


def test_async_tests_of_unittest_run(tmp_path: Path) -> None:
    """IsolatedAsyncioTestCase runs its async tests by itself: the fixtures refuse none of them."""
    done = run_beside(tmp_path, UNITTEST)
    assert done.outcomes == {"Cases::test_one": "PASSED", "Cases::test_two": "PASSED"}, done.output


def test_async_tests_of_django_run(tmp_path: Path) -> None:
    """Beside pytest-django, plain and async tests of Django's TestCase and of pytest reach the emulator."""
    (tmp_path / "site_settings.py").write_text(
        'SECRET_KEY = "x"\nUSE_TZ = True\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n'
    )
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    done = run_beside(
        tmp_path, DJANGO, "-p", "pytest_django.plugin", DJANGO_SETTINGS_MODULE="site_settings", PYTHONPATH=path
    )
    assert set(done.outcomes.values()) == {"PASSED"}, done.output
    assert len(done.outcomes) == 3


def test_a_refused_test_gets_no_second_error(tmp_path: Path) -> None:
    """A test that fails, or that nothing runs, is not blamed for a fault that it had no chance to trigger."""
    source = """
import pytest, unittest

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _emulator(self, weryai_emulator):
        pass

    @pytest.mark.weryai(scenarios=["rate-limit"])
    def test_failed(self):
        self.fail("its own")

@pytest.mark.weryai(scenarios=["rate-limit"])
async def test_alone(weryai_emulator, async_weryai_client):
    pass

@pytest.mark.weryai(scenarios=["rate-limit"])
def test_failed(weryai_emulator):
    weryai_emulator.order("rate-limit")
    assert 1 == 2, "its own"
"""
    done = run_beside(tmp_path, source)
    assert "async def functions are not natively supported" in done.output
    assert done.outcomes == dict.fromkeys(("TestCase::test_failed", "test_alone", "test_failed"), "FAILED")
    assert "never triggered" not in done.output


RECORDING = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--block-network", action="store_true")
    parser.addoption("--allowed-hosts")

def pytest_configure(config):
    config.addinivalue_line("markers", "block_network: as pytest-recording has it")
"""
BLOCKED = """
import pytest

@pytest.fixture(autouse=True)
def allowed(request):
    marker = request.node.get_closest_marker("block_network")
    return marker.kwargs["allowed_hosts"] if marker else None

def test_with(weryai_emulator, allowed):
    assert allowed == ["127.0.0.1", "localhost", "::1", "db.example"]

@pytest.mark.block_network(allowed_hosts=["own.example"])
def test_its_own(weryai_emulator, allowed):
    assert allowed == ["own.example"]

def test_without(allowed):
    assert allowed is None
"""


def test_pytest_recording_lets_it_through(tmp_path: Path) -> None:
    """With --block-network, tests of the emulator reach this machine beside the hosts that are allowed anyway."""
    (tmp_path / "recording.py").write_text(RECORDING)
    options = ("-p", "recording", "--block-network", "--allowed-hosts=db.example")
    done = run_beside(tmp_path, BLOCKED, *options)
    assert set(done.outcomes.values()) == {"PASSED"}, done.output


def test_a_session_fixture_of_ones_own(tmp_path: Path) -> None:
    """The session-scoped fixture of the docs serves many tests, also beside the plugin's own."""
    done = run_beside(tmp_path, SESSION)
    assert done.outcomes == {"test_one": "PASSED", "test_its_own": "PASSED"}, done.output

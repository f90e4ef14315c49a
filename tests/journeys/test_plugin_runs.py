"""Whole runs of pytest with the plugin: what fails a test, what it says, and that nobody else is disturbed."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.strangers import run_pytest

MISTAKES = """
import unittest

import pytest

def test_unmet(weryai_emulator):
    weryai_emulator.order("rate-limit", 2)
    weryai_emulator.order("fail-copyright")

@pytest.mark.weryai(scenarios=["rate-limt"])
def test_misspelt_scenario(weryai_emulator):
    pass

@pytest.mark.weryai(colour="red")
def test_unknown_option(weryai_emulator):
    pass

@pytest.mark.weryai(waiting=-1)
def test_impossible_option(weryai_emulator):
    pass

@pytest.mark.weryai("rate-limit")
def test_option_without_a_name(weryai_emulator):
    pass

def test_submitted_twice(weryai_emulator, weryai_client):
    for _ in range(2):
        weryai_client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave")
    weryai_emulator.assert_submitted_once()

class TestUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _client(self, async_weryai_client):
        pass

    async def test_async_alone(self):
        pass

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_other_loop(async_weryai_client, anyio_backend):
    pass

@pytest.mark.weryai(balance=5)
def test_marker_alone():
    pass
"""
SAID = {
    "test_unmet": (
        "faults that were injected and never triggered: rate-limit at submit: injected 2, triggered 0; "
        "fail-copyright at task: injected 1, triggered 0"
    ),
    "test_misspelt_scenario": "@pytest.mark.weryai: there is no scenario 'rate-limt'; did you mean rate-limit",
    "test_unknown_option": "@pytest.mark.weryai: weryai.emulator.Settings has no option colour",
    "test_impossible_option": "@pytest.mark.weryai: waiting=-1",
    "test_option_without_a_name": "@pytest.mark.weryai takes options by name, such as scenarios=['rate-limit']",
    "test_submitted_twice": "'Wave': submitted 2 times, 20 credits",
    "TestUnittest::test_async_alone": "nothing runs this async test: make its class a unittest.IsolatedAsyncioTestCase",
    "test_marker_alone": "@pytest.mark.weryai does nothing here: the test does not ask for weryai_emulator",
    "test_other_loop[trio]": 'AsyncWeryAI needs asyncio, not trio: let anyio_backend return "asyncio"',
}


def test_a_mistake_fails_the_test_with_a_sentence(tmp_path: Path) -> None:
    """Each mistake fails its own test, in words that say what to do, without a traceback through our modules."""
    run = run_pytest(tmp_path, MISTAKES)
    for name, sentence in SAID.items():
        is_call = name in ("test_submitted_twice", "test_marker_alone")
        assert run.outcomes[name] == ("FAILED" if is_call else "ERROR"), run.output
        assert sentence in run.output, run.output
    assert "weryai/testing" not in run.output and "weryai/emulator" not in run.output, run.output


BEFORE_AND_AFTER = """
import os

from weryai import WeryAI
from weryai._journal.recording import MEMORY

JOURNAL = os.environ.get("WERYAI_JOURNAL")
NAMES = ("WERYAI_API_KEY", "WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL")
BEFORE = [os.environ.get(name) for name in NAMES]
seen = []

def test_first(weryai_emulator, weryai_client):
    weryai_client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave")
    seen.append(weryai_emulator.url)
    assert [os.environ[name] for name in NAMES] == [weryai_emulator.key, weryai_emulator.url, weryai_emulator.url]

def test_journal(weryai_emulator):
    assert os.environ["WERYAI_JOURNAL"] != JOURNAL
    with WeryAI(journal=True) as client:
        client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave")
        assert len(client.orders.list()) == 1

def test_journal_again(weryai_emulator):
    with WeryAI(journal=True) as client:
        assert client.orders.list() == ()

def test_unknown(weryai_emulator):
    assert MEMORY._errors == {}
    MEMORY._errors["any"] = Exception()

def test_second(weryai_emulator):
    assert MEMORY._errors == {}
    assert weryai_emulator.requests == [] and weryai_emulator.ledger == []

def test_without_it():
    assert [os.environ.get(name) for name in NAMES] == BEFORE
    assert os.environ.get("WERYAI_JOURNAL") == JOURNAL
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "xdist"])
def test_every_test_starts_anew(tmp_path: Path, options: tuple[str, ...]) -> None:
    """No test sees what another did, its orders included, and afterwards the environment is what it was; with xdist."""
    run = run_pytest(tmp_path, BEFORE_AND_AFTER, *options)
    assert run.code == 0, run.output
    stateless = {"test_first", "test_second", "test_without_it"}
    assert set(run.outcomes) == stateless | {"test_journal", "test_journal_again", "test_unknown"}


def test_the_module_imports_pytest_alone() -> None:
    """Beside the standard library and weryai's own name, loading the plugin imports nothing that pytest has not."""
    program = """
import sys, pytest
before = set(sys.modules)
import weryai.testing
new = {name for name in set(sys.modules) - before if name.split(".")[0] not in sys.stdlib_module_names}
print(sorted(new))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['weryai', 'weryai._version', 'weryai.errors', 'weryai.testing']\n"


AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=None, log=False)
    runtestprotocol(item, nextitem=nextitem)
    return True
"""
UNMET = """
import pytest

runs = []

def test_again(weryai_emulator):
    runs.append(1)
    assert len(runs) > 1, "the first time"
    weryai_emulator.order("rate-limit")

def test_skipped(weryai_emulator):
    weryai_emulator.order("rate-limit")
    pytest.skip("in its middle")

@pytest.mark.xfail
def test_expected(weryai_emulator):
    weryai_emulator.order("rate-limit")
    assert False
"""


def test_a_fault_is_looked_for_where_a_test_came_to_its_end(tmp_path: Path) -> None:
    """One that is run again has no excuse left from its first run; one that was skipped, or failed as told, has."""
    (tmp_path / "again.py").write_text(AGAIN)
    run = run_pytest(tmp_path, UNMET, "-p", "again")
    assert run.outcomes == {"test_again": "ERROR"}, run.output
    assert run.output.count("never triggered") == 2, run.output
    assert "1 passed, 1 skipped, 1 xfailed, 1 error" in run.output


WITHOUT = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == {package!r} else found(name, package)
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
ASKING = """
def test_with(weryai_client):
    pass

def test_async_with(async_weryai_client):
    pass

def test_without():
    pass
"""


def test_a_base_installation_is_told_what_to_install(tmp_path: Path) -> None:
    """Where a package of the extra is missing, the tests that use a fixture say what to install, and no other fails."""
    run = run_pytest(tmp_path, ASKING, program=WITHOUT.format(package="starlette"))
    assert run.outcomes == {"test_with": "ERROR", "test_async_with": "ERROR", "test_without": "PASSED"}, run.output
    assert "this fixture needs starlette: pip install starlette" in run.output


def test_pyav_is_not_needed(tmp_path: Path) -> None:
    """Without PyAV the fixtures work; only a test that asks for rendering is told what to install."""
    source = """
import pytest

def test_fixed(weryai_client, tmp_path):
    assert weryai_client.image_to_video.generate("https://example.com/a.jpg", prompt="x", output=tmp_path).path

@pytest.mark.weryai(video="render")
def test_rendered(weryai_client):
    pass
"""
    run = run_pytest(tmp_path, source, program=WITHOUT.format(package="av"))
    assert run.outcomes == {"test_fixed": "PASSED", "test_rendered": "ERROR"}, run.output
    assert 'rendering videos needs av: pip install av, or choose video="fixed"' in run.output

"""What every test has: an environment without a way out, the named fakes, and both clients."""

import atexit
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from fakes.faces import Face
from fakes.faulty_server import FaultyServer
from fakes.refusing import RefusingPort
from fakes.surroundings import PLANTED_KEY, SKIPS_FAIL, scrub
from guard import network_guard

# Held for the whole run: its port refuses connections and nobody else can take it.
DEAD_END = RefusingPort()
atexit.register(DEAD_END.close)
scrub(os.environ, DEAD_END.url)
# A shell lets what it starts in the background ignore Ctrl-C, and the commands of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So does nohup with the hangup of a terminal. A handler is not inherited, and this run goes on all the same.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)
# No test writes into the journal of whoever runs it.
JOURNALS = Path(tempfile.mkdtemp(prefix="weryai-journals-"))
atexit.register(shutil.rmtree, JOURNALS, ignore_errors=True)
os.environ["WERYAI_JOURNAL"] = str(JOURNALS / "journal.db")
NOTES = Path(tempfile.mkstemp(prefix="weryai-network-", suffix=".txt")[1])
atexit.register(NOTES.unlink, missing_ok=True)
os.environ[network_guard.NOTES] = str(NOTES)
network_guard.install()
# Nobody is reached who has a certificate of theirs, and each client of httpx reads every root for each of its proxies.
ROOT = Path(tempfile.mkstemp(prefix="weryai-root-", suffix=".pem")[1])
atexit.register(ROOT.unlink, missing_ok=True)
ROOT.write_text("".join(certifi.contents().partition("-----END CERTIFICATE-----")[:2]), "ascii")
certifi.where = lambda: str(ROOT)


@pytest.fixture(autouse=True)
def _remembers_nothing() -> None:
    """Let each test begin like a new process, which has sent nothing yet: ports, and so services, come again."""
    if (memory := sys.modules.get("weryai._journal.recording")) is not None:
        memory.MEMORY.forget()


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[None]:
    """Fail the test during which anything, in this process or in a child, tried to leave the machine."""
    before = NOTES.read_text("utf-8")
    yield
    tried = NOTES.read_text("utf-8").removeprefix(before)
    assert not tried, f"real network access was tried: {tried}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever runs the suite say how hard it looks; left alone, every run tries the same cases."""
    group = parser.getgroup("weryai")
    group.addoption("--cases", type=int, metavar="N", help="cases of each generated test")
    group.addoption("--quick", action="store_true", help="stop at the first counterexample, do not simplify it")
    group.addoption("--explore", action="store_true", help="other cases on every run (see --hypothesis-seed)")
    group.addoption("--second-validator", action="store_true", help="a second library must agree with every verdict")


def pytest_configure(config: pytest.Config) -> None:
    """Set the effort, and who judges, before any test module is read."""
    if config.getoption("--second-validator"):
        from contract.second import install

        install()
    from contract.cases import EFFORT

    EFFORT.cases = config.getoption("--cases") or EFFORT.cases
    EFFORT.shrinks = not config.getoption("--quick")
    EFFORT.explores = config.getoption("--explore")


def pytest_collection_finish() -> None:
    """Leave what collecting has made out of every later collection of garbage: it stays until the end."""
    gc.collect()
    gc.freeze()


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get(SKIPS_FAIL) and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{SKIPS_FAIL} is set, so a skip is a failure: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where nothing may be skipped."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips itself."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Face:
    """Run the test once with each client."""
    return Face(request.param)


def _keyless(server: FaultyServer) -> Iterator[FaultyServer]:
    with server:
        yield server
    assert [one for one in server.requests if one.carries(PLANTED_KEY)] == [], "the planted key left the process"


@pytest.fixture
def faulty_server() -> Iterator[FaultyServer]:
    """A scripted server; at the end no request may have carried the planted key."""
    yield from _keyless(FaultyServer())


@pytest.fixture
def elsewhere() -> Iterator[FaultyServer]:
    """A second server on another port: another origin."""
    yield from _keyless(FaultyServer())


@pytest.fixture
def late_server() -> Iterator[FaultyServer]:
    """A server that refuses connections until the test lets it listen."""
    yield from _keyless(FaultyServer(listening=False))


@pytest.fixture
def closed_port() -> Iterator[str]:
    """The URL of a port that refuses every connection."""
    with RefusingPort() as port:
        yield port.url


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    """Where a journal may be made."""
    return tmp_path / "journal.db"


@pytest.fixture
def emulator() -> Iterator[Any]:
    """The emulator with a clock that the test turns and one small shipped video."""
    from weryai.emulator import Emulator, ManualClock

    with Emulator(port=0, clock=ManualClock(), video="fixed", key="sk-emulator") as running:
        yield running
    carriers = [one.path for one in running.requests if PLANTED_KEY in repr(one)]
    assert not carriers, "the planted key left the process"

"""What a test asks of WeryAI never leaves this machine, whatever the application has written."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.faults import Reply
from fakes.faulty_server import FaultyServer
from fakes.strangers import run_pytest
from weryai import AsyncWeryAI, WeryAI
from weryai.emulator import Emulator

LEAVING = """
import asyncio, os, socket, subprocess, sys
from unittest import mock

import httpx, pytest, weryai
from weryai import AsyncWeryAI, WeryAI

os.environ["WERYAI_API_KEY"] = "sk-real-key-of-a-developer"
REAL = "https://api.weryai.com"
EARLY = WeryAI()
looked_up = []
picture = "https://example.com/a.jpg"

@pytest.fixture(autouse=True)
def names(monkeypatch):
    real = socket.getaddrinfo
    def record(host, *more, **options):
        looked_up.append(host)
        return real(host, *more, **options)
    monkeypatch.setattr(socket, "getaddrinfo", record)

def test_typed(weryai_emulator):
    WeryAI(base_url=REAL).image_to_video.submit(picture, prompt="x")

def test_typed_async(weryai_emulator):
    asyncio.run(AsyncWeryAI(base_url=REAL).image_to_video.submit(picture, prompt="x"))

def test_registry(weryai_emulator):
    WeryAI(models_base_url="https://registry.example").models.list()

def test_made_at_import(weryai_emulator):
    EARLY.account.balance()

def test_environment_emptied(weryai_emulator):
    with mock.patch.dict(os.environ, {"WERYAI_API_KEY": "sk-other"}, clear=True):
        WeryAI().account.balance()

def test_through_a_proxy(weryai_emulator, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    WeryAI(base_url=REAL).account.balance()

def test_own_transport(weryai_emulator):
    WeryAI(base_url=REAL, transport=httpx.HTTPTransport(retries=1)).account.balance()

def test_swallowed(weryai_emulator):
    with pytest.raises(weryai.WeryAIError):
        WeryAI(base_url=REAL).account.balance()

KEPT = []
def test_kept_for_later(weryai_emulator):
    KEPT.append(WeryAI())
    KEPT[0].account.balance()

def test_of_an_earlier_test(weryai_emulator):
    KEPT[0].account.balance()

def test_of_a_thread_that_goes_on(weryai_emulator):
    with pytest.raises(weryai.NotSentError, match="was made before the fixture"):
        KEPT[0].account.balance()

def test_of_a_program(weryai_emulator):
    program = f"import weryai; weryai.WeryAI(base_url={REAL!r}).account.balance()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "WERYAI_LOOPBACK_ONLY lets nothing leave this machine for api.weryai.com" in done.stderr

def test_mocked(weryai_emulator):
    answer = {"status": 0, "desc": "success", "message": "success", "data": {"balance": 7}}
    mocked = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    assert WeryAI(base_url=REAL, transport=mocked).account.balance() == 7

def test_a_download(weryai_emulator, tmp_path):
    for redirect in ("https://cdn.example/v.mp4", "http://127.0.0.1:9/v.mp4"):
        with pytest.raises(weryai.DownloadError):
            WeryAI().files.download(redirect, tmp_path / "v.mp4")

def test_nobody_was_looked_up():
    assert {host for host in looked_up if host not in ("127.0.0.1", "localhost", b"127.0.0.1")} == set()
"""
FINE = {"test_kept_for_later", "test_of_a_thread_that_goes_on", "test_of_a_program", "test_mocked", "test_a_download"}
FINE.add("test_nobody_was_looked_up")


def test_nothing_leaves_this_machine(tmp_path: Path) -> None:
    """A typed base_url, a client made at import or in an earlier test: each is refused in words, and fails its test."""
    run = run_pytest(tmp_path, LEAVING)
    outcomes = run.outcomes
    assert {name for name, outcome in outcomes.items() if outcome == "PASSED"} == FINE, run.output
    assert len(outcomes) == len(FINE) + 9
    assert outcomes["test_swallowed"] == "ERROR"
    assert "refused a request to https://api.weryai.com: its client has a base_url of its own" in run.output


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_redirect_is_not_followed_elsewhere(
    weryai_emulator: Emulator, faulty_server: FaultyServer, tmp_path: Path, kind: str
) -> None:
    """A download that this machine sends elsewhere is refused there, and before is not."""
    faulty_server.default("GET", "/", Reply(status=302, headers={"Location": "https://cdn.example.com/v.mp4"}))
    url = f"{faulty_server.url}/v.mp4"
    download = WeryAI().files.download if kind == "sync" else _run(AsyncWeryAI().files.download)
    with pytest.raises(weryai.DownloadError, match=r"lets nothing leave this machine for cdn\.example\.com"):
        download(url, tmp_path / "v.mp4")
    assert faulty_server.requests != []
    assert weryai_emulator.requests == []


def _run(function: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    return lambda *arguments: asyncio.run(function(*arguments))

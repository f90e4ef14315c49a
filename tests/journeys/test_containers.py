"""Clients in containers and behind proxies: private hosts, variables that are bad, and who is concerned by them."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.answers import STATUS, TASK, looked
from fakes.faces import fast_retry
from fakes.faulty_server import FaultyServer
from fakes.pictures import png
from weryai import AsyncWeryAI, ConfigurationError, DownloadError, NotSentError, WeryAI, bulk
from weryai.cli import run
from weryai.emulator import Emulator

PASSWORD = "hunter2-of-the-proxy"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "WERYAI_PRIVATE_HOSTS")
BAD = {
    "socks": {"ALL_PROXY": f"socks://u:{PASSWORD}@proxy.example:1080"},
    "no scheme known": {"HTTPS_PROXY": f"ftp://u:{PASSWORD}@proxy.example"},
    "a port that is none": {"HTTPS_PROXY": f"http://u:{PASSWORD}@proxy.example:{PASSWORD}"},
    "a bracket": {"ALL_PROXY": f"http://[{PASSWORD}"},
    "socks5 without its package": {"ALL_PROXY": f"socks5://u:{PASSWORD}@proxy.example:1080"},
    "certificates that are gone": {"SSL_CERT_FILE": "/nowhere/certificates.pem"},
    "no certificates": {"SSL_CERT_FILE": __file__},
}
ODD_BUT_HARMLESS = [
    "::1",
    "[::1]",
    "fd00::/8",
    "[::1",
    "localhost,::1,10.0.0.0/8",
    "a b",
    "*.example.com",
    ",,",
    "::1:8080",
]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without any of the variables, in both spellings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask(kind: type[Any], url: str, work: Any = lambda client: client.tasks.get(TASK)) -> Any:
    """Make a client, do one thing, close it."""

    async def awaited() -> Any:
        async with AsyncWeryAI("sk-containers", base_url=url, retry=fast_retry()) as client:
            return await work(client)

    if kind is AsyncWeryAI:
        return asyncio.run(awaited())
    with WeryAI("sk-containers", base_url=url, retry=fast_retry()) as client:
        return work(client)


@pytest.mark.parametrize("variables", BAD.values(), ids=list(BAD))
@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_a_bad_variable_concerns_who_needs_it(
    kind: type[Any],
    variables: dict[str, str],
    faulty_server: FaultyServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A service on this machine works; one elsewhere, and a download from there, name the variable, not its value."""
    faulty_server.default("GET", STATUS, looked("processing"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ask(kind, faulty_server.url).id == TASK
    with pytest.raises(ConfigurationError, match=next(iter(variables))) as caught:
        ask(kind, "https://api.example.com")
    assert PASSWORD not in str(caught.value)
    with pytest.raises(DownloadError, match=next(iter(variables))) as missed:
        ask(kind, faulty_server.url, lambda client: client.files.download("https://cdn.example.com/v.mp4", tmp_path))
    assert PASSWORD not in str(missed.value)


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_a_proxy_that_nobody_answers_at_is_named(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the proxy is what was not reached, the error names its variable, and not its password."""
    monkeypatch.setenv("https_proxy", f"http://u:{PASSWORD}@127.0.0.1:9")

    def work(client: Any) -> Any:
        return client.image_to_video.submit("https://example.com/a.jpg", prompt="She waves")

    with pytest.raises(NotSentError, match="through the proxy of https_proxy") as caught:
        ask(kind, "https://api.weryai.example", work)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("no_proxy", ODD_BUT_HARMLESS)
@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
def test_no_entry_of_no_proxy_breaks_a_client(
    kind: type[Any], no_proxy: str, faulty_server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever NO_PROXY holds, a client is made and works."""
    faulty_server.default("GET", STATUS, looked("processing"))
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert ask(kind, faulty_server.url).id == TASK


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_proxied"),
    [
        ("", "https://api.example.com", True), ("example.com", "https://api.example.com", False),
        (".example.com", "https://api.example.com", False), ("ample.com", "https://api.example.com", True),
        ("10.0.0.0/8", "https://10.1.2.3", False), ("10.0.0.0/8", "https://11.1.2.3", True),
        ("fd00::/8", "https://[fd00::5]", False), ("fd00::5", "https://[fd00::5]", False),
        ("*", "https://e.com", False), ("*.example.com", "https://api.example.com", False),
        ("*.example.com", "https://api.example.org", True), ("api.example.com.", "https://api.example.com", False),
        ("localhost .example.com", "https://api.example.com", False), ("x, *", "https://e.com", False),
        ("api.example.com:443", "https://api.example.com", False), ("e.com:8443", "https://e.com", True),
        ("e.com:8443", "https://e.com:8443", False), ("e.com:80", "https://e.com", True),
    ],
)  # fmt: skip
def test_proxies_are_used_as_the_variables_say(
    no_proxy: str, url: str, is_proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request to the service goes through the proxy unless NO_PROXY names its host or a network that it is in."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with WeryAI("sk-containers", base_url=url) as client:
        connections = client._runner._client
        chosen: Any = connections._transport_for_url(httpx.URL(url))
        assert (type(chosen._pool).__name__ == "HTTPProxy") is is_proxied


@pytest.mark.parametrize(
    "host", ["emulator", "my_service", "host.docker.internal", "api.default.svc.cluster.local", "10.0.0.5", "[fd00::5]"]
)
def test_a_named_private_host_may_be_plain_http(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private host that is named, by the parameter or by the variable, is reached by plain http, past every proxy."""
    url = f"http://{host}:8765"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="WERYAI_PRIVATE_HOSTS"):
        WeryAI("sk-containers", base_url=url)
    with WeryAI("sk-containers", base_url=url, private_hosts=["other", host]) as client:
        chosen: Any = client._runner._client._transport_for_url(httpx.URL(url))
        assert type(chosen._pool).__name__ == "ConnectionPool"
    monkeypatch.setenv("WERYAI_PRIVATE_HOSTS", f"other, {host.upper()}")
    WeryAI("sk-containers", base_url=url).close()
    with pytest.raises(ConfigurationError, match="plain http"):
        WeryAI("sk-containers", base_url=url, private_hosts=[])


@pytest.mark.parametrize(
    "host",
    ["api.weryai.com", "8.8.8.8", "2001:4860:4860::8888", "0.0.0.0", "*", "a/b", "evil.com.", "134744072", "0x8080808"],
)
def test_a_public_host_is_never_private(host: str) -> None:
    """A host that could be public is refused, whoever names it."""
    with pytest.raises(ConfigurationError, match="not private"):
        WeryAI("sk-containers", base_url="https://api.example.com", private_hosts=[host])


def test_the_fixtures_need_nothing_of_the_surroundings(tmp_path: Path) -> None:
    """The plugin's fixtures work with stale certificates, bad proxies, a foreign HOME and no terminal."""
    (tmp_path / "test_app.py").write_text(
        "import weryai\n"
        "def test_app(weryai_client, async_weryai_client):\n"
        "    assert weryai_client.account.balance() == weryai.WeryAI().account.balance() == 1000\n"
    )
    surroundings = {
        **os.environ, "SSL_CERT_FILE": "/nowhere.pem", "ALL_PROXY": "socks://x", "NO_PROXY": "::1,[::1", "TERM": "dumb",
        "HOME": "/nowhere/at/all",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env=surroundings, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A working folder in which nobody, not even root, makes a file; the folder of the image may be written."""
    (tmp_path / "a.png").write_bytes(png())
    monkeypatch.setenv("WERYAI_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.chdir("/proc")
    with Emulator(video="fixed", waiting=0.0, processing=0.0) as running:
        monkeypatch.setenv("WERYAI_API_KEY", running.key)
        monkeypatch.setenv("WERYAI_BASE_URL", running.url)
        monkeypatch.setenv("WERYAI_MODELS_BASE_URL", running.url)
        yield running


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_read_only_root_is_told_before_paying(
    read_only: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the working folder takes no video nothing is bought, and the message says what to name."""
    assert run(["generate", str(tmp_path / "a.png"), "-p", "She waves"]) == 2
    told = capsys.readouterr().err
    assert "the working folder cannot be written" in told
    assert "name another place for the video as output" in told
    assert [one.path for one in read_only.requests if one.method == "POST"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_paid_video_that_cannot_be_stored_stays_paid(
    read_only: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`wait` and `resume` on a read-only root say how the video is fetched elsewhere, and not that nothing was sent."""
    assert run(["submit", str(tmp_path / "a.png"), "-p", "She waves"]) == 0
    task_id = capsys.readouterr().out.strip()
    for words in (["wait", task_id], ["resume", "--all"]):
        assert run(words) == 5
        told = capsys.readouterr().err
        assert f"`weryai wait {task_id} --output FOLDER`" in told
        assert "othing was sent" not in told
    assert run(["resume", "--all", "--output", str(tmp_path)]) == 0
    assert (tmp_path / f"{task_id}.mp4").is_file()
    assert len(read_only.ledger) == 1


def test_without_a_folder_for_temporary_files_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan, and an emulator that renders, name TMPDIR before they begin."""

    def gettempdir() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    (tmp_path / "a.png").write_bytes(png())
    monkeypatch.setattr(tempfile, "gettempdir", gettempdir)
    with pytest.raises(ConfigurationError, match="name one in TMPDIR"):
        bulk.plan(tmp_path, {"prompt": "She waves"})
    with pytest.raises(OSError, match="name one in TMPDIR"):
        Emulator()

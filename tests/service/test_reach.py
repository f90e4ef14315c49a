"""The suite at hosts that are not this machine, and at services that refuse in other ways: as a person runs it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import uvicorn

from fakes.certificates import certificate_in
from fakes.other_services import refuse_in_body, serve_below
from fakes.recording_service import KEY
from guard import network_guard
from weryai.contract import _full
from weryai.contract._full import run_raw
from weryai.contract._live import live_set, place_of
from weryai.contract._record import Bounds, Checks, EndlessAnswerError, MismatchError, Record, Secret
from weryai.contract._suite import _check_credits
from weryai.emulator import Emulator, _server
from weryai_api.models import UploadData, UploadFileReply

ROOT = Path(__file__).parents[2]
RESOLVING = str(ROOT / "tests" / "fakes" / "resolving")
TEST_HOST = "weryai.test"
# The first folder's sitecustomize runs, and the other's does not: nothing guards this child but its own resolver.
UNGUARDED = os.pathsep.join([RESOLVING, network_guard.FOLDER])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file with a certificate and its key; both are made now, and good for nothing else."""
    return certificate_in(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, certificate: str) -> str:
    """Every emulator of this test speaks TLS; return the certificate to trust."""
    made = _server.uvicorn_config

    def with_tls(*given: Any, **named: Any) -> uvicorn.Config:
        config = made(*given, **named)
        config.ssl_certfile = certificate
        return config

    monkeypatch.setattr(_server, "uvicorn_config", with_tls)
    return certificate


def contract(folder: Path, *words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in a world of one host and return how it ended."""
    command = [sys.executable, "-m", "weryai", "contract", f"--reports={folder}", "--cases=3", *words]
    environment = {**os.environ, "PYTHONPATH": UNGUARDED, "RESOLVED": TEST_HOST, **surroundings}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False)


def test_a_host_that_nobody_knows_is_told_once(tmp_path: Path) -> None:
    """The live set leaves for a real host: no answer came, told once, with both reports, 1, and no traceback."""
    done = contract(tmp_path, "--url=https://nohost.invalid", WERYAI_API_KEY=KEY)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("no answer came from nohost.invalid: ConnectError") == 1
    root = ElementTree.fromstring((tmp_path / "junit.xml").read_text(encoding="utf-8"))
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
    assert "no answer came" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert KEY not in done.stdout + "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())


def test_a_name_that_exists_gets_free_requests_only(tmp_path: Path) -> None:
    """At a host by name only the live set leaves, and there to the named host alone; TLS is asked for."""
    with Emulator(video="fixed") as emulator:
        port = emulator.url.rpartition(":")[2]
        done = contract(tmp_path, f"--url=https://{TEST_HOST}:{port}", WERYAI_API_KEY=KEY)
        assert emulator.requests == []
    assert done.returncode == 1
    assert "no answer came from weryai.test: ConnectError" in done.stdout
    assert done.stderr == ""


def test_the_live_set_works_at_a_real_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    """By its name, with TLS and a certificate that this machine is told to trust, every request is asked and holds."""
    serve_below(monkeypatch, "")
    with Emulator(video="fixed", model_rules="off", concurrency=None, key=KEY) as emulator:
        url = f"https://{TEST_HOST}:{emulator.url.rpartition(':')[2]}"
        done = contract(tmp_path, f"--url={url}", WERYAI_API_KEY=KEY, SSL_CERT_FILE=tls)
        sent = [one.method for one in emulator.requests]
    assert done.returncode == 0, done.stdout + done.stderr
    planned = [one.method for one in live_set(place_of(url))]
    assert (sent, set(sent)) == (planned, {"GET", "POST"})
    assert f"live set: {len(planned)} of {len(planned)} checks hold" in done.stdout
    assert KEY not in done.stdout + "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())


def test_a_test_system_gets_the_full_suite_and_no_real_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    """By any name, below a path, over TLS; the key of the environment is neither sent nor shown."""
    serve_below(monkeypatch, "/mock/v2")
    with Emulator(video="fixed", model_rules="off", concurrency=None, key="sk-emulator", balance=10**9) as emulator:
        port = emulator.url.rpartition(":")[2]
        url = f"https://{TEST_HOST}:{port}/mock/v2"
        words = [f"--url={url}", "--test-system", "--only=getBalance"]
        done = contract(tmp_path, *words, WERYAI_API_KEY=KEY, SSL_CERT_FILE=tls)
        sent = [value for one in emulator.requests for value in one.headers.values()]
        asked = {one.path for one in emulator.requests if "schemathesis-probe" not in one.path}
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked == {"/v1/generation/balance"}
    assert sent != [] and not [value for value in sent if KEY in value]
    refused = contract(tmp_path, f"--url={url.replace('https', 'http')}", WERYAI_API_KEY=KEY)
    assert refused.returncode == 2 and "--test-system" in refused.stderr


def test_every_part_trusts_the_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    """What is sent by hand and by clients goes over TLS as well; without the certificate each is told."""
    secret = Secret("sk-emulator")
    with Emulator(video="fixed", key=secret.key) as emulator:
        place = place_of(emulator.url.replace("http:", "https:"))
        trusted, untrusted = Checks(secret), Checks(secret)
        run_raw(place, secret, Record(secret), untrusted)
        monkeypatch.setenv("SSL_CERT_FILE", tls)
        run_raw(place, secret, Record(secret), trusted)
    assert [check.problems for check in trusted.all] == [[]] * 4
    assert ["CERTIFICATE_VERIFY_FAILED" in check.problems[0].text for check in untrusted.all] == [True] * 4


def test_no_part_reads_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent by hand and by clients, blocking and awaited, stops reading as the live set does."""
    secret = Secret("sk-emulator")
    checks, record = Checks(secret), Record(secret)
    monkeypatch.setattr(_full, "ANSWER", Bounds(size=5))
    with Emulator(video="fixed", key=secret.key) as emulator:
        run_raw(place_of(emulator.url), secret, record, checks)

        async def look() -> None:
            async with httpx.AsyncClient(transport=_full.Recording(record, "t")) as client:
                await client.get(f"{emulator.url}/v1/generation/balance", headers={"Authorization": "Bearer k"})

        with pytest.raises(EndlessAnswerError):
            asyncio.run(look())
    assert ["is larger than" in check.problems[0].text for check in checks.failed] == [True] * 4


def test_a_refused_upload_is_told_in_words() -> None:
    """Where the generated client reads no data, the sentence says what came instead."""
    refused = UploadFileReply.from_dict({"status": 1002, "message": "no"})
    with pytest.raises(MismatchError, match=r'no UploadData in what came: \{"status": 1002, "message": "no"\}'):
        _full._data(refused, UploadData)
    with pytest.raises(MismatchError, match="no UploadData in what came: None"):
        _full._data(None, UploadData)


def test_a_key_without_credits_is_told_first() -> None:
    """The first cause is what has to be done; that valid requests were refused follows from it."""
    checks, record = Checks(Secret(KEY)), Record(Secret(KEY))
    for body in (b'{"status": 1011}', b'{"status": 1004}', b'{"status": 1002}', b'{"status": 0}', b"<html>"):
        record.note("sweep", ("POST", "https://e.com/v1/generation/text-to-video", "", b""), 200, {}, body)
    _check_credits(record.all()[2:], checks)
    assert checks.all == []
    checks.add("schemathesis", "valid requests are accepted", "1 was not")
    _check_credits(record.all(), checks)
    assert checks.causes[0].problem.text.startswith("2 submissions were refused for want of credits: ")


def test_a_service_that_refuses_in_its_envelope_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 4xx as HTTP 200 with a code keeps the contract; who asks for HTTP statuses is told of each, with a curl."""
    refuse_in_body(monkeypatch)
    words = [["--refusals=body"], ["--refusals=http", "--only=submitImageToVideo"]]
    with Emulator(video="fixed", model_rules="off", concurrency=None, balance=10**9) as emulator:
        right, wrong = (
            contract(tmp_path, f"--url={emulator.url}", *word, WERYAI_API_KEY=emulator.key) for word in words
        )
    assert right.returncode == 0, right.stdout + right.stderr
    assert wrong.returncode == 1
    assert "curl -i -X POST" in wrong.stdout and "$WERYAI_API_KEY" in wrong.stdout

"""schemathesis as anybody runs it: its command against the URL of a running emulator, every check, every phase."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from contract.reading import CONTRACT
from weryai.emulator import Emulator

#: What it finds, and why that stays: `docs/emulator.md` lists the same.
LISTED = {
    # A schema cannot say that the bytes must be an image, a video or a sound, so made-up bytes are refused.
    ("POST /v1/generation/upload-file", "Schema-valid request rejected"),
}


def test_every_check_of_schemathesis_finds_only_what_is_listed(tmp_path: Path) -> None:
    """Positive, negative and stateful: no finding but the listed one, and the contract's links are followed."""
    with Emulator(video="fixed", balance=None, concurrency=0, model_rules="off") as emulator:
        key = f"Authorization: Bearer {emulator.key}"
        words = ["run", f"{emulator.url}/openapi.json", "--checks", "all", "-H", key]
        more = ["--max-examples", "5", "--seed", "1", "--no-color", "--generation-database", "none"]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *words, *more],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    told = done.stdout + done.stderr
    found: set[tuple[str, str]] = set()
    for section in re.split(r"^_{3,} (?=[A-Z]+ /)", told, flags=re.MULTILINE)[1:]:
        label = section.partition(" __")[0]
        body = section.partition("\n====")[0]
        found |= {(label, name) for name in re.findall(r"^- (?:ST\d+ )?(.+)$", body, flags=re.MULTILINE)}
    assert found <= LISTED, told[-6000:]
    links = re.search(r"API Links: +(\d+) covered / (\d+) selected", told)
    assert links is not None, told[-6000:]
    assert int(links[1]) >= 1, told[-6000:]
    assert "5xx" not in re.sub(r"Expected:.*", "", told)


def test_the_contract_is_served_with_this_emulator_as_its_server() -> None:
    """Whoever reads the contract from here sends everything here, models included; nothing is noted, no key needed."""
    with Emulator(video="fixed") as emulator:
        served = httpx.get(f"{emulator.url}/openapi.json", trust_env=False).json()
        assert emulator.exchanges == []
        assert served["servers"] == [{"url": emulator.url}]
        operations = [one for item in served["paths"].values() for one in item.values() if isinstance(one, dict)]
        assert [one["operationId"] for one in operations if "servers" in one] == []
        assert len(served["paths"]) == len(CONTRACT["paths"])


def test_the_contracts_own_example_upload_is_taken() -> None:
    """The example stands for the bytes of an image, so it counts as one; the same words with a dot do not."""
    body = CONTRACT["paths"]["/v1/generation/upload-file"]["post"]["requestBody"]["content"]["multipart/form-data"]
    (example,) = (one["value"]["file"] for one in body["examples"].values())
    with Emulator(video="fixed") as emulator:
        headers = {"Authorization": f"Bearer {emulator.key}"}
        for data, status in ((example, 0), (f"{example}.", 1002)):
            url = f"{emulator.url}/v1/generation/upload-file"
            reply = httpx.post(url, files={"file": data.encode()}, headers=headers, trust_env=False)
            assert reply.json()["status"] == status

"""`weryai doctor` finds what is wrong around the package, says what to do, and costs nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.commands import environment, weryai_here
from fakes.refusing import RefusingPort
from fakes.surroundings import JOURNEY_KEY
from weryai.emulator import Emulator


def findings(
    *arguments: str, base_url: str, folder: Path, key: str | None = "sk-emulator", **more: str
) -> dict[str, dict]:
    """Run the command with --json and return what it found, by name."""
    surroundings = {**environment(base_url, key), "WERYAI_MODELS_BASE_URL": base_url, **more}
    done = subprocess.run(
        [sys.executable, "-m", "weryai", "doctor", "--json", *arguments], env=surroundings,
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    found = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == (0 if all(one["is_fine"] for one in found.values()) else 1), done
    return found


def wrong(found: dict[str, dict]) -> set[str]:
    """The names of what is not fine; each of them has a remedy."""
    bad = {name for name, one in found.items() if not one["is_fine"]}
    assert [name for name in bad if not found[name]["remedy"]] == []
    return bad


def test_a_sound_place_is_told_so(tmp_path: Path) -> None:
    """At a service that answers nothing needs a look, nothing is bought, and the key is in no line."""
    with Emulator(port=0, video="fixed", key="sk-emulator") as emulator:
        found = findings(base_url=emulator.url, folder=tmp_path)
        assert wrong(found) == set()
        assert found["balance"]["said"] == "1000 credits"
        assert emulator.ledger == []
    assert "sk-emulator" not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "key", "more"),
    [
        ("key", None, {}),
        ("key", "'sk-quoted'", {}),
        ("proxies", "sk-emulator", {"SSL_CERT_FILE": "/nowhere/cert.pem"}),
        ("journal", "sk-emulator", {"WERYAI_JOURNAL": "/proc/nowhere/journal.db"}),
        ("journal", "sk-emulator", {"WERYAI_JOURNAL": "."}),
        ("journal", "sk-emulator", {"WERYAI_JOURNAL": "damaged.db"}),
    ],
)
def test_what_is_wrong_here_is_named(tmp_path: Path, name: str, key: str | None, more: dict[str, str]) -> None:
    """A missing or quoted key, a lost certificate, and a journal that cannot be written or read, are named."""
    (tmp_path / "damaged.db").write_text("no database")
    found = findings("--offline", base_url="http://127.0.0.1:9", folder=tmp_path, key=key, **more)
    assert wrong(found) == {name}


def test_a_refused_key_is_told(tmp_path: Path) -> None:
    """What the service says of a wrong key is told, and the rest is looked at all the same."""
    with Emulator(port=0, video="fixed", key="sk-emulator") as emulator:
        found = findings(base_url=emulator.url, folder=tmp_path, key=JOURNEY_KEY)
    assert wrong(found) == {"registry", "balance"}
    assert "WERYAI_API_KEY" in str(found["balance"]["said"])
    assert found["clock"]["is_fine"]


def test_nobody_there_is_told(tmp_path: Path) -> None:
    """A service that cannot be reached is named, and the command ends in words."""
    with RefusingPort() as port:
        assert wrong(findings(base_url=port.url, folder=tmp_path)) == {"registry", "balance"}


def test_a_person_reads_lines(tmp_path: Path) -> None:
    """Each finding is one line, with its remedy below it."""
    ended = weryai_here("doctor", "--offline", base_url=None, key=None, folder=tmp_path)
    assert "look key" in ended.output
    assert "set WERYAI_API_KEY" in ended.output
    assert ended.code == 1


@pytest.mark.parametrize("value", ["http://me:s3cret@proxy:1", "me:s3cret@proxy:1", "http://me:s3/cr@et@proxy:1"])
def test_the_password_of_a_proxy_is_not_shown(tmp_path: Path, value: str) -> None:
    """However the URL of a proxy is spelt, nothing before its last @ is shown."""
    found = findings("--offline", base_url="http://127.0.0.1:9", folder=tmp_path, ALL_PROXY=value, all_proxy=value)
    assert "ALL_PROXY=***@proxy:1" in str(found["proxies"]["said"])
    assert "s3" not in json.dumps(found)

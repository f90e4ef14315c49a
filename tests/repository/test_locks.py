"""The lock files hold what pyproject.toml asks for, hashed, and say nothing about where it comes from."""

import re
import tomllib
from functools import cache

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from repository.places import ROOT

LOCKS = ("demo", "dev", "docs")
#: The extras that a lock is for, where that is not all of them.
EXTRAS = {"demo": ("cli", "emulator")}
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)$"
)


@cache
def pins(lock: str) -> dict[str, set[Version]]:
    """Return the locked versions by name; every line must be a pin with hashes and nothing else."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    found: dict[str, set[Version]] = {}
    for line in filter(None, re.sub(r"\s*\\\n\s*", " ", text).split("\n")):
        match = PIN.match(line)
        assert match, f"{lock}.lock holds more than a pin with hashes: {line[:100]}"
        if match["marker"]:
            Marker(match["marker"])
        found.setdefault(canonicalize_name(match["name"]), set()).add(Version(match["version"]))
    return found


def asked_for(lock: str) -> list[Requirement]:
    """Return the direct requirements of pyproject.toml that a lock must satisfy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    names = [lock] + [entry["include-group"] for entry in groups[lock] if isinstance(entry, dict)]
    lines = [entry for name in names for entry in groups[name] if isinstance(entry, str)]
    lines += project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    lines += [entry for extra in EXTRAS.get(lock, extras) for entry in extras[extra]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked(lock: str) -> None:
    """Every direct requirement is in the lock, in a version that pyproject.toml allows; if not, run `make lock`."""
    for requirement in asked_for(lock):
        versions = pins(lock).get(canonicalize_name(requirement.name))
        assert versions, f"{requirement} is not in {lock}.lock; run: make lock"
        assert [one for one in versions if not requirement.specifier.contains(one, prereleases=True)] == [], requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_is_locked(lock: str) -> None:
    """A lock names no index and no other address."""
    assert "://" not in (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", ["demo", "docs"])
def test_the_locks_agree(lock: str) -> None:
    """What two locks have in common is one version, so that one environment serves all."""
    shared = pins(lock).keys() & pins("dev").keys()
    assert "httpx" in shared
    assert {name: pins(lock)[name] for name in shared if pins("dev")[name] != pins(lock)[name]} == {}
    assert lock == "docs" or pins(lock).keys() <= pins("dev").keys()

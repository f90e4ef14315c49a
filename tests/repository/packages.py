"""The project's packages, as its backend builds them."""

import importlib.metadata
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository.places import ROOT

BUILD = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def build(kind: str, folder: Path) -> zipfile.ZipFile:
    """Build a wheel of one kind with the project's backend."""
    command = [sys.executable, "-c", BUILD, kind, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


def brought(lines: list[str] | None, extras: Collection[str]) -> Iterator[str]:
    """Yield the names of what requirements bring with these extras, one by one and with theirs."""
    for one in map(Requirement, lines or []):
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(one.name)
            yield from brought(importlib.metadata.requires(one.name), one.extras)


def needed_by(site: Path, extra: str) -> set[str]:
    """The distributions that an unpacked wheel asks for with an extra."""
    (metadata,) = site.glob("*.dist-info")
    return set(brought(importlib.metadata.Distribution.at(metadata).requires, [extra]))


def fill(site: Path, names: Collection[str]) -> None:
    """Put links to distributions beside an unpacked wheel, as pip would install them there; nothing else is found."""
    installed = Path(sysconfig.get_path("purelib"))
    for name in names:
        files = importlib.metadata.files(name) or []
        for part in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            (site / part).symlink_to(installed / part)

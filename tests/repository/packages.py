"""The project's packages, as its backend builds them."""

import subprocess
import sys
import zipfile
from pathlib import Path

from repository.places import ROOT

BUILD = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def build(kind: str, folder: Path) -> zipfile.ZipFile:
    """Build a wheel of one kind with the project's backend."""
    command = [sys.executable, "-c", BUILD, kind, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(folder / done.stdout.split()[-1])

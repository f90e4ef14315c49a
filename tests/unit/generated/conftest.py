"""A small client, made once with our templates and once with the generator's own."""

import importlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent
OPENAPI = HERE.parents[2] / "openapi"


@dataclass(frozen=True)
class Made:
    """A generated package, by its import name."""

    package: str

    def __getitem__(self, module: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{module}")


def make(folder: Path, package: str, *options: str) -> Made:
    """Generate the small client into a folder that is on the import path."""
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    command += ["--path", str(HERE / "small.yaml"), "--config", str(OPENAPI / "generator.yaml"), *options]
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    subprocess.run(
        [*command, "--output-path", str(folder / package)],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )
    return Made(package)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the import path."""
    folder = tmp_path_factory.mktemp("made")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def ours(folder: Path) -> Made:
    """The small client as our templates make it."""
    return make(folder, "small_ours", "--custom-template-path", str(OPENAPI / "templates"))


@pytest.fixture(scope="session")
def stock(folder: Path) -> Made:
    """The small client as the generator makes it by itself."""
    return make(folder, "small_stock")

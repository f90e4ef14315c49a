"""What people install is what the repository means them to have."""

import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fakes.surroundings import guarded
from repository.packages import build
from repository.places import GENERATED, OVERLAY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that people install."""
    return build("build_wheel", tmp_path_factory.mktemp("wheel"))


def on_disk(package: Path) -> set[str]:
    """The files of a package as they would be named in a wheel."""
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix() for path in files}


def test_the_wheel_holds_exactly_the_two_packages(wheel: zipfile.ZipFile) -> None:
    """The wheel is weryai and weryai_api with all their files and data, its own metadata, and nothing else."""
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == on_disk(OVERLAY) | on_disk(GENERATED)


@pytest.mark.parametrize(
    "name",
    [
        "weryai/py.typed",
        "weryai_api/py.typed",
        "weryai_api/openapi.json",
        "weryai/emulator/data/astronaut.jpg",
        "weryai/emulator/data/fixed.mp4",
        "weryai/emulator/page/index.html",
        "weryai/emulator/page/main.js",
        "weryai/emulator/page/look.css",
    ],
)
def test_the_wheel_holds_the_data(wheel: zipfile.ZipFile, name: str) -> None:
    """Type markers, the contract, the emulator's data and its page travel in the wheel."""
    assert name in wheel.namelist()


def test_the_wheel_carries_the_licences(wheel: zipfile.ZipFile) -> None:
    """Our licence and the one of the copied templates are in the wheel."""
    licences = {name.split(".dist-info/licenses/")[-1] for name in wheel.namelist() if "/licenses/" in name}
    assert licences == {"LICENSE", "openapi/templates/LICENSE"}


def test_a_bare_installation_brings_what_the_client_needs(wheel: zipfile.ZipFile) -> None:
    """Without extras httpx and attrs are installed and nothing else; the development environment would hide a gap."""
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    lines = message_from_bytes(wheel.read(metadata)).get_all("Requires-Dist", [])
    assert {one.name for one in map(Requirement, lines) if one.marker is None} == {"httpx", "attrs"}


def test_the_wheel_works_without_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked anywhere the wheel imports, and its contract can be read; the checkout is not needed."""
    wheel.extractall(tmp_path)
    program = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {sysconfig.get_path("purelib")!r}]
import importlib.resources, json, weryai, weryai_api
assert weryai.__file__.startswith({str(tmp_path)!r}), weryai.__file__
assert weryai_api.__file__.startswith({str(tmp_path)!r}), weryai_api.__file__
contract = json.loads(importlib.resources.files("weryai_api").joinpath("openapi.json").read_bytes())
assert contract["openapi"].startswith("3.1")
weryai.WeryAI, weryai.AsyncWeryAI
"""
    # -S leaves out the .pth file of the editable installation.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", guarded(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_editable_wheel_points_at_both_folders(tmp_path: Path) -> None:
    """`pip install -e .` puts the two source folders on the path, where type checkers find them too."""
    wheel = build("build_editable", tmp_path)
    (pth,) = (name for name in wheel.namelist() if name.endswith(".pth"))
    lines = {Path(line) for line in wheel.read(pth).decode().split("\n") if line}
    assert lines == {OVERLAY.parent, GENERATED.parent}


def test_the_editable_installation_works(tmp_path: Path) -> None:
    """From any folder, both packages are imported from this checkout."""
    program = "import weryai, weryai_api; print(weryai.__file__); print(weryai_api.__file__)"
    command = [sys.executable, "-I", "-c", guarded(program)]
    found = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split("\n")
    assert [Path(line).parent for line in found if line] == [OVERLAY, GENERATED]

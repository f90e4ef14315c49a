"""Make generated_client/ from openapi/weryai.yaml, or check that it is what the contract says."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "openapi"
CONTRACT = SOURCES / "weryai.yaml"
CONFIGURATION = SOURCES / "generator.yaml"
TEMPLATES = SOURCES / "templates"
TARGET = ROOT / "generated_client"
PACKAGE = "weryai_api"
TOOLS = ("openapi-python-client", "ruff")
#: What the package is made of; a note or a log that somebody left beside it is not.
SUFFIXES = (".py", ".json", ".typed")
#: What `info` knows of no operation that is described: for readers of the YAML, and not shipped.
NOT_SHIPPED = ("x-observations", "x-other-operations")


class GenerationError(Exception):
    """The client cannot be made; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Generate, or with --check compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail naming every file that differs")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="weryai-generate-") as folder:
            made = Path(folder).resolve() / TARGET.name
            generate(made)
            if options.check:
                return report(compare(made, TARGET))
            put_into_place(made, TARGET)
    except GenerationError as error:
        print(f"openapi/generate.py: {error}", file=sys.stderr)
        return 1
    print(f"made {TARGET.name}/{PACKAGE} from {CONTRACT.relative_to(ROOT).as_posix()}")
    return 0


def generate(folder: Path) -> None:
    """Write the whole of generated_client/ to a folder that does not exist yet."""
    versions = pinned_versions()
    package = folder / PACKAGE
    folder.mkdir(parents=True)
    run_generator(package)
    remove_caches(package)
    (package / "py.typed").write_bytes(b"")
    (package / "openapi.json").write_bytes(contract_as_json())
    (folder / "PROVENANCE.json").write_bytes(as_json(provenance(versions, package)))


def pinned_versions() -> dict[str, str]:
    """Return the tools' versions; refuse others than the ones pinned in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = {entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str)}
    versions = {tool: version(tool) for tool in TOOLS}
    for tool, installed in versions.items():
        if f"{tool}=={installed}" not in pins:
            raise GenerationError(f"{tool} {installed} is installed, which is not the version pinned in pyproject.toml")
    return versions


def run_generator(package: Path) -> None:
    """Run the generator; it must not warn, because a warning means that a piece was dropped."""
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    command += ["--fail-on-warning", "--overwrite", "--path", str(CONTRACT), "--config", str(CONFIGURATION)]
    command += ["--custom-template-path", str(TEMPLATES), "--output-path", str(package)]
    done = subprocess.run(
        command, cwd=package.parent, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise GenerationError(f"the generator failed:\n{done.stdout}{done.stderr}")


def clean_environment() -> dict[str, str]:
    """Return the few variables the generator needs, with the ruff of this environment first on the path."""
    kept = ("HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "PYTHONHASHSEED")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    scripts = sysconfig.get_path("scripts")
    environment["PATH"] = os.pathsep.join((scripts, os.environ.get("PATH", os.defpath)))
    environment["PYTHONUTF8"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment


def contract_as_json() -> bytes:
    """Return the contract as JSON in the order of the YAML, for readers without a YAML parser; see NOT_SHIPPED."""
    contract: Any = YAML(typ="safe").load(CONTRACT)
    contract["info"] = {name: fact for name, fact in contract["info"].items() if name not in NOT_SHIPPED}
    try:
        return as_json(contract, indent=None)
    except TypeError as error:
        raise GenerationError(
            f"{CONTRACT.name} holds a value that JSON cannot (a date without quotes?): {error}"
        ) from None


def as_json(value: object, indent: int | None = 2) -> bytes:
    """Return the one way in which this script writes JSON; without indentation for what is shipped and not read."""
    separators = None if indent else (",", ":")
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def provenance(versions: dict[str, str], package: Path) -> dict[str, object]:
    """Return what the package was made with and from, and the digest of the result."""
    templates = sorted(path for path in TEMPLATES.rglob("*.jinja") if path.is_file())
    sources = [CONTRACT, CONFIGURATION, *templates]
    return {
        "made_by": "openapi/generate.py",
        "tools": versions,
        "sources": {path.relative_to(ROOT).as_posix(): digest(path.read_bytes()) for path in sources},
        PACKAGE: tree_digest(package),
    }


def digest(content: bytes) -> str:
    """Return the sha256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def tree_digest(folder: Path) -> str:
    """Return one sha256 over the names and the contents of all files of a folder."""
    lines = [f"{digest(content)}  {name}\n" for name, content in sorted(files_in(folder).items())]
    return digest("".join(lines).encode())


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a package by its relative name."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(SUFFIXES))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def remove_caches(folder: Path) -> None:
    """Remove what the interpreter or a tool may have left between the generated files."""
    for cache in [*folder.rglob("__pycache__"), *folder.rglob(".ruff_cache")]:
        shutil.rmtree(cache)


def compare(made: Path, present: Path) -> list[str]:
    """Return one line for every file that differs, is missing or is extra."""
    wanted, found = files_in(made), files_in(present)
    complaints = dict.fromkeys(wanted.keys() - found.keys(), "missing")
    complaints |= dict.fromkeys(found.keys() - wanted.keys(), "extra")
    complaints |= {name: "differs" for name in wanted.keys() & found.keys() if wanted[name] != found[name]}
    return [f"{what}: {present.name}/{name}" for name, what in sorted(complaints.items())]


def report(complaints: list[str]) -> int:
    """Print the outcome of the comparison; return the exit code."""
    if not complaints:
        return 0
    print("\n".join(complaints), file=sys.stderr)
    print("generated_client/ is not what openapi/ says; run: make generate", file=sys.stderr)
    return 1


def put_into_place(made: Path, target: Path) -> None:
    """Replace the folder as a whole, so that files which are no longer generated vanish."""
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for left_over in (new, old):
        shutil.rmtree(left_over, ignore_errors=True)
    shutil.copytree(made, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

"""The generated client is what the contract says, whoever makes it and wherever."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from repository.places import ROOT

HOSTILE_RUFF = 'line-length = 40\nextend-exclude = ["*"]\n[format]\nquote-style = "single"\n'
BALANCE = '\n              schema: {$ref: "#/components/schemas/BalanceReply"}'


def generate(
    root: Path, *options: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the script of a checkout."""
    command = [sys.executable, str(root / "openapi" / "generate.py"), *options]
    return subprocess.run(
        command, cwd=cwd or root, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def checkout(folder: Path) -> Path:
    """Copy what the generation reads to another folder."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "openapi", folder / "openapi", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every generated file with its content."""
    kinds = (".py", ".json", ".typed")
    files = (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(kinds))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_committed_client_is_fresh() -> None:
    """generated_client/ is byte for byte what `make generate` makes of the contract."""
    done = generate(ROOT, "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_neither_hash_seeds_nor_surroundings_matter(tmp_path: Path, seed: str) -> None:
    """The same bytes come out under any hash seed, working directory, ruff configuration and ignore file around."""
    around = tmp_path / "around"
    root = checkout(around / "deep" / "a checkout")
    for folder in (around, tmp_path / "temporary"):
        folder.mkdir(exist_ok=True)
        (folder / "ruff.toml").write_text(HOSTILE_RUFF)
        (folder / ".gitignore").write_text("*\n")
        (folder / ".ignore").write_text("*\n")
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    settings = {"PYTHONHASHSEED": seed, "TMPDIR": str(tmp_path / "temporary"), "RUFF_CONFIG": str(around / "ruff.toml")}
    done = generate(root, cwd=around, **settings)
    assert done.returncode == 0, done.stderr
    assert tree(root / "generated_client") == tree(ROOT / "generated_client")


def test_every_deviation_is_named(tmp_path: Path) -> None:
    """--check names each file that differs, is missing or is extra; generating again puts all three right."""
    root = checkout(tmp_path / "checkout")
    package = shutil.copytree(ROOT / "generated_client", root / "generated_client") / "weryai_api"
    (package / "client.py").write_text("# edited by hand\n")
    (package / "py.typed").unlink()
    (package / "stale.py").write_text("")
    named = generate(root, "--check").stderr
    for complaint in ("differs: {}client.py", "missing: {}py.typed", "extra: {}stale.py"):
        assert complaint.format("generated_client/weryai_api/") in named
    assert generate(root).returncode == 0
    (package / "notes.log").write_bytes(b"\xff somebody's own\r\n")
    assert generate(root, "--check").returncode == 0, "a file that is no part of a package is not the contract's"


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        pytest.param("type: boolean", "type: [boolean, {}]", id="an error"),
        pytest.param(f"application/json:{BALANCE}", f"application/pdf:{BALANCE}", id="only a warning"),
    ],
)
def test_what_the_generator_cannot_express_fails(tmp_path: Path, sound: str, broken: str) -> None:
    """A contract the generator would drop a piece of is refused, and the client in place stays as it was."""
    root = checkout(tmp_path / "checkout")
    shutil.copytree(ROOT / "generated_client", root / "generated_client")
    contract = root / "openapi" / "weryai.yaml"
    text = contract.read_text(encoding="utf-8")
    assert sound in text
    contract.write_text(text.replace(sound, broken, 1), encoding="utf-8")
    done = generate(root)
    assert done.returncode == 1
    assert "the generator failed" in done.stderr
    assert tree(root / "generated_client") == tree(ROOT / "generated_client")


@pytest.mark.parametrize("tool", ["openapi-python-client", "ruff"])
def test_another_version_of_a_tool_is_refused(tmp_path: Path, tool: str) -> None:
    """Whoever has other versions than the pinned ones installed is told so, and nothing is made."""
    root = checkout(tmp_path / "checkout")
    project = root / "pyproject.toml"
    text, pins = re.subn(rf'"{tool}==[^"]+"', f'"{tool}==0.0.1"', project.read_text(encoding="utf-8"))
    assert pins == 1
    project.write_text(text, encoding="utf-8")
    done = generate(root)
    assert done.returncode == 1
    assert re.search(rf"{tool} \S+ is installed, which is not the version pinned in pyproject\.toml", done.stderr)
    assert not (root / "generated_client").exists()


def test_the_generator_sees_nothing_of_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment only what a process needs reaches the generator, and the ruff it finds is our own."""
    for variable in ("PYTHONPATH", "PYTHONSTARTUP", "RUFF_CONFIG", "RUFF_OUTPUT_FORMAT", "LANG", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "of the caller")
    environment = runpy.run_path(str(ROOT / "openapi" / "generate.py"))["clean_environment"]()
    own = {"PATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"}
    assert own <= set(environment) <= own | {"HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "PYTHONHASHSEED"}
    assert environment["PATH"].split(os.pathsep)[0] == sysconfig.get_path("scripts")


def test_the_provenance_names_every_source() -> None:
    """PROVENANCE.json has a digest of the contract, of the configuration and of each template."""
    named = json.loads((ROOT / "generated_client" / "PROVENANCE.json").read_text(encoding="utf-8"))["sources"]
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "openapi" / "templates").rglob("*.jinja")}
    assert templates
    assert set(named) == {"openapi/weryai.yaml", "openapi/generator.yaml"} | templates

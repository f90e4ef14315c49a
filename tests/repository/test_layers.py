"""Imports go down, never up."""

import subprocess
import sys
from pathlib import Path

import pytest

from repository.places import GENERATED, OVERLAY, ROOT, imported, python_files, relative

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint(['--no-cache']))"
HTTPX = {"_client", "awaiting", "runner", "http", "surroundings", "webhooks"}
#: The contract suite speaks to services beside the client, which it judges as well.
HTTPX |= {"_record", "_live", "_full", "_suite"}
#: What the pytest plugin knows beyond public names: the time, which no user is to turn,
#: what the process remembers, and where requests may go.
PLUGIN_KNOWS = {
    ("weryai._flow.clock", "skipping"),
    ("weryai._journal.recording", "MEMORY"),
    ("weryai._transport.http", "checking"),
}
EMULATOR = python_files(OVERLAY / "emulator")


def test_the_layers_hold() -> None:
    """Every contract of import-linter in pyproject.toml is kept."""
    done = subprocess.run([sys.executable, "-c", LINT_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " kept, 0 broken" in done.stdout


def test_httpx_is_known_to_few_modules() -> None:
    """Httpx is imported in these modules alone, so that another HTTP library would be a small change."""
    files = python_files(OVERLAY)
    knowing = {file.stem for file in files if any(name.split(".")[0] == "httpx" for name, _ in imported(file))}
    assert knowing == HTTPX


@pytest.mark.parametrize("file", EMULATOR, ids=relative)
def test_the_emulator_shares_no_code_with_the_client(file: Path) -> None:
    """The emulator imports neither weryai_api nor any part of weryai but itself, so no mistake hides on both sides."""
    for module, name in imported(file):
        assert not module.startswith("."), "the emulator names what it imports in full"
        if module.split(".")[0] in ("weryai", "weryai_api"):
            assert f"{module}.{name}".startswith("weryai.emulator."), f"imports {module} {name}"


def test_the_command_line_uses_public_names() -> None:
    """The command line imports from the rest of weryai only what a user could import."""
    found = [one for file in python_files(OVERLAY / "cli") for one in imported(file)]
    assert ("weryai", "errors") in found
    inside = {f"..{file.stem}" for file in python_files(OVERLAY / "cli", "*.py")}
    for module, name in found:
        if (module.split(".")[0] == "weryai" or module.startswith("..")) and module not in inside:
            parts = [*module.split("."), name]
            assert module.startswith("weryai"), f"a relative import of {module}"
            assert [part for part in parts if part.startswith("_")] == [], f"imports {module} {name}"


def test_the_pytest_plugin_uses_public_names() -> None:
    """So does the pytest plugin, but for the time that its tests skip."""
    found = {one for file in python_files(OVERLAY / "testing") for one in imported(file)}
    private = {(module, name) for module, name in found if "weryai" in module and "._" in f".{module}.{name}"}
    assert private == PLUGIN_KNOWS
    assert [one for one in found if one[0].startswith(".")] == []


def test_the_generated_client_stands_alone() -> None:
    """The generated client never imports weryai."""
    for file in python_files(GENERATED):
        assert not [module for module, _ in imported(file) if module.split(".")[0] == "weryai"], relative(file)

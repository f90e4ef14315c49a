"""The public names are written down, so that none changes by accident."""

import importlib

from repository.places import ROOT

RECORD = ROOT / "tests" / "repository" / "public_names.txt"
MODULES = ("weryai", "weryai.bulk", "weryai.emulator", "weryai.testing", "weryai.webhooks")


def test_the_public_names_are_those_recorded() -> None:
    """What `__all__` of each public module holds is what public_names.txt holds; change both, and CHANGELOG.md."""
    names = [f"{module}.{name}" for module in MODULES for name in importlib.import_module(module).__all__]
    assert sorted(names) == RECORD.read_text(encoding="utf-8").splitlines()

"""The table of licences is what the installed packages say of themselves."""

import importlib.metadata
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from repository.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TABLE = {
    name: (extras.strip(), licence.strip())
    for name, extras, licence in re.findall(
        r"^\| ([a-z0-9-]+) \| ([a-z, -]+) \| ([\w.-]+) \|$", (ROOT / "docs" / "licences.md").read_text("utf-8"), re.M
    )
    if name != "package"
}


def required() -> dict[str, list[str]]:
    """The packages that we name, each with the extras that bring it."""
    found: dict[str, list[str]] = {}
    for extra, lines in {"base": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}.items():
        for line in lines:
            found.setdefault(Requirement(line).name, []).append(extra)
    return found


def said_by(package: str) -> str:
    """What a package says its licence is, in the field's short words."""
    about = importlib.metadata.metadata(package)
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    said = about.get("License-Expression") or "".join(classifiers).split(" :: ")[-1] or about.get("License", "nothing")
    return str(said).removesuffix(" License")


def test_every_package_that_we_name_has_its_extras() -> None:
    """Each package of pyproject.toml stands in docs/licences.md with every extra that brings it, and no other does."""
    assert {name: extras.split(", ") for name, (extras, _) in TABLE.items()} == required()


@pytest.mark.parametrize("package", list(TABLE))
def test_a_licence_is_what_the_package_says(package: str) -> None:
    """A package that changes its licence fails this, with both names."""
    assert said_by(package) == TABLE[package][1]

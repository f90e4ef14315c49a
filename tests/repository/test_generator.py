"""What the repository relies on in the generator, so that an upgrade cannot pass silently."""

import hashlib
import importlib
import inspect
from importlib.resources import files
from pathlib import Path

import pytest

from repository.places import GENERATED, OPENAPI, relative

TEMPLATES = OPENAPI / "templates"

# Of openapi-python-client 0.29.1. After an upgrade compare the originals, carry over what changed, then record anew.
ORIGINALS = {
    "client.py.jinja": "4eac65762f21014a7fbf59e730f1be6d28c9c85ddc1c40b458b6ff5f67a64c9e",
    "endpoint_module.py.jinja": "c1b2628053eb4875ba59566baa5ae907666f9cbfafa308d93f970a4404b7cd52",
    "model.py.jinja": "fd1c79680d51c06cfbb89809ad123750ba9add98b688036c04cabbf1f8ba40a0",
    "models_init.py.jinja": "4f64a3d6e1b15a561be5573c1b7702eb928c0e4fa6b67107d20e57a74c44d51a",
    "package_init.py.jinja": "ac15907e32dc39bd9b83ea6f2002fb87514f2182b97f88231b5a9c47321f6210",
    "property_templates/boolean_property.py.jinja": "df1821adba9279487e424d6f75a59bfd1c4638136385f2857fd1013a630e0735",
    "property_templates/enum_property.py.jinja": "28f1074bdd5f0d7e66618c7e3e5b6e3b75467adf25a971922905df0bf3dcf126",
    "property_templates/list_property.py.jinja": "4390b5f673fdb10d1ae7f47fd2720a88dce53a4c64a6137549559566f9107a2c",
    "property_templates/union_property.py.jinja": "03790f2710deaeb219c18e518ae183ad4a41eda1f78cf625d139edff7546cd26",
    "types.py.jinja": "93df9d75883a4eafac77dd21bc6907f3ef612e3f7841e08656618dcf6c4ce494",
}


def test_every_overridden_template_is_known() -> None:
    """Each template of ours overrides a recorded original, and each recorded original is overridden."""
    assert {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.jinja")} == set(ORIGINALS)


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_originals_are_the_ones_we_copied(name: str) -> None:
    """The installed generator's template is the one that ours was copied from."""
    original = files("openapi_python_client").joinpath("templates", *name.split("/"))
    assert hashlib.sha256(original.read_bytes()).hexdigest() == ORIGINALS[name], f"{name} has changed upstream"


@pytest.mark.parametrize("name", ORIGINALS)
def test_every_template_says_what_was_changed(name: str) -> None:
    """A template starts with a comment that says from where it was copied and what was changed and why."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert text.startswith("{#\nCopied from openapi-python-client 0.29.1 (MIT")
    assert "* " in text.partition("#}")[0]


def test_the_templates_carry_their_licence() -> None:
    """The copied templates come with the MIT notice of their authors."""
    text = (TEMPLATES / "LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in text
    assert "Triax Technologies" in text


ENDPOINTS = [path for path in sorted(GENERATED.glob("api/*/*.py")) if path.name != "__init__.py"]


def test_there_are_endpoints() -> None:
    """The rule below is about something."""
    assert len(ENDPOINTS) >= 8


@pytest.mark.parametrize("path", ENDPOINTS, ids=lambda path: path.stem)
def test_every_endpoint_has_the_hinge(path: Path) -> None:
    """Every generated endpoint has `_get_kwargs` and `_parse_response`, on which `_endpoint.call` turns."""
    name = relative(path).removeprefix("generated_client/").removesuffix(".py").replace("/", ".")
    module = importlib.import_module(name)
    for hinge in ("_get_kwargs", "_parse_response"):
        assert inspect.isfunction(getattr(module, hinge, None)), (
            f"the generator renamed its hinge: {name} has no {hinge}"
        )
    assert list(inspect.signature(module._parse_response).parameters) == ["client", "response"]

"""The contract as the emulator reads it."""

from importlib.machinery import ModuleSpec

import pytest

from weryai.emulator import _protocol as contract


@pytest.mark.parametrize("spec", [None, ModuleSpec("weryai_api", None, is_package=True)], ids=["no package", "no file"])
def test_a_missing_contract_is_told(monkeypatch: pytest.MonkeyPatch, spec: ModuleSpec | None) -> None:
    """An incomplete installation says so."""
    monkeypatch.setattr(contract, "find_spec", lambda _name: spec)
    with pytest.raises(contract.ContractMissingError, match="not installed completely"):
        contract.contract_path()


def test_operations_are_told_apart() -> None:
    """Every operation has a name and a place of its own, and the modelled ones are in the contract."""
    operations = contract.load_operations(contract.contract_path())
    assert (
        len({one.name for one in operations}) == len({(one.method, one.path) for one in operations}) == len(operations)
    )
    modelled = {"submitImageToVideo", "submitMultiImageToVideo", "submitTextToVideo", "getTaskStatus"}
    modelled |= {"getBatchStatus", "uploadFile", "getBalance"}
    assert modelled <= {one.name for one in operations}


def test_references_are_followed() -> None:
    """A reference may pass through another, and a name may hold escaped characters."""
    document = {"a": {"$ref": "#/b~1c"}, "b/c": {"$ref": "#/d"}, "d": {"value": 1}}
    assert contract.resolve(document, {"$ref": "#/a"}) == {"value": 1}


def test_formats_are_checked() -> None:
    """What is no URI is refused where the contract asks for one."""
    validator = contract.validator_for({}, {"type": "string", "format": "uri"})
    assert validator.is_valid("https://example.com/a.jpg")
    assert not validator.is_valid("not a uri")

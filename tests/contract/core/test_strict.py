"""The strict twin refuses what an open contract lets through, and says where."""

from pathlib import Path
from typing import Any

from contract import core
from contract.core.strict import Twins, strict
from contract.reading import CONTRACT, STRICT, TWINS

OPEN = {"anyOf": [{"type": "string"}, {}]}


def anything(part: Any) -> bool:
    """Whether a choice in a document has the alternative of anything."""
    if isinstance(part, dict):
        choices = [one for name in ("anyOf", "oneOf") for one in part.get(name, ())]
        return {} in choices or any(map(anything, part.values()))
    return isinstance(part, list) and any(map(anything, part))


def test_the_twin_has_no_choice_of_anything() -> None:
    """The contract has such choices, its twin has none, and whatever else the contract says is the same."""
    assert anything(CONTRACT) and not anything(STRICT)
    assert strict(STRICT) == STRICT
    assert STRICT["paths"] == CONTRACT["paths"]


def test_data_in_a_document_is_no_schema() -> None:
    """An example that happens to look like a choice stays as it is, and a choice of anything alone stays one."""
    document = {"anyOf": [{}], "example": OPEN, "examples": [OPEN], "default": OPEN}
    assert strict(document) == document
    assert strict({"properties": {"a": OPEN}}) == {"properties": {"a": {"anyOf": [{"type": "string"}]}}}


def test_only_the_twin_sees_below_the_envelope() -> None:
    """What the contract lets through for want of knowledge is drift, told at its place; what it forbids fails."""
    odd = {
        "TaskStatusReply": ({"data": {"videos": [42]}}, "/data/videos/0"),
        "BatchStatusReply": ({"data": [{"task_result": "none yet"}]}, "/data/0/task_result"),
        "WebhookDelivery": ({"data": {"output": [1]}}, "/data/output"),
    }
    for schema, (body, pointer) in odd.items():
        reference = f"#/components/schemas/{schema}"
        assert TWINS.failures(reference, body) == []
        drift = TWINS.drift(reference, body)
        assert drift
        assert [line for line in drift if not line.startswith(f"{pointer}: ")] == []
    reference = "#/components/schemas/SubmitReply"
    for body in ({"status": []}, {"data": {"batch_id": [[True]]}}, {"data": 7}):
        assert TWINS.failures(reference, body) and not TWINS.drift(reference, body)


def test_a_sound_value_is_neither() -> None:
    """A value that both allow is neither failure nor drift."""
    twins = Twins({"components": {"schemas": {"A": {"properties": {"a": OPEN}}}}})
    assert (
        twins.failures("#/components/schemas/A", {"a": "x"}) == twins.drift("#/components/schemas/A", {"a": "x"}) == []
    )
    assert twins.drift("#/components/schemas/A", {"a": 1}) == ['/a: 1 is not of type "string"']


def test_the_core_names_no_api() -> None:
    """No module of the core has a word of an API, or imports what has one: it can be copied as it is."""
    folder = Path(core.__file__).parent
    texts = {file.name: file.read_text("utf-8") for file in folder.glob("*.py") if not file.name.startswith("test_")}
    assert len(texts) >= 4
    for name, text in texts.items():
        words = [word for word in ("wery", "video", "task_", "batch_id", "contract.") if word in text.lower()]
        assert words == [], name

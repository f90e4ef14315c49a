"""Both validators say the same of the contract's own values, and a difference between them would be told."""

from collections.abc import Callable
from typing import Any

import pytest

from contract.core import Document, strict
from contract.generated import bodies
from contract.reading import CONTRACT, SCHEMAS, request_examples, response_examples
from contract.second import Both, Disagreement, is_schema

EXAMPLES = [*request_examples(), *response_examples()]


@pytest.mark.parametrize("twin", [CONTRACT, strict(CONTRACT)], ids=["open", "strict"])
def test_both_take_every_example(twin: dict[str, Any]) -> None:
    """Each example of each request and each answer is sound to both, by the contract and by its strict twin."""
    for example in EXAMPLES:
        Both({"$ref": example.schema, "components": twin["components"]}, validate_formats=True).validate(example.value)


def test_both_judge_bodies_and_their_breaks_alike() -> None:
    """Bodies with each value of each field, and with each foreign one: one verdict, whichever library is asked."""
    before = Both.judged
    for name, schema in SCHEMAS.items():
        if "properties" not in schema:
            continue
        judge = Both({"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]})
        for body in bodies(schema):
            judge.is_valid(body)
        for field in schema["properties"]:
            for foreign in (None, "", 0, -1, 1.0, 2**64, True, [], [[]], {}, {"x": None}):
                judge.is_valid({**bodies(schema)[0], field: foreign})
    assert Both.judged - before > 2000
    assert is_schema(SCHEMAS["TaskData"])
    assert len(Document(CONTRACT).operations) > 5


@pytest.mark.parametrize("sound", [True, False])
def test_a_difference_is_told(sound: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """If one library lets through what the other refuses, the verdict is nobody's, whichever way round."""
    judge = Both({"type": "integer"})
    wrong: Callable[[Any], bool] = lambda _: not sound  # noqa: E731
    monkeypatch.setattr(judge, "_second", type("Second", (), {"is_valid": staticmethod(wrong)}))
    with pytest.raises(Disagreement, match="jsonschema"):
        judge.is_valid(7 if sound else "seven")

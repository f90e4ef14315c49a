"""What openapi/compare.py says of a changed contract, and how it ends."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from repository.places import GENERATED
from spec_diff.contract import Contract
from spec_diff.report import compare, lines

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("spec_changes.yaml").read_text(encoding="utf-8"))
REAL: dict[str, Any] = json.loads((GENERATED / "openapi.json").read_bytes())


def place(document: dict[str, Any], path: str) -> tuple[Any, Any]:
    """The container and the last step of a dotted path."""
    first, *steps = path.split(".") if not path.startswith("paths.") else path.split(".", 2)
    operations = {one.identifier: one.node for one in Contract(document).operations()}
    node: Any = {**document, "schemas": document["components"]["schemas"], **operations}
    if not steps:
        return document, first
    for step in (first, *steps[:-1]):
        node = node[int(step) if isinstance(node, list) else step]
    return node, int(steps[-1]) if isinstance(node, list) else steps[-1]


def edited(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """A copy of a document with the edits of a case."""
    text = json.dumps(document)
    old, new = case.get("everywhere", ("", ""))
    changed: dict[str, Any] = json.loads(text.replace(json.dumps(old), json.dumps(new)) if old else text)
    for path, value in case.get("set", {}).items():
        node, step = place(changed, path)
        if isinstance(node, list) and step == len(node):
            node.append(value)
        else:
            node[step] = copy.deepcopy(value)
    for path in case.get("drop", ()):
        node, step = place(changed, path)
        del node[step]
    for path, name in case.get("rename", {}).items():
        node, step = place(changed, path)
        items = [(name if key == step else key, value) for key, value in node.items()]
        node.clear()
        node.update(items)
    return changed


def said(case: dict[str, Any]) -> tuple[list[str], bool]:
    """What is printed about a case, and whether anything in it breaks callers."""
    document = CASES["sample"] if case.get("in") == "sample" else REAL
    old, new = Contract(document), Contract(edited(document, case))
    found = compare(old, new)
    return list(lines(found, [one.label for one in new.operations()])), any(one.change.breaks for one in found)


@pytest.mark.parametrize("case", CASES["breaking"], ids=lambda case: case["change"])
def test_a_breaking_change_is_called_so(case: dict[str, Any]) -> None:
    """A change that can break a caller is told in words, at its place, as one that breaks."""
    printed, broken = said(case)
    assert broken
    told = [number for number, line in enumerate(printed) if line.startswith("  error") and case["says"] in line]
    assert len(told) == 1, "\n".join(printed)
    heading = next(line for line in reversed(printed[: told[0]]) if line and not line.startswith(" "))
    assert case.get("reaches", heading) == heading


@pytest.mark.parametrize("case", CASES["harmless"], ids=lambda case: case["change"])
def test_a_harmless_change_is_called_so(case: dict[str, Any]) -> None:
    """A change that breaks nobody is told as well, and nothing about it is called breaking."""
    printed, broken = said(case)
    assert not broken, "\n".join(printed)
    assert [line for line in printed if line.startswith("  error")] == []
    told = [number for number, line in enumerate(printed) if case["says"] in line]
    assert len(told) == 1, "\n".join(printed)
    assert case.get("reaches", "") in "\n".join(printed[: told[0]])


@pytest.mark.parametrize("case", CASES["unsure"], ids=lambda case: case["change"])
def test_a_change_that_only_people_can_judge_is_a_warning(case: dict[str, Any]) -> None:
    """It is told as a warning, and nothing about it is called breaking."""
    printed, broken = said(case)
    assert not broken, "\n".join(printed)
    told = [line for line in printed if line.startswith("  warning") and case["says"] in line]
    assert len(told) == 1, "\n".join(printed)
    assert "look at 1 warning" in printed[-1]


def test_there_are_enough_cases() -> None:
    """At least forty breaking and twenty harmless changes, each told apart by its name."""
    names = [case["change"] for kind in ("breaking", "unsure", "harmless") for case in CASES[kind]]
    assert len(CASES["breaking"]) >= 40 and len(CASES["harmless"]) >= 20
    assert len(set(names)) == len(names)

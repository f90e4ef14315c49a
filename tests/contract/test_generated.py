"""Each generated module does what the contract says, and a mistake that is derived from its code is seen."""

import importlib
from collections import Counter
from collections.abc import Iterator

import pytest

from contract.generated import line, module_names, problems
from mutants.derived_code import CodeMistake, derived, seen_by

# Every so many-th mistake is made in each run of the suite; `make mutants ONLY=generated.derived` makes all.
STEP = 3
LEAST = {
    "argument": 110, "class": 20, "condition": 14, "default": 140, "field": 50, "key": 300, "number": 12,
    "required": 3, "result": 70, "statement": 200, "swapped": 30,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    """End the clients that the rules share."""
    yield
    line().close()
    line.cache_clear()


@pytest.mark.parametrize("name", module_names())
def test_a_generated_module_keeps_the_contract(name: str) -> None:
    """Fields, classes, defaults, words, foreign values; path, method, body, every status, all four faces."""
    assert list(problems(importlib.import_module(name))) == []


def test_derived_mistakes_of_the_code_are_seen() -> None:
    """A sample of all mistakes: each is told by a rule."""
    assert [one.name for one in derived()[::STEP] if not seen_by(one)] == []


def test_every_kind_of_code_mistake_is_derived() -> None:
    """No kind has dried up."""
    many = Counter(one.kind for one in derived())
    assert {kind: many[kind] for kind in LEAST if many[kind] < LEAST[kind]} == {}
    assert set(many) == set(LEAST)


def mistake(module: str, told: str) -> CodeMistake:
    """The mistake of a module that is told so."""
    return next(one for one in derived() if one.module == f"weryai_api.{module}" and one.told == told)


@pytest.mark.parametrize(
    ("module", "told", "problem"),
    [
        ("models.task_data", "cover_url has a letter more", "TaskData"),
        ("models.submit_data", "task_ids is None", "SubmitData"),
        ("models.known_resolution", "'4k' has a letter more", "its words are"),
        ("models.image_to_video_request", "video_number has none", "made of what is required alone"),
        ("models.models_reply", "'data' has a letter more", "ModelsReply.data is a dict"),
        ("api.account.get_balance", "'get' has a letter more", "getBalance is sent as"),
        ("api.tasks.get_task_status", "ErrorReply is a dict", "getTaskStatus"),
    ],
)
def test_a_code_mistake_is_told_by_its_place(module: str, told: str, problem: str) -> None:
    """The problem names the model or the operation in which the mistake is, and the original has no problem after."""
    assert problem in seen_by(mistake(module, told))
    assert list(problems(importlib.import_module(f"weryai_api.{module}"))) == []

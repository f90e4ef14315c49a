"""The list of mutants fits the code, and has one for each limit, default, word, code and class of retries."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from contract.reading import SCHEMAS, operation, resolve
from mutants.everything import EQUIVALENT, MUTANTS, SELF_TESTS, chosen
from mutants.mutant import Mutant, MutantError
from repository.places import ROOT
from weryai._flow import retry

REQUEST = SCHEMAS["ImageToVideoRequest"]
LIMITS = ("minLength", "maxLength", "minimum", "maximum", "pattern", "format", "minItems", "maxItems", "x-page-maximum")
COVERED = {name for one in MUTANTS for name in one.covers}
LEAST = {"contract": 20, "generated": 15, "overlay": 25, "emulator": 5}


def limits(schema: dict[str, Any]) -> Iterator[str]:
    """The keywords of a field that limit its values, those of its alternatives included."""
    for option in map(resolve, [schema, *schema.get("anyOf", [])]):
        yield from (keyword for keyword in LIMITS if keyword in option)


def wanted() -> Iterator[str]:
    """What the contract says of the endpoint, and the rows of the table of retries; each needs a mutant."""
    yield "limit additionalProperties"
    for field, schema in REQUEST["properties"].items():
        yield from (f"limit {field}.{keyword}" for keyword in limits(schema))
        if "default" in schema:
            yield f"default {field}"
    yield from (f"required {field}" for field in REQUEST["required"])
    yield from (f"limit {one['what']}" for one in operation("uploadFile").spec["x-limits"] if "image" in one["what"])
    yield from (f"code {one['code']}" for one in SCHEMAS["ErrorReply"]["x-error-codes"])
    for state, words in SCHEMAS["KnownTaskStatus"]["x-states"].items():
        yield from (f"state {state}", *(f"word {word}" for word in words))


def rows() -> list[str]:
    """The failures that the table at the top of retry.py tells apart."""
    cells = re.findall(r"^\| ([^|]+?) +\|", retry.__doc__ or "", re.MULTILINE)
    return [cell for cell in cells if cell not in ("what came back",)]


@pytest.mark.parametrize("mutant", [*MUTANTS, *SELF_TESTS], ids=lambda one: one.id)
def test_every_mutant_fits(mutant: Mutant) -> None:
    """The text that a mutant replaces stands in its file exactly once, and the files to try first exist."""
    mutant.edited((ROOT / mutant.file).read_text(encoding="utf-8"))
    assert mutant.claim and mutant.first
    assert [name for name in mutant.first if not (ROOT / name).is_file()] == []


def test_a_mutant_that_does_not_fit_is_noticed() -> None:
    """A text that is gone, stands there twice or is replaced by itself is an error of the list."""
    for old, new in (("nowhere", "x"), ("e", "x"), ("one line", "one line")):
        with pytest.raises(MutantError, match=r"overlay\.x"):
            Mutant("overlay.x", "a.py", old, new, "", ()).edited("one line here")


def test_ids_are_unique() -> None:
    """No two mutants have the same id, or are the same edit."""
    assert [name for name, times in Counter(one.id for one in MUTANTS).items() if times > 1] == []
    assert len({(one.file, one.old, one.new) for one in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("area", LEAST)
def test_every_area_has_enough(area: str) -> None:
    """Contract, generated code, overlay and emulator each have their share of the mutants."""
    assert sum(one.area == area for one in MUTANTS) >= LEAST[area]
    assert {one.area for one in MUTANTS} == set(LEAST)


@pytest.mark.parametrize("what", list(wanted()))
def test_everything_the_contract_says_of_the_endpoint_has_a_mutant(what: str) -> None:
    """Each limit, required field, default, error code, status word and state has a mutant: add one with a new one."""
    assert what in COVERED


@pytest.mark.parametrize("row", rows())
def test_every_class_of_retries_has_a_mutant(row: str) -> None:
    """Each row of the table at the top of retry.py has a mutant."""
    assert any(row.startswith(name.removeprefix("retry ")) for name in COVERED if name.startswith("retry "))


def test_no_mutant_covers_what_is_not_there() -> None:
    """What a mutant says to cover is in the contract, or in the table of retries."""
    claimed = {name for name in COVERED if not name.startswith("retry ")}
    assert claimed - set(wanted()) == set()
    begun = [name.removeprefix("retry ") for name in COVERED if name.startswith("retry ")]
    assert [name for name in begun if not any(row.startswith(name) for row in rows())] == []


def test_few_survivors_are_excused() -> None:
    """At most a tenth of the mutants is listed as equivalent, each by its id and with a proof in words."""
    assert set(EQUIVALENT) <= {one.id for one in MUTANTS}
    assert len(EQUIVALENT) <= len(MUTANTS) / 10
    assert all(len(proof) > 40 for proof in EQUIVALENT.values())


def test_some_can_be_chosen() -> None:
    """ONLY takes ids and beginnings of ids, and says which of them are unknown."""
    assert chosen("") == MUTANTS
    assert {one.area for one in chosen("emulator")} == {"emulator"}
    assert [one.id for one in chosen("overlay.word.fail, overlay.code.1005")].count("overlay.code.1005") == 1
    with pytest.raises(MutantError, match=r"no mutant is called overlay\.nothing"):
        chosen("overlay.nothing,emulator")

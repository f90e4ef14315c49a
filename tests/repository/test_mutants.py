"""The list of mutants fits the code, and a rename or a move of what a mutant is in costs nothing."""

import ast
import builtins
import re
from collections import Counter

import pytest

from contract.reading import SCHEMAS
from mutants.edits import Entry, Lose, PythonEdit, Swap, Text, dropped, renamed, replaced
from mutants.everything import EQUIVALENT, MUTANTS, SELF_TESTS, chosen
from mutants.mutant import Mutant, modules_by_name
from mutants.sources import MutantError, Sources, here

LEAST = {"contract": 50, "generated": 30, "overlay": 120, "emulator": 15}
FILE = "overlays/weryai/_room/module.py"
CODE = '''"""A module."""
CODES = frozenset({1, 2})
WORDS = {"new": State.NEW, "old": State.OLD}

class Queue:
    """Jobs."""

    def take(self, most, *rest):
        """Take some."""
        if self.many < most and self.is_open:
            self.log("taken", most, loud=True)
            return db.execute("select id from jobs where state = 'new'"
                              " limit ?")
        match most:
            case None:
                return 0
            case _ if most > 5:
                return 5
'''


def edited(edit: PythonEdit, code: str = CODE, file: str = FILE) -> str:
    """The code with an edit in it, as Python would write it."""
    change = edit.change(Sources({file: code}))
    return ast.unparse(ast.parse(change.applied(code)))


def misfit(mutant: Mutant) -> str | None:
    """What is wrong with a mutant, in words."""
    try:
        text = here().texts[mutant.change.file]
        mistaken = mutant.change.applied(text)
    except MutantError as error:
        return str(error)
    if mistaken == text:
        return "changes nothing"
    if not mutant.change.file.endswith(".py"):
        return None
    old, new = ast.parse(text), ast.parse(mistaken)
    words = {one.id for one in ast.walk(new) if isinstance(one, ast.Name)} - set(re.findall(r"\w+", text))
    unknown = words - set(dir(builtins))
    return f"names {unknown}, which the module does not know" if unknown or ast.dump(old) == ast.dump(new) else None


def test_every_mutant_fits() -> None:
    """Each mutant has exactly one place, leaves the file readable, and names nothing that its module does not know."""
    wrong = {one.id: complaint for one in [*MUTANTS, *SELF_TESTS] if (complaint := misfit(one)) is not None}
    assert wrong == {}


def test_the_tests_to_try_first_exist() -> None:
    """Each mutant has a claim and names at least one test module, and only such as there are."""
    assert [one.id for one in MUTANTS if not one.claim or not one.first] == []
    assert {
        name: one.id for one in [*MUTANTS, *SELF_TESTS] for name in one.first if name not in modules_by_name()
    } == {}


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (Swap("Queue.take", old="A < B", new="A <= B"), "self.many < most", "self.many <= most"),
        (Swap("take", old="case None: return 0", new="case None: return 1"), "return 0", "return 1"),
        (Swap("take", old="self.log(A, ...)"), "self.log('taken', most, loud=True)", "pass"),
        (Swap("module:take", old="loud=True", new="loud=False"), "loud=True", "loud=False"),
        (Swap("module:", old="if A > 5: ...", new="pass"), None, None),
        (Lose("CODES", item="2"), "{1, 2}", "{1}"),
        (Lose("take", item="self.is_open"), "self.many < most and self.is_open", "self.many < most"),
        (Lose("take", item="loud=True"), ", loud=True", ""),
        (Lose("WORDS", item="'old'"), ", 'old': State.OLD", ""),
        (Entry("WORDS", key="new", value="State.OLD"), "State.NEW", "State.OLD"),
        (Text("take", old="limit ?", new="limit 1"), "limit ?", "limit 1"),
    ],
)
def test_what_an_edit_changes(edit: PythonEdit, before: str | None, after: str | None) -> None:
    """An edit changes the one place that it means, and nothing else."""
    if before is None or after is None:
        with pytest.raises(MutantError, match="fits 0 times"):
            edited(edit)
        return
    whole = ast.unparse(ast.parse(CODE))
    assert whole.count(before) == 1
    assert edited(edit) == whole.replace(before, after)


@pytest.mark.parametrize("edit", [Swap("Queue.take", old="A < B", new="A <= B"), Lose("CODES", item="2")])
def test_a_rename_or_a_move_costs_no_mutant(edit: PythonEdit) -> None:
    """The mistake is the same one in another file, under other names, in other lines and another format."""
    moved = CODE.replace("take", "fetch").replace("most", "limit").replace("Queue", "Line").replace("CODES", "NUMBERS")
    moved = '"""Moved."""\n\n\n' + moved.replace("{1, 2}", "{\n    1,\n    2,\n}")
    here_it_is = edited(edit).replace("take", "fetch").replace("most", "limit").replace("Queue", "Line")
    changed = edited(edit, moved, "overlays/weryai/elsewhere/other.py")
    assert changed.partition("\n\n")[2] in here_it_is.replace("CODES", "NUMBERS")


@pytest.mark.parametrize(
    "edit",
    [
        Swap("take", old="nowhere", new="x"),
        Swap("take", old="return A", new="return None"),
        Swap("gone", old="A < B", new="A < B"),
        Lose("CODES", item="3"),
        Entry("WORDS", key="other", value="1"),
        Text("take", old="e", new="x"),
    ],
)
def test_a_mutant_that_does_not_fit_is_noticed(edit: PythonEdit) -> None:
    """What is gone, stands there more than once or becomes itself is an error of the list."""
    with pytest.raises(MutantError):
        edited(edit)


@pytest.mark.parametrize(
    "edit",
    [dropped("components", "nothing"), replaced("paths", "/gone", "get", by=1), renamed("servers", "x", to="y")],
    ids=["dropped", "replaced", "renamed"],
)
def test_what_is_not_in_the_contract_is_noticed(edit: object) -> None:
    """A mistake in a part of the contract that is not there is an error of the list."""
    with pytest.raises(MutantError):
        Mutant("contract.x", edit, "", ()).change  # type: ignore[arg-type]  # noqa: B018


def test_ids_are_unique() -> None:
    """No two mutants have the same id, or are the same edit."""
    assert {name: times for name, times in Counter(one.id for one in MUTANTS).items() if times > 1} == {}
    places = Counter((one.change.file, one.change.start, one.change.end, one.change.new) for one in MUTANTS)
    assert {place: times for place, times in places.items() if times > 1} == {}


def test_every_area_has_enough() -> None:
    """Contract, generated code, overlay and emulator each have their share of the mutants."""
    many = Counter(one.area for one in MUTANTS)
    assert {area: many[area] for area in LEAST if many[area] < LEAST[area]} == {}
    assert set(many) == set(LEAST)


def test_what_derives_itself_is_whole() -> None:
    """Every error code, status word, limit and default that the contract has is once wrong."""
    ids = {one.id for one in MUTANTS}
    request = SCHEMAS["ImageToVideoRequest"]
    wanted = {f"overlay.code.{row['code']}" for row in SCHEMAS["ErrorReply"]["x-error-codes"]}
    wanted |= {f"overlay.word.{word}" for words in SCHEMAS["KnownTaskStatus"]["x-states"].values() for word in words}
    wanted |= {f"contract.required.{name}" for name in request["required"]}
    for name, field in request["properties"].items():
        limits = {"minLength", "maxLength", "minimum", "maximum", "pattern", "format", "x-page-maximum"} & set(field)
        wanted |= {f"contract.limit.{name}.{limit}" for limit in limits}
        wanted |= {f"contract.default.{name}"} if "default" in field else set()
    assert wanted - ids == set()


def test_few_survivors_are_excused() -> None:
    """At most a tenth of the mutants is listed as equivalent, each by its id and with a proof in words."""
    assert set(EQUIVALENT) - {one.id for one in MUTANTS} == set()
    assert len(EQUIVALENT) <= len(MUTANTS) / 10
    assert {name: proof for name, proof in EQUIVALENT.items() if len(proof) <= 40} == {}


def test_some_can_be_chosen() -> None:
    """ONLY takes ids and beginnings of ids, and says which of them are unknown."""
    assert chosen("") == MUTANTS
    assert {one.area for one in chosen("emulator")} == {"emulator"}
    assert [one.id for one in chosen("overlay.word.fail, overlay.code.1005")].count("overlay.code.1005") == 1
    with pytest.raises(MutantError, match=r"no mutant is called overlay\.nothing"):
        chosen("overlay.nothing,emulator")

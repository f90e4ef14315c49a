"""Mistakes that the contract derives from itself are seen by the hand-typed rules, each with its place."""

from collections import Counter

from contract.core.derived import GONE, Mistake, mistakes
from contract.reading import CONTRACT
from mutants.derived import HARMLESS, derived, excuse, seen_by

LEAST = {
    "choice": 70, "default": 15, "example": 150, "limit": 140, "nullability": 140, "openness": 20, "required": 140,
    "security": 20, "status": 140, "type": 140, "word": 60, "media": 20, "method": 10, "parameter": 4, "path": 10,
    "reference": 50, "server": 2,
}  # fmt: skip
SMALL = {
    "paths": {"/a": {"get": {"security": [{"k": []}], "responses": {"200": {"$ref": "#/1"}, "404": {"$ref": "#/2"}}}}},
    "components": {
        "schemas": {
            "A": {
                "type": "object",
                "required": ["b"],
                "properties": {"b": {"type": ["string", "null"], "maxLength": 3}, "c": {"enum": ["x", "y"]}},
            }
        }
    },
}


def test_every_derived_mistake_is_seen() -> None:
    """Each limit, word, type, mark, status, example and security of the contract is once wrong, and a rule says so."""
    survivors = [one for one in derived() if not seen_by(one)]
    assert [one.name for one in survivors if not excuse(one)] == []
    assert len(survivors) <= len(derived()) / 50, "too many mistakes are excused"
    needed = {pattern for pattern in HARMLESS if any(HARMLESS[pattern] == excuse(one) for one in survivors)}
    assert needed == set(HARMLESS), "an excuse that nothing needs"


def test_every_kind_is_derived() -> None:
    """No kind of mistake has dried up: each is derived at least so many times."""
    many = Counter(one.kind for one in derived())
    assert {kind: many[kind] for kind in LEAST if many[kind] < LEAST[kind]} == {}
    assert set(many) == set(LEAST)


def test_a_problem_names_the_place() -> None:
    """What a rule says of a derived mistake starts with a JSON pointer."""
    assert [one.name for one in derived()[::7] if (problem := seen_by(one)) and not problem.startswith("/")] == []


def test_what_is_derived_from_a_small_document() -> None:
    """Each part of a document gives its mistakes, typed by hand."""
    assert [one.name for one in mistakes(SMALL)] == [
        "path /paths /a is another",
        "method /paths/~1a get is put",
        "security /paths/~1a/get/security",
        "security /paths/~1a/get/security = []",
        "status /paths/~1a/get/responses/200",
        "status /paths/~1a/get/responses/200/$ref = '#/2'",
        "status /paths/~1a/get/responses/404",
        "status /paths/~1a/get/responses/404/$ref = '#/1'",
        "required /components/schemas/A/required = []",
        "required /components/schemas/A/required = ['b', 'c']",
        "limit /components/schemas/A/properties/b/maxLength",
        "limit /components/schemas/A/properties/b/maxLength = 4",
        "type /components/schemas/A/properties/b/type = ['integer', 'null']",
        "nullability /components/schemas/A/properties/b/type = ['string']",
        "word /components/schemas/A/properties/c/enum/0",
        "word /components/schemas/A/properties/c/enum/1",
        "word /components/schemas/A/properties/c/enum = ['y', 'x']",
    ]


def test_a_new_word_changes_no_other_mistake() -> None:
    """A word that an enumeration gets makes mistakes of its own; those of the examples stay what they were."""
    words = CONTRACT["components"]["schemas"]["KnownTaskStatus"]["enum"]
    place = ("components", "schemas", "KnownTaskStatus", "enum")
    longer = Mistake("word", place, [*words, "rendered"]).applied(CONTRACT)
    examples = [[one.name for one in mistakes(it) if one.kind == "example"] for it in (CONTRACT, longer)]
    assert examples[0] == examples[1]


def test_a_mistake_leaves_the_original_alone() -> None:
    """The document with a mistake is another one; the contract keeps what it had."""
    one = Mistake("type", ("openapi",), "2.0")
    assert one.applied(CONTRACT)["openapi"] == "2.0" != CONTRACT["openapi"]
    assert "openapi" not in Mistake("type", ("openapi",), GONE).applied(CONTRACT)

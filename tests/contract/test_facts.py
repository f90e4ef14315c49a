"""The contract and the client say what the sources beside the endpoint's page say; typed by hand in facts.py."""

import json
import random
from importlib import resources
from typing import Any

import pytest

from contract import facts, outcomes
from contract.reading import CONTRACT, SCHEMAS, Operation, operation, operations
from weryai import RetryPolicy, TaskState, errors
from weryai._flow.retry import DAILY_CAPS, EXPLICIT_REFUSALS, Pace
from weryai._protocol.envelope import CODES, SUCCESS_CODES
from weryai._protocol.task_reader import classify
from weryai.emulator._protocol import EMPTY, TOO_MANY, WRONG

CONTRACT_SOURCES = CONTRACT["info"]["x-sources"]
SUBMISSIONS = [name for name in facts.OPERATIONS if name.startswith("submit")]


def schema_of(one: Operation) -> dict[str, Any]:
    """The schema of an operation's request."""
    (described,) = one.spec["requestBody"]["content"].values()
    return dict(SCHEMAS[described["schema"]["$ref"].rpartition("/")[2]])


def test_the_operations() -> None:
    """There are these operations with these methods and addresses; one that is new says where it is known from."""
    found = {}
    for one in operations():
        servers = one.spec.get("servers") or CONTRACT["paths"][one.path].get("servers") or CONTRACT["servers"]
        found[one.name] = (one.method.upper(), servers[0]["url"] + one.path)
    known = {name: (method, url) for name, (method, url, _) in facts.OPERATIONS.items()}
    assert {name: found.get(name) for name in known} == known
    assert [one.name for one in operations() if one.name not in known and not one.spec.get("x-source")] == []


@pytest.mark.parametrize("name", facts.OPERATIONS)
def test_every_operation_needs_the_bearer_key(name: str) -> None:
    """Each single operation asks for the bearer key itself; a global rule would be overlooked by generators."""
    assert operation(name).spec["security"] == [{"bearerAuth": []}], f"{name} does not ask for the key"


@pytest.mark.parametrize("name", [name for name, (_, _, fields) in facts.OPERATIONS.items() if fields])
def test_the_fields_of_each_request(name: str) -> None:
    """A request has the fields of its sources, requires those alone that they require, and travels as they say."""
    words = facts.OPERATIONS[name][2].split()
    schema = schema_of(operation(name))
    known = [word.removeprefix("*") for word in words]
    assert [field for field in schema["properties"] if field in known] == known
    new = {field: it for field, it in schema["properties"].items() if field not in known}
    assert [field for field, it in new.items() if not it.get("x-source")] == []
    assert schema["required"] == [word.removeprefix("*") for word in words if word.startswith("*")]
    assert list(operation(name).spec["requestBody"]["content"]) == [facts.MEDIA_TYPES.get(name, "application/json")]


@pytest.mark.parametrize("name", [name for name, (_, _, fields) in facts.OPERATIONS.items() if fields])
def test_the_defaults_of_each_request(name: str) -> None:
    """Each default is a source's, on every operation that has the field."""
    defaults = {
        field: it["default"] for field, it in schema_of(operation(name))["properties"].items() if "default" in it
    }
    known = {word.removeprefix("*") for word in facts.OPERATIONS[name][2].split()}
    assert {field: it for field, it in defaults.items() if field in known} == facts.SIBLING_DEFAULTS.get(
        name, facts.DEFAULTS
    )


@pytest.mark.parametrize("name", SUBMISSIONS)
@pytest.mark.parametrize("field", facts.TYPES)
def test_submissions_have_the_same_limits(name: str, field: str) -> None:
    """A field that the submissions share has the same type, format and limits on each of them."""
    properties = schema_of(operation(name))["properties"]
    if field not in properties:
        assert field == "image" or (name, field) == ("submitAlmightyReferenceToVideo", "negative_prompt")
        assert name != "submitImageToVideo"
        return
    if name == "submitAlmightyReferenceToVideo" and field in facts.ALMIGHTY:
        return  # told apart below
    words = ("type", "format", "minLength", "maxLength", "minimum", "maximum", "pattern", "anyOf")
    on_page = SCHEMAS["ImageToVideoRequest"]["properties"][field]
    assert {word: properties[field].get(word) for word in words} == {word: on_page.get(word) for word in words}


@pytest.mark.parametrize("field", facts.ALMIGHTY)
def test_the_limits_of_the_almighty_request(field: str) -> None:
    """Where this operation's page differs from its siblings, the contract follows the page."""
    found = schema_of(operation("submitAlmightyReferenceToVideo"))["properties"][field]
    words = ("type", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default")
    assert {word: found[word] for word in words if word in found} == facts.ALMIGHTY[field]


@pytest.mark.parametrize("name", facts.REQUIRED_ON_PAGE)
def test_what_the_pages_of_siblings_require(name: str) -> None:
    """What a sibling's page requires, which picture types it takes and which models it lists is kept to the letter."""
    schema = schema_of(operation(name))
    assert schema["x-required-on-page"] == facts.REQUIRED_ON_PAGE[name]
    assert set(schema["x-required-on-page"]) - set(schema["required"]) <= {"aspect_ratio"}
    for field in facts.FORMATS_OF_SIBLINGS.get(name, []):
        assert schema["properties"][field]["x-formats"] == facts.IMAGE_FORMATS
    if name in facts.MODELS_OF_SIBLINGS:
        assert schema["properties"]["model"]["x-models"] == facts.MODELS_OF_SIBLINGS[name].split()


def test_the_titles_of_newer_models() -> None:
    """Every model has the name that its page shows to people, in the list of models and in the registry's copy."""
    known = SCHEMAS["KnownModel"]
    titles = dict(zip(known["enum"], known["x-display-names"], strict=True))
    assert {key: titles[key] for key in facts.NEWER_TITLES} == facts.NEWER_TITLES
    snapshot = operation("listVideoModels").spec["x-snapshot"]
    entries = [entry for kind in snapshot.values() if isinstance(kind, list) for entry in kind]
    assert [entry["model_key"] for entry in entries if entry.get("title") != titles[entry["model_key"]]] == []
    assert "text_to_video" not in snapshot, "an empty list would say that no model makes videos from text"


def test_where_calls_are_looked_up() -> None:
    """The contract has the address of the call history and its source."""
    history = CONTRACT["info"]["x-call-history"]
    assert (history["url"], history["x-source"]["confidence"]) == (facts.CALL_HISTORY, "official docs")


def test_what_each_source_says_about_trying_again() -> None:
    """Each code tells by source whether it may be tried again, and a second meaning where there is one."""
    rows = {row["code"]: row for row in SCHEMAS["ErrorReply"]["x-error-codes"] if row.get("level") != "http"}
    said = {
        code: {(one["confidence"], one["says"]) for one in row.get("again", []) if one["doc"] in CONTRACT_SOURCES}
        for code, row in rows.items()
    }
    retryable = {code for code, each in said.items() if ("official code", "retryable") in each}
    assert retryable == facts.RETRYABLE_IN_OFFICIAL_CODE
    created_none = {code for code, each in said.items() if ("third party", "no task was created") in each}
    assert created_none == facts.NO_TASK_WAS_CREATED
    assert {code for code, each in said.items() if ("official code", "not retryable") in each} == {1002}
    also = {code: one["meaning"] for code, row in rows.items() for one in row.get("also", [])}
    assert also == facts.SECOND_MEANINGS


def test_the_emulator_speaks_in_the_services_words() -> None:
    """Every sentence that the emulator has for a field is a message of the contract, word for word."""
    known = {(row["field"], row["message"]) for row in SCHEMAS["ErrorReply"]["x-messages"]}
    spoken = {(field, words) for each in (EMPTY, WRONG, TOO_MANY) for field, words in each.items()}
    assert {one for one in spoken - known if one != ("images", "image url error")} == set()
    assert [row for row in SCHEMAS["ErrorReply"]["x-messages"] if row["doc"] not in CONTRACT_SOURCES] == []


@pytest.mark.parametrize("schema", facts.ANSWER_FIELDS)
def test_the_fields_of_answers(schema: str) -> None:
    """Each part of an answer knows the fields that sources read, by their names."""
    assert facts.ANSWER_FIELDS[schema] - set(SCHEMAS[schema]["properties"]) == set()


@pytest.mark.parametrize("schema", [name for name in SCHEMAS if name.endswith("Reply")])
def test_the_envelope_of_every_answer(schema: str) -> None:
    """Every answer is the envelope with its six fields; a refusal has no data of its own."""
    expected = facts.ENVELOPE_FIELDS - ({"data"} if schema == "ErrorReply" else set())
    assert set(SCHEMAS[schema]["properties"]) == expected


def test_the_status_words_of_the_contract() -> None:
    """The contract lists every spelling of a task's state, and sorts each to the state that its source means."""
    known = SCHEMAS["KnownTaskStatus"]
    assert set(known["enum"]) == set().union(*facts.STATES.values())
    for state, words in facts.STATES.items():
        listed, wanted = set(known["x-states"][state]), {word.lower() for word in words}
        assert listed == wanted, f"KnownTaskStatus.x-states.{state}: {listed}, sources say {wanted}"


@pytest.mark.parametrize(
    ("state", "word"), [(state, word) for state, words in facts.STATES.items() for word in sorted(words)]
)
def test_the_client_reads_every_status_word(state: str, word: str) -> None:
    """The client reads each spelling, in any casing, as the state that its source means."""
    wanted = TaskState[state.upper()]
    for spelling in (word, word.lower(), word.upper(), word.title(), f" {word} "):
        assert classify(spelling) is wanted, f"{spelling!r} is read as {classify(spelling)}, not as {wanted}"


def test_the_error_codes_of_the_contract() -> None:
    """The contract lists every code with its name in the server's enum, and the docs guide's meaning beside it."""
    rows = SCHEMAS["ErrorReply"]["x-error-codes"]
    named = {row["code"]: (row["meaning"], row.get("docs", "")) for row in rows if row.get("level") != "http"}
    assert named == facts.CODES
    assert {row["code"] for row in rows if row.get("level") == "http"} == facts.HTTP_CODES
    assert len(rows) == len(facts.CODES) + len(facts.HTTP_CODES)


def test_the_client_knows_every_code() -> None:
    """The client has an error for each code, and no other; the table of outcomes in this suite covers them all."""
    assert set(CODES) == set(facts.CODES) | facts.HTTP_CODES == set(outcomes.KINDS)
    assert set(SUCCESS_CODES) == facts.SUCCESS_CODES
    for code, kind in CODES.items():
        assert kind in outcomes.KINDS[code], f"{code} is {kind.__name__}, sources say {outcomes.KINDS[code]}"


@pytest.mark.parametrize("code", facts.CODES)
def test_which_refusals_may_be_repeated(code: int) -> None:
    """A refused order is sent again only after the codes that say "later" and start nothing, never after any other."""
    assert set(EXPLICIT_REFUSALS) == facts.REPEATABLE
    assert set(DAILY_CAPS) <= facts.NEVER_REPEATED
    for status in (200, 400, 429):
        error = CODES[code]("no", http_status=status, code=code)
        delay = RetryPolicy().delay(1, error, paid=True, elapsed=0.0, spread=random.random())
        may = code in facts.REPEATABLE or (status == 429 and code not in facts.NEVER_REPEATED)
        if status == 429 and code not in facts.REPEATABLE | facts.NEVER_REPEATED:
            continue  # HTTP says "later", the code says something else: which one wins is the policy's own table.
        assert (delay is not None) is may, f"code {code} with HTTP {status}: delay is {delay}"


@pytest.mark.parametrize(("age", "seconds"), facts.POLLING)
def test_the_pace_of_looking(age: float, seconds: float) -> None:
    """Tasks are looked at as often as the service's own client looks."""
    assert Pace(jitter=0).delay(age, 0.5) == seconds


def test_a_lost_answer_is_never_repeated() -> None:
    """After an order whose answer was lost, nothing more is sent: it may have been billed."""
    for error in (errors.OutcomeUnknownError("lost", request="POST"), errors.ContractError("odd", raw=None)):
        assert RetryPolicy().delay(1, error, paid=True, elapsed=0.0, spread=0.5) is None


#: Typed from the sources: what is known of the service as a whole, by a word that each entry must have.
OBSERVED = {
    "HTTP 200": "inference", "0.5 s": "third party", "2.5 s": "third party", "20 unfinished": "official code",
    "60 s later": "third party", "25 to 90 s": "third party", "24 h": "third party", "paying": "third party",
    "video-extend": "official docs", "3 to 100": "official docs", "10,000": "official docs", "9:16": "official code",
}  # fmt: skip
NOT_DESCRIBED = {
    "/v1/generation/video-merge", "/v1/generation/effect-template", "/v1/generation/video-extend",
    "/v1/generation/video-*", "/v1/generation/video-lip-sync", "/v1/generation/speech-recognize",
    "/v1/generation/text-to-image", "/v1/generation/image-to-image", "/growthai/v1/generation/upload-file",
}  # fmt: skip


def test_what_is_known_of_the_service_as_a_whole() -> None:
    """Facts of no field stand in the contract, with a known source and how sure it is; only these are not shipped."""
    info = CONTRACT["info"]
    entries = [*info["x-observations"], *info["x-other-operations"]]
    assert [one for one in entries if one["doc"] not in info["x-sources"]] == []
    assert [one for one in entries if one["confidence"] not in info["x-confidence"]] == []
    found = {
        word: {one["confidence"] for one in info["x-observations"] if word in one["what"]} for word in OBSERVED
    }  # fmt: skip
    assert found == {word: {confidence} for word, confidence in OBSERVED.items()}
    assert {one["path"] for one in info["x-other-operations"]} == NOT_DESCRIBED
    assert NOT_DESCRIBED & set(CONTRACT["paths"]) == set()
    shipped = {name: fact for name, fact in info.items() if name not in ("x-observations", "x-other-operations")}
    package = resources.files("weryai_api")
    assert json.loads((package / "openapi.json").read_text("utf-8")) == {**CONTRACT, "info": shipped}

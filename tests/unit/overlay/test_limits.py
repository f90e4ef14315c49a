"""Requests are checked against the contract's limits before anything is sent."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.cases import is_refused_out_of_caution
from contract.reading import CONTRACT, SCHEMAS, request_examples
from fakes.pictures import JPEG
from fakes.playing import generate, play, reply, resources, submit
from weryai._protocol.contract import check_body, check_request, field_names, plain, request_schemas
from weryai._protocol.endpoint import encode
from weryai._resources.image_to_video import ImageToVideo
from weryai._resources.videos import VideoOptions
from weryai.errors import InvalidInputError, WeryAIWarning

pytestmark = pytest.mark.filterwarnings("ignore:.*the bundled snapshot:weryai.WeryAIWarning")
DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)
NAME = "ImageToVideoRequest"
PROPERTIES: dict[str, Any] = SCHEMAS[NAME]["properties"]
PARAMETERS = {"image", "prompt", *VideoOptions.__annotations__}
PICTURE = "https://example.com/reference.jpg"
GOOD: dict[str, Any] = {"model": "WERYAI_VIDEO_1_0", "prompt": "wave", "image": PICTURE, "duration": 5}
ACCEPTED = reply({"status": 0, "data": {"task_ids": ["t1"]}})
VALIDATOR = jsonschema_rs.Draft202012Validator(
    {"$ref": f"#/components/schemas/{NAME}", "components": CONTRACT["components"]}, validate_formats=True
)


def is_accepted(body: Mapping[str, Any]) -> bool:
    """Say whether the client's own check accepts a body."""
    try:
        check_request(NAME, body)
    except InvalidInputError:
        return False
    return True


# Hand-typed from the endpoint's page and its newer revision: what just fits, and what just does not.
FITS = [
    ("prompt", "p"),
    ("prompt", "p" * 2000),
    ("prompt", "视" * 2000),
    ("prompt", "😀" * 2000),
    ("negative_prompt", ""),
    ("negative_prompt", "n" * 1000),
    ("video_number", 1),
    ("video_number", 4),
    ("duration", 1),
    ("duration", 10**6),
    ("model", "SOME_FUTURE_MODEL"),
    ("aspect_ratio", "1.85:1"),
    ("resolution", "8k"),
    ("generate_audio", True),
    ("generate_audio", False),
    ("webhook_url", "http://example.com/hook"),
    ("webhook_url", "HTTPS://example.com/hook?a=1#b"),
    ("caller_id", 2**63 - 1),
    ("caller_id", -(2**63)),
    ("caller_id", 0),
]
BREAKS = [
    ("prompt", ""),
    ("prompt", "p" * 2001),
    ("prompt", "😀" * 2001),
    ("prompt", "\ud800"),
    ("prompt", "   "),
    ("prompt", "\u3000\n\t"),
    ("prompt", "\u200b\ufeff"),
    ("prompt", "\u3164 \u115f"),
    ("prompt", "\u2800\u2800"),
    ("prompt", "\ufe0f"),
    ("prompt", "wave\0"),
    ("negative_prompt", "\0"),
    ("model", " "),
    ("prompt", 5),
    ("negative_prompt", "n" * 1001),
    ("video_number", 0),
    ("video_number", 5),
    ("video_number", True),
    ("video_number", 1.5),
    ("duration", 0),
    ("duration", -5),
    ("duration", "5"),
    ("duration", True),
    ("duration", 5.5),
    ("duration", float("nan")),
    ("model", ""),
    ("model", 5),
    ("aspect_ratio", ""),
    ("resolution", ""),
    ("generate_audio", "true"),
    ("generate_audio", 1),
    ("webhook_url", ""),
    ("webhook_url", "ftp://example.com/"),
    ("webhook_url", "example.com"),
    ("webhook_url", "https://exa mple.com/"),
    ("webhook_url", "https://"),
    ("caller_id", 2**63),
    ("caller_id", -(2**63) - 1),
    ("caller_id", "42"),
    ("caller_id", 4.2),
]


def name_of(case: Any) -> str:
    """Shorten a value for the test's name."""
    return ascii(case)[:24] if not isinstance(case, str) or len(case) < 20 else f"{case[0]!a}x{len(case)}"


@pytest.mark.parametrize(("name", "value"), FITS, ids=name_of)
def test_what_just_fits_is_sent(name: str, value: Any) -> None:
    """A value at its limit passes the check and stands in the body as it is."""
    check_request(NAME, {**GOOD, name: value})
    options = {"prompt": "wave", name: value}
    flow = submit(PICTURE, **options)
    if (name, value) == ("video_number", 4):
        with pytest.warns(WeryAIWarning, match="video_number=4 submits that many paid tasks"):
            played = play(flow, ACCEPTED)
    else:
        played = play(flow, ACCEPTED)
    assert played.result.task_ids == ("t1",)
    assert played.bodies[0][name] == value


@pytest.mark.parametrize(("name", "value"), BREAKS, ids=name_of)
def test_what_just_breaks_a_limit_is_never_sent(name: str, value: Any) -> None:
    """A value just past its limit is an InvalidInputError that names the field, and nothing is sent."""
    with pytest.raises(InvalidInputError, match=name):
        check_request(NAME, {**GOOD, name: value})
    played = play(submit(PICTURE, **{"prompt": "wave", name: value}))
    assert type(played.error) is InvalidInputError
    assert isinstance(played.error, ValueError)
    assert played.sent == []
    assert "Nothing was sent" in str(played.error)


@pytest.mark.parametrize(
    "image", ["https://", "http:///x.jpg", "https://exa mple.com/x.jpg", "https://e.com/a|b.jpg", "https://e.com/%zz"]
)
def test_an_address_that_cannot_be_fetched_is_never_sent(image: str) -> None:
    """A picture's address that is no URI is refused before anything is sent."""
    played = play(submit(image, prompt="wave"))
    assert type(played.error) is InvalidInputError
    assert (played.sent, "image" in str(played.error)) == ([], True)


@pytest.mark.parametrize("name", ["model", "prompt", "image", "duration"])
def test_a_required_field_must_be_there(name: str) -> None:
    """Each field that the contract requires is named when it is missing."""
    with pytest.raises(InvalidInputError, match=f"{name} is missing"):
        check_request(NAME, {key: value for key, value in GOOD.items() if key != name})


def test_all_problems_are_in_one_message() -> None:
    """A request that is wrong in several ways says so in one go."""
    played = play(submit(PICTURE, prompt="", duration=0, video_number=9, webhook_url="x", negative_prompt="n" * 1001))
    for name in ("prompt", "duration", "video_number", "webhook_url", "negative_prompt"):
        assert name in str(played.error)
    assert "at most 1000" in str(played.error)


def test_a_local_picture_is_not_read_when_the_rest_is_wrong() -> None:
    """The limits are checked before the picture is uploaded."""
    played = play(submit(JPEG, prompt=""))
    assert type(played.error) is InvalidInputError
    assert "prompt" in str(played.error)
    assert played.sent == []


def values(schema: Mapping[str, Any]) -> Any:
    """Strategies around a schema's limits, with wrong types among them."""
    odd = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5)
    )
    near = [st.integers(-2, 6), st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1])]
    texts = st.sampled_from(["x" * length for length in (999, 1000, 1001, 2000, 2001)])
    urls = st.sampled_from(
        [
            PICTURE,
            "HTTP://e.com",
            "ftp://e.com",
            "https://",
            "https://a b",
            "http://e.com/%41",
            "http://e.com/%4",
            "x",
            "https://e.com/ü",
        ]
    )
    return odd | texts | urls if schema.get("type", "string") == "string" else odd | st.one_of(near)


BODIES = st.fixed_dictionaries({}, optional={name: values(schema) for name, schema in PROPERTIES.items()}).map(
    lambda changed: {**GOOD, **changed}
)


def is_judged_otherwise_on_purpose(body: Mapping[str, Any]) -> bool:
    """Name the deliberate differences: to JSON Schema 5.0 is an integer, no host a URI, and a blank a text."""
    whole = ("duration", "video_number", "caller_id")
    if "https://" in (body["image"], body.get("webhook_url")) or is_refused_out_of_caution(body):
        return True
    return any(isinstance(body.get(name), float) and body[name].is_integer() for name in whole)


@DETERMINISTIC
@given(BODIES)
def test_the_check_agrees_with_a_real_validator(body: dict[str, Any]) -> None:
    """What the client's check accepts a JSON Schema validator accepts, and the other way round; see above."""
    if is_judged_otherwise_on_purpose(body):
        assert not is_accepted(body)
    else:
        assert is_accepted(body) == VALIDATOR.is_valid(body)


@DETERMINISTIC
@given(st.sampled_from(sorted(PROPERTIES)).flatmap(lambda name: st.tuples(st.just(name), values(PROPERTIES[name]))))
def test_the_check_agrees_field_by_field(case: tuple[str, Any]) -> None:
    """With one field changed at a time the check and a JSON Schema validator still agree."""
    body = {**GOOD, case[0]: case[1]}
    if is_judged_otherwise_on_purpose(body):
        assert not is_accepted(body)
    else:
        assert is_accepted(body) == VALIDATOR.is_valid(body)


@pytest.mark.parametrize(("name", "value"), FITS, ids=name_of)
def test_what_fits_the_table_fits_the_contract(name: str, value: Any) -> None:
    """The hand-typed values that just fit are valid to a JSON Schema validator with the contract."""
    assert VALIDATOR.is_valid({**GOOD, name: value})


# What JSON has no word for never reaches a validator, and only an address with a host can be fetched; a blank and a
# zero byte are refused out of our own caution.
STRICTER = (
    "\ud800",
    "https://",
    "   ",
    "\u3000\n\t",
    "\u200b\ufeff",
    "\u3164 \u115f",
    "\u2800\u2800",
    "\ufe0f",
    "wave\0",
    "\0",
    " ",
)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, v in BREAKS if v == v and v not in STRICTER], ids=name_of)
def test_what_breaks_the_table_breaks_the_contract(name: str, value: Any) -> None:
    """The hand-typed values that just break a limit are invalid to a JSON Schema validator with the contract."""
    assert not VALIDATOR.is_valid({**GOOD, name: value})


def test_a_visible_prompt_keeps_its_blanks() -> None:
    """What holds one visible sign is sent as it is, whatever blanks and joiners are around it."""
    for prompt in (" wave\n", "\u200d😀", "\ufe0f❤", "."):
        assert play(submit(PICTURE, prompt=prompt), ACCEPTED).bodies[0]["prompt"] == prompt


def test_validate_false_sends_what_breaks_a_limit() -> None:
    """`validate=False` sends the same request all the same."""
    assert play(submit(PICTURE, prompt=" \0", validate=False), ACCEPTED).bodies[0]["prompt"] == " \0"
    played = play(submit(PICTURE, prompt="p" * 2001, duration=0, validate=False), ACCEPTED)
    assert (len(played.bodies[0]["prompt"]), played.bodies[0]["duration"]) == (2001, 0)


def test_validate_false_still_refuses_what_json_cannot_write() -> None:
    """Even unchecked, a value that JSON has no word for is refused before anything is sent."""
    for value in (float("nan"), float("inf"), {1, 2}, object()):
        played = play(submit(PICTURE, prompt="wave", duration=value, validate=False))
        assert type(played.error) is InvalidInputError
        assert played.sent == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"validate": "Live"}, "validate must be True, False or \"live\", not 'Live'"),
        ({"validate": None}, 'validate must be True, False or "live", not None'),
        ({"extra_body": {1: "a", "1": "b"}}, "extra_body takes names of fields for keys, not 1"),
        ({"extra_body": {"": 1}}, "extra_body takes names of fields for keys, not ''"),
        ({"extra_body": {None: 1}, "validate": False}, "extra_body takes names of fields for keys, not None"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], told: str) -> None:
    """A mistyped wish is not taken for another one, and two keys never become one field."""
    played = play(submit(PICTURE, prompt="wave", **options))
    assert isinstance(played.error, InvalidInputError) and told in str(played.error)
    assert played.sent == []


@pytest.mark.parametrize(
    ("given", "near"), [("ratio", "aspect_ratio"), ("promt", "prompt"), ("audio", "generate_audio")]
)
def test_a_mistyped_parameter_is_told_with_the_right_one(given: str, near: str) -> None:
    """The name that holds the word comes before one that only looks like it."""
    played = play(ImageToVideo.prepare(resources().image_to_video, PICTURE, prompt="wave", **{given: "x"}))
    assert isinstance(played.error, TypeError) and f"did you mean {near}" in str(played.error)


def test_extra_body_is_added_as_it_is() -> None:
    """Fields that the contract does not know yet travel in the same body."""
    extra = {"field_of_tomorrow": {"move": "pan"}, "seed": 7, "empty": None}
    played = play(submit(PICTURE, prompt="wave", extra_body=extra), ACCEPTED)
    assert {name: played.bodies[0][name] for name in extra} == extra


@pytest.mark.parametrize("name", sorted(PROPERTIES.keys() & PARAMETERS))
def test_extra_body_may_not_hold_a_known_field(name: str) -> None:
    """A field that has a parameter is refused in extra_body, by its name, unless validate is off."""
    played = play(submit(PICTURE, prompt="wave", extra_body={name: "x"}))
    assert type(played.error) is InvalidInputError
    assert (name in str(played.error), played.sent) == (True, [])
    assert play(submit(PICTURE, prompt="wave", extra_body={name: "x"}, validate=False), ACCEPTED).bodies[0][name] == "x"


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that the contract has since today, and of which no code knows."""
    field = {"type": "string", "enum": ["static", "pan"], "default": "static"}
    monkeypatch.setitem(request_schemas()[NAME]["properties"], "camera", field)


@pytest.mark.usefixtures("camera")
def test_a_field_that_only_the_contract_knows_is_sent_and_checked() -> None:
    """What is new in the contract goes out through extra_body, keeps its limits, and is not sent unless it is given."""
    assert play(submit(PICTURE, prompt="wave", extra_body={"camera": "pan"}), ACCEPTED).bodies[0]["camera"] == "pan"
    refused = play(submit(PICTURE, prompt="wave", extra_body={"camera": "fly"}))
    assert (type(refused.error), refused.sent) == (InvalidInputError, [])
    assert "camera must be one of static, pan" in str(refused.error)
    assert "camera" not in play(submit(PICTURE, prompt="wave"), ACCEPTED).bodies[0]


@pytest.mark.parametrize(
    ("schema", "fits", "fails"),
    [
        ({"type": ["string", "null"], "maxLength": 2}, ["ab", None], ["abc", 1]),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5], [0, 1, True, "0.5"]),
        ({"const": "v2"}, ["v2"], ["v1", None]),
        ({"enum": [1, 2]}, [1], [3, "1"]),
        ({"oneOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}, ["a", 1], [0, True, None]),
        ({"allOf": [{"type": "string"}, {"minLength": 2}]}, ["ab"], ["a", 1]),
        ({"type": "array", "minItems": 1, "items": {"type": "integer"}}, [[1]], [[], ["a"]]),
        ({"type": "array", "maxItems": 1}, [[], ["a"]], [[1, 2]]),
        ({"type": "boolean"}, [True], [1, None]),
        ({}, [1, None, "a", [{}]], []),
    ],
    ids=json.dumps,
)
def test_any_field_of_tomorrow_is_checked(schema: dict[str, Any], fits: list[Any], fails: list[Any]) -> None:
    """The check understands what a contract may say of a field, beyond the words of today's requests."""
    whole = {"type": "object", "additionalProperties": False, "properties": {"new": schema}}
    for value in fits:
        check_body(whole, {"new": value})
    for value in fails:
        with pytest.raises(InvalidInputError, match="new"):
            check_body(whole, {"new": value})
    with pytest.raises(InvalidInputError, match="other"):
        check_body(whole, {"other": 1})
    check_body({"type": "object", "properties": {}}, {"other": 1})


@pytest.mark.parametrize("extra", [["a"], "a", 5, {"a": float("nan")}, {"a": {1}}, {"a": b"x"}], ids=repr)
def test_an_extra_body_that_json_cannot_write_is_refused_unsent(extra: Any) -> None:
    """What is no mapping, or holds what JSON cannot write, is an InvalidInputError before the picture is uploaded."""
    played = play(submit(JPEG, prompt="wave", extra_body=extra))
    assert type(played.error) is InvalidInputError
    assert played.sent == []


@pytest.mark.parametrize("misspelt", ["promt", "aspectRatio", "negative_promt", "seed"])
def test_a_misspelt_keyword_is_a_type_error(misspelt: str) -> None:
    """A keyword that does not exist is a TypeError on submit and on generate, and nothing is sent."""
    options: dict[str, Any] = {"prompt": "wave", misspelt: "x"}
    for make in (submit, generate):
        with pytest.raises(TypeError, match=misspelt):
            raise play(make(PICTURE, **options)).error or AssertionError("it was taken")


def test_the_defaults_are_those_of_the_pages_example() -> None:
    """Without options model, duration and ratio are the page's; nothing else is sent."""
    expected = {"model": "WERYAI_VIDEO_1_0", "prompt": "wave", "duration": 5, "aspect_ratio": "16:9", "image": PICTURE}
    assert play(submit(PICTURE, prompt="wave"), ACCEPTED).bodies == [expected]


def test_aspect_ratio_none_leaves_it_out() -> None:
    """For models that list no ratio, None sends none, and nothing is said."""
    flow = submit(PICTURE, prompt="wave", model="KLING_V2_6_PRO", aspect_ratio=None)
    assert "aspect_ratio" not in play(flow, ACCEPTED).bodies[0]


def test_aspect_ratio_none_warns_where_ratios_are_listed() -> None:
    """For a model that lists ratios, None is sent as asked, after a warning that the service requires one."""
    with pytest.warns(WeryAIWarning, match="aspect_ratio: VEO_3_1 lists 9:16, 16:9, and the service requires one"):
        played = play(submit(PICTURE, prompt="wave", model="VEO_3_1", duration=8, aspect_ratio=None), ACCEPTED)
    assert "aspect_ratio" not in played.bodies[0]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"video_number": 2}, "page allows 1"), ({"aspect_ratio": None}, "WERYAI_VIDEO_1_0 lists")],
    ids=["several videos", "no ratio"],
)
def test_strict_refuses_what_the_service_may_refuse(options: dict[str, Any], told: str) -> None:
    """With `strict=True` nothing is sent that a source says the service does not take."""
    played = play(submit(PICTURE, prompt="wave", strict=True, **options))
    assert isinstance(played.error, InvalidInputError)
    assert told in str(played.error)
    assert played.sent == []


@pytest.mark.parametrize("body", [one.value for one in request_examples() if one.model == NAME], ids=json.dumps)
def test_the_contracts_own_examples_pass(body: dict[str, Any]) -> None:
    """Each request example of the contract is accepted by the client's check."""
    check_request(NAME, body)
    assert set(body) <= field_names(NAME)


class Scalar:
    """A number of a library, as numpy has them: without dimensions, with a type and an item."""

    ndim, dtype = 0, "its own"

    def __init__(self, value: object) -> None:
        self.value = value

    def item(self) -> object:
        """The value as Python has it."""
        return self.value


class Counted:
    """What may stand for an index, as torch and sympy have it."""

    def __index__(self) -> int:
        return 5


def test_numbers_and_booleans_are_told_by_protocol() -> None:
    """Whole numbers and booleans of other libraries are taken and sent as such; a message names the type that came."""
    body = {"duration": Counted(), "video_number": Scalar(1), "generate_audio": Scalar(True)}
    rest = {"prompt": "x", "model": "m", "image": "https://pictures.example/1.jpg"}
    check_request("ImageToVideoRequest", {**rest, **body})
    assert json.loads(encode(body)) == {"duration": 5, "video_number": 1, "generate_audio": True}
    assert [plain(value) for value in (True, Scalar(False), 5.5, "5", None)] == [True, False, 5.5, "5", None]
    for wrong in (Scalar("5"), Scalar(5.0), 5.0, True, Scalar(True), b"5"):
        with pytest.raises(InvalidInputError, match=f"must be of type integer, not {type(wrong).__name__}"):
            check_request("ImageToVideoRequest", {**rest, "duration": wrong})
    with pytest.raises(InvalidInputError, match="of type object"):
        encode({"extra": [Scalar(object())]})


@pytest.mark.parametrize("output", [5, b"x.mp4", ["x"]])
def test_an_output_that_is_no_path_is_told_before_paying(output: Any) -> None:
    """What names no file is refused by its type, and nothing is sent."""
    played = play(generate(PICTURE, prompt="wave", output=output))
    assert isinstance(played.error, InvalidInputError)
    assert f"output is a path or None, not {type(output).__name__}" in str(played.error)

"""Mistakes in the contract: by hand what is wrong in meaning, and derived from itself one for each of its limits."""

from collections.abc import Iterator
from typing import Any

from contract.reading import SCHEMAS, operation

from .edits import ContractEdit, dropped, renamed, replaced
from .mutant import Edit, Mutant

PAGE, OPERATIONS, FACTS = ("test_page",), ("test_operations",), ("test_facts",)
VARIANTS, SHIPPED, MODELS = ("test_variants", "test_examples"), ("test_shipped",), ("test_known_models",)
LIMITS = ("test_page", "test_limits")
#: Keywords that limit a value, each with a limit that is another one; None drops it.
LOOSER: dict[str, int | None] = {
    **dict.fromkeys(("minLength", "minimum", "minItems"), -1),
    **dict.fromkeys(("maxLength", "maximum", "maxItems", "x-page-maximum"), 1),
    **dict.fromkeys(("pattern", "format"), None),
}
REQUEST = SCHEMAS["ImageToVideoRequest"]
SUBMIT, STATUS, UPLOAD = (operation(name) for name in ("submitImageToVideo", "getTaskStatus", "uploadFile"))
MODELS_LIST = operation("listVideoModels")


def contract(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in the contract."""
    return Mutant(f"contract.{name}", edit, claim, first)


def schema(name: str, *keys: str | int) -> tuple[str | int, ...]:
    """Where something stands in a schema."""
    return ("components", "schemas", name, *keys)


def field(name: str, *keys: str | int) -> tuple[str | int, ...]:
    """Where something stands in a field of the request."""
    return schema("ImageToVideoRequest", "properties", name, *keys)


def swapped(*keys: str | int, first: str, second: str) -> ContractEdit:
    """Two entries of a list stand in each other's place."""
    places = {first: second, second: first}
    return ContractEdit(keys, lambda items: [places.get(item, item) for item in items])


def entry(key: str, **values: Any) -> ContractEdit:
    """An entry of the bundled models says something else of one model."""

    def change(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert key in [one["model_key"] for one in entries]
        return [{**one, **values} if one["model_key"] == key else one for one in entries]

    return ContractEdit((*("paths", MODELS_LIST.path, "get"), "x-snapshot", "image_to_video"), change)


def of_field(name: str, described: dict[str, Any]) -> Iterator[Mutant]:
    """A mistake for each limit of a field, for its default, and for its being required."""
    options = [("anyOf", at, one) for at, one in enumerate(described.get("anyOf", []))]
    for *keys, limited in [(described,), *options]:
        for keyword, step in LOOSER.items():
            if keyword in limited:
                place = field(name, *keys, keyword)
                edit = dropped(*place) if step is None else replaced(*place, by=limited[keyword] + step)
                yield contract(f"limit.{name}.{keyword}", edit, f"{name} has no right {keyword}", LIMITS)
    if "default" in described:
        default = described["default"]
        other = not default if isinstance(default, bool) else default + 1
        yield contract(f"default.{name}", replaced(*field(name, "default"), by=other), f"{name} is {other}", LIMITS)
    if name in REQUEST["required"]:
        edit = dropped(*schema("ImageToVideoRequest", "required"), name)
        yield contract(f"required.{name}", edit, f"a request without {name} is sent", LIMITS)
    if "type" in described:
        other = "number" if described["type"] == "integer" else "integer"
        yield contract(f"type.{name}", replaced(*field(name, "type"), by=other), f"{name} is of type {other}", PAGE)


def of_states(states: dict[str, list[str]]) -> Iterator[Mutant]:
    """Two mistakes for each state: a word of it is not known, and it has a word of another one."""
    names = list(states)
    for name, neighbour in zip(names, names[1:] + names[:1], strict=True):
        place = schema("KnownTaskStatus", "x-states", name)
        word, other = states[name][-1], states[neighbour][-1]
        yield contract(f"state.{name}.lost", dropped(*place, word), f"{word} is no known word", FACTS)
        edit = replaced(*place, by=[*states[name], other])
        yield contract(f"state.{name}.more", edit, f"{other} means {name}", FACTS)


DERIVED = [
    *(one for name, described in REQUEST["properties"].items() for one in of_field(name, described)),
    *of_states(SCHEMAS["KnownTaskStatus"]["x-states"]),
]
HERE = ("paths", SUBMIT.path)
BY_HAND = [
    contract("path", renamed(*HERE, to=f"{SUBMIT.path}s"), "every submission meets a 404", PAGE),
    contract("host", replaced("servers", 0, "url", by="https://api.weryai.ai"), "the key goes to another host", PAGE),
    contract(
        "status-path",
        renamed("paths", STATUS.path, to=STATUS.path.replace("/status", "/state")),
        "no task is ever found",
        ("test_requests",),
    ),
    contract(
        "registry-host",
        replaced("paths", MODELS_LIST.path, "servers", 0, "url", by="https://api-growth.weryai.com"),
        "the registry is looked for elsewhere",
        OPERATIONS,
    ),
    contract(
        "scheme",
        replaced("components", "securitySchemes", "bearerAuth", "scheme", by="basic"),
        "the key travels as a password",
        PAGE,
    ),
    contract(
        "closed-limit",
        replaced(*schema("ImageToVideoRequest"), "additionalProperties", by=True),
        "typos are sent",
        LIMITS,
    ),
    contract(
        "closed-models",
        ContractEdit(field("model", "anyOf"), lambda options: options[:1]),
        "a model of tomorrow is refused",
        PAGE,
    ),
    contract(
        "model-typo",
        ContractEdit(
            schema("KnownModel", "enum"), lambda words: [word.replace("1_FAST", "1_FASTER") for word in words]
        ),
        "a known model's key is misspelt",
        PAGE,
    ),
    contract(
        "model-order",
        swapped(*schema("KnownModel", "enum"), first="VEO_3", second="VEO_3_FAST"),
        "two models have each other's name",
        PAGE,
    ),
    contract(
        "ratio",
        ContractEdit(
            schema("KnownAspectRatio", "enum"), lambda words: ["16:9" if word == "9:16" else word for word in words]
        ),
        "upright is no known ratio",
        SHIPPED,
    ),
    contract("paid", replaced(*HERE, "post", "x-paid", by=False), "a submission is free and repeated", OPERATIONS),
    contract(
        "status-integer",
        replaced(*schema("SubmitReply", "properties", "status", "type"), by="integer"),
        'the status "0" breaks the contract',
        VARIANTS,
    ),
    contract(
        "task-ids-type",
        replaced(*schema("SubmitData", "properties", "task_ids", "items", "type"), by="integer"),
        "task ids are numbers",
        PAGE,
    ),
    contract(
        "single-task-id",
        renamed(*schema("SubmitData", "properties", "task_id"), to="taskid"),
        "the single task id has another name",
        FACTS,
    ),
    contract(
        "closed-answer",
        replaced(*schema("TaskData", "additionalProperties"), by=False),
        "a field of tomorrow is lost",
        VARIANTS,
    ),
    contract(
        "link",
        replaced(
            *HERE, "post", "responses", "200", "links", "taskStatus", "parameters", "taskId",
            by="$response.body#/data/taskIds/0",
        ),
        "the link to the status leads nowhere",
        OPERATIONS,
    ),
    contract(
        "images-most",
        replaced(*schema("MultiImageToVideoRequest", "properties", "images", "maxItems"), by=4),
        "a storyboard of four images is sent",
        OPERATIONS,
    ),
    contract(
        "upload-limit",
        replaced("paths", UPLOAD.path, "post", "x-limits", 0, "limit", by="< 100 MB"),
        "images of 50 MB are said to be fine",
        OPERATIONS,
    ),
    contract(
        "upload-flag",
        replaced(*schema("UploadFileRequest", "properties", "fixed", "default"), by=True),
        "uploads keep a fixed name",
        FACTS,
    ),
    contract("bundled-durations", entry("CHATBOT_VEO_3_1_FAST", durations=[4]), "a right length is warned of", MODELS),
    contract("bundled-sound", entry("SORA_2", has_generate_audio=True), "sound is said to be had", MODELS),
]  # fmt: skip
CONTRACT = [*BY_HAND, *DERIVED]

"""Rules that hold the contract against what is typed by hand in answers.py; each problem starts with a JSON pointer.

A rule takes the document, so that a wrong one can be given to it: `problems(document)` is all of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from contract import answers, facts
from contract.core.pointers import at, pointer
from contract.shape import SCHEMAS, SHAPE, Document, language_of, operations
from contract.shape import differs as _differs
from contract.test_known_models import KNOWN

Rule = Callable[[Document], Iterator[str]]
LIMITING = (
    *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"),
    *("format", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "const"),
)


def spelt(schema: dict[str, Any]) -> str:
    """Spell the type of a schema as answers.py does."""
    if schema == {}:
        return "*"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema or "oneOf" in schema:
        options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        kinds = ["null" if one == {"type": "null"} else spelt(one) for one in options]
    else:
        named = schema.get("type", "*")
        kinds = [named] if isinstance(named, str) else list(named)
    kinds = [f"[{spelt(schema['items'])}]" if one == "array" and "items" in schema else one for one in kinds]
    return "|".join(one for one in kinds if one != "null") + ("?" if "null" in kinds else "")


def types_of_answers(document: Document) -> Iterator[str]:
    """Each field of an answer has the type, and the right to be null, that sources give it."""
    for name, fields in answers.TYPES.items():
        properties = document["components"]["schemas"].get(name, {}).get("properties", {})
        for field, wanted in fields.items():
            place = pointer("components", "schemas", name, "properties", field)
            yield from _differs(place, spelt(properties.get(field, {"type": "missing"})), wanted)


def types_of_requests(document: Document) -> Iterator[str]:
    """Each field of a request has its type and its default, on every operation that has it."""
    for name in answers.REQUIRED:
        types = {**answers.REQUEST_TYPES, **answers.OTHER_TYPES.get(name, {})}
        defaults = {} if name in answers.WITHOUT_DEFAULTS else answers.DEFAULTS
        for field, described in document["components"]["schemas"][name]["properties"].items():
            place = pointer("components", "schemas", name, "properties", field)
            if field in types:
                yield from _differs(f"{place}/type", spelt(described), types[field])
                yield from _differs(f"{place}/default", described.get("default"), defaults.get(field))


def limits(document: Document) -> Iterator[str]:
    """Each limit stands where a source has it, and nowhere else."""
    found = {}
    for place, value in language_of(document["components"], ("components",)):
        if isinstance(value, dict):
            # A property may be called `format`; a limit is no schema.
            these = {word: value[word] for word in LIMITING if word in value and not isinstance(value[word], dict)}
            found[pointer(*place)] = these
    for place in sorted({place for place, these in found.items() if these} | set(answers.LIMITS)):
        for word in sorted({*found.get(place, {}), *answers.LIMITS.get(place, {})}):
            wanted = answers.LIMITS.get(place, {}).get(word)
            yield from _differs(f"{place}/{word}", found.get(place, {}).get(word), wanted)


def required_marks(document: Document) -> Iterator[str]:
    """A request requires what its sources require; of an answer nothing is required."""
    for name, schema in document["components"]["schemas"].items():
        place = pointer("components", "schemas", name, "required")
        yield from _differs(place, schema.get("required", []), answers.REQUIRED.get(name, []))
    for name, parameter in document["components"]["parameters"].items():
        place = pointer("components", "parameters", name, "schema", "type")
        yield from _differs(place, spelt(parameter.get("schema", {})), "string")
        yield from _differs(pointer("components", "parameters", name, "required"), parameter.get("required"), True)
    for place, one in operations(document):
        if "requestBody" in one:
            yield from _differs(f"{place}/requestBody/required", one["requestBody"].get("required"), True)


def openness(document: Document) -> Iterator[str]:
    """Requests are closed, everything else is open."""
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            place = pointer("components", "schemas", name, "additionalProperties")
            yield from _differs(place, schema.get("additionalProperties"), name not in answers.REQUIRED)


def statuses(document: Document) -> Iterator[str]:
    """Each operation documents these statuses, and each leads to its own part of the contract."""
    for place, one in operations(document):
        name = one["operationId"]
        if name not in answers.REPLIES:
            continue
        refused = {code: f"#/components/responses/{part}" for code, part in answers.STATUSES[name].items()}
        for code in sorted({*one["responses"], *refused} - {"200"}):
            found = one["responses"].get(code, {}).get("$ref")
            yield from _differs(f"{place}/responses/{code}", found, refused.get(code))
        content = one["responses"].get("200", {}).get("content", {})
        yield from _differs(f"{place}/responses/200/content", list(content), ["application/json"])
        found = content.get("application/json", {}).get("schema", {}).get("$ref")
        wanted = f"#{SCHEMAS}/{answers.REPLIES[name]}"
        yield from _differs(f"{place}/responses/200/content/application~1json/schema", found, wanted)
    for part, response in document["components"]["responses"].items():
        place = pointer("components", "responses", part, "content", "application/json", "schema")
        found = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")
        yield from _differs(place, found, f"#{SCHEMAS}/ErrorReply")


def security(document: Document) -> Iterator[str]:
    """Each operation asks for the bearer key itself, and the scheme is a bearer."""
    for place, one in operations(document):
        yield from _differs(f"{place}/security", one.get("security"), [{"bearerAuth": []}])
    scheme = document["components"]["securitySchemes"]["bearerAuth"]
    found = {word: value for word, value in scheme.items() if word not in ("description", "x-source")}
    yield from _differs("/components/securitySchemes/bearerAuth", found, {"type": "http", "scheme": "bearer"})


def words(document: Document) -> Iterator[str]:
    """Each list of words is the sources', with the names that programs use for them."""
    schemas = document["components"]["schemas"]
    for name, wanted in answers.WORDS.items():
        named = dict(zip(schemas[name]["enum"], schemas[name]["x-enum-varnames"], strict=False))
        for word in sorted({*named, *wanted}):
            yield from _differs(f"{SCHEMAS}/{name}/enum ({word})", named.get(word), wanted.get(word))
    states = {word: word.upper() + "_UPPER" * word.isupper() for word in set().union(*facts.STATES.values())}
    known = dict(zip(schemas["KnownTaskStatus"]["enum"], schemas["KnownTaskStatus"]["x-enum-varnames"], strict=False))
    for word in sorted({*states, *known}):
        yield from _differs(f"{SCHEMAS}/KnownTaskStatus/enum ({word})", known.get(word), states.get(word))
    shown = dict(zip(schemas["KnownModel"]["enum"], schemas["KnownModel"]["x-display-names"], strict=False))
    for key in sorted(set(KNOWN) ^ set(shown)):
        yield f"{SCHEMAS}/KnownModel/enum: {key} is in one list alone, the contract's or the sources'"
    place, page = f"{SCHEMAS}/KnownModel", [key for _, key in facts.MODELS]
    yield from _differs(f"{place}/x-on-page", schemas["KnownModel"]["x-on-page"], len(page))
    yield from _differs(f"{place}/enum (the page's)", schemas["KnownModel"]["enum"][: len(page)], page)
    titles = {key: title for title, key in facts.MODELS} | facts.NEWER_TITLES
    for key in sorted(set(shown) & set(KNOWN)):
        yield from _differs(f"{SCHEMAS}/KnownModel/x-display-names ({key})", shown[key], titles.get(key, ""))


def meaning(data: Any) -> str:
    """Say in words what the `data` of an example means."""
    if isinstance(data, list):
        return "; ".join(map(meaning, data))
    if isinstance(data, int | float):
        return f"{data} credits"
    if not isinstance(data, dict):
        return ""
    if "balance" in data:
        return meaning(data["balance"])
    if "object_url_list" in data:
        return f"{len(data['object_url_list'])} address"
    if "image_to_video" in data:
        return f"{len(data['image_to_video'])} model"
    told = ["one task" if len(data.get("task_ids", [data.get("task_id")])) == 1 else "several tasks"]
    word = str(data.get("task_status", "")).lower()
    told += [state for state, known in facts.STATES.items() if word in {one.lower() for one in known}]
    videos = data.get("videos") or data.get("task_result", {}).get("videos") or []
    told += ["a video"] * bool(videos)
    told += [f"at {one!r}" for one in videos if isinstance(one, str) and not one.startswith("https://")]
    return ", ".join([*told, *filter(None, [data.get("msg")])])


def meanings(document: Document) -> Iterator[str]:
    """Each example of an answer means what its name says."""
    for place, one in operations(document):
        for code, response in one["responses"].items():
            resolved = at(document, response["$ref"]) if "$ref" in response else response
            examples = resolved.get("content", {}).get("application/json", {}).get("examples", {})
            for name, example in examples.items():
                label = f"{one['operationId']} {code} {name}"
                wanted = answers.MEANINGS.get(label) if code == "200" else (answers.REFUSAL_CODES.get(code, 0), "")
                where = f"{place}/responses/{code}/content/application~1json/examples/{name}"
                yield from _means(where, example["value"], wanted, new=one["operationId"] not in answers.REPLIES)
            known = {label for label in answers.MEANINGS if label.startswith(f"{one['operationId']} {code} ")}
            for label in sorted(known - {f"{one['operationId']} {code} {name}" for name in examples}):
                yield f"{place}/responses/{code}: the example {label.rpartition(' ')[2]} is gone"
    for hook, item in document["webhooks"].items():
        content = item.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            where = pointer("webhooks", hook, "post", "requestBody", "content", "application/json", "examples", name)
            yield from _means(where, example["value"], answers.DELIVERIES.get(f"receiveTaskFinished {name}"))


def _means(where: str, value: Any, wanted: tuple[int, str] | None, *, new: bool = False) -> Iterator[str]:
    if new:
        return
    yield from _differs(where, (value.get("status"), meaning(value.get("data"))), wanted)
    if value.get("status") in facts.SUCCESS_CODES:
        for word in {"desc", "message", "msg"} & set(value):
            yield from _differs(f"{where}/value/{word}", str(value[word]).lower(), "success")
    data = value.get("data")
    if isinstance(data, dict):
        yield from _differs(f"{where}/value/data/batch_id", data.get("batch_id", answers.BATCH), answers.BATCH)
        for row in data.get("image_to_video", ()):
            yield from _row(f"{where}/value/data/image_to_video/0", "image_to_video", row)
            for flag in ("support_multiple_images", "support_first_last_frame"):
                yield from _differs(f"{where}/value/data/image_to_video/0/{flag}", row.get(flag), False)


def requests(document: Document) -> Iterator[str]:
    """Each example of a request has its name, and is one that its model takes; the page's is the page's."""
    for place, one in operations(document):
        for content in one.get("requestBody", {}).get("content", {}).values():
            examples, wanted = content.get("examples", {}), answers.REQUEST_EXAMPLES.get(one["operationId"])
            if wanted is not None:
                yield from _differs(f"{place}/requestBody/examples", list(examples), wanted)
            for name, example in examples.items():
                value, where = example["value"], f"{place}/requestBody/examples/{name}/value"
                if (one["operationId"], name) == ("submitImageToVideo", "page"):
                    yield from _differs(where, value, facts.REQUEST)
                if name in answers.LIKE_ITS_PAGE:
                    yield from _differs(f"{where}/duration", value["duration"], answers.LIKE_ITS_PAGE[name])
                    value = {**value, "duration": answers.SECONDS_OF_VEO}
                if wanted is not None:
                    yield from _takes(where, value, answers.MODELS.get(one["operationId"], set(KNOWN)))


def _takes(where: str, value: dict[str, Any], models: set[str]) -> Iterator[str]:
    if "model" in value and value["model"] not in models:
        yield f"{where}/model: {value['model']!r} is no model that a source names for this operation"
    known = KNOWN.get(value.get("model", ""))
    if known is None:
        return
    if known.durations and value["duration"] not in known.durations:
        yield f"{where}/duration: {value['duration']}, the model takes {known.durations}"
    for field, words in (("aspect_ratio", known.ratios), ("resolution", known.resolutions)):
        if field in value and words is not None and value[field] not in words.split():
            yield f"{where}/{field}: {value[field]!r}, the model takes {words!r}"


def refusals(document: Document) -> Iterator[str]:
    """Each refusal has its one example."""
    for part, response in document["components"]["responses"].items():
        place = pointer("components", "responses", part, "content", "application/json", "examples")
        examples = response.get("content", {}).get("application/json", {}).get("examples", {})
        yield from _differs(place, list(examples), [answers.REFUSAL_EXAMPLES.get(part)])


def webhooks(document: Document) -> Iterator[str]:
    """A delivery has no key, has a body, and is answered by 200; its examples are these."""
    one = document["webhooks"].get("taskFinished", {}).get("post", {})
    place = pointer("webhooks", "taskFinished", "post")
    body = one.get("requestBody", {})
    yield from _differs(f"{place}/security", one.get("security"), [{}])
    yield from _differs(f"{place}/requestBody/required", body.get("required"), True)
    yield from _differs(f"{place}/responses", list(one.get("responses", ())), ["200"])
    examples = body.get("content", {}).get("application/json", {}).get("examples", {})
    names = [label.rpartition(" ")[2] for label in answers.DELIVERIES]
    yield from _differs(f"{place}/requestBody/content/application~1json/examples", list(examples), names)


def snapshot(document: Document) -> Iterator[str]:
    """The shipped registry says of each model what its sources say: name, lengths, ratios, resolutions and limits."""
    for place, one in operations(document):
        for kind, rows in one.get("x-snapshot", {}).items():
            for row in rows if isinstance(rows, list) else ():
                yield from _row(f"{place}/x-snapshot/{kind} ({row['model_key']})", kind, row)


def _row(place: str, kind: str, row: dict[str, Any]) -> Iterator[str]:
    key = row["model_key"]
    if (known := KNOWN.get(key)) is None:
        yield f"{place}: no source has this model"
        return
    titles = {key: title for title, key in facts.MODELS} | facts.NEWER_TITLES
    ratios, shown = row.get("aspect_ratios"), row.get("resolutions")
    yield from _differs(f"{place}/title", row.get("title", ""), titles.get(key, ""))
    yield from _differs(f"{place}/durations", tuple(row.get("durations", ())), known.durations)
    yield from _differs(f"{place}/aspect_ratios", ratios, _listed(ratios, known.ratios))
    yield from _differs(f"{place}/resolutions", shown, _listed(shown, known.resolutions))
    yield from _differs(f"{place}/has_generate_audio", row.get("has_generate_audio"), known.sound)
    for field, wanted in zip(FIELDS, LIMITED.get(kind, {}).get(key, _UNKNOWN), strict=True):
        yield from _differs(f"{place}/{field}", row.get(field), wanted)


def _listed(found: list[str] | None, wanted: str | None) -> list[str] | None:
    """Return the words in the order that was found, if they are the same ones."""
    if wanted is None or found is None or sorted(found) != sorted(wanted.split()):
        return None if wanted is None else wanted.split()
    return found


FIELDS = ("prompt_length_limit", "upload_image_limit", "has_negative_prompt")
_UNKNOWN: tuple[int | None, int | None, bool | None] = (None, None, None)
_ONE, _THREE = (2000, 1, True), (2000, 3, True)
LIMITED: dict[str, dict[str, tuple[int | None, int | None, bool | None]]] = {
    "image_to_video": {
        **dict.fromkeys(
            ("WERYAI_VIDEO_1_0", "DOUBAO_1_5_PRO", "KLING_V2_6_PRO", "DOUBAO", "DOUBAO_1_PRO_FAST", "KLING_V3_0_STA",
             "KLING_V3_0_PRO"), _ONE),
        "DOUBAO_1_LITE": _THREE,
        "VEO_3_1": (2000, 3, False),
        "SORA_2_PRO": (2000, 1, False),
        "VIDU_Q3": (2000, 1, False),
        "WERYDANCE_2_0": (2000, 3, None),
    },
    "multi_image_to_video": dict.fromkeys(("VEO_3_1", "WERYDANCE_2_0", "DOUBAO_1_LITE"), (None, 3, None)),
}  # fmt: skip
RULES: tuple[Rule, ...] = (
    types_of_answers, types_of_requests, limits, required_marks, openness, statuses, security, words, meanings,
    snapshot, requests, refusals, webhooks, *SHAPE,
)  # fmt: skip


def problems(document: Document) -> list[str]:
    """Return everything in a document that no source says, or some source says otherwise."""
    return [problem for rule in RULES for problem in rule(document)]

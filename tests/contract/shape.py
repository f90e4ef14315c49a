"""Rules on where things stand in the contract: operations, parameters, links, tables, and the words of the language.

Like those of rules.py they read a document, and each problem starts with a JSON pointer.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from contract import answers, facts
from contract.core import pointer
from contract.core.pointers import NAMES, Steps, words

Document = dict[str, Any]
VERBS = ("get", "post", "put", "patch", "delete")
SCHEMAS = "/components/schemas"


def differs(place: str, found: object, wanted: object) -> Iterator[str]:
    """Say that something is not what the sources say; true and 1 are not the same."""
    if found != wanted or isinstance(found, bool) is not isinstance(wanted, bool):
        yield f"{place}: {found!r}, the sources say {wanted!r}"


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its pointer."""
    for path, item in document["paths"].items():
        yield from ((pointer("paths", path, verb), item[verb]) for verb in VERBS if verb in item)


def addresses(document: Document) -> Iterator[str]:
    """Each known operation has its method, its URL, its tag and its mark of costing money, and none is gone."""
    found: set[str] = set()
    for path, item in document["paths"].items():
        for verb in (verb for verb in VERBS if verb in item):
            one, place = item[verb], pointer("paths", path, verb)
            name = one.get("operationId")
            found.add(name)
            if name not in facts.OPERATIONS:
                if not one.get("x-source"):
                    yield f"{place}: no source has an operation {name}"
                continue
            method, url, _ = facts.OPERATIONS[name]
            servers = one.get("servers") or item.get("servers") or document["servers"]
            yield from differs(place, f"{verb.upper()} {servers[0]['url']}{path}", f"{method} {url}")
            yield from differs(f"{place}/tags", one.get("tags"), [answers.TAGS[name]])
            yield from differs(f"{place}/x-paid", one.get("x-paid"), True if name.startswith("submit") else None)
    yield from (f"/paths: the operation {name} is gone" for name in facts.OPERATIONS if name not in found)
    yield from differs("/servers", [one["url"] for one in document["servers"]], [facts.API])
    yield from differs("/openapi", document["openapi"].rpartition(".")[0], "3.1")


def uses(document: Document) -> Iterator[str]:
    """Something refers to each component; a security scheme is referred to by its name."""
    text = json.dumps(document)
    for kind, parts in document["components"].items():
        for name in parts if kind != "securitySchemes" else ():
            if f'"#/components/{kind}/{name}"' not in text:
                yield f"{pointer('components', kind, name)}: nothing refers to it"


def bodies(document: Document) -> Iterator[str]:
    """Each operation takes the parameters and the body of its sources, in the media type of its sources."""
    for place, one in operations(document):
        if (name := one["operationId"]) not in facts.OPERATIONS:
            continue
        wanted = [{"$ref": f"#/components/parameters/{part}"} for part in answers.PARAMETERS.get(name, ())]
        yield from differs(f"{place}/parameters", one.get("parameters", []), wanted)
        content = one.get("requestBody", {}).get("content", {})
        found = {kind: it.get("schema") for kind, it in content.items()}
        kind = facts.MEDIA_TYPES.get(name, "application/json")
        schema = {kind: {"$ref": f"#{SCHEMAS}/{answers.BODIES[name]}"}} if name in answers.BODIES else {}
        yield from differs(f"{place}/requestBody/content", found, schema)
    for part, (name, where) in answers.NAMED.items():
        described = document["components"]["parameters"].get(part, {})
        place = pointer("components", "parameters", part)
        yield from differs(f"{place}/name", described.get("name"), name)
        yield from differs(f"{place}/in", described.get("in"), where)


def links(document: Document) -> Iterator[str]:
    """The ids of an answer lead to the operations that take them."""
    for place, one in operations(document):
        if (name := one["operationId"]) in facts.OPERATIONS:
            told = one["responses"].get("200", {}).get("links", {})
            found = {link.get("operationId"): link.get("parameters") for link in told.values()}
            yield from differs(f"{place}/responses/200/links", found, answers.LINKS.get(name, {}))


def fields(document: Document) -> Iterator[str]:
    """Each request and each answer has the fields of its sources, and no other."""
    known = {name: set(it) for name, it in answers.TYPES.items()}
    for name, schema in answers.BODIES.items():
        known[schema] = {word.removeprefix("*") for word in facts.OPERATIONS[name][2].split()}
    for name, wanted in known.items():
        found = set(document["components"]["schemas"].get(name, {}).get("properties", {}))
        for field in sorted(found ^ wanted):
            place = pointer("components", "schemas", name, "properties", field)
            yield f"{place}: {'no source has it' if field in found else 'it is gone'}"


_DATA = {"example", "examples", "default", "enum", "links"}


def language_of(part: Any, place: Steps = (), named: bool = False) -> Iterator[tuple[Steps, Any]]:
    """Walk what is in the language, and leave out data, links and our own words, however large."""
    yield place, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, value in inner:
        is_word = not named and isinstance(step, str)
        if not is_word or not (step in _DATA or step.startswith("x-")):
            yield from language_of(value, (*place, step), not named and step in NAMES)


def _kind(place: Steps) -> str | None:
    """What a place is in the language, None where names stand."""
    said = list(words(place))
    if not place:
        return "document"
    if place[-1] in NAMES and said[-1] == place[-1]:
        return None
    match said:
        case ["paths"] | ["webhooks"]:
            return "path"
        case [*_, "responses"]:
            return "response"
        case [*_, "requestBody"]:
            return "body"
        case [*_, "content"]:
            return "media"
        case ["components", "parameters"]:
            return "parameter"
        case ["paths" | "webhooks", "get" | "post"]:
            return "operation"
    return "schema" if "schema" in said or "schemas" in said or said[:2] == ["components", "schemas"] else None


def language(document: Document) -> Iterator[str]:
    """Only words that the suite knows are used: one such as `readOnly`, `nullable` or `encoding` would change much."""
    for place, part in language_of(document):
        kind = _kind(place) if isinstance(part, dict) else None
        if kind is not None:
            known = answers.KEYWORDS[kind].split()
            for word in part:
                # A response has its number or a reference, whichever part it is.
                if word not in known and not word.startswith("x-") and word != "$ref":
                    yield f"{pointer(*place, word)}: no word that the suite knows of ({kind})"


def refusal_types(document: Document) -> Iterator[str]:
    """A refusal is JSON and nothing else."""
    for part, response in document["components"]["responses"].items():
        place = pointer("components", "responses", part, "content")
        yield from differs(place, list(response.get("content", {})), ["application/json"])


def schemes(document: Document) -> Iterator[str]:
    """There is one way to show a key, and no rule for all operations, which generators overlook."""
    yield from differs("/components/securitySchemes", list(document["components"]["securitySchemes"]), ["bearerAuth"])
    yield from differs("/security", document.get("security"), None)


def deliveries(document: Document) -> Iterator[str]:
    """There is one webhook, and its body is a delivery as JSON."""
    yield from differs("/webhooks", list(document["webhooks"]), ["taskFinished"])
    for name, item in document["webhooks"].items():
        content = item.get("post", {}).get("requestBody", {}).get("content", {})
        found = {kind: it.get("schema") for kind, it in content.items()}
        wanted = {"application/json": {"$ref": f"#{SCHEMAS}/WebhookDelivery"}}
        yield from differs(pointer("webhooks", name, "post", "requestBody", "content"), found, wanted)
        for word, told in answers.DELIVERY.items():
            yield from differs(pointer("webhooks", name, "post", word), item.get("post", {}).get(word), told)


def parts(document: Document) -> Iterator[str]:
    """Servers, tags, sections, examples and links are no more than they seem: each further word would change them."""
    listed = {"/servers": document["servers"], "/tags": document["tags"]}
    for path, item in document["paths"].items():
        listed[pointer("paths", path, "servers")] = item.get("servers", [])
    for place, rows in listed.items():
        for at, row in enumerate(rows):
            wanted = {"url", "description"} if place.endswith("servers") else {"name", "description"}
            yield from (f"{place}/{at}/{word}: no word that the suite knows of" for word in row if word not in wanted)
    named = [row["name"] for row in document["tags"]]
    hooks = [(pointer("webhooks", name, "post"), item.get("post", {})) for name, item in document["webhooks"].items()]
    for place, one in (*operations(document), *hooks):
        for tag in one.get("tags", ()):
            if named.count(tag) != 1:
                yield f"{place}/tags: {tag!r} stands in /tags {named.count(tag)} times"
    yield from differs("/components", sorted(document["components"]), sorted(answers.SECTIONS))
    for spot, part in language_of(document):
        for kind, known in answers.ENTRIES.items() if isinstance(part, dict) and spot[-1:] != ("properties",) else ():
            for name, entry in part[kind].items() if isinstance(part.get(kind), dict) else ():
                unknown = sorted(set(entry) - set(known.split()))
                yield from (f"{pointer(*spot, kind, name, word)}: no word that the suite knows of" for word in unknown)


def schemas(document: Document) -> Iterator[str]:
    """Each body is an object; an answer has no list of words and no default, and a request no list but the shared."""
    for name in (*answers.TYPES, *answers.REQUIRED):
        schema = document["components"]["schemas"].get(name, {})
        place = ("components", "schemas", name)
        yield from differs(pointer(*place, "type"), schema.get("type"), "object")
        for spot, part in language_of(schema):
            closing = ("enum", "default") if name in answers.TYPES else ("enum",)
            for word in closing if isinstance(part, dict) and _kind((*place, *spot)) == "schema" else ():
                yield from differs(pointer(*place, *spot, word), part.get(word), None)


def tables(document: Document) -> Iterator[str]:
    """The tables that programs read (states, codes, messages, limits of an upload) are the sources'."""
    schemas = document["components"]["schemas"]
    for state, listed in schemas["KnownTaskStatus"].get("x-states", {}).items():
        wanted = {word.lower() for word in facts.STATES.get(state, ())}
        yield from differs(f"{SCHEMAS}/KnownTaskStatus/x-states/{state}", sorted(listed), sorted(wanted))
    rows = schemas["ErrorReply"].get("x-error-codes", [])
    for level, known in (("http", facts.HTTP_CODES), (None, set(facts.CODES))):
        found = sorted(row["code"] for row in rows if row.get("level") == level)
        place = f"{SCHEMAS}/ErrorReply/x-error-codes"
        yield from differs(place, found, sorted(known))
    for at, row in enumerate(rows):
        place, code = f"{SCHEMAS}/ErrorReply/x-error-codes/{at}", row["code"]
        if row.get("level") == "http":
            yield from differs(place, row["meaning"], answers.HTTP_MEANINGS.get(code))
        else:
            yield from differs(place, (row["meaning"], row.get("docs", "")), facts.CODES.get(code))
            official = {one["says"] for one in row.get("again", ()) if one["confidence"] == "official code"}
            retry = {"retryable"} if code in facts.RETRYABLE_IN_OFFICIAL_CODE else set()
            yield from differs(f"{place}/again", official - {"not retryable"}, retry)
    messages: dict[str, list[str]] = {}
    for row in schemas["ErrorReply"].get("x-messages", ()):
        messages.setdefault(row["field"], []).append(row["message"])
    for field in sorted({*messages, *answers.MESSAGES}):
        place = f"{SCHEMAS}/ErrorReply/x-messages ({field})"
        yield from differs(place, messages.get(field), answers.MESSAGES.get(field))
    for place, one in operations(document):
        if "x-limits" in one or one["operationId"] == "uploadFile":
            told = [(it["what"], it["limit"], it["message"]) for it in one.get("x-limits", ())]
            yield from differs(f"{place}/x-limits", told, facts.UPLOAD_LIMITS)


def notes(document: Document) -> Iterator[str]:
    """What fields of requests tell beside their schema: models, image types, and where the page is stricter."""
    for operation, name in answers.BODIES.items():
        described = document["components"]["schemas"].get(name, {})
        place = pointer("components", "schemas", name)
        pages = {"submitImageToVideo": facts.REQUIRED, **facts.REQUIRED_ON_PAGE}
        yield from differs(f"{place}/x-required-on-page", described.get("x-required-on-page"), pages.get(operation))
        formats = {"submitImageToVideo": ["image"], **facts.FORMATS_OF_SIBLINGS}.get(operation, [])
        for field, it in described.get("properties", {}).items():
            where = f"{place}/properties/{field}"
            wanted = facts.IMAGE_FORMATS if field in formats else None
            yield from differs(f"{where}/x-formats", it.get("x-formats"), wanted)
            models = answers.MODELS.get(operation) if field == "model" else None
            listed = it.get("x-models")
            yield from differs(f"{where}/x-models", listed and sorted(listed), models and sorted(models))
            if operation == "submitImageToVideo":
                most = facts.VIDEO_NUMBER_MAXIMUM if field == "video_number" else None
                yield from differs(f"{where}/x-page-maximum", it.get("x-page-maximum"), most)
                shown = {**facts.FIELD_EXAMPLES, **answers.MORE_EXAMPLES}
                examples = [shown[field]] if field in shown else None
                yield from differs(f"{where}/examples", it.get("examples"), examples)


def rows(document: Document) -> Iterator[str]:
    """The bundled registry has one row for each model of its sources, in each kind, with known fields."""
    for place, one in operations(document):
        if one["operationId"] != "listVideoModels":
            continue
        told = one.get("x-snapshot", {})
        where = f"{place}/x-snapshot"
        yield from differs(f"{where}/date", told.get("date"), answers.SNAPSHOT_DATE)
        kinds = sorted(kind for kind, it in told.items() if isinstance(it, list))
        yield from differs(where, kinds, sorted(answers.ROWS))
        for kind in kinds:
            found = Counter(row.get("model_key") for row in told[kind])
            wanted = Counter(dict.fromkeys(answers.ROWS.get(kind, ()), 1))
            for key in sorted(key or "" for key in {*found, *wanted} if found[key] != wanted[key]):
                yield f"{where}/{kind} ({key}): {found[key]} rows, the sources have {wanted[key]}"
            for at, row in enumerate(told[kind]):
                unknown = {name for name in row if not name.startswith("x-")} - answers.ROW_FIELDS
                yield from (f"{where}/{kind}/{at}/{name}: no source has it" for name in sorted(unknown))
                if kind == "image_to_video":
                    key, told_apart = row.get("model_key"), "x-differs" in row
                    yield from differs(f"{where}/{kind} ({key})/x-differs", told_apart, key in answers.DIFFERING)


SHAPE = (
    addresses, uses, bodies, links, fields, language, refusal_types, schemes, deliveries, parts, schemas, tables, notes,
    rows,
)  # fmt: skip

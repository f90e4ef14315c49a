"""Mistakes derived from an OpenAPI document itself: each limit, word, type, mark, status and example is once wrong.

Nothing here knows an API. A suite that reads its expectations from the document sees none of them; so each one that a
rule of hand-typed facts does not see shows a fact that nobody has typed.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .document import VERBS
from .pointers import NAMES, Steps, pointer, walk, words

_STEPS = dict.fromkeys(("minLength", "minimum", "minItems"), -1) | dict.fromkeys(
    ("maxLength", "maximum", "maxItems"), 1
)
_WORDS = ("pattern", "format")
_OTHERS = {"string": "integer", "integer": "number", "number": "string", "boolean": "string", "array": "object"}
_DATA = {"example", "examples", "default", "enum", "const"}
GONE = object()


@dataclass(frozen=True)
class Mistake:
    """One mistake: what stands at a place becomes something else, or is gone."""

    kind: str
    place: Steps
    value: Any = GONE
    told: str = ""

    @property
    def name(self) -> str:
        """Kind and JSON pointer, and the new value, which together are unique."""
        told = self.told or ("" if self.value is GONE else f" = {self.value!r:.60}")
        return f"{self.kind} {pointer(*self.place)}{told}"

    def applied(self, document: Any) -> Any:
        """Return the document with the mistake; all that it does not touch is shared with the original."""
        return _with(document, self.place, self.value)


def _with(part: Any, place: Steps, value: Any) -> Any:
    made = copy.copy(part)
    step: Any = place[0]
    if len(place) > 1:
        made[step] = _with(part[step], place[1:], value)
    elif value is GONE:
        del made[step]
    else:
        made[step] = value
    return made


def mistakes(document: dict[str, Any]) -> Iterator[Mistake]:
    """Derive every mistake from a document, in its order."""
    enums = [enum for _, part in walk(document) if (enum := _enum(part))]
    yield from _of_paths(document)
    for place, part in walk(document):
        said = list(words(place))
        if not isinstance(part, dict) or _DATA & set(said[:-1]) or any(word.startswith("x-") for word in said):
            continue
        if said[-1:] == ["examples"] and place[-1] == "examples":
            yield from _of_examples(place, part, enums)
        elif not _DATA & set(said):
            yield from _of_part(document, place, part)


def _of_part(document: dict[str, Any], place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    is_table = bool(place) and place[-1] in NAMES and list(words(place))[-1:] == [place[-1]]
    if place[-1:] == ("responses",) and len(place) > 2 and place[-2] in VERBS:
        yield from _of_responses(place, part)
    elif place[-1:] == ("content",) and is_table:
        yield from _of_content(place, part)
    elif len(place) > 1 and place[-1] in VERBS and "responses" in part:
        yield from _of_operation(place, part)
    elif not is_table:
        yield from _of_schema(place, part)
        yield from _of_references(document, place, part)
        if "in" in part and "name" in part:
            yield from _of_parameter(place, part)


def _of_paths(document: dict[str, Any]) -> Iterator[Mistake]:
    """Each path is another, each method is another, each server is elsewhere."""
    paths = document.get("paths", {})
    for path, item in paths.items():
        others = {f"{path}s" if name == path else name: it for name, it in paths.items()}
        yield Mistake("path", ("paths",), others, f" {path} is another")
        for verb in VERBS:
            if verb in item:
                other = next(one for one in ("put", "post") if one not in item)
                moved = {other if name == verb else name: it for name, it in item.items()}
                yield Mistake("method", ("paths", path), moved, f" {verb} is {other}")
    for place, part in walk(document):
        if place[-1:] == ("servers",) and "servers" in words(place):
            for at, server in enumerate(part):
                yield Mistake("server", (*place, at, "url"), server["url"].replace("://", "://other."))


def _of_content(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    for name in part:
        other = "text/json" if name != "text/json" else "text/plain"
        yield Mistake("media", place, {other if it == name else it: value for it, value in part.items()}, f" {name}")


def _of_references(document: dict[str, Any], place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    """What leads to a schema leads to the next one of its kind, by name."""
    reference = part.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/components/schemas/"):
        return
    schemas = document["components"]["schemas"]
    name = reference.rpartition("/")[2]
    alike = [one for one, it in schemas.items() if it.get("type") == schemas[name].get("type")]
    if len(alike) > 1:
        other = alike[(alike.index(name) + 1) % len(alike)]
        yield Mistake("reference", (*place, "$ref"), f"#/components/schemas/{other}")


def _of_parameter(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    yield Mistake("parameter", (*place, "name"), f"{part['name']}2")
    yield Mistake("parameter", (*place, "in"), "header" if part["in"] != "header" else "query")
    for word in ("style", "explode"):
        if word in part:
            yield Mistake("parameter", (*place, word))


def _enum(part: Any) -> list[Any]:
    found = part.get("enum") if isinstance(part, dict) else None
    return found if isinstance(found, list) else []


def _of_schema(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    for word, step in _STEPS.items():
        if isinstance(part.get(word), int | float):
            yield Mistake("limit", (*place, word))
            yield Mistake("limit", (*place, word), part[word] + step)
    for word in _WORDS:
        if isinstance(part.get(word), str):
            yield Mistake("limit", (*place, word))
    for at, _ in enumerate(_enum(part)):
        yield Mistake("word", (*place, "enum", at))
    if len(_enum(part)) > 1:
        first, second, *rest = part["enum"]
        yield Mistake("word", (*place, "enum"), [second, first, *rest])
    yield from _of_type(place, part)
    for choice in ("anyOf", "oneOf"):
        for at, _ in enumerate(part.get(choice, []) if isinstance(part.get(choice), list) else []):
            yield Mistake("choice", (*place, choice, at))
    if "default" in part and not isinstance(part["default"], dict):
        default = part["default"]
        other = not default if isinstance(default, bool) else default + 1 if isinstance(default, int) else None
        yield Mistake("default", (*place, "default"))
        yield Mistake("default", (*place, "default"), other)
    if isinstance(part.get("additionalProperties"), bool):
        yield Mistake("openness", (*place, "additionalProperties"), not part["additionalProperties"])
    yield from _of_marks(place, part)
    if "scheme" in part and "type" in part:
        yield Mistake("security", (*place, "scheme"), "basic" if part["scheme"] != "basic" else "bearer")


def _of_type(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    named = part.get("type")
    if isinstance(named, str) and named in _OTHERS and "enum" not in part:
        yield Mistake("type", (*place, "type"), _OTHERS[named])
        yield Mistake("nullability", (*place, "type"), [named, "null"])
    if isinstance(named, list):
        yield Mistake("type", (*place, "type"), [_OTHERS.get(named[0], "string"), *named[1:]])
        if "null" in named:
            yield Mistake("nullability", (*place, "type"), [one for one in named if one != "null"])
        else:
            yield Mistake("nullability", (*place, "type"), [*named, "null"])


def _of_marks(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    required = part.get("required")
    if isinstance(required, bool):
        yield Mistake("required", (*place, "required"), not required)
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        marked = required if isinstance(required, list) else []
        for name in part["properties"]:
            others = [one for one in marked if one != name]
            yield Mistake("required", (*place, "required"), others if name in marked else [*marked, name])


def _of_responses(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    references = sorted({one["$ref"] for one in part.values() if "$ref" in one})
    for code, response in part.items():
        yield Mistake("status", (*place, code))
        if "$ref" in response and len(references) > 1:
            other = references[(references.index(response["$ref"]) + 1) % len(references)]
            yield Mistake("status", (*place, code, "$ref"), other)


def _of_examples(place: Steps, part: dict[str, Any], enums: list[list[Any]]) -> Iterator[Mistake]:
    for name, example in part.items():
        yield Mistake("example", (*place, name))
        if not isinstance(example, dict) or "value" not in example:
            continue
        for steps, value in walk(example["value"], (*place, name, "value")):
            if isinstance(value, bool):
                yield Mistake("example", steps, not value)
            elif isinstance(value, int):
                yield Mistake("example", steps, value + 1)
            elif isinstance(value, str) and (other := _other_word(value, enums)):
                yield Mistake("example", steps, other)


def _other_word(word: str, enums: list[list[Any]]) -> str | None:
    """The first other word of the first enum that holds this one, so that a new word elsewhere changes nothing."""
    others = (one for enum in enums if word in enum for one in enum if one != word and isinstance(one, str))
    return next(others, None)


def _of_operation(place: Steps, part: dict[str, Any]) -> Iterator[Mistake]:
    if "security" in part:
        yield Mistake("security", (*place, "security"))
        yield Mistake("security", (*place, "security"), [] if part["security"] else [{}])
    body = part.get("requestBody")
    if isinstance(body, dict) and "required" in body:
        yield Mistake("required", (*place, "requestBody", "required"), not body["required"])

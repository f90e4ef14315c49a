"""The differences between a page and the contract, each with the place in both and the words to paste; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .reading import Field, Page, PageError

WORDS = (
    *("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"),
    *("exclusiveMinimum", "exclusiveMaximum", "default", "example", "enum", "x-formats", "deprecated", "limit"),
)
JSON_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
KINDS = {"file": ("string", "binary")}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `known` is why it stands, `paste` what would make the contract say what the page says."""

    field: str
    word: str
    page: Any
    contract: Any
    line: int
    place: int
    paste: str = ""
    known: str = ""

    def __str__(self) -> str:
        where = f"page:{self.line}" if self.line else "page: absent"
        what = f"{self.field} {self.word}".strip()
        both = f"{shown(self.page)} on the page, {shown(self.contract)} in the contract"
        return f"{what}: {both} ({where}, contract:{self.place})"


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the contract has and the copy ends before."""

    field: str
    word: str = ""

    def __str__(self) -> str:
        return f"{self.field} {self.word}".strip()


class Comparison:
    """A page beside the operation of its method and path."""

    def __init__(self, page: Page, contract: Any, known: list[Mapping[str, Any]]) -> None:
        self.page, self.contract = page, contract
        self.operation: Any = next(
            (
                item[page.method.lower()]
                for path, item in contract["paths"].items()
                if path == page.path and page.method.lower() in item
            ),
            None,
        )
        self._known = known

    def findings(self) -> Iterator[Difference | Unseen]:
        """Yield what differs and what was not seen."""
        if self.operation is None:
            known = ", ".join(path for path, item in self.contract["paths"].items() if self.page.method.lower() in item)
            raise PageError(f"the contract has no {self.page.method} {self.page.path}; it has {known or 'none'}")
        for found in (*self._examples(), *self._schema("body"), *self._schema("answer")):
            yield self._marked(found) if isinstance(found, Difference) else found

    def _marked(self, found: Difference) -> Difference:
        for one in self._known:
            same = (one["operation"], one["field"], one["word"]) == (
                self.operation["operationId"], found.field, found.word
            )  # fmt: skip
            if same and one["page"] == found.page and one["contract"] == found.contract:
                return Difference(
                    found.field, found.word, found.page, found.contract, found.line, found.place, "", one["why"]
                )
        return found

    def _examples(self) -> Iterator[Difference | Unseen]:
        for name, part in (("request", "body"), ("reply", "answer")):
            examples = self._content(part).get("examples", {})
            if "page" not in examples:
                continue
            mine = plain(examples["page"]["value"])
            value, line = self.page.examples.get(name, (None, 0))
            place = line_of(examples, "page")
            if value is None and not self.page.body_whole:
                yield Unseen("example", name)
            elif json.dumps(value) != json.dumps(mine):
                yield Difference("example", name, value, mine, line, place, f"value: {json.dumps(value)}")

    def _schema(self, part: str) -> Iterator[Difference | Unseen]:
        schema = self._resolve(self._content(part).get("schema", {"properties": {}}))
        fields: list[Field] = self.page.body if part == "body" else self.page.answer
        whole = self.page.body_whole if part == "body" else self.page.whole
        seen = {one.name: one for one in fields}
        required = schema.get("x-required-on-page", schema.get("required", []))
        for name in schema["properties"]:
            if name not in seen and not self._is_of_the_page(part, name):
                continue
            if name not in seen:
                gone = Difference(name, "", None, "a field", 0, line_of(schema["properties"], name))
                yield gone if whole else Unseen(name)
        for one in fields:
            if one.name not in schema["properties"]:
                yield Difference(
                    one.name, "", "a new field", None, one.line, line_of(schema, "properties"), pasted(one)
                )  # fmt: skip
                continue
            place = line_of(schema["properties"], one.name)
            yield from self._field(one, schema["properties"][one.name], one.name in required, place)

    def _content(self, part: str) -> Any:
        """What the contract says of a body, as JSON or as a form; nothing where an operation has none."""
        holder = self.operation.get("requestBody", {}) if part == "body" else self.operation["responses"]["200"]
        return next(iter(holder.get("content", {}).values()), {})

    def _is_of_the_page(self, part: str, name: str) -> bool:
        """Answers are the union of what sources tell; the page's own fields are those of its example."""
        if part == "body":
            return True
        examples = self._content(part).get("examples", {})
        return name in next(iter(examples.values()), {"value": {}})["value"]

    def _field(self, one: Field, mine: Any, required: bool, place: int) -> Iterator[Difference | Unseen]:
        told, line = one.facts, one.lines
        if "type" in told and not self._type_fits(told["type"], mine):
            kind = self._type(mine)
            yield Difference(one.name, "type", told["type"], kind, line["type"], place, f"type: {told['type']}")
        if "required" in told and told["required"] is not required and (told["required"] or one.whole):
            yield Difference(one.name, "required", told["required"], required, line["required"], place)
        for word in WORDS:
            contract = self._fact(mine, word)
            if word == "example" and contract is None and word in told:
                yield Difference(one.name, word, told[word], None, line[word], place, f"examples: [{told[word]!r}]")
            elif word in told and json.dumps(told[word]) != json.dumps(contract):
                paste = f"{word}: {json.dumps(told[word])}"
                yield Difference(one.name, word, told[word], contract, line[word], place, paste)
            elif word not in told and contract is not None and word != "enum":
                if one.whole:
                    yield Difference(one.name, word, None, contract, one.line, place)
                else:
                    yield Unseen(one.name, word)
        if one.name == "model":
            yield from self._models(one, mine, place)

    def _fact(self, mine: Any, word: str) -> Any:
        if word == "example":
            return plain(mine["examples"][0]) if "examples" in mine else None
        return plain(mine.get("x-page-maximum", mine.get(word)) if word == "maximum" else mine.get(word))

    def _models(self, one: Field, mine: Any, place: int) -> Iterator[Difference | Unseen]:
        names = known_models(self.contract)
        titles = {key: name for name, key in names}
        page_has = self.contract["components"]["schemas"]["KnownModel"]["x-on-page"]
        listed = mine["x-models"] if "x-models" in mine else [key for _, key in names[:page_has]]
        seen = [key for _, key, _ in one.models]
        for name, key, line in one.models:
            if key not in listed:
                yield Difference("model", key, name, None, line, place, f"- {key}  # {name}")
            elif name != titles.get(key, name):
                yield Difference("model", key, name, titles[key], line, place, f"- {name}")
        for key in listed:
            if key not in seen:
                yield (
                    Difference("model", key, None, titles.get(key, key), 0, place)
                    if one.whole
                    else Unseen("model", key)
                )
        common, order = [key for key in seen if key in listed], [key for key in listed if key in seen]
        if common != order:
            yield Difference("model", "order", common, order, one.line, place)

    def _type_fits(self, told: str, mine: Any) -> bool:
        if "anyOf" in mine:
            return any(self._type_fits(told, self._resolve(option)) for option in mine["anyOf"])
        base, _, rest = told.partition("<")
        wanted = self._type(mine)
        if base == "enum":
            return rest.startswith(wanted.partition("<")[0])
        if told in KINDS:
            return wanted == "string<binary>"
        if "|" in wanted and "examples" in mine:
            # What sources show together is one type on the page, that of its example.
            return told == JSON_TYPES[type(plain(mine["examples"][0]))]
        return told == wanted or (told == "object" and wanted == "any") or told in wanted.split("|")

    def _type(self, mine: Any) -> str:
        """A property's type, in the words that a page has for it."""
        if "anyOf" in mine:
            kinds = {self._type(self._resolve(option)) for option in mine["anyOf"] if option} - {
                "any",
                "object",
                "null",
            }
            return kinds.pop() if len(kinds) == 1 else "any"
        kind = mine.get("type", "any")
        if kind == "array":
            return f"{self._type(mine['items'])}[]"
        if not isinstance(kind, str):
            return "|".join(kind)
        return f"{kind}<{mine['format']}>" if "format" in mine else kind

    def _resolve(self, node: Any) -> Any:
        while "$ref" in node:
            node = self.contract["components"]["schemas"][node["$ref"].rpartition("/")[2]]
        return node


def known_models(contract: Any) -> list[tuple[str, str]]:
    """The names and keys of the contract's models, in its order."""
    known = contract["components"]["schemas"]["KnownModel"]
    return list(zip(known["x-display-names"], known["enum"], strict=True))


def pasted(one: Field) -> str:
    """A field of the page as a property of the contract."""
    base, _, form = one.facts.get("type", "string").rstrip("[]").partition("<")
    lines = [f"{one.name}:", f"  type: {base}", *([f"  format: {form.rstrip('>')}"] if form else [])]
    said = {word: value for word, value in one.facts.items() if word in WORDS and word != "example"}
    lines += [f"  {word}: {json.dumps(value)}" for word, value in said.items()]
    lines += ["  description: (in your words)", "  x-source: {doc: (the page), confidence: official docs}"]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A value, short."""
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def line_of(node: Any, key: str) -> int:
    """The line of a key in the contract's file, counted from 1; 0 where it is not known."""
    return int(node.lc.key(key)[0]) + 1 if hasattr(node, "lc") else 0


def plain(node: Any) -> Any:
    """A value of the YAML as plain JSON."""
    return json.loads(json.dumps(node))

"""Two schemas side by side: requests may only widen, responses may only narrow.

The structure is walked field by field, because a union that takes anything would hide every change below it; at each
place meaning decides whether values are lost or gained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spec_diff import keywords
from spec_diff.annotations import ANNOTATIONS, annotation_changes
from spec_diff.change import NOWHERE, Change, Spot, breaks, fine, listed, warning
from spec_diff.containment import covers
from spec_diff.contract import Contract, Json, Node
from spec_diff.keywords import shown, type_of
from spec_diff.wording import PROSE, without_prose

UNIONS = ("anyOf", "oneOf")
HANDLED = {*keywords.KEYWORDS, *UNIONS, *ANNOTATIONS, *PROSE, "$ref", "default", "title", "required", "properties"}
HANDLED |= {"additionalProperties", "items", "x-enum-varnames", "$defs", "deprecated", "readOnly", "writeOnly"}
# What nests further schemas: one, a list of them, or a map; a value must fit these as it must fit the whole.
NESTED = ("contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema", "then", "else")
NESTED_LISTS = ("allOf", "prefixItems")
NESTED_MAPS = ("patternProperties", "dependentSchemas")
# What does not fit these may be what fits the whole, so any change below them may break.
TURNED = ("not", "if")
BESIDE_A_UNION = ("default", *ANNOTATIONS)
Seen = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Comparison:
    """Both versions, and whether callers receive what is compared, instead of sending it."""

    old: Contract
    new: Contract
    received: bool

    def harmless(self, old: Node, new: Node) -> bool:
        """Return whether the change surely leaves callers as they were, by the rule for this direction."""
        if self.received:
            return covers(old, self.old, new, self.new)
        return covers(new, self.new, old, self.old)

    def schemas(
        self, old: Json, new: Json, spot: Spot, seen: Seen = frozenset(), free: bool = False
    ) -> Iterator[Change]:
        """Compare two schemas; `free` says that the union around them takes the same values as ever."""
        (old_name, before), (new_name, after) = self.old.named(old), self.new.named(new)
        if new_name or old_name:
            if (old_name, new_name) in seen:
                return
            seen, spot = seen | {(old_name, new_name)}, spot.named(new_name or old_name)
        if any(key in schema for key in UNIONS for schema in (before, after)):
            yield from self._choices((old, before), (new, after), spot, seen)
            before, after = _beside_union(before), _beside_union(after)
        yield from self._values(before, after, spot, free)
        yield from self._default(before, after, spot)
        yield from self._fields(before, after, spot, seen)
        if "items" in before or "items" in after:
            yield from self.schemas(before.get("items", {}), after.get("items", {}), spot.inside("[]"), seen)
        yield from self._nested(before, after, spot, seen)
        yield from deprecation(before, after, spot)
        yield from (replace(one, spot=spot) for one in annotation_changes(before, after))
        yield from _unknown(before, after, spot, self)

    def _nested(self, old: Node, new: Node, spot: Spot, seen: Seen) -> Iterator[Change]:
        """Look below keywords that read the same in both versions: what they refer to may have changed.

        Where the keyword itself was edited, `_values` has decided by the meaning of the whole.
        """
        for key in (*NESTED, *NESTED_LISTS, *NESTED_MAPS, *TURNED):
            if key not in old or old[key] != new.get(key):
                continue
            for step, inner in _inner(key, old[key]):
                place = spot if key in ("allOf", "then", "else") else spot.inside(f"[{f'{key} {step}'.strip()}]")
                changes = self.schemas(inner, inner, place, seen)
                if key in TURNED:
                    changes = (breaks(f"{one.words} (below {key}, where no rule tells)", one.spot) for one in changes)
                yield from changes

    def _values(self, old: Node, new: Node, spot: Spot, free: bool) -> Iterator[Change]:
        before: Node = without_prose(keywords.local(old))
        after: Node = without_prose(keywords.local(new))
        changed = [key for key in keywords.KEYWORDS if before.get(key) != after.get(key)]
        if "format" not in changed:
            # Not every format can be reasoned about, and one that stays has nothing to say.
            before, after = ({key: one[key] for key in one if key != "format"} for one in (before, after))
        whole = free or not changed or self.harmless(before, after)
        single = {key: whole or self.harmless(_only(key, before), _only(key, after)) for key in changed}
        for key in changed:
            typed = key == "format" and {before.get(key), after.get(key)} & keywords.TYPED_FORMATS
            broken = typed or not single[key]
            words = keywords.words(key, before, after)
            if broken and key == "pattern" and "pattern" in before and "pattern" in after:
                yield warning(f"{words}: another spelling or another meaning", spot)
            else:
                yield Change(bool(broken), words, spot)

    def _default(self, old: Node, new: Node, spot: Spot) -> Iterator[Change]:
        before, after = (f"default {shown(one['default'])}" if "default" in one else "no default" for one in (old, new))
        if before != after:
            sent = "" if self.received else ": who leaves it out now asks for something else"
            yield Change(not self.received, f"{before} -> {after}{sent}", spot)

    def _choices(self, old: tuple[Json, Node], new: tuple[Json, Node], spot: Spot, seen: Seen) -> Iterator[Change]:
        """Compare what stands below anyOf and oneOf; each is a choice of its own where a schema has both."""
        before, after = ([key for key in UNIONS if key in schema] for _, schema in (old, new))
        if max(len(before), len(after)) > 1:
            for key in UNIONS:
                if key in before or key in after:
                    yield from self._unions(old[1].get(key, [{}]), new[1].get(key, [{}]), spot, seen)
            return
        if before and after and before != after:
            # What fits two branches at once fits anyOf and not oneOf.
            yield Change((after == ["oneOf"]) != self.received, f"{before[0]} -> {after[0]}", spot)
        yield from self._unions(_branches(*old), _branches(*new), spot, seen)

    def _unions(self, old: list[Json], new: list[Json], spot: Spot, seen: Seen) -> Iterator[Change]:
        free = self.harmless({"anyOf": old}, {"anyOf": new})
        pairs = list(_pairs(old, new))
        for before, after in pairs:
            if before is not None and after is not None:
                yield from self.schemas(before, after, spot, seen, free)
        # A value that is read as a class is another Python object without it, whatever the union still takes.
        for before, after in pairs:
            if before is None or after is None:
                one, words = (after, "may also be") if before is None else (before, "may no longer be")
                typed = self.received and isinstance(one, dict) and "$ref" in one
                yield Change(typed or not free, f"{words} {_called(one)}", spot)

    def _fields(self, old: Node, new: Node, spot: Spot, seen: Seen) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed = set(old.get("required", [])), set(new.get("required", []))
        for name in before:
            if name not in after:
                yield breaks("is gone", spot.inside(name))
        for name in after:
            if name not in before:
                yield self._new_field(name, after[name], old, name in needed, spot.inside(name))
                continue
            if (name in needed) != (name in needed_before):
                words = "optional -> required" if name in needed else "required -> optional"
                yield Change((name in needed) != self.received, words, spot.inside(name))
            yield from self.schemas(before[name], after[name], spot.inside(name), seen)
            pair = self.old.direct(before[name]), self.new.direct(after[name])
            yield from self._one_way(*pair, name in needed, spot.inside(name))
        for name in sorted((needed ^ needed_before) - {*before, *after}):
            words = "optional -> required" if name in needed else "required -> optional"
            yield Change((name in needed) != self.received, words, spot.inside(name))
        yield from self._further(old.get("additionalProperties", {}), new.get("additionalProperties", {}), spot, seen)

    def _one_way(self, old: Node, new: Node, required: bool, spot: Spot) -> Iterator[Change]:
        """ReadOnly and writeOnly: a field that need not be there may go, one that must is for people to look at."""
        for key in ("readOnly", "writeOnly"):
            if bool(old.get(key)) != bool(new.get(key)):
                words = f"is {key} now" if new.get(key) else f"is no longer {key}"
                lost = required and bool(new.get(key)) and (key == "writeOnly") == self.received
                yield warning(words, spot) if lost else fine(words, spot)

    def _new_field(self, name: str, schema: Json, old: Node, required: bool, spot: Spot) -> Change:
        known = old.get("additionalProperties", {})
        if self.received:
            closed = not covers({"anyOf": [known]}, self.old, {"anyOf": [schema]}, self.new)
            return breaks("is new, where no further field was announced", spot) if closed else fine("is new", spot)
        if required:
            return breaks("is new and required", spot)
        taken = known is False or covers({"anyOf": [schema]}, self.new, {"anyOf": [known]}, self.old)
        if not taken:
            return breaks("is new, where any value was taken under that name before", spot)
        return fine("is new and optional", spot)

    def _further(self, old: Json, new: Json, spot: Spot, seen: Seen) -> Iterator[Change]:
        before, after = (_openness(one) for one in (old, new))
        if before != after and False in (old, new):
            lost = ": what the API adds is no longer kept" if self.received and new is False else ""
            harmless = not lost and self.harmless(_further_only(old), _further_only(new))
            yield Change(not harmless, f"{before} -> {after}{lost}", spot)
        elif not (_open(old) and _open(new)):
            yield from self.schemas(old, new, spot.inside("[any other field]"), seen)


def _inner(key: str, value: Json) -> list[tuple[object, Json]]:
    """Return the schemas below a keyword, each with its place there."""
    if key in NESTED_MAPS:
        return list(value.items())
    return list(enumerate(value)) if key in NESTED_LISTS else [("", value)]


def deprecation(old: Node, new: Node, spot: Spot = NOWHERE) -> Iterator[Change]:
    """Say that something is deprecated from now on, or no longer."""
    if bool(old.get("deprecated")) != bool(new.get("deprecated")):
        yield fine("is deprecated now" if new.get("deprecated") else "is no longer deprecated", spot)


def _unknown(old: Node, new: Node, spot: Spot, comparison: Comparison) -> Iterator[Change]:
    yield from unknown_keys(old, new, HANDLED, comparison.old, comparison.new, spot)
    inner = any(key in schema for key in ("properties", "enum") for schema in (old, new))
    if inner and old.get("title") != new.get("title"):
        yield breaks(f"title {shown(old.get('title'))} -> {shown(new.get('title'))}: the name of its class", spot)


def unknown_keys(
    old: Node, new: Node, handled: set[str], old_in: Contract, new_in: Contract, spot: Spot = NOWHERE
) -> Iterator[Change]:
    """Tell of every keyword without a rule that changed, or that refers to something that did."""
    for key in sorted({*old, *new} - handled):
        if old.get(key) != new.get(key):
            yield unknown(key, old, new, spot)
        elif without_prose(old_in.expanded(old[key])) != without_prose(new_in.expanded(new[key])):
            yield breaks(f"{key}: what it refers to changed (no rule knows what that means)", spot)


def unknown(key: str, old: Node, new: Node, spot: Spot = NOWHERE) -> Change:
    """A change for which there is no rule: breaking, unless it is a new word of our own that nothing can read yet."""
    if key not in old and key.startswith("x-"):
        return fine(f"{key} is new: {shown(new[key])}", spot)
    before, after = (shown(one[key]) if key in one else f"no {key}" for one in (old, new))
    return breaks(f"{key}: {before} -> {after} (no rule knows what that means)", spot)


def _only(key: str, schema: Node) -> Node:
    return {key: schema[key]} if key in schema else {}


def _further_only(further: Json) -> Node:
    return {"additionalProperties": further}


def _openness(further: Json) -> str:
    if further is False:
        return "takes no further field"
    return "takes any further field" if _open(further) else "takes further fields of one kind"


def _open(further: Json) -> bool:
    return further is True or further == {}


def _branches(original: Json, schema: Node) -> list[Json]:
    for key in UNIONS:
        if key in schema:
            return list(schema[key])
    if not isinstance(original, dict):
        return [original]
    return [{key: value for key, value in original.items() if key not in BESIDE_A_UNION}]


def _beside_union(schema: Node) -> Node:
    if any(key in schema for key in UNIONS):
        return {key: value for key, value in schema.items() if key not in UNIONS}
    return {key: schema[key] for key in BESIDE_A_UNION if key in schema}


def _pairs(old: list[Json], new: list[Json]) -> Iterator[tuple[Json | None, Json | None]]:
    """Put the branches side by side that have the same name, else the same content, else the same type."""
    left, right = list(old), list(new)
    for same in (_same_reference, _same_content, _same_type):
        for before in list(left):
            after = next((one for one in right if same(before, one)), None)
            if after is not None:
                left.remove(before)
                right.remove(after)
                yield before, after
    yield from ((before, None) for before in left)
    yield from ((None, after) for after in right)


def _same_reference(old: Json, new: Json) -> bool:
    return isinstance(old, dict) and isinstance(new, dict) and "$ref" in old and old.get("$ref") == new.get("$ref")


def _same_content(old: Json, new: Json) -> bool:
    return bool(without_prose(old) == without_prose(new))


def _same_type(old: Json, new: Json) -> bool:
    both = isinstance(old, dict) and isinstance(new, dict) and "$ref" not in old and "$ref" not in new
    return both and "type" in old and old["type"] == new.get("type")


def _called(branch: Json) -> str:
    if isinstance(branch, dict) and "$ref" in branch:
        return str(branch["$ref"]).rpartition("/")[2]
    if not branch:
        return "anything"
    limits = [f"{key} {shown(branch[key])}" for key in keywords.KEYWORDS if key in branch and key != "type"]
    return listed([type_of(branch), *limits])

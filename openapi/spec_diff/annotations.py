"""Our own x- words that code reads: what a change of each of them means to callers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spec_diff.change import Change, breaks, fine, listed
from spec_diff.contract import Json, Node
from spec_diff.keywords import shown

Rule = Callable[[Json, Json], Iterator[Change]]
FACTS_OF_A_MODEL = [
    *("durations", "aspect_ratios", "resolutions", "has_generate_audio", "has_negative_prompt"),
    *("prompt_length_limit", "upload_image_limit"),
]
WORDS_OF_A_CODE = {
    "meaning": "means", "docs": "means in the docs guide", "again": "is said to try again:", "also": "also means",
}  # fmt: skip
UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


def annotation_changes(old: Node, new: Node) -> Iterator[Change]:
    """Compare what two versions of an operation or a schema say in our own words."""
    for name, rule in ANNOTATIONS.items():
        if old.get(name) != new.get(name):
            yield from rule(old.get(name), new.get(name))


def _paid(old: Json, new: Json) -> Iterator[Change]:
    if bool(old) != bool(new):
        words = ("free", "paid: a repeated call is a second bill") if new else ("paid", "free")
        yield breaks(f"x-paid: {words[0]} -> {words[1]}")


def _states(old: Json, new: Json) -> Iterator[Change]:
    before, after = ({word: state for state, words in (one or {}).items() for word in words} for one in (old, new))
    for word in {**before, **after}:
        was, now = before.get(word), after.get(word)
        if was is None:
            yield fine(f"x-states: the status word {shown(word)} is new and means {now}")
        elif now is None:
            yield breaks(f"x-states: the status word {shown(word)} is gone, which meant {was}")
        elif was != now:
            yield breaks(f"x-states: the status word {shown(word)} means {was} -> {now}")


def _codes(old: Json, new: Json) -> Iterator[Change]:
    before, after = ({(one.get("level", "body"), one["code"]): one for one in rows or []} for rows in (old, new))
    for key in {**before, **after}:
        name = f"x-error-codes: {'the HTTP status' if key[0] == 'http' else 'the code'} {key[1]}"
        if key not in before:
            yield fine(f"{name} is new: {after[key].get('meaning') or after[key].get('docs')}")
        elif key not in after:
            yield breaks(f"{name} is gone: {before[key].get('meaning') or before[key].get('docs')}")
        else:
            yield from _facts_of_a_code(name, before[key], after[key])


def _facts_of_a_code(name: str, old: Node, new: Node) -> Iterator[Change]:
    """Whether to try again is for people to look at: a retry that is wrong may be a second bill."""
    for fact in dict.fromkeys([*old, *new]):
        was, now = (_said(one.get(fact)) for one in (old, new))
        if fact not in ("doc", "confidence") and was != now:
            words = f"{name} {WORDS_OF_A_CODE.get(fact, fact)} {shown(was)} -> {shown(now)}"
            yield Change(fact == "meaning", words, warns=fact == "again")


def _said(fact: Json) -> Json:
    """What sources say, without which of them."""
    return [one.get("says", one.get("meaning")) for one in fact] if isinstance(fact, list) else fact


def _limits(old: Json, new: Json) -> Iterator[Change]:
    before, after = ({one["what"]: one for one in rows or []} for rows in (old, new))
    for what in {**before, **after}:
        was, now = (rows.get(what, {}).get("limit", "no limit") for rows in (before, after))
        if was != now:
            yield Change(_size(now) < _size(was), f"x-limits: {what} {was} -> {now}")
        elif before[what].get("message") != after[what].get("message"):
            yield fine(f"x-limits: {what} is refused in other words: {shown(after[what].get('message'))}")


def _size(limit: str) -> float:
    """Return a limit in bytes; one that cannot be read is taken for the tightest."""
    if limit == "no limit":
        return float("inf")
    match = re.fullmatch(r"<=? ?(\d+) ?([KMG]?B?)", limit)
    return float(match[1]) * UNITS.get(match[2], 0) if match else 0.0


def _formats(old: Json, new: Json) -> Iterator[Change]:
    gone, added = set(old or []) - set(new or []), set(new or []) - set(old or [])
    if gone:
        yield breaks(f"x-formats: no longer {listed(sorted(gone))}")
    if added:
        yield fine(f"x-formats: now also {listed(sorted(added))}")


def _snapshot(old: Json, new: Json) -> Iterator[Change]:
    before, after = old or {}, new or {}
    if before.get("date") != after.get("date"):
        yield fine(f"x-snapshot: taken on {before.get('date')} -> {after.get('date')}")
    for kind in [kind for kind in {**before, **after} if kind not in ("date", "note")]:
        yield from _models(kind, *({row["model_key"]: row for row in one.get(kind) or []} for one in (before, after)))


def _models(kind: str, old: Node, new: Node) -> Iterator[Change]:
    if gone := [key for key in old if key not in new]:
        yield breaks(f"x-snapshot: gone from {kind}: {listed(gone)}")
    if added := [key for key in new if key not in old]:
        yield fine(f"x-snapshot: new in {kind}: {listed(added)}")
    for key in (key for key in new if key in old):
        yield from _facts(f"x-snapshot: {kind} model {key}", old[key], new[key])


def _facts(name: str, old: Node, new: Node) -> Iterator[Change]:
    for fact in sorted({*old, *new} - {"model_key", "x-source", "x-differs"}):
        if old.get(fact) != new.get(fact):
            before, after = (shown(one[fact]) if fact in one else "not told" for one in (old, new))
            narrower = fact in FACTS_OF_A_MODEL and _narrower(old.get(fact), new.get(fact))
            yield Change(narrower, f"{name}: {fact} {before} -> {after}")


def _narrower(old: Json, new: Json) -> bool:
    """Return whether a model takes less than before; where nothing is told, everything is let through."""
    if new is None or (old is None and new is True):
        return False
    if isinstance(new, list):
        return old is None or not set(old) <= set(new)
    return old is None or bool(new < old)


ANNOTATIONS: dict[str, Rule] = {
    "x-paid": _paid,
    "x-states": _states,
    "x-error-codes": _codes,
    "x-limits": _limits,
    "x-formats": _formats,
    "x-snapshot": _snapshot,
}

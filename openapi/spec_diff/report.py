"""All changes between two versions, folded where operations share them, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from spec_diff.change import EVERYONE, Change, Found, breaks, fine, listed
from spec_diff.contract import Contract, Node
from spec_diff.names import name_changes
from spec_diff.operations import Versions, pairs, summary
from spec_diff.schemas import unknown
from spec_diff.wording import PROSE, prose_changes

OF_THE_DOCUMENT = {"openapi", "paths", "webhooks", "components", "servers", "security", *PROSE}
# What decides whether a key is the same; it is told at each operation that needs one.
OF_A_KEY = {"type", "scheme", "in", "name", "openIdConnectUrl", "flows"}
LEVELS = {"error": "  error  ", "warning": "  warning", "info": "  info   "}
RULE = "(A request may only take more, a response may only bring less; names, defaults and security have to stay.)"
Key = tuple[str, str, str, str]


def compare(old: Contract, new: Contract) -> list[Found]:
    """Return every change, those of an operation once for each operation."""
    found: list[Found] = []
    for before, after in pairs(old, new):
        if before is not None and after is not None:
            found += Versions(old, new, before, after).changes()
        elif before is not None:
            found.append(Found(before.label, "", breaks(f"the operation is gone: {summary(before)}")))
        elif after is not None:
            found.append(Found(after.label, "", fine(f"the operation is new: {summary(after)}")))
    for users, change in name_changes(old, new):
        found += [Found(user, "generated name", change) for user in users or EVERYONE]
    changed = sorted({*old.document, *new.document} - OF_THE_DOCUMENT)
    everywhere = [
        unknown(key, old.document, new.document) for key in changed if old.document.get(key) != new.document.get(key)
    ]
    everywhere += [*_version(old.document, new.document), *_schemes(old, new)]
    everywhere += prose_changes(old.document, new.document)
    return [*found, *(Found(EVERYONE[0], "", change) for change in everywhere)]


def _version(old: Node, new: Node) -> Iterator[Change]:
    """The language of the document is another: the generator has to know it, callers need not."""
    if old.get("openapi") != new.get("openapi"):
        yield fine(f"openapi {old.get('openapi')} -> {new.get('openapi')}: the language of this document")


def _schemes(old: Contract, new: Contract) -> Iterator[Change]:
    """Ways to be let in that are new, gone, or told of in other words; what an operation needs is told at it."""
    before, after = (one.components.get("securitySchemes") or {} for one in (old, new))
    for name in {**before, **after}:
        if name not in before or name not in after:
            yield fine(f"security scheme {name}: is {'new' if name in after else 'gone'}")
            continue
        was, now = old.direct(before[name]), new.direct(after[name])
        for key in sorted({*was, *now} - {*PROSE, *OF_A_KEY}):
            if was.get(key) != now.get(key):
                yield fine(f"security scheme {name}: {key} {was.get(key)} -> {now.get(key)}")


def lines(found: list[Found], operations: list[str]) -> Iterator[str]:
    """Write the changes by the operations that they reach, the breaking ones of each first, and sum them up."""
    shared: dict[Key, list[Found]] = {}
    for one in found:
        shared.setdefault(_key(one), []).append(one)
    reached: dict[str, dict[str, None]] = {}
    for same in shared.values():
        reached.setdefault(_line(same), {}).update(dict.fromkeys(one.operation for one in same))
    groups: dict[tuple[str, ...], list[str]] = {}
    for line, labels in reached.items():
        groups.setdefault(tuple(labels), []).append(line)
    for names, told in sorted(groups.items(), key=lambda group: group[0] == EVERYONE):
        yield _heading(names, operations)
        yield from sorted(told, key=lambda line: [*LEVELS.values()].index(line[: len(LEVELS["info"])]))
        yield ""
    yield _verdict([line.split()[0] for line in reached])


def _key(one: Found) -> Key:
    """What is the same in the same named schema is one change, wherever it was met."""
    spot = one.change.spot
    received = one.part.startswith("response") != one.operation.endswith("(webhook)")
    where = ("received" if received else "sent", spot.schema) if spot.schema else (one.part, spot.path)
    return one.change.level, *where, one.change.words


def _heading(names: tuple[str, ...], operations: list[str]) -> str:
    everyone = {one for one in operations if not one.endswith("(webhook)")}
    return f"every operation: {listed(names)}" if len(everyone) > 3 and everyone <= {*names} else listed(names)


def _line(same: list[Found]) -> str:
    first = same[0].change
    paths = {one.change.spot.path for one in same}
    field = first.spot.path if len(paths) == 1 else first.spot.schema
    place = " in ".join(filter(None, [field, _parts(same)]))
    return f"{LEVELS[first.level]}  {f'{place}: ' if place else ''}{first.words}"


def _parts(same: list[Found]) -> str:
    parts = sorted({one.part for one in same})
    statuses = [part.removeprefix("response ") for part in parts if part.startswith("response ")]
    others = [part for part in parts if not part.startswith("response ")]
    return listed([f"response{'s' if len(statuses) > 1 else ''} {listed(statuses)}"] * bool(statuses) + others)


def _verdict(levels: list[str]) -> str:
    breaking, unsure = levels.count("error"), levels.count("warning")
    if not levels:
        return "Nothing changed."
    look = f"; look at {unsure} warning{'s' if unsure > 1 else ''}" if unsure else ""
    if not breaking:
        harmless = len(levels) - unsure
        return f"Nothing breaks callers; {harmless} harmless change{'' if harmless == 1 else 's'}{look}."
    return f"{breaking} of {len(levels)} changes break{'s' if breaking == 1 else ''} callers{look}.\n{RULE}"

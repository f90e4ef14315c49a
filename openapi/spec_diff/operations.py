"""Two versions of one operation: where it is, who may call it, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spec_diff.annotations import annotation_changes
from spec_diff.change import Change, Found, Spot, breaks, fine, listed, warning
from spec_diff.containment import covers
from spec_diff.contract import Contract, Json, Node, Operation
from spec_diff.keywords import shown
from spec_diff.schemas import HANDLED, Comparison, deprecation, unknown_keys

SCOPE = " with scope "
OF_AN_OPERATION = {"operationId", "parameters", "requestBody", "responses", "security", "servers"}
OF_A_PARAMETER = {"in", "name", "required", "schema", "content"}
OF_A_MEDIA_TYPE = {"schema"}
OF_A_BODY = {"required", "content"}
OF_A_RESPONSE = {"content", "headers", "links"}


@dataclass(frozen=True)
class Versions:
    """Both versions of the contract, and of one operation in it."""

    old: Contract
    new: Contract
    before: Operation
    after: Operation

    def changes(self) -> Iterator[Found]:
        """Every change of the operation, with the part of it in which it was met."""
        yield from self._found("", [*self._place(), *self._names(), *self._security(), *self._own_words()])
        yield from self._parameters()
        yield from self._request()
        yield from self._responses()

    def _others(self, old: Node, new: Node, handled: set[str]) -> Iterator[Change]:
        yield from deprecation(old, new)
        yield from unknown_keys(old, new, handled | HANDLED | {"tags"}, self.old, self.new)

    def _found(self, part: str, changes: list[Change] | Iterator[Change]) -> Iterator[Found]:
        yield from (Found(self.after.label, part, change) for change in changes)

    def _comparison(self, *, received: bool) -> Comparison:
        """A webhook goes the other way: its request is what we receive."""
        return Comparison(self.old, self.new, received != self.after.webhook)

    def _place(self) -> Iterator[Change]:
        if self.before.path != self.after.path:
            yield breaks(f"path {self.before.path} -> {self.after.path}")
        if self.before.method != self.after.method:
            yield breaks(f"method {self.before.method.upper()} -> {self.after.method.upper()}")
        if self.after.webhook:
            return
        old, new = self.old.servers(self.before), self.new.servers(self.after)
        if old[0] != new[0]:
            yield breaks(f"base URL {old[0]} -> {new[0]}")
        yield from (breaks(f"server {one} is gone") for one in old[1:] if one not in new)
        yield from (fine(f"server {one} is new") for one in new[1:] if one not in old)

    def _names(self) -> Iterator[Change]:
        old, new = self.before.node, self.after.node
        if old.get("operationId") != new.get("operationId"):
            yield breaks(f"operationId {old.get('operationId')} -> {new.get('operationId')}: the name of its module")
        first, now = ((node.get("tags") or ["default"])[0] for node in (old, new))
        if first != now:
            yield breaks(f"first tag {first} -> {now}: the package of its module")

    def _security(self) -> Iterator[Change]:
        old, new = self.old.security(self.before), self.new.security(self.after)
        before, after = (" or ".join(_way(way) for way in ways) for ways in (old, new))
        if gone := [way for way in old if way not in new]:
            reason = "who has the one may not have the other" if any(new) else "the key is no longer sent"
            still = all(any(_opens(had, way) for way in new) for had in gone) and any(new)
            yield Change(not still, f"security: {before} -> {after}{'' if still else f'; {reason}'}")
        elif set(old) != set(new):
            yield fine(f"security: {before} -> {after}")

    def _own_words(self) -> Iterator[Change]:
        yield from annotation_changes(self.before.node, self.after.node)
        yield from self._others(self.before.node, self.after.node, OF_AN_OPERATION)

    def _parameters(self) -> Iterator[Found]:
        before, after = self.old.parameters(self.before), self.new.parameters(self.after)
        comparison = self._comparison(received=False)
        for key in {**before, **after}:
            old, new = before.get(key), after.get(key)
            part = f"{key[0]} parameter {key[1]}"
            if old is None or new is None:
                yield from self._found(part, [_appeared_or_gone(old, new)])
                continue
            yield from self._found(part, _needed(old, new, received=comparison.received))
            yield from self._found(part, comparison.schemas(old.get("schema", {}), new.get("schema", {}), Spot()))
            yield from self._found(part, self._others(old, new, OF_A_PARAMETER))
            yield from self._contents(part, old, new, comparison)

    def _request(self) -> Iterator[Found]:
        old, new = (node.get("requestBody") for node in (self.before.node, self.after.node))
        if old is None and new is None:
            return
        part = "request body"
        before = self.old.direct(old) if old is not None else None
        after = self.new.direct(new) if new is not None else None
        if before is None or after is None:
            yield from self._found(part, [_appeared_or_gone(before, after)])
            return
        comparison = self._comparison(received=False)
        yield from self._found(part, _needed(before, after, received=comparison.received))
        yield from self._found(part, self._others(before, after, OF_A_BODY))
        yield from self._contents(part, before, after, comparison)

    def _responses(self) -> Iterator[Found]:
        old = {str(key): self.old.direct(one) for key, one in (self.before.node.get("responses") or {}).items()}
        new = {str(key): self.new.direct(one) for key, one in (self.after.node.get("responses") or {}).items()}
        comparison = self._comparison(received=True)
        for status in {**old, **new}:
            part = f"response {status}"
            if status not in new:
                is_error = status[0] in "45" or status == "default"
                yield from self._found(part, [Change(not is_error, "is no longer documented")])
            elif status not in old:
                yield from self._found(part, [self._new_status(status, new[status], old)])
            else:
                yield from self._contents(part, old[status], new[status], comparison)
                yield from self._headers(part, old[status], new[status], comparison)
                yield from self._found(part, _links(old[status], new[status]))
                yield from self._found(part, self._others(old[status], new[status], OF_A_RESPONSE))

    def _new_status(self, status: str, response: Node, old: dict[str, Node]) -> Change:
        """An error that the old contract announced as "any other answer", in the same form, is no news."""
        announced = old.get(f"{status[0]}XX", old.get("default"))
        if self.after.webhook:
            return fine("is new")
        if status[0] in "45" and announced is not None:
            bodies, known = response.get("content", {}), announced.get("content", {})
            same = [kind in known and self._covered(known[kind], body) for kind, body in bodies.items()]
            if all(same):
                return fine("is new, and in the form that was announced for any other answer")
        return fine("is new: an answer that callers may not expect")

    def _covered(self, old: Node, new: Node) -> bool:
        return covers(old.get("schema", {}), self.old, new.get("schema", {}), self.new)

    def _contents(self, part: str, old: Node, new: Node, comparison: Comparison) -> Iterator[Found]:
        before, after = old.get("content", {}), new.get("content", {})
        for kind in {**before, **after}:
            if kind not in after:
                yield from self._found(part, [breaks(f"is no longer {kind}")])
            elif kind not in before:
                yield from self._found(part, [fine(f"may also be {kind}")])
            else:
                inside = part if kind == "application/json" else f"{part} ({kind})"
                pair = before[kind].get("schema", {}), after[kind].get("schema", {})
                yield from self._found(inside, comparison.schemas(*pair, Spot()))
                yield from self._found(inside, self._others(before[kind], after[kind], OF_A_MEDIA_TYPE))

    def _headers(self, part: str, old: Node, new: Node, comparison: Comparison) -> Iterator[Found]:
        before, after = old.get("headers", {}), new.get("headers", {})
        for name in {**before, **after}:
            inside = f"{part}, header {name}"
            if name not in after or name not in before:
                needed = name in before and self.old.direct(before[name]).get("required")
                gone = breaks("is gone") if needed else warning("is gone, which needed not be there")
                yield from self._found(inside, [fine("is new") if name in after else gone])
                continue
            was, now = self.old.direct(before[name]), self.new.direct(after[name])
            yield from self._found(inside, _needed(was, now, received=comparison.received))
            yield from self._found(inside, comparison.schemas(was.get("schema", {}), now.get("schema", {}), Spot()))
            yield from self._found(inside, self._others(was, now, OF_A_PARAMETER))


def _appeared_or_gone(old: Node | None, new: Node | None) -> Change:
    if new is None:
        return breaks("is gone")
    return breaks("is new and required") if new.get("required") else fine("is new and optional")


def _needed(old: Node, new: Node, *, received: bool) -> Iterator[Change]:
    needed = bool(new.get("required"))
    if needed != bool(old.get("required")):
        yield Change(needed != received, "optional -> required" if needed else "required -> optional")


def _links(old: Node, new: Node) -> Iterator[Change]:
    before, after = old.get("links", {}), new.get("links", {})
    for name in {**before, **after}:
        was, now = (
            {key: one for key, one in links.get(name, {}).items() if key != "description"} for links in (before, after)
        )
        if not now:
            yield breaks(f"link {name} is gone")
        elif not was:
            yield fine(f"link {name} is new")
        elif was != now:
            yield breaks(f"link {name}: {shown(was)} -> {shown(now)}")


def _opens(had: frozenset[str], way: frozenset[str]) -> bool:
    """Whether who has the one is let in by the other: the same keys or fewer, each with the same scopes or fewer."""
    scopes = {key.partition(SCOPE)[0]: set(key.split(SCOPE)[1:]) for key in had}
    wanted = ((key.partition(SCOPE)[0], set(key.split(SCOPE)[1:])) for key in way)
    return all(key in scopes and needed <= scopes[key] for key, needed in wanted)


def _way(way: frozenset[str]) -> str:
    return listed(sorted(way)) if way else "no key"


def by_place(contract: Contract) -> dict[tuple[bool, str, str], Operation]:
    """Every operation by its place."""
    return {(one.webhook, one.path, one.method): one for one in contract.operations()}


def pairs(old: Contract, new: Contract) -> Iterator[tuple[Operation | None, Operation | None]]:
    """Put the operations side by side that stand at the same place, else those of the same name."""
    before, after = by_place(old), by_place(new)
    moved = {one.label: one for place, one in after.items() if place not in before}
    for place, operation in before.items():
        other = after.get(place) or moved.pop(operation.label, None)
        yield operation, other
    yield from ((None, one) for one in moved.values())


def summary(operation: Operation) -> Json:
    """Say in one line what an operation is."""
    return f"{operation.method.upper()} {operation.path}"

"""What the answers of a run hold that the contract does not know, counted; by the walker that users have as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from weryai import Drift
from weryai._flow.effects import Reply
from weryai._protocol.drift import find_drifts
from weryai.contract._exchange import Exchange
from weryai.contract._reading import resolve, snake_case

# What every server and every gateway may send.
USUAL_HEADERS = {
    "allow", "alt-svc", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date",
    "etag", "expires", "keep-alive", "last-modified", "location", "pragma", "server", "strict-transport-security",
    "transfer-encoding", "vary", "via",
}  # fmt: skip
# Of web pages, and of the emulator's own.
OTHERS = ("access-control-", "x-emulator-")


@dataclass(frozen=True)
class HeadDrift:
    """What the head of an answer has that the contract does not know: a header, or another content type."""

    kind: str
    operation: str
    http_status: int
    pointer: str
    value: str

    def __str__(self) -> str:
        return f"{self.operation}, HTTP {self.http_status}: unknown {self.kind} {self.pointer}: {self.value}"

    @property
    def identity(self) -> tuple[str, ...]:
        """What two of the same kind have in common."""
        value = self.value if self.kind == "content type" else ""
        return self.kind, self.operation, str(self.http_status), self.pointer, value


def head_drifts(exchange: Exchange) -> Iterator[HeadDrift]:
    """Compare the head of an answer with the contract."""
    one, status = exchange.operation, exchange.http_status
    if one is None or status >= 500:
        return  # A gateway's own answer says nothing about the API.
    responses = one.spec["responses"]
    described = resolve(responses.get(str(status)) or responses["default"])
    media_type = exchange.answer_headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in described.get("content", {}):
        yield HeadDrift("content type", one.name, status, "content-type", media_type or "none")
    known = {name.lower() for name in described.get("headers", {})} | USUAL_HEADERS
    for name, value in exchange.answer_headers.items():
        if name.lower() not in known and not name.lower().startswith(OTHERS):
            yield HeadDrift("header", one.name, status, name.lower(), value[:80])


@dataclass
class DriftCount:
    """One kind of drift, with its first sample, how many answers had it, and which parts of the suite met it."""

    drift: Drift | HeadDrift
    count: int = 0
    met_by: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{self.drift} ({self.count} times)"

    def as_json(self) -> dict[str, object]:
        """What the drift report has of it."""
        drift = self.drift
        return {
            "kind": drift.kind,
            "operation": drift.operation,
            "http_status": drift.http_status,
            "pointer": drift.pointer,
            "count": self.count,
            "sample": drift.value,
            "met_by": sorted(self.met_by),
        }


def count_drift(exchanges: Iterable[Exchange]) -> list[DriftCount]:
    """Every kind of drift in the answers, in the order of the operations."""
    counts: dict[tuple[str, ...], DriftCount] = {}
    for exchange in exchanges:
        if exchange.operation is None:
            continue
        reply = Reply(exchange.http_status, exchange.answer_headers, exchange.answer)
        found: list[Drift | HeadDrift] = [*find_drifts(snake_case(exchange.operation.name), reply)]
        for drift in [*found, *head_drifts(exchange)]:
            entry = counts.setdefault(drift.identity, DriftCount(drift))
            entry.count += 1
            entry.met_by.add(exchange.who)
    return [counts[identity] for identity in sorted(counts, key=lambda it: (it[1], it[2], it[3], it[0], it[4]))]


def by_pointer(counts: Iterable[DriftCount]) -> list[str]:
    """Tell the same at the same place once, with the operations that have it."""
    grouped: dict[tuple[str, str, str], list[DriftCount]] = {}
    for one in counts:
        kind, *_, value = one.drift.identity
        status = str(one.drift.http_status) if kind == "http_status" else ""
        grouped.setdefault((kind, one.drift.pointer, value + status), []).append(one)
    lines = []
    for same in grouped.values():
        first = same[0].drift
        names = ", ".join(dict.fromkeys(f"{one.drift.operation} {one.drift.http_status}" for one in same))
        what = f"{first.kind.replace('_', ' ')} {first.pointer}".strip()
        lines.append(f"{what}: {first.value} ({sum(one.count for one in same)} times: {names})")
    return lines

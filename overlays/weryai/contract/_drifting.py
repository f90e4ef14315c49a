"""What the answers of a run hold that the contract does not know, counted; by the walker that users have as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weryai import Drift
from weryai._flow.effects import Reply
from weryai._protocol.drift import find_drifts
from weryai.contract._exchange import Exchange
from weryai.contract._reading import snake_case


@dataclass
class DriftCount:
    """One kind of drift, with its first sample, how many answers had it, and which parts of the suite met it."""

    drift: Drift
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
        for drift in find_drifts(snake_case(exchange.operation.name), reply):
            entry = counts.setdefault(drift.identity, DriftCount(drift))
            entry.count += 1
            entry.met_by.add(exchange.who)
    return [counts[identity] for identity in sorted(counts, key=lambda it: (it[1], it[2], it[3], it[0], it[4]))]
